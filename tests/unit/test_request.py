"""Request: what is parsed when it is asked for."""

import asyncio
import io
from typing import Any

import pytest

from microdot import Request
from microdot.http1 import ProtocolError, parse_request_head
from microdot.microdot import MultiDict, NoCaseDict


def make(url: str = "/", headers: Any = None, body: bytes = b"", **options: Any) -> Request:
    return Request("app", ("1.2.3.4", 5), "GET", url, "1.1", headers or {}, body=body, **options)


def test_attributes() -> None:
    request = make("/a%20b?c=%20d&e", url_prefix="/p", subapp="sub", route=print, sock="sock")
    assert (request.app, request.client_addr, request.method) == ("app", ("1.2.3.4", 5), "GET")
    assert (request.url, request.path, request.query_string) == (
        "/a%20b?c=%20d&e", "/a b", "c=%20d&e",
    )  # fmt: skip
    assert request.args == {"c": [" d"], "e": [""]}
    assert (request.url_prefix, request.subapp, request.route) == ("/p", "sub", print)
    assert (request.sock, request.scheme, request.http_version) == ("sock", "http", "1.1")
    assert make(scheme="https").scheme == "https"


def test_defaults() -> None:
    request = make()
    assert request.query_string is None
    assert request.args == request.cookies == request.headers == {}
    assert (request.json, request.form, request.files) == (None, None, None)
    assert (request.body, request.content_length, request.content_type) == (b"", 0, None)
    assert (request.url_prefix, request.subapp, request.route) == ("", None, None)


def test_headers_of_a_mapping_and_of_field_lines() -> None:
    headers = NoCaseDict({"X-A": "1"})
    assert make(headers=headers).headers is headers
    assert make(headers={"X-A": "1"}).headers["x-a"] == "1"


class ServerConnection:
    """What a received request knows of its connection."""

    peer = ("1.2.3.4", 5)

    class server:
        app = "app"


def test_received() -> None:
    head = parse_request_head(
        b"PUT /a%20b?c HTTP/1.1\r\nHost: x\r\nX-A:\t1 \r\nX-B: \xc3\xa9\r\nx-b: \xe9\n"
    )
    request = Request.received(head, ServerConnection, b"body", 4)
    assert request.headers == {"Host": "x", "X-A": "1", "X-B": "é"}
    assert (request.method, request.path, request.url) == ("PUT", "/a b", "/a%20b?c")
    assert (request.query_string, request.http_version) == ("c", "1.1")
    assert (request.app, request.client_addr) == ("app", ("1.2.3.4", 5))
    assert (request.body, request.content_length, request.scheme) == (b"body", 4, "http")
    with pytest.raises(AttributeError):
        request.nothing  # noqa: B018
    assert not hasattr(request, "_nothing")


def test_cookies() -> None:
    request = make(headers={"Cookie": 'a=b; c="d e"; nothing; x=1=2;a=last'})
    assert request.cookies == {"a": "last", "c": '"d e"', "nothing": "", "x": "1=2"}


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
def test_json(kind: str) -> None:
    request = make(headers={"content-type": kind}, body=b'{"a": [1]}')
    assert request.json == {"a": [1]}
    assert request.json is request.json
    assert request.form is None


@pytest.mark.parametrize("kind", ["text/plain", "application/jsonx", "application/problem+json"])
def test_no_json(kind: str) -> None:
    assert make(headers={"Content-Type": kind}, body=b"{}").json is None


def test_bad_json() -> None:
    with pytest.raises(ValueError):
        make(headers={"Content-Type": "application/json"}, body=b"{").json  # noqa: B018


def test_form() -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    request = make(headers=kind, body=b"a=1&a=2&b=%20")
    assert request.form == {"a": ["1", "2"], "b": [" "]}
    assert isinstance(request.form, MultiDict)
    assert request.form is request.form


def test_bad_encoding_is_the_clients_fault() -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for read in (
        lambda: make("/?a=%zz").args,
        lambda: make(headers=kind, body=b"a=%zz").form,
        lambda: make(headers=kind, body=b"a=\xff").form,
    ):
        with pytest.raises(ProtocolError) as caught:
            read()
        assert caught.value.status_code == 400
    with pytest.raises(ValueError):
        make("/%zz")


def test_g() -> None:
    request = make()
    request.g.user = "me"
    assert request.g.user == "me"
    assert not hasattr(make().g, "user")


def test_stream_of_a_body() -> None:
    async def main() -> None:
        stream = make(body=b"one\ntwo").stream
        assert await stream.readline() == b"one\n"
        assert await stream.read() == b"two"
        assert await stream.read() == b""

    asyncio.run(main())


def test_own_stream() -> None:
    assert make(stream="stream").stream == "stream"


class Reader:
    """What `Request.create` reads from."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    async def readline(self) -> bytes:
        return self._file.readline()

    async def readexactly(self, size: int) -> bytes:
        return self._file.read(size)


def create(data: bytes) -> Request | None:
    return asyncio.run(Request.create("app", Reader(data), "writer", "client", "https"))


def test_create() -> None:
    request = create(b"POST /a?b=c HTTP/1.1\r\nHost: x\nContent-Length: 3\r\n\r\nbody")
    assert request is not None
    assert (request.method, request.path, request.body) == ("POST", "/a", b"bod")
    assert (request.app, request.client_addr, request.scheme) == ("app", "client", "https")
    assert request.sock[1] == "writer"


@pytest.mark.parametrize("data", [b"", b"\r\n", b"GET / HTTP/1.1\r\n"])
def test_create_without_a_request(data: bytes) -> None:
    assert create(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
    ],
)
def test_create_refuses(data: bytes) -> None:
    with pytest.raises(ValueError):
        create(data)


def test_create_leaves_a_long_body_to_the_stream() -> None:
    request = create(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n")
    assert request is not None
    assert request.body == b""
    assert isinstance(request.stream, Reader)
