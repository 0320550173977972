"""Bodies as asynchronous streams. Loaded when the first one is read or sent in portions."""

from io import BytesIO

from . import http1
from .request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Source(Protocol):
        """Where a `BufferedReader` reads from."""

        async def receive(self) -> bytes:
            """Return what comes next, nothing at the end."""


class AsyncBytesIO:
    """Bytes in memory that are read and written like a connection.

    :param data: the bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._file = BytesIO(data)

    async def read(self, n: int = -1) -> bytes:
        """Read `n` bytes, or all that is left."""
        return self._file.read(n)

    async def readline(self) -> bytes:
        """Read up to and including a line end."""
        return self._file.readline()

    async def readexactly(self, n: int) -> bytes:
        """Read `n` bytes.

        :raises EOFError: if there are less.
        """
        data = self._file.read(n)
        if len(data) < n:
            raise EOFError
        return data

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Read up to and including a separator.

        :raises EOFError: if there is none.
        """
        start = self._file.tell()
        data = self._file.read()
        end = data.find(separator)
        if end < 0:
            raise EOFError
        end += len(separator)
        self._file.seek(start + end)
        return data[:end]

    async def awrite(self, data: bytes) -> None:
        """Write at the current position."""
        self._file.write(data)

    async def aclose(self) -> None:
        """Do nothing; bytes need no closing."""


class BufferedReader:
    """Reads in any portions from a source that delivers its own.

    :param source: has `receive()`, which returns nothing at its end.
    :param data: what was received already.
    """

    def __init__(self, source: "Source", data: bytes = b"") -> None:
        self._source = source
        self._buffer = data
        self._ended = False

    async def _fill(self) -> bool:
        data = b"" if self._ended else await self._source.receive()
        self._ended = not data
        self._buffer = self._buffer + data if self._buffer else data
        return not self._ended

    def _take(self, n: int) -> bytes:
        data = self._buffer[:n]
        self._buffer = self._buffer[n:]
        return data

    async def read(self, n: int = -1) -> bytes:
        """Read up to `n` bytes as soon as there are any, or all that is left.

        :returns: nothing at the end.
        """
        while n < 0 and await self._fill():
            pass
        if n and not self._buffer:
            await self._fill()
        return self._take(n if n >= 0 else len(self._buffer))

    async def readexactly(self, n: int) -> bytes:
        """Read `n` bytes.

        :raises EOFError: if there are less.
        """
        while len(self._buffer) < n:
            if not await self._fill():
                raise EOFError
        return self._take(n)

    async def readline(self) -> bytes:
        """Read up to and including a line end, or what is left without one."""
        try:
            return await self.readuntil(b"\n")
        except EOFError:
            return self._take(len(self._buffer))

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Read up to and including a separator.

        :raises EOFError: if there is none.
        """
        end = self._buffer.find(separator)
        while end < 0:
            # A separator may have begun in what was there.
            searched = max(0, len(self._buffer) - len(separator) + 1)
            if not await self._fill():
                raise EOFError
            end = self._buffer.find(separator, searched)
        return self._take(end + len(separator))


class BodyIterator:
    """Iterates over any kind of body as bytes, and closes it at its end.

    :param body: see `Response`.
    :param buffer_size: how much is read at once if it is a file.
    """

    def __init__(self, body: "Any", buffer_size: int) -> None:
        self._body = body
        #: whether waiting for a portion may take any time
        self.is_async = hasattr(body, "__aiter__") or hasattr(body, "__anext__")
        self._size = 0  # of a file's portions, 0 for anything else
        if isinstance(body, (bytes, bytearray)):
            self._source: Any = iter((body,))
        elif body is None:
            self._source = iter(())
        elif hasattr(body, "read"):
            self._source = body
            self._size = buffer_size
        else:
            self._source = body.__aiter__() if self.is_async else iter(body)

    def __aiter__(self) -> "BodyIterator":
        return self

    async def __anext__(self) -> bytes:
        """Return the next bytes; there may be none of them before the end."""
        if self._size:
            chunk = self._source.read(self._size)
            if hasattr(chunk, "send"):
                chunk = await chunk
            if not chunk:
                await self._stop()
        elif hasattr(self._source, "__anext__"):
            try:
                chunk = await self._source.__anext__()
            except StopAsyncIteration:
                await self._stop()
        else:
            try:
                chunk = next(self._source)
            except StopIteration:
                await self._stop()
        return chunk.encode() if isinstance(chunk, str) else chunk

    async def _stop(self) -> None:
        await self.aclose()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the body, if it can be closed; a generator that never ran does not start."""
        body = self._body
        self._body = None
        if hasattr(body, "aclose"):
            await body.aclose()
        elif hasattr(body, "close"):
            closing = body.close()
            if hasattr(closing, "send"):
                await closing


async def read_request(
    app: "Any", reader: "Any", writer: "Any", client_addr: "Any", scheme: "str | None"
) -> "Request | None":
    """Read a request from a stream that has `readline()` and `readexactly(n)`.

    See `Request.create`.
    """
    lines: list[bytes] = []
    room = 8 * Request.max_readline
    while True:
        line = await reader.readline()
        if not line:
            return None
        if line in (b"\r\n", b"\n"):
            if lines:
                break
            return None
        room -= len(line)
        if len(line) > Request.max_readline or room < 0:
            raise ValueError("line or head of the request is too long")
        lines.append(line)
    try:
        head = http1.parse_request_head(b"".join(lines))
    except http1.ProtocolError as exc:
        raise ValueError(exc.reason) from None
    body = reader
    if head.content_length <= Request.max_body_length:
        body = await reader.readexactly(head.content_length) if head.content_length else b""
    request = Request.received(head, (reader, writer), body, head.content_length)
    request.app = app
    request.client_addr = client_addr
    if scheme is not None:
        request.scheme = scheme
    return request
