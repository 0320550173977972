"""The extensions on the reference and on ours: only listed differences are allowed.

What the tables of `docs/coming-from-microdot.md` list for every answer of a kind is left out of
the comparison, see `comparable` and `Talk`; each of these differences has a test of its own.
"""

import base64
import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .harness import DOCUMENT, Answer, Case, fetch, listed, normal, serve_both

APPLICATION = Path(__file__).with_name("extensions.py")
COOKIE_ATTRIBUTES = "; SameSite=Lax"
ORIGIN = "https://friend.example"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
Ports = tuple[int, int]


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """The ports of the reference and of ours."""
    with serve_both(APPLICATION, tmp_path_factory.mktemp("extensions")) as both:
        yield both


def basic(password: str, scheme: str = "Basic") -> dict[str, str]:
    credentials = base64.b64encode(f"me:{password}".encode()).decode()
    return {"Authorization": f"{scheme} {credentials}"}


def part(content: bytes, disposition: str, content_type: str = "") -> bytes:
    head = f"Content-Disposition: form-data{disposition}\r\n"
    if content_type:
        head += f"Content-Type: {content_type}\r\n"
    return head.encode() + b"\r\n" + content


def form(path: str, *parts: bytes, boundary: str = "xyz", separator: str = "; ",
         difference: str | None = None) -> Case:  # fmt: skip
    """Return the request that sends a form."""
    delimiter = b"--" + boundary.encode()
    body = b"".join(delimiter + b"\r\n" + content + b"\r\n" for content in parts)
    content_type = f"multipart/form-data{separator}boundary={boundary}"
    return Case(
        path, "POST", {"Content-Type": content_type}, body + delimiter + b"--\r\n", difference
    )


NAME = part(b"me", '; name="name"')
LETTERS = part("täxt".encode(), '; name="letters"')
SMALL = part(b"some\r\nlines\r\n", '; name="file"; filename="a b.txt"', "text/plain")
EMPTY = part(b"", '; name="empty"; filename="empty"')
LARGE = part(bytes(range(256)) * 80, '; name="large"; filename="l.bin"', "image/png")
NEARLY = part(b"\r\n--xy\r\n--xy-\r\n-" * 300, '; name="nearly"; filename="n"')
SAME = [
    Case("/basic"),
    Case("/basic", headers=basic("right")),
    Case("/basic", headers=basic("wrong")),
    Case("/basic", headers={"Authorization": "Basic !!"}),
    Case("/basic/optional"),
    Case("/basic/optional", headers=basic("right")),
    Case("/basic/optional", headers=basic("wrong")),
    Case("/token"),
    Case("/token", headers={"X-API-Key": "right"}),
    Case("/token", headers={"X-API-Key": "wrong"}),
    Case("/page/page.html", headers={"Origin": ORIGIN}),
    Case("/page/page.html", headers={"Origin": "https://stranger.example"}),
    Case("/nowhere", headers={"Origin": ORIGIN}),
    Case("/login", "OPTIONS", PREFLIGHT),
    Case("/login", "OPTIONS", {**PREFLIGHT, "Access-Control-Request-Headers": "X-A, X-B"}),
    Case("/upload/skip", "POST", {"Sec-Fetch-Site": "cross-site"}),
    Case("/upload/skip", "POST", {"Origin": "https://stranger.example"}),
    Case("/upload/skip", "POST", {"Origin": ORIGIN}),
    Case("/session"),
    Case("/session", headers={"Cookie": "session=rubbish"}),
    Case("/me"),
    Case("/me?a=b"),
    Case("/me/fresh"),
    Case("/events"),
    Case("/events/none"),
    Case("/events/20"),
    form("/upload", NAME, LETTERS, SMALL),
    form("/upload", EMPTY),
    form("/upload", LARGE, NAME, NEARLY),
    form("/upload", NAME, boundary="----WebKitFormBoundaryABC123"),
    form("/upload/save", SMALL, LARGE),
    form("/upload/skip", LARGE, NAME, SMALL),
    form("/upload/form", NAME, SMALL, LARGE),
    form("/upload/repeated", part(b"a", '; name="tag"')),
    Case("/upload", "POST", URLENCODED, b"a=1"),
    Case("/upload", "POST", body=b"no form"),
    form("/upload", part(b"x" * 120_000, '; name="file"; filename="f"')),
    Case("/page/page.html"),
    Case("/page/child.html"),
    Case("/stream/page.html"),
]
DIFFERENT = [
    Case("/basic", headers=basic("right", scheme="basic"), difference="auth-scheme-case"),
    Case("/events/lines", difference="sse-lines"),
    Case("/events/empty-fields", difference="sse-empty-fields"),
    Case("/ws/echo", difference="websocket-checks"),
    Case("/upload/skip", "POST", {"Sec-Fetch-Site": "same-origin"}, difference="csrf-vary"),
    Case("/upload/skip", "POST", {"Origin": "http://example.com"}, difference="csrf-own-origin"),
    form("/upload", NAME, separator=";", difference="form-boundary"),
    form("/upload", part(b"x", r'; name="f"; filename="a\"b"'), difference="form-file-names"),
    form("/upload", part(b"x", ""), difference="form-without-name"),
    form("/upload/repeated", part(b"a", '; name="tag"'), part(b"b", '; name="tag"'),
         difference="form-dictionaries"),
    Case("/upload/files", "POST", URLENCODED, b"a=1", difference="form-files"),
    Case("/page/page.txt", difference="jinja-escaping"),
]  # fmt: skip


