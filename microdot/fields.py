"""What of a request is parsed when it is first asked for. Loaded then."""

from .coding import parse_query
from .compat import json_loads
from .datastructures import MultiDict, NoCaseDict
from .http1 import ProtocolError, RequestHead, split_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .request import Request


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


class G:
    """An empty object, for what the application wants to keep with a request."""


def parse(request: "Request", name: str) -> "Any":
    """Parse a part of a request.

    :param name: the attribute of `Request`.
    :raises AttributeError: if there is none of that name.
    :raises ProtocolError: 400 if the part is not properly encoded.
    :raises ValueError: if JSON or a length is malformed.
    """
    if name == "headers":
        return _headers(request)
    if name == "args":
        return _query(request.query_string or "")
    if name == "cookies":
        return _cookies(request.headers.get("Cookie"))
    if name == "json":
        return json_loads(request.body) if _has_type(request, "application/json") else None
    if name == "form":
        if request._form is None and _has_type(request, "application/x-www-form-urlencoded"):
            return _query(request.body)
        return request._form
    if name in ("url", "query_string"):
        url = request._fields.target if name == "url" else request.url
        return url if name == "url" else (url.partition("?")[2] if "?" in url else None)
    if name == "http_version":
        return request._fields.version
    if name == "client_addr":
        return request.sock.peer
    if name == "app":
        return request.sock.server.app
    if name == "content_type":
        return request.headers.get("Content-Type")
    if name == "stream":
        from .streams import AsyncBytesIO

        return AsyncBytesIO(request.body)
    if name == "g":
        request._g = G()
        return request._g
    raise AttributeError(name)


def _headers(request: "Request") -> NoCaseDict:
    fields = request._fields
    if isinstance(fields, RequestHead):
        return parse_fields(fields.fields)
    return fields if isinstance(fields, NoCaseDict) else NoCaseDict(dict(fields))


def _query(text: "str | bytes") -> MultiDict:
    try:
        return parse_query(text)
    except ValueError:
        raise ProtocolError(400, "Bad request") from None


def _cookies(header: "str | None") -> "dict[str, str]":
    cookies: dict[str, str] = {}
    if header is not None:
        for cookie in header.split(";"):
            name, _, value = cookie.partition("=")
            cookies[name.strip()] = value.strip()
    return cookies


def _has_type(request: "Request", mime_type: str) -> bool:
    content_type = request.content_type
    return content_type is not None and content_type.partition(";")[0].strip() == mime_type
