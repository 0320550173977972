"""Users who log in with a form, and are remembered in the session."""

from .coding import urlencode
from .compat import invoke_handler, wraps
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .request import Request

    Handler = TypeVar("Handler", bound=Callable[..., Any])

_COOKIE = "_remember"
_COOKIE_OPTIONS: "dict[str, Any]" = {"path": "/", "http_only": True, "same_site": "Lax"}


class Login:
    """Keeps track of who is logged in. The application needs a `Session`.

    An object decorates the handlers that need a user, who is `request.g.current_user` then:
    `@login` sends everyone else to the login page, `@login.fresh` also those who were only
    remembered from another day.

    :param login_url: the login page. It gets the page to return to as the argument `next`.
    """

    def __init__(self, login_url: str = "/login") -> None:
        self.login_url = login_url
        self._user_loader: Callable[..., Any] | None = None

    def user_loader(self, f: "Handler") -> "Handler":
        """Decorate the function that finds a user.

        :param f: called with what was the user's `id` when logging in; returns the user, or
                  None if there is none any more.
        """
        self._user_loader = f
        return f

    def __call__(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Decorate a handler that needs a user."""
        return self._protect(f, False)

    def fresh(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Decorate a handler that needs a user who has logged in since the browser started."""
        return self._protect(f, True)

    def _protect(self, f: "Callable[..., Any]", fresh: bool) -> "Callable[..., Any]":
        @wraps(f)
        async def wrapper(request: "Request", *args: "Any", **kwargs: "Any") -> "Any":
            user = await self.get_current_user(request)
            if user is None or (fresh and not request.app._session.get(request).get("_fresh")):
                return Response.redirect(self.login_url + "?next=" + urlencode(request.url))
            return await invoke_handler(f, request, *args, **kwargs)

        return wrapper

    async def get_current_user(self, request: "Request") -> "Any":
        """Return the user who is logged in, or None. It is `request.g.current_user`, too."""
        session = request.app._session.get(request)
        g = request.g
        if getattr(g, "current_user", None) is None:
            g.current_user = None
            if "_user_id" not in session:
                self._recall(request, session)
            if "_user_id" in session:
                g.current_user = await invoke_handler(self._user_loader, session["_user_id"])
        return g.current_user

    def _recall(self, request: "Request", session: "Any") -> None:
        """Take the user from the cookie that remembers, and renew it."""
        token = request.cookies.get(_COOKIE)
        payload = request.app._session.signer().verify(token, True) if token else None
        if payload and "user_id" in payload and payload.get("days"):
            self._begin(request, payload["user_id"], False)
            self._remember(request, payload["user_id"], payload["days"])

    def _begin(self, request: "Request", user_id: "Any", fresh: bool) -> None:
        session = request.app._session.get(request)
        session["_user_id"] = user_id
        session["_fresh"] = fresh
        session.save()

    def _remember(self, request: "Request", user_id: "Any", days: int) -> None:
        """Send the cookie that remembers; without days, make the client forget it."""
        app_session = request.app._session
        options = dict(_COOKIE_OPTIONS)
        # Where the session must not be sent in the clear, this must not be either.
        options["secure"] = app_session.cookie_options.get("secure", False)

        async def set_cookie(request: "Request", response: "Response") -> None:
            if not days:
                response.delete_cookie(_COOKIE, **options)
                return
            max_age = days * 86400
            token = app_session.signer().sign({"user_id": user_id, "days": days}, max_age)
            response.set_cookie(_COOKIE, token, max_age=max_age, **options)

        request.after_request(set_cookie)

    async def login_user(
        self,
        request: "Request",
        user: "Any",
        remember: "bool | int" = False,
        redirect_url: str = "/",
    ) -> "Response":
        """Log a user in.

        :param request: the request with the right credentials.
        :param user: has an `id` that JSON can hold.
        :param remember: True, or a number of days, to keep the user logged in after the
                         browser was closed; 30 days by default.
        :param redirect_url: where to go if the request has no argument `next`, or one that
                             leaves the site.
        :returns: a redirect, for the handler to return.
        """
        self._begin(request, user.id, True)
        request.g.current_user = user
        if remember:
            self._remember(request, user.id, 30 if remember is True else remember)
        target = request.args.get("next", redirect_url)
        return Response.redirect(target if _is_local(target) else redirect_url)

    async def logout_user(self, request: "Request") -> None:
        """Log the user out."""
        session = request.app._session.get(request)
        session.pop("_user_id", None)
        session.pop("_fresh", None)
        session.save()
        request.g.current_user = None
        if _COOKIE in request.cookies:
            self._remember(request, None, 0)


def _is_local(url: str) -> bool:
    """Tell whether a URL is a path of this site, whatever browsers make of it.

    They take `//host` and `/\\host` for another site, and drop tabs and line ends first (URL
    Standard section 4.4).
    """
    return url[:1] == "/" and url[1:2] != "/" and "\\" not in url and min(url) > " "
