"""A client for tests of applications: it needs no network and no server."""

from .compat import json_dumps, json_loads
from .datastructures import NoCaseDict
from .request import Request
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .app import Microdot


class TestResponse:
    """What the application answered. All is None if it answered on the connection itself."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    def __init__(self) -> None:
        #: the status
        self.status_code: int | None = None
        #: the reason phrase, if the application has set one
        self.reason: str | None = None
        #: the headers; a list of values for a header that was set several times
        self.headers: dict[str, Any] = {}
        #: the body as bytes, None in a response to HEAD
        self.body: bytes | None = None
        #: the body as text, None if it is not UTF-8
        self.text: str | None = None
        #: the parsed body, if its type is JSON
        self.json: Any = None
        #: the events of a `text/event-stream`
        self.events: list[dict[str, Any]] | None = None

    @classmethod
    async def create(cls, response: Response) -> "TestResponse":
        """Take over a response of the application, with its whole body."""
        result = cls()
        if response is Response.already_handled:
            return result
        response.complete()
        result.status_code = response.status_code
        result.reason = response.reason
        result.headers = response.headers
        chunks = response.body_iter()
        if response.is_head:
            await chunks.aclose()
            return result
        result.body = b""
        async for chunk in chunks:
            result.body += chunk
        try:
            result.text = result.body.decode()
        except ValueError:
            return result
        content_type = response.headers.get("Content-Type", "").partition(";")[0]
        if content_type == "application/json":
            result.json = json_loads(result.body)
        elif content_type == "text/event-stream":
            result.events = _parse_events(result.body)
        return result


def _parse_events(body: bytes) -> "list[dict[str, Any]]":
    """Parse server-sent events (HTML Standard section 9.2.6)."""
    events = []
    for block in body.split(b"\n\n"):
        event: dict[str, Any] = {
            "data": None, "data_json": None, "event": None, "event_id": None, "retry": None,
        }  # fmt: skip
        data = []
        for line in block.split(b"\n"):
            name, _, value = line.partition(b":")
            value = value[1:] if value[:1] == b" " else value
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event["event"] = value.decode()
            elif name == b"id":
                event["event_id"] = value.decode()
            elif name == b"retry":
                event["retry"] = int(value) / 1000
        if data:
            event["data"] = b"\n".join(data)
            event["data_json"] = _parse_json(event["data"])
            events.append(event)
    return events


def _parse_json(data: bytes) -> "Any":
    try:
        return json_loads(data)
    except ValueError:
        return None  # most events are not JSON


class TestClient:
    """Sends requests to an application directly, and keeps its cookies.

    Example::

        client = TestClient(app)
        response = await client.get("/")
        assert response.status_code == 200

    :param app: the application.
    :param cookies: cookies to start with.
    :param scheme: `"http"` (the default) or `"https"`.
    :param host: the Host header of requests that have none.
    """

    __test__ = False

    def __init__(
        self,
        app: "Microdot",
        cookies: "dict[str, Any] | None" = None,
        scheme: "str | None" = None,
        host: "str | None" = None,
    ) -> None:
        self.app = app
        #: values by name, or pairs of value and path
        self.cookies: dict[str, Any] = cookies or {}
        self.scheme = scheme
        self.host = host or "example.com:1234"

    async def get(self, path: str, headers: "dict[str, str] | None" = None) -> TestResponse:
        """Send a GET request."""
        return await self.request("GET", path, headers)

    async def post(
        self, path: str, headers: "dict[str, str] | None" = None, body: "Any" = None
    ) -> TestResponse:
        """Send a POST request; a body that is a dict or list is sent as JSON."""
        return await self.request("POST", path, headers, body)

    async def put(
        self, path: str, headers: "dict[str, str] | None" = None, body: "Any" = None
    ) -> TestResponse:
        """Send a PUT request; a body that is a dict or list is sent as JSON."""
        return await self.request("PUT", path, headers, body)

    async def patch(
        self, path: str, headers: "dict[str, str] | None" = None, body: "Any" = None
    ) -> TestResponse:
        """Send a PATCH request; a body that is a dict or list is sent as JSON."""
        return await self.request("PATCH", path, headers, body)

    async def query(
        self, path: str, headers: "dict[str, str] | None" = None, body: "Any" = None
    ) -> TestResponse:
        """Send a QUERY request; a body that is a dict or list is sent as JSON."""
        return await self.request("QUERY", path, headers, body)

    async def delete(self, path: str, headers: "dict[str, str] | None" = None) -> TestResponse:
        """Send a DELETE request."""
        return await self.request("DELETE", path, headers)

    async def request(
        self,
        method: str,
        path: str,
        headers: "dict[str, str] | None" = None,
        body: "Any" = None,
        sock: "Any" = None,
    ) -> TestResponse:
        """Send a request.

        :param method: the method.
        :param path: the path with the query string.
        :param headers: the header fields.
        :param body: text, bytes, or a dict or list, which is sent as JSON.
        :param sock: what the handler finds as `request.sock`.
        """
        fields = NoCaseDict(headers)
        if isinstance(body, (dict, list)):
            body = json_dumps(body)
            fields.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        if body:
            fields.setdefault("Content-Length", str(len(body)))
        fields.setdefault("Host", self.host)
        cookies = self._cookie_header(path)
        if cookies and "Cookie" not in fields:
            fields["Cookie"] = cookies
        request = Request(
            self.app, ("127.0.0.1", 1234), method, path, "1.1", fields,
            body=body or b"", sock=sock, scheme=self.scheme,
        )  # fmt: skip
        response = await self.app.dispatch_request(request)
        if response is not Response.already_handled:
            self._keep_cookies(response)
        return await TestResponse.create(response)

    async def websocket(
        self,
        path: str,
        client: "Callable[[], Any]",
        headers: "dict[str, str] | None" = None,
    ) -> TestResponse:
        """Open a WebSocket and talk with its handler, until one of both has said all.

        Example::

            def client():
                reply = yield "hello"
                assert reply == "hello yourself"

            await TestClient(app).websocket("/chat", client)

        :param path: the path with the query string.
        :param client: a generator function, plain or asynchronous: yields the messages to send,
                       or None to send none, and gets the handler's messages back.
        :param headers: further header fields.
        :returns: the response if the handshake was refused, otherwise one of which all is None.
        :raises Exception: what the generator raises.
        """
        fields = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        fields.update(headers or {})
        peer = _WebSocketPeer(self.app, client())
        response = await self.request("GET", path, fields, sock=peer)
        if peer.error is not None:
            raise peer.error
        return response

    def _cookie_header(self, path: str) -> str:
        pairs = []
        for name, cookie in self.cookies.items():
            value, prefix = cookie if isinstance(cookie, tuple) else (cookie, "/")
            if path.startswith(prefix):
                pairs.append(name + "=" + value)
        return "; ".join(pairs)

    def _keep_cookies(self, response: Response) -> None:
        headers = response.headers.get("Set-Cookie", [])
        for header in headers if isinstance(headers, list) else [headers]:
            cookie, *attributes = header.split(";")
            name, _, value = cookie.partition("=")
            path = None
            deleted = False
            for attribute in attributes:
                key, _, setting = attribute.strip().partition("=")
                if key.lower() == "path":
                    path = setting
                elif key.lower() == "expires" and " 1970 " in setting:
                    deleted = True
            if deleted:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value if path is None else (value, path)


class _WebSocketPeer:
    """The client's end of a WebSocket, which the handler takes for its connection."""

    endless = False

    def __init__(self, limits: "Any", client: "Any") -> None:
        self.limits = limits
        #: what the generator has raised
        self.error: BaseException | None = None
        self._client = client
        self._frames: list[bytes] = []  # on their way to the handler
        self._started = False
        self._ended = False

    def upgrade(self) -> None:
        """Nothing to do: there is no HTTP to leave."""

    def abort(self) -> None:
        """End the connection, because the handler gives it up."""
        self._ended = True

    async def receive(self, timeout: "float | None" = None) -> bytes:
        """Return the next frame, nothing at the end."""
        while not self._frames and not self._ended:
            await self._advance(None)
        return self._frames.pop(0) if self._frames else b""

    async def send(self, data: bytes, more: bytes = b"") -> None:
        """Take what the handler sends: the head of the response, then frames."""
        if data[:5] == b"HTTP/":
            return
        data += more
        opcode = data[0] & 15
        payload = data[2 if data[1] < 126 else 4 if data[1] == 126 else 10 :]
        if opcode == 8:
            self._end(payload)
        elif opcode == 9:
            self._frames.append(_client_frame(10, payload))
        elif opcode < 8:
            await self._advance(payload.decode() if opcode == 1 else payload)

    def _end(self, payload: bytes) -> None:
        if not self._ended:
            self._ended = True
            self._frames.append(_client_frame(8, payload))

    async def _advance(self, message: "str | bytes | None") -> None:
        """Give the generator a message, and take its next one."""
        try:
            if not self._started:
                self._started = True
                await self._step(None)
            if message is not None or not self._frames:
                await self._step(message)
        except EOFError:
            self._end(b"\x03\xe8")  # 1000
        except Exception as exc:
            self.error = exc
            self._end(b"\x03\xe8")

    async def _step(self, message: "str | bytes | None") -> None:
        client = self._client
        try:
            if hasattr(client, "asend"):
                answer = await client.asend(message)
            else:
                answer = client.send(message)
        except (StopIteration, StopAsyncIteration):
            raise EOFError from None
        if isinstance(answer, str):
            self._frames.append(_client_frame(1, answer.encode()))
        elif answer is not None:
            self._frames.append(_client_frame(2, answer))


def _client_frame(opcode: int, payload: bytes) -> bytes:
    """Make a frame of RFC 6455 section 5.2, with a mask that changes nothing."""
    size = len(payload)
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 65536:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    return bytes((0x80 | opcode,)) + length + b"\0\0\0\0" + payload
