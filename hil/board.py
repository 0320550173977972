"""A board that is there: what tests and commands do with it, whether it is emulated or lies on the
desk.
"""

from abc import ABC, abstractmethod
from typing import Self

from .boards import BoardDescription
from .console import Console, Ready
from .errors import HilError
from .rawrepl import FileContents, RawRepl

BOOT_TIMEOUT = 20.0  # seconds from reset to the READY line, DHCP on a slow network included


class Board(ABC):
    """A running board.

    `exec`, `put` and `remove` interrupt what runs and leave the board at its REPL; `restart` makes
    it serve again.
    """

    description: BoardDescription
    ready: Ready
    """What the last READY line said."""

    @property
    def name(self) -> str:
        """The name of the kind of board, e.g. "qemu"."""
        return self.description.name

    @property
    @abstractmethod
    def console(self) -> Console:
        """Its console."""

    @property
    @abstractmethod
    def http_url(self) -> str:
        """Where this machine reaches its HTTP server, without a slash at the end."""

    @property
    @abstractmethod
    def https_url(self) -> str | None:
        """Where this machine reaches its HTTPS server; None if it cannot."""

    @abstractmethod
    def close(self) -> None:
        """Gives the board back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def wait_ready(self, timeout: float = BOOT_TIMEOUT) -> Ready:
        """Waits until the board serves. :param timeout: seconds. HilError if it has no network."""
        ready = self.console.wait_ready(timeout)
        if ready.url is None:
            raise HilError(
                f"{self.name}: the board has no network; its console:", self.console.tail()
            )
        self.ready = ready
        return ready

    def restart(self, timeout: float = BOOT_TIMEOUT) -> Ready:
        """Starts the board's program anew (soft reset) and waits until it serves."""
        self.console.soft_reset()
        return self.wait_ready(timeout)

    def reset(self, timeout: float = BOOT_TIMEOUT) -> Ready:
        """Resets the chip by its own machine.reset() and waits until it serves."""
        with RawRepl(self.console) as repl:
            repl.launch("import machine\nmachine.reset()")
        return self.wait_ready(timeout)

    def exec(self, code: str, timeout: float = 10.0) -> str:
        """Runs `code` on the board and returns what it printed. :param timeout: seconds."""
        with RawRepl(self.console) as repl:
            return repl.exec(code, timeout)

    def put(self, files: FileContents) -> None:
        """Writes files to the board."""
        with RawRepl(self.console) as repl:
            repl.write_files(files)

    def remove(self, *paths: str) -> None:
        """Removes files, and folders with all that is in them; those that do not exist are passed
        over.
        """
        with RawRepl(self.console) as repl:
            for path in paths:
                repl.exec(_REMOVE.format(path=path))


_REMOVE = """\
import os
def remove(path):
    try:
        folder = os.stat(path)[0] & 0x4000
    except OSError:
        return
    if folder:
        for name in os.listdir(path):
            remove(path + "/" + name)
        os.rmdir(path)
    else:
        os.remove(path)
remove({path!r})
del remove
"""
