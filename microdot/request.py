"""The request as handlers see it. Most of it is parsed when it is first asked for."""

from .compat import json_loads
from .datastructures import MultiDict, NoCaseDict
from .http1 import ProtocolError, split_fields
from .urls import parse_query, percent_decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def decode_field(value: bytes) -> str:
    """Decode a header value: UTF-8, or ISO-8859-1 where it is not (RFC 9110 section 5.5)."""
    try:
        return value.decode()
    except ValueError:
        return "".join([chr(byte) for byte in value])


def parse_fields(data: bytes) -> NoCaseDict:
    """Make a dictionary of field lines; of a field that is repeated the last one counts."""
    fields = NoCaseDict()
    for line in split_fields(data):
        name, _, value = line.partition(b":")
        fields[name.decode()] = decode_field(value.strip(b" \t"))
    return fields


def _parse_query(text: "str | bytes") -> MultiDict:
    try:
        return parse_query(text)
    except ValueError:
        raise ProtocolError(400, "Bad request") from None


class Request:
    """An HTTP request.

    :param app: the application that handles it.
    :param client_addr: the client's address, a tuple of host and port.
    :param method: the method, in capitals.
    :param url: the path with the query string.
    :param http_version: `"1.0"` or `"1.1"`.
    :param headers: a mapping; the server passes field lines instead.
    :param body: the body, if it was read already.
    :param stream: an object with `read()` for a body that was not.
    :param sock: the connection's reader and writer.
    :param url_prefix: prefix of the mounted application.
    :param subapp: the mounted application.
    :param scheme: `"http"` (the default) or `"https"`.
    :param route: the handler that was found for it.
    """

    #: Largest body that is accepted, in bytes; a larger one is answered with 413.
    max_content_length = 16 * 1024
    #: Largest body that is read into memory; of a larger one there is only `stream`.
    max_body_length = 16 * 1024
    #: Longest request line in bytes; a longer one is answered with 414.
    max_readline = 2 * 1024

    class G:
        """An empty object, for what the application wants to keep with a request."""

        _vary: "set[str]"

    body_used = False
    scheme = "http"
    sock: "Any" = None
    subapp: "Any" = None
    route: "Callable[..., Any] | None" = None
    url_prefix = ""
    # What is None is made when it is first asked for.
    _body: "bytes | None" = None
    _stream: "Any" = None
    _fields: "NoCaseDict | None" = None
    _args: "MultiDict | None" = None
    _cookies: "dict[str, str] | None" = None
    _json: "Any" = None
    _form: "Any" = None
    _files: "Any" = None
    _g: "Any" = None
    _content_length: "int | None" = None
    _after_request_handlers: "list[Callable[..., Any]] | None" = None

    def __init__(
        self,
        app: "Any",
        client_addr: "Any",
        method: str,
        url: str,
        http_version: str,
        headers: "Mapping[str, str] | bytes",
        body: "bytes | None" = None,
        stream: "Any" = None,
        sock: "Any" = None,
        url_prefix: str = "",
        subapp: "Any" = None,
        scheme: "str | None" = None,
        route: "Callable[..., Any] | None" = None,
    ) -> None:
        self.app = app
        self.client_addr = client_addr
        self.method = method
        self.url = url
        self.http_version = http_version
        path, mark, query = url.partition("?")
        #: the path, percent-decoded
        self.path = percent_decode(path) if "%" in path else path
        self.query_string = query if mark else None
        self._headers = headers
        if body is not None:
            self._body = body
        if stream is not None:
            self._stream = stream
        if sock is not None:
            self.sock = sock
        if url_prefix:
            self.url_prefix = url_prefix
        if subapp is not None:
            self.subapp = subapp
        if scheme is not None:
            self.scheme = scheme
        if route is not None:
            self.route = route

    @staticmethod
    async def create(
        app: "Any", client_reader: "Any", client_writer: "Any", client_addr: "Any",
        scheme: "str | None" = None,
    ) -> "Request | None":  # fmt: skip
        """Read a request from a stream that has `readline()` and `readexactly(n)`.

        The server does not use this; it is for those who have a connection of their own.

        :returns: the request, or None if the stream ended before it.
        :raises ValueError: if what was read is not an HTTP request.
        """
        from .streams import read_request

        return await read_request(app, client_reader, client_writer, client_addr, scheme)

    @property
    def headers(self) -> "Any":
        """The header fields, as a dictionary whose keys have no case."""
        fields = self._fields
        if fields is None:
            headers = self._headers
            if isinstance(headers, NoCaseDict):
                fields = headers
            elif isinstance(headers, bytes):
                fields = parse_fields(headers)
            else:
                fields = NoCaseDict(dict(headers))
            self._fields = fields
        return fields

    @property
    def content_length(self) -> int:
        """The length of the body in bytes, 0 if it is not known.

        :raises ValueError: if the client sent something else than a number.
        """
        if self._content_length is None:
            self._content_length = int(self.headers.get("Content-Length", 0))
        return self._content_length

    @property
    def content_type(self) -> "str | None":
        """The Content-Type header, or None."""
        value: str | None = self.headers.get("Content-Type")
        return value

    @property
    def args(self) -> MultiDict:
        """The arguments of the query string.

        :raises ProtocolError: 400 if they are not properly encoded.
        """
        if self._args is None:
            self._args = _parse_query(self.query_string or "")
        return self._args

    @property
    def cookies(self) -> "dict[str, str]":
        """The cookies; values are not unquoted."""
        if self._cookies is None:
            self._cookies = {}
            header = self.headers.get("Cookie")
            if header is not None:
                for cookie in header.split(";"):
                    name, _, value = cookie.partition("=")
                    self._cookies[name.strip()] = value.strip()
        return self._cookies

    @property
    def g(self) -> "Any":
        """An object for what the application wants to keep with this request."""
        if self._g is None:
            self._g = self.G()
        return self._g

    @property
    def body(self) -> bytes:
        """The body; empty if it is longer than `max_body_length`."""
        return self._body or b""

    @property
    def stream(self) -> "Any":
        """The body as a stream with `read()`, which ends where the body ends."""
        if self._stream is None:
            from .streams import AsyncBytesIO

            self._stream = AsyncBytesIO(self.body)
        return self._stream

    def _has_type(self, mime_type: str) -> bool:
        content_type = self.content_type
        return content_type is not None and content_type.partition(";")[0].strip() == mime_type

    @property
    def json(self) -> "Any":
        """The body parsed as JSON, or None if its type is not `application/json`.

        :raises ValueError: if it is not JSON.
        """
        if self._json is None and self._has_type("application/json"):
            self._json = json_loads(self.body)
        return self._json

    @property
    def form(self) -> "Any":
        """The fields of a form, or None if the body is none.

        :raises ProtocolError: 400 if they are not properly encoded.
        """
        if self._form is None and self._has_type("application/x-www-form-urlencoded"):
            self._form = _parse_query(self.body)
        return self._form

    @property
    def files(self) -> "Any":
        """The files of a multipart form; None unless the handler parses one."""
        return self._files

    def after_request(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Run a function after this request, and after all other such functions.

        :param f: called with the request and the response; may return another response.
        """
        if self._after_request_handlers is None:
            self._after_request_handlers = []
        self._after_request_handlers.append(f)
        return f
