"""A pseudo-terminal that stands for the serial port of an emulated board (POSIX only).

Programs for serial ports, mpremote and terminal programs among them, open it like any other port.
"""

import contextlib
import os
import pty
import select
import termios
import threading
import time
import tty
from collections.abc import Callable

from .console import Console
from .errors import ConsoleError

_LOOK_S = 0.02  # how often it is looked whether somebody opened the terminal
_STALLED_S = 5.0  # after so long a client that reads nothing no longer holds up the board
_GRACE_S = 1.0  # within so long the next client takes over from the last one


class PtyBridge:
    """Connects a console with a pseudo-terminal, 8-bit clean in both directions.

    Nothing is kept for clients that come later, and a slow client slows down the board.

    :param console: the board's console.
    :param on_released: called when a client that wrote something has gone and no other came. It
        runs between clients: what the next one writes waits until it returns.
    """

    def __init__(self, console: Console, on_released: Callable[[], None]) -> None:
        self._console = console
        self._on_released = on_released
        self._master, slave = pty.openpty()
        self.name = os.ttyname(slave)
        tty.setraw(slave)
        # With no slave open the master reports a hang-up: that tells clients that come and go.
        os.close(slave)
        os.set_blocking(self._master, False)
        self._stalled = False
        self._ending = threading.Event()
        self._unsubscribe = console.subscribe(self._to_client)
        self._thread = threading.Thread(target=self._serve, name="pty", daemon=True)
        self._thread.start()

    def _events(self, wanted: int, timeout: float) -> int:
        poller = select.poll()
        poller.register(self._master, wanted)
        events = poller.poll(timeout * 1000)
        return events[0][1] if events else 0

    @property
    def in_use(self) -> bool:
        """Whether a client has the terminal open."""
        return not self._events(0, 0) & select.POLLHUP

    def _to_client(self, data: bytes) -> None:
        """Hands on what the board says; runs in the console's thread."""
        given_up = time.monotonic() + (0 if self._stalled else _STALLED_S)
        while data and self.in_use and not self._ending.is_set():
            try:
                data = data[os.write(self._master, data) :]
                self._stalled = False
            except BlockingIOError:
                if time.monotonic() >= given_up:
                    self._stalled = True
                    return
                self._events(select.POLLOUT, 0.1)

    def _serve(self) -> None:
        while not self._ending.is_set():
            # A client may have come, written and gone between two looks.
            if self._events(select.POLLIN, 0) == select.POLLHUP:
                self._ending.wait(_LOOK_S)
            elif self._serve_client():
                with contextlib.suppress(ConsoleError):
                    self._on_released()

    def _serve_client(self) -> bool:
        """Serves clients until none came for a while; tells whether anything was written."""
        wrote = False
        gone_since: float | None = None
        while not self._ending.is_set():
            data = self._read(0.1)
            if data:
                wrote = True
                gone_since = None
                with contextlib.suppress(ConsoleError):
                    self._console.write(data)
            elif self.in_use:
                gone_since = None
            else:
                if gone_since is None:
                    gone_since = time.monotonic()
                    self._tidy()
                if time.monotonic() - gone_since >= _GRACE_S or not wrote:
                    return wrote
                self._ending.wait(_LOOK_S)
        return False

    def _read(self, timeout: float) -> bytes:
        if not self._events(select.POLLIN, timeout) & select.POLLIN:
            return b""
        try:
            return os.read(self._master, 4096)
        except OSError:
            return b""

    def _tidy(self) -> None:
        """Undoes what the last client set, and drops what it did not read."""
        slave = os.open(self.name, os.O_RDWR | os.O_NOCTTY)
        try:
            tty.setraw(slave)
            termios.tcflush(slave, termios.TCIFLUSH)
        finally:
            os.close(slave)

    def close(self) -> None:
        """Takes the terminal away."""
        self._ending.set()
        self._unsubscribe()
        self._thread.join()
        os.close(self._master)
