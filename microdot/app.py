"""The application: routes, hooks, mounting, and the dispatch of requests to handlers."""

from .compat import MICROPYTHON, invoke_handler, iscoroutinefunction, print_exception
from .response import Response
from .urls import Router, URLPattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn, TypeVar

    from .request import Request
    from .urls import Route

    Handler = TypeVar("Handler", bound=Callable[..., Any])


class HTTPException(Exception):
    """Raised to end a request with a status; see `abort`."""

    headers: "dict[str, str] | None" = None

    def __init__(self, status_code: int, reason: "Any" = None) -> None:
        super().__init__(status_code, reason)
        self.status_code = status_code
        self.reason = reason or str(status_code) + " error"


def abort(status_code: int, reason: "Any" = None) -> "NoReturn":
    """End the request with a status. The application may have an error handler for it.

    :param status_code: the status.
    :param reason: the body of the response, by default the status as text.
    """
    raise HTTPException(status_code, reason)


def mro(cls: type) -> "list[type]":
    """Return a class and its bases, the nearest first."""
    if hasattr(cls, "__mro__"):
        return list(cls.__mro__)
    classes = [cls]  # MicroPython
    for base in cls.__bases__:
        classes.extend(mro(base))
    return classes


class Microdot:
    """An application: what it serves, its hooks, and its limits.

    The limits are the attributes below; set them before it serves. Those of bodies and request
    lines are attributes of `Request`. Times are in seconds.
    """

    #: Time for a whole request head, from its first byte or from the connection's start.
    head_timeout = 5.0
    #: Time that a connection is kept without a request.
    keep_alive_timeout = 5.0
    #: Time for a request body, and again for each further 16 KiB of it.
    body_timeout = 30.0
    #: Time for the client to take a portion of the response (2 KiB on a device).
    write_timeout = 10.0
    #: Time that running requests have to finish at shutdown.
    shutdown_timeout = 5.0
    #: Time and bytes for reading, and dropping, what a client still sends after an error;
    #: a quarter of the time without anything ends it.
    linger_timeout = 2.0
    max_linger = 1024 * 1024
    #: Largest request head in bytes; beyond it, 431.
    max_head_size = 4096 if MICROPYTHON else 16384
    #: Largest unread body in bytes that is read and dropped to keep the connection.
    max_drain = 32 * 1024
    #: Connections at the same time; on a device less than its TCP stack has.
    max_connections = 12 if MICROPYTHON else 1000
    #: Free heap in bytes that a new TLS connection needs (MicroPython).
    tls_memory = 40 * 1024

    #: hooks and tasks besides requests, a `Lifecycle`; None until there are any
    lifecycle: "Any" = None

    def __init__(self) -> None:
        #: all routes: methods, pattern, handler, prefix and sub-application of each
        self.url_map: list[Route] = []
        self.before_request_handlers: list[Callable[..., Any]] = []
        self.after_request_handlers: list[Callable[..., Any]] = []
        self.after_error_request_handlers: list[Callable[..., Any]] = []
        self.error_handlers: dict[int | type[BaseException], Callable[..., Any]] = {}
        #: answers OPTIONS requests with a mapping of headers; None to route them instead
        self.options_handler: Callable[..., Any] | None = self.default_options_handler
        #: the TLS context while it serves
        self.ssl: Any = None
        self.debug = False
        #: the `microdot.server.Server` while it serves
        self.server: Any = None
        self._router = Router()

    def add_route(
        self,
        url_pattern: str,
        handler: "Callable[..., Any]",
        methods: "list[str] | None" = None,
    ) -> None:
        """Register a handler.

        :param url_pattern: see `URLPattern`.
        :param handler: called with the request and the pattern's variables by name;
                        `async def` or plain.
        :param methods: the methods, `["GET"]` by default.
        """
        names = [method.upper() for method in methods or ["GET"]]
        self.url_map.append((names, URLPattern(url_pattern), handler, "", None))

    def route(
        self, url_pattern: str, methods: "list[str] | None" = None
    ) -> "Callable[[Handler], Handler]":
        """Decorate a handler; see `add_route`.

        Example::

            @app.route("/users/<int:id>", methods=["GET", "PUT"])
            async def user(request, id):
                return {"id": id}
        """

        def decorated(f: "Handler") -> "Handler":
            self.add_route(url_pattern, f, methods)
            return f

        return decorated

    def get(self, url_pattern: str) -> "Callable[[Handler], Handler]":
        """Decorate a handler of GET requests."""
        return self.route(url_pattern)

    def post(self, url_pattern: str) -> "Callable[[Handler], Handler]":
        """Decorate a handler of POST requests."""
        return self.route(url_pattern, ["POST"])

    def put(self, url_pattern: str) -> "Callable[[Handler], Handler]":
        """Decorate a handler of PUT requests."""
        return self.route(url_pattern, ["PUT"])

    def patch(self, url_pattern: str) -> "Callable[[Handler], Handler]":
        """Decorate a handler of PATCH requests."""
        return self.route(url_pattern, ["PATCH"])

    def delete(self, url_pattern: str) -> "Callable[[Handler], Handler]":
        """Decorate a handler of DELETE requests."""
        return self.route(url_pattern, ["DELETE"])

    def query(self, url_pattern: str) -> "Callable[[Handler], Handler]":
        """Decorate a handler of QUERY requests."""
        return self.route(url_pattern, ["QUERY"])

    def before_request(self, f: "Handler") -> "Handler":
        """Run a function before each request; what it returns takes the handler's place.

        :param f: called with the request.
        """
        self.before_request_handlers.append(f)
        return f

    def after_request(self, f: "Handler") -> "Handler":
        """Run a function after each request that was handled; it may return a response.

        :param f: called with the request and the response.
        """
        self.after_request_handlers.append(f)
        return f

    def after_error_request(self, f: "Handler") -> "Handler":
        """Run a function after each request that ended with an error, and after OPTIONS.

        :param f: called with the request, None if it was not understood, and the response.
        """
        self.after_error_request_handlers.append(f)
        return f

    def errorhandler(
        self, status_code_or_exception_class: "int | type[BaseException]"
    ) -> "Callable[[Handler], Handler]":
        """Decorate a handler of errors.

        :param status_code_or_exception_class: a status, whose handler is called with the
               request, or a class, whose handler is called with request and exception. The
               status is 200 if the handler returns none.
        """

        def decorated(f: "Handler") -> "Handler":
            self.error_handlers[status_code_or_exception_class] = f
            return f

        return decorated

    def _get_lifecycle(self) -> "Any":
        if self.lifecycle is None:
            from .lifecycle import Lifecycle

            self.lifecycle = Lifecycle()
        return self.lifecycle

    def on_startup(self, f: "Handler") -> "Handler":
        """Run a function before the application is served; if it fails, it is not served.

        :param f: called without arguments; `async def` or plain.
        """
        self._get_lifecycle().startup_hooks.append(f)
        return f

    def on_shutdown(self, f: "Handler") -> "Handler":
        """Run a function after the last request, the one that was registered last first.

        :param f: called without arguments; `async def` or plain.
        """
        self._get_lifecycle().shutdown_hooks.append(f)
        return f

    def create_task(self, coroutine: "Any") -> "Any":
        """Run a coroutine in the background; it is cancelled when the application ends.

        Call it while the application runs: in a start-up hook, for example, or in a handler.
        What it raises is printed.

        :returns: the task.
        """
        return self._get_lifecycle().create_task(coroutine)

    def mount(self, subapp: "Microdot", url_prefix: str = "", local: bool = False) -> None:
        """Add the routes that another application has now.

        :param subapp: the other application.
        :param url_prefix: put before each of its patterns.
        :param local: keep its hooks and error handlers for its own routes; otherwise they
                      become this application's.
        """
        for methods, pattern, handler, prefix, mounted in subapp.url_map:
            copy = URLPattern(url_prefix + pattern.url_pattern)
            copy.scopes = pattern.scopes + ([subapp] if local else [])
            self.url_map.append((methods, copy, handler, url_prefix + prefix, mounted or subapp))
        if not local:
            for name in (
                "before_request_handlers",
                "after_request_handlers",
                "after_error_request_handlers",
            ):
                getattr(self, name).extend(getattr(subapp, name))
                setattr(subapp, name, [])
            self.error_handlers.update(subapp.error_handlers)
            subapp.error_handlers = {}
        if subapp.lifecycle is not None:
            self._get_lifecycle().absorb(subapp.lifecycle)

    @staticmethod
    def abort(status_code: int, reason: "Any" = None) -> "NoReturn":
        """End the request with a status; see `abort`."""
        raise HTTPException(status_code, reason)

    def default_options_handler(self, request: "Request") -> "dict[str, str]":
        """Answer an OPTIONS request with the methods of its path (RFC 9110 section 9.3.7)."""
        return {"Allow": self._allow(request.path, True)}

    def _allow(self, path: str, with_options: bool) -> str:
        methods = self._router.allowed_methods(self.url_map, path)
        if "GET" in methods and "HEAD" not in methods:
            methods.append("HEAD")
        if with_options:
            methods.append("OPTIONS")
        return ", ".join(methods)

    async def dispatch_request(self, request: "Request | None") -> "Response":
        """Handle a request: hooks, handler, error handlers.

        :param request: the request, or None for one that was not understood.
        :returns: the response, whatever happens.
        """
        if request is None:
            return await self.dispatch_error(400, "Bad request")
        request.app = self
        scopes: list[Microdot] = []
        try:
            if request.content_length > request.max_content_length:
                raise HTTPException(413, "Payload too large")
            if request.method == "OPTIONS" and self.options_handler is not None:
                headers = await invoke_handler(self.options_handler, request)
                response = Response("", headers=headers)
                response = await self._run_after_error(request, response, scopes)
            else:
                route, values = self._find_route(request)
                scopes = route[1].scopes
                request.route = route[2]
                if route[4] is not None:
                    request.url_prefix = route[3]
                    request.subapp = route[4]
                response = await self._run(request, route[2], values, scopes)
        except Exception as exc:
            response = await self._recover(request, exc, scopes)
        response.is_head = request.method == "HEAD"
        if request._g is not None and hasattr(request._g, "_vary"):
            _add_vary(response, request._g._vary)
        return response

    async def dispatch_error(self, status_code: int, reason: str) -> "Response":
        """Make the response to what was not understood as a request.

        :param status_code: the status.
        :param reason: the body, unless there is an error handler for the status.
        """
        return await self._recover(None, HTTPException(status_code, reason), [])

    def _find_route(self, request: "Request") -> "tuple[Route, dict[str, Any] | None]":
        method = request.method
        found = self._router.find(self.url_map, method, request.path)
        if found is None and method == "HEAD":
            found = self._router.find(self.url_map, "GET", request.path)
        if found is not None:
            return found
        allow = self._allow(request.path, self.options_handler is not None)
        if not allow or allow == "OPTIONS":
            raise HTTPException(404, "Not found")
        error = HTTPException(405, "Method not allowed")
        error.headers = {"Allow": allow}  # RFC 9110 section 15.5.6
        raise error

    async def _run(
        self,
        request: "Request",
        handler: "Callable[..., Any]",
        values: "dict[str, Any] | None",
        scopes: "list[Microdot]",
    ) -> "Response":
        """Run the hooks before, the handler, and the hooks after."""
        result = None
        if self.before_request_handlers or scopes:
            result = await self._run_before(request, scopes)
        if result is None:
            if iscoroutinefunction(handler):
                coroutine = handler(request, **values) if values else handler(request)
                result = await coroutine
            else:
                result = await invoke_handler(handler, request, **(values or {}))
        response = result if isinstance(result, Response) else make_response(result)
        for scope in scopes:
            response = await _run_hooks(scope.after_request_handlers, request, response)
        if self.after_request_handlers:
            response = await _run_hooks(self.after_request_handlers, request, response)
        own = request._after_request_handlers
        if own is not None:
            response = await _run_hooks(own, request, response)
        return response

    async def _run_before(self, request: "Request", scopes: "list[Microdot]") -> "Any":
        handlers = self.before_request_handlers
        number = len(scopes)
        while True:
            for f in handlers:
                result = await invoke_handler(f, request)
                if result is not None:
                    return result
            if not number:
                return None
            number -= 1
            handlers = scopes[number].before_request_handlers

    async def _run_after_error(
        self,
        request: "Request | None",
        response: "Response",
        scopes: "list[Microdot]",
    ) -> "Response":
        for scope in scopes:
            response = await _run_hooks(scope.after_error_request_handlers, request, response)
        return await _run_hooks(self.after_error_request_handlers, request, response)

    async def _recover(
        self, request: "Request | None", exc: Exception, scopes: "list[Microdot]"
    ) -> "Response":
        """Make the response to an error; an error in an error handler is one more error."""
        try:
            response = await self._handle_error(request, exc, scopes)
            response = await self._run_after_error(request, response, scopes)
        except Exception as second:
            print_exception(second)
            response = Response("Internal server error", 500)
        headers = getattr(exc, "headers", None)
        if headers:
            for name in headers:
                response.headers.setdefault(name, headers[name])
        return response

    async def _handle_error(
        self, request: "Request | None", exc: Exception, scopes: "list[Microdot]"
    ) -> "Response":
        from .http1 import ProtocolError

        owners = list(scopes)
        owners.append(self)
        status_code, body = 500, "Internal server error"
        if isinstance(exc, (HTTPException, ProtocolError)):
            status_code, body = exc.status_code, exc.reason
        else:
            for cls in mro(type(exc)):
                for owner in owners:
                    if cls in owner.error_handlers:
                        handler = owner.error_handlers[cls]
                        return make_response(await invoke_handler(handler, request, exc))
            print_exception(exc)
        for owner in owners:
            if status_code in owner.error_handlers:
                handler = owner.error_handlers[status_code]
                return make_response(await invoke_handler(handler, request))
        return Response(body, status_code)

    async def handle_request(self, reader: "Any", writer: "Any") -> None:
        """Serve one connection, for those who accept connections themselves.

        :param reader: the `asyncio` stream to read from.
        :param writer: the `asyncio` stream to write to.
        """
        from .server import Server

        await Server(self, debug=self.debug).handle_connection(reader, writer)

    async def start_server(
        self,
        host: str = "0.0.0.0",
        port: int = 5000,
        debug: bool = False,
        ssl: "Any" = None,
        start_serving: bool = True,
    ) -> "Any":
        """Serve HTTP until `shutdown()` is called or this coroutine is cancelled.

        :param host: the address to listen on.
        :param port: the TCP port.
        :param debug: print a line for each request.
        :param ssl: an `ssl.SSLContext` of a server, to serve HTTPS.
        :param start_serving: False to return the `Server` without serving yet.
        :raises OSError: if the address cannot be listened on.
        """
        import asyncio

        from . import server

        if server.handover is not None:
            serving = server.handover(self, host, port, debug, ssl)
            return None if serving is None else await serving
        self.ssl = ssl
        self.debug = debug
        self.server = server.Server(self, host, port, ssl=ssl, debug=debug)
        if not start_serving:
            return self.server
        if debug:
            print("Starting server on", host, "port", port)
        await self.server.start()
        try:
            await self.server.serve_forever()
        except asyncio.CancelledError:
            self.server.close()  # being cancelled is one way to be told to stop
            await self.server.wait_closed()
        return None

    def run(
        self,
        host: str = "0.0.0.0",
        port: int = 5000,
        debug: bool = False,
        ssl: "Any" = None,
    ) -> None:
        """Serve HTTP in an event loop of its own; see `start_server`."""
        import asyncio

        asyncio.run(self.start_server(host, port, debug, ssl))

    def shutdown(self) -> None:
        """Stop serving: running requests finish within `shutdown_timeout`."""
        self.server.close()


