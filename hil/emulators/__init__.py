"""Emulated boards, one module for each kind of emulator."""

from pathlib import Path

from ..board import BOOT_TIMEOUT
from ..boards import BoardDescription, load_board
from ..errors import HilError
from ..images import Image, find_image, read_image
from ..project import build_folder
from ..rawrepl import FileContents
from .base import EmulatedBoard, Setup

__all__ = ["EmulatedBoard", "Setup", "boot", "start"]


def start(description: BoardDescription, image: Image, setup: Setup) -> EmulatedBoard:
    """Gives power to an emulated board of the kind described."""
    kind = description.emulator.kind if description.emulator else None
    if kind == "qemu":
        from .qemu import QemuBoard

        return QemuBoard(description, image, setup)
    raise HilError(f"board {description.name!r} is not emulated here: connect one and use PORT=")


def boot(
    root: Path,
    name: str,
    setup: Setup,
    files: FileContents | None = None,
    image: Path | None = None,
    timeout: float = BOOT_TIMEOUT,
) -> EmulatedBoard:
    """Boots an emulated board, puts files on it and waits until it serves.

    :param root: the project's folder.
    :param name: of the board.
    :param files: for its file system, e.g. an application: {"/app.py": Path("hello.py")}.
    :param image: the firmware. Default: what was built for that board last.
    :param timeout: seconds from the start, and from a restart with the files, to READY.
    """
    description = load_board(root, name)
    firmware = read_image(image) if image else find_image(build_folder(root, name), name)
    board = start(description, firmware, setup)
    try:
        board.wait_ready(timeout)
        if files:
            board.put(files)
            board.restart(timeout)
    except BaseException:
        board.close()
        raise
    return board
