"""HTTP/1.1 messages as pure functions on bytes (RFC 9110, RFC 9112). No I/O.

What arrives may be cut into packets anywhere: the results are the same. Everything that is
wrong with a message raises `ProtocolError`, which carries the status to answer with.
"""

# tchar, RFC 9110 section 5.6.2; the commonest letters first, because strip() looks in order.
_TOKEN = b"etaonicsrhpldugmyfbkvwxqjzETAONICSRHPLDUGMYFBKVWXQJZ-0123456789_.!#$%&'*+^`|~"
_HEXADECIMAL = b"0123456789abcdefABCDEF"
# A host with a port: unreserved, sub-delims, and ":[]%" (RFC 3986 section 3.2.2).
_HOST = b"0123456789.:etaonicsrhpldugmyfbkvwxqjzETAONICSRHPLDUGMYFBKVWXQJZ-_~[]%!$&'()*+;="

#: Longest line of the chunked coding, with its extensions (RFC 9112 section 7.1.1).
MAX_CHUNK_LINE = 256
#: Longest trailer section, which is read and dropped (RFC 9112 section 7.1.2).
MAX_TRAILERS = 2048

# RFC 9110 section 15; a string costs no RAM where the code is frozen, a dictionary would.
_REASONS = """200 OK
100 Continue
101 Switching Protocols
201 Created
202 Accepted
203 Non-Authoritative Information
204 No Content
205 Reset Content
206 Partial Content
300 Multiple Choices
301 Moved Permanently
302 Found
303 See Other
304 Not Modified
307 Temporary Redirect
308 Permanent Redirect
400 Bad Request
401 Unauthorized
402 Payment Required
403 Forbidden
404 Not Found
405 Method Not Allowed
406 Not Acceptable
407 Proxy Authentication Required
408 Request Timeout
409 Conflict
410 Gone
411 Length Required
412 Precondition Failed
413 Content Too Large
414 URI Too Long
415 Unsupported Media Type
416 Range Not Satisfiable
417 Expectation Failed
418 I'm a teapot
421 Misdirected Request
422 Unprocessable Content
426 Upgrade Required
428 Precondition Required
429 Too Many Requests
431 Request Header Fields Too Large
500 Internal Server Error
501 Not Implemented
502 Bad Gateway
503 Service Unavailable
504 Gateway Timeout
505 HTTP Version Not Supported
"""


class ProtocolError(ValueError):
    """A message that is not HTTP/1.1, or is beyond a limit.

    :param status_code: the status to answer with.
    :param reason: what is wrong, for the log.
    """

    def __init__(self, status_code: int, reason: str) -> None:
        super().__init__(reason)
        self.status_code = status_code
        self.reason = reason


class RequestHead:
    """A checked request line, and what the header fields say about the message."""

    #: length of the body in bytes
    content_length = 0
    #: whether the body is in chunked coding, and `content_length` unknown
    chunked = False
    #: whether the client waits for a 100 (Continue) before it sends the body
    expects_continue = False
    #: whether the connection may stay open after the response
    keep_alive = True

    def __init__(self, method: str, target: str, version: str, data: bytes, start: int) -> None:
        self.method = method
        #: path and query, or "*"
        self.target = target
        #: "1.0" or "1.1"
        self.version = version
        self.data = data
        self._start = start

    @property
    def fields(self) -> bytes:
        """The field lines, checked but not taken apart."""
        return self.data[self._start :]

    def replace_fields(self, fields: bytes) -> None:
        """Put other field lines in the place of those that were received."""
        self.data = fields
        self._start = 0


def skip_empty_lines(data: bytes) -> bytes:
    """Drop empty lines before a request line (RFC 9112 section 2.2)."""
    while data[:2] == b"\r\n" or data[:1] == b"\n":
        data = data[2 if data[:1] == b"\r" else 1 :]
    return data


