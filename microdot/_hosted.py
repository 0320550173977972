"""What `asgi` and `wsgi` share: an application that another server serves. CPython only."""

import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable

from .compat import print_exception
from .http1 import ProtocolError, reason_phrase
from .request import Request
from .response import Response
from .streams import BufferedReader

# The server's business (RFC 9110 section 7.6.1), or worked out anew.
_NOT_SENT = ("connection", "keep-alive", "transfer-encoding", "content-length")


class _LimitedBody:
    """Counts what comes, because a client need not say in advance how much it will be."""

    def __init__(self, receive: Callable[[], Awaitable[bytes]]) -> None:
        self._receive = receive
        self._size = 0

    async def receive(self) -> bytes:
        """Return what comes next, nothing at the end."""
        data = await self._receive()
        self._size += len(data)
        if self._size > Request.max_content_length:
            raise ProtocolError(413, "Payload too large")
        return data


async def receive_body(
    request: Request, receive: Callable[[], Awaitable[bytes]], length: int | None
) -> None:
    """Give a request its body, or a stream if it is large.

    :param receive: returns the body's next bytes, nothing at its end.
    :param length: the length of the body, None if it is not known.
    :raises ProtocolError: 413 if it is larger than `Request.max_content_length`.
    """
    if length is not None and length > Request.max_content_length:
        return  # the application answers with 413
    source = _LimitedBody(receive)
    parts = []
    size = 0
    while size <= Request.max_body_length:
        part = await source.receive()
        if not part:
            break
        parts.append(part)
        size += len(part)
    if size <= Request.max_body_length:
        request.body = b"".join(parts)
        request.content_length = size
    else:
        request.stream = BufferedReader(source, b"".join(parts))
        request.content_length = length or size


class Head:
    """Status and header fields of a response, checked; and whether a body follows."""

    def __init__(self, response: Response, method: str) -> None:
        self.status_code = response.status_code
        self.reason = response.reason or reason_phrase(response.status_code)
        declared = response.headers.get("Content-Length")
        self.fields = []
        for line in response.header_lines(_NOT_SENT):
            if "\r" in line or "\n" in line or "\0" in line:
                raise ValueError("a response header holds CR, LF or NUL")
            name, _, value = line.partition(": ")
            self.fields.append((name, value))
        bodiless = self.status_code < 200 or self.status_code in (204, 304)
        self.has_body = not bodiless and method != "HEAD"
        if bodiless:
            self.fields = [pair for pair in self.fields if pair[0].lower() != "content-type"]
        elif isinstance(response.body, (bytes, bytearray)) and (response.body or not declared):
            declared = str(len(response.body))
        if not bodiless and declared is not None:
            self.fields.append(("Content-Length", str(declared)))


async def make_head(response: Response, method: str) -> tuple[Head, Response]:
    """Check a response; one that cannot be sent is replaced by a 500."""
    try:
        return Head(response, method), response
    except (TypeError, ValueError) as exc:
        print_exception(exc)
        await response.body_iter().aclose()
        response = Response("Internal server error", 500)
        return Head(response, method), response


def stop_server() -> None:
    """Ask the server to end, and if this is one of its workers, all of it."""
    pid = os.getpid()
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:  # a worker of uvicorn
        pid = parent.pid
    elif os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn"):
        pid = os.getppid()
    os.kill(pid, signal.SIGTERM)
