"""The command `hil`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .board import BOOT_TIMEOUT
from .boards import load_board
from .errors import HilError
from .images import find_image
from .locks import FolderLock
from .project import build_folder, find_root, instance_folder

# The commands need modules that not every system has, so each imports its own.


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status; failures are a line on stderr, no traceback."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except HilError as error:
        print(f"hil: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hil", description="Boots boards and talks to them.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--board", default="qemu", help="its name (default: %(default)s)")
    shared.add_argument("--board-dir", metavar="DIR", help="its folder, if kept elsewhere")
    shared.add_argument("--build", metavar="DIR", type=Path, help="(default: build/BOARD)")

    run = commands.add_parser("run", parents=[shared], help="boot an emulated board and serve")
    run.add_argument("--http-port", type=_port, default=8080, help="(default: %(default)s)")
    run.add_argument("--https-port", type=_port, help="(default: not forwarded)")
    run.add_argument("--net", choices=["open"], help="let the board reach this machine and beyond")
    run.add_argument("--timeout", type=float, default=BOOT_TIMEOUT, help="seconds to be ready in")
    run.set_defaults(command=_run)

    monitor = commands.add_parser("monitor", parents=[shared], help="the console of a board")
    monitor.add_argument("--port", help="its serial port (default: the board that runs here)")
    monitor.set_defaults(command=_monitor)

    deploy = commands.add_parser("deploy", parents=[shared], help="put an application on a board")
    deploy.add_argument("application", metavar="APP", help="a file, or a folder with app.py")
    deploy.add_argument("--port", help="its serial port (default: the board that runs here)")
    deploy.set_defaults(command=_deploy)

    sizes = commands.add_parser("sizes", parents=[shared], help="the memory the framework takes")
    sizes.set_defaults(command=_sizes)
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return number


def _build_folder(options: argparse.Namespace, root: Path) -> Path:
    return Path(options.build) if options.build else build_folder(root, options.board)


def _run(options: argparse.Namespace) -> int:
    from .emulators import Setup
    from .run import run

    root = find_root()
    description = load_board(root, options.board, options.board_dir)
    build = _build_folder(options, root)
    setup = Setup(
        folder=instance_folder(build),
        http_port=options.http_port,
        https_port=options.https_port,
        open_network=options.net == "open",
        deadline=None,
    )
    return run(description, find_image(build, options.board), setup, options.timeout)


def _console_port(options: argparse.Namespace) -> tuple[str, str | None]:
    """The port given, or the pseudo-terminal of the emulated board that runs here and its URL."""
    if options.port:
        return options.port, None
    from .run import CONSOLE_LINK

    root = find_root()
    description = load_board(root, options.board, options.board_dir)
    if description.emulator is None:
        raise HilError(f"which port is board {options.board!r} on? Say it with PORT=")
    folder = instance_folder(_build_folder(options, root))
    # A link may be left over, and lead to somebody else's terminal by now: the lock tells.
    holder = FolderLock(folder).holder()
    if holder is not None and (folder / CONSOLE_LINK).is_symlink():
        url = f"http://localhost:{holder['http_port']}" if holder.get("http_port") else None
        return os.readlink(folder / CONSOLE_LINK), url
    raise HilError(f"no board {options.board!r} is running here: start one with `make run`")


def _monitor(options: argparse.Namespace) -> int:
    from .monitor import monitor

    port, _ = _console_port(options)
    monitor(port)
    return 0


def _deploy(options: argparse.Namespace) -> int:
    from .deploy import deploy

    if not options.application:
        raise HilError("which application? Say it with APP=: a file, or a folder with app.py")
    port, url = _console_port(options)
    url_there = deploy(Path(options.application), port)
    print(f"Serving {url or url_there}")
    return 0


def _sizes(options: argparse.Namespace) -> int:
    from .sizes import measure

    root = find_root()
    description = load_board(root, options.board, options.board_dir)
    print(measure(description, find_image(_build_folder(options, root), options.board)))
    return 0
