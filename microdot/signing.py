"""Signed tokens: JSON Web Tokens with HMAC-SHA-256 (RFC 7519, RFC 2104).

The same code runs on CPython and on MicroPython, which has neither `hmac` nor `base64`: a
token that one signed is good on the other.
"""

import time
from binascii import a2b_base64, b2a_base64
from hashlib import sha256
from json import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BLOCK = 64  # of SHA-256, in bytes
# {"alg":"HS256","typ":"JWT"}
_HEADER = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
# The clocks of some devices count from 2000, not from 1970.
_EPOCH = 946684800 if time.gmtime(0)[0] == 2000 else 0
# 2024; a clock that says less was never set.
_PLAUSIBLE = 1704067200


def unix_time() -> int:
    """Return the seconds since 1970, or 0 while the clock of the device was never set."""
    now = int(time.time()) + _EPOCH
    return now if now >= _PLAUSIBLE else 0


def compare_digest(a: bytes, b: bytes) -> bool:
    """Compare secrets in a time that tells nothing but their lengths."""
    difference = len(a) ^ len(b)
    for x, y in zip(a, b):  # noqa: B905 (MicroPython knows no `strict`)
        difference |= x ^ y
    return not difference


def b64url_encode(data: bytes) -> bytes:
    """Encode as base64url without padding (RFC 7515 section 2)."""
    return b2a_base64(data).rstrip(b"=\n").replace(b"+", b"-").replace(b"/", b"_")


def b64url_decode(data: bytes) -> bytes:
    """Decode base64url without padding.

    :raises ValueError: if it is none.
    """
    data = data.replace(b"-", b"+").replace(b"_", b"/")
    return a2b_base64(data + b"==="[: -len(data) % 4])


class Signer:
    """Signs messages and tokens with a key.

    :param key: the key, at least 32 random bytes (RFC 7518 section 3.2).
    :raises ValueError: if it is empty.
    """

    def __init__(self, key: "str | bytes") -> None:
        if not key:
            raise ValueError("The secret key is not configured")
        data = key.encode() if isinstance(key, str) else key
        if len(data) > _BLOCK:
            data = sha256(data).digest()
        data += bytes(_BLOCK - len(data))
        self._inner = bytes([byte ^ 0x36 for byte in data])
        self._outer = bytes([byte ^ 0x5C for byte in data])

    def mac(self, message: bytes) -> bytes:
        """Return the HMAC-SHA-256 of a message (RFC 2104)."""
        inner = sha256(self._inner)
        inner.update(message)
        outer = sha256(self._outer)
        outer.update(inner.digest())
        return outer.digest()

    def sign(self, payload: "dict[str, Any]", max_age: "int | None" = None) -> str:
        """Make a token.

        :param payload: what JSON can hold.
        :param max_age: how long it is valid, in seconds; needs a clock that is set.
        """
        now = unix_time()
        if max_age is not None and now:
            payload = payload.copy()  # dict() takes no subclass on MicroPython
            payload["exp"] = now + max_age
        message = _HEADER + b"." + b64url_encode(dumps(payload, separators=(",", ":")).encode())
        return (message + b"." + b64url_encode(self.mac(message))).decode()

    def verify(self, token: str, expires: bool = False) -> "dict[str, Any] | None":
        """Return the payload of a token, or None if it is forged, malformed or expired.

        While the clock was never set nothing expires.

        :param expires: whether to refuse tokens that never expire.
        """
        message, _, signature = token.encode().rpartition(b".")
        try:
            if not compare_digest(self.mac(message), b64url_decode(signature)):
                return None
            header, _, body = message.partition(b".")
            # RFC 8725 section 3.1: the algorithm is ours to choose, not the token's.
            if header != _HEADER and loads(b64url_decode(header))["alg"] != "HS256":
                return None
            payload: dict[str, Any] = loads(b64url_decode(body))
            now = unix_time()
            end = payload.get("exp")
            valid = not now or (not expires if end is None else end > now)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
        return payload if valid else None
