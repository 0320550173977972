"""Digest authentication with SHA-256 (RFC 7616)."""

import os
import time
from binascii import hexlify
from hashlib import sha256

from .auth import BaseAuth
from .compat import invoke_handler
from .parameters import parse_parameters
from .signing import Signer, b64url_encode, compare_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .request import Request

    Handler = TypeVar("Handler", bound=Callable[..., Any])

# How many requests with one nonce may overtake each other.
_WINDOW = 24


def _hash(*parts: str) -> str:
    return hexlify(sha256(":".join(parts).encode()).digest()).decode()


class DigestAuth(BaseAuth):
    """Digest authentication: passwords are never sent, nor need the server store them.

    It offers the algorithm SHA-256 with the quality of protection "auth" only. A request
    that was sent once is refused when somebody sends it again. The user is the user name.

    :param realm: what the user is asked to log in to, part of what is hashed.
    :param error_status: the status for those who are not authenticated.
    :param use_ha1_pw: whether passwords are kept as made by `generate_ha1`.
    """

    #: Seconds that a nonce can be used; clients get a new one without asking the user.
    nonce_lifetime = 300
    #: How many nonces that are in use are remembered.
    max_nonces = 32

    def __init__(
        self, realm: str = "Please login", error_status: int = 401, use_ha1_pw: bool = False
    ) -> None:
        super().__init__("Authorization", "Digest", error_status)
        self.realm = realm
        self.use_ha1_pw = use_ha1_pw
        self._signer = Signer(os.urandom(32))
        self._issued = 0  # how many nonces were
        # By nonce: its number, the highest count, and the counts seen below it.
        self._uses: dict[str, tuple[int, int, int]] = {}
        self._forgotten = 0  # nonces up to this number are not good for a first use

    def get_password(self, f: "Handler") -> "Handler":
        """Decorate the function that finds the password of a user.

        :param f: called with the request and the user name; returns the password, or what
                  `generate_ha1` made of it, or None if there is no such user.
        """
        return self.authenticate(f)

    def generate_ha1(self, username: str, password: str) -> str:
        """Return what can be kept instead of the password; it is good for this realm only."""
        return _hash(username, self.realm, password)

    async def _find_user(self, request: "Request", credentials: str) -> "Any":
        fields = parse_parameters(credentials, ",")
        username = fields.get("username", "")
        if (
            fields.get("algorithm", "").upper() != "SHA-256"
            or fields.get("qop") != "auth"
            or fields.get("realm") != self.realm
            or fields.get("uri") != request.url  # section 3.4.6
        ):
            return None
        secret = await invoke_handler(self._callback, request, username)
        if secret is None:
            return None
        ha1 = secret if self.use_ha1_pw else self.generate_ha1(username, secret)
        nonce, count = fields.get("nonce", ""), fields.get("nc", "")
        expected = _hash(
            ha1, nonce, count, fields.get("cnonce", ""), "auth", _hash(request.method, request.url)
        )
        if not compare_digest(expected.encode(), fields.get("response", "").encode()):
            return None
        if not self._is_new(nonce, count):
            request.g._stale = True
            return None
        return username

    def _challenge(self, request: "Request") -> str:
        return (
            'Digest realm="{}", qop="auth", algorithm=SHA-256, charset=UTF-8, nonce="{}"{}'.format(
                self.realm,
                self._make_nonce(),
                ", stale=true" if hasattr(request.g, "_stale") else "",
            )
        )

    def _make_nonce(self) -> str:
        # Nothing is remembered of a nonce until it is used with the right password.
        self._issued += 1
        body = b"%x.%x" % (int(time.time()), self._issued)
        return (body + b"." + b64url_encode(self._signer.mac(body))).decode()

    def _is_new(self, nonce: str, count: str) -> bool:
        """Tell whether a nonce is valid and was not used with this count before."""
        body, _, signature = nonce.encode().rpartition(b".")
        if not compare_digest(b64url_encode(self._signer.mac(body)), signature):
            return False
        try:
            number = int(count, 16)
        except ValueError:
            return False
        issued, _, serial = body.partition(b".")
        serial_number = int(serial, 16)
        if not 0 <= int(time.time()) - int(issued, 16) <= self.nonce_lifetime:
            return False
        if nonce not in self._uses:
            if serial_number <= self._forgotten:
                return False
            if len(self._uses) >= self.max_nonces:
                self._forget_one()
        _, highest, seen = self._uses.get(nonce, (0, 0, 0))
        step = number - highest
        if step > 0:
            seen = (seen << min(step, _WINDOW) | 1) & ((1 << _WINDOW) - 1)
            highest = number
        elif step <= -_WINDOW or seen >> -step & 1:
            return False
        else:
            seen |= 1 << -step
        self._uses[nonce] = (serial_number, highest, seen)
        return True

    def _forget_one(self) -> None:
        """Forget the oldest nonce, and never accept it as new."""
        oldest = min(self._uses, key=lambda nonce: self._uses[nonce][0])
        self._forgotten = max(self._forgotten, self._uses.pop(oldest)[0])
