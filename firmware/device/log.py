"""The device's log: lines on the console, the last of them kept for the rescue page."""

import sys
from io import StringIO

LIMIT = 2048  # characters kept

_kept = []


def line(text: str) -> None:
    """Prints `device: <text>` on the console and keeps it."""
    print("device: " + text)
    _keep(text)


def traceback(error: BaseException) -> None:
    """Prints an exception's traceback on the console and keeps it.

    It begins where the application does: the firmware's own calls that led there are left out.
    """
    buffer = StringIO()
    sys.print_exception(error, buffer)
    lines = buffer.getvalue().rstrip().split("\n")
    while len(lines) > 2 and "device/" in lines[1]:
        lines.pop(1)
    text = "\n".join(lines)
    print(text)
    _keep(text)


def task_failed(loop, context: dict) -> None:
    """An asyncio exception handler: keeps the traceback of a task that nobody waits for."""
    line(context["message"])
    traceback(context["exception"])


def text() -> str:
    """What is kept, oldest first, at most LIMIT characters."""
    return "\n".join(_kept)


def _keep(text):
    _kept.append(text[-LIMIT:])
    while sum(len(entry) + 1 for entry in _kept) > LIMIT + 1:
        _kept.pop(0)
