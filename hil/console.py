"""A board's console: what it says is read in the background, kept, and waited for."""

import contextlib
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .errors import ConsoleClosed, ConsoleError, ConsoleTimeout
from .streams import ByteStream

_KEEP_LINES = 2000
_KEEP_UNREAD = 1 << 20  # bytes nobody has asked for yet
_KEEP_RECENT = 4096  # bytes looked at to tell what the board is doing
_SHOWN_LINES = 15

READY_LINE = re.compile(
    rb"^READY (?:(?P<url>https?://\S+)|-) board=(?P<board>\S+) build=(?P<build>\S+)"
    rb"(?: net=(?P<net>\S+))?[^\S\n]*\n",
    re.MULTILINE,
)

# The last line of a board that waits for input: a prompt and what was typed behind it, ...
_FRIENDLY_PROMPT = re.compile(rb"(?:^|\n)(?:>>> |\.\.\. |=== )[^\n]*\Z")
# ... the raw REPL, fresh or after a command, or a program sent to it in raw-paste mode and cut
# short.
_RAW_PROMPT = re.compile(rb"(?:raw REPL; CTRL-B to exit\r\n|\x04)>(?:R\x01..\x01*)?\Z", re.DOTALL)

CTRL_A, CTRL_B, CTRL_C, CTRL_D = b"\x01", b"\x02", b"\x03", b"\x04"


@dataclass(frozen=True, slots=True)
class Ready:
    """What a board's READY line says. `url` is where it serves in its own network, None without
    one.
    """

    url: str | None
    board: str
    build: str

    @classmethod
    def parse(cls, match: "re.Match[bytes]") -> "Ready":
        url, board, build = (
            None if value is None else value.decode("utf-8", "replace")
            for value in match.group("url", "board", "build")
        )
        assert board is not None and build is not None
        return cls(url, board, build)


@dataclass(frozen=True, slots=True)
class Line:
    """A line the board said, and when: seconds since the console was opened."""

    seconds: float
    text: str


