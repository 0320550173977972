"""Connections: keep-alive, pipelining, bodies both ways, HTTP/1.0."""

import contextlib

import pytest

from .client import Connection, chunk, eventually, format_request
from .targets import Target


def test_kept_alive(connection: Connection) -> None:
    for number in range(20):
        response = connection.get(f"/users/{number}")
        assert response.json == {"number": number}
        assert "connection" not in response.headers


def test_close_on_request(connection: Connection) -> None:
    response = connection.get("/", Connection="close")
    assert response.headers["connection"] == "close"
    assert connection.ended()


def test_close_by_the_application(connection: Connection) -> None:
    assert connection.get("/close").headers["connection"] == "close"
    assert connection.ended()


def test_http_1_0_closes(connection: Connection) -> None:
    response = connection.request("GET", "/", version="1.0")
    assert (response.version, response.text) == ("HTTP/1.0", "hello")
    assert connection.ended()


def test_http_1_0_keeps_alive_on_request(connection: Connection) -> None:
    for _ in range(2):
        headers = {"Connection": "Keep-Alive"}
        response = connection.request("GET", "/", headers=headers, version="1.0")
        assert response.headers["connection"] == "keep-alive"


def test_http_1_0_needs_no_host(connection: Connection) -> None:
    connection.send("GET / HTTP/1.0\r\n\r\n")
    assert connection.response().text == "hello"


def test_pipelining(connection: Connection) -> None:
    connection.send(b"".join(format_request("GET", f"/users/{n}") for n in range(10)))
    for number in range(10):
        assert connection.response().json == {"number": number}


def test_pipelining_with_bodies(connection: Connection) -> None:
    connection.send(
        format_request("POST", "/echo", b"one")
        + b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk(b"tw", b"o")
        + format_request("HEAD", "/")
        + format_request("GET", "/")
    )
    assert connection.response().text == "one"
    assert connection.response().text == "two"
    assert connection.response("HEAD").status == 200
    assert connection.response().text == "hello"


def test_request_in_single_bytes(connection: Connection) -> None:
    for byte in format_request("POST", "/echo", b"body"):
        connection.send(bytes([byte]))
    assert connection.response().text == "body"


def test_empty_lines_before_a_request(connection: Connection) -> None:
    connection.send(b"\r\n\r\n" + format_request("GET", "/"))
    assert connection.response().text == "hello"


def test_lone_line_feeds_end_lines(connection: Connection) -> None:
    connection.send("GET / HTTP/1.1\nHost: x\n\nGET /json HTTP/1.1\r\nHost: x\n\r\n")
    assert connection.response().text == "hello"
    assert connection.response().json == {"hello": "world"}


def test_chunked_request(connection: Connection) -> None:
    connection.send(
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;name=value\r\nabc\r\n5\r\ndefgh\r\n0\r\nTrailer: dropped\r\n\r\n"
    )
    assert connection.response().text == "abcdefgh"
    assert connection.get("/").text == "hello"


def test_empty_chunked_request(connection: Connection) -> None:
    connection.send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    assert connection.response().text == ""


@pytest.mark.parametrize("chunked", [False, True])
def test_large_body_is_a_stream(target: Target, connection: Connection, chunked: bool) -> None:
    if target.max_body <= 16 * 1024:
        pytest.skip(f"{target.name}: too slow a wire for bodies beyond 16 KiB")
    data = bytes(range(256)) * 200
    if chunked:
        head = b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.send(head + chunk(*(data[n : n + 999] for n in range(0, len(data), 999))))
    else:
        connection.send(format_request("POST", "/upload", data))
    assert connection.response().json == {"size": len(data), "checksum": sum(data) & 0xFFFF}
    assert connection.get("/").text == "hello"


def test_small_body_is_a_stream_too(connection: Connection) -> None:
    expected = {"size": 3, "checksum": sum(b"abc")}
    assert connection.request("POST", "/upload", b"abc").json == expected


def test_unread_body_never_becomes_a_request(connection: Connection) -> None:
    inner = format_request("GET", "/nothing")
    body = inner + b"x" * (20_000 - len(inner))
    assert connection.request("POST", "/ignore", body).text == "ignored"
    assert connection.get("/").text == "hello"


def test_long_unread_body_closes(connection: Connection) -> None:
    connection.send(format_request("POST", "/ignore", b"x" * 40_000))
    response = connection.response()
    assert (response.text, response.headers["connection"]) == ("ignored", "close")
    assert connection.ended()


