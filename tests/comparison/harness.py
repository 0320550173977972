"""Runs an application on the reference and on ours, and compares what they answer."""

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
DOCUMENT = ROOT / "docs/coming-from-microdot.md"


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
def serve(name: str, application: Path, folder: Path, library: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(library)}
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, application, str(port)],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
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


@contextlib.contextmanager
def serve_both(application: Path, folder: Path) -> Iterator[tuple[int, int]]:
    """Give the ports of the reference and of ours.

    :param application: a program that takes the port as its argument.
    :param folder: where it finds a working directory for each of the two.
    """
    if not (REFERENCE / "microdot").is_dir():
        pytest.fail(
            f"the reference is not in {REFERENCE}: "
            f"pip install --target {REFERENCE} -r tools/reference.txt",
            pytrace=False,
        )
    with contextlib.ExitStack() as stack:
        ports = []
        for name, library in (("reference", REFERENCE), ("ours", ROOT)):
            (folder / name).mkdir()
            ports.append(stack.enter_context(serve(name, application, folder / name, library)))
        yield ports[0], ports[1]


def listed() -> list[str]:
    """Return the names of the differences that are allowed."""
    return re.findall(r"^\| `([a-z0-9.-]+)` \|", DOCUMENT.read_text(), re.MULTILINE)
