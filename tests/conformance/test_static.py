"""Static files over real connections."""

from pathlib import Path

import pytest

from .client import Connection
from .conftest import Targets
from .targets import Target

APPLICATION = Path(__file__).with_name("app_static.py")
BINARY = bytes(range(256)) * 40


@pytest.fixture
def target(target_name: str, targets: Targets) -> Target:
    return targets(target_name, APPLICATION)


@pytest.mark.parametrize("path", ["/static/data.bin", "/frozen/data.bin"])
def test_file(connection: Connection, path: str) -> None:
    for _ in range(2):  # the connection stays usable
        response = connection.get(path)
        assert (response.status, response.body) == (200, BINARY)
        assert response.headers["content-length"] == str(len(BINARY))
        assert response.headers["content-type"] == "application/octet-stream"
        assert response.headers["accept-ranges"] == "bytes"
        assert "transfer-encoding" not in response.headers


def test_cache_control(connection: Connection) -> None:
    assert connection.get("/static/data.bin").headers["cache-control"] == "max-age=60"
    assert "cache-control" not in connection.get("/frozen/data.bin").headers


@pytest.mark.parametrize("path", ["/static/data.bin", "/frozen/data.bin"])
def test_not_modified(connection: Connection, path: str) -> None:
    tag = connection.get(path).headers["etag"]
    response = connection.get(path, **{"If-None-Match": tag})
    assert (response.status, response.headers["etag"]) == (304, tag)
    assert "content-length" not in response.headers
    assert connection.get(path, **{"If-None-Match": '"other"'}).body == BINARY


def test_not_modified_since(connection: Connection) -> None:
    date = connection.get("/static/data.bin").headers["last-modified"]
    response = connection.get("/static/data.bin", **{"If-Modified-Since": date})
    assert response.status == 304


@pytest.mark.parametrize("path", ["/static/data.bin", "/frozen/data.bin"])
def test_range(connection: Connection, path: str) -> None:
    tag = connection.get(path).headers["etag"]
    for value, start, end in (
        ("0-0", 0, 1),
        ("1000-8999", 1000, 9000),
        ("10000-", 10000, 10240),
        ("-5", 10235, 10240),
    ):
        response = connection.get(path, **{"Range": "bytes=" + value, "If-Range": tag})
        assert (response.status, response.body) == (206, BINARY[start:end])
        assert response.headers["content-range"] == f"bytes {start}-{end - 1}/10240"
    response = connection.get(path, Range="bytes=10240-")
    assert (response.status, response.headers["content-range"]) == (416, "bytes */10240")
    response = connection.get(path, **{"Range": "bytes=0-0", "If-Range": '"other"'})
    assert (response.status, response.body) == (200, BINARY)


@pytest.mark.parametrize("path", ["/static/data.bin", "/frozen/data.bin"])
def test_head(connection: Connection, path: str) -> None:
    response = connection.request("HEAD", path)
    assert (response.status, response.headers["content-length"]) == (200, "10240")
    assert connection.get(path).body == BINARY


def test_folders(connection: Connection) -> None:
    assert connection.get("/static/").body == b"home"
    assert connection.get("/frozen/").body == b"frozen home"
    assert connection.get("/static/docs/").body == b"documents"
    response = connection.get("/static/docs?x=1")
    assert (response.status, response.headers["location"]) == (301, "/static/docs/?x=1")


def test_compressed(connection: Connection) -> None:
    response = connection.get("/static/app.js", **{"Accept-Encoding": "gzip, br"})
    assert response.body.startswith(b"\x1f\x8b")
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    response = connection.get("/static/app.js")
    assert (response.body, response.headers["vary"]) == (b"plain()", "Accept-Encoding")
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/none",
        "/static/.env",
        "/static/../secret.txt",
        "/static/..%2fsecret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/docs/%2E%2E/%2e%2e/secret.txt",
        "/static/..%5csecret.txt",
        "/static/%252e%252e/secret.txt",
        "/static//secret.txt",
        "/static/%2Fsecret.txt",
        "/static/index.html%00",
        "/frozen/../secret.txt",
        "/frozen/none",
    ],
)
def test_not_served(connection: Connection, path: str) -> None:
    assert connection.get(path).status == 404
