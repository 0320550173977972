"""Runs on the board: server and client in one, over the loopback. Prints its figures as JSON.

A bare responder on asyncio's streams is measured, too: it shows what the client, MicroPython and
its network take of the figures.
"""

import asyncio
import gc
import json
import sys

import cortexm

COUNT = 50  # requests of a measurement
INSTRUCTIONS_PER_TICK = 1.25  # 40 ns a tick, 32 ns an instruction (-icount shift=5)
HEAD = "GET / HTTP/1.1\r\nHost: 192.168.1.10\r\nUser-Agent: benchmark\r\nAccept: */*\r\n"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
    b'{"hello": "world"}'
)


async def new_connections(port):
    request = (HEAD + "Connection: close\r\n\r\n").encode()
    for _ in range(COUNT):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await writer.drain()
        data = await reader.read(-1)
        if not data.endswith(b"}"):
            raise ValueError(data)
        writer.close()
        await writer.wait_closed()


async def kept_alive(port):
    request = (HEAD + "\r\n").encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(COUNT):
        writer.write(request)
        await writer.drain()
        data = b""
        while not data.endswith(b"}"):
            part = await reader.read(1024)
            if not part:
                raise ValueError(data)
            data += part
    writer.close()
    await writer.wait_closed()


async def bare_responder(reader, writer):
    closing = False
    while not closing:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = await reader.read(1024)
            if not part:
                break
            head += part
        if not head:
            break
        closing = b"close" in head
        writer.write(ANSWER)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


def used():
    gc.collect()
    return gc.mem_alloc()


async def measure(client, port):
    """Instructions and bytes of the heap that a request takes, the client's among them."""
    await client(port)
    memory = used()
    gc.disable()
    start = cortexm.ticks() - cortexm.idle_ticks()
    await client(port)
    ticks = cortexm.ticks() - cortexm.idle_ticks() - start
    memory = gc.mem_alloc() - memory
    gc.enable()
    return {"instructions": int(ticks * INSTRUCTIONS_PER_TICK / COUNT), "bytes": memory // COUNT}


async def main():
    asyncio.start_server, asyncio.open_connection  # noqa: B018 (loads the streams)
    start = used()
    import microdot

    results = {"import": used() - start}
    app = microdot.Microdot()

    @app.get("/")
    async def index(request):
        return {"hello": "world"}

    server = asyncio.create_task(app.start_server("127.0.0.1", 5000))
    await asyncio.start_server(bare_responder, "127.0.0.1", 5001)
    await asyncio.sleep_ms(50)
    results["new connections"] = await measure(new_connections, 5000)
    if not microdot.__version__.startswith("2."):  # the reference keeps none
        results["kept alive"] = await measure(kept_alive, 5000)
    results["bare, new connections"] = await measure(new_connections, 5001)
    results["bare, kept alive"] = await measure(kept_alive, 5001)
    print("RESULTS", json.dumps(results))
    server.cancel()


try:
    asyncio.run(main())
except Exception as error:
    sys.print_exception(error)
    print("FAILED")
