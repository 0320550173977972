"""Protection against requests that other sites make browsers send (CSRF)."""

from .app import abort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .app import Microdot
    from .cors import CORS
    from .request import Request

    Handler = TypeVar("Handler", bound=Callable[..., Any])


class CSRF:
    """Refuses, with 403, requests that change something and that another site caused.

    It goes by what browsers say in the headers Sec-Fetch-Site and Origin; other clients send
    neither, and pass.

    :param app: the application.
    :param cors: its `CORS`; the sites that it lists may send requests.
    :param protect_all: protect all routes but those marked with `exempt`; otherwise only
                        those marked with `protect`.
    :param allow_subdomains: let subdomains of this site, and of those listed, send requests.
    """

    SAFE_METHODS = ["GET", "HEAD", "OPTIONS"]  # noqa: RUF012

    def __init__(
        self,
        app: "Microdot | None" = None,
        cors: "CORS | None" = None,
        protect_all: bool = True,
        allow_subdomains: bool = False,
    ) -> None:
        self.cors = cors
        self.protect_all = protect_all
        self.allow_subdomains = allow_subdomains
        # Handlers, because MicroPython's functions have no attributes to mark them with.
        self._exempt: list[Callable[..., Any]] = []
        self._protected: list[Callable[..., Any]] = []
        if app is not None:
            self.initialize(app)

    def initialize(self, app: "Microdot", cors: "CORS | None" = None) -> None:
        """Protect an application; see `CSRF`."""
        if cors is not None:
            self.cors = cors
        app.before_request(self._before_request)

    def exempt(self, f: "Handler") -> "Handler":
        """Leave a handler unprotected. The decorator must be right under the route's."""
        self._exempt.append(f)
        return f

    def protect(self, f: "Handler") -> "Handler":
        """Protect a handler. The decorator must be right under the route's."""
        self._protected.append(f)
        return f

    async def _before_request(self, request: "Request") -> None:
        if request.method in self.SAFE_METHODS:
            return
        route = request.route
        if route not in self._exempt if self.protect_all else route in self._protected:
            self._check(request)

    def _check(self, request: "Request") -> None:
        headers = request.headers
        site = headers.get("Sec-Fetch-Site")
        origin = headers.get("Origin")
        if site is None and origin is None:
            return
        if site in ("same-origin", "none") or (self.allow_subdomains and site == "same-site"):
            return
        allowed = (self.cors and self.cors.allowed_origins) or ()
        if origin:
            # Browsers send Sec-Fetch-Site over HTTPS only; without it the site's own name tells.
            own = [] if site else [origin.partition("://")[0] + "://" + headers.get("Host", "")]
            for candidate in own + list(allowed):
                if origin == candidate or (self.allow_subdomains and _is_below(origin, candidate)):
                    return
        abort(403, "Forbidden")


def _is_below(origin: str, parent: str) -> bool:
    """Tell whether an origin is a subdomain of another, with the same scheme and port."""
    scheme, _, host = parent.partition("://")
    return origin.startswith(scheme + "://") and origin.endswith("." + host)
