"""Start-up and shutdown hooks, background tasks."""

import asyncio
import contextlib

import pytest

from microdot import Microdot
from microdot.lifecycle import Lifecycle
from microdot.server import Server

from .unix_port import run_unix


def test_hooks_run_in_order():
    app = Microdot()
    log = []
    app.on_startup(lambda: log.append("start 1"))

    @app.on_startup
    async def start():
        log.append("start 2")

    app.on_shutdown(lambda: log.append("stop 1"))

    @app.on_shutdown
    async def stop():
        log.append("stop 2")

    async def main():
        await app.lifecycle.start()
        assert log == ["start 1", "start 2"]
        await app.lifecycle.stop()

    asyncio.run(main())
    assert log[2:] == ["stop 2", "stop 1"]


def test_two_servers_run_hooks_once():
    app = Microdot()
    log = []
    app.on_startup(lambda: log.append("start"))
    app.on_shutdown(lambda: log.append("stop"))

    async def main():
        servers = [Server(app, "127.0.0.1", 0) for _ in range(2)]
        for server in servers:
            await server.start()
        for server in servers:
            assert log == ["start"]
            server.close()
            await server.wait_closed()
        assert log == ["start", "stop"]
        await servers[0].wait_closed()

    asyncio.run(main())
    assert log == ["start", "stop"]


def test_failing_start_prevents_serving():
    app = Microdot()
    log = []

    @app.on_startup
    async def start():
        raise ValueError("no sensor")

    app.on_shutdown(lambda: log.append("stop"))

    async def main():
        server = Server(app, "127.0.0.1", 0)
        with pytest.raises(ValueError, match="no sensor"):
            await server.start()
        assert not server.sockets

    asyncio.run(main())
    assert log == ["stop"]


def test_hooks_stop_if_the_address_is_taken():
    app = Microdot()
    log = []
    app.on_startup(lambda: log.append("start"))
    app.on_shutdown(lambda: log.append("stop"))

    async def main():
        first = Server(Microdot(), "127.0.0.1", 0)
        await first.start()
        with pytest.raises(OSError):
            await Server(app, "127.0.0.1", first.sockets[0].getsockname()[1]).start()
        first.close()
        await first.wait_closed()

    asyncio.run(main())
    assert log == ["start", "stop"]


def test_failing_shutdown_hook_does_not_stop_the_others(capsys):
    lifecycle = Lifecycle()
    log = []
    lifecycle.shutdown_hooks = [lambda: log.append("stop"), lambda: 1 / 0]

    async def main():
        await lifecycle.start()
        await lifecycle.stop()

    asyncio.run(main())
    assert log == ["stop"]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_task_is_cancelled_at_shutdown():
    app = Microdot()
    log = []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cleaned up")

    async def main():
        server = Server(app, "127.0.0.1", 0)
        await server.start()
        task = app.create_task(work())  # the first use of the life cycle, after the start
        await asyncio.sleep(0)
        server.close()
        await server.wait_closed()
        assert task.cancelled()

    asyncio.run(main())
    assert log == ["cleaned up"]


def test_task_that_ends_is_forgotten(capsys):
    app = Microdot()

    async def result():
        return 42

    async def failure():
        raise ValueError("in the background")

    async def main():
        assert await app.create_task(result()) == 42
        assert await app.create_task(failure()) is None
        assert not app.lifecycle.tasks

    asyncio.run(main())
    assert "in the background" in capsys.readouterr().err


def test_task_that_refuses_to_end(capsys):
    lifecycle = Lifecycle()
    lifecycle.cancel_timeout = 0.05

    async def stubborn(release):
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()

    async def main():
        release = asyncio.Event()
        await lifecycle.start()
        lifecycle.create_task(stubborn(release))
        await asyncio.sleep(0)
        await lifecycle.stop()
        release.set()
        await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(main(), 5))


def test_shutdown_hook_runs_in_a_task_of_its_own_application():
    lifecycle = Lifecycle()

    async def ends_everything():
        await lifecycle.stop()
        return "done"

    async def main():
        await lifecycle.start()
        assert await lifecycle.create_task(ends_everything()) == "done"

    asyncio.run(asyncio.wait_for(main(), 5))


@pytest.mark.parametrize("local", [False, True])
def test_mounted_application_brings_its_hooks(local):
    log = []
    inner = Microdot()
    inner.on_startup(lambda: log.append("inner"))
    app = Microdot()
    app.mount(inner, "/inner", local=local)
    asyncio.run(app.lifecycle.start())
    assert log == ["inner"]


def test_micropython():
    output = run_unix("""
import asyncio
from microdot import Microdot
from microdot.server import Server
app = Microdot()
async def work():
    try:
        await asyncio.sleep(100)
    finally:
        print("cleaned up")
@app.on_startup
def start():
    print("start")
    app.create_task(work())
@app.on_shutdown
async def stop():
    print("stop")
async def main():
    server = Server(app, "127.0.0.1", 0)
    await server.start()
    await asyncio.sleep(0)
    server.close()
    await server.wait_closed()
asyncio.run(main())
""")
    assert output.split("\n")[:3] == ["start", "stop", "cleaned up"]
