"""Limits and time-outs: nobody keeps others out, and everybody is told why.

The application sets its time-outs to one second or less.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from .client import Connection, eventually, format_request
from .targets import Target


@contextlib.contextmanager
def crowd(target: Target, count: int) -> Iterator[list[Connection]]:
    """Open many connections and close them at the end."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(target.connect()) for _ in range(count)]


def drip(connection: Connection, data: bytes) -> None:
    """Send a byte every 50 ms until the server has had enough."""
    with contextlib.suppress(OSError):
        for byte in data:
            connection.send(bytes([byte]))
            time.sleep(0.05)


def test_request_line_too_long(connection: Connection) -> None:
    connection.send("GET /" + "x" * 3000 + " HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.response().status == 414
    assert connection.ended()


def test_endless_request_line(connection: Connection) -> None:
    connection.send("GET /" + "x" * 4000)
    assert connection.response().status == 414
    assert connection.ended()


def test_head_too_large(connection: Connection) -> None:
    connection.send("GET / HTTP/1.1\r\nHost: x\r\n" + "A: bcdefgh\r\n" * 2000 + "\r\n")
    assert connection.response().status == 431
    assert connection.ended()


def test_body_too_large(connection: Connection) -> None:
    """The client gets to read the answer even if it does not look for it before it has sent."""
    connection.send(format_request("POST", "/echo", b"x" * 100_000))
    response = connection.response()
    assert (response.status, response.text) == (413, "Payload too large")
    assert connection.ended()


def test_chunked_body_too_large(connection: Connection) -> None:
    connection.send("POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.send((b"1000\r\n" + b"x" * 4096 + b"\r\n") * 20 + b"0\r\n\r\n")
    assert connection.response().status == 413
    assert connection.ended()


def test_silent_client_is_closed(connection: Connection) -> None:
    assert connection.ended(within=5)


def test_idle_client_is_closed(connection: Connection) -> None:
    assert connection.get("/").status == 200
    assert connection.ended(within=5)


def test_slow_head(connection: Connection) -> None:
    """A byte now and then does not prolong the deadline for the whole head."""
    threading.Thread(
        target=drip, args=(connection, format_request("GET", "/" + "x" * 200)), daemon=True
    ).start()
    assert connection.response().status == 408
    assert connection.ended()


def test_slow_body(connection: Connection) -> None:
    data = format_request("POST", "/echo", b"x" * 200)
    connection.send(data[:-200])
    threading.Thread(target=drip, args=(connection, data[-200:]), daemon=True).start()
    assert connection.response().status == 408
    assert connection.ended()


def test_client_that_never_reads(target: Target) -> None:
    before = state(target)
    with target.connect() as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send(format_request("GET", "/endless"))
        assert eventually(lambda: state(target)["started"] == before["started"] + 1)
        assert eventually(lambda: state(target)["closed"] == before["closed"] + 1)


def state(target: Target) -> dict[str, int]:
    with target.connect() as connection:
        found: dict[str, int] = connection.get("/state").json
        return found


def test_silent_clients_keep_nobody_out(target: Target) -> None:
    with crowd(target, 40):
        for _ in range(3):
            start = time.monotonic()
            with target.connect() as connection:
                assert connection.get("/").text == "hello"
            assert time.monotonic() - start < 2


def test_idle_clients_keep_nobody_out(target: Target) -> None:
    with crowd(target, 8) as connections:
        for connection in connections:
            assert connection.get("/").status == 200
        time.sleep(0.4)  # a connection that was busy just now is spared
        with target.connect() as connection:
            assert connection.get("/").text == "hello"


def test_too_many_requests_at_a_time(target: Target) -> None:
    """When all connections are busy, one more client is told to come back."""
    with crowd(target, 8) as connections:
        for connection in connections:
            connection.send(format_request("GET", "/slow/2000"))
        time.sleep(0.3)
        with target.connect() as connection:
            connection.send(format_request("GET", "/"))
            response = connection.response()
            assert (response.status, response.headers["retry-after"]) == (503, "1")
            assert connection.ended()
        for connection in connections:
            assert connection.response().text == "slow"
    with target.connect() as connection:
        assert connection.get("/").text == "hello"


def test_flood(target: Target) -> None:
    """Twice as many clients at once as there is place for: all are answered."""
    answers: list[int] = []

    def client() -> None:
        with target.connect() as connection:
            answers.append(connection.get("/", Connection="close").status)

    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    assert set(answers) <= {200, 503}
    assert answers.count(200) >= 8


@pytest.mark.needs("process")
def test_connections_are_given_back(target: Target) -> None:
    with crowd(target, 5) as connections:
        for connection in connections:
            assert connection.get("/").status == 200

    def alone() -> bool:
        with target.connect() as connection:
            return connection.get("/connections").text == "1"

    assert eventually(alone)
