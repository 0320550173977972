"""http1: any split of the same bytes gives the same requests; only `ProtocolError` comes out."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microdot import http1
from microdot.http1 import ChunkedDecoder, LengthDecoder, ProtocolError

Parsed = tuple[str, str, str, bytes, bool, bytes]

token = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=8)
value = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
body = st.binary(max_size=60)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, Parsed]:
    """A well-formed request, and what is to be read from it."""
    method = draw(st.sampled_from(["GET", "POST", "PUT", "X-OWN"]))
    target = "/" + draw(st.text("abc/?&=%20", max_size=12))
    fields = draw(st.dictionaries(token.map(lambda name: "X-" + name), value, max_size=4))
    lines = [f"{method} {target} HTTP/1.1", "Host: example.com"]
    lines += [
        f"{name}:{draw(st.sampled_from(['', ' ', ' 	']))}{fields[name]}" for name in fields
    ]
    content = draw(body)
    if draw(st.booleans()):
        lines.append("Transfer-Encoding: chunked")
        encoded = b""
        rest = content
        while rest:
            size = draw(st.integers(1, len(rest)))
            encoded += http1.encode_chunk(rest[:size])
            rest = rest[size:]
        encoded += http1.encode_chunk(b"")
    else:
        lines.append(f"Content-Length: {len(content)}")
        encoded = content
    close = draw(st.booleans())
    if close:
        lines.append("Connection: close")
    head = "\r\n".join(lines).encode()
    first = head.index(b"\r\n") + 2
    return head + b"\r\n\r\n" + encoded, (
        method, target, "1.1", head[first:], not close, content,
    )  # fmt: skip


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut bytes into packets."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def read_requests(packets: list[bytes]) -> tuple[list[Parsed], str]:
    """Read requests as a server does, one packet after another."""
    found: list[Parsed] = []
    buffer = b""
    head: http1.RequestHead | None = None
    previous: http1.RequestHead | None = None
    decoder: LengthDecoder | ChunkedDecoder = LengthDecoder(0)
    content = b""
    for packet in packets:
        buffer += packet
        while buffer:
            if head is None:
                buffer = http1.skip_empty_lines(buffer)
                end = http1.find_head_end(buffer)
                if end < 0:
                    break
                try:
                    head = http1.parse_request_head(buffer[:end], previous)
                except ProtocolError as exc:
                    return found, str(exc)
                buffer = buffer[end:]
                content = b""
                decoder = ChunkedDecoder() if head.chunked else LengthDecoder(head.content_length)
            if not decoder.done:
                try:
                    content += decoder.feed(buffer)
                except ProtocolError as exc:
                    return found, str(exc)
                buffer = decoder.rest
            if not decoder.done:
                break
            fields = head.fields.rstrip(b"\r\n")
            found.append(
                (head.method, head.target, head.version, fields, head.keep_alive, content)
            )
            previous, head = head, None
    return found, ""


@given(st.lists(requests(), min_size=1, max_size=3), st.lists(st.integers(0, 10**6), max_size=12))
def test_any_split_gives_the_same_requests(
    messages: list[tuple[bytes, Parsed]], cuts: list[int]
) -> None:
    data = b"".join(message for message, _ in messages)
    found, error = read_requests(split(data, cuts))
    assert error == ""
    assert [request[:3] + request[4:] for request in found] == [
        parsed[:3] + parsed[4:] for _, parsed in messages
    ]


@given(requests(), st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=3)), max_size=4))
@settings(max_examples=300)
def test_any_split_of_broken_requests_ends_alike(
    message: tuple[bytes, Parsed], damage: list[tuple[int, bytes]]
) -> None:
    data = message[0]
    for position, noise in damage:
        cut = position % (len(data) + 1)
        data = data[:cut] + noise + data[cut + len(noise) :]
    whole = read_requests([data])
    assert read_requests([bytes([byte]) for byte in data]) == whole


@given(st.binary(max_size=300))
def test_arbitrary_heads_raise_nothing_else(data: bytes) -> None:
    try:
        head = http1.parse_request_head(data)
    except ProtocolError as exc:
        assert exc.status_code in (400, 417, 501, 505)
    else:
        assert head.target == "*" or head.target[:1] == "/"


@given(
    st.text("GETPOS /*:.\r\nHTP10host:chunkedtransfer-encoding,0123456789 \t", max_size=200).map(
        lambda text: text.encode()
    )
)
@settings(max_examples=300)
def test_likely_heads_raise_nothing_else(data: bytes) -> None:
    test_arbitrary_heads_raise_nothing_else.hypothesis.inner_test(data)  # type: ignore[attr-defined]


@given(st.binary(max_size=200))
def test_arbitrary_chunks_raise_nothing_else(data: bytes) -> None:
    decoder = ChunkedDecoder()
    try:
        decoder.feed(data)
    except ProtocolError as exc:
        assert exc.status_code == 400


@given(body, st.lists(st.integers(0, 10**6), max_size=8))
def test_length_decoder(content: bytes, cuts: list[int]) -> None:
    decoder = LengthDecoder(len(content))
    read = b"".join(decoder.feed(packet) for packet in split(content + b"rest", cuts)[:1])
    assert read == content[: len(read)]


def test_length_decoder_keeps_the_rest() -> None:
    decoder = LengthDecoder(3)
    assert decoder.feed(b"ab") == b"ab"
    assert (decoder.done, decoder.remaining) == (False, 1)
    assert decoder.feed(b"cGET") == b"c"
    assert (decoder.done, decoder.rest) == (True, b"GET")


def test_chunked_decoder_keeps_the_rest() -> None:
    decoder = ChunkedDecoder()
    assert decoder.feed(b"5;a=b\r\nhel") == b"hel"
    assert decoder.feed(b"lo\r\n0\r\nA: b\r\n\r\nGET") == b"lo"
    assert (decoder.done, decoder.rest) == (True, b"GET")


def head(*lines: str) -> http1.RequestHead:
    return http1.parse_request_head("\r\n".join(["GET / HTTP/1.1", "Host: x", *lines]).encode())


def test_body_framing() -> None:
    assert (head().content_length, head().chunked) == (0, False)
    assert head("content-LENGTH:  42 ").content_length == 42
    assert head("Transfer-encoding: Chunked").chunked


@pytest.mark.parametrize(
    ("version", "connection", "keep_alive"),
    [
        ("1.1", None, True),
        ("1.1", "close", False),
        ("1.1", "x, Close", False),
        ("1.1", "keep-alive", True),
        ("1.0", None, False),
        ("1.0", "Keep-Alive", True),
        ("1.0", "keep-alive, close", False),
    ],
)
def test_persistence(version: str, connection: str | None, keep_alive: bool) -> None:
    lines = [f"GET / HTTP/{version}", "Host: x"]
    lines += [f"Connection: {connection}"] if connection else []
    assert http1.parse_request_head("\r\n".join(lines).encode()).keep_alive is keep_alive


def test_connection_field_on_several_lines() -> None:
    assert not head("Connection: x", "Connection: close").keep_alive


def test_expectation() -> None:
    assert head("Expect: 100-Continue").expects_continue
    request = http1.parse_request_head(b"GET / HTTP/1.0\r\nExpect: 100-continue")
    assert not request.expects_continue


def test_same_fields_as_before_are_taken_over() -> None:
    first = head("Content-Length: 5", "Connection: close")
    second = http1.parse_request_head(b"POST /other HTTP/1.1\r\n" + first.fields, first)
    assert (second.method, second.target) == ("POST", "/other")
    assert (second.content_length, second.keep_alive) == (5, False)


def test_fields_of_another_version_are_checked_again() -> None:
    first = http1.parse_request_head(b"GET / HTTP/1.0\r\nA: b")
    with pytest.raises(ProtocolError, match="Host"):
        http1.parse_request_head(b"GET / HTTP/1.1\r\nA: b", first)


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        ("http://a.b:1/c?d", "/c?d", b"Host: a.b:1"),
        ("HTTPS://a", "/", b"Host: a"),
        ("http://a?x", "/?x", b"Host: a"),
    ],
)
def test_absolute_form(target: str, path: str, host: bytes) -> None:
    request = http1.parse_request_head(f"GET {target} HTTP/1.1\r\nHost: z\r\nA: b".encode())
    assert request.target == path
    assert http1.split_fields(request.fields) == [host, b"A: b"]


@pytest.mark.parametrize("target", ["http://", "http:///x", "http://u@h/", "x://y/", "//", "a:80"])
def test_odd_targets(target: str) -> None:
    line = f"GET {target} HTTP/1.1\r\nHost: z".encode()
    if target == "//":
        assert http1.parse_request_head(line).target == "//"
    else:
        with pytest.raises(ProtocolError):
            http1.parse_request_head(line)


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"", -1),
        (b"a\r\n\r", -1),
        (b"a\r\n\r\nb", 5),
        (b"a\n\nb", 3),
        (b"a\n\r\nb", 4),
        (b"a\r\n\nb", 4),
        (b"a\n\nb\r\n\r\n", 3),
    ],
)
def test_head_end(data: bytes, end: int) -> None:
    assert http1.find_head_end(data) == end


def test_response_head() -> None:
    data = http1.encode_response_head("1.1", 404, None, ["A: b", "A: c"])
    assert data == b"HTTP/1.1 404 Not Found\r\nA: b\r\nA: c\r\n\r\n"
    assert http1.encode_response_head("1.0", 200, "Fine", []) == b"HTTP/1.0 200 Fine\r\n\r\n"
    assert http1.encode_response_head("1.1", 299, None, []) == b"HTTP/1.1 299 \r\n\r\n"


@pytest.mark.parametrize("bad", ["a\rb", "a\nb", "a\r\nb", "a\0b"])
def test_response_head_refuses_line_ends(bad: str) -> None:
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        http1.encode_response_head("1.1", 200, None, ["A: " + bad])
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        http1.encode_response_head("1.1", 200, bad, [])


@pytest.mark.parametrize("status", [0, 42, 1000, -1])
def test_response_head_refuses_what_is_no_status(status: int) -> None:
    with pytest.raises(ValueError, match="not an HTTP status"):
        http1.encode_response_head("1.1", status, None, [])


def test_reason_phrases() -> None:
    assert http1.reason_phrase(200) == "OK"
    assert http1.reason_phrase(505) == "HTTP Version Not Supported"
    assert http1.reason_phrase(599) == ""


def test_chunks() -> None:
    assert http1.encode_chunk(b"x" * 17) == b"11\r\n" + b"x" * 17 + b"\r\n"
    assert http1.encode_chunk(b"") == b"0\r\n\r\n"
