"""Makes what an image is built from besides the sources: identity, figures, application.

Writes into <build>/generated:
    device/_build.py        frozen as device._build: board, version, build id and the marker that
                            host tools look for
    board.mk                the board's figures for make, from its board.json
    app/, app_manifest.py   the user's application (APP=), ready to be frozen
Files are only rewritten when their content changes, so that make rebuilds what has to be rebuilt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What an image is made from, besides its port, its board and the application.
COMMON_INPUTS = ("manifest.py", "microdot", "firmware", "ports/stdlib", "ports/modules")


class BuildError(Exception):
    """The image cannot be built as asked; the message is one line that says why and what to do."""


def write_if_changed(path: Path, content: bytes) -> None:
    """Writes `content`, leaving the file and its time stamp alone when it holds that already."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def read_board(board_dir: Path) -> dict[str, object]:
    """The board's own figures: the object "microdot" of its board.json. Raises BuildError."""
    path = board_dir / "board.json"
    try:
        figures = json.loads(path.read_text())["microdot"]
    except OSError:
        raise BuildError(
            f"{path} cannot be read: a board needs one, boards/qemu/board.json is an example"
        ) from None
    except ValueError as error:
        raise BuildError(f"{path} is not JSON: {error}") from None
    except (KeyError, TypeError):
        raise BuildError(
            f'{path} has no object "microdot"; boards/qemu/board.json is an example'
        ) from None
    for key in ("port", "network", "tcp_pcbs"):
        if key not in figures:
            raise BuildError(
                f'{path}: "microdot" lacks "{key}"; boards/qemu/board.json is an example'
            )
    return dict(figures)


def application_modules(app: Path) -> dict[Path, bytes]:
    """The Python modules that an application becomes in an image, by their path in it.

    :param app: a file, which becomes app.py, or a folder with app.py: its modules, its compiled
        `templates/` and its `static/` files (see microdot/static.py for their form).
    Raises BuildError.
    """
    if app.is_file():
        return {Path("app.py"): app.read_bytes()}
    if not app.is_dir():
        raise BuildError(f"APP={app}: there is no such file or folder")
    if not (app / "app.py").is_file():
        raise BuildError(f"APP={app}: this folder has no app.py")
    files = [f for f in sorted(app.rglob("*")) if f.is_file() and "__pycache__" not in f.parts]
    modules = {f.relative_to(app): f.read_bytes() for f in files if f.suffix == ".py"}
    if Path("main.py") in modules:
        raise BuildError(
            f"APP={app}: main.py is the firmware's own name in an image; rename the file"
        )
    modules.update(compiled_templates(app))
    static = [f for f in files if f.relative_to(app).parts[0] == "static"]
    if static:
        modules[Path("static_files.py")] = static_module(app, static)
    left = [f for f in files if f.suffix != ".py" and f not in static]
    left = [f for f in left if f.relative_to(app).parts[0] != "templates"]
    if left:
        names = ", ".join(str(f.relative_to(app)) for f in left[:3])
        print(f"    {len(left)} files stay outside ({names}): put what is served into static/")
    return modules


def compiled_templates(app: Path) -> dict[Path, bytes]:
    """The modules that an application's templates compile to. Raises BuildError."""
    source = app.resolve() / "templates"
    if not source.is_dir():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-m", "microdot.template_compiler", source, folder],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if run.returncode != 0:
            raise BuildError(f"APP={app}: {run.stderr.strip().splitlines()[-1]}")
        found = sorted(Path(folder).rglob("*.py"))
        return {Path("templates") / f.relative_to(folder): f.read_bytes() for f in found}


def static_module(app: Path, files: list[Path]) -> bytes:
    """The module that carries static files in an image, with an entity tag for each."""
    lines = ['"""The application\'s static files (made by the build)."""', "", "FILES = {"]
    for file in files:
        content = file.read_bytes()
        tag = hashlib.sha256(content).hexdigest()[:16]
        lines.append(f'    "{file.relative_to(app).as_posix()}": ({content!r}, "{tag}"),')
    return "\n".join([*lines, "}", ""]).encode()


def copy_application(app: Path, target: Path) -> None:
    """Lays out an application's modules in `target`, and nothing else. Raises BuildError."""
    modules = application_modules(app)
    for name, content in modules.items():
        write_if_changed(target / name, content)
    for stale in [f for f in target.rglob("*.py") if f.relative_to(target) not in modules]:
        stale.unlink()


