"""What the board says about itself: `/_device/status`."""

import gc
import time

import machine
import network

from microdot import Microdot

from . import _build

_CAUSES = ("PWRON", "HARD", "WDT", "DEEPSLEEP", "SOFT")

_clock = [time.ticks_ms(), 0]  # ticks when it was last looked at, milliseconds counted until then


def create(service) -> Microdot:
    """The device's own application, for `/_device`. service: the Service that it tells about."""
    device = Microdot()

    @device.get("/_device/status")
    async def status(request):
        return collect(service), {"Cache-Control": "no-store"}

    return device


def collect(service) -> dict:
    """The status, as a dictionary for JSON. Memory is in bytes, after a collection."""
    gc.collect()
    address = service.interface.address()
    return {
        "board": _build.BOARD,
        "build": _build.ID,
        "version": _build.VERSION,
        "micropython": _build.MICROPYTHON,
        "uptime_s": uptime(),
        "mem_free": gc.mem_free(),
        "mem_alloc": gc.mem_alloc(),
        "reset_cause": reset_cause(),
        "application": service.serving,
        "https": service.https,
        "network": {
            "interface": _build.NETWORK,
            "up": address is not None,
            "ip": address,
            "mac": service.interface.mac(),
            "hostname": network.hostname(),
        },
        "warnings": service.warnings + _clock_warning(),
    }


def uptime() -> int:
    """Seconds since the firmware started.

    MicroPython's millisecond clock wraps in days: this has to be called more often than that.
    """
    now = time.ticks_ms()
    _clock[1] += time.ticks_diff(now, _clock[0])
    _clock[0] = now
    return _clock[1] // 1000


def reset_cause() -> str:
    """Why the board started: PWRON, HARD, WDT, DEEPSLEEP, SOFT, or the port's number."""
    cause = machine.reset_cause()
    for name in _CAUSES:
        if getattr(machine, name + "_RESET", None) == cause:
            return name
    return str(cause)


def _clock_warning():
    if time.gmtime()[0] >= 2024:
        return []
    return ["the clock is not set: expiry of signed cookies and tokens is not checked"]
