"""WebSocket (RFC 6455).

Example::

    @app.route("/echo")
    @with_websocket
    async def echo(request, ws):
        while True:
            await ws.send(await ws.receive())
"""

import asyncio
from binascii import a2b_base64, b2a_base64
from errno import ECONNRESET
from hashlib import sha1

from .app import HTTPException
from .compat import MICROPYTHON, print_exception, ticks_add, ticks_diff, ticks_ms, wraps
from .http1 import encode_response_head
from .request import Request
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any, NoReturn

    Handler = Callable[..., Awaitable[Any]]


class WebSocketError(OSError):
    """The connection is over: the client closed it, is gone, or broke the protocol.

    :param reason: why.
    :param code: the close code (RFC 6455 section 7.4.1); 1005 if the client gave none, 1006 if
                 the connection ended without a Close frame.
    """

    def __init__(self, reason: str = "", code: int = 1006) -> None:
        super().__init__(ECONNRESET, reason)
        self.reason = reason
        self.code = code


class WebSocket:
    """The server's end of a WebSocket connection.

    One task may receive while others send. Pings are answered, and a silent client is pinged,
    while a task is in `receive()`.

    :param request: the request that asks for it.
    """

    CONT = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10

    #: Longest message that is accepted, in bytes; a longer one ends the connection with 1009.
    #: -1 stands for `Request.max_body_length`, 0 for no limit.
    max_message_length = -1
    #: A client that was silent for so long is pinged, and given up if it stays silent for as
    #: long again; in seconds, 0 for never.
    ping_interval = 30.0

    #: whether the connection is closed, or is being closed
    closed = False
    #: the client's close code and reason, see `WebSocketError`; 0 until there is one
    close_code = 0
    close_reason = ""
    #: the subprotocol that was agreed on, if any
    subprotocol: "str | None" = None

    _receiving = False
    _pinged = False
    _close_by = 0  # tick until which the client's Close frame is waited for
    # The frame and the message that are being received.
    _left = -1  # bytes of the frame that are still to come; -1 before its head
    _first = 0  # the first byte of its head
    _mask = b""
    _kind = 0  # opcode of a message of which some frames were received
    _size = 0  # bytes of it

    def __init__(self, request: "Request") -> None:
        self.request = request
        self._connection: Any = request.sock
        self._buffer = b""
        self._message: list[bytes] = []
        self._control: list[bytes] = []
        self._lock = asyncio.Lock()

    async def handshake(
        self,
        subprotocols: "Sequence[str] | None" = None,
        allowed_origins: "Sequence[str] | None" = None,
    ) -> None:
        """Answer the opening handshake (RFC 6455 section 4.2); see `websocket_upgrade`."""
        key = self._check_request(allowed_origins).encode()
        digest = sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        lines = [
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Accept: " + b2a_base64(digest).decode().strip(),
        ]
        if subprotocols:
            for name in _tokens(self.request.headers.get("Sec-WebSocket-Protocol", "")):
                if name in subprotocols:
                    self.subprotocol = name
                    lines.append("Sec-WebSocket-Protocol: " + name)
                    break
        self._connection.upgrade()
        await self._connection.send(encode_response_head("1.1", 101, None, lines))

    def _check_request(self, allowed_origins: "Sequence[str] | None") -> str:
        """Check the opening handshake.

        :returns: the client's key.
        :raises HTTPException: 400, 403, or 426 for another version of the protocol.
        """
        request = self.request
        get = request.headers.get
        key: str = get("Sec-WebSocket-Key", "")
        try:
            valid = len(a2b_base64(key)) == 16
        except ValueError:
            valid = False
        if (
            not valid
            or request.method != "GET"
            or request.http_version != "1.1"
            or get("Upgrade", "").lower() != "websocket"
            or "upgrade" not in _tokens(get("Connection", "").lower())
        ):
            raise HTTPException(400, "Bad WebSocket handshake")
        if get("Sec-WebSocket-Version") != "13":
            error = HTTPException(426)
            # RFC 6455 section 4.4, RFC 9110 section 15.5.22
            error.headers = {"Sec-WebSocket-Version": "13", "Upgrade": "websocket"}
            raise error
        check_origin(request, allowed_origins)
        return key

    async def receive(self) -> "str | bytes":
        """Return the next message. It may be cancelled and called again.

        :raises WebSocketError: when the connection is over.
        """
        if self.closed:
            raise self._error()
        return await self._receive()

    async def _receive(self) -> "str | bytes":
        self._receiving = True
        try:
            while True:
                frame = self._next_frame()
                if frame is None:
                    self._buffer += await self._read()
                elif frame[0] & 8:
                    await self._handle_control(frame[0], frame[1])
                elif not self.closed:
                    return _decode(frame[1]) if frame[0] == self.TEXT else frame[1]
        except WebSocketError as exc:
            if self.closed:
                raise
            # The client broke the protocol (RFC 6455 section 7.1.7).
            self.close_code = exc.code
            self.close_reason = exc.reason
            await self._send_close(exc.code, exc.reason)
            # What was not read would destroy the Close frame on its way.
            while True:
                await self._read()
        finally:
            self._receiving = False

    def _next_frame(self) -> "tuple[int, bytes] | None":
        """Take a control frame or a whole message out of the buffer.

        :returns: its opcode and payload, or None if more has to be read.
        :raises WebSocketError: if the client breaks the protocol.
        """
        while self._left >= 0 or self._parse_head():
            part = self._buffer[: self._left]
            size = len(part)
            self._buffer = self._buffer[size:]
            self._left -= size
            control = self._first & 8
            # In parts, because a device may have no room to let one piece of memory grow.
            parts = self._control if control else self._message
            parts.append(_unmask(part, self._mask))
            if self._left:
                # The rest of the frame goes on in the middle of the mask.
                size &= 3
                self._mask = self._mask[size:] + self._mask[:size]
                return None
            self._left = -1
            if self._first & 0x80:
                payload = parts[0] if len(parts) == 1 else b"".join(parts)
                parts.clear()
                if control:
                    return self._first & 15, payload
                kind = self._kind
                self._kind = self._size = 0
                return kind, payload
        return None

    def _parse_head(self) -> bool:
        """Parse the head of a frame (RFC 6455 section 5.2), if it is complete."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        first, second = buffer[0], buffer[1]
        opcode = first & 15
        length = second & 0x7F
        # No extension was agreed on, and what clients send is masked (section 5.1).
        malformed = first & 0x70 or second < 0x80
        if opcode & 8:
            malformed = malformed or opcode > self.PONG or length > 125 or first < 0x80
        else:
            malformed = malformed or opcode > self.BINARY or (not opcode) != (self._kind > 0)
        end = 2
        if length > 125 and not malformed:
            end = 4 if length == 126 else 10
            length = int.from_bytes(buffer[2:end], "big")
        if not malformed and len(buffer) < end + 4:
            return False
        # The shortest form of the length is the only one; its highest bit is 0.
        if malformed or (end > 2 and length < (126 if end == 4 else 65536)) or length >> 63:
            raise WebSocketError("protocol error", 1002)
        if not opcode & 8:
            limit = self.max_message_length
            if limit < 0:
                limit = Request.max_body_length
            self._size += length
            if limit and self._size > limit:
                raise WebSocketError("message is too long", 1009)
            self._kind = self._kind or opcode
        self._first = first
        self._mask = buffer[end : end + 4]
        self._buffer = buffer[end + 4 :]
        self._left = length
        return True

    async def _read(self) -> bytes:
        """Read from the connection; ping a client that is silent."""
        while True:
            timeout = self.ping_interval or None
            if self.closed:
                timeout = max(0, ticks_diff(self._close_by, ticks_ms())) / 1000
            try:
                data: bytes | None = await self._connection.receive(timeout)
            except OSError:
                data = b""
            if data:
                self._pinged = False
                return data
            if data is not None or self.closed or self._pinged:
                self._lose()
            self._pinged = True
            await self._send(self.PING, b"")

    async def _handle_control(self, opcode: int, data: bytes) -> None:
        if opcode == self.PING:
            if not self.closed:
                await self._send(self.PONG, data)
        elif opcode == self.CLOSE:
            code, reason = _parse_close(data)
            self.close_code = code
            self.close_reason = reason
            if not self.closed:
                await self._send_close(code if data else None)
            raise WebSocketError(reason, code)

    def _error(self) -> WebSocketError:
        return WebSocketError(self.close_reason or "closed", self.close_code or 1006)

    def _lose(self) -> "NoReturn":
        """Give the connection up."""
        self.closed = True
        self._connection.abort()
        raise self._error()

    async def send(self, data: "str | bytes", opcode: "int | None" = None) -> None:
        """Send a message.

        It waits for a client that is slow, but not longer than the server's `write_timeout`.

        :param data: text or bytes.
        :param opcode: what the frame is; by default `TEXT` or `BINARY`, as the data is.
        :raises WebSocketError: when the connection is over.
        :raises ValueError: if a control frame is longer than 125 bytes.
        """
        if opcode is None:
            opcode = self.TEXT if isinstance(data, str) else self.BINARY
        if isinstance(data, str):
            data = data.encode()
        if opcode & 8 and len(data) > 125:
            raise ValueError("a control frame holds 125 bytes at most")
        await self._send(opcode, data)

    async def _send(self, opcode: int, data: bytes) -> None:
        size = len(data)
        head = bytes((0x80 | opcode, size if size < 126 else 126 if size < 65536 else 127))
        if size > 125:
            head += size.to_bytes(2 if size < 65536 else 8, "big")
        async with self._lock:
            if self.closed and opcode != self.CLOSE:
                raise self._error()
            try:
                await self._connection.send(head, data)
                return
            except OSError:
                pass
        self._lose()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, and wait for the client to agree (RFC 6455 section 7.1.2).

        :param code: why: 1000 when all is done, 1001 when the server goes away, 1008 when a
                     policy is violated, 1011 after an error, 3000 to 4999 for others.
        :param reason: why in words, at most 123 bytes.
        """
        if self.closed:
            return
        try:
            await self._send_close(code, reason)
            if not self._receiving:
                await self._receive()
        except WebSocketError:
            pass

    async def _send_close(self, code: "int | None", reason: str = "") -> None:
        data = b"" if code is None else code.to_bytes(2, "big") + reason.encode()
        if len(data) > 125:
            raise ValueError("the reason holds 123 bytes at most")
        self.closed = True
        linger = int(self._connection.limits.linger_timeout * 1000)
        self._close_by = ticks_add(ticks_ms(), linger)
        await self._send(self.CLOSE, data)