def check_compiles(folder: Path, mpy_cross: str) -> None:
    """Compiles every file as the image will. Raises BuildError with file, line and its text."""
    for path in sorted(folder.rglob("*.py")):
        name = str(path.relative_to(folder))
        run = subprocess.run(
            [mpy_cross, "-s", name, "-o", os.devnull, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode == 0:
            continue
        lines = (run.stderr or run.stdout).strip().splitlines()
        where = re.search(r"line (\d+)", run.stderr)
        number = int(where[1]) if where else 0
        source = path.read_text(errors="replace").splitlines()
        text = source[number - 1].strip() if 0 < number <= len(source) else ""
        raise BuildError(
            f"APP does not compile: {name}, line {number}: "
            f"{lines[-1] if lines else 'error'}: {text}"
        )


def prepare_application(app: str, generated: Path, mpy_cross: str) -> None:
    """Lays out the application and the manifest that freezes it, an empty one without APP."""
    folder = generated / "app"
    manifest = "# No application is frozen into this image: make APP=path freezes one.\n"
    if app:
        copy_application(Path(app), folder)
        check_compiles(folder, mpy_cross)
        manifest = '# The application given by APP=.\nfreeze("app")\n'
    else:
        shutil.rmtree(folder, ignore_errors=True)
    write_if_changed(generated / "app_manifest.py", manifest.encode())


def input_files(port: str, board_dir: Path, generated: Path) -> list[tuple[str, Path]]:
    """(name, file) of all of ours that an image is made from, wherever the checkout lies."""
    roots = [(name, ROOT / name) for name in (*COMMON_INPUTS, f"ports/{port}")]
    roots += [("board", board_dir), ("app", generated / "app")]
    files = []
    for name, root in roots:
        if root.is_file():
            files.append((name, root))
        files += [
            (f"{name}/{path.relative_to(root).as_posix()}", path)
            for path in sorted(root.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        ]
    return files


def drop_stale(files: list[tuple[str, Path]], build: Path) -> None:
    """Removes compiled modules that make would take for current: it compares times alone.

    A file replaced by an older one (a copy, an archive unpacked) has changed all the same.
    """
    memory = build / "generated" / "inputs.json"
    now = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files}
    if memory.exists():
        before = json.loads(memory.read_text())
        built = memory.stat().st_mtime
        if any(
            before.get(name) != now[name] and path.stat().st_mtime < built for name, path in files
        ):
            shutil.rmtree(build / "obj" / "frozen_mpy", ignore_errors=True)
    write_if_changed(memory, json.dumps(now, indent=0).encode())


def build_id(files: list[tuple[str, Path]], facts: list[str]) -> str:
    """Twelve hex digits over all inputs: same inputs, same id, wherever the image is built."""
    digest = hashlib.sha256()
    for name, path in files:
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for fact in facts:
        digest.update(f"{fact}\n".encode())
    return digest.hexdigest()[:12]


def micropython_version(mpy_dir: Path) -> str:
    """MicroPython's version as its own header states it, such as "1.25.0". Raises BuildError."""
    try:
        header = (mpy_dir / "py" / "mpconfig.h").read_text()
    except OSError:
        raise BuildError(
            f"MPY_DIR={mpy_dir} is not a MicroPython checkout: it has no py/mpconfig.h"
        ) from None
    return ".".join(
        re.findall(rf"#define MICROPY_VERSION_{part} (\d+)", header)[0]
        for part in ("MAJOR", "MINOR", "MICRO")
    )


def project_version() -> str:
    """The version that the framework states: the project has one."""
    return re.findall(
        r'^__version__ = "(.+)"', (ROOT / "microdot" / "__init__.py").read_text(), re.MULTILINE
    )[0]


def source_facts(mpy_dir: Path) -> list[str]:
    """What identifies the foreign sources: the locked trees' records, or the user's checkout."""
    trees = [mpy_dir] + [mpy_dir.parent / name for name in ("lwip", "mbedtls")]
    records = [
        (tree / ".source.json").read_text() for tree in trees if (tree / ".source.json").exists()
    ]
    if records:
        return records
    git = ["git", "-C", str(mpy_dir), "describe", "--always", "--dirty", "--abbrev=40"]
    run = subprocess.run(git, capture_output=True, text=True, check=False)
    return [run.stdout.strip()]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--board", required=True, help="its name")
    parser.add_argument("--board-dir", type=Path, required=True)
    parser.add_argument("--build", type=Path, required=True, help="the image's build folder")
    parser.add_argument("--mpy-dir", type=Path, required=True, help="MicroPython's sources")
    parser.add_argument("--mpy-cross", required=True)
    parser.add_argument("--compiler", default="arm-none-eabi-gcc")
    parser.add_argument(
        "--app", default="", help="application to freeze: a file, or a folder with app.py"
    )
    parser.add_argument(
        "--fact",
        action="append",
        default=[],
        help="a make variable that changes the image, NAME=value",
    )
    args = parser.parse_args()
    try:
        generate(args)
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    return 0


def generate(args: argparse.Namespace) -> None:
    """Writes everything under <build>/generated. Raises BuildError."""
    generated = args.build / "generated"
    figures = read_board(args.board_dir)
    prepare_application(args.app, generated, args.mpy_cross)
    compiler = subprocess.run(
        [args.compiler, "--version"], capture_output=True, text=True, check=False
    ).stdout
    version = micropython_version(args.mpy_dir)
    inputs = input_files(str(figures["port"]), args.board_dir, generated)
    drop_stale(inputs, args.build)
    identity = build_id(
        inputs,
        [*source_facts(args.mpy_dir), compiler.split("\n")[0], *args.fact],
    )
    constants = {
        "BOARD": args.board,
        "VERSION": project_version(),
        "ID": identity,
        "MARKER": f"microdot-build:board={args.board};id={identity};",
        "MICROPYTHON": version,
        "NETWORK": figures["network"],
        "TCP_PCBS": figures["tcp_pcbs"],
    }
    module = '"""Which image this is (made by the build)."""\n\n' + "".join(
        f"{k} = {v!r}\n" for k, v in constants.items()
    )
    write_if_changed(generated / "device" / "_build.py", module.encode())
    emulator = figures.get("emulator") or {}
    make = (
        f"MD_PORT := {figures['port']}\nMD_TCP_PCBS := {figures['tcp_pcbs']}\n"
        f"MD_EMULATOR := {emulator.get('kind', '')}\n"
    )
    write_if_changed(generated / "board.mk", make.encode())


if __name__ == "__main__":
    sys.exit(main())
