"""The ASGI side of an application, message by message; see also tests/conformance/test_hosted."""

import asyncio

import pytest

from microdot.asgi import Microdot, Request, with_websocket
from microdot.test_client import TestClient


def http_scope(path="/", **changes):
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"test")],
        "http_version": "1.1",
        "scheme": "http",
        "client": ("1.2.3.4", 5),
    }
    return {**scope, **changes}


def call(app, scope, *messages):
    """Call an application; receives the messages, and nothing more after them."""
    sent = []
    waiting = list(messages)

    async def receive():
        if waiting:
            return waiting.pop(0)
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    async def main():
        await asyncio.wait_for(app(scope, receive, send), 5)

    asyncio.run(main())
    return sent


EMPTY = {"type": "http.request", "body": b"", "more_body": False}


def test_body_in_portions():
    app = Microdot()

    @app.post("/")
    async def echo(request):
        return request.body

    sent = call(
        app,
        http_scope(method="POST"),
        {"type": "http.request", "body": b"one ", "more_body": True},
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": b"two"},
    )
    assert sent[0]["status"] == 200
    assert (b"content-length", b"7") in sent[0]["headers"]
    assert b"".join(message.get("body", b"") for message in sent[1:]) == b"one two"
    assert [message["more_body"] for message in sent[1:]] == [True, False]


def test_client_that_leaves_while_it_sends():
    app = Microdot()
    sent = call(
        app,
        http_scope(method="POST"),
        {"type": "http.request", "body": b"x", "more_body": True},
        {"type": "http.disconnect"},
    )
    assert sent == []


def test_body_of_unknown_length_beyond_the_limit(monkeypatch):
    monkeypatch.setattr(Request, "max_content_length", 10)
    monkeypatch.setattr(Request, "max_body_length", 10)
    app = Microdot()
    message = {"type": "http.request", "body": b"x" * 6, "more_body": True}
    assert call(app, http_scope(method="POST"), message, message)[0]["status"] == 413


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"path": "/a b/ä", "raw_path": b"/a%20b/%C3%A4"}, "/a%20b/%C3%A4"),
        ({"path": "/a b/ä"}, "/a%20b/%C3%A4"),
        ({"path": "/app/x", "root_path": "/app"}, "/x"),
        ({"path": "/app", "root_path": "/app"}, "/"),
        ({"path": "/apple", "root_path": "/app"}, "/apple"),
        ({"path": "/x", "query_string": b"a=1"}, "/x?a=1"),
    ],
)
def test_url(scope, expected):
    app = Microdot()
    app.add_route("/<path:path>", lambda request, path: request.url)
    app.add_route("/", lambda request: request.url)
    assert call(app, http_scope(**scope), EMPTY)[1]["body"] == expected.encode()


def test_cookies_in_several_fields():
    app = Microdot()
    app.add_route("/", lambda request: request.cookies)
    headers = [(b"cookie", b"a=1"), (b"cookie", b"b=2")]
    sent = call(app, http_scope(headers=headers, http_version="2"), EMPTY)
    assert sent[1]["body"] == b'{"a": "1", "b": "2"}'


def test_malformed_path():
    assert call(Microdot(), http_scope(raw_path=b"/%zz"), EMPTY)[0]["status"] == 400


def test_stream_ends_when_the_client_leaves():
    app = Microdot()
    closed = []

    class Endless:
        def __aiter__(self):
            return self

        async def __anext__(self):
            await asyncio.sleep(0)
            return "x"

        async def aclose(self):
            closed.append(True)

    app.add_route("/", lambda request: Endless())
    for disconnect in ({"type": "http.disconnect"}, None):
        sent = call(app, http_scope(), EMPTY, disconnect)
        assert not any(message.get("more_body") is False for message in sent)
    assert closed == [True, True]


def test_stream_that_fails_has_no_end():
    app = Microdot()

    def body():
        yield "x"
        raise KeyError("on purpose")

    @app.get("/")
    async def index(request):
        return body()

    with pytest.raises(KeyError):
        call(app, http_scope(), EMPTY)


def test_unknown_protocol():
    with pytest.raises(ValueError, match="webtransport"):
        call(Microdot(), {"type": "webtransport"})


STARTUP, SHUTDOWN = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}


def test_lifespan():
    log = []

    async def starting(scope):
        log.append(("starting", scope["state"]))

    app = Microdot(starting, lambda scope: log.append("stopping"))
    app.on_startup(lambda: log.append("hook"))
    app.on_shutdown(lambda: log.append("last hook"))
    sent = call(app, {"type": "lifespan", "state": {}}, STARTUP, SHUTDOWN)
    assert [m["type"] for m in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert log == [("starting", {}), "hook", "last hook", "stopping"]


def test_lifespan_without_anything():
    assert len(call(Microdot(), {"type": "lifespan"}, STARTUP, SHUTDOWN)) == 2


def test_failing_lifespan():
    app = Microdot(lambda scope: 1 / 0)
    (sent,) = call(app, {"type": "lifespan"}, STARTUP)
    assert sent["type"] == "lifespan.startup.failed"
    assert sent["message"] == "ZeroDivisionError('division by zero')"
    app = Microdot(lifespan_shutdown=lambda scope: 1 / 0)
    assert call(app, {"type": "lifespan"}, STARTUP, SHUTDOWN)[1]["type"] == (
        "lifespan.shutdown.failed"
    )


def test_hooks_run_even_if_the_server_has_no_lifespan():
    app = Microdot()
    log = []
    app.on_startup(lambda: log.append("start"))
    for _ in range(2):
        call(app, http_scope(), EMPTY)
    assert log == ["start"]


def websocket_scope(path="/", **changes):
    return http_scope(path, type="websocket", scheme="ws", subprotocols=["a", "b"], **changes)


CONNECT = {"type": "websocket.connect"}


@pytest.fixture
def app():
    app = Microdot()

    @app.route("/")
    @with_websocket(subprotocols=["b"])
    async def echo(request, ws):
        assert request.scheme == "http"
        while True:
            await ws.send(await ws.receive())

    return app


def test_websocket(app):
    sent = call(
        app,
        websocket_scope(),
        CONNECT,
        {"type": "websocket.receive", "text": "text"},
        {"type": "websocket.receive", "text": None, "bytes": b"bytes"},
        {"type": "websocket.receive", "bytes": None, "text": ""},
        {"type": "websocket.disconnect", "code": 1000},
    )
    assert sent == [
        {"type": "websocket.accept", "subprotocol": "b"},
        {"type": "websocket.send", "text": "text"},
        {"type": "websocket.send", "bytes": b"bytes"},
        {"type": "websocket.send", "text": ""},
    ]


def test_websocket_that_is_refused(app):
    assert call(app, websocket_scope("/none"), CONNECT) == [
        {"type": "websocket.close", "code": 1000}
    ]
    sent = call(app, websocket_scope("/none", extensions={"websocket.http.response": {}}), CONNECT)
    assert sent[0]["type"] == "websocket.http.response.start"
    assert sent[0]["status"] == 404


def test_websocket_over_plain_http(app):
    assert call(app, http_scope(), EMPTY)[0]["status"] == 400


def test_test_client(app):
    replies = []

    def client():
        replies.append((yield "x"))

    asyncio.run(TestClient(app).websocket("/", client))
    assert replies == ["x"]