def make_response(result: "Any") -> "Response":
    """Make a response of what a handler returned.

    :param result: a body; a status; a tuple of body and status, of body and headers, of body,
                   status and headers, of status and headers; a `Response`; or None.
    """
    if isinstance(result, Response):
        return result
    if not isinstance(result, tuple):
        result = (result,)
    body, *rest = result or (b"",)
    status_code = None
    headers = None
    if isinstance(body, int):
        status_code, body = body, b""
    for item in rest:
        if isinstance(item, int):
            status_code = item
        elif item is not None:
            headers = item
    if isinstance(body, Response):
        body.status_code = status_code or body.status_code
        body.headers.update(headers or {})
        return body
    return Response(body, 200 if status_code is None else status_code, headers)


async def _run_hooks(
    hooks: "list[Callable[..., Any]]", request: "Request | None", response: "Response"
) -> "Response":
    """Run hooks that get the response and may replace it."""
    for f in hooks:
        result = await invoke_handler(f, request, response)
        if result:
            response = make_response(result)
    return response


def _add_vary(response: "Response", names: "set[str]") -> None:
    """Add names to the response's Vary header (RFC 9110 section 12.5.5)."""
    present = response.headers.get("Vary")
    merged = [name.strip() for name in present.split(",")] if present else []
    merged.extend(sorted(name for name in names if name not in merged))
    response.headers["Vary"] = ", ".join(merged)
