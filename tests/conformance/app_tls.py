"""The application of the tests of TLS; see `app.py`, whose arguments it takes.

Its time-outs leave room for the handshakes of several clients on a slow machine.
"""

import asyncio
import sys

from microdot import Microdot

app = Microdot()
app.head_timeout = 8.0
app.keep_alive_timeout = 8.0


@app.get("/")
async def hello(request):
    return "hello"


@app.get("/scheme")
async def scheme(request):
    return request.scheme


@app.get("/bytes/<int:length>")
async def some_bytes(request, length):
    return b"x" * length


@app.post("/echo")
async def echo(request):
    return request.body


async def main(arguments):
    """Serve on this machine."""
    from app import tls_context

    from microdot.server import Server

    await Server(app, "127.0.0.1", int(arguments[0])).start()
    secure = Server(app, "127.0.0.1", int(arguments[1]), tls_context(*arguments[2:]))
    await secure.start()
    print("serving")
    await secure.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
