"""The server: connections, their limits and time-outs, and the shutdown."""

import asyncio
import errno
import time

from . import http1
from .compat import (
    MICROPYTHON,
    http_date,
    print_exception,
    ticks_add,
    ticks_diff,
    ticks_ms,
    uncancel_current_task,
    wait_for,
)
from .request import Request
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .streams import BodyIterator

#: When set, `Microdot.run()` and `start_server()` call it with the application, host, port,
#: debug flag and TLS context instead of serving; firmware serves the application itself. What
#: it returns, if not None, `start_server()` awaits.
handover: "Callable[[Any, str, int, bool, Any], Any] | None" = None

#: Errors of sockets that mean no more than that the client went away.
MUTED_SOCKET_ERRORS = [
    32,  # EPIPE; not in MicroPython's errno module
    errno.ECONNABORTED,
    errno.ECONNRESET,
    54,  # ECONNRESET on macOS
    errno.ENOTCONN,
    128,  # ENOTCONN of lwIP on some ports
    errno.ETIMEDOUT,
]

# Header fields that the server writes itself, whatever the application says.
_OWN_FIELDS = ("connection", "content-length", "transfer-encoding")
# How much is read and written at once.
_BLOCK = 2048 if MICROPYTHON else 65536
# Connections that wait to be accepted: too few, and bursts of clients are turned away. It is more
# than a device has room for: its TCP stack can choose among them who is given up, where a short
# queue would turn away whoever comes next.
_BACKLOG = 64 if MICROPYTHON else 128
# Largest request head that is kept to compare the next one with.
_REMEMBERED = 400
# Longest time (ms) that one connection writes without a turn for the others.
_TURN = 5
# What was idle for less (ms) is not closed for a new connection: its next request may be on
# the way. One that never sent anything is spared for less.
_SPARED = 250
_SPARED_SILENT = 50
# How many clients beyond the limit wait for a place, and how long in ms.
_MAX_WAITING = 3
_WAIT = 300


class _Timeout(Exception):
    """The connection's deadline has passed."""


