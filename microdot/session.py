"""Sessions in a signed cookie."""

from .compat import invoke_handler, wraps
from .signing import Signer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .app import Microdot
    from .request import Request
    from .response import Response

    _Dict = dict[str, Any]
else:
    _Dict = dict  # MicroPython cannot subscript types


class SessionDict(_Dict):
    """The session of a request, a dictionary of what JSON can hold.

    :param request: the request.
    :param session_dict: what it holds.
    """

    def __init__(self, request: "Request", session_dict: "dict[str, Any]") -> None:
        super().__init__(session_dict)
        self.request = request

    def save(self) -> None:
        """Send the session to the client with the response."""
        self.request.app._session.update(self.request, self)

    def delete(self) -> None:
        """Make the client forget the session."""
        self.request.app._session.delete(self.request)


class Session:
    """Keeps a session for each client, in a cookie that it can read but not change.

    :param app: the application.
    :param secret_key: what cookies are signed with, at least 32 random bytes.
    :param cookie_options: arguments for `Response.set_cookie`; the cookie is for the whole
                           site, HttpOnly and SameSite=Lax unless they say otherwise.
    :param max_age: seconds after which a session that was not saved again ends; by default
                    when the browser is closed. Not enforced while the clock was never set.
    """

    def __init__(
        self,
        app: "Microdot | None" = None,
        secret_key: "str | bytes | None" = None,
        cookie_options: "dict[str, Any] | None" = None,
        max_age: "int | None" = None,
    ) -> None:
        self.secret_key = secret_key
        self.cookie_options = cookie_options or {}
        self.max_age = max_age
        self._signer: Signer | None = None
        if app is not None:
            self.initialize(app)

    def initialize(
        self,
        app: "Microdot",
        secret_key: "str | bytes | None" = None,
        cookie_options: "dict[str, Any] | None" = None,
    ) -> None:
        """Set what was not given before; see `Session`."""
        if secret_key is not None:
            self.secret_key = secret_key
        if cookie_options is not None:
            self.cookie_options = cookie_options
        self._signer = None
        options = {"path": "/", "http_only": True, "same_site": "Lax"}
        if self.max_age is not None:
            options["max_age"] = self.max_age
        options.update(self.cookie_options)
        self.cookie_options = options
        app._session = self  # type: ignore[attr-defined]

    def signer(self, secret_key: "str | bytes | None" = None) -> Signer:
        """Return what signs the cookies.

        :param secret_key: another key than the session's.
        :raises ValueError: if there is no key.
        """
        if secret_key is not None:
            return Signer(secret_key)
        if self._signer is None:
            self._signer = Signer(self.secret_key or "")
        return self._signer

    def get(self, request: "Request") -> SessionDict:
        """Return the session of a request, always the same object for one request.

        :raises ValueError: if there is no key.
        """
        g = request.g
        if not hasattr(g, "_session"):
            g._session = SessionDict(request, self.decode(request.cookies.get("session", "")))
            g._vary = getattr(g, "_vary", set()) | {"Cookie"}
        session: SessionDict = g._session
        return session

    def update(self, request: "Request", session: "dict[str, Any]") -> None:
        """Send a session to the client with the response, as it is now."""
        self._send(request, self.encode(session))

    def delete(self, request: "Request") -> None:
        """Make the client forget the session."""
        self._send(request, "")

    def _send(self, request: "Request", token: str) -> None:
        if not hasattr(request.g, "_session_token"):
            request.after_request(self._set_cookie)
        request.g._session_token = token

    async def _set_cookie(self, request: "Request", response: "Response") -> None:
        token = request.g._session_token
        if token:
            response.set_cookie("session", token, **self.cookie_options)
        else:
            response.delete_cookie("session", **self.cookie_options)

    def encode(self, payload: "dict[str, Any]", secret_key: "str | bytes | None" = None) -> str:
        """Make the cookie's value: a JSON Web Token.

        :raises ValueError: if there is no key.
        """
        return self.signer(secret_key).sign(payload, self.max_age)

    def decode(self, session: str, secret_key: "str | bytes | None" = None) -> "dict[str, Any]":
        """Return what a cookie holds, nothing if its signature is wrong or its time is over.

        :raises ValueError: if there is no key.
        """
        payload = self.signer(secret_key).verify(session, self.max_age is not None)
        if payload is None:
            return {}
        payload.pop("exp", None)
        return payload


def with_session(f: "Callable[..., Any]") -> "Callable[..., Any]":
    """Decorate a handler to get the session as its second argument.

    Example::

        @app.get("/")
        @with_session
        async def index(request, session):
            session["visits"] = session.get("visits", 0) + 1
            session.save()
            return "visit %d" % session["visits"]
    """

    @wraps(f)
    async def wrapper(request: "Request", *args: "Any", **kwargs: "Any") -> "Any":
        session = request.app._session.get(request)
        return await invoke_handler(f, request, session, *args, **kwargs)

    return wrapper