def check_origin(request: "Request", allowed_origins: "Sequence[str] | None") -> None:
    """Refuse the page of another site, which sends the user's cookies (RFC 6455 section 10.2).

    Only browsers send the header, so a request without it is not refused.

    :param allowed_origins: origins to accept besides the server's own; None for all.
    :raises HTTPException: 403.
    """
    origin = request.headers.get("Origin")
    if allowed_origins is None or origin is None or origin in allowed_origins:
        return
    if origin != request.scheme + "://" + request.headers.get("Host", ""):
        raise HTTPException(403, "Forbidden")


def _tokens(value: str) -> "list[str]":
    return [token.strip() for token in value.split(",")]


def _unmask(data: bytes, mask: bytes) -> bytes:
    """Undo the masking (RFC 6455 section 5.3) of one large number, which takes no loop."""
    size = len(data)
    if not size:
        return data
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def _decode(data: bytes) -> str:
    """Decode text.

    :raises WebSocketError: 1007 if it is not UTF-8.
    """
    try:
        text = data.decode()
        if not MICROPYTHON or len(text) == len(data) or _is_strict_utf8(data):
            return text
    except ValueError:
        pass
    raise WebSocketError("text is not UTF-8", 1007)


def _is_strict_utf8(data: bytes) -> bool:
    """Look for what MicroPython's decoder lets pass (RFC 3629 section 3).

    That is more bytes than needed, surrogates, and numbers beyond Unicode.
    """
    if max(data) > 0xF4 or b"\xc0" in data or b"\xc1" in data:
        return False
    for first, low, high in (
        (0xE0, 0xA0, 0xBF),
        (0xED, 0, 0x9F),
        (0xF0, 0x90, 0xBF),
        (0xF4, 0, 0x8F),
    ):
        lead = bytes((first,))
        position = data.find(lead)
        while position >= 0:
            if not low <= data[position + 1] <= high:
                return False
            position = data.find(lead, position + 1)
    return True


