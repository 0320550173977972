"""Records in <build>/build.json what an image was built from and how large it is."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path


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


def frozen_modules(mpy_dir: Path, manifest: Path, obj: Path) -> dict[str, int]:
    """Bytes of compiled code (.mpy) of each frozen module, by the name it is imported from."""
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
    sizes = {}
    for file in reader.files():
        compiled = obj / "frozen_mpy" / (file.target_path[:-3] + ".mpy")
        sizes[file.target_path] = compiled.stat().st_size
    return dict(sorted(sizes.items()))


def section_sizes(elf: Path, prefix: str) -> dict[str, int]:
    """Bytes of code and constants, of initialised and of zeroed data, as `size` reports them."""
    run = subprocess.run([f"{prefix}size", str(elf)], capture_output=True, text=True, check=True)
    text, data, bss = (int(n) for n in run.stdout.splitlines()[1].split()[:3])
    return {"text": text, "data": data, "bss": bss}


def describe(record: dict[str, object], before: dict[str, object] | None) -> str:
    """Two lines for the person at the terminal: the image, and what our parts take of it."""
    sizes: dict[str, int] = record["sizes"]  # type: ignore[assignment]
    frozen: dict[str, int] = record["frozen"]  # type: ignore[assignment]
    total = sizes["text"] + sizes["data"]
    line = f"{record['board']}: build {record['id']}, {total:,} bytes of flash"
    if "flash_room" in sizes:
        line += f", {sizes['flash_room'] - total:,} left"
    if before:
        old: dict[str, int] = before["sizes"]  # type: ignore[assignment]
        change = total - old["text"] - old["data"]
        if change:
            line += f" ({change:+,} against build {before['id']})"
    parts = {
        name: sum(size for path, size in frozen.items() if path.startswith(name))
        for name in ("microdot/", "device/")
    }
    return (
        f"{line}\n    frozen: microdot {parts['microdot/']:,} bytes, "
        f"device {parts['device/']:,} bytes of {sum(frozen.values()):,}"
    )


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
    identity = constants(args.build / "generated")
    compiler = subprocess.run(
        [f"{args.toolchain}gcc", "--version"], capture_output=True, text=True, check=True
    ).stdout
    artifacts = [
        path
        for suffix in ("elf", "bin", "uf2", "hex", "dfu")
        if (path := args.build / f"firmware.{suffix}").exists()
    ]
    sizes = section_sizes(args.build / "firmware.elf", args.toolchain)
    room = re.search(
        r"^CODE\s+0x\S+\s+(0x\S+)", (args.build / "firmware.map").read_text(), re.MULTILINE
    )
    if room:
        sizes["flash_room"] = int(room[1], 16)
    record: dict[str, object] = {
        "board": identity["BOARD"],
        "id": identity["ID"],
        "version": identity["VERSION"],
        "micropython": identity["MICROPYTHON"],
        "application": Path(args.application).name or None,
        "sources": source_records(args.mpy_dir),
        "toolchain": compiler.split("\n")[0],
        "frozen": frozen_modules(args.mpy_dir, args.manifest, args.build / "obj"),
        "sizes": sizes,
        "artifacts": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in artifacts
        },
    }
    target = args.build / "build.json"
    before = json.loads(target.read_text()) if target.exists() else None
    if before != record:
        target.write_text(json.dumps(record, indent=2) + "\n")
        print(f"==> {describe(record, before)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
