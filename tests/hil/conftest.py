"""Consoles without a board, and short waits."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from hil.console import Console
from hil.streams import SocketStream


@pytest.fixture
def wired() -> Iterator[tuple[Console, socket.socket]]:
    """A console, and the socket on which the test plays the board."""
    ours, boards = socket.socketpair()
    boards.settimeout(5)
    with Console(SocketStream(ours, "fake")) as console:
        yield console, boards
    boards.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Waits until a condition holds that nothing announces, e.g. the end of a foreign process."""

    def wait(condition: Callable[[], object], timeout: float = 5.0) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"not so after {timeout} s"
            time.sleep(0.01)

    return wait
