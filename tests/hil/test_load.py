"""A board under load: nothing fails, nothing stalls, nothing is lost."""

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

CLIENTS = 8
REQUESTS = 2000
STALL_S = 1.0
# What mem_alloc may differ by after a collection: the objects of the one request that asks for it
# do not always fall into the same blocks, and the collector takes for a pointer whatever looks
# like one.
TOLERANCE_BYTES = 1024


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
    times = [exchange(connection, "/_device/status") for _ in range(count)]
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
def address(board):
    url = urlsplit(board.http_url)
    return url.hostname, url.port


def allocated(client):
    return client.get("/_device/status", headers={"Connection": "close"}).json()["mem_alloc"]


def test_two_thousand_requests(address, http, eventually, record_property):
    # First use allocates what stays: buffers of the network, tables of the application.
    kept_alive(address, 20)
    new_each_time(address, 20)
    before = allocated(http)
    with ThreadPoolExecutor(CLIENTS) as clients:
        share = REQUESTS // CLIENTS
        jobs = [(kept_alive, new_each_time)[i % 2] for i in range(CLIENTS)]
        started = time.monotonic()
        results = list(clients.map(lambda job: job(address, share), jobs))
        total = time.monotonic() - started
    times = sorted(seconds for result in results for seconds in result)
    assert len(times) == REQUESTS
    for name, value in (("requests_per_s", REQUESTS / total), ("median_ms", times[1000] * 1000)):
        record_property(name, round(value, 1))
    record_property("p99_ms", round(times[1980] * 1000, 1))
    record_property("longest_ms", round(times[-1] * 1000, 1))
    assert times[-1] < STALL_S, f"the slowest request took {times[-1]:.2f} s"
    # Connections the clients closed take the board a moment.
    eventually(lambda: allocated(http) <= before + TOLERANCE_BYTES)


def test_silent_connections_do_not_keep_a_new_client_out(address, http):
    silent = [socket.create_connection(address, timeout=10) for _ in range(40)]
    try:
        for _ in range(3):
            assert new_each_time(address, 1)[0] < STALL_S
    finally:
        for connection in silent:
            connection.close()
    assert http.get("/").status_code == 200
