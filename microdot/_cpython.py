"""CPython's half of `compat`; never loaded on MicroPython."""

import asyncio
import contextvars
import inspect
import time
import traceback
from functools import wraps as wraps
from inspect import iscoroutine as iscoroutine
from json import dumps as _dumps
from json import loads as _loads
from typing import Any

try:
    import orjson  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    orjson = None  # type: ignore[assignment,unused-ignore]


def json_dumps(value: Any) -> str:
    """Serialise as JSON, with orjson where it is installed, which is faster."""
    if orjson is None:
        return _dumps(value)
    text: bytes = orjson.dumps(value)
    return text.decode()


def json_loads(text: bytes) -> Any:
    """Parse JSON; see `json_dumps`."""
    return _loads(text) if orjson is None else orjson.loads(text)


def ticks_ms() -> int:
    """Return a clock in milliseconds that never goes back."""
    return time.monotonic_ns() // 1_000_000


def ticks_add(ticks: int, delta: int) -> int:
    """Return the tick `delta` milliseconds after `ticks`."""
    return ticks + delta


def ticks_diff(end: int, start: int) -> int:
    """Return how many milliseconds `end` is after `start`."""
    return end - start


def iscoroutinefunction(handler: Any) -> bool:
    """Tell whether a handler is `async def`."""
    code = getattr(handler, "__code__", None)  # what inspect looks at, too, after other things
    if code is not None and code.co_flags & inspect.CO_COROUTINE:
        return True
    return inspect.iscoroutinefunction(handler)


async def invoke_handler(handler: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a handler and return its result: `async def` here, plain ones in a worker thread.

    A plain handler may therefore block without stopping other requests.
    """
    if iscoroutinefunction(handler):
        return await handler(*args, **kwargs)
    context = contextvars.copy_context()
    result = await asyncio.get_running_loop().run_in_executor(
        None, context.run, _call, handler, args, kwargs
    )
    return await result if iscoroutine(result) else result


def _call(handler: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return handler(*args, **kwargs)
    except StopIteration as exc:
        # A future cannot carry StopIteration: the awaiting request would never end.
        raise RuntimeError("a handler raised StopIteration") from exc


async def wait_for(awaitable: Any, timeout: float | None) -> Any:
    """Wait for something, but not longer than so many seconds.

    Before Python 3.12 `asyncio.wait_for` forgets a cancellation that comes at the same time.

    :raises TimeoutError: if it takes longer; it is cancelled then.
    """
    async with asyncio.timeout(timeout):
        return await awaitable


def print_exception(exc: BaseException) -> None:
    """Write the exception with its traceback to standard error."""
    traceback.print_exception(exc)


def uncancel_current_task() -> None:
    """Tell asyncio that the running task caught its cancellation and goes on."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
