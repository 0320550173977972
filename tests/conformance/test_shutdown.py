"""Shutting down: running requests finish, and the port is free at once."""

import socket
import time

import pytest

from .client import format_request
from .targets import Target

pytestmark = pytest.mark.needs("process")


def bind_again(target: Target) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((target.host, target.port))
        probe.listen()


def test_running_requests_finish(own_target: Target) -> None:
    with own_target.connect() as slow, own_target.connect() as idle, own_target.connect() as last:
        idle.get("/")
        slow.send(format_request("GET", "/slow/700"))
        time.sleep(0.2)
        assert last.get("/shutdown").text == "shut down"
        assert last.ended()
        assert idle.ended()
        bind_again(own_target)
        response = slow.response()
        assert (response.text, response.headers["connection"]) == ("slow", "close")
    assert own_target.process is not None
    assert own_target.process.wait(10) == 0


def test_requests_that_take_too_long_are_ended(own_target: Target) -> None:
    """The application allows two seconds."""
    with own_target.connect() as slow, own_target.connect() as last:
        slow.send(format_request("GET", "/slow/60000"))
        time.sleep(0.2)
        assert last.get("/shutdown").text == "shut down"
        assert slow.ended()
    assert own_target.process is not None
    assert own_target.process.wait(10) == 0
