"""WebSocket (RFC 6455): handshake, messages, control frames, and all that clients do wrong."""

import os
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from .client import Connection, eventually, format_request
from .conftest import Targets
from .frames import (
    BINARY,
    CLOSE,
    CONT,
    HANDSHAKE,
    PING,
    PONG,
    TEXT,
    Frame,
    WebSocket,
    close_payload,
    encode,
)
from .targets import LOCAL, Target, start

APPLICATION = Path(__file__).with_name("app_realtime.py")


@pytest.fixture
def target(target_name: str, targets: Targets) -> Target:
    return targets(target_name, APPLICATION)


@pytest.fixture
def open_websocket(target: Target) -> Iterator[Callable[..., WebSocket]]:
    connections = []

    def open_(path: str = "/echo", **headers: str) -> WebSocket:
        connections.append(target.connect())
        ws = WebSocket(connections[-1], path, **headers)
        assert ws.response.status == 101, ws.response
        return ws

    yield open_
    for connection in connections:
        connection.close()


@pytest.fixture
def ws(open_websocket: Callable[..., WebSocket]) -> WebSocket:
    return open_websocket()


def longest_message(target: Target) -> int:
    """How long messages are worth trying: a device has to hold them several times."""
    return 65536 if target.name == "cpython" else 8192


def get_state(target: Target) -> dict[str, object]:
    with target.connect() as connection:
        state: dict[str, object] = connection.get("/state").json
        return state


def test_handshake(ws: WebSocket) -> None:
    """The key and its answer are RFC 6455's own example (section 1.3)."""
    assert ws.response.headers["upgrade"] == "websocket"
    assert ws.response.headers["connection"] == "Upgrade"
    assert ws.response.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert "sec-websocket-protocol" not in ws.response.headers


BAD_HANDSHAKES = {
    "no key": (400, {"Sec-WebSocket-Key": None}),
    "key that is not base64": (400, {"Sec-WebSocket-Key": "!!!"}),
    "short key": (400, {"Sec-WebSocket-Key": "c2hvcnQ="}),
    "no upgrade": (400, {"Upgrade": None}),
    "other protocol": (400, {"Upgrade": "h2c"}),
    "no connection option": (400, {"Connection": "keep-alive"}),
    "no version": (426, {"Sec-WebSocket-Version": None}),
    "old version": (426, {"Sec-WebSocket-Version": "8"}),
}


@pytest.mark.parametrize("name", BAD_HANDSHAKES)
def test_bad_handshake(target: Target, name: str) -> None:
    status, changes = BAD_HANDSHAKES[name]
    headers = {
        field: value for field, value in {**HANDSHAKE, **changes}.items() if value is not None
    }
    with target.connect() as connection:
        response = connection.request("GET", "/echo", headers=headers)
        assert response.status == status
        if status == 426:
            assert response.headers["sec-websocket-version"] == "13"
        assert connection.get("/state").status == 200  # it is still HTTP


