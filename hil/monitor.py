"""`hil monitor`: the console of a board in this terminal."""

import contextlib
import os
import select
import sys
import termios
import tty
from collections.abc import Iterator

from .console import Console
from .errors import ConsoleClosed
from .streams import SerialStream

_LEAVE = (b"\x1d", b"\x18")  # Ctrl-] and Ctrl-X
_KEYS = "Ctrl-] leaves, Enter asks for the READY line, Ctrl-C gives the REPL"
_LOOK_S = 0.1  # how often it is looked whether the board is still there


def monitor(port: str) -> None:
    """Connects this terminal with the console on `port` until Ctrl-] or Ctrl-X is typed."""
    with Console(SerialStream(port)) as console, _raw_terminal():
        _show(f"{port}: {_KEYS}\r\n".encode())
        console.subscribe(_show, replay=True)
        _type(console)
    print()


def _show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _type(console: Console) -> None:
    """Sends what is typed. When an input that is no terminal ends, the console is still shown."""
    inputs = [sys.stdin.fileno()]
    while not console.closed:
        readable, _, _ = select.select(inputs, [], [], _LOOK_S)
        if not readable:
            continue
        data = os.read(inputs[0], 1024)
        if not data:
            inputs.clear()
        elif any(key in data for key in _LEAVE):
            return
        else:
            console.write(data)
    raise ConsoleClosed(f"{console.name} is gone: the board was stopped or disconnected")


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    """Every key goes to the board as it is, until the end."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
