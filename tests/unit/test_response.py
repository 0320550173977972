"""Response: headers, cookies, files, bodies."""

import asyncio
import datetime
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from microdot import Response, redirect, send_file


class Stream:
    """What `Response.write` writes to."""

    def __init__(self) -> None:
        self.data = b""

    async def awrite(self, data: bytes) -> None:
        self.data += data


def written(response: Response) -> bytes:
    stream = Stream()
    asyncio.run(response.write(stream))
    return stream.data


def body(response: Response) -> bytes:
    async def main() -> bytes:
        return b"".join([chunk async for chunk in response.body_iter()])

    return asyncio.run(main())


def test_write_is_http_1_0() -> None:
    assert written(Response("é", 404, {"A": ["1", "2"], "B": 3})) == (
        b"HTTP/1.0 404 Not Found\r\nA: 1\r\nA: 2\r\nB: 3\r\nContent-Length: 2\r\n"
        b"Content-Type: text/plain; charset=UTF-8\r\n\r\n\xc3\xa9"
    )
    assert written(Response(reason="Fine")).startswith(b"HTTP/1.0 200 Fine\r\n")


def test_write_to_head() -> None:
    response = Response("x")
    response.is_head = True
    assert written(response).endswith(b"\r\n\r\n")


def test_json() -> None:
    response = Response({"a": [1, "é"]})
    assert response.headers["content-type"] == "application/json; charset=UTF-8"
    assert b'{"a": [1, ' in response.body
    assert Response([1], headers={"content-type": "x/y"}).headers == {"content-type": "x/y"}


def test_none() -> None:
    assert Response(None).status_code == 204
    assert Response(None, 404).status_code == 404
    assert body(Response(None, 404)) == b""


def test_other_bodies_are_kept() -> None:
    assert Response(23.7).body == 23.7


def test_headers_are_complete_after_complete() -> None:
    response = Response("x")
    assert response.headers == {}
    response.complete()
    assert response.headers == {
        "Content-Length": "1", "Content-Type": "text/plain; charset=UTF-8",
    }  # fmt: skip
    response = Response(iter(["x"]), headers={"content-TYPE": "a/b"})
    response.complete()
    assert response.headers == {"content-TYPE": "a/b"}


def test_header_lines() -> None:
    response = Response([], headers={"A": "b", "Connection": "close"})
    assert response.header_lines(("connection",)) == [
        "A: b", "Content-Type: application/json; charset=UTF-8",
    ]  # fmt: skip


def test_headers_can_be_replaced() -> None:
    response = Response("x")
    response.headers = {"a": "b"}  # type: ignore[assignment]
    assert response.headers["A"] == "b"


class Closing(io.BytesIO):
    closings = 0

    def close(self) -> None:
        self.closings += 1


def generator() -> Iterator[str | bytes]:
    yield "a"
    yield b"b"


async def agenerator() -> AsyncIterator[str]:
    yield "a"
    yield "b"


class AsyncFile:
    closed = False

    def __init__(self) -> None:
        self._file = io.BytesIO(b"ab")

    async def read(self, size: int) -> bytes:
        return self._file.read(size)

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    "make",
    [generator, agenerator, AsyncFile, lambda: io.BytesIO(b"ab"), lambda: io.StringIO("ab"),
     lambda: iter(["a", "", b"b"]), lambda: b"ab", lambda: "ab", lambda: bytearray(b"ab")],
)  # fmt: skip
def test_kinds_of_bodies(make: Any) -> None:
    assert body(Response(make())) == b"ab"


def test_files_are_closed() -> None:
    file = Closing(b"x" * 3000)
    assert body(Response(file)) == b"x" * 3000
    assert file.closings == 1
    asynchronous = AsyncFile()
    body(Response(asynchronous))
    assert asynchronous.closed


def test_generator_that_never_ran_does_not_start() -> None:
    started = []

    def start() -> Iterator[str]:
        started.append(1)
        yield "x"

    response = Response(start())
    asyncio.run(response.body_iter().aclose())
    assert started == []