class Console:
    """The console of a board, over any byte stream.

    A thread reads the stream all the time, so the board is never held up and nothing is lost;
    `expect` and `read` consume what has come, in order.

    :param stream: the console's bytes; the console closes it.
    :param log: a file that gets every line with its time. Default: none.
    """

    def __init__(self, stream: ByteStream, log: Path | None = None) -> None:
        self.name = stream.name
        self._stream = stream
        self._opened = time.monotonic()
        self._changed = threading.Condition()
        self._unread = bytearray()
        self._recent = bytearray()
        self._lines: deque[Line] = deque(maxlen=_KEEP_LINES)
        self._partial = bytearray()
        self._partial_since = 0.0
        self._closed = False
        self._listeners: list[Callable[[bytes], None]] = []
        self._log: IO[str] | None = None
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            self._log = log.open("a", encoding="utf-8", buffering=1)
        self._reader = threading.Thread(target=self._read_all, name="console", daemon=True)
        self._reader.start()

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # What comes in

    def _read_all(self) -> None:
        while data := self._stream.read():
            with self._changed:
                self._unread += data
                del self._unread[:-_KEEP_UNREAD]
                self._recent += data
                del self._recent[:-_KEEP_RECENT]
                self._keep_lines(data)
                self._changed.notify_all()
                listeners = tuple(self._listeners)
            for listener in listeners:
                listener(data)
        with self._changed:
            self._closed = True
            if self._partial:
                self._end_line()
            if self._log is not None:
                self._log.close()
            self._changed.notify_all()

    def _keep_lines(self, data: bytes) -> None:
        for piece in data.splitlines(keepends=True):
            if not self._partial:
                self._partial_since = time.monotonic() - self._opened
            self._partial += piece
            if piece.endswith(b"\n"):
                self._end_line()

    def _end_line(self) -> None:
        line = Line(self._partial_since, self._partial.decode("utf-8", "replace").rstrip("\r\n"))
        self._partial.clear()
        self._lines.append(line)
        if self._log is not None:
            self._log.write(f"{line.seconds:10.3f} {line.text}\n")

    def subscribe(
        self, listener: Callable[[bytes], None], replay: bool = False
    ) -> Callable[[], None]:
        """Calls `listener` with all that comes from now on. Returns what ends it.

        It is called from the reading thread: while it runs, the board is held back.

        :param replay: whether it first gets the last of what has come already.
        """
        with self._changed:
            if replay and self._recent:
                listener(bytes(self._recent))
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._changed:
                self._listeners.remove(listener)

        return unsubscribe

    # What was said

    @property
    def closed(self) -> bool:
        """Whether the other end is gone or `close` was called."""
        return self._closed

    @property
    def lines(self) -> list[Line]:
        """The lines said so far, the one that is not ended included."""
        with self._changed:
            partial = self._partial.decode("utf-8", "replace")
            return [*self._lines, *([Line(self._partial_since, partial)] if partial else [])]

    def tail(self, count: int = _SHOWN_LINES) -> list[str]:
        """The last lines, to be shown with an error."""
        return [line.text for line in self.lines[-count:]] or ["(the console said nothing)"]

    @property
    def at_prompt(self) -> bool:
        """Whether the last thing the board said is a prompt of the REPL, friendly or raw."""
        with self._changed:
            recent = bytes(self._recent)
        return bool(_FRIENDLY_PROMPT.search(recent) or _RAW_PROMPT.search(recent))

    # Waiting

    def expect(self, pattern: str | bytes | re.Pattern[bytes], timeout: float) -> re.Match[bytes]:
        """Waits until `pattern` comes and returns the match; what comes before it is passed over.

        :param pattern: a regular expression, searched for in all that was not consumed yet.
        :param timeout: seconds.
        """
        if isinstance(pattern, str):
            pattern = pattern.encode()
        regex = re.compile(pattern)
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                if match := regex.search(bytes(self._unread)):
                    del self._unread[: match.end()]
                    return match
                self._wait(deadline, f"did not say {regex.pattern!r} within {timeout:g} s")

    def read(self, count: int, timeout: float) -> bytes:
        """Waits for the next `count` bytes and returns them. :param timeout: seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while len(self._unread) < count:
                self._wait(deadline, f"did not send {count} bytes within {timeout:g} s")
            data = bytes(self._unread[:count])
            del self._unread[:count]
            return data

    def _wait(self, deadline: float, complaint: str) -> None:
        """Waits for the next bytes; the lock is held by the caller."""
        if self._closed:
            raise ConsoleClosed(f"{self.name}: the console is gone; its last lines:", self.tail())
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise ConsoleTimeout(f"{self.name} {complaint}; its last lines:", self.tail())
        self._changed.wait(remaining)

    def discard(self) -> None:
        """Passes over all that has come so far."""
        with self._changed:
            self._unread.clear()

    def wait_ready(self, timeout: float, ask_after: float = 2.0) -> Ready:
        """Waits for the board's READY line. If none comes, asks for it: it may have been missed.

        :param timeout: seconds.
        :param ask_after: seconds between two times of asking.
        """
        deadline = time.monotonic() + timeout
        while (remaining := deadline - time.monotonic()) > 0:
            with contextlib.suppress(ConsoleTimeout):
                return Ready.parse(self.expect(READY_LINE, min(ask_after, remaining)))
            if self.at_prompt:
                message = (
                    f"{self.name} does not serve, it is at the REPL; the console's last lines:"
                )
                raise ConsoleError(message, self.tail())
            self.write(b"\r")
        raise ConsoleTimeout(
            f"{self.name}: no READY line within {timeout:g} s; the console's last lines:",
            self.tail(),
        )

    # Saying something

    def write(self, data: bytes) -> None:
        """Sends `data` to the board."""
        try:
            self._stream.write(data)
        except OSError as error:
            message = f"{self.name}: the console is gone ({error}); its last lines:"
            raise ConsoleClosed(message, self.tail()) from error

    def enter_repl(self, key: bytes, banner: bytes, timeout: float) -> None:
        """Stops whatever runs and changes to the REPL that `key` asks for and that answers with
        `banner`.

        :param key: CTRL_A for the raw REPL, CTRL_B for the friendly one.
        :param banner: a regular expression.
        :param timeout: seconds.
        """
        deadline = time.monotonic() + timeout
        # A program that still runs may read what is typed for the REPL, so this is tried again.
        while True:
            self.discard()
            self.write(CTRL_C)
            with contextlib.suppress(ConsoleTimeout):
                self.expect(rb">(?:>> )?\Z", 0.2)
            self.write(key)
            with contextlib.suppress(ConsoleTimeout):
                self.expect(banner, 0.5)
                return
            if time.monotonic() > deadline:
                message = f"{self.name}: no REPL within {timeout:g} s; the console's last lines:"
                raise ConsoleError(message, self.tail())

    def interrupt(self, timeout: float = 10.0) -> None:
        """Stops whatever runs and brings the board to the prompt of its friendly REPL."""
        self.enter_repl(CTRL_B, rb"\n>>> \Z", timeout)

    def soft_reset(self, timeout: float = 10.0) -> None:
        """Stops whatever runs and starts the board's program anew, without a reset of the chip."""
        self.interrupt(timeout)
        self.write(CTRL_D)
        self.expect(rb"soft reboot\r\n", timeout)

    def close(self) -> None:
        """Closes the stream and waits until all that was read is kept."""
        self._stream.close()
        if threading.current_thread() is not self._reader:
            self._reader.join(5.0)