def test_handshake_over_http_1_0(target: Target) -> None:
    with target.connect() as connection:
        response = connection.request("GET", "/echo", headers=HANDSHAKE, version="1.0")
        assert response.status == 400


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("chat.v1", "chat.v1"), ("other, chat.v1, chat.v2", "chat.v1"), ("other", None)],
)
def test_subprotocol(
    open_websocket: Callable[..., WebSocket], offered: str, chosen: str | None
) -> None:
    ws = open_websocket(**{"Sec-WebSocket-Protocol": offered})
    assert ws.response.headers.get("sec-websocket-protocol") == chosen


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://test", 101),
        ("https://friend.example", 101),
        (None, 101),
        ("https://evil.example", 403),
        ("https://test", 403),
        ("http://test.evil.example", 403),
        ("null", 403),
    ],
)
def test_origin(target: Target, origin: str | None, status: int) -> None:
    with target.connect() as connection:
        headers = {} if origin is None else {"Origin": origin}
        assert WebSocket(connection, "/small", **headers).response.status == status


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 125, 126, 127, 1000, 8192, 65535, 65536])
def test_echo(ws: WebSocket, target: Target, size: int) -> None:
    if size > longest_message(target):
        pytest.skip(f"{target.name} gets messages of up to {longest_message(target)} bytes")
    data = os.urandom(size)
    ws.send(BINARY, data)
    assert ws.receive() == Frame(BINARY, data)
    text = "ä" * (size // 2)
    ws.send(TEXT, text)
    assert ws.receive() == Frame(TEXT, text.encode())


def test_byte_by_byte(ws: WebSocket) -> None:
    for byte in encode(TEXT, "größer".encode()) + encode(PING, b"p") + encode(TEXT, b"x" * 130):
        ws.connection.send(bytes([byte]))
    assert ws.receive() == Frame(TEXT, "größer".encode())
    assert ws.receive() == Frame(PONG, b"p")
    assert ws.receive() == Frame(TEXT, b"x" * 130)


def test_many_in_one_packet(ws: WebSocket) -> None:
    ws.connection.send(b"".join(encode(TEXT, str(n).encode()) for n in range(50)))
    assert [ws.receive().payload for _ in range(50)] == [str(n).encode() for n in range(50)]


def test_message_right_after_the_handshake(target: Target) -> None:
    """A client may not wait for the answer before it sends, but the packets may arrive at once."""
    with target.connect() as connection:
        request = format_request("GET", "/echo", headers=HANDSHAKE)
        connection.send(request + encode(TEXT, b"early"))
        assert connection.response().status == 101
        expected = b"\x81\x05early"
        while len(connection._buffer) < len(expected):
            assert connection._fill()
        assert connection._buffer == expected


def test_fragments(ws: WebSocket) -> None:
    ws.send(TEXT, b"one \xc3", final=False)  # a character in two frames
    ws.send(PING, b"between")
    ws.send(CONT, b"", final=False)
    ws.send(CONT, b"\xa4 two ", final=False)
    ws.send(PONG, b"nobody asked")
    ws.send(CONT, b"three")
    assert ws.receive() == Frame(PONG, b"between")
    assert ws.receive() == Frame(TEXT, "one ä two three".encode())
    ws.send(BINARY, b"", final=False)
    ws.send(CONT, b"")
    assert ws.receive() == Frame(BINARY, b"")


def test_ping(ws: WebSocket) -> None:
    for payload in (b"", b"x" * 125):
        ws.send(PING, payload)
        assert ws.receive() == Frame(PONG, payload)


CODES = [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999]


@pytest.mark.parametrize("code", CODES)
def test_close_by_the_client(target: Target, ws: WebSocket, code: int) -> None:
    ws.send(CLOSE, close_payload(code, "böse"))
    assert ws.receive_close()[0] == code
    assert ws.connection.ended()
    assert get_state(target)["codes"][-1] == [code, "böse"]  # type: ignore[index]


def test_close_without_a_code(target: Target, ws: WebSocket) -> None:
    ws.send(CLOSE)
    assert ws.receive() == Frame(CLOSE, b"")
    assert ws.connection.ended()
    assert get_state(target)["codes"][-1] == [1005, ""]  # type: ignore[index]


def test_close_by_the_server(target: Target, open_websocket: Callable[..., WebSocket]) -> None:
    ws = open_websocket("/bye/3456")
    assert ws.receive_close() == (3456, "that is all")
    ws.send(TEXT, "on its way")  # what the client had sent meanwhile
    ws.send(CLOSE, close_payload(3456))
    assert ws.connection.ended()
    assert get_state(target)["late"] == "WebSocketError"


def test_client_does_not_answer_the_close(open_websocket: Callable[..., WebSocket]) -> None:
    ws = open_websocket("/bye/1000")
    assert ws.receive_close()[0] == 1000
    started = time.monotonic()
    assert ws.connection.ended()
    assert time.monotonic() - started < 3


def test_handler_returns(open_websocket: Callable[..., WebSocket]) -> None:
    ws = open_websocket("/return")
    assert ws.receive() == Frame(TEXT, b"last words")
    assert ws.receive_close() == (1000, "")
    ws.send(CLOSE, close_payload(1000))
    assert ws.connection.ended()


def test_handler_fails(open_websocket: Callable[..., WebSocket]) -> None:
    ws = open_websocket("/raise")
    assert ws.receive_close() == (1011, "")
    ws.send(CLOSE, close_payload(1011))
    assert ws.connection.ended()


VIOLATIONS = {
    "not masked": (1002, encode(TEXT, b"x", masked=False)),
    "not masked ping": (1002, encode(PING, b"", masked=False)),
    "reserved bit 1": (1002, encode(TEXT, b"x", rsv=4)),
    "reserved bit 2": (1002, encode(TEXT, b"x", rsv=2)),
    "reserved bit 3": (1002, encode(PING, b"x", rsv=1)),
    "unknown opcode 3": (1002, encode(3, b"x")),
    "unknown opcode 7": (1002, encode(7)),
    "unknown opcode 11": (1002, encode(11, b"x")),
    "unknown opcode 15": (1002, encode(15)),
    "long ping": (1002, encode(PING, b"x" * 126)),
    "fragmented ping": (1002, encode(PING, b"x", final=False)),
    "fragmented close": (1002, encode(CLOSE, b"", final=False)),
    "continuation of nothing": (1002, encode(CONT, b"x")),
    "continuation after a message": (1002, encode(CONT, b"x", final=False)),
    "message within a message": (1002, encode(TEXT, b"x", final=False) + encode(TEXT, b"y")),
    "length of 125 in two bytes": (1002, b"\x81\xfe\x00\x7dmask"),
    "length of 65535 in eight bytes": (1002, b"\x82\xff" + struct.pack(">Q", 65535) + b"mask"),
    "length with the highest bit": (1002, b"\x82\xff" + struct.pack(">Q", 1 << 63) + b"mask"),
    "close with one byte": (1002, encode(CLOSE, b"\x03")),
    "close code 0": (1002, encode(CLOSE, close_payload(0))),
    "close code 999": (1002, encode(CLOSE, close_payload(999))),
    "close code 1004": (1002, encode(CLOSE, close_payload(1004))),
    "close code 1005": (1002, encode(CLOSE, close_payload(1005))),
    "close code 1006": (1002, encode(CLOSE, close_payload(1006))),
    "close code 1015": (1002, encode(CLOSE, close_payload(1015))),
    "close code 2999": (1002, encode(CLOSE, close_payload(2999))),
    "close code 5000": (1002, encode(CLOSE, close_payload(5000))),
    "close reason that is not UTF-8": (1007, encode(CLOSE, close_payload(1000) + b"\xff")),
    "stray continuation byte": (1007, encode(TEXT, b"a\x80")),
    "cut character": (1007, encode(TEXT, b"a\xe2\x82")),
    "overlong slash": (1007, encode(TEXT, b"\xc0\xaf")),
    "overlong of three bytes": (1007, encode(TEXT, b"\xe0\x80\xaf")),
    "overlong of four bytes": (1007, encode(TEXT, b"\xf0\x80\x80\xaf")),
    "surrogate": (1007, encode(TEXT, b"ok \xe2\x82\xac \xed\xa0\x80")),
    "beyond Unicode": (1007, encode(TEXT, b"\xf4\x90\x80\x80")),
    "byte that UTF-8 never uses": (1007, encode(TEXT, b"\xf8\x88\x80\x80\x80")),
    "not UTF-8 in fragments": (1007, encode(TEXT, b"\xe2", final=False) + encode(CONT, b"x")),
    "too long": (1009, b"\x82\xff" + struct.pack(">Q", 65537) + b"mask"),
    "far too long": (1009, b"\x82\xff" + struct.pack(">Q", 1 << 62) + b"mask"),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_violation(ws: WebSocket, name: str) -> None:
    code, data = VIOLATIONS[name]
    ws.connection.send(data)
    assert ws.receive_close()[0] == code
    ws.connection.socket.shutdown(socket.SHUT_WR)
    assert ws.connection.ended()


def test_every_character_is_accepted(ws: WebSocket) -> None:
    text = "aß߿ࠀ퟿￿\U00010000\U0010ffff"
    ws.send(TEXT, text)
    assert ws.receive().payload.decode() == text


def test_message_too_long_in_fragments(open_websocket: Callable[..., WebSocket]) -> None:
    ws = open_websocket("/small")
    ws.send(TEXT, b"x" * 60, final=False)
    ws.send(CONT, b"x" * 41)
    assert ws.receive_close()[0] == 1009


def test_sender_of_a_message_too_long_gets_to_read_why(ws: WebSocket) -> None:
    """What it still sends must not destroy the Close frame."""
    ws.connection.send(b"\x82\xff" + struct.pack(">Q", 1 << 20) + b"mask")
    ws.connection.send(b"x" * 20000)
    assert ws.receive_close()[0] == 1009


def test_silent_client_is_pinged(open_websocket: Callable[..., WebSocket]) -> None:
    ws = open_websocket("/idle")
    for _ in range(2):
        assert ws.receive() == Frame(PING, b"")
        ws.send(PONG)
    assert ws.receive() == Frame(PING, b"")
    assert ws.connection.ended()


def test_lost_client(target: Target, open_websocket: Callable[..., WebSocket]) -> None:
    ended = get_state(target)["ended"]
    first, second = open_websocket(), open_websocket()
    first.connection.abort()
    second.connection.close()
    assert eventually(lambda: get_state(target)["ended"] == ended + 2)  # type: ignore[operator]
    assert [1006, "closed"] in get_state(target)["codes"]  # type: ignore[operator]


def test_slow_client_is_given_up(target: Target, open_websocket: Callable[..., WebSocket]) -> None:
    open_websocket("/flood")  # and never read
    assert eventually(lambda: get_state(target)["flood"] == "running")
    assert eventually(lambda: get_state(target)["flood"] == "WebSocketError")


def test_sending_while_receiving(open_websocket: Callable[..., WebSocket]) -> None:
    ws = open_websocket("/both")
    for _ in range(100):
        ws.send(TEXT, "x")
    for number in range(200):
        assert ws.receive() == Frame(TEXT, str(number).encode())
    ws.send(TEXT, "end")
    assert ws.receive() == Frame(TEXT, b"received 100")


def test_receive_can_be_cancelled(open_websocket: Callable[..., WebSocket]) -> None:
    """Parts of a message that come one at a time survive it."""
    ws = open_websocket("/patient")
    ws.send(TEXT, "first ", final=False)
    data = encode(CONT, b"and second")
    for part in (data[:1], data[1:5], data[5:9], data[9:]):
        time.sleep(0.07)
        ws.connection.send(part)
    assert ws.receive() == Frame(TEXT, b"first and second")


def test_connections_are_not_leaked(target: Target) -> None:
    ended = get_state(target)["ended"]
    for _ in range(20):
        with target.connect() as connection:
            WebSocket(connection, "/echo").send(TEXT, "x")
    assert eventually(lambda: get_state(target)["ended"] >= ended + 20)  # type: ignore[operator]
    if target.name in LOCAL:
        with target.connect() as connection:
            assert eventually(lambda: connection.get("/connections").text == "1")


def test_chat(open_websocket: Callable[..., WebSocket]) -> None:
    guests = [open_websocket("/chat") for _ in range(3)]
    for guest in guests:
        assert guest.receive() == Frame(TEXT, b"welcome")
    guests[1].send(TEXT, "hello")
    for guest in guests:
        assert guest.receive() == Frame(TEXT, b"hello")


def test_shutdown(target_name: str, tmp_path: Path) -> None:
    if target_name not in LOCAL:
        pytest.skip(f"{target_name}: the application is not alone there")
    with start(target_name, tmp_path, APPLICATION) as target, target.connect() as connection:
        ws = WebSocket(connection, "/echo")
        with target.connect() as last:
            last.get("/shutdown")
        assert ws.receive_close() == (1001, "")
        ws.send(CLOSE, close_payload(1001))
        assert connection.ended()
        assert target.process is not None
        started = time.monotonic()
        assert target.process.wait(10) == 0
        assert time.monotonic() - started < 2


def open_client(target: Target, path: str = "/echo", tls: bool = False) -> ClientConnection:
    """Connect with the library `websockets`."""
    context = None
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    port = target.tls_port if tls else target.port
    scheme = "wss" if tls else "ws"
    return connect(f"{scheme}://{target.host}:{port}{path}", ssl=context, close_timeout=5)


@pytest.mark.parametrize("tls", [False, True])
def test_library(target: Target, tls: bool) -> None:
    if tls and target.tls_port is None:
        pytest.skip(f"{target.name} has no TLS")
    size = longest_message(target)
    with open_client(target, tls=tls) as client:
        for message in ("", b"", "grüße", os.urandom(size), "x" * size):
            client.send(message)
            assert client.recv(timeout=10) == message
        client.send(["in ", "three", " parts"])
        assert client.recv(timeout=10) == "in three parts"
        assert client.ping(b"payload").wait(10)
        client.close(3001, "enough")
        assert (client.close_code, client.close_reason) == (3001, "")


def test_library_is_closed(target: Target) -> None:
    with open_client(target, "/bye/4321") as client:
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4321, "that is all")


def test_library_sends_too_much(target: Target) -> None:
    with open_client(target) as client:
        with pytest.raises(ConnectionClosed) as closed:
            client.send(b"x" * 65537)
            client.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_http_connection_after_a_refusal(connection: Connection) -> None:
    assert connection.get("/echo").status == 400
    assert connection.get("/state").status == 200