def find_head_end(data: bytes) -> int:
    """Return the length of the head with its empty line, or -1 if it is not complete.

    A line may end with a lone LF (RFC 9112 section 2.2).
    """
    end = data.find(b"\n\r\n")
    short = data.find(b"\n\n")
    if short >= 0 and (end < 0 or short < end):
        return short + 2
    return end + 3 if end >= 0 else -1


def parse_request_head(head: bytes, previous: "RequestHead | None" = None) -> RequestHead:
    """Parse and check a request line and its header fields.

    :param head: the bytes up to the empty line, which may be included.
    :param previous: an earlier result; clients repeat themselves on a connection, and what
                     was checked once need not be checked again.
    :raises ProtocolError: 400, 417, 501 or 505.
    """
    if previous is not None and previous.data == head:
        return previous
    end = head.find(b"\n")
    line = head[:end] if end >= 0 else head
    method, target, version = _parse_request_line(line[:-1] if line[-1:] == b"\r" else line)
    request = RequestHead(method, target, version, head, end + 1 if end >= 0 else len(head))
    if previous is not None and previous.fields == request.fields and previous.version == version:
        request.content_length = previous.content_length
        request.chunked = previous.chunked
        request.expects_continue = previous.expects_continue
        request.keep_alive = previous.keep_alive
    else:
        _parse_fields(request)
    if target[:1] != "/":
        _resolve_target(request)
    return request


def split_fields(fields: bytes) -> "list[bytes]":
    """Split header fields into lines, which may end with a lone LF (RFC 9112 section 2.2)."""
    lines = fields.split(b"\r\n")
    if fields.count(b"\n") >= len(lines):
        lines = fields.replace(b"\r\n", b"\n").split(b"\n")
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _parse_request_line(line: bytes) -> "tuple[str, str, str]":
    """Take a request line apart (RFC 9112 section 3)."""
    parts = line.split(b" ")
    if len(parts) != 3:
        raise ProtocolError(400, "malformed request line")
    method, target, version = parts
    if not method or method.strip(_TOKEN):
        raise ProtocolError(400, "malformed method")
    if not target or min(target) <= 32 or b"\x7f" in target or b"#" in target:
        raise ProtocolError(400, "malformed request target")
    if version != b"HTTP/1.1":
        _check_version(version)
    try:
        text = target.decode()
    except ValueError:
        raise ProtocolError(400, "request target is not UTF-8") from None
    return method.decode(), text, "1.0" if version == b"HTTP/1.0" else "1.1"


