"""MicroPython's raw REPL: programs run on the board, and their output.

The protocol is MicroPython's own (its reference manual, "The raw REPL and raw-paste mode"). Raw-
paste mode is used because it has flow control: a board's serial buffer is small.
"""

import contextlib
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from .console import CTRL_A, CTRL_B, CTRL_C, CTRL_D, Console
from .errors import ConsoleError, RemoteError

_BANNER = rb"raw REPL; CTRL-B to exit\r\n>"
_CHUNK = 512  # bytes of a file sent with one command

# Files to be written: by path on the board, their contents or a path here to take them from.
FileContents = Mapping[str, bytes | str | Path]


class RawRepl:
    """The raw REPL of a board, as a context: whatever ran on the board is interrupted, and at the
    end the board is at the prompt of its friendly REPL.

    :param console: the board's console.
    :param timeout: seconds to get there.
    """

    def __init__(self, console: Console, timeout: float = 10.0) -> None:
        self._console = console
        self._timeout = timeout
        self._left_running = False

    def __enter__(self) -> "RawRepl":
        self._console.enter_repl(CTRL_A, _BANNER, self._timeout)
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._left_running:
            return
        # After an error the board may still run the program, or wait for the rest of one.
        with contextlib.suppress(ConsoleError):
            self._console.write(CTRL_C + CTRL_B)
            self._console.expect(rb"\n>>> \Z", self._timeout)

    def launch(self, code: str) -> None:
        """Starts `code` and leaves the board to it, e.g. to a reset: no output is awaited, nothing
        interrupts it.
        """
        self._send(code.encode())
        self._left_running = True

    def exec(self, code: str, timeout: float = 10.0) -> str:
        """Runs `code` and returns what it printed.

        :param timeout: seconds. RemoteError if it raised.
        """
        self._send(code.encode())
        match = self._console.expect(rb"(?s)(.*?)\x04(.*?)\x04>", timeout)
        output, error = (
            part.decode("utf-8", "replace").replace("\r\n", "\n") for part in match.groups()
        )
        if error:
            lines = error.strip().splitlines()
            raise RemoteError(f"{self._console.name}: the board raised {lines[-1]}", lines)
        return output

    def _send(self, code: bytes) -> None:
        """Hands over a program in raw-paste mode: as much at a time as the board's window has room
        for.
        """
        self._console.write(b"\x05A\x01")
        if self._console.read(2, self._timeout) != b"R\x01":
            raise ConsoleError(
                f"{self._console.name}: no raw-paste mode: MicroPython 1.14 or later has one",
                self._console.tail(),
            )
        (window,) = struct.unpack("<H", self._console.read(2, self._timeout))
        room = window
        while code:
            if not room:
                if self._console.read(1, self._timeout) != b"\x01":
                    # The board gave up on the program; it wants to be told that this was
                    # understood.
                    self._console.write(CTRL_D)
                    return
                room += window
            self._console.write(code[:room])
            code, room = code[room:], room - min(room, len(code))
        self._console.write(CTRL_D)
        self._console.expect(rb"\x01*\x04", self._timeout)

    def write_file(self, path: str, data: bytes) -> None:
        """Writes the file `path`, folders on the way included."""
        self.exec(make_folders([path]))
        self.exec(f"f = open({path!r}, 'wb')")
        for start in range(0, len(data), _CHUNK):
            self.exec(f"f.write({data[start : start + _CHUNK]!r})")
        self.exec("f.close()")

    def write_files(self, files: FileContents) -> None:
        """Writes several files."""
        for path, content in files.items():
            if isinstance(content, Path):
                self.write_file(path, content.read_bytes())
            else:
                self.write_file(path, content.encode() if isinstance(content, str) else content)


def make_folders(paths: Iterable[str]) -> str:
    """Code that makes the folders in which the files `paths` lie, where they are missing."""
    folders = {folder for path in paths for folder in PurePosixPath(path).parents if folder.name}
    return _MAKE_FOLDERS.format(folders=sorted(map(str, folders)))


_MAKE_FOLDERS = """\
import errno, os
for folder in {folders!r}:
    try:
        os.mkdir(folder)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
"""
