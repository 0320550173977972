"""WebSocket handlers through the test client, and the parser; see also tests/conformance."""

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microdot import Microdot
from microdot.test_client import TestClient
from microdot.websocket import (
    WebSocket,
    WebSocketError,
    _is_strict_utf8,
    _unmask,
    websocket_upgrade,
    websocket_wrapper,
    with_websocket,
)

from .unix_port import run_unix


def talk(app, path, client, headers=None):
    return asyncio.run(asyncio.wait_for(TestClient(app).websocket(path, client, headers), 5))


@pytest.fixture
def app():
    app = Microdot()

    @app.route("/echo/<prefix>")
    @with_websocket
    async def echo(request, ws, prefix):
        while True:
            message = await ws.receive()
            await ws.send(prefix + message if isinstance(message, str) else message)

    return app


def test_plain_generator(app):
    replies = []

    def client():
        replies.append((yield "one"))
        replies.append((yield b"\x00\xff"))
        replies.append((yield ""))
        replies.append((yield "x" * 70000))
        replies.append((yield b"y" * 200))

    WebSocket.max_message_length = 0
    try:
        response = talk(app, "/echo/>", client)
    finally:
        WebSocket.max_message_length = -1
    assert replies == [">one", b"\x00\xff", ">", ">" + "x" * 70000, b"y" * 200]
    assert response.status_code is None


def test_asynchronous_generator(app):
    replies = []

    async def client():
        replies.append((yield "one"))
        await asyncio.sleep(0)
        replies.append((yield "two"))

    talk(app, "/echo/>", client)
    assert replies == [">one", ">two"]


def test_failing_client_fails_the_test(app):
    def client():
        assert (yield "x") == "something else"

    with pytest.raises(AssertionError):
        talk(app, "/echo/>", client)


def test_server_talks_first():
    app = Microdot()
    received = []

    @app.route("/")
    @with_websocket
    async def count(request, ws):
        for number in range(3):
            await ws.send(str(number))
        received.append(await ws.receive())

    def client():
        assert (yield) == "0"
        assert (yield) == "1"
        assert (yield) == "2"
        yield "thanks"

    talk(app, "/", client)
    assert received == ["thanks"]


def test_ping_and_close():
    app = Microdot()
    closed = []

    @app.route("/")
    @with_websocket
    async def handler(request, ws):
        await ws.send(b"are you there", WebSocket.PING)
        assert await ws.receive() == "yes"
        with pytest.raises(ValueError, match="125"):
            await ws.send(b"x" * 126, WebSocket.PING)
        with pytest.raises(ValueError, match="123"):
            await ws.close(1000, "x" * 124)
        await ws.close(4000, "enough")
        await ws.close()
        for call in (ws.receive(), ws.send("x")):
            with pytest.raises(WebSocketError):
                await call
        closed.append((ws.closed, ws.close_code))

    def client():
        yield "yes"
        yield

    talk(app, "/", client)
    assert closed == [(True, 4000)]


def test_refused_handshake(app):
    def client():
        yield "x"

    assert talk(app, "/none", client).status_code == 404
    response = talk(app, "/echo/x", client, {"Sec-WebSocket-Version": "8"})
    assert response.status_code == 426
    assert asyncio.run(TestClient(app).get("/echo/x")).status_code == 400


def test_upgrade_without_decorator():
    app = Microdot()
    codes = []

    @app.route("/")
    async def handler(request):
        ws = await websocket_upgrade(request)
        try:
            await ws.receive()
        except WebSocketError as error:
            codes.append(error.code)
            raise

    def client():
        return
        yield

    talk(app, "/", client)
    assert codes == [1000]


def test_wrapper_with_an_upgrade_of_ones_own(app):
    async def upgrade(request):
        ws = await websocket_upgrade(request)
        ws.max_message_length = 3
        return ws

    async def handler(request, ws):
        await ws.send(await ws.receive())

    app.add_route("/", websocket_wrapper(handler, upgrade))
    replies = []

    def client():
        replies.append((yield "1234"))

    talk(app, "/", client)
    assert replies == []  # the connection was closed with 1009


def test_one_exception_for_all():
    error = WebSocketError("gone", 1006)
    assert isinstance(error, OSError)
    assert (error.reason, error.code) == ("gone", 1006)


class Connection:
    """Delivers bytes in given portions."""

    def __init__(self, portions):
        self.portions = portions
        self.sent = b""

    class limits:
        linger_timeout = 0

    async def receive(self, timeout=None):
        return self.portions.pop(0) if self.portions else b""

    async def send(self, data, more=b""):
        self.sent += data + more

    def abort(self):
        pass


class FakeRequest:
    headers = {}  # noqa: RUF012

    def __init__(self, sock):
        self.sock = sock


def frame(opcode, payload, final=True):
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([final << 7 | opcode]) + length + b"mask" + _unmask(payload, b"mask")


async def receive_all(data, cuts):
    """Receive messages from data that arrives in portions."""
    bounds = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    portions = [data[a:b] for a, b in itertools.pairwise(bounds)]
    ws = WebSocket(FakeRequest(Connection(portions)))
    messages = []
    try:
        while True:
            messages.append(await ws.receive())
    except WebSocketError as error:
        return messages, error.code, ws._connection.sent


MESSAGES = st.lists(st.one_of(st.text(max_size=200), st.binary(max_size=300)), max_size=5)


@settings(deadline=None)
@given(MESSAGES, st.lists(st.integers(0, 2000)), st.integers(1, 50))
def test_any_cut_gives_the_same_messages(messages, cuts, fragment):
    data = b""
    for message in messages:
        payload = message.encode("utf-8") if isinstance(message, str) else message
        opcode = 1 if isinstance(message, str) else 2
        parts = [payload[i : i + fragment] for i in range(0, len(payload), fragment)] or [b""]
        for number, part in enumerate(parts):
            data += frame(opcode if number == 0 else 0, part, number == len(parts) - 1)
    assert asyncio.run(receive_all(data, cuts))[:2] == (messages, 1006)


@settings(deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_anything_else_is_refused_the_same_way(data, cuts):
    whole = asyncio.run(receive_all(data, []))
    assert asyncio.run(receive_all(data, cuts)) == whole
    assert whole[1] >= 1000


@given(st.binary(max_size=30))
def test_strict_utf8(data):
    """What it lets pass of what MicroPython's looser decoder accepts is UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        assert not data or _is_strict_utf8(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"a\xe0\xa0\x80\xe0\x80\x80",
    ],
)
def test_not_strict_utf8(data):
    assert not _is_strict_utf8(data)


def test_micropython():
    assert (
        run_unix("""
import asyncio
from microdot import Microdot
from microdot.test_client import TestClient
from microdot.websocket import with_websocket
app = Microdot()
@app.route("/echo")
@with_websocket
async def echo(request, ws):
    while True:
        await ws.send(await ws.receive())
def client():
    print((yield "gruesse") == "gruesse", (yield b"bytes") == b"bytes")
asyncio.run(TestClient(app).websocket("/echo", client))
""").split("\n")[0]
        == "True True"
    )
