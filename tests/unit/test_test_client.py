"""The test client."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from microdot import Microdot, Request, Response
from microdot.test_client import TestClient

app = Microdot()


@app.route("/echo", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"])
async def echo(request: Request) -> Any:
    return {
        "method": request.method,
        "url": request.url,
        "headers": request.headers,
        "cookies": request.cookies,
        "body": request.body.decode(),
        "scheme": request.scheme,
        "sock": request.sock,
    }


@app.get("/cookies")
async def set_cookies(request: Request) -> Response:
    response = Response()
    response.set_cookie("a", "1", max_age=5)
    response.set_cookie("b", "2", path="/echo")
    return response


@app.get("/forget")
async def forget(request: Request) -> Response:
    response = Response()
    response.delete_cookie("a")
    return response


@app.get("/events")
async def events(request: Request) -> Any:
    def generate() -> Iterator[str]:
        yield 'event: foo\nid: 5\nretry: 2500\ndata: {"a": 1}\n\n'
        yield ": comment\n\ndata: x\ndata:y\n\n"

    return generate(), {"Content-Type": "text/event-stream"}


@app.get("/bytes")
async def some_bytes(request: Request) -> bytes:
    return b"\xff"


@app.get("/handled")
async def handled(request: Request) -> Response:
    return Response.already_handled


def test_methods() -> None:
    async def main() -> None:
        client = TestClient(app)
        assert (await client.get("/echo?a=b")).json["url"] == "/echo?a=b"
        assert (await client.delete("/echo")).json["method"] == "DELETE"
        for name in ("post", "put", "patch", "query"):
            seen = (await getattr(client, name)("/echo", body="text")).json
            assert (seen["method"], seen["body"]) == (name.upper(), "text")
            assert seen["headers"] == {"Content-Length": "4", "Host": "example.com:1234"}

    asyncio.run(main())


@pytest.mark.parametrize("body", [{"a": 1}, ["a"]])
def test_json(body: Any) -> None:
    seen = asyncio.run(TestClient(app).post("/echo", body=body)).json
    assert seen["headers"]["Content-Type"] == "application/json"
    seen = asyncio.run(TestClient(app).post("/echo", {"content-type": "x/y"}, body)).json
    assert seen["headers"]["content-type"] == "x/y"


def test_options() -> None:
    client = TestClient(app, cookies={"x": "y"}, scheme="https", host="foo.com")
    seen = asyncio.run(client.request("GET", "/echo", sock="sock")).json
    assert seen["headers"] == {"Host": "foo.com", "Cookie": "x=y"}
    assert (seen["scheme"], seen["cookies"], seen["sock"]) == ("https", {"x": "y"}, "sock")
    seen = asyncio.run(client.get("/echo", headers={"host": "own", "cookie": "z=1"})).json
    assert seen["headers"] == {"host": "own", "cookie": "z=1"}


def test_cookies() -> None:
    async def main() -> None:
        client = TestClient(app)
        await client.get("/cookies")
        assert client.cookies == {"a": "1", "b": ("2", "/echo")}
        assert (await client.get("/echo")).json["cookies"] == {"a": "1", "b": "2"}
        await client.get("/forget")
        assert client.cookies == {"b": ("2", "/echo")}

    asyncio.run(main())


def test_events() -> None:
    found = asyncio.run(TestClient(app).get("/events")).events
    assert found == [
        {
            "data": b'{"a": 1}',
            "data_json": {"a": 1},
            "event": "foo",
            "event_id": "5",
            "retry": 2.5,
        },
        {"data": b"x\ny", "data_json": None, "event": None, "event_id": None, "retry": None},
    ]


def test_head_has_no_body() -> None:
    response = asyncio.run(TestClient(app).request("HEAD", "/echo"))
    assert (response.status_code, response.body, response.text) == (200, None, None)
    assert int(response.headers["Content-Length"]) > 0


def test_bytes_are_no_text() -> None:
    response = asyncio.run(TestClient(app).get("/bytes"))
    assert (response.body, response.text, response.json) == (b"\xff", None, None)


def test_already_handled() -> None:
    response = asyncio.run(TestClient(app).get("/handled"))
    assert (response.status_code, response.body, response.headers) == (None, None, {})