def unsigned(cookie: str) -> str:
    """Show what is in a session's token in place of the token."""
    name, _, rest = cookie.partition("=")
    token, _, attributes = rest.partition(";")
    if name != "session" or not token:
        return cookie
    payload = token.split(".")[1]
    content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return f"session={content};{attributes}"


def comparable(answer: Answer | None) -> Answer | None:
    """Leave out `sse-headers`, `session-cookies` and `cors-vary`."""
    answer = normal(answer)
    if answer is None:
        return None
    stream = ("content-type", "text/event-stream") in answer.headers
    headers = []
    for name, value in answer.headers:
        kept = value
        if name == "set-cookie":
            kept = unsigned(value.replace(COOKIE_ATTRIBUTES, ""))
        elif name == "vary":
            kept = ", ".join(word for word in value.split(", ") if word != "Origin")
        if kept and not (stream and name == "cache-control"):
            headers.append((name, kept))
    return Answer(answer.status, headers, answer.body)


@pytest.mark.parametrize("case", SAME, ids=str)
def test_same(ports: Ports, case: Case) -> None:
    reference, ours = (comparable(fetch(port, case)) for port in ports)
    assert reference is not None
    assert ours == reference


@pytest.mark.parametrize("case", DIFFERENT, ids=str)
def test_listed_difference(ports: Ports, case: Case) -> None:
    assert case.difference in listed(), f"{case.difference} is not in {DOCUMENT.name}"
    reference, ours = (comparable(fetch(port, case)) for port in ports)
    assert ours != reference, f"no difference any more: strike it from {DOCUMENT.name}"
    assert ours is not None


def test_event_streams_are_not_cached(ports: Ports) -> None:
    assert "sse-headers" in listed()
    reference, ours = (dict(fetch(port, Case("/events/none")).headers) for port in ports)
    assert (reference.get("cache-control"), ours["cache-control"]) == (None, "no-cache")


def test_responses_vary_with_the_origin(ports: Ports) -> None:
    assert "cors-vary" in listed()
    reference, ours = (dict(fetch(port, Case("/basic")).headers) for port in ports)
    assert (reference.get("vary"), ours["vary"]) == (None, "Origin")


# Sessions: one client with its cookies, going from page to page.


@dataclass
class Client:
    """Keeps cookies as a browser does; it sends each request to the next of its servers."""

    ports: list[int]
    cookies: dict[str, str] = field(default_factory=dict)

    def request(self, case: Case) -> Answer:
        if self.cookies:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            case = Case(case.path, case.method, {**(case.headers or {}), "Cookie": cookie})
        self.ports.append(self.ports.pop(0))
        answer = fetch(self.ports[-1], case)
        assert answer is not None
        for value in (value for name, value in answer.headers if name == "set-cookie"):
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
            if not self.cookies[name]:
                del self.cookies[name]
        return answer


