"""Applications under a WSGI server, such as gunicorn. CPython only.

Example::

    from microdot.wsgi import Microdot

    app = Microdot()  # gunicorn --worker-class gthread module:app

Handlers run in one event loop for each process, in a thread of its own, so that background
tasks go on between requests and requests can share what they wait for. WSGI (PEP 3333) has no
start and no end: the start-up hooks run before a process's first request, the shutdown hooks
when it exits.

A WSGI server has a thread wait for each response. Streams, SSE included, therefore take a thread
each, and WebSockets do, too. Those need gunicorn, because it is the only server that lets its
socket be used, with the worker class `gthread`: `sync` ends requests after 30 seconds.
"""

import asyncio
import atexit
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any

from . import AsyncBytesIO as AsyncBytesIO
from . import URLPattern as URLPattern
from . import abort as abort
from . import iscoroutine as iscoroutine
from . import redirect as redirect
from . import send_file as send_file
from ._hosted import make_head, receive_body, stop_server
from .app import HTTPException
from .app import Microdot as BaseMicrodot
from .datastructures import NoCaseDict
from .fields import decode_field
from .http1 import ProtocolError
from .request import Request as Request
from .response import Response as Response
from .streams import BodyIterator
from .websocket import WebSocket as BaseWebSocket
from .websocket import WebSocketError as WebSocketError
from .websocket import websocket_upgrade as websocket_upgrade
from .websocket import with_websocket as with_websocket

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class WebSocket(BaseWebSocket):
    """A WebSocket on the socket of gunicorn."""

    async def handshake(
        self,
        subprotocols: Sequence[str] | None = None,
        allowed_origins: Sequence[str] | None = None,
    ) -> None:
        """Answer the opening handshake; see `microdot.websocket.websocket_upgrade`.

        :raises HTTPException: 501 if the server does not let its socket be used.
        """
        if self._connection.socket is None:
            raise HTTPException(501, "WebSocket under WSGI needs gunicorn, without TLS")
        await super().handshake(subprotocols, allowed_origins)


class Connection:
    """What handlers find as `request.sock`: the socket, where the server tells it."""

    websocket_class = WebSocket
    #: see `microdot.server.Connection`; the server decides here what it waits for
    endless = False
    #: whether it speaks another protocol than HTTP now
    upgraded = False

    def __init__(self, environ: Environ, limits: Any) -> None:
        self.limits = limits
        #: a second handle of the server's socket
        self.socket: socket.socket | None = None
        plain = environ.get("gunicorn.socket")
        if isinstance(plain, socket.socket) and environ["wsgi.url_scheme"] == "http":
            self.socket = plain.dup()

    def upgrade(self) -> None:
        """Leave the socket to a handler that speaks another protocol."""
        assert self.socket is not None
        self.endless = self.upgraded = True
        self.socket.setblocking(False)

    async def receive(self, timeout: float | None = None) -> bytes | None:
        """Return what comes next; see `microdot.server.Connection.receive`."""
        assert self.socket is not None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                return await loop.sock_recv(self.socket, 65536)
        except TimeoutError:
            return None

    async def send(self, data: bytes, more: bytes = b"") -> None:
        """Write; see `microdot.server.Connection.send`."""
        assert self.socket is not None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self.limits.write_timeout):
            await loop.sock_sendall(self.socket, data + more)

    def abort(self) -> None:
        """Cut the connection off."""
        assert self.socket is not None
        with contextlib.suppress(OSError):  # it is gone
            self.socket.shutdown(socket.SHUT_RDWR)

    async def wait_disconnected(self) -> bool:
        """Wait for the client to go away; see `microdot.server.Connection`."""
        if self.socket is None:
            return False
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self.socket, readable.set)
        try:
            await readable.wait()
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:
            return True
        finally:
            loop.remove_reader(self.socket)

    def close(self) -> None:
        """Close this handle; the server closes its own."""
        if self.socket is not None:
            if self.upgraded:
                self.abort()
            self.socket.close()


