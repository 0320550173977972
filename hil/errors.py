"""Failures a user can act on."""

from collections.abc import Sequence


class HilError(Exception):
    """Something the user can put right.

    :param message: one line: what is wrong and what to do about it.
    :param details: lines shown below it, e.g. the last ones of a console.
    """

    def __init__(self, message: str, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  | {line}" for line in self.details)])


class ConsoleError(HilError):
    """The console did not say what was expected of it."""


class ConsoleTimeout(ConsoleError):
    """The console did not say it in time."""


class ConsoleClosed(ConsoleError):
    """The other end of the console is gone."""


class RemoteError(HilError):
    """Code that was run on the board raised an exception; the traceback is in `details`."""


class Absent(HilError):
    """What is needed to have the board is not on this machine: its image, its emulator, the board
    itself.
    """


class PortTaken(HilError):
    """A TCP port of this machine is in use."""


class InUse(HilError):
    """Another process works with the same instance folder or serial port."""