VISITS = [Case("/session/visit")] * 3 + [Case("/session"), Case("/session/end"), Case("/session")]
LOGIN = [
    Case("/me"),
    Case("/login?next=/me%3Fa=b", "POST"),
    Case("/me"),
    Case("/me/fresh"),
    Case("/session"),
    Case("/logout", "POST"),
    Case("/me"),
]


@pytest.mark.parametrize("cases", [VISITS, LOGIN], ids=["visits", "login"])
def test_sessions(ports: Ports, cases: list[Case]) -> None:
    reference, ours = (
        [comparable(client.request(case)) for case in cases]
        for client in (Client([port]) for port in ports)
    )
    assert ours == reference


@pytest.mark.parametrize("cases", [VISITS, LOGIN], ids=["visits", "login"])
@pytest.mark.parametrize("first", ["reference", "ours"])
def test_each_goes_on_with_the_others_session(ports: Ports, cases: list[Case], first: str) -> None:
    alternating = Client(list(ports) if first == "reference" else [ports[1], ports[0]])
    one = Client([ports[0]])
    expected = [comparable(one.request(case)) for case in cases]
    assert [comparable(alternating.request(case)) for case in cases] == expected


def cookies_of(port: int, case: Case) -> list[str]:
    answer = fetch(port, case)
    assert answer is not None
    return [value for name, value in answer.headers if name == "set-cookie"]


def test_session_cookies_have_same_site(ports: Ports) -> None:
    assert "session-cookies" in listed()
    (reference,), (ours,) = (cookies_of(port, Case("/session/visit")) for port in ports)
    assert "SameSite" not in reference
    assert COOKIE_ATTRIBUTES in ours


def test_remember_cookies_are_protected(ports: Ports) -> None:
    assert "remember-cookies" in listed()
    reference, ours = (
        next(
            cookie
            for cookie in cookies_of(port, Case("/login/remember", "POST"))
            if cookie.startswith("_remember")
        )
        for port in ports
    )
    assert "HttpOnly" not in reference
    assert "HttpOnly" in ours and "Path=/" in ours and "SameSite=Lax" in ours


def test_login_does_not_leave_the_site(ports: Ports) -> None:
    assert "open-redirect" in listed()
    reference, ours = (
        dict(fetch(port, Case("/login?next=//evil.example/", "POST")).headers)["location"]
        for port in ports
    )
    assert (reference, ours) == ("//evil.example/", "/")


# WebSocket: raw frames, so that those that no library sends can be sent.

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def frame(opcode: int, payload: bytes, final: bool = True, masked: bool = True) -> bytes:
    head = bytes([opcode | (0x80 if final else 0)])
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([mask_bit | len(payload)])
    else:
        head += bytes([mask_bit | 126]) + len(payload).to_bytes(2, "big")
    if not masked:
        return head + payload
    mask = b"\x01\x80\xff\x33"
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


BYE = frame(CLOSE, (1000).to_bytes(2, "big") + b"bye")


