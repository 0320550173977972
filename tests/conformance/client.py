"""HTTP for the tests: raw enough to send what no library would."""

import contextlib
import json
import socket
import ssl
import struct
import time
from dataclasses import dataclass, field
from typing import Any

TIMEOUT = 10.0  # seconds without an answer that make a test fail


@dataclass
class Response:
    """What the server answered."""

    version: str
    status: int
    reason: str
    headers: dict[str, str]
    lines: list[tuple[str, str]]
    body: bytes = b""
    complete: bool = True
    chunks: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One connection to the target."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection((host, port), timeout=TIMEOUT)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket = context.wrap_socket(plain, server_hostname=host) if context else plain
        except BaseException:
            plain.close()
            raise
        self._buffer = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def abort(self) -> None:
        """Close with a reset, as a browser that is killed."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        version: str = "1.1",
    ) -> Response:
        """Send a request and read its response."""
        self.send(format_request(method, path, body, headers, version))
        return self.response(method)

    def get(self, path: str, **headers: str) -> Response:
        return self.request("GET", path, headers=headers)

    def response(self, method: str = "GET") -> Response:
        """Read the response to a request of that method."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._fill():
                raise ConnectionError(f"no response, but {self._buffer!r} and the end")
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        status_line, *lines = head.decode().split("\r\n")
        version, status, reason = status_line.split(" ", 2)
        pairs = [(name.lower(), value.strip()) for name, value in (x.split(":", 1) for x in lines)]
        response = Response(version, int(status), reason, dict(pairs), pairs)
        if method != "HEAD" and response.status not in (204, 304) and response.status >= 200:
            self._read_body(response)
        return response

    def _read_body(self, response: Response) -> None:
        if response.headers.get("transfer-encoding") == "chunked":
            assert "content-length" not in response.headers
            response.complete = self._read_chunks(response)
            response.body = b"".join(response.chunks)
        elif "content-length" in response.headers:
            length = int(response.headers["content-length"])
            response.complete = self._fill_to(length)
            response.body = self._take(length)
        else:
            while self._fill():
                pass
            response.body = self._take(len(self._buffer))

    def _read_chunks(self, response: Response) -> bool:
        while True:
            while b"\r\n" not in self._buffer:
                if not self._fill():
                    return False
            line, self._buffer = self._buffer.split(b"\r\n", 1)
            size = int(line, 16)
            if not self._fill_to(size + 2):
                return False
            data = self._take(size + 2)
            assert data.endswith(b"\r\n")
            if not size:
                return True
            response.chunks.append(data[:-2])

    def _take(self, size: int) -> bytes:
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def _fill_to(self, size: int) -> bool:
        while len(self._buffer) < size:
            if not self._fill():
                return False
        return True

    def _fill(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ssl.SSLError:
            data = b""  # closed without close_notify
        self._buffer += data
        return bool(data)

    def ended(self, within: float = TIMEOUT) -> bool:
        """Wait for the server to close; False if it did not, or sent something."""
        self.socket.settimeout(within)
        try:
            return not self._buffer and not self.socket.recv(1)
        except (ConnectionError, ssl.SSLError):
            return True
        except TimeoutError:
            return False


def format_request(
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    version: str = "1.1",
) -> bytes:
    """Make the bytes of a request."""
    lines = [f"{method} {path} HTTP/{version}", "Host: test"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunk(*parts: bytes) -> bytes:
    """Encode a body in chunked coding."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def eventually(condition: "Any", within: float = TIMEOUT) -> bool:
    """Ask again and again until something holds that only the target knows."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionError, TimeoutError):
            if condition():
                return True
        time.sleep(0.02)
    return False
