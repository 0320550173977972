"""Measures what each extension costs and prints it as a table, as it is in docs/extensions.md.

python tools/extension_costs.py                       flash
python tools/extension_costs.py --image build/qemu    and RAM, on the emulated board

Flash is the size of a module's .mpy. RAM is what the heap holds more, after a collection, when
the module is imported after the core: what it imports is included. Ours and the reference are
compiled by the same mpy-cross with the same options.
"""

from __future__ import annotations

import argparse
import contextlib
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / ".deps/reference/microdot"
MPY_CROSS = ROOT / ".deps/bin/mpy-cross"

# What an image holds of the reference beside its core, and ours for the same.
COMPARED = {
    "__init__": ("__init__",),
    "auth": ("auth",),
    "cors": ("cors",),
    "csrf": ("csrf",),
    "helpers": ("helpers",),
    "login": ("login",),
    "multipart": ("multipart", "parameters"),
    "session": ("session", "signing"),
    "sse": ("sse",),
    "utemplate": ("utemplate",),
    "websocket": ("websocket",),
}

MEASURE = """\
import gc, sys
for module in {core}:
    __import__(module)
# Tables of modules get room before, so that it is not one module that makes them grow.
package = sys.modules["microdot"]
for i in range(20):
    sys.modules["x%d" % i] = gc
    setattr(package, "x%d" % i, gc)
for i in range(20):
    del sys.modules["x%d" % i]
    delattr(package, "x%d" % i)
before = after = 0
gc.collect()
before = gc.mem_alloc()
__import__("microdot.{name}")
gc.collect()
after = gc.mem_alloc()
print(after - before)
"""


def modules() -> tuple[list[str], list[str]]:
    """Return the names of the core's modules and of the extensions that an image can hold."""
    options = SimpleNamespace(extensions="all", defaults=lambda **_: None)
    names = {"options": options, "package": lambda *_, **__: None}
    with contextlib.chdir(ROOT):  # as it is while a manifest is read
        manifest = runpy.run_path("manifest.py", init_globals=names)
    return list(manifest["CORE"]), manifest["available"]


def flash(folder: Path, name: str) -> int:
    """Return the size in bytes of a module, compiled as for an image."""
    with tempfile.TemporaryDirectory() as temporary:
        compiled = Path(temporary, "module.mpy")
        # The name of the source is in the result: it is the same for both.
        command = [MPY_CROSS, "-O3", "-s", f"microdot/{name}.py", "-o", compiled]
        subprocess.run([*command, folder / f"{name}.py"], check=True)
        return compiled.stat().st_size


def ram(core: list[str], names: list[str], build: Path) -> dict[str, int]:
    """Return what each module takes of the emulated board's heap, in bytes.

    :param core: modules that are imported before, because every program that serves has them.
    :param build: the folder of the image.
    """
    sys.path.insert(0, str(ROOT))
    from hil.emulators import Setup, boot

    imported = ["microdot" + ("" if name == "__init__" else f".{name}") for name in core]
    costs = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        boot(
            ROOT, "qemu", Setup(Path(folder), https_port=None), image=build / "firmware.elf"
        ) as board,
    ):
        # With a program of its own the board loads nothing of ours.
        board.put({"/main.py": "print('idle')"})
        for name in names:
            board.console.soft_reset()
            board.console.expect(r">>> \Z", 10)
            costs[name] = int(board.exec(MEASURE.format(core=imported, name=name)))
    return costs


def print_costs(build: Path | None) -> None:
    core, names = modules()
    taken = ram(core, names, build) if build else {}
    print("| module | flash | RAM after import | Microdot 2.7, flash |")
    print("|---|---|---|---|")
    for name in names:
        known = (REFERENCE / f"{name}.py").exists()
        theirs = f"{flash(REFERENCE, name):,}" if known else "-"
        memory = f"{taken[name]:,}" if name in taken else "?"
        print(f"| `{name}` | {flash(ROOT / 'microdot', name):,} | {memory} | {theirs} |")


def print_comparison() -> None:
    """Print the sum over what both have."""
    theirs = sum(flash(REFERENCE, name) for name in COMPARED)
    ours = sum(flash(ROOT / "microdot", name) for group in COMPARED.values() for name in group)
    print(f"\nwhat both have: ours {ours:,}, Microdot 2.7 {theirs:,}, {ours / theirs:.2f} times")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--image", type=Path, help="build folder of the emulated board's image")
    args = parser.parse_args()
    if not REFERENCE.is_dir():
        print("extension_costs: the reference is missing; `make set-up` gets it", file=sys.stderr)
        return 1
    if args.image and not (args.image / "firmware.elf").exists():
        print(f"extension_costs: {args.image} has no image; `make` builds it", file=sys.stderr)
        return 1
    print_costs(args.image.resolve() if args.image else None)
    print_comparison()
    return 0


if __name__ == "__main__":
    sys.exit(main())
