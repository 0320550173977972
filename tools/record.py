"""Records in <build>/build.json what an image was built from and how large it is."""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def constants(generated: Path) -> dict[str, object]:
    """The image's identity, as tools/generate.py froze it."""
    found: dict[str, object] = {}
    exec((generated / "device" / "_build.py").read_text(), found)
    return found


def source_records(mpy_dir: Path) -> dict[str, object]:
    """What each foreign tree is: its record from the lock, or the user's own checkout."""
    records: dict[str, object] = {}
    for tree in (mpy_dir, mpy_dir / "lib" / "lwip", mpy_dir / "lib" / "mbedtls"):
        try:
            record = json.loads((tree / ".source.json").read_text())
        except OSError:
            git = ["git", "-C", str(tree), "describe", "--always", "--dirty"]
            run = subprocess.run(git, capture_output=True, text=True, check=False)
            record = {"name": tree.name, "origin": "checkout", "commit": run.stdout.strip()}
        records[record.pop("name")] = record
    return records


def frozen_modules(mpy_dir: Path, manifest: Path) -> list[str]:
    """The modules that are frozen, as files by the name they are imported from."""
    sys.path.insert(0, str(mpy_dir / "tools"))
    import manifestfile  # type: ignore[import-not-found]  # MicroPython's own reader of manifests

    variables = {
        "MPY_DIR": str(mpy_dir),
        "PORT_DIR": str(mpy_dir),  # asked for, used by no manifest of ours
        "BOARD_DIR": str(manifest.parent),
        "MPY_LIB_DIR": "",
    }
    reader = manifestfile.ManifestFile(manifestfile.MODE_FREEZE, variables)
    reader.execute(str(manifest))
    return sorted(file.target_path for file in reader.files())


# What MicroPython's mpy-tool.py makes of a module; the module's name follows, and then the
# function's or a number.
KINDS = (
    "frozen_module",
    "const_obj_table_data",
    "const_qstr_table_data",
    "const_obj",
    "fun_data",
    "proto_fun",
    "children",
)
SECTION = re.compile(r"^ \.rodata\.?(\S*)\s+0x\w+\s+(0x\w+) \S+/frozen_content\.o$", re.MULTILINE)
STRING = re.compile(r"^static const mp_obj_str_t const_obj_(\w+) = \{\{&\w+\}, \d+, (\d+),", re.M)
SHARED = "names"  # of functions, attributes and variables: kept once, whoever uses them


def module_of(symbol: str, modules: dict[str, str]) -> str:
    """The frozen module that a symbol without its kind belongs to. :param modules: by symbol."""
    fitting = [name for name in modules if symbol == name or symbol.startswith(f"{name}_")]
    return modules[max(fitting, key=len)] if fitting else SHARED


def flash_of_modules(linked: str, source: str, files: list[str]) -> dict[str, int]:
    """Bytes of flash that each frozen module takes, and `names` that all of them share.

    :param linked: the linker's map.
    :param source: frozen_content.c, which tells whose the strings are: the map knows only one
        section of all of them.
    :param files: the frozen modules, as frozen_modules() names them.
    """
    modules = {re.sub(r"\W", "_", file.removesuffix(".py")): file for file in files}
    sizes = dict.fromkeys([*files, SHARED], 0)
    image = linked[linked.index("Linker script and memory map") :]
    for symbol, size in SECTION.findall(image):
        kind = next((kind for kind in KINDS if symbol.startswith(f"{kind}_")), None)
        owner = module_of(symbol[len(kind) + 1 :], modules) if kind else SHARED
        sizes[owner] += int(size, 16)
    for symbol, length in STRING.findall(source):
        owner = module_of(symbol, modules)
        sizes[owner] += int(length) + 1
        sizes[SHARED] -= int(length) + 1
    return sizes


