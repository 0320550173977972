"""Sessions: what reaches the client, what comes back, and what the reference makes of it."""

import asyncio

import jwt
import pytest

from microdot import Microdot, abort, signing
from microdot.session import Session, SessionDict, with_session
from microdot.test_client import TestClient

KEY = "top-secret-0123456789abcdef0123456789"


def make_app(**kwargs):
    app = Microdot()
    session = Session(app, secret_key=KEY, **kwargs)

    @app.get("/")
    @with_session
    async def index(request, session):
        return dict(session)

    @app.post("/set/<name>")
    @with_session
    async def store(request, session, name):
        session["name"] = name
        session.save()
        return name

    @app.post("/delete")
    @with_session
    def delete(request, session):  # a plain function
        session.delete()
        return "deleted"

    return app, session


def get(client, path="/"):
    return asyncio.run(client.get(path))


def post(client, path):
    return asyncio.run(client.post(path))


def test_a_session_from_start_to_end():
    client = TestClient(make_app()[0])
    assert get(client).json == {}
    assert post(client, "/set/joe").text == "joe"
    assert get(client).json == {"name": "joe"}
    post(client, "/set/sue")
    assert get(client).json == {"name": "sue"}
    post(client, "/delete")
    assert "session" not in client.cookies
    assert get(client).json == {}


def test_the_cookie_is_safe_by_default():
    response = post(TestClient(make_app()[0]), "/set/joe")
    value, *options = response.headers["Set-Cookie"][0].split("; ")
    assert value.startswith("session=")
    assert sorted(options) == ["HttpOnly", "Path=/", "SameSite=Lax"]
    assert response.headers["Vary"] == "Cookie"


def test_cookie_options():
    app, _ = make_app(cookie_options={"path": "/sub", "secure": True, "same_site": "Strict"})
    response = post(TestClient(app), "/set/joe")
    options = response.headers["Set-Cookie"][0].split("; ")[1:]
    assert sorted(options) == ["HttpOnly", "Path=/sub", "SameSite=Strict", "Secure"]
    response = post(TestClient(app), "/delete")
    options = response.headers["Set-Cookie"][0].split("; ")
    assert {"session=", "Path=/sub", "Secure", "Max-Age=0"} <= set(options)


def test_what_only_reads_sets_no_cookie():
    response = get(TestClient(make_app()[0]))
    assert "Set-Cookie" not in response.headers
    assert response.headers["Vary"] == "Cookie"


def test_cookies_of_the_reference_are_accepted():
    """Made by Microdot 2.7 with this key."""
    cookie = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuIjoxfQ."
        "3NN5iaD05dCFMUrO0bN9y_pflmVjPUu5_6yV-HTVzhU"
    )
    client = TestClient(make_app()[0], cookies={"session": cookie})
    assert get(client).json == {"n": 1}
    assert make_app()[1].encode({"n": 1}) == cookie


def test_the_library_of_the_reference_reads_ours():
    cookie = make_app()[1].encode({"user": "joe"})
    assert jwt.decode(cookie, KEY, algorithms=["HS256"]) == {"user": "joe"}


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", jwt.encode({"n": 1}, KEY + "!")])
def test_forged_cookies_are_empty_sessions(cookie):
    client = TestClient(make_app()[0], cookies={"session": cookie})
    assert get(client).json == {}


def test_one_object_for_a_request_and_one_cookie_for_many_saves():
    app, session = make_app()

    @app.get("/twice")
    @with_session
    async def twice(request, first):
        second = session.get(request)
        assert first is second
        assert isinstance(first, SessionDict)
        first["n"] = 1
        first.save()
        second["n"] = 2
        second.save()
        second["n"] = 3
        return ""

    client = TestClient(app)
    assert len(get(client, "/twice").headers["Set-Cookie"]) == 1
    assert get(client).json == {"n": 2}


def test_nothing_is_saved_when_the_handler_fails():
    app, _ = make_app()

    @app.get("/fail")
    @with_session
    async def fail(request, session):
        session.save()
        abort(400)

    assert "Set-Cookie" not in get(TestClient(app), "/fail").headers


def test_the_key_can_come_later():
    app = Microdot()
    session = Session()
    session.initialize(app, secret_key=KEY, cookie_options={"secure": True})
    assert session.decode(session.encode({"a": 1})) == {"a": 1}
    assert session.decode(session.encode({"a": 1}, "other"), "other") == {"a": 1}
    assert session.decode(session.encode({"a": 1}, "other")) == {}


def test_no_key_is_said_clearly():
    session = Session(Microdot())
    with pytest.raises(ValueError, match="secret key is not configured"):
        session.encode({})


def test_expiry(monkeypatch):
    now = 1_800_000_000
    monkeypatch.setattr(signing.time, "time", lambda: now)
    app, session = make_app(max_age=3600)
    client = TestClient(app)
    response = post(client, "/set/joe")
    assert "Max-Age=3600" in response.headers["Set-Cookie"][0]
    assert get(client).json == {"name": "joe"}
    endless = signing.Signer(KEY).sign({"name": "eve"})
    assert session.decode(endless) == {}
    monkeypatch.setattr(signing.time, "time", lambda: now + 3600)
    assert get(client).json == {}
    monkeypatch.setattr(signing.time, "time", lambda: 60)  # never set
    assert get(client).json == {"name": "joe"}
    assert session.decode(endless) == {"name": "eve"}
