"""One application on the reference and on ours: only listed differences are allowed.

The list is the table of `docs/coming-from-microdot.md`; its first column is what the cases
below call a difference.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / ".deps/reference"
APPLICATION = Path(__file__).with_name("application.py")
DOCUMENT = ROOT / "docs/coming-from-microdot.md"

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@dataclass
class Case:
    """A request, and the difference that is expected in its response, if any."""

    path: str
    method: str = "GET"
    headers: dict[str, str] | None = None
    body: bytes = b""
    difference: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" {self.headers}" if self.headers else "")


SAME = [
    *(
        Case(path)
        for path in """
        / /plain /text /bytes /dict /list /nothing /empty /status/200 /status/201 /status/404
        /status-and-headers /body-and-status /body-and-headers /response /none-with-status
        /repeated-header /users/me /users/7/posts/hello /users/x/posts/hello /users/
        /users /files/a/b/c.txt /files/ /re/abc5 /re/abc /re/ABC5 /color/ff /color/xyz /even/2
        /even/3 /first/second /dot.html /describe /describe?a=1&b=2&a=3&c&=d
        /search?q=a&q=b /search?q=x&page=7 /search?q=a+b%26c /login /logout /bad-cookie
        /generator /async-generator /iterator /download/x.png /download/x.html /download/x
        /compressed /this-file /missing-file /file-body /own-hook /vary /abort/400 /abort/401
        /abort/402 /abort/403 /abort/404 /abort/500 /abort-with-reason /exception /fail /zero
        /nowhere /helpers /shop/ /shop /shop/buy/hat /shop/buy/unicorn /shop/?closed=1
        /shop/nowhere /shop/inventory/5 /shop/inventory/x /admin/ /admin/missing /admin/nowhere
        """.split()  # noqa: SIM905
    ),
    *(Case("/describe", method) for method in ("POST", "PUT", "PATCH", "DELETE")),
    *(Case(path, "HEAD") for path in ("/", "/dict", "/login", "/nowhere", "/fail")),
    *(Case(path, "OPTIONS") for path in ("/", "/describe", "/nowhere", "/query")),
    Case("/describe", "POST", body=b"some text"),
    Case("/describe", "POST", JSON, b'{"a": [1, 2]}'),
    Case("/describe", "POST", {"Content-Type": "application/json; charset=utf-8"}, b"[1]"),
    Case("/describe", "POST", JSON, b"{broken"),
    Case("/describe", "POST", FORM, b"a=1&b=x+y&a=%26"),
    Case("/describe", headers={"Cookie": "a=b; c=d; flag", "X-Thing": "x"}),
    Case("/describe", headers={"X-Twice": "last"}),
    Case("/headers-without-case", headers={"x-THING": "value"}),
    Case("/headers-without-case"),
    Case("/form", "POST", FORM, b"name=me&tag=a&tag=b"),
    Case("/form", "POST", FORM, b"tag=a"),
    Case("/stream", "POST", body=b"x" * 100),
    Case("/stream", "POST", body=b"x" * 30_000),
    Case("/stream", "POST", body=b"x" * 50_000),
    Case("/nowhere", "POST", body=b"x" * 50_000),
    Case("/json-only", "POST", JSON, b'{"numbers": [1, 2, 3]}'),
    Case("/json-only", "POST", body=b"numbers"),
    Case("/query", "QUERY", body=b"select"),
    Case("/admin/", headers={"X-Admin": "yes"}),
    Case("/admin/missing", headers={"X-Admin": "yes"}),
]
DIFFERENT = [
    Case("/", "DELETE", difference="method-not-allowed"),
    Case("/query", difference="method-not-allowed"),
    Case("/users/a%20b", difference="decoded-path"),
    Case("/dot_html", difference="literal-routes"),
    Case("/photo-5.jpg", difference="mixed-segments"),
    Case("http://example.com/plain", difference="absolute-form"),
    Case("*", "OPTIONS", difference="options-asterisk"),
    Case("/one-tuple", difference="one-tuple"),
    Case("/header-injection?a%0D%0AX-Evil:%20yes", difference="header-injection"),
    Case("/json-type", difference="json-type"),
    Case("/search", difference="args"),
    Case("/search?q=%zz", difference="bad-query"),
    Case("/encode-plus", difference="urlencode"),
    Case("/describe", "POST", {"Transfer-Encoding": "chunked"}, b"3\r\nabc\r\n0\r\n\r\n",
         difference="chunked-requests"),
    Case("/describe", "POST", {"Content-Length": "3", "Transfer-Encoding": "chunked"},
         b"0\r\n\r\n", difference="checked-requests"),
    Case("/describe", headers={"Bad Name": "x"}, difference="checked-requests"),
]  # fmt: skip


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def fetch(port: int, case: Case) -> Answer | None:
    """Send a request; None if the server closed without an answer."""
    lines = [f"{case.method} {case.path} HTTP/1.1", "Host: example.com", "Connection: close"]
    headers = case.headers or {}
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if case.body and "Transfer-Encoding" not in headers:
        lines.append(f"Content-Length: {len(case.body)}")
    data = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + case.body)
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                data += part
    if not data:
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    status_line, *rest = head.decode().split("\r\n")
    pairs = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in rest)]
    if ("transfer-encoding", "chunked") in pairs:
        body = join_chunks(body)
    return Answer(int(status_line.split(" ")[1]), pairs, body)


def join_chunks(data: bytes) -> bytes:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        if not int(size, 16):
            return body
        body += data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]


def normal(answer: Answer | None) -> Answer | None:
    """Leave out what differs everywhere: versions, framing, connection, date (`http-1.1`)."""
    if answer is None:
        return None
    framing = ("connection", "date", "transfer-encoding", "content-length")
    headers = sorted(
        # The reference's order of names in Vary differs from run to run.
        (name, ", ".join(sorted(value.split(", "))) if name == "vary" else value)
        for name, value in answer.headers
        if name not in framing
    )
    return Answer(answer.status, headers, answer.body)


@contextlib.contextmanager
def serve(name: str, folder: Path, library: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(library)}
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, APPLICATION, str(port)], env=environment, stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{name} does not serve:\n{(folder / f'{name}.log').read_text()}")
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The ports of the reference and of ours."""
    if not (REFERENCE / "microdot").is_dir():
        pytest.fail(
            f"the reference is not in {REFERENCE}: "
            f"pip install --target {REFERENCE} -r tools/reference.txt",
            pytrace=False,
        )
    folder = tmp_path_factory.mktemp("comparison")
    with serve("reference", folder, REFERENCE) as reference, serve("ours", folder, ROOT) as ours:
        yield reference, ours


@pytest.mark.parametrize("case", SAME, ids=str)
def test_same(ports: tuple[int, int], case: Case) -> None:
    reference, ours = (normal(fetch(port, case)) for port in ports)
    assert reference is not None
    assert ours == reference


def listed() -> list[str]:
    return re.findall(r"^\| `([a-z0-9.-]+)` \|", DOCUMENT.read_text(), re.MULTILINE)


@pytest.mark.parametrize("case", DIFFERENT, ids=str)
def test_listed_difference(ports: tuple[int, int], case: Case) -> None:
    assert case.difference in listed(), f"{case.difference} is not in {DOCUMENT.name}"
    reference, ours = (normal(fetch(port, case)) for port in ports)
    assert ours != reference, f"no difference any more: strike it from {DOCUMENT.name}"
    assert ours is not None


def test_differences_are_listed_once() -> None:
    names = listed()
    assert len(names) == len(set(names))
    assert "http-1.1" in names
