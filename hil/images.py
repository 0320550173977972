"""Images: which board and build a file holds, and the record kept of its build."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import Absent, HilError
from .project import shown

# What the build freezes into every image, so that any tool can tell what a file is.
_MARKER = re.compile(rb"microdot-build:board=([\w.-]+);id=([0-9a-f]{12});")


@dataclass(frozen=True, slots=True)
class Image:
    """A firmware file (.elf or .bin), the board it is for and its build id."""

    path: Path
    board: str
    build_id: str


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """build.json: what an image was built from. `everything` is the whole record."""

    board: str
    build_id: str
    version: str
    micropython: str
    everything: dict[str, Any] = field(repr=False)


def read_image(path: Path) -> Image:
    """Finds out what the file `path` holds, by the marker that every image of this project has."""
    try:
        found = {match.groups() for match in _MARKER.finditer(path.read_bytes())}
    except OSError as error:
        raise HilError(f"{shown(path)}: {error.strerror}") from error
    if not found:
        raise HilError(f"{shown(path)} is not an image of this project: it has no build marker")
    if len(found) > 1:
        raise HilError(f"{shown(path)} holds the markers of {len(found)} builds: build it again")
    board, build_id = (part.decode("ascii") for part in found.pop())
    return Image(path, board, build_id)


def find_image(build: Path, board: str) -> Image:
    """The image for `board` in the folder it is built in; without one, says how to build it."""
    path = build / "firmware.elf"
    if not path.exists():
        raise Absent(f"{shown(path)} is not there: build it with `make BOARD={board}`")
    image = read_image(path)
    if image.board != board:
        raise HilError(f"{shown(path)} is an image for board {image.board!r}: build it again")
    return image


def read_build_record(build: Path) -> BuildRecord:
    """Reads the record of the last build in the folder `build`."""
    path = build / "build.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return BuildRecord(
            record["board"], record["id"], record["version"], record["micropython"], record
        )
    except OSError as error:
        raise HilError(f"{shown(path)}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise HilError(f"{shown(path)} is damaged ({error!r}): build it again") from error
