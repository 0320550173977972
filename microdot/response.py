"""Responses, and how their bodies become bytes."""

from .compat import http_date, json_dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from .datastructures import NoCaseDict
    from .streams import BodyIterator

_JSON_TYPE = "application/json; charset=UTF-8"


class Response:
    """An HTTP response.

    :param body: text, bytes, a dict or list (sent as JSON), a file, or a generator or
                 iterator, plain or asynchronous, of text or bytes.
    :param status_code: the status.
    :param headers: a mapping; a list as a value gives several lines of that name.
    :param reason: the reason phrase; by default the usual one of the status.
    """

    #: Content types of file name extensions, for `send_file`.
    types_map = {  # noqa: RUF012
        "css": "text/css",
        "gif": "image/gif",
        "html": "text/html",
        "jpg": "image/jpeg",
        "js": "application/javascript",
        "json": "application/json",
        "png": "image/png",
        "txt": "text/plain",
        "svg": "image/svg+xml",
    }
    #: Bytes that are read at once from a file.
    send_file_buffer_size = 1024
    #: Content type of responses that set none.
    default_content_type: "str | None" = "text/plain"
    #: `max_age` of files, unless `send_file` is called with another; in seconds.
    default_send_file_max_age: "int | None" = None
    #: Return this from a handler that has answered on the connection itself.
    already_handled: "Response"

    reason: "str | None" = None
    is_head = False
    _headers: "NoCaseDict | None" = None  # made when something is put in
    _json = False  # whether the body was made JSON

    def __init__(
        self,
        body: "Any" = b"",
        status_code: int = 200,
        headers: "dict[str, Any] | None" = None,
        reason: "str | None" = None,
    ) -> None:
        if body is None and status_code == 200:
            body = b""
            status_code = 204
        self.status_code = status_code
        if reason is not None:
            self.reason = reason
        if headers:
            self.headers = headers
        if isinstance(body, (dict, list)):
            body = json_dumps(body)
            self._json = True
        self.body: Any = body.encode() if isinstance(body, str) else body

    def set_cookie(
        self,
        cookie: str,
        value: str,
        path: "str | None" = None,
        domain: "str | None" = None,
        expires: "str | datetime | None" = None,
        max_age: "int | None" = None,
        secure: bool = False,
        http_only: bool = False,
        partitioned: bool = False,
        same_site: "str | None" = None,
    ) -> None:
        """Add a Set-Cookie header (RFC 6265 section 4.1).

        :param cookie: the cookie's name.
        :param value: its value, which is not quoted.
        :param path: only for paths that begin with this.
        :param domain: also for the hosts of this domain.
        :param expires: when it ends: a `datetime`, or the text of the attribute.
        :param max_age: how long it lasts, in seconds.
        :param secure: only over HTTPS.
        :param http_only: not for scripts.
        :param partitioned: one for each top-level site.
        :param same_site: `"Lax"`, `"Strict"` or `"None"`.
        :raises ValueError: if anything in it would end the cookie or the header.
        """
        parts = [cookie + "=" + value]
        if path:
            parts.append("Path=" + path)
        if domain:
            parts.append("Domain=" + domain)
        if expires:
            if not isinstance(expires, str):
                expires = http_date(expires.utctimetuple())
            parts.append("Expires=" + expires)
        if max_age is not None:
            parts.append("Max-Age=" + str(max_age))
        if secure:
            parts.append("Secure")
        if http_only:
            parts.append("HttpOnly")
        if partitioned:
            parts.append("Partitioned")
        if same_site:
            parts.append("SameSite=" + same_site)
        for part in parts:
            if ";" in part or "\r" in part or "\n" in part:
                raise ValueError("a cookie must not contain ';' or line ends")
        self._add_header("Set-Cookie", "; ".join(parts))

    def delete_cookie(self, cookie: str, **kwargs: "Any") -> None:
        """Add a Set-Cookie header that makes the client forget a cookie.

        :param cookie: the cookie's name.
        :param kwargs: what `set_cookie` was called with; value, expiry and age are not used.
        """
        kwargs.pop("expires", None)
        kwargs.pop("max_age", None)
        self.set_cookie(cookie, "", expires="Thu, 01 Jan 1970 00:00:01 GMT", max_age=0, **kwargs)

    def _add_header(self, name: str, value: str) -> None:
        values = self.headers.get(name)
        if isinstance(values, list):
            values.append(value)
        else:
            self.headers[name] = [value] if values is None else [values, value]

    @property
    def headers(self) -> "NoCaseDict":
        """The header fields, as a dictionary whose keys have no case."""
        headers = self._headers
        if headers is None:
            self.headers = {}
            headers = self._headers
            assert headers is not None
        if self._json:
            self._json = False
            headers.setdefault("Content-Type", _JSON_TYPE)
        return headers

    @headers.setter
    def headers(self, headers: "dict[str, Any]") -> None:
        from .datastructures import NoCaseDict

        self._headers = NoCaseDict(headers)

    def complete(self) -> None:
        """Add the headers that follow from the body: Content-Length and Content-Type."""
        headers = self.headers
        if isinstance(self.body, (bytes, bytearray)) and "Content-Length" not in headers:
            headers["Content-Length"] = str(len(self.body))
        if "Content-Type" not in headers and self.default_content_type:
            headers["Content-Type"] = self.default_content_type + "; charset=UTF-8"

    def header_lines(self, but: "tuple[str, ...]" = ()) -> "list[str]":
        """Return the header lines, a list of values as several.

        :param but: names to leave out, in lower case.
        """
        lines: list[str] = []
        if self._headers is not None:
            for name, value in self.headers.items():
                if but and name.lower() in but:
                    continue
                if isinstance(value, list):
                    lines.extend([name + ": " + str(item) for item in value])
                else:
                    lines.append(name + ": " + str(value))
        content_type = self.content_type()
        if content_type and "Content-Type" not in (self._headers or ()):
            lines.append("Content-Type: " + content_type)
        return lines

    def content_type(self) -> "str | None":
        """Return the type of the body, if the headers do not say it."""
        if self._json:
            return _JSON_TYPE
        kind = self.default_content_type
        return kind + "; charset=UTF-8" if kind else None

    async def write(self, stream: "Any") -> None:
        """Write the response as HTTP/1.0 to a stream that has `awrite(data)`.

        The server does not use this: it writes HTTP/1.1.
        """
        from .http1 import encode_response_head

        self.complete()
        await stream.awrite(
            encode_response_head("1.0", self.status_code, self.reason, self.header_lines())
        )
        if not self.is_head:
            async for chunk in self.body_iter():
                await stream.awrite(chunk)

    def body_iter(self) -> "BodyIterator":
        """Iterate over the body as bytes, and close it at its end."""
        from .streams import BodyIterator

        return BodyIterator(self.body, self.send_file_buffer_size)

    @classmethod
    def redirect(cls, location: str, status_code: int = 302) -> "Response":
        """Make a redirect.

        :param location: the URL to go to, which is not checked for leaving the site.
        :param status_code: 301, 302, 303, 307 or 308.
        :raises ValueError: if the URL would end the header.
        """
        if "\r" in location or "\n" in location:
            raise ValueError("a URL must not contain line ends")
        return cls(status_code=status_code, headers={"Location": location})

    @classmethod
    def send_file(
        cls,
        filename: str,
        status_code: int = 200,
        content_type: "str | None" = None,
        stream: "Any" = None,
        max_age: "int | None" = None,
        compressed: "bool | str" = False,
        file_extension: str = "",
    ) -> "Response":
        """Make a response of a file. Do not call it with a name that a client gave.

        :param filename: the file.
        :param status_code: the status.
        :param content_type: its type; by default that of its extension.
        :param stream: read from this open file instead.
        :param max_age: how long clients may keep it, in seconds.
        :param compressed: True if it is compressed with gzip, or the coding's name.
        :param file_extension: added to the name to open it, but not to find its type.
        :raises OSError: if the file cannot be opened.
        """
        if content_type is None:
            name = filename
            if compressed and name.endswith(".gz"):
                name = name[:-3]
            extension = name.rsplit(".", 1)[-1]
            content_type = cls.types_map.get(extension, "application/octet-stream")
        headers = {"Content-Type": content_type}
        if max_age is None:
            max_age = cls.default_send_file_max_age
        if max_age is not None:
            headers["Cache-Control"] = "max-age=" + str(max_age)
        if compressed:
            headers["Content-Encoding"] = compressed if isinstance(compressed, str) else "gzip"
        if stream is None:
            stream = open(filename + file_extension, "rb")  # noqa: SIM115 (closed when sent)
        return cls(body=stream, status_code=status_code, headers=headers)


Response.already_handled = Response()