def test_cookie_attributes() -> None:
    response = Response()
    moment = datetime.datetime(2023, 1, 2, 3, 4, 5)
    response.set_cookie(
        "a", "b", path="/p", domain="d", expires=moment, max_age=0, secure=True, http_only=True,
        partitioned=True, same_site="Strict",
    )  # fmt: skip
    response.set_cookie("c", "d", expires="Some Day")
    zone = datetime.timezone(datetime.timedelta(hours=2))
    response.set_cookie("e", "f", expires=moment.replace(tzinfo=zone))
    assert response.headers["Set-Cookie"] == [
        "a=b; Path=/p; Domain=d; Expires=Mon, 02 Jan 2023 03:04:05 GMT; Max-Age=0; Secure; "
        "HttpOnly; Partitioned; SameSite=Strict",
        "c=d; Expires=Some Day",
        "e=f; Expires=Mon, 02 Jan 2023 01:04:05 GMT",
    ]


def test_cookie_next_to_a_header_that_is_there() -> None:
    response = Response(headers={"Set-Cookie": "a=b"})
    response.set_cookie("c", "d")
    assert response.headers["Set-Cookie"] == ["a=b", "c=d"]


def test_delete_cookie() -> None:
    response = Response()
    response.delete_cookie("a", path="/", max_age=5, expires="x")
    assert response.headers["Set-Cookie"] == [
        "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0"
    ]


@pytest.mark.parametrize("value", ["a;b", "a\rb", "a\nb"])
def test_cookie_refuses(value: str) -> None:
    for arguments in (("n", value), (value, "v"), ("n", "v", value)):
        with pytest.raises(ValueError):
            Response().set_cookie(*arguments)


def test_redirect() -> None:
    response = redirect("/a", 301)
    assert (response.status_code, response.headers["Location"]) == (301, "/a")
    for bad in ("/a\rb", "/a\nb"):
        with pytest.raises(ValueError):
            redirect(bad)


@pytest.mark.parametrize(
    ("name", "options", "headers"),
    [
        ("x.txt", {}, {"Content-Type": "text/plain"}),
        ("x.html", {"max_age": 5}, {"Content-Type": "text/html", "Cache-Control": "max-age=5"}),
        ("x.unknown", {}, {"Content-Type": "application/octet-stream"}),
        ("x.css", {"content_type": "a/b"}, {"Content-Type": "a/b"}),
        ("x.js.gz", {"compressed": True},
         {"Content-Type": "application/javascript", "Content-Encoding": "gzip"}),
        ("x.js.gz", {}, {"Content-Type": "application/octet-stream"}),
        ("x.svg", {"compressed": "br"},
         {"Content-Type": "image/svg+xml", "Content-Encoding": "br"}),
    ],
)  # fmt: skip
def test_send_file(
    tmp_path: Path, name: str, options: dict[str, Any], headers: dict[str, str]
) -> None:
    (tmp_path / name).write_text("data")
    response = send_file(str(tmp_path / name), **options)
    assert response.headers == headers
    assert body(response) == b"data"


def test_send_file_with_an_extension(tmp_path: Path) -> None:
    (tmp_path / "x.txt.gz").write_text("data")
    response = send_file(str(tmp_path / "x.txt"), compressed=True, file_extension=".gz")
    assert response.headers == {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    assert body(response) == b"data"


def test_send_file_of_a_stream() -> None:
    response = send_file("x.png", status_code=206, stream=io.BytesIO(b"data"))
    assert (response.status_code, response.headers) == (206, {"Content-Type": "image/png"})


def test_send_file_that_is_missing() -> None:
    with pytest.raises(OSError):
        send_file("/nothing/here")


def test_default_max_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Response, "default_send_file_max_age", 9)
    response = send_file("x", stream=io.BytesIO())
    assert response.headers["Cache-Control"] == "max-age=9"