class Server:
    """Listens on an address and serves an application there.

    :param app: has `dispatch_request(request)`, and the limits of `Microdot` as attributes.
    :param host: the address to listen on.
    :param port: the TCP port; 0 for a free one, on CPython.
    :param ssl: an `ssl.SSLContext` of a server.
    :param debug: print a line for each request.
    """

    def __init__(
        self,
        app: "Any",
        host: str = "0.0.0.0",
        port: int = 5000,
        ssl: "Any" = None,
        debug: bool = False,
    ) -> None:
        self.app = app
        self.host = host
        self.port = port
        self.ssl = ssl
        self.debug = debug
        self.limits = app
        self.connections: set[Connection] = set()
        self._listener: Any = None
        self._closed: Any = None  # event, set by close()
        self._watchman: Any = None  # task that ends what is overdue
        self._waiting: list[Connection] = []
        self._date = 0
        self._date_line = ""
        self._plain_heads: dict[str | None, bytes] = {}

    @property
    def sockets(self) -> "Any":
        """The listening sockets (CPython)."""
        return self._listener.sockets if self._listener is not None else ()

    async def start(self) -> None:
        """Run the application's start-up hooks, listen, and serve what connects.

        :raises OSError: if the address cannot be listened on.
        """
        self._closed = asyncio.Event()
        lifecycle = getattr(self.app, "lifecycle", None)
        try:
            if lifecycle is not None:
                await lifecycle.start(self)
            await self._listen()
        except BaseException:
            await self._end_lifecycle()
            raise

    async def _end_lifecycle(self) -> None:
        # It may have been made since the start: by a handler that started a task.
        lifecycle = getattr(self.app, "lifecycle", None)
        if lifecycle is not None:
            await lifecycle.stop(self)

    async def _listen(self) -> None:
        options: dict[str, Any] = {"backlog": max(_BACKLOG, self.limits.max_connections)}
        if self.ssl is not None and not MICROPYTHON:
            options["ssl"] = self.ssl
            options["ssl_handshake_timeout"] = self.limits.head_timeout
            options["ssl_shutdown_timeout"] = self.limits.linger_timeout
        self._listener = await asyncio.start_server(
            self.handle_connection, self.host, self.port, **options
        )

    async def serve_forever(self) -> None:
        """Serve until `close()` is called and all connections are closed."""
        if self._listener is None:
            await self.start()
        await self._closed.wait()
        await self.wait_closed()

    def close(self) -> None:
        """Stop listening, close idle connections, and let running requests finish."""
        if self._listener is None or self._closed.is_set():
            return
        self._listener.close()
        self._closed.set()
        for connection in list(self.connections):
            connection.stop()

    async def wait_closed(self) -> None:
        """Wait until all connections are closed, at most for `shutdown_timeout`.

        The application's shutdown hooks run then.
        """
        end = ticks_add(ticks_ms(), int(self.limits.shutdown_timeout * 1000))
        me = asyncio.current_task()
        while [c for c in self.connections if c.task is not me]:
            if ticks_diff(end, ticks_ms()) <= 0:
                for connection in list(self.connections):
                    if connection.task is not me:
                        connection.task.cancel()
                end = ticks_add(end, 1000)
            await asyncio.sleep(0.02)
        if self._watchman is not None:
            self._watchman.cancel()
            self._watchman = None
        if MICROPYTHON:
            await self._listener.wait_closed()
        await self._end_lifecycle()

    async def handle_connection(self, reader: "Any", writer: "Any") -> None:
        """Serve one connection until it ends, if there is a place for it."""
        connection = Connection(self, reader, writer)
        try:
            if self._closed is not None and self._closed.is_set():
                return
            if not self._make_place() and not await self._wait_for_place(connection):
                return
            self.connections.add(connection)
            if self._watchman is None:
                self._watchman = asyncio.create_task(self._watch())
            if self.ssl is not None and MICROPYTHON:
                connection.start_tls(self.ssl, self.limits.tls_memory)
            await connection.serve()
        except asyncio.CancelledError:
            if not connection.stopped:
                raise
            uncancel_current_task()
        except _Timeout:
            pass
        except OSError as exc:
            if self.debug and exc.errno not in MUTED_SOCKET_ERRORS:
                print_exception(exc)
        except (EOFError, MemoryError):
            pass
        except Exception as exc:
            print_exception(exc)
        finally:
            try:
                await connection.close()
            finally:
                self.connections.discard(connection)

    def _make_place(self) -> bool:
        """Tell whether one more connection may be opened; close an idle one if need be."""
        if len(self.connections) < self.limits.max_connections:
            return True
        now = ticks_ms()
        longest = -1
        victim = None
        for connection in self.connections:
            if connection.busy or connection.stopped:
                continue
            idle = ticks_diff(now, connection.idle_since)
            spared = _SPARED if connection.has_sent else _SPARED_SILENT
            if idle >= spared and idle > longest:
                longest = idle
                victim = connection
        if victim is not None:
            victim.stop()
        return victim is not None

    async def _wait_for_place(self, connection: "Connection") -> bool:
        """Give a connection beyond the limit a place after a moment, or a 503.

        Those who come later take the place of those who wait: most of a crowd are silent.
        """
        waiting = self._waiting
        waiting.append(connection)
        if len(waiting) > _MAX_WAITING:
            waiting.pop(0)
        end = ticks_add(ticks_ms(), _WAIT)
        try:
            while connection in waiting and ticks_diff(end, ticks_ms()) > 0:
                await asyncio.sleep(0.02)
                if self._make_place():
                    return True
        finally:
            if connection in waiting:
                waiting.remove(connection)
        if self.ssl is None:
            await connection.refuse()
        return False

    async def _watch(self) -> None:
        """End what is overdue; one task for all is cheaper than one for each read."""
        limits = self.limits
        shortest = min(
            limits.head_timeout,
            limits.keep_alive_timeout,
            limits.body_timeout,
            limits.write_timeout,
            limits.linger_timeout,
        )
        interval = max(0.01, min(shortest / 8, 0.5))
        while self.connections:
            now = ticks_ms()
            for connection in self.connections:
                deadline = connection.deadline
                if deadline is not None and ticks_diff(deadline, now) <= 0:
                    connection.expire()
            await asyncio.sleep(interval)
        self._watchman = None

    def date_line(self) -> str:
        """Return the Date header (RFC 9110 section 6.6.1), nothing without a clock."""
        now = int(time.time())
        if now != self._date:
            self._date = now
            self._plain_heads = {}
            moment = time.gmtime(now)
            # A device whose clock was never set thinks it is 1970 or 2000.
            self._date_line = "Date: " + http_date(moment) if moment[0] >= 2024 else ""
        return self._date_line

    def plain_head(self, content_type: "str | None", length: int) -> bytes:
        """Return the head of the commonest response: 200, and no headers of its own."""
        date = self.date_line()
        head = self._plain_heads.get(content_type)
        if head is None:
            lines = ["Content-Type: " + content_type] if content_type else []
            if date:
                lines.append(date)
            head = http1.encode_response_head("1.1", 200, None, lines)[:-2] + b"Content-Length: "
            self._plain_heads[content_type] = head
        return head + b"%d\r\n\r\n" % length


