"""WebSocket frames for the tests: raw enough to send what no library would."""

import os
import struct
from dataclasses import dataclass

from .client import Connection, Response, format_request

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@dataclass
class Frame:
    """What the server sent."""

    opcode: int
    payload: bytes
    final: bool = True


def encode(
    opcode: int, payload: bytes = b"", final: bool = True, masked: bool = True, rsv: int = 0
) -> bytes:
    """Make a client's frame."""
    head = bytes([final << 7 | rsv << 4 | opcode])
    size = len(payload)
    mask_bit = masked << 7
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 65536:
        head += bytes([mask_bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))


def close_payload(code: int, reason: str = "") -> bytes:
    return struct.pack(">H", code) + reason.encode()


class WebSocket:
    """A client's end of a WebSocket on a connection."""

    def __init__(self, connection: Connection, path: str, **headers: str) -> None:
        self.connection = connection
        self.response = self.handshake(path, headers)
        self._buffer, connection._buffer = connection._buffer, b""

    def handshake(self, path: str, headers: dict[str, str]) -> Response:
        self.connection.send(format_request("GET", path, headers={**HANDSHAKE, **headers}))
        return self.connection.response()

    def send(self, opcode: int, payload: bytes | str = b"", final: bool = True) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        self.connection.send(encode(opcode, data, final))

    def receive(self) -> Frame:
        """Read a frame, which has to be one that a server may send."""
        first, second = self._take(2)
        assert not first & 0x70
        assert not second & 0x80, "a server must not mask"
        size = second
        if size == 126:
            (size,) = struct.unpack(">H", self._take(2))
            assert size > 125
        elif size == 127:
            (size,) = struct.unpack(">Q", self._take(8))
            assert size > 65535
        return Frame(first & 15, self._take(size), bool(first & 0x80))

    def receive_close(self) -> tuple[int, str]:
        """Read a Close frame and return its code and reason."""
        frame = self.receive()
        assert frame.opcode == CLOSE, frame
        return struct.unpack(">H", frame.payload[:2])[0], frame.payload[2:].decode()

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self.connection.socket.recv(65536)
            if not data:
                raise ConnectionError(f"the connection ended after {self._buffer!r}")
            self._buffer += data
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data