def _parse_close(data: bytes) -> "tuple[int, str]":
    """Parse a Close frame (RFC 6455 section 5.5.1).

    :returns: code and reason; 1005 if there is none.
    """
    if not data:
        return 1005, ""
    code = int.from_bytes(data[:2], "big")
    # Section 7.4: reserved numbers, and those that are never sent.
    if len(data) < 2 or not 1000 <= code < 5000 or 1014 < code < 3000 or 1003 < code < 1007:
        raise WebSocketError("malformed close code", 1002)
    return code, _decode(data[2:])


async def websocket_upgrade(
    request: "Request",
    subprotocols: "Sequence[str] | None" = None,
    allowed_origins: "Sequence[str] | None" = None,
) -> WebSocket:
    """Make a WebSocket of the connection of a request; `with_websocket` is easier to use.

    :param request: the request.
    :param subprotocols: those that are spoken here; the first one that the client names and
                         that is among them is agreed on.
    :param allowed_origins: refuse the pages of other sites but these; by default none is
                            refused, `()` allows the server's own only.
    :raises HTTPException: if the request does not ask for a WebSocket, or is refused.
    """
    websocket_class = getattr(request.sock, "websocket_class", WebSocket)
    ws: WebSocket = websocket_class(request)
    await ws.handshake(subprotocols, allowed_origins)
    return ws


