"""Serving: start, stop, handing over. How it answers is what the conformance tests are about."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from microdot import Microdot, Request, Response, server
from microdot.server import Server


def make_app() -> Microdot:
    app = Microdot()
    app.get("/")(lambda request: "hello")

    @app.get("/shutdown")
    async def shutdown(request: Request) -> str:
        app.shutdown()
        return "bye"

    return app


async def fetch(port: int, path: str = "/") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    data = await reader.read()
    writer.close()
    await writer.wait_closed()
    return data


async def port_of(app: Microdot) -> int:
    """Wait until an application serves."""
    while not (app.server and app.server.sockets):
        await asyncio.sleep(0)
    port: int = app.server.sockets[0].getsockname()[1]
    return port


def test_start_server_serves_until_shutdown() -> None:
    async def main() -> None:
        app = make_app()
        serving = asyncio.create_task(app.start_server("127.0.0.1", 0))
        port = await port_of(app)
        assert (await fetch(port)).endswith(b"hello")
        assert (await fetch(port, "/shutdown")).endswith(b"bye")
        assert await serving is None
        with pytest.raises(OSError):
            await fetch(port)

    asyncio.run(main())


def test_start_server_is_stopped_by_cancelling_it() -> None:
    async def main() -> None:
        app = make_app()
        serving = asyncio.create_task(app.start_server("127.0.0.1", 0))
        port = await port_of(app)
        serving.cancel()
        assert await serving is None
        with pytest.raises(OSError):
            await fetch(port)

    asyncio.run(main())


def test_start_server_later() -> None:
    async def main() -> None:
        app = make_app()
        later = await app.start_server("127.0.0.1", 0, start_serving=False)
        assert later is app.server
        assert later.sockets == ()
        await later.start()
        assert (await fetch(await port_of(app))).endswith(b"hello")
        app.shutdown()
        await later.wait_closed()

    asyncio.run(main())


def test_run() -> None:
    app = make_app()

    @app.before_request
    async def stop(request: Request) -> None:
        app.shutdown()

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def client() -> None:
        await fetch(await port_of(app))

    original = app.start_server

    async def start_server(*arguments: Any) -> None:
        task = asyncio.create_task(client())
        await original(*arguments)
        await task

    app.start_server = start_server  # type: ignore[method-assign,assignment]
    app.run("127.0.0.1", port)


def test_address_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError):
            make_app().run("127.0.0.1", taken.getsockname()[1])


def test_debug(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        app = make_app()
        serving = asyncio.create_task(app.start_server("127.0.0.1", 0, debug=True))
        port = await port_of(app)
        await fetch(port)
        await fetch(port, "/nothing")
        app.shutdown()
        await serving

    asyncio.run(main())
    output = capsys.readouterr().out
    assert "GET / 200" in output
    assert "GET /nothing 404" in output


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    calls: list[Any] = []
    monkeypatch.setattr(server, "handover", lambda *arguments: calls.append(arguments))
    return calls  # type: ignore[return-value]


def test_handover(handed_over: list[Any]) -> None:
    app = make_app()
    app.run("host", 1, True, "tls")
    asyncio.run(app.start_server())
    assert handed_over == [
        (app, "host", 1, True, "tls"), (app, "0.0.0.0", 5000, False, None),
    ]  # fmt: skip


def test_handover_that_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve() -> str:
        return "served"

    monkeypatch.setattr(server, "handover", lambda *arguments: serve())
    assert asyncio.run(make_app().start_server()) == "served"


def test_any_object_can_be_served() -> None:
    class Front:
        def __getattr__(self, name: str) -> Any:
            return getattr(limits, name)

        async def dispatch_request(self, request: Request) -> Response:
            return Response(request.path)

    limits = Microdot()

    async def main() -> None:
        own = Server(Front(), "127.0.0.1", 0)
        await own.start()
        port = own.sockets[0].getsockname()[1]
        assert (await fetch(port, "/path")).endswith(b"/path")
        assert b" 400 " in await fetch(port, "nonsense")
        own.close()
        await own.serve_forever()

    asyncio.run(main())


def test_handle_request() -> None:
    """A connection that somebody else accepted."""

    async def main() -> None:
        app = make_app()
        listener = await asyncio.start_server(app.handle_request, "127.0.0.1", 0)
        assert (await fetch(listener.sockets[0].getsockname()[1])).endswith(b"hello")
        listener.close()
        await listener.wait_closed()

    asyncio.run(main())


def test_limits_are_attributes_of_the_application() -> None:
    app = make_app()
    app.head_timeout = 1.5
    assert Server(app).limits is app
    assert Microdot().head_timeout == 5
    assert (app.keep_alive_timeout, app.body_timeout, app.write_timeout) == (5, 30, 10)


def test_no_task_stays() -> None:
    async def main() -> None:
        app = make_app()
        serving = asyncio.create_task(app.start_server("127.0.0.1", 0))
        port = await port_of(app)
        for _ in range(5):
            await fetch(port)
        await fetch(port, "/shutdown")
        await serving
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
