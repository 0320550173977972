"""The application of the conformance tests: one file for CPython, MicroPython and a board.

On a board it is `/app.py`. Elsewhere: `app.py PORT [TLS_PORT CERTIFICATE KEY]`.
"""

import asyncio
import io
import sys

from microdot import Microdot, Request, Response, abort, redirect, send_file

app = Microdot()
app.head_timeout = 1.0
app.keep_alive_timeout = 1.0
app.body_timeout = 1.0
app.write_timeout = 1.0
app.linger_timeout = 0.5
app.shutdown_timeout = 2.0
app.max_connections = 8
Request.max_content_length = 64 * 1024

state = {"started": 0, "closed": 0, "handled": 0}


class File:
    """A file that counts how often it is closed."""

    def __init__(self, data):
        self._file = io.BytesIO(data)
        self.read = self._file.read
        self.seek = self._file.seek
        self.tell = self._file.tell

    def close(self):
        state["closed"] += 1


class Count:
    """An asynchronous iterator that counts how often it is closed."""

    def __init__(self, end):
        self.number = 0
        self.end = end

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.number == self.end:
            raise StopAsyncIteration
        self.number += 1
        await asyncio.sleep(0)
        return f"{self.number}\n"

    async def aclose(self):
        state["closed"] += 1


def lines(count):
    """A body in `count` portions."""
    state["started"] += 1
    try:
        for number in range(count):
            yield f"line {number}\n"
    finally:
        state["closed"] += 1


def endless_blocks():
    """A body without an end."""
    state["started"] += 1
    try:
        while True:
            yield b"x" * 1024
    finally:
        state["closed"] += 1


def failing(count):
    """A body that fails after `count` portions."""
    for number in range(count):
        yield f"line {number}\n"
    raise RuntimeError("a body that fails on purpose")


@app.get("/")
async def index(request):
    return "hello"


@app.get("/json")
async def as_json(request):
    return {"hello": "world"}


@app.get("/plain")
def plain(request):
    return "from a plain function"


@app.get("/users/<int:number>")
async def user(request, number):
    return {"number": number}


@app.get("/files/<path:path>")
async def files(request, path):
    return {"path": path}


@app.get("/dot.ted")
async def dotted(request):
    return "dotted"


@app.route("/echo", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"])
async def echo(request):
    state["handled"] += 1
    return request.body, 200, {"Content-Type": "application/octet-stream"}


@app.route("/describe", methods=["GET", "POST"])
async def describe(request):
    return {
        "method": request.method,
        "url": request.url,
        "path": request.path,
        "query_string": request.query_string,
        "args": request.args,
        "headers": request.headers,
        "cookies": request.cookies,
        "content_length": request.content_length,
        "content_type": request.content_type,
        "http_version": request.http_version,
        "scheme": request.scheme,
        "json": request.json,
        "form": request.form,
        "body": request.body.decode(),
    }


@app.post("/upload")
async def upload(request):
    size = 0
    checksum = 0
    while True:
        data = await request.stream.read(512)
        if not data:
            break
        size += len(data)
        checksum = (checksum + sum(data)) & 0xFFFF
    return {"size": size, "checksum": checksum}


@app.post("/ignore")
async def ignore(request):
    return "ignored"


@app.get("/bytes/<int:size>")
async def some_bytes(request, size):
    return b"x" * size


@app.get("/lines/<int:count>")
async def some_lines(request, count):
    return lines(count)


@app.get("/endless")
async def endless(request):
    return endless_blocks()


@app.get("/count/<int:end>")
async def counting(request, end):
    return Count(end)


@app.get("/file/<int:size>")
async def some_file(request, size):
    return send_file("some.txt", stream=File(b"0123456789" * (size // 10)))


@app.get("/declared/<int:length>/<int:count>")
async def declared(request, length, count):
    return lines(count), 200, {"Content-Length": str(length)}


@app.get("/failing/<int:count>")
async def fails(request, count):
    return failing(count)


class BrokenFile:
    """A file whose disk fails."""

    def read(self, size):
        raise OSError("a disk that fails on purpose")


@app.get("/broken-file")
async def broken_file(request):
    return BrokenFile()


@app.get("/slow/<int:milliseconds>")
async def slow(request, milliseconds):
    await asyncio.sleep(milliseconds / 1000)
    return "slow"


@app.get("/header")
async def header(request):
    return "x", 200, {"X-Value": request.args["value"]}


@app.get("/status/<int:code>")
async def status(request, code):
    return "", code


@app.get("/abort/<int:code>")
async def aborting(request, code):
    abort(code)


@app.get("/raise")
async def raising(request):
    raise ValueError("a handler that fails on purpose")


@app.get("/wrong")
async def wrong(request):
    return 12.5


@app.get("/raise-twice")
async def raising_twice(request):
    raise KeyError("a handler whose error handler fails on purpose")


@app.errorhandler(KeyError)
async def key_error(request, exc):
    raise RuntimeError("an error handler that fails on purpose")


@app.errorhandler(418)
async def teapot(request):
    raise RuntimeError("an error handler that fails on purpose")


@app.get("/cookies")
async def cookies(request):
    response = Response("x")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", same_site="Lax")
    return response


@app.get("/redirect")
async def redirecting(request):
    return redirect("/")


@app.get("/close")
async def closing(request):
    return "x", 200, {"Connection": "close"}


@app.get("/state")
async def get_state(request):
    return state


@app.get("/connections")
async def connections(request):
    return str(len(app.server.connections))


@app.get("/usage")
async def usage(request):
    """What must not grow: memory after a collection, tasks, connections."""
    import gc

    gc.collect()
    gc.collect()
    if sys.implementation.name == "micropython":
        return {
            "memory": gc.mem_alloc(),
            "tasks": len(asyncio.core._io_queue.map),
            # On a board the server is the firmware's.
            "connections": len(getattr(app.server, "connections", (None,))),
        }
    return {
        "memory": len(gc.get_objects()),
        "tasks": len(asyncio.all_tasks()),
        "connections": len(app.server.connections),
    }


@app.get("/shutdown")
async def shutdown(request):
    app.shutdown()
    return "shut down"


async def main(arguments):
    """Serve on this machine, until `/shutdown` is asked for."""
    from microdot.server import Server

    app.server = Server(app, "127.0.0.1", int(arguments[0]))
    await app.server.start()
    if len(arguments) > 1:
        await Server(app, "127.0.0.1", int(arguments[1]), tls_context(*arguments[2:])).start()
    print("serving")
    await app.server.serve_forever()


def tls_context(certificate, key):
    """Make the context of a TLS server."""
    try:
        import ssl
    except ImportError:  # MicroPython without micropython-lib
        import tls as ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if sys.implementation.name != "micropython":
        context.load_cert_chain(certificate, key)
    else:
        with open(certificate, "rb") as file, open(key, "rb") as key_file:
            context.load_cert_chain(file.read(), key_file.read())
    return context


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
