"""`hil sizes`: how much of a board's memory the framework takes, measured on an emulated board."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from .boards import BoardDescription
from .console import READY_LINE
from .emulators import Setup, start
from .errors import HilError
from .images import Image

_PATIENCE_S = 20.0  # for each start of the board
_RESULT = r"memory: (\d+) (\d+) (\d+)\r?\n"

# It runs as /main.py: nothing of the firmware is loaded then. asyncio is loaded before anything is
# measured, its streams for the client included: it is MicroPython's, and applications have it.
_PROGRAM = """\
import asyncio, gc

asyncio.open_connection


def used():
    gc.collect()
    return gc.mem_alloc()


async def request():
    reader, writer = await asyncio.open_connection("127.0.0.1", 5000)
    writer.write(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    await writer.drain()
    if b" 200 " not in await reader.read(-1):
        raise RuntimeError("the request failed")
    writer.close()
    await writer.wait_closed()


async def main():
    start = used()
    from microdot import Microdot

    imported = used()
    app = Microdot()

    @app.get("/")
    async def index(request):
        return {"hello": "world"}

    server = asyncio.create_task(app.start_server("127.0.0.1", 5000))
    await asyncio.sleep_ms(50)
    await request()
    await asyncio.sleep_ms(50)
    print("memory:", start, imported, used())


asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a board's heap, after a collection, beyond those in use without the framework.

    :param imported: after `from microdot import Microdot`, out of frozen modules.
    :param served: with a small application that has served its first request; what the client left
        behind is included.
    """

    imported: int
    served: int

    def __str__(self) -> str:
        return (
            f"RAM of the framework: {self.imported:,} bytes once it is imported,"
            f" {self.served:,} bytes after the first request"
        )


def measure(description: BoardDescription, image: Image) -> Memory:
    """Boots the image on a board of its own, gone afterwards. HilError if that fails."""
    with tempfile.TemporaryDirectory(prefix="hil-sizes-") as folder:
        setup = Setup(Path(folder), https_port=None, deadline=3 * _PATIENCE_S)
        with start(description, image, setup) as board:
            board.console.expect(READY_LINE, _PATIENCE_S)
            board.put({"/main.py": _PROGRAM})
            board.console.soft_reset()
            match = board.console.expect(_RESULT, _PATIENCE_S)
    before, imported, served = (int(number) for number in match.groups())
    if not before < imported < served:
        raise HilError(f"the board measured nonsense: {match[0].decode().strip()}")
    return Memory(imported - before, served - before)
