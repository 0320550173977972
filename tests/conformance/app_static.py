"""The application of the static file tests; see `app.py`, whose arguments it takes.

It writes the files that it serves: on this machine into the folder of the certificate.
"""

import asyncio
import os
import sys

from microdot import Microdot
from microdot.static import Frozen, StaticFiles

app = Microdot()
app.keep_alive_timeout = 2.0

BINARY = bytes(range(256)) * 40  # 10 KiB
GZIP = b"\x1f\x8b\x08\x00 not really compressed"
FROZEN = {"index.html": (b"frozen home", "f0"), "data.bin": (BINARY, "f1")}


def write(path, data):
    """Write a file, and the folders above it."""
    position = path.find("/")
    while position >= 0:
        try:  # noqa: SIM105 (there is no contextlib on a device)
            os.mkdir(path[:position])
        except OSError:
            pass
        position = path.find("/", position + 1)
    with open(path, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    os.chdir(sys.argv[3].rsplit("/", 1)[0])

write("site/index.html", b"home")
write("site/data.bin", BINARY)
write("site/docs/index.html", b"documents")
write("site/app.js", b"plain()")
write("site/app.js.gz", GZIP)
write("site/.env", b"PASSWORD=x")
write("secret.txt", b"secret")

StaticFiles("site", max_age=60).mount(app, "/static")
StaticFiles(Frozen(FROZEN)).mount(app, "/frozen")


async def main(arguments):
    """Serve on this machine."""
    from microdot.server import Server

    app.server = Server(app, "127.0.0.1", int(arguments[0]))
    await app.server.start()
    print("serving")
    await app.server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
