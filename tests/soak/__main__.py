"""Many requests of all kinds; then nothing may have grown: `python -m tests.soak [TARGET ...]`.

Targets are those of the conformance tests: `cpython`, `micropython`, and emulated boards by
name. What is compared before and after: memory (MicroPython: bytes after a collection; CPython:
objects), tasks, connections, and the open files of the server's process where it has one.
"""

import argparse
import contextlib
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.conformance.client import format_request
from tests.conformance.targets import LOCAL, Target, start

Usage = dict[str, int]
_SETTLE = 3.0  # seconds; all of the application's time-outs are shorter
# What a measurement may differ by: dictionaries grow in steps, caches fill.
TOLERANCE = {"memory": 2048, "tasks": 0, "connections": 0, "files": 0}


def kept_alive(target: Target) -> int:
    """Ask twenty times on one connection."""
    with target.connect() as connection:
        for number in range(20):
            assert connection.get(f"/users/{number}").json == {"number": number}
    return 20


def new_connection(target: Target) -> int:
    with target.connect() as connection:
        assert connection.get("/", Connection="close").text == "hello"
    return 1


def bodies(target: Target) -> int:
    with target.connect() as connection:
        assert connection.request("POST", "/echo", b"x" * 3000).body == b"x" * 3000
        assert len(connection.get("/file/3000").body) == 3000
        assert connection.get("/lines/5").complete
    return 3


def errors(target: Target) -> int:
    """What the server and the application refuse."""
    with target.connect() as connection:
        assert connection.get("/nothing").status == 404
        assert connection.get("/raise").status == 500
        assert connection.request("POST", "/").status == 405
        connection.send("nonsense\r\n\r\n")
        assert connection.response().status == 400
    return 4


def aborts(target: Target) -> int:
    """Leave in the middle of a download, of an upload, and of a head."""
    for data in (
        format_request("GET", "/endless"),
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nxxx",
        b"GET / HTTP/1.1\r\nHos",
    ):
        with target.connect() as connection:
            connection.send(data)
            if b"endless" in data:
                connection.socket.recv(100)
            connection.abort()
    return 3


def silent(target: Target) -> int:
    """Connect and say nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(target.connect())
    return 3


MIX = [kept_alive, new_connection, bodies, kept_alive, errors, new_connection, aborts, kept_alive,
       silent]  # fmt: skip


def run(target: Target, requests: int) -> None:
    done = 0
    for kind in itertools.cycle(MIX):
        done += kind(target)
        if done >= requests:
            return


def measure(target: Target) -> Usage:
    """Ask the server when it has closed what clients have left behind."""
    time.sleep(_SETTLE)
    with target.connect() as connection:
        found: Usage = connection.get("/usage").json
    if target.process is not None:
        found["files"] = len(os.listdir(f"/proc/{target.process.pid}/fd"))
    return found


def soak(name: str, requests: int) -> bool:
    """Soak one target; return whether all is as it was."""
    with (
        tempfile.TemporaryDirectory() as folder,
        start(name, Path(folder)) as target,
    ):
        try:
            run(target, min(3000, requests))  # what is loaded once, is loaded now
            before = measure(target)
            begin = time.monotonic()
            run(target, requests)
            seconds = time.monotonic() - begin
            after = measure(target)
        except (AssertionError, OSError) as exc:
            log = target.log.read_text()[-2000:] if target.log is not None else ""
            print(f"{name}: {exc!r}; the end of its log:\n{log}")
            return False
    grown = [key for key in before if after[key] - before[key] > TOLERANCE[key]]
    verdict = f"GREW: {', '.join(grown)}" if grown else "as before"
    print(f"{name}: {requests} requests in {seconds:.0f} s: {before} -> {after}: {verdict}")
    return not grown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=list(LOCAL), metavar="TARGET")
    parser.add_argument("--requests", type=int, help="20000, on a board 5000")
    arguments = parser.parse_args()
    results = [
        soak(name, arguments.requests or (20_000 if name in LOCAL else 5_000))
        for name in arguments.targets
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
