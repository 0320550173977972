"""The clock: 64 bits out of a counter of 32, with milliseconds that never drift."""

import ctypes
import random
from collections.abc import Callable

import pytest

TICKS_PER_MS = 25_000
WRAP = 1 << 32


class Clock(ctypes.Structure):
    """tickclock_t, ports/cortexm/tickclock.h."""

    _fields_ = (
        ("ticks_per_ms", ctypes.c_uint32),
        ("last", ctypes.c_uint32),
        ("ms_part", ctypes.c_uint32),
        ("ticks", ctypes.c_uint64),
        ("ms", ctypes.c_uint64),
    )


@pytest.fixture(scope="module")
def library(native_library: Callable[..., ctypes.CDLL]) -> ctypes.CDLL:
    library = native_library("tickclock.c")
    library.tickclock_us.restype = ctypes.c_uint32
    library.tickclock_ns.restype = ctypes.c_uint64
    return library


def started(library: ctypes.CDLL, counter: int) -> Clock:
    clock = Clock()
    library.tickclock_start(ctypes.byref(clock), counter, TICKS_PER_MS)
    return clock


def advance(library: ctypes.CDLL, clock: Clock, now: int) -> None:
    library.tickclock_update(ctypes.byref(clock), ctypes.c_uint32(now % WRAP))


@pytest.mark.parametrize("start", [0, 1, WRAP - 1, WRAP - TICKS_PER_MS, WRAP // 2])
def test_every_unit_is_right_after_steps_of_any_size(library: ctypes.CDLL, start: int) -> None:
    clock = started(library, start)
    steps = random.Random(start)
    elapsed = 0
    for _ in range(2000):
        elapsed += steps.choice((0, 1, steps.randrange(100_000), steps.randrange(WRAP)))
        advance(library, clock, start + elapsed)
        assert clock.ticks == elapsed
        assert clock.ms == elapsed // TICKS_PER_MS
        assert library.tickclock_us(ctypes.byref(clock)) == elapsed // 25 % WRAP
        assert library.tickclock_ns(ctypes.byref(clock)) == elapsed * 40


def test_the_longest_step_is_one_tick_short_of_a_wrap(library: ctypes.CDLL) -> None:
    clock = started(library, 7)
    advance(library, clock, 7 + WRAP - 1)
    assert clock.ticks == WRAP - 1
    assert clock.ms == (WRAP - 1) // TICKS_PER_MS


def test_without_a_tick_nothing_moves(library: ctypes.CDLL) -> None:
    clock = started(library, 12345)
    for _ in range(3):
        advance(library, clock, 12345)
    assert (clock.ticks, clock.ms, clock.ms_part) == (0, 0, 0)
