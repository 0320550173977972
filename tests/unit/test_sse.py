"""SSE handlers through the test client, and queues; see also tests/conformance."""

import asyncio

import pytest

from microdot import Microdot
from microdot.sse import SSE, sse_response, with_sse
from microdot.test_client import TestClient

from .unix_port import run_unix


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 5))


def test_events():
    app = Microdot()

    @app.get("/<name>")
    @with_sse
    async def events(request, sse, name):
        await sse.send("a\nb", event=name, event_id="1", retry=2)
        await sse.send({"last": sse.last_event_id})
        await sse.send("only a comment", comment=True)
        await sse.send(b"bytes")
        await sse.send(3.5)

    response = run(TestClient(app).get("/x", {"Last-Event-ID": "7"}))
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-cache"
    first, second, third, fourth = response.events
    assert first == {
        "data": b"a\nb", "data_json": None, "event": "x", "event_id": "1", "retry": 2,
    }  # fmt: skip
    assert second["data_json"] == {"last": "7"}
    assert third["data"] == b"bytes"
    assert fourth["data"] == b"3.5"


def test_response_without_decorator():
    app = Microdot()

    async def events(request, sse, first, second=None):
        await sse.send([first, second])

    @app.get("/")
    async def index(request):
        response = sse_response(request, events, 1, second=2)
        response.headers["X-Value"] = "x"
        return response

    response = run(TestClient(app).get("/"))
    assert response.events[0]["data_json"] == [1, 2]
    assert response.headers["X-Value"] == "x"


@pytest.mark.parametrize("field", ["event", "event_id"])
@pytest.mark.parametrize("value", ["a\nb", "a\rb"])
def test_fields_of_one_line(field, value):
    with pytest.raises(ValueError, match="line end"):
        run(SSE().send("x", **{field: value}))


def test_queue_is_bounded():
    async def main():
        sse = SSE()
        sse.max_queue = 3
        for number in range(3):
            await sse.send(str(number))
        fourth = asyncio.create_task(sse.send("3" * 2000))
        await asyncio.sleep(0)
        assert not fourth.done()
        assert await sse.__anext__() == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"
        await fourth
        await sse.send("4")
        assert await sse.__anext__() == b"data: " + b"3" * 2000 + b"\n\n"
        assert await sse.__anext__() == b"data: 4\n\n"

    run(main())


def test_closing_releases_the_sender():
    async def main():
        sse = SSE()
        sse.max_queue = 1
        await sse.send("x")
        waiting = asyncio.create_task(sse.send("y"))
        await asyncio.sleep(0)
        await sse.close()
        with pytest.raises(OSError, match="gone"):
            await waiting
        with pytest.raises(StopAsyncIteration):
            await sse.__anext__()

    run(main())


def test_failing_handler_fails_the_stream():
    app = Microdot()

    @app.get("/")
    @with_sse
    async def events(request, sse):
        await sse.send("x")
        raise KeyError("on purpose")

    with pytest.raises(KeyError):
        run(TestClient(app).get("/"))


def test_silence_is_filled_with_comments():
    async def main():
        sse = SSE()
        sse.keep_alive = 0.01
        assert await sse.__anext__() == b":\n\n"

    run(main())


def test_micropython():
    assert (
        run_unix("""
import asyncio
from microdot import Microdot
from microdot.sse import with_sse
from microdot.test_client import TestClient
app = Microdot()
@app.get("/")
@with_sse
async def events(request, sse):
    for number in range(40):
        await sse.send({"number": number})
response = asyncio.run(TestClient(app).get("/"))
print(len(response.events), response.events[39]["data_json"])
""").split("\n")[0]
        == "40 {'number': 39}"
    )
