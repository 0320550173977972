"""Rate limits: token buckets on a clock that the tests turn."""

import asyncio

import pytest

from microdot import Microdot, ratelimit
from microdot.ratelimit import RateLimit
from microdot.test_client import TestClient

from .unix_port import run_unix


class Clock:
    now = 1000

    def ticks_ms(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(ratelimit, "ticks_ms", clock.ticks_ms)
    return clock


def test_bucket_empties_and_fills(clock):
    limit = RateLimit(3, per=30)
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 10000]
    clock.now += 9999
    assert limit.take("a") == 1
    clock.now += 1
    assert limit.take("a") == 0
    assert limit.take("a") == 10000
    clock.now += 100_000
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 10000]


def test_refused_requests_do_not_count(clock):
    limit = RateLimit(1, per=10)
    assert limit.take("a") == 0
    for _ in range(50):
        assert limit.take("a") == 10000
    clock.now += 10000
    assert limit.take("a") == 0


def test_clients_are_told_apart(clock):
    limit = RateLimit(1, per=10)
    assert limit.take("a") == 0
    assert limit.take("b") == 0
    assert limit.take("a") > 0


def test_memory_is_bounded(clock):
    limit = RateLimit(1, per=1000, max_clients=3)
    for client in "abc":
        clock.now += 1
        limit.take(client)
    clock.now += 1
    assert limit.take("a") > 0  # asks again, so that "b" has asked longest ago
    clock.now += 1
    limit.take("d")
    assert set(limit._buckets) == {"a", "c", "d"}
    assert limit.take("a") > 0
    for number in range(1000):
        limit.take(number)
    assert len(limit._buckets) == 3


def test_clock_that_wraps_around(clock, monkeypatch):
    """A device's ticks start again after some days; a long time then looks negative."""
    monkeypatch.setattr(ratelimit, "ticks_diff", lambda end, start: -5)
    limit = RateLimit(1, per=10, max_clients=1)
    assert limit.take("a") == 0
    assert limit.take("a") == 0
    assert limit.take("b") == 0


def test_many_requests_in_a_short_time(clock):
    limit = RateLimit(10_000, per=1)
    assert [limit.take("a") for _ in range(10_000)] == [0] * 10_000


def request(app, path="/", **kwargs):
    return asyncio.run(TestClient(app).get(path, **kwargs))


def test_handler(clock):
    app = Microdot()

    @app.get("/limited")
    @RateLimit(1, per=90)
    async def limited(request):
        return "ok"

    @app.get("/plain/<name>")
    @RateLimit(1, per=90)
    def plain(request, name):
        return name, 201

    assert request(app, "/limited").text == "ok"
    clock.now += 500
    refused = request(app, "/limited")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "90"  # 89.5 is rounded up
    assert "RateLimit" not in refused.headers
    assert request(app, "/plain/x").status_code == 201
    assert request(app, "/plain/x").status_code == 429


def test_whole_application(clock):
    app = Microdot()
    RateLimit(2, per=10).protect(app)
    app.add_route("/", lambda request: "ok")

    @app.errorhandler(429)
    async def slow_down(request):
        return {"error": "slow down"}, 429

    assert [request(app).status_code for _ in range(3)] == [200, 200, 429]
    assert request(app).json == {"error": "slow down"}
    assert request(app).headers["Retry-After"] == "5"


def test_key(clock):
    app = Microdot()
    RateLimit(1, per=10, key=lambda request: request.headers.get("X-Key")).protect(app)
    app.add_route("/", lambda request: "ok")
    for key, status_code in (("a", 200), ("b", 200), ("a", 429)):
        assert request(app, headers={"X-Key": key}).status_code == status_code
    assert [request(app).status_code for _ in range(3)] == [200] * 3  # no key, no limit


def test_header_fields(clock):
    app = Microdot()
    RateLimit(2, per=10, headers=True).protect(app)
    app.add_route("/", lambda request: "ok")
    first = request(app)
    assert first.headers["RateLimit-Policy"] == '"default";q=2;w=10'
    assert first.headers["RateLimit"] == '"default";r=1;t=5'
    assert request(app).headers["RateLimit"] == '"default";r=0;t=10'
    refused = request(app)
    assert refused.status_code == 429
    assert refused.headers["RateLimit"] == '"default";r=0;t=10'


def test_micropython():
    assert run_unix("""
from microdot.ratelimit import RateLimit
limit = RateLimit(2, per=1000, max_clients=2)
print([limit.take("a") for _ in range(3)][:2], limit.take("a") > 0)
for client in range(10):
    limit.take(client)
print(len(limit._buckets))
""").split("\n")[:2] == ["[0, 0] True", "2"]