@dataclass
class Talk:
    """A WebSocket, and the difference that is expected in what the server sends, if any.

    What is in the server's Close frame is left out (`websocket-close`).
    """

    path: str
    frames: tuple[bytes, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    difference: str | None = None
    label: str = ""

    def __str__(self) -> str:
        return f"{self.path} {self.label or self.difference or ''}".strip()


SAME_TALKS = [
    Talk("/ws/echo", (frame(TEXT, "hällo".encode()), BYE), label="text"),
    Talk("/ws/echo", (frame(BINARY, bytes(range(256))), BYE), label="binary"),
    Talk("/ws/echo", (frame(TEXT, b"x" * 125), frame(TEXT, b"x" * 126), BYE), label="lengths"),
    Talk("/ws/echo", (frame(BINARY, b"x" * 16_000), BYE), label="long"),
    Talk("/ws/echo", (*(frame(TEXT, b"%d" % n) for n in range(50)), BYE), label="many"),
    Talk("/ws/echo", (frame(PING, b"are you there"), frame(TEXT, b"x"), BYE), label="ping"),
    Talk("/ws/echo", (frame(PONG, b"nobody asked"), frame(TEXT, b"x"), BYE), label="pong"),
    Talk("/ws/echo", (BYE,), label="close"),
    Talk("/ws/greet/me"),
    Talk("/ws/fail"),
    Talk("/ws/members?member=yes"),
    Talk("/ws/members"),
    Talk("/ws/nowhere"),
]
DIFFERENT_TALKS = [
    Talk("/ws/echo", headers={"Sec-WebSocket-Version": "8"}, difference="websocket-checks"),
    Talk("/ws/echo", headers={"Upgrade": "h2c"}, difference="websocket-checks"),
    Talk("/ws/echo", (frame(TEXT, b"a", final=False), frame(CONTINUATION, b"b"), BYE),
         difference="websocket-fragments"),
    Talk("/ws/echo", (frame(TEXT, b""), BYE), difference="websocket-empty"),
    Talk("/ws/echo", (frame(TEXT, b"x", masked=False), BYE), difference="websocket-violations"),
]  # fmt: skip


def frames_of(data: bytes) -> list[tuple[int, bytes]]:
    """Split what a server sent into opcodes and payloads."""
    frames = []
    while data:
        length, start = data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        frames.append((data[0] & 15, data[start : start + length]))
        data = data[start + length :]
    return frames


def talk_to(port: int, talk: Talk) -> tuple[Answer | None, list[tuple[int, bytes]]]:
    """Return the answer to the handshake, and the frames that came after it."""
    headers = "".join(f"{k}: {v}\r\n" for k, v in {**HANDSHAKE, **talk.headers}.items())
    request = f"GET {talk.path} HTTP/1.1\r\nHost: example.com\r\n{headers}\r\n".encode()
    data = b""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
        contextlib.suppress(ConnectionError),
    ):
        connection.sendall(request)
        while b"\r\n\r\n" not in data and (received := connection.recv(65536)):
            data += received
        connection.sendall(b"".join(talk.frames))
        connection.shutdown(socket.SHUT_WR)
        while received := connection.recv(65536):
            data += received
    head, _, rest = data.partition(b"\r\n\r\n")
    status_line, *lines = head.decode().split("\r\n")
    pairs = [(k.lower(), v) for k, v in (line.split(": ", 1) for line in lines)]
    status = int(status_line.split(" ")[1])
    if status == 101:
        return comparable(Answer(status, pairs, b"")), frames_of(rest)
    return comparable(Answer(status, pairs, rest)), []


def without_close_codes(
    talked: tuple[Answer | None, list[tuple[int, bytes]]],
) -> tuple[Answer | None, list[tuple[int, bytes]]]:
    answer, frames = talked
    return answer, [(opcode, b"" if opcode == CLOSE else payload) for opcode, payload in frames]


@pytest.mark.parametrize("talk", SAME_TALKS, ids=str)
def test_same_talk(ports: Ports, talk: Talk) -> None:
    reference, ours = (without_close_codes(talk_to(port, talk)) for port in ports)
    assert ours == reference


@pytest.mark.parametrize("talk", DIFFERENT_TALKS, ids=str)
def test_listed_difference_of_talks(ports: Ports, talk: Talk) -> None:
    assert talk.difference in listed(), f"{talk.difference} is not in {DOCUMENT.name}"
    reference, ours = (without_close_codes(talk_to(port, talk)) for port in ports)
    assert ours != reference, f"no difference any more: strike it from {DOCUMENT.name}"


def test_close_codes(ports: Ports) -> None:
    assert "websocket-close" in listed()
    reference, ours = (talk_to(port, Talk("/ws/fail"))[1][-1] for port in ports)
    assert reference == (CLOSE, b"")
    assert ours[0] == CLOSE
    assert int.from_bytes(ours[1][:2], "big") == 1011