def websocket_wrapper(
    f: "Handler", upgrade_function: "Callable[[Request], Awaitable[WebSocket]]"
) -> "Handler":
    """Make a request handler of a WebSocket handler; see `with_websocket`.

    :param upgrade_function: like `websocket_upgrade`.
    """

    @wraps(f)
    async def wrapper(request: "Request", *args: "Any", **kwargs: "Any") -> "Response":
        ws = await upgrade_function(request)
        code = 1000
        try:
            await f(request, ws, *args, **kwargs)
        except WebSocketError:
            pass
        except asyncio.CancelledError:
            await ws.close(1001)
            raise
        except Exception as exc:
            print_exception(exc)
            code = 1011
        await ws.close(code)
        return Response.already_handled

    return wrapper


def with_websocket(
    f: "Handler | None" = None,
    *,
    subprotocols: "Sequence[str] | None" = None,
    allowed_origins: "Sequence[str] | None" = None,
) -> "Any":
    """Decorate a handler that takes a request, a `WebSocket`, and the variables of the URL.

    The connection is closed when it returns: with 1000, or with 1011 after an exception.

    Example::

        @app.route("/chat")
        @with_websocket(subprotocols=["chat.v1"], allowed_origins=())
        async def chat(request, ws): ...

    :param subprotocols: see `websocket_upgrade`.
    :param allowed_origins: see `websocket_upgrade`.
    """

    async def upgrade(request: "Request") -> WebSocket:
        return await websocket_upgrade(request, subprotocols, allowed_origins)

    if f is not None:
        return websocket_wrapper(f, upgrade)
    return lambda f: websocket_wrapper(f, upgrade)
