"""A board under load: nothing fails, nothing stalls, nothing is lost."""

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

CLIENTS = 8
REQUESTS = 2000
STALL_S = 1.0
# What mem_alloc may differ by after a collection: the objects of the one request that asks for it
# do not always fall into the same blocks, and the collector takes for a pointer whatever looks
# like one.
TOLERANCE_BYTES = 1024

APPLICATION = """\
from microdot import Microdot

app = Microdot()


@app.get("/")
async def index(request):
    return "hello"
"""


def exchange(connection, path):
    """One request; returns the seconds it took, connecting included."""
    started = time.monotonic()
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200
    assert body
    return time.monotonic() - started


def kept_alive(address, count):
    connection = http.client.HTTPConnection(*address, timeout=10)
    times = [exchange(connection, "/") for _ in range(count)]
    connection.close()
    return times


def new_each_time(address, count):
    times = []
    for _ in range(count):
        connection = http.client.HTTPConnection(*address, timeout=10)
        times.append(exchange(connection, "/"))
        connection.close()
    return times


@pytest.fixture
def loaded(board_factory):
    """A board with a small application, and its address."""
    board = board_factory(files={"/app.py": APPLICATION})
    url = urlsplit(board.http_url)
    return board, (url.hostname, url.port)


def allocated(board):
    url = board.http_url + "/_device/status"
    return httpx.get(url, timeout=10, trust_env=False).json()["mem_alloc"]


def test_two_thousand_requests(loaded, eventually):
    board, address = loaded
    # The very first requests come all at once, and allocate what stays: the network's buffers, the
    # server's.
    with ThreadPoolExecutor(CLIENTS) as clients:
        warm_up = [clients.submit(kept_alive, address, 20) for _ in range(CLIENTS)]
        times = [seconds for job in warm_up for seconds in job.result()]
        before = allocated(board)
        started = time.monotonic()
        jobs = [
            clients.submit((kept_alive, new_each_time)[i % 2], address, REQUESTS // CLIENTS)
            for i in range(CLIENTS)
        ]
        times += [seconds for job in jobs for seconds in job.result()]
        total = time.monotonic() - started
    times.sort()
    print(
        f"{REQUESTS / total:.0f} requests/s, median {1000 * times[len(times) // 2]:.1f} ms,"
        f" 99 % within {1000 * times[len(times) * 99 // 100]:.1f} ms"
    )
    assert times[-1] < STALL_S, f"the slowest request took {times[-1]:.2f} s"
    # Connections that the clients closed take the board a moment.
    eventually(lambda: allocated(board) <= before + TOLERANCE_BYTES)


def test_silent_connections_do_not_keep_a_new_client_out(loaded):
    _, address = loaded
    silent = []
    try:
        # At once, and more than the board has room for: it gives up those that say nothing.
        silent = [socket.create_connection(address, timeout=10) for _ in range(40)]
        for _ in range(3):
            assert new_each_time(address, 1)[0] < STALL_S
    finally:
        for connection in silent:
            connection.close()
    assert new_each_time(address, 1)[0] < STALL_S
