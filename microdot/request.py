"""The request as handlers see it. Most of it is parsed when it is first asked for."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .datastructures import MultiDict, NoCaseDict
    from .http1 import RequestHead


class Request:
    """An HTTP request.

    :param app: the application that handles it.
    :param client_addr: the client's address, a tuple of host and port.
    :param method: the method, in capitals.
    :param url: the path with the query string.
    :param http_version: `"1.0"` or `"1.1"`.
    :param headers: a mapping.
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

    # Set by `fields.parse` when they are first asked for:

    #: the application
    app: "Any"
    #: the client's address
    client_addr: "Any"
    #: path and query string, as they were sent
    url: str
    #: what follows the question mark, None if there is none
    query_string: "str | None"
    #: "1.0" or "1.1"
    http_version: str
    #: the header fields; their names have no case
    headers: "NoCaseDict"
    #: the arguments of the query string; ProtocolError 400 if they are not properly encoded
    args: "MultiDict"
    #: the cookies; values are not unquoted
    cookies: "dict[str, str]"
    #: the body parsed as JSON; None if its type is not `application/json`
    json: "Any"
    #: the fields of a form; None if the body is none
    form: "Any"
    #: the Content-Type header
    content_type: "str | None"
    #: the body as a stream with `read()`, which ends where the body ends
    stream: "Any"
    #: an object for what the application wants to keep with this request
    g: "Any"

    #: the files of a multipart form; None unless the handler parses one
    files: "Any" = None
    #: the length of the body in bytes; 0 if it is not known
    content_length = 0
    body_used = False
    scheme = "http"
    #: the connection
    sock: "Any" = None
    #: the mounted application that the route belongs to
    subapp: "Any" = None
    #: the handler that was found
    route: "Callable[..., Any] | None" = None
    #: the prefix of the mounted application
    url_prefix = ""
    #: the body; empty if it is longer than `max_body_length`
    body = b""
    _form: "Any" = None
    _g: "Any" = None
    _fields: "Any"
    _after_request_handlers: "list[Callable[..., Any]] | None" = None

    def __init__(
        self,
        app: "Any",
        client_addr: "Any",
        method: str,
        url: str,
        http_version: str,
        headers: "Mapping[str, str]",
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
        self._set_path(url)
        self._fields = headers
        if body:
            self.body = body
        if headers:
            self.content_length = int(self.headers.get("Content-Length", 0))
        if stream is not None:
            self.stream = stream
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

    @classmethod
    def received(
        cls, head: "RequestHead", connection: "Any", body: "Any", length: int
    ) -> "Request":
        """Make the request of a head; its attributes are set when they are first asked for.

        :param head: the checked head.
        :param connection: the server's connection.
        :param body: the body as bytes, or as a stream.
        :param length: the length of the body.
        :raises ValueError: if the path is not properly encoded.
        """
        request: Request = object.__new__(cls)
        request._fields = head
        request.method = head.method
        request._set_path(head.target)
        request.sock = connection
        if length:
            request.content_length = length
            if isinstance(body, bytes):
                request.body = body
            else:
                request.stream = body
        return request

    def _set_path(self, url: str) -> None:
        mark = url.find("?")
        path = url[:mark] if mark >= 0 else url
        if "%" in path:
            from .coding import percent_decode

            path = percent_decode(path)
        #: the path, percent-decoded
        self.path = path

    def __getattr__(self, name: str) -> "Any":
        if name[:1] == "_":
            raise AttributeError(name)
        from .fields import parse

        value = parse(self, name)
        setattr(self, name, value)
        return value

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

    def after_request(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Run a function after this request, and after all other such functions.

        :param f: called with the request and the response; may return another response.
        """
        if self._after_request_handlers is None:
            self._after_request_handlers = []
        self._after_request_handlers.append(f)
        return f
