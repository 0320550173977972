"""Requests that other sites cause are refused; those of this site and of programs are not."""

import asyncio

import pytest

from microdot import Microdot
from microdot.cors import CORS
from microdot.csrf import CSRF
from microdot.test_client import TestClient

CROSS = {"Sec-Fetch-Site": "cross-site"}


def make_app(origins=None, **kwargs):
    app = Microdot()
    csrf = CSRF(app, CORS(allowed_origins=origins) if origins else None, **kwargs)

    @app.route("/", methods=["GET", "POST", "QUERY", "DELETE"])
    async def index(request):
        return "x"

    @app.post("/exempt")
    @csrf.exempt
    async def exempt(request):
        return "x"

    @app.post("/protected")
    @csrf.protect
    def protected(request):
        return "x"

    assert exempt is not None
    assert protected is not None
    return app


def status(app, headers, path="/", method="POST"):
    response = asyncio.run(TestClient(app).request(method, path, headers))
    assert response.status_code in (200, 403)
    assert response.status_code == 200 or response.text == "Forbidden"
    return response.status_code


LISTED = ["https://a.example", "http://b.example:8000"]


@pytest.mark.parametrize(
    ("headers", "expected", "with_subdomains"),
    [
        ({}, 200, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200, 200),
        ({"Sec-Fetch-Site": "none"}, 200, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403, 200),
        (CROSS, 403, 403),
        ({"Sec-Fetch-Site": "unheard-of"}, 403, 403),
        ({"Origin": "https://a.example"}, 200, 200),
        ({"Origin": "http://b.example:8000"}, 200, 200),
        ({"Origin": "https://sub.a.example"}, 403, 200),
        ({"Origin": "http://sub.a.example"}, 403, 403),
        ({"Origin": "https://nota.example"}, 403, 403),
        ({"Origin": "https://a.example.evil"}, 403, 403),
        ({"Origin": "http://b.example"}, 403, 403),
        ({"Origin": "null"}, 403, 403),
        ({"Origin": ""}, 403, 403),
        ({**CROSS, "Origin": "https://a.example"}, 200, 200),
        ({**CROSS, "Origin": "https://evil.example"}, 403, 403),
        # Without HTTPS browsers send no Sec-Fetch-Site: the Host header tells who we are.
        ({"Origin": "http://example.com:1234"}, 200, 200),
        ({"Origin": "http://example.com"}, 403, 403),
        ({"Origin": "http://sub.example.com:1234"}, 403, 200),
        ({**CROSS, "Origin": "http://example.com:1234"}, 403, 403),
    ],
)
def test_who_may_send(headers, expected, with_subdomains):
    app = make_app(LISTED)
    assert status(app, headers) == expected
    assert status(app, headers, "/protected") == expected
    assert status(app, headers, "/exempt") == 200
    assert status(make_app(LISTED, allow_subdomains=True), headers) == with_subdomains
    unprotected = make_app(LISTED, protect_all=False)
    assert status(unprotected, headers) == 200
    assert status(unprotected, headers, "/protected") == expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("GET", 200),
        ("HEAD", 200),
        ("OPTIONS", 200),
        ("POST", 403),
        ("DELETE", 403),
        ("QUERY", 403),
    ],
)
def test_methods(method, expected):
    response = asyncio.run(TestClient(make_app()).request(method, "/", CROSS))
    assert response.status_code == expected


def test_all_origins_of_cors_do_not_count():
    app = make_app("*")
    assert status(app, {"Origin": "https://evil.example"}) == 403


def test_without_cors():
    app = Microdot()
    csrf = CSRF()
    csrf.initialize(app)
    app.add_route("/", lambda request: "x", ["POST"])
    assert status(app, {"Origin": "http://example.com:1234"}) == 200
    assert status(app, {"Origin": "https://evil.example"}) == 403
