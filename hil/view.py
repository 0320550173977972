"""What a user sees of a console in a terminal that only shows it."""

import re
import sys
import threading
from typing import TextIO

# Programs talk to the raw REPL, not people: what is said there is not shown.
_RAW_BEGINS = b"raw REPL; CTRL-B to exit"
_RAW_ENDS = re.compile(rb"(?:\n|>|\x04)(?=MicroPython v|device: |READY )")
_RAW_OVERLAP = 16  # bytes, more than the longest thing _RAW_ENDS matches

_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class ConsoleView:
    """Writes what a console says, and lines of our own between, to a terminal.

    Control characters are left out: whatever the board sends, the terminal stays as it is.

    :param out: where to. Default: stdout.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._lock = threading.Lock()
        self._pending = b""
        self._hidden = False
        self._line_open = False

    def feed(self, data: bytes) -> None:
        """Shows what the board said."""
        with self._lock:
            text = self._visible(data).decode("utf-8", "replace")
            self._show(_NOT_SHOWN.sub("", _ESCAPE_SEQUENCE.sub("", text)))

    def say(self, line: str) -> None:
        """Shows a line of our own."""
        with self._lock:
            self._show(f"\n{line}\n" if self._line_open else f"{line}\n")

    def _show(self, text: str) -> None:
        if text:
            self._line_open = not text.endswith("\n")
            self._out.write(text)
            self._out.flush()

    def _visible(self, data: bytes) -> bytes:
        """Takes what passes in the raw REPL out of the stream; pieces may be cut anywhere."""
        self._pending += data
        visible = b""
        while True:
            if self._hidden:
                match = _RAW_ENDS.search(self._pending)
                if match is None:
                    self._pending = self._pending[-_RAW_OVERLAP:]
                    return visible
                self._pending = self._pending[match.end() :]
            else:
                before, begins, after = self._pending.partition(_RAW_BEGINS)
                if not begins:
                    kept = _overlap(before, _RAW_BEGINS)
                    self._pending = before[len(before) - kept :]
                    return visible + before[: len(before) - kept]
                visible += before
                self._pending = after
            self._hidden = not self._hidden


def _overlap(data: bytes, marker: bytes) -> int:
    """How many bytes at the end of `data` may be the beginning of `marker`."""
    for count in range(min(len(data), len(marker) - 1), 0, -1):
        if data.endswith(marker[:count]):
            return count
    return 0
