"""The WSGI side of an application; see also tests/conformance/test_hosted."""

import io
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from microdot.sse import with_sse
from microdot.wsgi import Microdot, Request, with_websocket


@pytest.fixture
def app():
    app = Microdot()

    @app.route("/echo/<path:path>", methods=["GET", "POST"])
    async def echo(request, path):
        return {
            "path": path,
            "args": request.args,
            "body": request.body.decode(),
            "header": request.headers.get("X-Test"),
            "client": request.client_addr,
        }

    @app.get("/stream")
    async def stream(request):
        return iter(["one ", "", b"two"]), 200, {"X-Value": "ü€"}

    @app.get("/events")
    @with_sse
    async def events(request, sse):
        await sse.send("x")

    @app.route("/ws")
    @with_websocket
    async def websocket(request, ws):
        pass

    yield app
    app.close()


def call(app, path="/", method="GET", body=b"", **environ):
    """Call an application through wsgiref's validator."""
    environ = {"SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", **environ}
    environ["REQUEST_METHOD"] = method
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["CONTENT_TYPE"] = "text/plain"
    environ["wsgi.input"] = io.BytesIO(body + b"what must not be read")
    setup_testing_defaults(environ)
    result = {}

    def start_response(status, headers, exc_info=None):
        result["status"], result["headers"] = status, headers

    iterable = validator(app)(environ, start_response)
    try:
        result["body"] = b"".join(iterable)
    finally:
        iterable.close()
    return result


def test_request(app):
    result = call(
        app, "/echo/a b/Ã¤", "POST", b"body", QUERY_STRING="x=%26", HTTP_X_TEST="gruesse",
        REMOTE_ADDR="1.2.3.4", REMOTE_PORT="5",
    )  # fmt: skip
    assert result["status"] == "200 OK"
    assert result["body"] == (
        b'{"path": "a b/\\u00e4", "args": {"x": ["&"]}, "body": "body", "header": "gruesse", '
        b'"client": ["1.2.3.4", 5]}'
    )


def test_stream(app):
    result = call(app, "/stream")
    assert result["body"] == b"one two"
    assert ("X-Value", "ü€".encode().decode("latin-1")) in result["headers"]
    assert not any(name == "Content-Length" for name, _ in result["headers"])


def test_events(app):
    assert call(app, "/events")["body"] == b"data: x\n\n"


def test_errors(app, monkeypatch):
    monkeypatch.setattr(Request, "max_content_length", 16384)
    assert call(app, "/none")["status"] == "404 Not Found"
    assert call(app, "/echo/x", "DELETE")["status"] == "405 Method Not Allowed"
    assert call(app, "/echo/x", "POST", b"x" * 16385)["status"] == "413 Content Too Large"


def test_head(app):
    result = call(app, "/echo/x", "HEAD")
    assert result["body"] == b""
    assert int(dict(result["headers"])["Content-Length"]) > 10


def test_websocket_needs_gunicorn(app):
    headers = {
        "HTTP_UPGRADE": "websocket",
        "HTTP_CONNECTION": "Upgrade",
        "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
    }
    result = call(app, "/ws", **headers)
    assert result["status"] == "501 Not Implemented"
    assert b"gunicorn" in result["body"]


def test_hooks_and_tasks(app):
    log = []
    app.on_startup(lambda: log.append("start"))
    app.on_shutdown(lambda: log.append("stop"))
    for _ in range(2):
        call(app, "/none")
    assert log == ["start"]
    app.close()
    assert log == ["start", "stop"]
