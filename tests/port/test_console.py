"""The console: Ctrl-C, flow control, and starting over as often as anyone likes."""

import pytest

from hil.emulators import EmulatedBoard
from hil.rawrepl import RawRepl

from .conftest import Boot

CTRL_C = b"\x03"


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time\ntime.sleep(1000)",
        "import asyncio\nasync def main(): await asyncio.sleep(1000)\nasyncio.run(main())",
        "import machine\nmachine.lightsleep()",
        "import sys\nsys.stdin.read(1000)",
        "import re\nwhile True: re.search('b', 'a' * 1000)",
        "import socket\ns = socket.socket()\ns.bind(('', 80))\ns.listen(1)\ns.accept()",
    ],
)
def test_ctrl_c_stops_a_program(board: EmulatedBoard, code: str) -> None:
    with RawRepl(board.console) as repl:
        repl.launch(f"print('runs')\n{code}")
    board.console.expect(r"runs\r\n", 5)
    board.console.write(CTRL_C)
    board.console.expect(r"KeyboardInterrupt: ", 2)
    board.console.interrupt()


def test_ctrl_c_is_seen_behind_input_that_nobody_reads(board: EmulatedBoard) -> None:
    with RawRepl(board.console) as repl:
        repl.launch("print('runs')\nwhile True: pass")
    board.console.expect(r"runs\r\n", 5)
    board.console.write(b"x" * 10_000 + CTRL_C)
    board.console.expect(r"KeyboardInterrupt: ", 5)
    board.console.write(CTRL_C)
    board.console.interrupt()


def test_a_long_program_is_pasted_without_loss(board: EmulatedBoard) -> None:
    lines = "".join(f"values.append({n})\n" for n in range(3000))
    assert board.exec(f"values = []\n{lines}print(sum(values))", timeout=20) == f"{2999 * 1500}\n"


def test_binary_input_arrives_whole(board: EmulatedBoard) -> None:
    """With the interrupt character off, the sender waits while the board's buffer is full."""
    code = (
        "import micropython, sys, time\nmicropython.kbd_intr(-1)\nprint('runs')\n"
        "time.sleep_ms(300)\ndata = sys.stdin.buffer.read(20480)\nmicropython.kbd_intr(3)\n"
        "print(data == bytes(range(256)) * 80)"
    )
    with RawRepl(board.console) as repl:
        repl.launch(code)
    board.console.expect(r"runs\r\n", 5)
    board.console.write(bytes(range(256)) * 80)
    board.console.expect(r"True\r\n", 10)
    board.console.interrupt()


def test_asyncio_waits_for_input(board: EmulatedBoard) -> None:
    code = (
        "import asyncio, sys\nasync def main():\n print('waits')\n"
        " print('got', await asyncio.StreamReader(sys.stdin.buffer).read(1))\nasyncio.run(main())"
    )
    with RawRepl(board.console) as repl:
        repl.launch(code)
    board.console.expect(r"waits\r\n", 5)
    board.console.write(b"q")
    board.console.expect(r"got b'q'\r\n", 2)
    board.console.interrupt()


def test_twenty_soft_resets_cost_no_memory(boot: Boot) -> None:
    board = boot()
    # A program that is over at once: the firmware's own would be interrupted at any point.
    board.put({"/main.py": "print('idle')"})
    busy = (
        "import gc, socket, network\nlan = network.LAN()\nlan.active(True)\n"
        "import time\nwhile not lan.isconnected(): time.sleep_ms(5)\n"
        "servers = []\nfor port in range(5000, 5004):\n s = socket.socket()\n"
        " s.bind(('', port))\n s.listen(4)\n servers.append(s)\n"
        "c = socket.socket()\nc.connect(('127.0.0.1', 5000))\na = servers[0].accept()\n"
        "from machine import UART\nu = UART(2, rxbuf=1000)\ngc.collect()\nprint(gc.mem_free())"
    )
    free = []
    for _ in range(20):
        free.append(int(board.exec(busy)))
        board.console.soft_reset()
        board.console.expect(r"idle\r\n", 5)
    assert max(free[1:]) - min(free[1:]) < 256, free
