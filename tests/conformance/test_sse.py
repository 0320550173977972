"""Server-sent events (HTML Standard section 9.2): format, disconnects, slow clients, topics."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .client import Connection, eventually, format_request
from .conftest import Targets
from .frames import TEXT, Frame, WebSocket
from .targets import LOCAL, Target, start

APPLICATION = Path(__file__).with_name("app_realtime.py")


@pytest.fixture
def target(target_name: str, targets: Targets) -> Target:
    return targets(target_name, APPLICATION)


class EventStream:
    """Reads events as they come."""

    def __init__(self, connection: Connection, path: str, **headers: str) -> None:
        self.connection = connection
        connection.send(format_request("GET", path, headers=headers))
        while b"\r\n\r\n" not in connection._buffer:
            assert connection._fill()
        self.head, connection._buffer = connection._buffer.split(b"\r\n\r\n", 1)
        self._text = b""

    def next(self) -> list[str]:
        """Return the lines of the next event or comment."""
        connection = self.connection
        while b"\n\n" not in self._text:
            while b"\r\n" not in connection._buffer:
                assert connection._fill()
            line, connection._buffer = connection._buffer.split(b"\r\n", 1)
            size = int(line, 16)
            assert size, "the stream has ended"
            assert connection._fill_to(size + 2)
            self._text += connection._take(size + 2)[:-2]
        event, self._text = self._text.split(b"\n\n", 1)
        return event.decode().split("\n")


@pytest.fixture
def stream(target: Target) -> Iterator[EventStream]:
    with target.connect() as connection:
        yield EventStream(connection, "/news")


def get_ended(target: Target) -> int:
    with target.connect() as connection:
        ended: int = connection.get("/state").json["ended"]
        return ended


def publish(target: Target, topic: str, message: object) -> None:
    with target.connect() as connection:
        headers = {"Content-Type": "application/json"}
        body = json.dumps(message).encode()
        assert connection.request("POST", f"/publish/{topic}", body, headers).status == 200


def test_format(target: Target) -> None:
    with target.connect() as connection:
        response = connection.get("/events", **{"Last-Event-ID": "6"})
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-cache"
        assert response.complete
        events = response.text.split("\n\n")
        assert events == [
            "retry: 2500\nevent: lines\nid: 7\ndata: one\ndata: two\ndata: three",
            'data: {"last": "6"}',
            ": a\n: remark",
            "data: ",
            "",
        ]
        assert connection.get("/state").status == 200  # it was kept alive


def test_http_1_0(target: Target) -> None:
    with target.connect() as connection:
        response = connection.request("GET", "/events", version="1.0")
        assert response.text.startswith("retry: 2500\n")
        assert connection.ended()


def test_head_does_not_start_the_handler(target: Target) -> None:
    ended = get_ended(target)
    with target.connect() as connection:
        response = connection.request("HEAD", "/silent")
        assert response.headers["content-type"] == "text/event-stream"
        assert connection.get("/state").json["ended"] == ended


def test_events_come_at_once(target: Target, stream: EventStream) -> None:
    assert stream.next() == ["id: 1", "data: welcome"]
    publish(target, "news", {"number": 1})
    assert stream.next() == ["event: news", 'data: {"number": 1}']
    publish(target, "chat", "two\nlines")
    assert stream.next() == ["event: chat", "data: two", "data: lines"]


def test_silence_is_filled(target: Target) -> None:
    with target.connect() as connection:
        stream = EventStream(connection, "/silent")
        started = time.monotonic()
        assert stream.next() == [":"]
        assert stream.next() == [":"]
        assert 0.9 < time.monotonic() - started < 5


@pytest.mark.parametrize("how", ["close", "abort"])
def test_disconnect_is_noticed_without_a_write(target: Target, how: str) -> None:
    with target.connect() as connection, target.connect() as other:
        EventStream(connection, "/news?" + how)
        getattr(connection, how)()
        assert eventually(lambda: other.get("/state").json["gone"] == how, within=0.4)


def test_slow_client_ends_the_handler(target: Target) -> None:
    """The handler sends without end, the client reads nothing; the server allows a second."""
    if target.name not in LOCAL:
        pytest.skip(f"{target.name}: megabytes fit into the buffers on the way")
    ended = get_ended(target)
    with target.connect() as connection:
        connection.send(format_request("GET", "/torrent"))
        assert eventually(lambda: get_ended(target) == ended + 1)


def test_slow_subscriber_is_dropped(target: Target) -> None:
    """Its handler ends once its queue and the network's buffers are full; the other gets all."""
    if target.name not in LOCAL:
        pytest.skip(f"{target.name}: megabytes fit into the buffers on the way")
    ended = get_ended(target)
    message = "x" * 4000
    body = json.dumps(message).encode()
    headers = {"Content-Type": "application/json"}
    with target.connect() as slow, target.connect() as quick, target.connect() as publisher:
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        EventStream(slow, "/news").next()
        stream = EventStream(quick, "/news")
        stream.next()
        for number in range(5000):
            publisher.request("POST", "/publish/news", body, headers)
            assert stream.next() == ["event: news", "data: " + message]
            if number % 50 == 0 and publisher.get("/state").json["ended"] > ended:
                break
        else:
            pytest.fail("the subscriber that reads nothing was never dropped")


