"""HTTP authentication: Basic and by token; Digest has a module of its own."""

from binascii import a2b_base64

from .app import HTTPException
from .compat import invoke_handler, wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .digest import DigestAuth as DigestAuth
    from .request import Request

    Handler = TypeVar("Handler", bound=Callable[..., Any])


class BaseAuth:
    """What the kinds of authentication have in common.

    An object decorates the handlers that need a user: `@auth` answers everyone else with an
    error, `@auth.optional` calls the handler in any case. The user is
    `request.g.current_user`, None without one.
    """

    def __init__(self, header: str, scheme: str, error_status: int) -> None:
        self.header = header
        self.scheme = scheme
        self.error_status = error_status
        self._callback: Callable[..., Any] | None = None

    def __call__(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Decorate a handler that needs a user."""
        return self._protect(f, False)

    def optional(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Decorate a handler that can do with a user or without."""
        return self._protect(f, True)

    def _protect(self, f: "Callable[..., Any]", optional: bool) -> "Callable[..., Any]":
        @wraps(f)
        async def wrapper(request: "Request", *args: "Any", **kwargs: "Any") -> "Any":
            credentials = self._credentials(request)
            user = await self._find_user(request, credentials) if credentials else None
            request.g.current_user = user or None
            if not user and not optional:
                return await self._refuse(request)
            return await invoke_handler(f, request, *args, **kwargs)

        return wrapper

    def authenticate(self, f: "Handler") -> "Handler":
        """Decorate the function that finds the user of some credentials.

        :param f: called with the request and user name and password, or the token; returns
                  the user, or None if they are wrong.
        """
        self._callback = f
        return f

    def _credentials(self, request: "Request") -> "str | None":
        """Return what the client sent for this scheme (RFC 9110 section 11.4)."""
        value: str = request.headers.get(self.header, "")
        if self.scheme:
            scheme, _, value = value.partition(" ")
            if scheme.lower() != self.scheme.lower():
                return None
        return value.strip()

    async def _find_user(self, request: "Request", credentials: str) -> "Any":
        return await invoke_handler(self._callback, request, credentials)

    async def _refuse(self, request: "Request") -> "Any":
        return "", self.error_status, {"WWW-Authenticate": self._challenge(request)}

    def _challenge(self, request: "Request") -> str:
        return self.scheme


class BasicAuth(BaseAuth):
    """Basic authentication (RFC 7617). It sends passwords in the clear: use it with HTTPS.

    :param realm: what the user is asked to log in to.
    :param charset: how user names and passwords are encoded.
    :param scheme: the authentication scheme.
    :param error_status: the status for those who are not authenticated.
    """

    def __init__(
        self,
        realm: str = "Please login",
        charset: str = "UTF-8",
        scheme: str = "Basic",
        error_status: int = 401,
    ) -> None:
        super().__init__("Authorization", scheme, error_status)
        self.realm = realm
        self.charset = charset

    async def _find_user(self, request: "Request", credentials: str) -> "Any":
        try:
            username, colon, password = a2b_base64(credentials).decode(self.charset).partition(":")
        except ValueError:
            return None
        return colon and await invoke_handler(self._callback, request, username, password)

    def _challenge(self, request: "Request") -> str:
        return f'{self.scheme} realm="{self.realm}", charset="{self.charset}"'


class TokenAuth(BaseAuth):
    """Authentication by a token in a header, by default a bearer token (RFC 6750).

    :param header: the header.
    :param scheme: what is before the token in the header `Authorization`; other headers hold the
                   token alone.
    :param error_status: the status for those who are not authenticated.
    """

    def __init__(
        self, header: str = "Authorization", scheme: str = "Bearer", error_status: int = 401
    ) -> None:
        # The form `scheme token` belongs to Authorization (RFC 9110 section 11.4), not to others.
        super().__init__(header, scheme if header == "Authorization" else "", error_status)
        self._on_error: Callable[..., Any] | None = None

    def errorhandler(self, f: "Handler") -> "Handler":
        """Decorate the function that answers those who are not authenticated.

        :param f: called with the request.
        """
        self._on_error = f
        return f

    async def _refuse(self, request: "Request") -> "Any":
        if self._on_error is not None:
            return await invoke_handler(self._on_error, request)
        error = HTTPException(self.error_status)
        if self.header == "Authorization":
            error.headers = {"WWW-Authenticate": self._challenge(request)}
        raise error


def __getattr__(name: str) -> object:
    # Those who do not use it need not have it in memory.
    if name == "DigestAuth":
        from .digest import DigestAuth

        return DigestAuth
    raise AttributeError(name)