class Connection:
    """One connection: reads requests, has them handled, writes responses."""

    #: tick at which what it waits for is overdue, None if it may take any time
    deadline: "int | None" = None
    #: whether a request is being handled
    busy = False
    #: whether anything was received on it
    has_sent = False
    #: whether it was told to close as soon as no request is being handled
    stopped = False
    #: whether the request being handled has no end of its own: a shutdown does not wait for it
    endless = False
    #: whether it speaks another protocol than HTTP now
    upgraded = False
    _expired = False
    _aborted = False
    _receiver: "Any" = None  # task that is in receive()
    _plain: "Any" = None
    _body: "RequestBody | None" = None
    _previous: "http1.RequestHead | None" = None

    def __init__(self, server: Server, reader: "Any", writer: "Any") -> None:
        self.server = server
        self.limits = server.limits
        self.task: Any = asyncio.current_task()
        self.idle_since = self._yielded = ticks_ms()
        self._reader = reader
        self._writer = writer
        self._buffer = b""
        self.peer = writer.get_extra_info("peername")

    def start_tls(self, context: "Any", memory: int) -> None:
        """Put TLS on the connection (MicroPython); the handshake is part of the first read.

        :raises MemoryError: if the free heap is too small for it.
        """
        import gc

        if gc.mem_free() < memory:  # type: ignore[attr-defined]
            gc.collect()
            if gc.mem_free() < memory:  # type: ignore[attr-defined]
                raise MemoryError
        # Closing a TLS socket whose handshake has failed leaves the plain one open.
        self._plain = plain = self._writer.s
        secure = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        secure.setblocking(False)
        stream: Any = asyncio.StreamReader
        self._reader = self._writer = stream(secure, {"peername": self.peer})

    def expire(self) -> None:
        """End what the connection waits for, because it is overdue."""
        self.deadline = None
        self._expired = True
        (self._receiver or self.task).cancel()

    def stop(self) -> None:
        """Close the connection now, or after the request that is being handled."""
        self.stopped = True
        if not self.busy or self.endless:
            self.task.cancel()

    def upgrade(self) -> None:
        """Leave the connection to a handler that speaks another protocol (RFC 9110 section 7.8).

        It uses `receive`, `send` and `abort`; the connection is closed when it returns.
        """
        self.endless = self.upgraded = True

    async def receive(self, timeout: "float | None" = None) -> "bytes | None":
        """Return what comes next, nothing at the end of the connection.

        Any task may wait here while another one sends.

        :param timeout: how long to wait, in seconds; None for any time.
        :returns: None if nothing came until then.
        """
        data = self._buffer
        if data:
            self._buffer = b""
            return data
        self._receiver = asyncio.current_task()
        try:
            if timeout is None:
                data = await self._reader.read(_BLOCK)
            else:
                data = await self._receive(self._in(timeout))
        except _Timeout:
            return None
        except asyncio.CancelledError:
            if not self._aborted:
                raise
        finally:
            self._receiver = None
        return data

    async def send(self, data: bytes, more: bytes = b"") -> None:
        """Write, without regard to HTTP; one task at a time.

        It may be cancelled: either all is written or nothing.

        :param more: what follows on the data.
        :raises OSError: if the client is gone, or does not take it within `write_timeout`.
        """
        writer = self._writer
        if len(more) > _BLOCK:  # too large to copy
            writer.write(data)
            data = more
        elif more:
            data += more
        writer.write(data)
        if MICROPYTHON:
            if writer.out_buf:
                await self._drain(writer)
            return
        try:
            await wait_for(writer.drain(), self.limits.write_timeout)
        except TimeoutError:
            raise OSError(errno.ETIMEDOUT) from None

    async def _drain(self, writer: "Any") -> None:
        """Write what the socket did not take at once (MicroPython).

        It asks again and again: while two tasks wait for one socket, one to read and one to
        write, MicroPython forgets both when one of them is cancelled.
        """
        end = self._in(self.limits.write_timeout)
        left = memoryview(writer.out_buf)
        try:
            while left:
                if ticks_diff(end, ticks_ms()) <= 0:
                    raise OSError(errno.ETIMEDOUT)
                await asyncio.sleep(0.005)
                left = left[writer.s.write(left) or 0 :]
        finally:
            writer.out_buf = bytes(left)  # a task that is cancelled leaves it to the next one

    def abort(self) -> None:
        """Cut the connection off; a task that waits in `receive` gets the end of it."""
        if not MICROPYTHON:
            self._writer.transport.abort()
        elif self._receiver is not None and not self._aborted:
            self._aborted = True
            self._receiver.cancel()

    async def wait_disconnected(self) -> bool:
        """Wait for the client to go away while the response is being sent.

        :returns: False if it sends too much meanwhile to find out.
        """
        try:
            while len(self._buffer) < self.limits.max_head_size:
                data = await self._reader.read(_BLOCK)
                if not data:
                    return True
                self._buffer += data
        except OSError:
            return True
        return False

    async def _receive(self, deadline: int) -> bytes:
        """Read what there is, nothing at the end of the connection.

        :raises _Timeout: if there is nothing until the deadline.
        """
        self.deadline = deadline
        try:
            data: bytes = await self._reader.read(_BLOCK)
        except asyncio.CancelledError:
            self._check_expired()
            raise
        finally:
            self.deadline = None
        return data

    async def _send(self, data: "bytes | memoryview", more: bool = False) -> None:
        """Write a portion.

        :param more: let other connections have their turn, because more will follow.
        :raises _Timeout: if the client does not take it in time.
        """
        writer = self._writer
        writer.write(data)
        if not more and not (
            writer.out_buf if MICROPYTHON else writer.transport.get_write_buffer_size()
        ):
            return  # all is written
        now = ticks_ms()
        self.deadline = ticks_add(now, int(self.limits.write_timeout * 1000))
        try:
            await writer.drain()
            # On CPython it lets nobody else run as long as the transport's buffer has room.
            if not MICROPYTHON and ticks_diff(now, self._yielded) > _TURN:
                await asyncio.sleep(0)
                self._yielded = now
        except asyncio.CancelledError:
            self._check_expired()
            raise
        finally:
            self.deadline = None

    def _check_expired(self) -> None:
        """Tell a deadline that has passed from a cancellation by others."""
        if self._expired:
            self._expired = False
            uncancel_current_task()
            raise _Timeout

    @staticmethod
    def _in(seconds: float) -> int:
        return ticks_add(ticks_ms(), int(seconds * 1000))

    async def serve(self) -> None:
        """Handle requests until the client, an error or a limit ends the connection."""
        keep = True
        wait = self.limits.head_timeout
        while keep and not self.stopped:
            try:
                if self._buffer:
                    wait = self.limits.head_timeout
                head = await self._receive_head(wait)
                if head is None:
                    return
                self.busy = True
                request = await self._receive_request(head)
            except ValueError as exc:
                await self._answer_error(exc)
                return
            keep = await self._handle(request, head)
            self.busy = self.endless = False
            self.idle_since = ticks_ms()
            wait = self.limits.keep_alive_timeout

    async def _receive_head(self, wait: float) -> "http1.RequestHead | None":
        """Read the next request's head.

        :param wait: how long to wait for its first byte, in seconds.
        :returns: the head, or None if the client is gone or silent.
        :raises ProtocolError: if it is malformed, too large or too slow.
        """
        maximum = max(self.limits.max_head_size, Request.max_readline)
        buffer = self._buffer
        deadline = self._in(wait)
        while True:
            if buffer and buffer[0] < 32:
                buffer = http1.skip_empty_lines(buffer)
            end = http1.find_head_end(buffer)
            if end >= 0:
                break
            _check_size(buffer, len(buffer), maximum)
            try:
                data = await self._receive(deadline)
            except _Timeout:
                if buffer:
                    raise http1.ProtocolError(408, "request head takes too long") from None
                return None
            if not data:
                return None
            self.has_sent = True
            if not buffer:
                previous = self._previous
                if previous is not None and previous.data == data:
                    return previous  # the same again, and nothing more
                buffer = data
                deadline = self._in(self.limits.head_timeout)
            else:
                buffer += data
        if end > Request.max_readline:
            _check_size(buffer, end, maximum)
        if end == len(buffer):
            self._buffer = b""
        else:
            self._buffer = buffer[end:]
            buffer = buffer[:end]
        head = http1.parse_request_head(buffer, self._previous)
        # A large head is not kept: an idle connection shall cost little memory.
        self._previous = head if end <= _REMEMBERED else None
        return head

    async def _receive_request(self, head: http1.RequestHead) -> Request:
        """Read the body, if it is small, and make the request."""
        body: bytes | None = b""
        stream: Any = None
        size = head.content_length
        self._body = None
        if head.chunked or size:
            self._body = RequestBody(self, head)
            if size <= Request.max_body_length:
                body, size = await self._receive_body(self._body)
            if size > Request.max_body_length and size <= Request.max_content_length:
                from .streams import BufferedReader

                stream = BufferedReader(self._body, body or b"")
        request = Request.received(head, self, body if stream is None else stream, size)
        if self.server.ssl is not None:
            request.scheme = "https"
        return request

    async def _receive_body(self, body: "RequestBody") -> "tuple[bytes, int]":
        """Read a body, but not much more than may be in memory.

        :returns: what was read, and its size.
        """
        parts = []
        size = 0
        while size <= Request.max_body_length:
            try:
                part = await body.receive()
            except _Timeout:
                raise http1.ProtocolError(408, "request body takes too long") from None
            except http1.ProtocolError as exc:
                if exc.status_code != 413:
                    raise
                return b"", body.received  # the application answers
            if not part:
                break
            parts.append(part)
            size += len(part)
        return (parts[0] if len(parts) == 1 else b"".join(parts)), size

    async def _handle(self, request: Request, head: http1.RequestHead) -> bool:
        """Have a request handled and write the response.

        :returns: whether the connection may go on.
        """
        response = await self.server.app.dispatch_request(request)
        if response is Response.already_handled or self.upgraded:
            return False
        body = self._body
        unread = body is not None and not body.done
        keep = head.keep_alive and not self.stopped
        if body is not None and unread:
            keep = keep and body.remaining is not None and body.remaining <= self.limits.max_drain
        keep = await self._respond(head.method, head.version, response, keep)
        if self.server.debug:
            print(request.method, request.path, response.status_code)
        if body is not None and unread:
            if not keep:
                await self._linger(body.remaining)
            else:
                while not body.done:
                    await body.receive()
        return keep

    async def _answer_error(self, exc: ValueError) -> None:
        """Answer what is not a request, and let the client read the answer."""
        status_code = getattr(exc, "status_code", 400)
        text = "Bad request" if status_code == 400 else http1.reason_phrase(status_code)
        app = self.server.app
        if hasattr(app, "dispatch_error"):
            response = await app.dispatch_error(status_code, text)
        else:
            response = Response(text, status_code)
        if self.server.debug:
            print("-", exc, status_code)
        await self._respond("GET", "1.1", response, False)
        await self._linger(None)

    async def refuse(self) -> None:
        """Answer with 503, because there are too many connections."""
        lines = ["Retry-After: 1", "Content-Length: 0", "Connection: close"]
        self._writer.write(http1.encode_response_head("1.1", 503, None, lines))
        # A request that has arrived has to be read, or closing destroys the answer.
        self.server.connections.add(self)
        await self._linger(None)

    async def _linger(self, size: "int | None") -> None:
        """Drop what the client still sends: closing at once would destroy the response.

        RFC 9112 section 9.6. The connection may be closed for a new one meanwhile.

        :param size: how much it will be, if that is known.
        """
        self.busy = False
        if not MICROPYTHON and self._writer.can_write_eof():
            self._writer.write_eof()
        left = self.limits.max_linger
        if size is not None:
            left = min(left, size - len(self._buffer))
        timeout = self.limits.linger_timeout
        end = self._in(timeout)
        while left > 0 and ticks_diff(end, ticks_ms()) > 0:
            data = await self._receive(self._in(timeout / 4))
            if not data:
                break
            left -= len(data)

    async def _respond(self, method: str, version: str, response: Response, keep: bool) -> bool:
        """Write a response.

        :param method: the request's method.
        :param version: the request's version.
        :param keep: whether the connection shall go on.
        :returns: whether it can.
        """
        body = response.body
        if keep and method != "HEAD" and version == "1.1" and _is_plain(response):
            await self._send(self.server.plain_head(response.content_type(), len(body)) + body)
            return True
        length = _body_length(response, method == "HEAD")
        status_code = response.status_code
        without_body = method == "HEAD" or status_code in (204, 304) or status_code < 200
        chunked = length is None and not without_body and version == "1.1"
        keep = keep and (chunked or length is not None or without_body)
        chunks = None
        try:
            if not isinstance(body, (bytes, bytearray, type(None), str)):
                chunks = response.body_iter()
            lines, keep = self._header_lines(response, version, keep, length, chunked)
            head = http1.encode_response_head(version, status_code, response.reason, lines)
        except (TypeError, ValueError) as exc:
            print_exception(exc)
            if chunks is not None:
                await chunks.aclose()
            return await self._respond(
                method, version, Response("Internal server error", 500), keep
            )
        if chunks is not None and not without_body:
            return await self._send_stream(method, version, chunks, head, length, keep)
        await self._send_bytes(head, b"" if without_body or not body else body)
        if chunks is not None:
            await chunks.aclose()
        return keep

    async def _send_bytes(self, head: bytes, body: "str | bytes | bytearray") -> None:
        """Write head and body, at once if they are small."""
        data = body.encode() if isinstance(body, str) else body
        if len(data) <= _BLOCK:
            await self._send(head + data)
            return
        await self._send(head, True)
        view = memoryview(data)
        for start in range(0, len(data), _BLOCK):
            await self._send(view[start : start + _BLOCK], True)

    def _header_lines(
        self, response: Response, version: str, keep: bool, length: "int | None", chunked: bool
    ) -> "tuple[list[str], bool]":
        """Return the header lines to send, and whether the connection can go on.

        Framing and connection are the server's business; what the application says about
        them is obeyed only where it asks to close.
        """
        lines = response.header_lines(_OWN_FIELDS)
        if response._headers is not None:
            keep = keep and "close" not in response.headers.get("Connection", "").lower()
        status_code = response.status_code
        if status_code not in (204, 304) and status_code >= 200:
            if length is not None:
                lines.append("Content-Length: " + str(length))
            elif chunked:
                lines.append("Transfer-Encoding: chunked")
        date = self.server.date_line()
        if date:
            lines.append(date)
        if not keep:
            lines.append("Connection: close")
        elif version == "1.0":
            lines.append("Connection: keep-alive")
        return lines, keep

    async def _send_stream(
        self,
        method: str,
        version: str,
        chunks: "BodyIterator",
        head: bytes,
        length: "int | None",
        keep: bool,
    ) -> bool:
        """Write head and body of a response whose body comes in portions.

        A body that fails never looks complete: the last chunk or some of its length is
        missing, or the connection is reset.
        """
        chunked = length is None and version == "1.1"
        unsent = head
        try:
            if chunks.is_async:  # it may take its time until there is something to send
                await self._send(head)
                unsent = b""
            while True:
                data = await _next_portion(chunks)
                if data is None:
                    break
                if length is not None:
                    length -= len(data)
                    if length < 0:
                        raise ValueError("the body is longer than its Content-Length")
                if chunked and data:
                    data = http1.encode_chunk(data)
                if data:
                    await self._send(unsent + data if unsent else data, True)
                    unsent = b""
            if length:
                raise ValueError("the body is shorter than its Content-Length")
            if unsent or chunked:
                await self._send(unsent + (http1.encode_chunk(b"") if chunked else b""))
            return keep
        except (OSError, _Timeout):
            raise
        except Exception as exc:
            print_exception(exc)
            if not unsent:
                if version == "1.0":
                    self._reset()
                return False
        finally:
            await chunks.aclose()
        return await self._respond(method, version, Response("Internal server error", 500), keep)

    def _reset(self) -> None:
        """Make the connection's end look like a failure, where the platform can."""
        import socket
        import struct

        plain = self._writer.s if MICROPYTHON else self._writer.get_extra_info("socket")
        try:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (AttributeError, OSError):
            return
        if not MICROPYTHON:
            self._writer.transport.abort()

    async def close(self) -> None:
        """Close the connection; a client that does not take the rest is cut off."""
        writer = self._writer
        if self._receiver is not None:  # a task that a handler has left behind
            self._receiver.cancel()
            self._receiver = None
        self.deadline = self._in(self.limits.write_timeout)
        try:
            writer.close()
            if MICROPYTHON or self.server.ssl or writer.transport.get_write_buffer_size():
                await writer.wait_closed()
        except OSError:
            pass
        except asyncio.CancelledError:
            if not MICROPYTHON:
                writer.transport.abort()
            if not self._expired:
                raise
            uncancel_current_task()
        finally:
            self.deadline = None
            if self._plain is not None:
                self._plain.close()


