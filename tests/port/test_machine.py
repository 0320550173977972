"""Why the machine started, its watchdog, and the small things of the machine module."""

import re

import pytest

from hil.emulators import EmulatedBoard
from hil.rawrepl import RawRepl

from .conftest import STARTED, Boot, reset

PWRON, HARD, WDT, DEEPSLEEP, SOFT = 1, 2, 3, 4, 5
BANNER = r"MicroPython v[^\n]*\n"


def cause(board: EmulatedBoard) -> int:
    return int(board.exec("import machine\nprint(machine.reset_cause())"))


def test_the_names_of_the_causes(board: EmulatedBoard) -> None:
    names = ("PWRON", "HARD", "WDT", "DEEPSLEEP", "SOFT")
    values = ", ".join(f"machine.{name}_RESET" for name in names)
    printed = board.exec(f"import machine\nprint({values})")
    assert printed.split() == [str(value) for value in (PWRON, HARD, WDT, DEEPSLEEP, SOFT)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("machine.reset()", HARD),
        ("machine.deepsleep(20)", DEEPSLEEP),
        ("machine.WDT(timeout=100)\nwhile True: pass", WDT),
        # A watchdog ends even a program that no interrupt can reach.
        ("machine.WDT(timeout=100)\nmachine.disable_irq()\nwhile True: pass", WDT),
        ("machine.mem32[0xf0000000]", HARD),
    ],
)
def test_each_reset_tells_its_cause(boot: Boot, code: str, expected: int) -> None:
    board = boot()
    assert cause(board) == PWRON
    reset(board, code)
    assert cause(board) == expected


def test_a_soft_reset_and_the_reset_button(boot: Boot) -> None:
    board = boot()
    board.console.soft_reset()
    assert cause(board) == SOFT
    board.console.discard()
    board._qmp.execute("system_reset")
    board.console.expect(STARTED, 10)
    assert cause(board) == HARD


def test_a_fault_says_where_it_was(boot: Boot) -> None:
    board = boot()
    with RawRepl(board.console) as repl:
        repl.launch("import machine\nmachine.mem32[0xf0000000] = 1")
    line = board.console.expect(rb"FAULT pc=0x([0-9a-f]+) lr=0x([0-9a-f]+)[^\n]*; resetting", 5)
    assert 0 < int(line[1], 16) < 0x400000
    assert b"addr=0xf0000000" in line[0]


def test_a_fed_watchdog_is_quiet(boot: Boot) -> None:
    board = boot()
    feed = (
        "import machine, time\nw = machine.WDT(timeout=200)\n"
        "for _ in range(10):\n w.feed()\n time.sleep_ms(60)\n"
        "w.timeout_ms(100000)\nprint('alive')"
    )
    assert board.exec(feed) == "alive\n"


@pytest.mark.parametrize("timeout", ["0", "-5", "171799"])
def test_a_watchdog_refuses_a_time_it_cannot_keep(board: EmulatedBoard, timeout: str) -> None:
    code = f"try:\n machine.WDT(timeout={timeout})\nexcept ValueError as e:\n print(e)"
    assert board.exec("import machine\n" + code) == "timeout must be 1 to 171798 ms\n"


def test_the_unique_id_is_the_instance_s(boot: Boot) -> None:
    board = boot()
    identity = (board.setup.folder / "identity.json").read_text()
    printed = board.exec("import machine\nprint(machine.unique_id().hex())").strip()
    assert re.fullmatch(r"[0-9a-f]{16}", printed)
    assert f'"{printed}"' in identity


def test_pins(board: EmulatedBoard) -> None:
    code = (
        "from machine import Pin, Signal\n"
        "led = Pin('LED1', Pin.OUT, value=1)\nprint(led, led.value(), Pin('LED0')())\n"
        "led.toggle()\nprint(led())\nlow = Signal(led, invert=True)\nlow.off()\nprint(led())\n"
        "print(Pin('BUTTON0', Pin.IN).value())\n"
    )
    assert board.exec(code) == "Pin(LED1, mode=OUT) 1 0\n0\n1\n0\n"


@pytest.mark.parametrize("code", ["Pin('LED9')", "Pin('LED0', Pin.IN)", "Pin('BUTTON0', Pin.OUT)"])
def test_a_pin_that_cannot_be_so_is_refused(board: EmulatedBoard, code: str) -> None:
    wrapped = f"try:\n {code}\nexcept ValueError:\n print('refused')"
    assert board.exec("from machine import Pin\n" + wrapped) == "refused\n"


def test_timers_run_while_python_computes_and_while_it_sleeps(board: EmulatedBoard) -> None:
    code = (
        "import machine, time\nn = 0\ndef tick(t):\n global n\n n += 1\n"
        "timer = machine.Timer(period=20, callback=tick)\n"
        "end = time.ticks_add(time.ticks_ms(), 210)\n"
        "while time.ticks_diff(end, time.ticks_ms()) > 0: pass\n"
        "busy = n\ntime.sleep_ms(200)\ntimer.deinit()\nprint(busy, n - busy)"
    )
    busy, asleep = (int(word) for word in board.exec(code).split())
    assert 8 <= busy <= 10 and 9 <= asleep <= 11


def test_uarts_besides_the_console(board: EmulatedBoard) -> None:
    code = (
        "from machine import UART\nu = UART(1, 9600, rxbuf=64)\nprint(u)\n"
        "print(u.write(b'abc'), u.any(), u.read(1), u.txdone())\nu.deinit()\n"
        "try:\n UART(0)\nexcept ValueError as e:\n print(e)"
    )
    printed = board.exec(code).splitlines()
    assert printed[0].startswith("UART(1, baudrate=9600, bits=8, parity=None, stop=1, rxbuf=64")
    assert printed[1:] == ["3 0 None True", "UART(0) doesn't exist"]
