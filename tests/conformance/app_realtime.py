"""The application of the WebSocket and SSE tests; see `app.py`, whose arguments it takes."""

import asyncio
import sys

from microdot import Microdot
from microdot.pubsub import PubSub
from microdot.server import Server
from microdot.sse import SSE, with_sse
from microdot.websocket import WebSocket, WebSocketError, with_websocket

app = Microdot()
app.write_timeout = 1.0
app.linger_timeout = 1.0
app.shutdown_timeout = 5.0
app.max_connections = 8
SSE.keep_alive = 0.5
WebSocket.max_message_length = 65536

hub = PubSub(max_queue=8)
state = {"ended": 0, "gone": "", "codes": [], "flood": "", "late": ""}


@app.route("/echo")
@with_websocket(subprotocols=["chat.v2", "chat.v1"])
async def echo(request, ws):
    try:
        while True:
            await ws.send(await ws.receive())
    except WebSocketError as error:
        state["codes"].append([error.code, error.reason])
        raise
    finally:
        state["ended"] += 1


@app.route("/small")
@with_websocket(allowed_origins=["https://friend.example"])
async def small(request, ws):
    ws.max_message_length = 100
    while True:
        await ws.send(await ws.receive())


@app.route("/idle")
@with_websocket
async def idle(request, ws):
    ws.ping_interval = 0.3
    await ws.receive()


@app.route("/bye/<int:code>")
@with_websocket
async def bye(request, ws, code):
    await ws.close(code, "that is all")
    try:
        await ws.send("more")
    except OSError as error:
        state["late"] = type(error).__name__


@app.route("/return")
@with_websocket
async def returning(request, ws):
    await ws.send("last words")


@app.route("/raise")
@with_websocket
async def raising(request, ws):
    raise ValueError("a WebSocket handler that fails on purpose")


@app.route("/flood")
@with_websocket
async def flood(request, ws):
    state["flood"] = "running"
    try:
        while True:
            await ws.send(b"x" * 4096)
    except OSError as error:
        state["flood"] = type(error).__name__


@app.route("/both")
@with_websocket
async def both(request, ws):
    """Sends numbers while it receives."""

    async def count():
        for number in range(200):
            await ws.send(str(number))

    task = asyncio.create_task(count())
    received = 0
    while await ws.receive() != "end":
        received += 1
    await task
    await ws.send("received " + str(received))


@app.route("/patient")
@with_websocket
async def patient(request, ws):
    """Gives up receiving now and then; nothing of a message may be lost by that."""
    while True:
        try:
            message = await asyncio.wait_for(ws.receive(), 0.05)
            await ws.send(message)
        except asyncio.TimeoutError:  # noqa: UP041 (MicroPython has no other name for it)
            pass


@app.route("/chat")
@with_websocket
async def chat(request, ws):
    async with hub.forwarding(ws, "chat"):
        await ws.send("welcome")
        while True:
            await hub.publish("chat", await ws.receive())


@app.get("/news")
@with_sse
async def news(request, sse):
    try:
        await sse.send("welcome", event_id="1")
        await hub.forward(sse, "news", "chat", named=True)
    finally:
        state["ended"] += 1
        state["gone"] = request.query_string


@app.post("/publish/<topic>")
async def publish(request, topic):
    await hub.publish(topic, request.json)
    return ""


@app.get("/events")
@with_sse
async def events(request, sse):
    await sse.send("one\ntwo\r\nthree", event="lines", event_id="7", retry=2.5)
    await sse.send({"last": sse.last_event_id})
    await sse.send("a\nremark", comment=True)
    await sse.send(b"")


@app.get("/silent")
@with_sse
async def silent(request, sse):
    try:
        await asyncio.sleep(1000)
    finally:
        state["ended"] += 1


@app.get("/torrent")
@with_sse
async def torrent(request, sse):
    try:
        while True:
            await sse.send("x" * 4000)
    finally:
        state["ended"] += 1


@app.get("/broken")
@with_sse
async def broken(request, sse):
    await sse.send("before")
    raise ValueError("an SSE handler that fails on purpose")


@app.get("/state")
async def get_state(request):
    return state


@app.get("/connections")
async def connections(request):
    return str(len(app.server.connections))


@app.get("/shutdown")
async def shutdown(request):
    app.shutdown()
    return "shut down"


async def main(arguments):
    """Serve on this machine."""
    from app import tls_context

    app.server = Server(app, "127.0.0.1", int(arguments[0]))
    await app.server.start()
    await Server(app, "127.0.0.1", int(arguments[1]), tls_context(*arguments[2:])).start()
    print("serving")
    await app.server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
