"""What differs between CPython and MicroPython, in one place."""

import json
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: True when MicroPython runs this code.
MICROPYTHON = sys.implementation.name == "micropython"

if TYPE_CHECKING or not MICROPYTHON:
    from ._cpython import invoke_handler as invoke_handler
    from ._cpython import iscoroutine as iscoroutine
    from ._cpython import iscoroutinefunction as iscoroutinefunction
    from ._cpython import json_dumps as json_dumps
    from ._cpython import json_loads as json_loads
    from ._cpython import print_exception as print_exception
    from ._cpython import ticks_add as ticks_add
    from ._cpython import ticks_diff as ticks_diff
    from ._cpython import ticks_ms as ticks_ms
    from ._cpython import uncancel_current_task as uncancel_current_task
    from ._cpython import wait_for as wait_for
    from ._cpython import wraps as wraps
else:
    json_dumps = json.dumps
    json_loads = json.loads
    ticks_add = time.ticks_add
    ticks_diff = time.ticks_diff
    ticks_ms = time.ticks_ms
    print_exception = sys.print_exception
    _PlainFunction = type(lambda: None)

    def iscoroutinefunction(handler: "Any") -> bool:
        """Tell whether a function is known to be asynchronous; closures and methods are not."""
        return type(handler) is _AsyncFunction

    async def invoke_handler(handler: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        """Call a handler, `async def` or plain, and return its result.

        Coroutines and generators are one type here. What a plain function returns is its
        result as it stands, a generator included; for anything else (`async def`, closures,
        methods) a returned generator is awaited. A closure that streams returns
        `(generator, 200)`.
        """
        result = handler(*args, **kwargs)
        if type(handler) is not _PlainFunction and hasattr(result, "send"):
            return await result
        return result

    _AsyncFunction = type(invoke_handler)

    def iscoroutine(value: object) -> bool:
        """Tell whether `value` can be awaited; generators are coroutines here."""
        return hasattr(value, "send") and hasattr(value, "throw")

    def uncancel_current_task() -> None:
        """Nothing to do: a task of MicroPython forgets a cancellation that was caught."""

    def wait_for(awaitable: "Any", timeout: "float | None") -> "Any":
        """Wait for something, but not longer than so many seconds."""
        import asyncio  # only now: it costs RAM that the core does not need

        return asyncio.wait_for(awaitable, timeout)

    def wraps(wrapped: "Any") -> "Any":
        """Leave the wrapper as it is: functions have no attributes here to copy."""
        return _identity

    def _identity(wrapper: "Any") -> "Any":
        return wrapper


def http_date(time: "tuple[int, ...]") -> str:
    """Return a time as HTTP writes it (RFC 9110 section 5.6.7).

    :param time: what `time.gmtime()` returns.
    """
    year, month, day, hour, minute, second, weekday = time[:7]
    weekday_name = "MonTueWedThuFriSatSun"[3 * weekday : 3 * weekday + 3]
    month_name = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * month - 3 : 3 * month]
    return (
        f"{weekday_name}, {day:02d} {month_name} {year} {hour:02d}:{minute:02d}:{second:02d} GMT"
    )
