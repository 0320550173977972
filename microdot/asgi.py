"""Applications under an ASGI server, such as uvicorn or hypercorn. CPython only.

Example::

    from microdot.asgi import Microdot

    app = Microdot()  # uvicorn module:app

WebSocket, SSE, streams, start-up and shutdown hooks work. Limits, time-outs and TLS are the
server's; so are pings of WebSockets.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import quote

from . import AsyncBytesIO as AsyncBytesIO
from . import URLPattern as URLPattern
from . import abort as abort
from . import iscoroutine as iscoroutine
from . import redirect as redirect
from . import send_file as send_file
from ._hosted import Head, make_head, receive_body, stop_server
from .app import HTTPException
from .app import Microdot as BaseMicrodot
from .datastructures import NoCaseDict
from .fields import decode_field
from .http1 import ProtocolError
from .request import Request as Request
from .response import Response as Response
from .websocket import WebSocket as BaseWebSocket
from .websocket import WebSocketError as WebSocketError
from .websocket import check_origin
from .websocket import websocket_upgrade as websocket_upgrade
from .websocket import with_websocket as with_websocket

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
LifespanHandler = Callable[[Scope], Any]


class WebSocket(BaseWebSocket):
    """A WebSocket whose frames the ASGI server reads and writes."""

    async def handshake(
        self,
        subprotocols: Sequence[str] | None = None,
        allowed_origins: Sequence[str] | None = None,
    ) -> None:
        """Accept the connection; see `microdot.websocket.websocket_upgrade`."""
        scope = self._connection.scope
        if scope["type"] != "websocket":
            raise HTTPException(400, "Bad WebSocket handshake")
        check_origin(self.request, allowed_origins)
        for name in scope.get("subprotocols", ()):
            if name in (subprotocols or ()):
                self.subprotocol = name
                break
        message: Message = {"type": "websocket.accept"}
        if self.subprotocol:
            message["subprotocol"] = self.subprotocol
        await self._connection.send(message)
        self._connection.websocket = self

    async def receive(self) -> str | bytes:
        """Return the next message.

        :raises WebSocketError: when the connection is over.
        """
        if self.closed:
            raise self._error()
        message = await self._connection.receive()
        if message["type"] == "websocket.disconnect":
            self.closed = True
            self.close_code = message.get("code") or 1005
            self.close_reason = message.get("reason") or ""
            raise self._error()
        data: str | bytes | None = message.get("text")
        if data is None:
            data = message.get("bytes") or b""
        limit = self.max_message_length
        limit = Request.max_body_length if limit < 0 else limit
        if limit and len(data if isinstance(data, bytes) else data.encode()) > limit:
            self.close_code, self.close_reason = 1009, "message is too long"
            await self.close(self.close_code, self.close_reason)
            raise self._error()
        return data

    async def send(self, data: str | bytes, opcode: int | None = None) -> None:
        """Send a message.

        :param data: text or bytes.
        :param opcode: `TEXT` or `BINARY`, by default as the data is.
        :raises WebSocketError: when the connection is over.
        :raises ValueError: for other opcodes: the server sends control frames by itself.
        """
        if opcode not in (None, self.TEXT, self.BINARY):
            raise ValueError("control frames are the ASGI server's business")
        if opcode == self.TEXT and isinstance(data, bytes):
            data = data.decode()
        elif opcode == self.BINARY and isinstance(data, str):
            data = data.encode()
        if self.closed:
            raise self._error()
        kind = "text" if isinstance(data, str) else "bytes"
        try:
            await self._connection.send({"type": "websocket.send", kind: data})
        except (OSError, RuntimeError):  # servers differ in what they raise
            self.closed = True
            raise self._error() from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; see `microdot.websocket.WebSocket.close`."""
        if self.closed:
            return
        self.closed = True
        message = {"type": "websocket.close", "code": code, "reason": reason}
        with contextlib.suppress(OSError, RuntimeError):  # it was closed already
            await self._connection.send(message)


class Connection:
    """What handlers find as `request.sock`."""

    websocket_class = WebSocket
    #: the WebSocket that was made of it
    websocket: WebSocket | None = None
    #: see `microdot.server.Connection`; the server decides here what it waits for
    endless = False

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self._ended = False
        self._watcher: asyncio.Task[None] | None = None

    async def receive_body(self) -> bytes:
        """Return the next bytes of the request's body, nothing at its end."""
        while not self._ended:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise EOFError("the client is gone")
            self._ended = not message.get("more_body", False)
            if message.get("body"):
                body: bytes = message["body"]
                return body
        return b""

    async def wait_disconnected(self) -> bool:
        """Wait for the client to go away while the response is being sent.

        :returns: False if that cannot be found out because the body is still being read.
        """
        if not self._ended:
            return False
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
        await asyncio.shield(self._watcher)
        return True

    async def _watch(self) -> None:
        while True:
            message = await self.receive()
            # Tests of applications may have nothing to say.
            if not message or message["type"] == "http.disconnect":
                return

    def close(self) -> None:
        """Watch no longer."""
        if self._watcher is not None:
            self._watcher.cancel()


