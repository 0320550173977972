"""HTTPS, and clients that fail at it."""

import contextlib
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .client import Connection, format_request
from .conftest import Targets
from .targets import Target

APPLICATION = Path(__file__).with_name("app_tls.py")
MANY = 10  # more connections than a small board has heap for


@pytest.fixture
def target(target_name: str, targets: Targets) -> Target:
    return targets(target_name, APPLICATION)


def test_request(target: Target) -> None:
    with target.connect_tls() as connection:
        assert connection.get("/").text == "hello"
        assert connection.get("/scheme").text == "https"
        assert connection.get("/bytes/10000").body == b"x" * 10_000
        assert connection.request("POST", "/echo", b"y" * 10_000).body == b"y" * 10_000


def test_several_at_once(target: Target) -> None:
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(target.connect_tls()) for _ in range(3)]
        for connection in connections:
            assert connection.get("/").text == "hello"


def test_plain_http_harms_nobody(target: Target) -> None:
    assert target.tls_port is not None
    with target.connect_tls() as other:
        for _ in range(10):
            with Connection(target.host, target.tls_port) as connection:
                connection.send(format_request("GET", "/"))
                with contextlib.suppress(ConnectionError):
                    while connection.socket.recv(1000):
                        pass
        assert other.get("/").text == "hello"


def test_failed_handshakes_harm_nobody(target: Target) -> None:
    assert target.tls_port is not None
    for _ in range(5):
        with pytest.raises((ssl.SSLError, OSError)):
            Connection(target.host, target.tls_port, ssl.create_default_context())
    with Connection(target.host, target.tls_port) as connection:
        connection.send(b"\x16\x03\x01\x02\x00\x01")
        connection.abort()
    with target.connect_tls() as connection:
        assert connection.get("/").text == "hello"


def test_more_clients_than_fit_in_the_heap(target: Target) -> None:
    def connect(_: int) -> Connection | None:
        with contextlib.suppress(OSError):  # ssl.SSLError is one: the server hung up
            connection = stack.enter_context(target.connect_tls())
            if connection.get("/").text == "hello":
                return connection
        return None

    with contextlib.ExitStack() as stack, ThreadPoolExecutor(MANY) as clients:
        served = [connection for connection in clients.map(connect, range(MANY)) if connection]
        assert served, "not one client was served"
        if target.name == "qemu-HEAP192K":
            assert len(served) < MANY, "this heap was to be too small for so many"
        with target.connect() as plain:
            assert plain.get("/").text == "hello"
    with target.connect_tls() as connection:
        assert connection.get("/").text == "hello"


def test_silent_clients_are_closed(target: Target) -> None:
    assert target.tls_port is not None
    with Connection(target.host, target.tls_port) as connection:
        assert connection.ended(within=15)
