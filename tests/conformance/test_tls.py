"""HTTPS, and clients that fail at it."""

import contextlib
import ssl

import pytest

from .client import Connection, format_request
from .targets import Target

pytestmark = pytest.mark.needs("tls")


def test_request(target: Target) -> None:
    with target.connect_tls() as connection:
        assert connection.get("/").text == "hello"
        assert connection.get("/describe").json["scheme"] == "https"
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


def test_silent_clients_are_closed(target: Target) -> None:
    assert target.tls_port is not None
    with Connection(target.host, target.tls_port) as connection:
        assert connection.ended(within=5)
