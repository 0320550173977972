"""Requests per second against the reference, in one run: `python -m benchmarks.requests`.

Each interpreter serves the same application with the reference and with ours, in turn, to the
same client. The machine is rarely quiet, so that the processor time that the server took for a
request is measured, too: it depends less on what else runs. Linux only.
"""

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APPLICATION = Path(__file__).with_name("hello.py")
MICROPYTHON = ROOT / "build/unix/micropython"
LIBRARIES = {"reference": ROOT / ".deps/reference", "ours": ROOT}
CONNECTIONS = 4  # MicroPython's asyncio lets five clients wait, no more
HEADERS = "Host: localhost\r\nUser-Agent: benchmark\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n"


@dataclass
class Result:
    """What was measured: requests per second, and processor time for one in microseconds."""

    rate: float
    cpu: float


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_to_end(connection: socket.socket) -> bytes:
    data = b""
    while part := connection.recv(65536):
        data += part
    return data


def new_connections(port: int, path: str, seconds: float) -> int:
    """Ask once on each connection; return how many requests that were."""
    request = f"GET {path} HTTP/1.1\r\n{HEADERS}Connection: close\r\n\r\n".encode()
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connections = [connect(port) for _ in range(CONNECTIONS)]
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            data = read_to_end(connection)
            assert b" 200 " in data[:20] and data.endswith(b"}"), data
            connection.close()
        count += CONNECTIONS
    return count


def kept_alive(port: int, path: str, seconds: float) -> int:
    """Ask again and again on the same connections; return how many requests that were."""
    request = f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n".encode()
    count = 0
    end = time.monotonic() + seconds
    connections = [connect(port) for _ in range(CONNECTIONS)]
    while time.monotonic() < end:
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            data = connection.recv(65536)
            assert data.endswith(b"}"), data
        count += CONNECTIONS
    for connection in connections:
        connection.close()
    return count


def cpu_time(pid: int) -> float:
    """Return the processor time that a process took, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serve(interpreter: str, library: Path) -> Iterator[tuple[int, int]]:
    """Run the application; the port and the process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {"PYTHONPATH": str(library), "MICROPYPATH": f"{library}:.frozen"}
    process = subprocess.Popen([interpreter, APPLICATION, str(port)], env=environment)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                connect(port).close()
                break
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def measure(interpreter: str, library: Path, mode: str, path: str, seconds: float) -> Result:
    client = kept_alive if mode == "kept alive" else new_connections
    with serve(interpreter, library) as (port, pid):
        client(port, path, 0.2)
        before, start = cpu_time(pid), time.monotonic()
        count = client(port, path, seconds)
        elapsed = time.monotonic() - start
        return Result(count / elapsed, (cpu_time(pid) - before) / count * 1e6)


def compare(name: str, interpreter: str, path: str, seconds: float, rounds: int) -> None:
    """Measure in turn, and print medians and their ratios to the reference."""
    runs = [("reference", "new connections"), ("ours", "new connections"), ("ours", "kept alive")]
    results: dict[tuple[str, str], list[Result]] = {run: [] for run in runs}
    for _ in range(rounds):
        for run in runs:
            library, mode = run
            results[run].append(measure(interpreter, LIBRARIES[library], mode, path, seconds))
    base: Result | None = None
    for run in runs:
        median = Result(
            statistics.median(result.rate for result in results[run]),
            statistics.median(result.cpu for result in results[run]),
        )
        base = base or median
        print(
            f"{name:12} {path:10} {run[0]:9} {run[1]:15} {median.rate:7.0f} requests/s "
            f"({median.rate / base.rate:4.1f}x) {median.cpu:6.0f} us of CPU "
            f"({base.cpu / median.cpu:4.1f}x)",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--path", default="/", help="/ or /users/42")
    arguments = parser.parse_args()
    if not (LIBRARIES["reference"] / "microdot").is_dir():
        print("the reference is not in .deps/reference; `make setup` puts it there")
        return 1
    if not MICROPYTHON.exists():
        print(f"{MICROPYTHON.relative_to(ROOT)} is missing; `make unix` builds it")
        return 1
    for name, interpreter in (("CPython", sys.executable), ("MicroPython", str(MICROPYTHON))):
        compare(name, interpreter, arguments.path, arguments.seconds, arguments.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
