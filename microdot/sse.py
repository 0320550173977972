"""Server-sent events (HTML Standard section 9.2).

Example::

    @app.get("/time")
    @with_sse
    async def clock(request, sse):
        while True:
            await sse.send({"time": time.time()})
            await asyncio.sleep(1)
"""

import asyncio
from errno import ECONNRESET

from .compat import json_dumps, wait_for, wraps
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from .request import Request

    Handler = Callable[..., Awaitable[Any]]


class SSE:
    """A stream of events to one client; it is the body of the response as well.

    :param request: the request that asks for it.
    """

    #: Events that may wait for the client; with more, `send` waits.
    max_queue = 16
    #: After so many seconds without an event the client gets a comment, so that nothing on the
    #: way takes the connection for dead, and a dead one is noticed; 0 for never.
    keep_alive = 15.0

    #: whether the stream is over, or the client gone
    closed = False
    #: id of the last event that the client had got before it lost the connection
    last_event_id: "str | None" = None

    _call: "Any" = None  # the handler and its arguments, until it is started
    _handler: "Any" = None  # tasks
    _watcher: "Any" = None
    _error: "BaseException | None" = None

    def __init__(self, request: "Request | None" = None) -> None:
        if request is not None:
            self.last_event_id = request.headers.get("Last-Event-ID")
        self._connection: Any = request and request.sock
        self.queue: list[bytes] = []
        self.event = asyncio.Event()  # set when there is something to do for the stream
        self._room = asyncio.Event()

    async def send(
        self,
        data: "Any",
        event: "str | None" = None,
        event_id: "str | None" = None,
        retry: "float | None" = None,
        comment: bool = False,
    ) -> None:
        """Send an event. It waits while `max_queue` events wait for the client.

        :param data: text or bytes, of any number of lines; a dict or list, sent as JSON; or
                     anything else, sent as `str` makes it text.
        :param event: its name, by default `message`.
        :param event_id: its id; clients send the last one when they come back.
        :param retry: how long the client waits before it comes back, in seconds.
        :param comment: send the data as a comment, which clients ignore.
        :raises OSError: if the stream is over.
        :raises ValueError: if a name or id holds a line end.
        """
        if isinstance(data, (dict, list)):
            data = json_dumps(data)
        if isinstance(data, str):
            data = data.encode()
        elif not isinstance(data, (bytes, bytearray)):
            data = str(data).encode()
        fields = "" if retry is None else "retry: " + str(int(retry * 1000)) + "\n"
        for name, value in (("event: ", event), ("id: ", event_id)):
            if value is not None:
                if "\n" in value or "\r" in value:
                    raise ValueError("name or id of an event holds a line end")
                fields += name + value + "\n"
        start = b": " if comment else b"data: "
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\n" + start)
        while len(self.queue) >= self.max_queue:
            self._room.clear()
            await self._room.wait()
        if self.closed:
            raise OSError(ECONNRESET, "client is gone")
        self.queue.append(fields.encode() + start + data + b"\n\n")
        self.event.set()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the stream; what was not sent yet is dropped.

        The arguments are those of `WebSocket.close`, so that both can be closed alike. This
        protocol has nothing to say them with.
        """
        self._end()

    def _end(self) -> None:
        self.closed = True
        self.queue.clear()
        self._room.set()
        self.event.set()

    def _take(self) -> bytes:
        """Take the next event, and those that fit into one packet with it."""
        data = self.queue.pop(0)
        while self.queue and len(data) + len(self.queue[0]) < 1400:
            data += self.queue.pop(0)
        self._room.set()
        return data

    def __aiter__(self) -> "SSE":
        return self

    async def __anext__(self) -> bytes:
        """Return events as soon as there are any."""
        if self._call is not None:
            self._start()
        if not self.queue and not self.closed:
            self.event.clear()
            try:
                await wait_for(self.event.wait(), self.keep_alive or None)
            except asyncio.TimeoutError:  # noqa: UP041 (MicroPython has no other name for it)
                return b":\n\n"
        if self.queue:
            return self._take()
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    def _start(self) -> None:
        self._handler = asyncio.create_task(self._run(*self._call))
        self._call = None
        if hasattr(self._connection, "wait_disconnected"):
            self._connection.endless = True
            self._watcher = asyncio.create_task(self._watch())

    async def _run(
        self, f: "Handler", request: "Request", args: "tuple[Any, ...]", kwargs: "dict[str, Any]"
    ) -> None:
        try:
            await f(request, self, *args, **kwargs)
        except Exception as exc:
            if not self.closed:  # what fails after the client has gone is its end, and no error
                self._error = exc
        self.closed = True
        self.event.set()

    async def _watch(self) -> None:
        if await self._connection.wait_disconnected():
            self._end()

    async def aclose(self) -> None:
        """End the handler, which gets a `CancelledError` if it still runs."""
        self._end()
        if self._handler is not None:
            # Not waited for: it may refuse to end, and has nothing to do with the connection now.
            self._handler.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
            try:  # noqa: SIM105 (there is no contextlib on a device)
                await self._watcher
            except asyncio.CancelledError:
                pass


def sse_response(
    request: "Request", event_function: "Handler", *args: "Any", **kwargs: "Any"
) -> Response:
    """Make a response of a handler that sends events; `with_sse` is easier to use.

    :param request: the request.
    :param event_function: called with the request, an `SSE`, and the other arguments.
    """
    sse = SSE(request)
    sse._call = (event_function, request, args, kwargs)
    return Response(
        sse, headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    )


def with_sse(f: "Handler") -> "Handler":
    """Decorate a handler that takes a request, an `SSE`, and the variables of the URL.

    The stream ends when it returns. When the client leaves it is cancelled, so what it has to
    clean up belongs into a `finally`.
    """

    @wraps(f)
    async def wrapper(request: "Request", *args: "Any", **kwargs: "Any") -> Response:
        return sse_response(request, f, *args, **kwargs)

    return wrapper
