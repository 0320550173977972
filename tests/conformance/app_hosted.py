"""The application of the tests under other servers: HOSTED chooses `asgi` or `wsgi`."""

import asyncio
import os
import threading
from importlib import import_module

hosted = import_module("microdot." + os.environ["HOSTED"])
from microdot import Request, send_file  # noqa: E402
from microdot.sse import with_sse  # noqa: E402
from microdot.static import Frozen, StaticFiles  # noqa: E402

LOG = os.environ["LOG"]
Request.max_content_length = 100_000


def log(text):
    with open(LOG, "a") as file:
        file.write(text + "\n")


if os.environ["HOSTED"] == "asgi":

    async def starting(scope):
        log("lifespan startup " + scope["type"])

    def stopping(scope):
        log("lifespan shutdown " + scope["type"])

    app = hosted.Microdot(lifespan_startup=starting, lifespan_shutdown=stopping)
else:
    app = hosted.Microdot()

ticks = []
StaticFiles(Frozen({"data.bin": (bytes(range(256)) * 100, "tag")})).mount(app, "/static")


async def tick():
    while True:
        ticks.append(None)
        await asyncio.sleep(0.01)


@app.on_startup
async def start():
    log("startup")
    if os.environ.get("FAIL"):
        raise RuntimeError("start-up fails on purpose")
    app.create_task(tick())


@app.on_shutdown
def stop():
    log("shutdown")


@app.route("/describe/<path:path>", methods=["GET", "POST", "PUT"])
async def describe(request, path):
    return {
        "method": request.method,
        "path": path,
        "url": request.url,
        "args": request.args,
        "scheme": request.scheme,
        "http_version": request.http_version,
        "client": request.client_addr[0],
        "cookies": request.cookies,
        "header": request.headers.get("X-Test"),
        "json": request.json,
        "length": request.content_length,
        "native": hasattr(request, "asgi_scope") or hasattr(request, "environ"),
    }


@app.get("/thread")
def in_thread(request):
    return {"main": threading.current_thread() is threading.main_thread()}


@app.get("/ticks")
async def get_ticks(request):
    before = len(ticks)
    while len(ticks) < before + 2:
        await asyncio.sleep(0.01)
    return "it ticks"


@app.post("/upload")
async def upload(request):
    size = 0
    while data := await request.stream.read(1000):
        size += len(data)
    return str(size)


@app.get("/cookies")
async def cookies(request):
    response = send_file("x.txt", stream=__import__("io").BytesIO(b"file"))
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


@app.get("/empty")
async def empty(request):
    return None


@app.get("/generator")
async def generator(request):
    def lines():
        yield "one "
        yield b"two"

    return lines(), 202, {"X-Value": "ü"}


@app.get("/failing")
async def failing(request):
    def lines():
        yield "before"
        raise ValueError("a body that fails on purpose")

    return lines()


@app.get("/header")
async def header(request):
    return "x", 200, {"X-Value": "a\r\nSet-Cookie: evil=1"}


@app.get("/raise")
async def raising(request):
    raise ValueError("a handler that fails on purpose")


@app.get("/events")
@with_sse
async def events(request, sse):
    for number in range(3):
        await sse.send({"number": number})


@app.get("/silent")
@with_sse
async def silent(request, sse):
    await sse.send("hello")
    try:
        await asyncio.sleep(1000)
    finally:
        log("silent ended")


@app.route("/echo")
@hosted.with_websocket(subprotocols=["v1"], allowed_origins=())
async def echo(request, ws):
    try:
        while True:
            await ws.send(await ws.receive())
    except hosted.WebSocketError as error:
        log(f"closed {error.code} {error.reason}")
        raise


@app.route("/bye")
@hosted.with_websocket
async def bye(request, ws):
    await ws.close(3456, "that is all")


@app.route("/manual")
async def manual(request):
    ws = await hosted.websocket_upgrade(request)
    await ws.send("manual")
    return ""


@app.get("/shutdown")
async def shutdown(request):
    app.shutdown()
    return "shut down"
