"""Requests that are not HTTP/1.1 are refused, and their connection closes (RFC 9112)."""

import pytest

from .client import Connection

HOST = "Host: x\r\n"
POST = f"POST /echo HTTP/1.1\r\n{HOST}"
LAST = "\r\n\r\n0\r\n\r\n"
REFUSED = {
    "no request": (400, "nonsense\r\n\r\n"),
    "HTTP/0.9": (400, "GET /\r\n\r\n"),
    "two spaces": (400, f"GET  / HTTP/1.1\r\n{HOST}\r\n"),
    "space at the end": (400, f"GET / HTTP/1.1 \r\n{HOST}\r\n"),
    "tabulators": (400, f"GET\t/\tHTTP/1.1\r\n{HOST}\r\n"),
    "space in the target": (400, f"GET /a b HTTP/1.1\r\n{HOST}\r\n"),
    "control character in the target": (400, f"GET /\x01 HTTP/1.1\r\n{HOST}\r\n"),
    "lone CR in the target": (400, f"GET /\rx HTTP/1.1\r\n{HOST}\r\n"),
    "fragment": (400, f"GET /#x HTTP/1.1\r\n{HOST}\r\n"),
    "relative target": (400, f"GET x HTTP/1.1\r\n{HOST}\r\n"),
    "unknown scheme": (400, f"GET ftp://x/ HTTP/1.1\r\n{HOST}\r\n"),
    "asterisk with GET": (400, f"GET * HTTP/1.1\r\n{HOST}\r\n"),
    "CONNECT": (501, f"CONNECT x:80 HTTP/1.1\r\n{HOST}\r\n"),
    "method that is no token": (400, f"GE(T / HTTP/1.1\r\n{HOST}\r\n"),
    "lower-case version": (400, f"GET / http/1.1\r\n{HOST}\r\n"),
    "version without minor": (400, f"GET / HTTP/1\r\n{HOST}\r\n"),
    "version with letters": (400, f"GET / HTTP/1.x\r\n{HOST}\r\n"),
    "long version": (400, f"GET / HTTP/1.10\r\n{HOST}\r\n"),
    "HTTP/2": (505, f"GET / HTTP/2.0\r\n{HOST}\r\n"),
    "no Host": (400, "GET / HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, f"GET / HTTP/1.1\r\n{HOST}{HOST}\r\n"),
    "Host with a path": (400, "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"),
    "Host with a user": (400, "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n"),
    "two names in Host": (400, "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n"),
    "space before the colon": (400, f"GET / HTTP/1.1\r\n{HOST}A : b\r\n\r\n"),
    "space before the name": (400, f"GET / HTTP/1.1\r\n A: b\r\n{HOST}\r\n"),
    "folded line": (400, f"GET / HTTP/1.1\r\n{HOST}A: b\r\n c\r\n\r\n"),
    "no colon": (400, f"GET / HTTP/1.1\r\n{HOST}A\r\n\r\n"),
    "no name": (400, f"GET / HTTP/1.1\r\n{HOST}: b\r\n\r\n"),
    "name that is no token": (400, f"GET / HTTP/1.1\r\n{HOST}A(b: c\r\n\r\n"),
    "NUL in a value": (400, f"GET / HTTP/1.1\r\n{HOST}A: b\0c\r\n\r\n"),
    "lone CR in a value": (400, f"GET / HTTP/1.1\r\n{HOST}A: b\rc\r\n\r\n"),
    "DEL in a value": (400, f"GET / HTTP/1.1\r\n{HOST}A: \x7f\r\n\r\n"),
    "two lengths": (400, POST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"),
    "the same length twice": (400, POST + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
    "list of lengths": (400, POST + "Content-Length: 1, 1\r\n\r\nx"),
    "signed length": (400, POST + "Content-Length: +1\r\n\r\nx"),
    "negative length": (400, POST + "Content-Length: -1\r\n\r\nx"),
    "hexadecimal length": (400, POST + "Content-Length: 0x1\r\n\r\nx"),
    "length with underscore": (400, POST + "Content-Length: 1_0\r\n\r\nx"),
    "empty length": (400, f"POST /echo HTTP/1.1\r\n{HOST}Content-Length:\r\n\r\nx"),
    "huge length": (400, POST + "Content-Length: " + "9" * 30 + "\r\n\r\nx"),
    "length and coding": (400, POST + "Content-Length: 5\r\nTransfer-Encoding: chunked" + LAST),
    "unknown coding": (501, POST + "Transfer-Encoding: xchunked" + LAST),
    "coding before chunked": (501, POST + "Transfer-Encoding: gzip, chunked" + LAST),
    "coding after chunked": (400, POST + "Transfer-Encoding: chunked, gzip" + LAST),
    "chunked twice": (400, POST + 2 * "Transfer-Encoding: chunked\r\n" + LAST[2:]),
    "chunked with a control character": (400, POST + "Transfer-Encoding: \x0bchunked" + LAST),
    "empty coding": (400, f"POST /echo HTTP/1.1\r\n{HOST}Transfer-Encoding:" + LAST),
    "chunked on HTTP/1.0": (400, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked" + LAST),
    "unknown expectation": (417, POST + "Content-Length: 1\r\nExpect: magic\r\n\r\nx"),
    "bad percent-encoding": (400, f"GET /%z1 HTTP/1.1\r\n{HOST}\r\n"),
}  # fmt: skip

CHUNKED = f"POST /echo HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n"
BAD_CHUNKS = {
    "no size": "\r\nx\r\n0\r\n\r\n",
    "size with a sign": "+1\r\nx\r\n0\r\n\r\n",
    "size with 0x": "0x1\r\nx\r\n0\r\n\r\n",
    "size with a space": "1 \r\nx\r\n0\r\n\r\n",
    "size with underscore": "1_0\r\nx\r\n0\r\n\r\n",
    "huge size": "fffffffffffffffff\r\nx\r\n0\r\n\r\n",
    "letters": "xyz\r\nx\r\n0\r\n\r\n",
    "lone LF after the size": "1\nx\r\n0\r\n\r\n",
    "lone LF after the chunk": "1\r\nx\n0\r\n\r\n",
    "chunk longer than its size": "1\r\nxyz\r\n0\r\n\r\n",
    "control character in an extension": "1;\x01\r\nx\r\n0\r\n\r\n",
    "lone CR in an extension": "1;a\rb\r\nx\r\n0\r\n\r\n",
    "endless extension": "1;" + "a" * 1000 + "\r\nx\r\n0\r\n\r\n",
    "lone LF after the last chunk": "1\r\nx\r\n0\n\n",
    "endless trailers": "0\r\n" + "A: b\r\n" * 1000 + "\r\n",
}
ACCEPTED = {
    "space around a value": f"GET / HTTP/1.1\r\n{HOST}A:\t b \t\r\n\r\n",
    "empty value": f"GET / HTTP/1.1\r\n{HOST}A:\r\n\r\n",
    "empty Host": "GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "IPv6 Host": "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
    "bytes beyond ASCII": f"GET / HTTP/1.1\r\n{HOST}A: \xe9\r\n\r\n",
    "later minor version": f"GET / HTTP/1.2\r\n{HOST}\r\n",
    "upper-case coding": CHUNKED.replace("POST /echo", "GET /").replace("chunked", "CHUNKED")
    + "0\r\n\r\n",
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(connection: Connection, case: str) -> None:
    status, data = REFUSED[case]
    connection.send(data.encode("latin-1"))
    response = connection.response()
    assert response.status == status
    assert response.headers["connection"] == "close"
    assert connection.ended()


@pytest.mark.parametrize("case", BAD_CHUNKS)
def test_bad_chunks_are_refused(connection: Connection, case: str) -> None:
    connection.send(CHUNKED + BAD_CHUNKS[case])
    assert connection.response().status == 400
    assert connection.ended()


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(connection: Connection, case: str) -> None:
    connection.send(ACCEPTED[case].encode("latin-1"))
    assert connection.response().text == "hello"
    assert connection.get("/json").status == 200


def test_repeated_field_lines_are_checked_each_time(connection: Connection) -> None:
    """What was checked once on a connection is compared, not believed."""
    connection.send("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n" * 2)
    assert connection.response().status == connection.response().status == 200
    connection.send("GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n")
    assert connection.response().status == 400