class _EventLoop:
    """An event loop that runs in a thread of its own."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="microdot", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine there and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def stop(self) -> None:
        """End the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class _Body:
    """The body of a response as WSGI wants it: an iterable with `close()`."""

    def __init__(self, loop: _EventLoop, chunks: BodyIterator, connection: Connection) -> None:
        self._loop = loop
        self._chunks = chunks
        self._connection = connection

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            while True:
                chunk: bytes = self._loop.run(self._chunks.__anext__())
                if chunk:
                    return bytes(chunk)
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Called by the server in any case."""
        self._loop.run(self._chunks.aclose())
        self._connection.close()


class Microdot(BaseMicrodot):
    """An application for WSGI servers; `run()` serves it without one."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded_server = False
        self._event_loop: _EventLoop | None = None
        self._lock = threading.Lock()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop in which the handlers of this process run."""
        return self._get_event_loop().loop

    def _get_event_loop(self) -> _EventLoop:
        with self._lock:
            running = self._event_loop
            # A server may import the application, and fork its workers then.
            if running is None or running.pid != os.getpid():
                running = self._event_loop = _EventLoop()
                if self.lifecycle is not None:
                    running.run(self.lifecycle.start(self))
                atexit.register(self.close)
            return running

    def close(self) -> None:
        """Run the shutdown hooks and end the event loop, as is done when the process exits."""
        with self._lock:
            running = self._event_loop
            self._event_loop = None
        atexit.unregister(self.close)
        if running is not None and running.pid == os.getpid():
            if self.lifecycle is not None:
                running.run(self.lifecycle.stop(self))
            running.stop()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request; see `wsgi_app`."""
        return self.wsgi_app(environ, start_response)

    def wsgi_app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request (PEP 3333)."""
        loop = self._get_event_loop()
        method: str = environ["REQUEST_METHOD"]
        connection = Connection(environ, self)
        try:
            response = loop.run(self._handle(environ, connection))
            if connection.upgraded:
                # So gunicorn is told that there is nothing left to be sent.
                raise StopIteration
            head, response = loop.run(make_head(response, method))
        except BaseException:
            connection.close()
            raise
        # PEP 3333: text holds bytes, one for each character.
        fields = [(name, value.encode().decode("latin-1")) for name, value in head.fields]
        start_response(f"{head.status_code} {head.reason or 'Unknown'}", fields)
        body = _Body(loop, response.body_iter(), connection)
        if not head.has_body or isinstance(response.body, (bytes, bytearray)):
            body.close()
            return [bytes(response.body)] if head.has_body else []
        return body

    async def _handle(self, environ: Environ, connection: Connection) -> Response:
        try:
            request = _make_request(self, environ, connection)
            length = environ.get("CONTENT_LENGTH")
            if not length and not environ.get("wsgi.input_terminated"):
                length = "0"
            await receive_body(
                request, _Input(environ, length).receive, int(length) if length else None
            )
        except ProtocolError as exc:
            return await self.dispatch_error(exc.status_code, exc.reason)
        except ValueError:
            return await self.dispatch_error(400, "Bad request")
        return await self.dispatch_request(request)

    def run(self, *args: Any, **options: Any) -> None:
        """Serve the application without a WSGI server; see `Microdot.run`."""
        self.embedded_server = True
        super().run(*args, **options)

    def shutdown(self) -> None:
        """Stop the server."""
        if self.embedded_server:
            super().shutdown()
        else:
            stop_server()


class _Input:
    """The body of a request, read in a thread because that may take its time."""

    def __init__(self, environ: Environ, length: str | None) -> None:
        self._input = environ["wsgi.input"]
        self._left = int(length) if length else None

    async def receive(self) -> bytes:
        """Return what comes next, nothing at the end."""
        size = 65536 if self._left is None else min(65536, self._left)
        if not size:
            return b""
        loop = asyncio.get_running_loop()
        data: bytes = await loop.run_in_executor(None, self._input.read, size)
        if self._left is not None:
            self._left -= len(data)
        return data


def _make_request(app: Microdot, environ: Environ, connection: Connection) -> Request:
    headers = NoCaseDict()
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            field = name[5:].replace("_", "-").title()
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            field = name.replace("_", "-").title()
        else:
            continue
        headers[field] = decode_field(value.encode("latin-1"))
    address = environ.get("REMOTE_ADDR")
    port = environ.get("REMOTE_PORT")
    request = Request(
        app,
        (address, int(port) if port else None) if address else None,
        environ["REQUEST_METHOD"],
        _get_url(environ),
        environ.get("SERVER_PROTOCOL", "HTTP/1.1").partition("/")[2],
        headers,
        sock=connection,
        scheme=environ["wsgi.url_scheme"],
    )
    request.environ = environ  # type: ignore[attr-defined]
    return request


def _get_url(environ: Environ) -> str:
    """Return path and query string, without the mount point's path."""
    from urllib.parse import quote

    path = quote(environ.get("PATH_INFO", "").encode("latin-1")) or "/"
    query = environ.get("QUERY_STRING")
    return path + "?" + query if query else path