def _check_size(buffer: bytes, length: int, maximum: int) -> None:
    """Check a head, or its beginning, against the limits.

    :raises ProtocolError: 414 or 431.
    """
    line = buffer.find(b"\n", 0, length)
    if (line if line >= 0 else length) > Request.max_readline:
        raise http1.ProtocolError(414, "request line is too long")
    if length > maximum:
        raise http1.ProtocolError(431, "request head is too large")


async def _next_portion(chunks: "BodyIterator") -> "bytes | None":
    """Return the next portion of a body, None at its end."""
    try:
        return await chunks.__anext__()
    except StopAsyncIteration:
        return None
    except OSError as exc:  # not to be taken for an error of the connection
        raise RuntimeError("the body cannot be read") from exc


def _is_plain(response: Response) -> bool:
    """Tell whether a response is 200, short, and has no headers of its own."""
    body = response.body
    return (
        response.status_code == 200
        and response._headers is None
        and isinstance(body, bytes)
        and len(body) <= _BLOCK
        and response.reason is None
    )


def _body_length(response: Response, is_head: bool) -> "int | None":
    """Return the length of a response's body, if it is known."""
    body: Any = response.body
    if isinstance(body, str):
        body = body.encode()
    if body is not None and not isinstance(body, (bytes, bytearray)):
        return _stream_length(response)
    if is_head and not body:  # the handler may know what GET would send
        return int(response.headers.get("Content-Length", 0))
    return len(body or b"")


