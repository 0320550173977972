"""CORS headers on responses, errors and preflights."""

import asyncio

import pytest

from microdot import Microdot
from microdot.cors import CORS
from microdot.test_client import TestClient

GOOD = {"Origin": "https://good.example"}
EVIL = {"Origin": "https://evil.example"}
PREFLIGHT = {
    **GOOD,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "X-One, x-two",
}


def make_app(**kwargs):
    app = Microdot()
    cors = CORS(app, **kwargs)

    @app.route("/", methods=["GET", "PUT"])
    async def index(request):
        return "x", {"Vary": "Accept"}

    return app, cors


def send(app, method, headers, path="/"):
    response = asyncio.run(TestClient(app).request(method, path, headers))
    return {
        name.replace("Access-Control-", ""): value
        for name, value in response.headers.items()
        if name not in ("Content-Length", "Content-Type")
    }


def test_listed_origins():
    app, _ = make_app(allowed_origins=["https://good.example"], expose_headers=["X-A", "X-B"])
    exposed = {"Expose-Headers": "X-A, X-B"}
    assert send(app, "GET", GOOD) == {
        "Allow-Origin": "https://good.example", "Vary": "Accept, Origin", **exposed,
    }  # fmt: skip
    # A cache must not give this response to the good origin.
    assert send(app, "GET", EVIL) == {"Vary": "Accept, Origin", **exposed}
    assert send(app, "GET", {}) == {"Vary": "Accept, Origin", **exposed}
    assert send(app, "GET", {"Origin": "https://good.exampl"})["Vary"] == "Accept, Origin"


def test_one_origin_as_text():
    app, _ = make_app(allowed_origins="https://good.example")
    assert "Allow-Origin" in send(app, "GET", GOOD)
    assert "Allow-Origin" not in send(app, "GET", {"Origin": "https://good"})


def test_errors_have_the_headers_too():
    app, _ = make_app(allowed_origins=["https://good.example"])
    assert send(app, "GET", GOOD, "/missing") == {
        "Allow-Origin": "https://good.example", "Vary": "Origin",
    }  # fmt: skip
    response = asyncio.run(app.dispatch_request(None))
    assert response.status_code == 400


def test_all_origins():
    app, _ = make_app(allowed_origins="*")
    assert send(app, "GET", EVIL)["Allow-Origin"] == "https://evil.example"
    assert send(app, "GET", {})["Allow-Origin"] == "*"


def test_credentials():
    app, _ = make_app(allowed_origins=["https://good.example"], allow_credentials=True)
    assert send(app, "GET", GOOD)["Allow-Credentials"] == "true"
    assert "Allow-Credentials" not in send(app, "GET", EVIL)


@pytest.mark.parametrize("origins", ["*", ["*"], ["https://good.example", "*"]])
def test_credentials_of_all_origins_are_an_error_at_start(origins):
    with pytest.raises(ValueError, match="list the origins"):
        CORS(allowed_origins=origins, allow_credentials=True)
    cors = CORS(allowed_origins=origins)
    cors.allow_credentials = True
    with pytest.raises(ValueError, match="list the origins"):
        cors.initialize(Microdot())


def test_preflight():
    app, _ = make_app(allowed_origins=["https://good.example"], max_age=60)
    assert send(app, "OPTIONS", PREFLIGHT) == {
        "Allow": "GET, PUT, HEAD, OPTIONS",
        "Allow-Origin": "https://good.example",
        "Allow-Methods": "PUT",
        "Allow-Headers": "X-One, x-two",
        "Max-Age": "60",
        "Vary": "Origin",
    }
    assert send(app, "OPTIONS", {}) == {
        "Allow": "GET, PUT, HEAD, OPTIONS", "Max-Age": "60", "Vary": "Origin",
    }  # fmt: skip


def test_preflight_with_lists():
    app, _ = make_app(allowed_origins="*", allowed_methods=["PUT"], allowed_headers=["X-TWO"])
    headers = send(app, "OPTIONS", PREFLIGHT)
    assert (headers["Allow-Methods"], headers["Allow-Headers"]) == ("PUT", "x-two")
    assert "Allow-Methods" not in send(
        app, "OPTIONS", {**PREFLIGHT, "Access-Control-Request-Method": "PATCH"}
    )
    app, _ = make_app(allowed_origins="*", allowed_headers=["X-Other"])
    assert "Allow-Headers" not in send(app, "OPTIONS", PREFLIGHT)


def test_no_origins_and_no_handling():
    assert send(make_app()[0], "GET", GOOD) == {"Vary": "Accept"}
    app, cors = make_app(allowed_origins="*", handle_cors=False)
    assert send(app, "GET", GOOD) == {"Vary": "Accept"}

    @app.get("/own")
    async def own(request):
        return "x", cors.get_cors_headers(request)

    assert "Allow-Origin" in send(app, "GET", GOOD, "/own")


def test_a_header_of_the_handler_stays():
    app, _ = make_app(allowed_origins="*")
    app.add_route("/own", lambda request: ("x", {"Access-Control-Allow-Origin": "https://own"}))
    assert send(app, "GET", GOOD, "/own")["Allow-Origin"] == "https://own"
