"""Boards, as their board.json describes them.

A board.json keeps upstream MicroPython's schema; what this project adds stands in its object
"microdot".
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .errors import HilError
from .project import shown

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Emulation:
    """How a board is emulated: kind of emulator, and the machine and network card it emulates."""

    kind: str
    machine: str
    nic: str


@dataclass(frozen=True, slots=True)
class BoardDescription:
    """What is known of a kind of board, before one is there."""

    name: str
    folder: Path
    product: str
    vendor: str
    mcu: str
    port: str
    network: str
    tcp_pcbs: int
    emulator: Emulation | None


class _Reader:
    """Typed access to the values of one JSON object, with errors that name file and key."""

    def __init__(self, path: Path, values: dict[str, Any], prefix: str = "") -> None:
        self._path = path
        self._values = values
        self._prefix = prefix

    def get(self, key: str, kind: type[_T]) -> _T:
        value = self._values.get(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            problem = "is missing" if key not in self._values else f"is not {_KIND_NAMES[kind]}"
            raise HilError(f'{shown(self._path)}: "{self._prefix}{key}" {problem}')
        return value

    def object(self, key: str) -> "_Reader":
        return _Reader(self._path, self.get(key, dict), f"{self._prefix}{key}.")

    def __contains__(self, key: str) -> bool:
        return key in self._values


_KIND_NAMES: dict[type, str] = {str: "a string", int: "a whole number", dict: "an object"}


def board_folders(root: Path, board_dir: str | None = None) -> dict[str, Path]:
    """The folders that hold a board.json, by the boards' names.

    :param root: the project's folder, whose boards/ is looked through.
    :param board_dir: the folder of one more board, kept elsewhere. Default: the environment's
        BOARD_DIR.
    """
    folders = {path.parent.name: path.parent for path in sorted(root.glob("boards/*/board.json"))}
    if foreign := board_dir or os.environ.get("BOARD_DIR"):
        folder = Path(foreign).resolve()
        folders[folder.name] = folder
    return folders


def load_board(root: Path, name: str, board_dir: str | None = None) -> BoardDescription:
    """Reads the description of the board called `name`; an unknown name lists those there are."""
    folders = board_folders(root, board_dir)
    if name not in folders:
        known = ", ".join(sorted(folders)) or "none"
        raise HilError(f"there is no board {name!r}; boards: {known}")
    return read_board(folders[name])


def read_board(folder: Path) -> BoardDescription:
    """Reads folder/board.json; what is wrong with it is one HilError that names file and key."""
    path = folder / "board.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HilError(f"{shown(path)}: {error.strerror}") from error
    except ValueError as error:
        raise HilError(f"{shown(path)}: not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise HilError(f"{shown(path)}: not a JSON object")
    board = _Reader(path, values)
    ours = board.object("microdot")
    return BoardDescription(
        name=folder.name,
        folder=folder,
        product=board.get("product", str),
        vendor=board.get("vendor", str),
        mcu=board.get("mcu", str),
        port=ours.get("port", str),
        network=ours.get("network", str),
        tcp_pcbs=ours.get("tcp_pcbs", int),
        emulator=_read_emulation(ours),
    )


def _read_emulation(ours: _Reader) -> Emulation | None:
    if "emulator" not in ours:
        return None
    emulator = ours.object("emulator")
    return Emulation(*(emulator.get(key, str) for key in ("kind", "machine", "nic")))
