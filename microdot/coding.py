"""Percent-encoding and query strings. Loaded when something encoded is first met."""

from binascii import unhexlify

from .datastructures import MultiDict

_SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/!*'():;@$,"


def percent_decode(text: "str | bytes") -> str:
    """Decode `%XX` (RFC 3986 section 2.1); a percent sign at the end stays as it is.

    :raises ValueError: for what is not two hexadecimal digits, or is not UTF-8 then.
    """
    data = text.encode() if isinstance(text, str) else text
    first, *rest = data.split(b"%")
    decoded = [first]
    for part in rest:
        if part:
            decoded.append(unhexlify(part[:2] if len(part) > 1 else b"0" + part))
            decoded.append(part[2:])
        else:
            decoded.append(b"%")
    return b"".join(decoded).decode()


def urldecode(text: "str | bytes") -> str:
    """Decode a name or a value of a query string or of a form: `%XX`, and `+` for a space.

    :raises ValueError: for what is not two hexadecimal digits, or is not UTF-8 then.
    """
    if isinstance(text, bytes):
        text = text.decode()
    if "+" in text:
        text = text.replace("+", " ")
    return percent_decode(text) if "%" in text else text


def urlencode(text: str) -> str:
    """Encode a value for a query string or a form; the opposite of `urldecode`."""
    encoded = []
    for byte in text.encode():
        if byte in _SAFE:
            encoded.append(chr(byte))
        else:
            encoded.append("+" if byte == 32 else "%%%02X" % byte)  # noqa: UP031
    return "".join(encoded)


def parse_query(text: "str | bytes") -> MultiDict:
    """Parse a query string or an urlencoded form (URL Standard section 5.1).

    :raises ValueError: see `urldecode`.
    """
    values = MultiDict()
    if isinstance(text, bytes):
        text = text.decode()
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if pair:
            values[urldecode(name)] = urldecode(value)
    return values
