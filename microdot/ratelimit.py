"""Limits how often a client may do something.

Example::

    limit = RateLimit(5, per=60)

    @app.post("/login")
    @limit
    async def login(request): ...

    RateLimit(100, per=60).protect(app)  # all requests of an application
"""

from .app import HTTPException
from .compat import invoke_handler, ticks_diff, ticks_ms, wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .app import Microdot
    from .request import Request

    Handler = Callable[..., Any]


def client_address(request: "Request") -> "Any":
    """Tell clients apart by their address. Behind a proxy all have the proxy's."""
    address = request.client_addr
    return address[0] if isinstance(address, (tuple, list)) else address


class RateLimit:
    """A bucket of `requests` tokens for each client; an empty one fills up in `per` seconds.

    :param requests: how many requests a client may make at once.
    :param per: seconds until it may make as many again.
    :param key: returns what tells clients apart, of a request; by default the address. None for
                a request that is not limited.
    :param max_clients: clients that are remembered; beyond it the one that asked longest ago is
                        forgotten.
    :param headers: whether responses carry the fields `RateLimit-Policy` and `RateLimit`
                    (draft-ietf-httpapi-ratelimit-headers-09).
    """

    def __init__(
        self,
        requests: int,
        per: float = 1.0,
        key: "Callable[[Request], Any]" = client_address,
        max_clients: int = 64,
        headers: bool = False,
    ) -> None:
        self._requests = requests
        self._per = per
        # Tokens are counted in milliseconds of filling: whole numbers, whatever the rate.
        self._cost = max(1, int(per * 1000 / requests))
        self._key = key
        self._max_clients = max_clients
        self._headers = headers
        # What is missing from a full bucket, and the tick at which it was.
        self._buckets: dict[Any, tuple[int, int]] = {}

    def take(self, key: "Any") -> int:
        """Take a token for a client.

        :returns: 0 if there was one, otherwise in how many milliseconds there will be one.
        """
        now = ticks_ms()
        missing = self._missing(key, now)
        wait = missing - self._cost * (self._requests - 1)
        if wait <= 0:
            missing += self._cost
        if key not in self._buckets and len(self._buckets) >= self._max_clients:
            self._forget(now)
        self._buckets[key] = (missing, now)
        return max(0, wait)

    def _missing(self, key: "Any", now: int) -> int:
        missing, since = self._buckets.get(key, (0, now))
        elapsed = ticks_diff(now, since)
        # Ticks wrap around on a device: a time that seems negative was very long.
        return max(0, missing - elapsed) if elapsed >= 0 else 0

    def _forget(self, now: int) -> None:
        """Make room for one client."""
        oldest = None
        age = -1
        for key, (_, since) in self._buckets.items():
            elapsed = ticks_diff(now, since)
            if elapsed < 0 or elapsed > age:
                oldest, age = key, elapsed if elapsed >= 0 else 1 << 30
        self._buckets.pop(oldest)

    def check(self, request: "Request") -> None:
        """Count a request; see `RateLimit`.

        :raises HTTPException: 429 with Retry-After (RFC 6585 section 4).
        """
        key = self._key(request)
        if key is None:
            return
        wait = self.take(key)
        if self._headers:
            self._add_headers(request, key)
        if wait:
            error = HTTPException(429, "Too many requests")
            error.headers = {"Retry-After": str((wait + 999) // 1000)}
            if self._headers:
                error.headers.update(self._fields(key))
            raise error

    def _fields(self, key: "Any") -> "dict[str, str]":
        missing = self._missing(key, ticks_ms())
        left = max(0, self._requests - (missing + self._cost - 1) // self._cost)
        return {
            "RateLimit-Policy": f'"default";q={self._requests};w={max(1, int(self._per))}',
            "RateLimit": f'"default";r={left};t={(missing + 999) // 1000}',
        }

    def _add_headers(self, request: "Request", key: "Any") -> None:
        fields = self._fields(key)

        @request.after_request
        def add(request: "Request", response: "Any") -> None:
            response.headers.update(fields)

    def protect(self, app: "Microdot") -> None:
        """Limit all requests of an application."""

        @app.before_request
        async def check(request: "Request") -> None:
            self.check(request)

    def __call__(self, f: "Handler") -> "Handler":
        """Decorate a handler to limit its requests."""

        @wraps(f)
        async def wrapper(request: "Request", *args: "Any", **kwargs: "Any") -> "Any":
            self.check(request)
            return await invoke_handler(f, request, *args, **kwargs)

        return wrapper