def _check_version(version: bytes) -> None:
    """Refuse what is not HTTP/1.x (RFC 9110 section 2.5, RFC 9112 section 2.3)."""
    if len(version) != 8 or version[:5] != b"HTTP/" or version[6:7] != b".":
        raise ProtocolError(400, "malformed HTTP version")
    if not version[5:6].isdigit() or not version[7:].isdigit():
        raise ProtocolError(400, "malformed HTTP version")
    if version[5:6] != b"1":
        raise ProtocolError(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")


def _resolve_target(request: RequestHead) -> None:
    """Turn the other forms of a request target into a path (RFC 9112 section 3.2)."""
    target = request.target
    if target == "*":
        if request.method != "OPTIONS":
            raise ProtocolError(400, "the target * is for OPTIONS only")
        return
    if request.method == "CONNECT":
        raise ProtocolError(501, "this is not a proxy")
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        raise ProtocolError(400, "malformed request target")
    end = len(rest)
    for delimiter in "/?":
        position = rest.find(delimiter)
        if 0 <= position < end:
            end = position
    host = rest[:end].encode()
    if not host:
        raise ProtocolError(400, "request target without a host")
    _check_host(host)
    path = rest[end:]
    request.target = path if path[:1] == "/" else "/" + path
    # RFC 9112 section 3.2.2: the host of the target takes the place of the field.
    lines = [b"Host: " + host]
    lines.extend(line for line in split_fields(request.fields) if line[:5].lower() != b"host:")
    request.replace_fields(b"\r\n".join(lines))


def _parse_fields(request: RequestHead) -> None:
    """Check all field lines (RFC 9112 section 5) and apply those about the message."""
    hosts = 0
    length = None
    codings = None
    connection = b""
    for line in split_fields(request.fields):
        colon = line.find(b":")
        name = line[:colon]
        # An empty rest means a token: no space before the colon, no folded line (5.1, 5.2).
        if colon < 1 or name.strip(_TOKEN):
            raise ProtocolError(400, "malformed header field")
        if (min(line) < 32 and _has_control(line)) or b"\x7f" in line:
            raise ProtocolError(400, "control character in a header field")
        if name[0] not in b"hHcCtTeE":
            continue
        name = name.lower()
        value = line[colon + 1 :].strip(b" \t")
        if name == b"host":
            hosts += 1
            _check_host(value)
        elif name == b"connection":
            connection += value.lower() + b","
        elif name == b"content-length":
            if length is not None:
                raise ProtocolError(400, "more than one Content-Length")
            length = value
        elif name == b"transfer-encoding":
            codings = value if codings is None else codings + b"," + value
        elif name == b"expect" and request.version == "1.1":
            # RFC 9110 section 10.1.1
            if value.lower() != b"100-continue":
                raise ProtocolError(417, "unknown expectation")
            request.expects_continue = True
    if hosts > 1 or (not hosts and request.version == "1.1"):
        raise ProtocolError(400, "there must be one Host header")  # RFC 9112 section 3.2
    if length is not None or codings is not None:
        _parse_framing(request, length, codings)
    _parse_connection(request, connection)


def _has_control(line: bytes) -> bool:
    """Look for what RFC 9110 section 5.5 forbids: all control characters but the tabulator."""
    return any(byte < 32 and byte != 9 for byte in line)


def _check_host(host: bytes) -> None:
    if host.strip(_HOST):
        raise ProtocolError(400, "malformed Host")


def _parse_framing(request: RequestHead, length: "bytes | None", codings: "bytes | None") -> None:
    """Find out how long the body is (RFC 9112 section 6)."""
    if codings is None:
        # 15 digits: what a double holds exactly, and more than any body.
        if not length or length.strip(b"0123456789") or len(length) > 15:
            raise ProtocolError(400, "malformed Content-Length")
        request.content_length = int(length)
        return
    # Both, or a coding that HTTP/1.0 does not know, are how requests are smuggled (6.1, 6.3).
    if length is not None:
        raise ProtocolError(400, "both Transfer-Encoding and Content-Length")
    if request.version != "1.1":
        raise ProtocolError(400, "Transfer-Encoding in an HTTP/1.0 request")
    names = [name.strip(b" \t").lower() for name in codings.split(b",")]
    if names[-1] != b"chunked" or b"chunked" in names[:-1] or b"" in names:
        known = b"chunked" in names or b"" in names or names[-1] in (b"gzip", b"deflate")
        raise ProtocolError(400 if known else 501, "malformed or unknown Transfer-Encoding")
    if len(names) > 1:
        raise ProtocolError(501, "only the chunked transfer coding is understood")
    request.chunked = True


def _parse_connection(request: RequestHead, connection: bytes) -> None:
    """Decide whether the connection persists (RFC 9112 section 9.3)."""
    options = [option.strip(b" \t") for option in connection.split(b",")] if connection else ()
    request.keep_alive = b"close" not in options and (
        request.version == "1.1" or b"keep-alive" in options
    )


class LengthDecoder:
    """Cuts a body of known length out of what arrives (RFC 9112 section 6.3).

    :param length: its length in bytes.
    """

    #: what arrived after the body
    rest = b""

    def __init__(self, length: int) -> None:
        self.remaining = length
        #: whether the body is complete
        self.done = length == 0

    def feed(self, data: bytes) -> bytes:
        """Take what arrived and return the part of it that is the body's."""
        body = data
        if len(data) >= self.remaining:
            body = data[: self.remaining]
            self.rest = data[self.remaining :]
            self.done = True
        self.remaining -= len(body)
        return body


class ChunkedDecoder:
    """Decodes a body in chunked coding (RFC 9112 section 7.1)."""

    #: what arrived after the body
    rest = b""
    #: whether the body is complete
    done = False
    remaining = 0

    def __init__(self) -> None:
        self._line = b""  # a line that is not complete yet
        self._step = self._size
        self._trailers = 0

    def feed(self, data: bytes) -> bytes:
        """Take what arrived and return the bytes of the body that it holds.

        :raises ProtocolError: 400 if the coding is broken.
        """
        body = []
        while data and not self.done:
            if self.remaining:
                part = data[: self.remaining]
                body.append(part)
                self.remaining -= len(part)
                data = data[len(part) :]
                continue
            end = data.find(b"\n")
            line = self._line + (data if end < 0 else data[: end + 1])
            if len(line) > MAX_CHUNK_LINE:
                raise ProtocolError(400, "line of the chunked coding is too long")
            if end < 0:
                self._line = line
                break
            self._line = b""
            data = data[end + 1 :]
            # A lone LF must not end these lines: proxies differ about it.
            if line[-2:] != b"\r\n":
                raise ProtocolError(400, "malformed line in the chunked coding")
            self._step(line[:-2])
        if self.done:
            self.rest = data
        return body[0] if len(body) == 1 else b"".join(body)

    def _size(self, line: bytes) -> None:
        """Take the line before a chunk; extensions are dropped (section 7.1.1)."""
        size, semicolon, extension = line.partition(b";")
        if semicolon:
            size = size.strip(b" \t")
        if not 0 < len(size) < 16 or size.strip(_HEXADECIMAL) or _has_control(extension):
            raise ProtocolError(400, "malformed chunk size")
        self.remaining = int(size, 16)
        self._step = self._end if self.remaining else self._trailer

    def _end(self, line: bytes) -> None:
        """Take the line end after a chunk."""
        if line:
            raise ProtocolError(400, "chunk is longer than its size")
        self._step = self._size

    def _trailer(self, line: bytes) -> None:
        """Drop a trailer field (section 7.1.2); the empty line ends the body."""
        self._trailers += len(line)
        if not line:
            self.done = True
        elif self._trailers > MAX_TRAILERS or _has_control(line):
            raise ProtocolError(400, "malformed trailer section")


def encode_chunk(data: bytes) -> bytes:
    """Encode one chunk (RFC 9112 section 7.1). No data makes the last chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def reason_phrase(status_code: int) -> str:
    """Return the reason phrase of a status (RFC 9110 section 15), or an empty string."""
    start = _REASONS.find(str(status_code) + " ")
    if start < 0:
        return ""
    return _REASONS[start + 4 : _REASONS.find("\n", start)]


def encode_response_head(
    version: str, status_code: int, reason: "str | None", lines: "list[str]"
) -> bytes:
    """Encode a status line, header lines, and the empty line (RFC 9112 section 4).

    :param version: "1.0" or "1.1".
    :param reason: the reason phrase; None for the usual one.
    :param lines: the header lines, like `"Name: value"`; the list is used up.
    :raises ValueError: if anything in it would break a line (RFC 9110 section 5.5).
    """
    if not 100 <= status_code <= 999:
        raise ValueError("not an HTTP status: " + str(status_code))
    if status_code == 200 and version == "1.1" and reason is None:
        status_line = "HTTP/1.1 200 OK"
    else:
        if reason is None:
            reason = reason_phrase(status_code)
        status_line = "HTTP/" + version + " " + str(status_code) + " " + reason
    lines.insert(0, status_line)
    lines.append("")
    text = "\r\n".join(lines)
    ends = len(lines) - 1
    if text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
        raise ValueError("a response header holds CR, LF or NUL")
    return (text + "\r\n").encode()
