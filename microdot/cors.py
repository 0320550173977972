"""Cross-Origin Resource Sharing: which other sites' pages may use the application.

The protocol is in the Fetch Standard, section 3.3.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .app import Microdot
    from .request import Request
    from .response import Response


class CORS:
    """Adds the headers of Cross-Origin Resource Sharing to all responses.

    :param app: the application.
    :param allowed_origins: the origins whose pages may read responses, like
                            `["https://example.com"]`, or `"*"` for all of them.
    :param allow_credentials: whether their requests may carry cookies and credentials.
    :param allowed_methods: methods that they may use; by default, all.
    :param expose_headers: response headers that they may read besides the harmless ones.
    :param allowed_headers: request headers that they may send; by default, all.
    :param max_age: how long browsers may keep a preflight's answer, in seconds.
    :param handle_cors: False to add no headers; `get_cors_headers` tells them.
    :raises ValueError: if all origins are to use the users' credentials.
    """

    def __init__(
        self,
        app: "Microdot | None" = None,
        allowed_origins: "list[str] | str | None" = None,
        allow_credentials: bool = False,
        allowed_methods: "list[str] | None" = None,
        expose_headers: "list[str] | None" = None,
        allowed_headers: "list[str] | None" = None,
        max_age: "int | None" = None,
        handle_cors: bool = True,
    ) -> None:
        self.allowed_origins = allowed_origins
        self.allow_credentials = allow_credentials
        self.allowed_methods = allowed_methods
        self.expose_headers = expose_headers
        self.allowed_headers = allowed_headers
        self.max_age = max_age
        self._check()
        if app is not None:
            self.initialize(app, handle_cors)

    def _check(self) -> None:
        if isinstance(self.allowed_origins, str):
            self.allowed_origins = [self.allowed_origins]
        if self.allow_credentials and "*" in (self.allowed_origins or ()):
            raise ValueError("CORS: list the origins that may use credentials; '*' is all sites")

    def initialize(self, app: "Microdot", handle_cors: bool = True) -> None:
        """Add the headers to an application's responses; see `CORS`."""
        self._check()
        if handle_cors:
            app.options_handler = self.options_handler
            app.after_request(self.after_request)
            app.after_error_request(self.after_request)

    async def options_handler(self, request: "Request") -> "dict[str, str]":
        """Answer an OPTIONS request, which may be a preflight."""
        headers = self.get_cors_headers(request)
        headers.update(request.app.default_options_handler(request))
        return headers

    def get_cors_headers(self, request: "Request") -> "dict[str, str]":
        """Return the headers for the response to a request."""
        headers: dict[str, str] = {}
        origins = self.allowed_origins
        origin = request.headers.get("Origin")
        if origins:
            request.g._vary = getattr(request.g, "_vary", set()) | {"Origin"}
            if origin and ("*" in origins or origin in origins):
                headers["Access-Control-Allow-Origin"] = origin
                if self.allow_credentials:
                    headers["Access-Control-Allow-Credentials"] = "true"
            elif "*" in origins:
                headers["Access-Control-Allow-Origin"] = "*"
        if self.expose_headers:
            headers["Access-Control-Expose-Headers"] = ", ".join(self.expose_headers)
        if request.method == "OPTIONS":
            self._answer_preflight(request, headers)
        return headers

    def _answer_preflight(self, request: "Request", headers: "dict[str, str]") -> None:
        if self.max_age is not None:
            headers["Access-Control-Max-Age"] = str(self.max_age)
        method = request.headers.get("Access-Control-Request-Method")
        if method and (self.allowed_methods is None or method in self.allowed_methods):
            headers["Access-Control-Allow-Methods"] = method
        names = request.headers.get("Access-Control-Request-Headers")
        if names and self.allowed_headers is not None:
            allowed = [name.lower() for name in self.allowed_headers]
            wanted = [name.strip() for name in names.split(",")]
            names = ", ".join([name for name in wanted if name.lower() in allowed])
        if names:
            headers["Access-Control-Allow-Headers"] = names

    async def after_request(self, request: "Request | None", response: "Response") -> None:
        """Add the headers to a response."""
        if request is not None:
            for name, value in self.get_cors_headers(request).items():
                response.headers.setdefault(name, value)