def _stream_length(response: Response) -> "int | None":
    """Return the length of a body that is not bytes, if it is known."""
    declared = response.headers.get("Content-Length")
    if declared is not None:
        return int(declared)
    body: Any = response.body
    if not hasattr(body, "seek"):
        return None
    try:
        position = body.tell()
        if not isinstance(position, int) or body.read(0) != b"":
            return None  # asynchronous, or text, which is measured in characters
        end: int = body.seek(0, 2)
        body.seek(position)
    except (OSError, ValueError):
        return None
    return end - position


class RequestBody:
    """Reads one request's body from its connection.

    :param connection: the connection.
    :param head: the request's head.
    """

    def __init__(self, connection: Connection, head: http1.RequestHead) -> None:
        self._connection = connection
        self._chunked = head.chunked
        self._decoder: http1.LengthDecoder | http1.ChunkedDecoder
        if head.chunked:
            self._decoder = http1.ChunkedDecoder()
        else:
            self._decoder = http1.LengthDecoder(head.content_length)
        self._expected = head.expects_continue
        #: how many bytes of it were read
        self.received = 0
        self._timeout = connection.limits.body_timeout
        self._time_left = int(self._timeout * 1000)

    @property
    def done(self) -> bool:
        """Whether all of it was read."""
        return self._decoder.done

    @property
    def remaining(self) -> "int | None":
        """How much was not read yet; None if that is unknown, or may never be sent."""
        return None if self._chunked or self._expected else self._decoder.remaining

    async def receive(self) -> bytes:
        """Return the next bytes of the body, nothing at its end.

        :raises ProtocolError: if its coding is broken, or it is larger than
                               `Request.max_content_length`.
        :raises EOFError: if the connection ended before it.
        """
        decoder = self._decoder
        connection = self._connection
        while not decoder.done:
            data = connection._buffer
            if data:
                connection._buffer = b""
            else:
                data = await self._read()
            block = decoder.feed(data)
            if decoder.done:
                connection._buffer = decoder.rest
            if block:
                self._count(len(block))
                return block
        return b""

    def _count(self, size: int) -> None:
        before = self.received
        self.received += size
        if self.received > Request.max_content_length:
            raise http1.ProtocolError(413, "Payload too large")
        if before // 16384 != self.received // 16384:
            self._time_left = int(self._timeout * 1000)

    async def _read(self) -> bytes:
        connection = self._connection
        if self._expected:
            self._expected = False
            await connection._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        start = ticks_ms()
        data = await connection._receive(ticks_add(start, self._time_left))
        self._time_left -= ticks_diff(ticks_ms(), start)
        if not data:
            raise EOFError
        return data
