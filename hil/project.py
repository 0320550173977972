"""Where things are: the project's folder, its boards and what was built for them."""

import os
from pathlib import Path

from .errors import HilError


def find_root() -> Path:
    """The project's folder: `MICRODOT_DIR`, else the first folder from here upwards with
    `boards/`, else the checkout this package is part of.
    """
    if configured := os.environ.get("MICRODOT_DIR"):
        return Path(configured).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parent.parent):
        if any(folder.glob("boards/*/board.json")):
            return folder
    raise HilError(
        "no boards/ folder here or above:"
        " run this in the project's folder, or set MICRODOT_DIR to it"
    )


def build_folder(root: Path, board: str) -> Path:
    """Where the image of `board` is built."""
    return root / "build" / board


def instance_folder(build: Path) -> Path:
    """Where the emulated board that `hil run` boots keeps its flash, identity and console.

    :param build: the folder its image is built in.
    """
    return build / "run"


def shown(path: Path) -> str:
    """`path` as a user would type it: relative to the current folder where it lies below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