class Microdot(BaseMicrodot):
    """An application for ASGI servers; `run()` serves it without one.

    :param lifespan_startup: called with the lifespan scope before the start-up hooks.
    :param lifespan_shutdown: called with it after the shutdown hooks.
    """

    def __init__(
        self,
        lifespan_startup: LifespanHandler | None = None,
        lifespan_shutdown: LifespanHandler | None = None,
    ) -> None:
        super().__init__()
        self.lifespan_startup = lifespan_startup
        self.lifespan_shutdown = lifespan_shutdown
        self.embedded_server = False
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection; see `asgi_app`."""
        await self.asgi_app(scope, receive, send)

    async def asgi_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection (ASGI specification 3.0).

        :raises ValueError: for another protocol than HTTP, WebSocket or lifespan.
        """
        if scope["type"] == "lifespan":
            await self.handle_lifespan(scope, receive, send)
            return
        if scope["type"] not in ("http", "websocket"):
            raise ValueError(f"unknown ASGI protocol: {scope['type']}")
        if not self._started and self.lifecycle is not None:  # a server without lifespan
            self._started = True
            await self.lifecycle.start(self)
        connection = Connection(scope, receive, send)
        try:
            if scope["type"] == "http":
                await self._handle_http(connection)
            else:
                await self._handle_websocket(connection)
        finally:
            connection.close()

    async def handle_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run what there is to run before the first and after the last request."""
        self._started = True
        while True:
            message = await receive()
            event = message["type"]
            try:
                if event == "lifespan.startup":
                    await _call(self.lifespan_startup, scope)
                    if self.lifecycle is not None:
                        await self.lifecycle.start(self)
                elif event == "lifespan.shutdown":
                    if self.lifecycle is not None:
                        await self.lifecycle.stop(self)
                    await _call(self.lifespan_shutdown, scope)
            except BaseException as exc:
                if event == "lifespan.startup" and self.lifecycle is not None:
                    await self.lifecycle.stop(self)
                await send({"type": event + ".failed", "message": repr(exc)})
                if not isinstance(exc, Exception):
                    raise
                return
            await send({"type": event + ".complete"})
            if event == "lifespan.shutdown":
                return

    def _make_request(self, connection: Connection, method: str) -> Request:
        scope = connection.scope
        headers = NoCaseDict()
        for name, value in scope["headers"]:
            field = name.decode("latin-1")
            text = decode_field(value)
            # HTTP/2 may cut cookies into several fields (RFC 9113 section 8.2.3).
            if field == "cookie" and field in headers:
                text = headers[field] + "; " + text
            headers[field] = text
        scheme = scope.get("scheme", "http")
        request = Request(
            self,
            scope.get("client"),
            method,
            _get_url(scope),
            scope.get("http_version", "1.1"),
            headers,
            sock=connection,
            scheme={"ws": "http", "wss": "https"}.get(scheme, scheme),
        )
        request.asgi_scope = scope  # type: ignore[attr-defined]
        return request

    async def _handle_http(self, connection: Connection) -> None:
        method: str = connection.scope["method"]
        try:
            request = self._make_request(connection, method)
            length = request.content_length if "Content-Length" in request.headers else None
            await receive_body(request, connection.receive_body, length)
        except EOFError:
            return
        except ProtocolError as exc:
            response = await self.dispatch_error(exc.status_code, exc.reason)
        except ValueError:
            response = await self.dispatch_error(400, "Bad request")
        else:
            response = await self.dispatch_request(request)
        if response is not Response.already_handled:
            await _send_response(connection, response, method, "http.response")

    async def _handle_websocket(self, connection: Connection) -> None:
        await connection.receive()  # websocket.connect
        request = self._make_request(connection, "GET")
        response = await self.dispatch_request(request)
        if connection.websocket is not None:
            await connection.websocket.close()
        elif "websocket.http.response" in (connection.scope.get("extensions") or {}):
            await _send_response(connection, response, "GET", "websocket.http.response")
        else:
            await response.body_iter().aclose()
            await connection.send({"type": "websocket.close", "code": 1000})

    def run(self, *args: Any, **options: Any) -> None:
        """Serve the application without an ASGI server; see `Microdot.run`."""
        self.embedded_server = True
        super().run(*args, **options)

    def shutdown(self) -> None:
        """Stop the server."""
        if self.embedded_server:
            super().shutdown()
        else:
            stop_server()


async def _call(handler: LifespanHandler | None, scope: Scope) -> None:
    if handler is not None:
        result = handler(scope)
        if iscoroutine(result):
            await result


def _get_url(scope: Scope) -> str:
    """Return path and query string as the client sent them, without the mount point's path."""
    raw: bytes | None = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(scope["path"])
    root = quote(scope.get("root_path") or "")
    if root and (path + "/").startswith(root + "/"):
        path = path[len(root) :] or "/"
    query: bytes = scope.get("query_string") or b""
    return path + "?" + query.decode("latin-1") if query else path


async def _send_response(
    connection: Connection, response: Response, method: str, prefix: str
) -> None:
    """Send a response; stop when the client is gone.

    :param prefix: of the messages' types.
    """
    head, response = await make_head(response, method)
    if not head.has_body or isinstance(response.body, (bytes, bytearray)):
        await _send_body(connection, response, head, prefix)
        return
    sending = asyncio.create_task(_send_body(connection, response, head, prefix))
    leaving = asyncio.create_task(connection.wait_disconnected())
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not leaving.done() or not leaving.result():
            await sending  # if it fails, the server logs it, and the response has no end
    finally:
        sending.cancel()
        leaving.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)


async def _send_body(connection: Connection, response: Response, head: Head, prefix: str) -> None:
    fields = [(name.lower().encode(), value.encode()) for name, value in head.fields]
    chunks = response.body_iter()
    try:
        await connection.send(
            {"type": prefix + ".start", "status": head.status_code, "headers": fields}
        )
        if head.has_body:
            async for chunk in chunks:
                await connection.send(
                    {"type": prefix + ".body", "body": bytes(chunk), "more_body": True}
                )
        await connection.send({"type": prefix + ".body", "body": b"", "more_body": False})
    finally:
        await chunks.aclose()
