"""Applications under uvicorn (ASGI) and gunicorn (WSGI), as real servers on real sockets."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from .client import Connection, chunk, eventually
from .targets import ROOT, free_port

SERVERS = {
    "uvicorn": ["uvicorn", "--log-level", "warning", "--host", "127.0.0.1", "--port"],
    "gunicorn": ["gunicorn", "--worker-class", "gthread", "--threads", "8", "--bind"],
}


class Server:
    """One server with the application `app_hosted`."""

    def __init__(self, name: str, folder: Path, **environment: str) -> None:
        self.name = name
        self.port = free_port()
        self.log = folder / "application.log"
        self.log.touch()
        self.errors = folder / "errors.log"
        address = str(self.port) if name == "uvicorn" else f"127.0.0.1:{self.port}"
        command = [sys.executable, "-m", *SERVERS[name], address, "app_hosted:app"]
        if name == "gunicorn":
            command += ["--graceful-timeout", "3", "--worker-tmp-dir", str(folder)]
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command,
                cwd=Path(__file__).parent,
                stderr=errors,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "HOSTED": "asgi" if name == "uvicorn" else "wsgi",
                    "LOG": str(self.log),
                    **environment,
                },
            )

    def connect(self) -> Connection:
        return Connection("127.0.0.1", self.port)

    def is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} has ended:\n{self.errors.read_text()}")
        with self.connect() as connection:
            return connection.get("/empty").status == 204

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    found = Server(request.param, tmp_path_factory.mktemp(request.param))
    try:
        assert eventually(found.is_ready), found.errors.read_text()
        yield found
    finally:
        found.stop()


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    with server.connect() as connection:
        yield connection


def test_request(connection: Connection) -> None:
    headers = {"Cookie": "a=1; b=2", "X-Test": "größe", "Content-Type": "application/json"}
    body = json.dumps({"x": 1}).encode()
    path = "/describe/a%20b/%C3%A4?x=1&y=%26"
    description = connection.request("POST", path, body, headers).json
    assert description.pop("url").lower() == path.lower()
    assert description == {
        "method": "POST",
        "path": "a b/ä",
        "args": {"x": ["1"], "y": ["&"]},
        "scheme": "http",
        "http_version": "1.1",
        "client": "127.0.0.1",
        "cookies": {"a": "1", "b": "2"},
        "header": "größe",
        "json": {"x": 1},
        "length": len(body),
        "native": True,
    }


def test_responses(connection: Connection) -> None:
    assert connection.get("/generator").body == b"one two"
    response = connection.get("/cookies")
    assert response.body == b"file"
    assert [v for n, v in response.lines if n == "set-cookie"] == ["a=1", "b=2"]
    assert response.headers["content-type"] == "text/plain"
    response = connection.get("/empty")
    assert (response.status, response.body) == (204, b"")
    assert connection.get("/none").status == 404
    assert connection.request("DELETE", "/empty").headers["allow"] == "GET, HEAD, OPTIONS"


def test_reason_and_headers(connection: Connection) -> None:
    response = connection.get("/generator")
    assert (response.status, response.reason) == (202, "Accepted")
    assert connection.get("/raise").status == 500


def test_head(connection: Connection) -> None:
    for path, length in (("/static/data.bin", "25600"), ("/ticks", "8")):
        response = connection.request("HEAD", path)
        assert (response.status, response.headers["content-length"]) == (200, length)
    assert connection.request("HEAD", "/generator").status == 202


def test_response_header_with_a_line_end(connection: Connection) -> None:
    response = connection.get("/header")
    assert response.status == 500
    assert "set-cookie" not in response.headers


def test_static(connection: Connection) -> None:
    response = connection.get("/static/data.bin")
    assert response.body == bytes(range(256)) * 100
    assert response.headers["content-length"] == "25600"
    assert connection.get("/static/data.bin", Range="bytes=1-3").body == b"\x01\x02\x03"
    assert connection.get("/static/data.bin", **{"If-None-Match": '"tag"'}).status == 304


@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 100_000])
def test_upload(connection: Connection, size: int) -> None:
    assert connection.request("POST", "/upload", b"x" * size).text == str(size)


@pytest.mark.parametrize("size", [10, 50_000])
def test_chunked_upload(connection: Connection, size: int) -> None:
    connection.send("POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.send(chunk(b"x" * (size - 1), b"y"))
    assert connection.response().text == str(size)


def test_upload_too_large(server: Server) -> None:
    with server.connect() as connection:
        response = connection.request("POST", "/upload", b"x" * 100_001)
        assert (response.status, response.text) == (413, "Payload too large")


def test_failing_body_never_looks_complete(server: Server) -> None:
    with server.connect() as connection:
        response = connection.get("/failing")
        assert response.text == "before"
        assert not response.complete


def test_plain_handlers_run_in_threads(connection: Connection) -> None:
    assert connection.get("/thread").json == {"main": False}


def test_background_task(connection: Connection) -> None:
    assert connection.get("/ticks").text == "it ticks"


def test_events(connection: Connection) -> None:
    response = connection.get("/events")
    assert response.headers["content-type"] == "text/event-stream"
    assert response.text == "".join(f'data: {{"number": {n}}}\n\n' for n in range(3))


def test_events_end_with_the_client(server: Server) -> None:
    before = server.log.read_text().count("silent ended")
    with server.connect() as connection:
        connection.send("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n")
        while b"hello" not in connection._buffer:
            assert connection._fill()
    assert eventually(lambda: server.log.read_text().count("silent ended") == before + 1, 5)


def test_websocket(server: Server) -> None:
    url = f"ws://127.0.0.1:{server.port}"
    with connect(url + "/echo", subprotocols=["v0", "v1"]) as client:  # type: ignore[list-item]
        assert client.subprotocol == "v1"
        for message in ("", "grüße", b"", b"\x00\xff", "x" * 16384):
            client.send(message)
            assert client.recv(timeout=10) == message
        client.send(["a", "b", "c"])
        assert client.recv(timeout=10) == "abc"
        assert client.ping().wait(10)
        client.close(3001, "enough")
    assert eventually(lambda: "closed 3001 enough" in server.log.read_text(), 5)


def test_websocket_limits(server: Server) -> None:
    url = f"ws://127.0.0.1:{server.port}"
    with connect(url + "/echo") as client:
        with pytest.raises(ConnectionClosed) as closed:
            client.send("x" * 16385)
            client.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_websocket_is_closed(server: Server) -> None:
    url = f"ws://127.0.0.1:{server.port}"
    with connect(url + "/bye") as client:
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (3456, "that is all")
    with connect(url + "/manual") as client:
        assert client.recv(timeout=10) == "manual"


def test_websocket_is_refused(server: Server) -> None:
    url = f"ws://127.0.0.1:{server.port}"
    for path, origin, status in (("/echo", "http://evil.example", 403), ("/none", None, 404)):
        with pytest.raises(InvalidStatus) as refused:
            connect(url + path, origin=origin)  # type: ignore[arg-type]
        assert refused.value.response.status_code == status


@pytest.mark.parametrize("name", SERVERS)
def test_hooks_and_shutdown(name: str, tmp_path: Path) -> None:
    server = Server(name, tmp_path)
    try:
        assert eventually(server.is_ready), server.errors.read_text()
        expected = ["startup"] if name == "gunicorn" else ["lifespan startup lifespan", "startup"]
        assert server.log.read_text().split("\n")[:-1] == expected
        with server.connect() as connection:
            assert connection.get("/shutdown").text == "shut down"
        assert server.process.wait(10) in (0, -15)
        expected.append("shutdown")
        if name == "uvicorn":
            expected.append("lifespan shutdown lifespan")
        assert server.log.read_text().split("\n")[:-1] == expected
    finally:
        server.stop()


def test_failing_start_under_asgi(tmp_path: Path) -> None:
    server = Server("uvicorn", tmp_path, FAIL="1")
    try:
        assert server.process.wait(10) != 0
        assert "start-up fails on purpose" in server.errors.read_text()
    finally:
        server.stop()


def test_shutdown_with_open_streams(tmp_path: Path) -> None:
    server = Server("uvicorn", tmp_path)
    try:
        assert eventually(server.is_ready), server.errors.read_text()
        with connect(f"ws://127.0.0.1:{server.port}/echo") as client:
            client.send("x")
            client.recv(timeout=10)
            started = time.monotonic()
            server.process.terminate()
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=10)
        server.process.wait(10)
        assert time.monotonic() - started < 5
    finally:
        server.stop()
