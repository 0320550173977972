"""Time on the board against time on this machine."""

import time

from hil.emulators import EmulatedBoard

from .conftest import Boot


def test_a_sleep_lasts_as_long_as_on_the_host(board: EmulatedBoard) -> None:
    code = (
        "import time\nt = time.ticks_us()\ntime.sleep_ms(1500)\n"
        "print(time.ticks_diff(time.ticks_us(), t))"
    )
    started = time.monotonic()
    slept_us = int(board.exec(code))
    host = time.monotonic() - started
    assert 1_500_000 <= slept_us < 1_600_000
    assert 1.5 <= host < 2.5


def test_the_clock_runs_with_the_host_s_while_python_computes(board: EmulatedBoard) -> None:
    code = (
        "import time\nt = time.ticks_ms()\nn = 0\n"
        "while time.ticks_diff(time.ticks_ms(), t) < 1000: n += 1\nprint(n)"
    )
    started = time.monotonic()
    assert int(board.exec(code)) > 1000
    assert 1.0 <= time.monotonic() - started < 2.0


def test_the_wall_clock_is_the_host_s(board: EmulatedBoard) -> None:
    printed = board.exec("import time\nprint(time.time(), time.time_ns(), time.gmtime()[:6])")
    seconds, nanoseconds, *date = printed.replace("(", "").replace(")", "").split()
    assert abs(int(seconds) - time.time()) <= 2
    assert abs(int(nanoseconds) / 1e9 - int(seconds)) <= 1
    assert abs(int(date[0].rstrip(",")) - time.gmtime().tm_year) <= 1


def test_the_wall_clock_can_be_set(boot: Boot) -> None:
    code = (
        "import machine, time\nrtc = machine.RTC()\nt = time.ticks_ms()\n"
        "rtc.datetime((2031, 2, 28, 0, 23, 59, 58, 0))\ntime.sleep_ms(2100)\n"
        "print(rtc.datetime()[:6], time.gmtime()[:3])\n"
        "print(time.ticks_diff(time.ticks_ms(), t) < 3000)"
    )
    assert boot().exec(code) == "(2031, 3, 1, 5, 0, 0) (2031, 3, 1)\nTrue\n"


def test_no_reading_is_before_the_one_before(board: EmulatedBoard) -> None:
    code = (
        "import time\nbad = 0\nlast = time.time_ns()\nus = time.ticks_us()\n"
        "for _ in range(20000):\n now = time.time_ns()\n if now < last: bad += 1\n last = now\n"
        " u = time.ticks_us()\n if time.ticks_diff(u, us) < 0: bad += 1\n us = u\nprint(bad)"
    )
    assert board.exec(code) == "0\n"


def test_asyncio_s_timers_are_kept_to_the_millisecond(board: EmulatedBoard) -> None:
    code = (
        "import asyncio, time\nasync def main():\n t = time.ticks_us()\n"
        " for _ in range(50): await asyncio.sleep_ms(10)\n"
        " return time.ticks_diff(time.ticks_us(), t)\nprint(asyncio.run(main()))"
    )
    assert 500_000 <= int(board.exec(code)) < 600_000