def test_failing_handler_never_looks_complete(target: Target) -> None:
    with target.connect() as connection:
        response = connection.get("/broken")
        assert response.text == "data: before\n\n"
        assert not response.complete


def test_request_sent_meanwhile_is_answered_afterwards(target: Target) -> None:
    with target.connect() as connection:
        connection.send(format_request("GET", "/events") + format_request("GET", "/state"))
        assert connection.response().complete
        assert connection.response().json["ended"] >= 0


def test_websocket_and_sse_share_topics(target: Target, stream: EventStream) -> None:
    stream.next()
    with target.connect() as connection:
        ws = WebSocket(connection, "/chat")
        assert ws.receive() == Frame(TEXT, b"welcome")
        ws.send(TEXT, "from a WebSocket")
        assert ws.receive() == Frame(TEXT, b"from a WebSocket")
        assert stream.next()[-2:] == ["event: chat", "data: from a WebSocket"]
        publish(target, "chat", {"from": "HTTP"})
        assert ws.receive() == Frame(TEXT, b'{"from": "HTTP"}')


def test_a_client_that_leaves_is_no_error(target: Target) -> None:
    if target.log is None:
        pytest.skip(f"{target.name} writes no log here")

    def alone() -> bool:
        with target.connect() as connection:
            return connection.get("/connections").text == "1"

    assert eventually(alone), "connections of earlier tests are still open"
    before = len(target.log.read_text())
    with target.connect() as connection:
        EventStream(connection, "/news").next()
    assert eventually(alone)
    assert "Traceback" not in target.log.read_text()[before:]


def test_connections_are_not_leaked(target: Target) -> None:
    ended = get_ended(target)
    for _ in range(20):
        with target.connect() as connection:
            EventStream(connection, "/news").next()
    assert eventually(lambda: get_ended(target) >= ended + 20)
    if target.name in LOCAL:
        with target.connect() as connection:
            assert eventually(lambda: connection.get("/connections").text == "1")


def test_shutdown_ends_streams(target_name: str, tmp_path: Path) -> None:
    if target_name not in LOCAL:
        pytest.skip(f"{target_name}: the application is not alone there")
    with start(target_name, tmp_path, APPLICATION) as target, target.connect() as connection:
        EventStream(connection, "/silent")
        started = time.monotonic()
        with target.connect() as last:
            last.get("/shutdown")
        assert connection.ended()
        assert target.process is not None
        assert target.process.wait(10) == 0
        assert time.monotonic() - started < 2