def test_expect_continue(connection: Connection) -> None:
    connection.send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    )
    assert connection.response().status == 100
    connection.send("body")
    assert connection.response().text == "body"


def test_expect_continue_with_the_body_already_there(connection: Connection) -> None:
    headers = {"Expect": "100-continue"}
    response = connection.request("POST", "/echo", b"body", headers)
    if response.status == 100:
        response = connection.response()
    assert response.text == "body"


def test_no_continue_for_a_body_too_large(connection: Connection) -> None:
    connection.send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n"
    )
    assert connection.response().status == 413
    assert connection.ended()


def test_unused_expectation_closes(connection: Connection) -> None:
    connection.send(
        "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\nExpect: 100-continue\r\n\r\n"
    )
    response = connection.response()
    assert (response.status, response.headers["connection"]) == (200, "close")


@pytest.mark.parametrize("size", [0, 1, 2048, 5000, 16000])
def test_bytes(connection: Connection, size: int) -> None:
    response = connection.get(f"/bytes/{size}")
    assert response.headers["content-length"] == str(size)
    assert response.body == b"x" * size


@pytest.mark.parametrize(("path", "numbers"), [("/lines/3", "line "), ("/count/3", "")])
def test_stream_is_chunked(connection: Connection, path: str, numbers: str) -> None:
    response = connection.get(path)
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.complete
    first = 0 if numbers else 1
    assert response.text == "".join(f"{numbers}{n}\n" for n in range(first, first + 3))
    assert connection.get("/").text == "hello"


@pytest.mark.parametrize("path", ["/lines/0", "/count/0"])
def test_empty_stream(connection: Connection, path: str) -> None:
    response = connection.get(path)
    assert response.complete
    assert response.text == ""
    assert connection.get("/").text == "hello"


def test_stream_ends_with_the_connection_on_http_1_0(connection: Connection) -> None:
    headers = {"Connection": "keep-alive"}
    response = connection.request("GET", "/lines/3", headers=headers, version="1.0")
    assert "transfer-encoding" not in response.headers
    assert response.text == "line 0\nline 1\nline 2\n"


def test_file_has_its_length(connection: Connection) -> None:
    before = connection.get("/state").json["closed"]
    response = connection.get("/file/5000")
    assert response.headers["content-length"] == "5000"
    assert response.body == b"0123456789" * 500
    assert connection.get("/state").json["closed"] == before + 1


def test_declared_length(connection: Connection) -> None:
    assert connection.get("/declared/14/2").text == "line 0\nline 1\n"
    assert connection.get("/").text == "hello"


@pytest.mark.parametrize("length", [10, 20])
def test_wrong_declared_length_closes(connection: Connection, length: int) -> None:
    response = connection.get(f"/declared/{length}/2")
    assert not response.complete
    assert connection.ended()


def test_stream_that_fails_never_looks_complete(connection: Connection) -> None:
    response = connection.get("/failing/2")
    assert response.status == 200
    assert not response.complete
    assert connection.ended()


@pytest.mark.parametrize("path", ["/failing/0", "/broken-file"])
def test_stream_that_fails_at_once_is_a_500(connection: Connection, path: str) -> None:
    assert connection.get(path).status == 500
    assert connection.get("/").text == "hello"


@pytest.mark.needs("reset")
def test_failing_stream_is_reset_on_http_1_0(connection: Connection) -> None:
    with pytest.raises(ConnectionResetError):
        connection.request("GET", "/failing/2", version="1.0")


def test_aborted_downloads(target: Target) -> None:
    """A browser that leaves the page, sixty times in a row."""
    with target.connect() as connection:
        before = connection.get("/state").json
    for _ in range(60):
        with target.connect() as connection:
            connection.send(format_request("GET", "/endless"))
            assert connection.socket.recv(100)
            connection.abort()

    def all_closed() -> bool:
        with target.connect() as connection:
            state = connection.get("/state").json
        return bool(state["closed"] - before["closed"] == state["started"] - before["started"])

    assert eventually(all_closed)


def test_aborted_uploads(target: Target) -> None:
    for _ in range(20):
        with target.connect() as connection:
            connection.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nxxx")
            connection.abort()

    def all_places_free() -> bool:
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(target.connect()) for _ in range(8)]
            return all(connection.get("/").text == "hello" for connection in connections)

    assert eventually(all_places_free)