def core_modules(manifest: Path) -> tuple[str, ...]:
    """The modules of the framework's core, as its manifest lists them."""
    for node in ast.parse(manifest.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CORE":
            return tuple(f"microdot/{name}.py" for name in ast.literal_eval(node.value))
    raise ValueError(f"{manifest} has no CORE")


def flash_of_parts(
    sizes: dict[str, int], core: tuple[str, ...], application: set[str]
) -> dict[str, int]:
    """The same by part of the firmware: who asks what an image is full of, asks for these."""
    parts = dict.fromkeys(("microdot core", "extensions", "device", "application", "others"), 0)
    for file, size in sizes.items():
        if file in application:
            part = "application"
        elif file in core:
            part = "microdot core"
        elif file.startswith("microdot/"):
            part = "extensions"
        elif file.startswith("device/") or file == "main.py":
            part = "device"
        else:
            part = SHARED if file == SHARED else "others"
        parts[part] = parts.get(part, 0) + size
    return {part: size for part, size in parts.items() if size}


def section_sizes(elf: Path, prefix: str) -> dict[str, int]:
    """Bytes of code and constants, of initialised and of zeroed data, as `size` reports them."""
    run = subprocess.run([f"{prefix}size", str(elf)], capture_output=True, text=True, check=True)
    text, data, bss = (int(n) for n in run.stdout.splitlines()[1].split()[:3])
    return {"text": text, "data": data, "bss": bss}


def describe(record: dict[str, object], before: dict[str, object] | None) -> str:
    """Two lines for the person at the terminal: the image, and what its parts take of it."""
    sizes: dict[str, int] = record["sizes"]  # type: ignore[assignment]
    total = sizes["text"] + sizes["data"]
    line = f"{record['board']}: build {record['id']}, {total:,} bytes of flash"
    if "flash_room" in sizes:
        line += f", {sizes['flash_room'] - total:,} left"
    if before:
        old: dict[str, int] = before["sizes"]  # type: ignore[assignment]
        change = total - old["text"] - old["data"]
        if change:
            line += f" ({change:+,} against build {before['id']})"
    flash: dict[str, int] = record["flash"]  # type: ignore[assignment]
    parts = ", ".join(f"{part} {size:,} bytes" for part, size in flash.items())
    return f"{line}\n    flash of frozen modules: {parts}"


def make_record(args: argparse.Namespace) -> dict[str, object]:
    """All that is recorded of an image."""
    identity = constants(args.build / "generated")
    compiler = subprocess.run(
        [f"{args.toolchain}gcc", "--version"], capture_output=True, text=True, check=True
    ).stdout
    linked = (args.build / "firmware.map").read_text()
    sizes = section_sizes(args.build / "firmware.elf", args.toolchain)
    room = re.search(r"^CODE\s+0x\S+\s+(0x\S+)", linked, re.MULTILINE)
    if room:
        sizes["flash_room"] = int(room[1], 16)
    frozen = flash_of_modules(
        linked,
        (args.build / "obj" / "frozen_content.c").read_text(),
        frozen_modules(args.mpy_dir, args.manifest),
    )
    folder = args.build / "generated" / "app"
    application = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    return {
        "board": identity["BOARD"],
        "id": identity["ID"],
        "version": identity["VERSION"],
        "micropython": identity["MICROPYTHON"],
        "application": Path(args.application).name or None,
        "sources": source_records(args.mpy_dir),
        "toolchain": compiler.split("\n")[0],
        "frozen": frozen,
        "flash": flash_of_parts(frozen, core_modules(ROOT / "manifest.py"), application),
        "sizes": sizes,
        "artifacts": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for suffix in ("elf", "bin", "uf2", "hex", "dfu")
            if (path := args.build / f"firmware.{suffix}").exists()
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="the image's build folder")
    parser.add_argument("--mpy-dir", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True, help="the board's manifest")
    parser.add_argument(
        "--toolchain", default="arm-none-eabi-", help="prefix of the toolchain's commands"
    )
    parser.add_argument("--application", default="")
    args = parser.parse_args()
    args.mpy_dir = args.mpy_dir.resolve()
    os.environ.setdefault("GENERATED", str((args.build / "generated").resolve()))
    record = make_record(args)
    target = args.build / "build.json"
    before = json.loads(target.read_text()) if target.exists() else None
    if before != record:
        target.write_text(json.dumps(record, indent=2) + "\n")
        print(f"==> {describe(record, before)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
