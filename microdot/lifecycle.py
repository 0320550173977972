"""Start-up and shutdown hooks, and background tasks; loaded when an application first uses them.

Example::

    @app.on_startup
    async def start():
        app.create_task(read_sensors())

    @app.on_shutdown
    async def stop():
        await motor.stop()
"""

import asyncio

from .compat import iscoroutine, print_exception, ticks_add, ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    Hook = Callable[[], Any]


class Lifecycle:
    """What an application does besides requests.

    The server calls `start` before it listens and `stop` when its last connection is closed.
    """

    #: Time that background tasks have to end after they were cancelled, in seconds.
    cancel_timeout = 2.0

    def __init__(self) -> None:
        self.startup_hooks: list[Hook] = []
        self.shutdown_hooks: list[Hook] = []
        self.tasks: set[Any] = set()
        self._servers: list[Any] = []
        self._running = False

    async def start(self, server: "Any" = None) -> None:
        """Run the start-up hooks in their order.

        :param server: who asks; hooks run for the first of an application's servers only.
        :raises Exception: what a hook raises; `stop` is to be called then as well.
        """
        self._servers.append(server)
        if not self._running:
            self._running = True
            for hook in self.startup_hooks:
                await _call(hook)

    async def stop(self, server: "Any" = None) -> None:
        """Run the shutdown hooks, the last one first, and end the background tasks.

        An error of a hook is printed, and the others run nevertheless.

        :param server: who asks; hooks run for the last of an application's servers only.
        """
        if server in self._servers:
            self._servers.remove(server)
        if self._servers or not self._running:
            return
        self._running = False
        for hook in reversed(self.shutdown_hooks):
            try:
                await _call(hook)
            except Exception as exc:
                print_exception(exc)
        await self._end_tasks()

    async def _end_tasks(self) -> None:
        me = asyncio.current_task()
        tasks = [task for task in self.tasks if task is not me]
        self.tasks.clear()
        for task in tasks:
            task.cancel()
        end = ticks_add(ticks_ms(), int(self.cancel_timeout * 1000))
        # A task may refuse to end, so none of them is waited for as such.
        while [task for task in tasks if not task.done()] and ticks_diff(end, ticks_ms()) > 0:
            await asyncio.sleep(0.01)

    def create_task(self, coroutine: "Awaitable[Any]") -> "Any":
        """Run a coroutine in the background until it ends or the application is shut down.

        Call it while the application runs: in a start-up hook, for example, or in a handler.
        What it raises is printed.
        """
        self._running = True
        task: Any = asyncio.create_task(self._run(coroutine))
        self.tasks.add(task)
        return task

    async def _run(self, coroutine: "Awaitable[Any]") -> "Any":
        try:
            return await coroutine
        except Exception as exc:
            print_exception(exc)
        finally:
            self.tasks.discard(asyncio.current_task())
        return None

    def absorb(self, other: "Lifecycle") -> None:
        """Take over the hooks of a mounted application."""
        self.startup_hooks.extend(other.startup_hooks)
        self.shutdown_hooks.extend(other.shutdown_hooks)
        other.startup_hooks = []
        other.shutdown_hooks = []


async def _call(hook: "Hook") -> None:
    # Plain hooks run right here, not in a thread, so that they can start tasks.
    result = hook()
    if iscoroutine(result):
        await result
