"""Logging in, being remembered, and where the browser is sent afterwards."""

import asyncio

import pytest

from microdot import Microdot, signing
from microdot.login import Login
from microdot.session import Session
from microdot.test_client import TestClient

KEY = "top-secret-0123456789abcdef0123456789"


class User:
    def __init__(self, id):
        self.id = id


def make_client(remember=False, redirect_url="/", cookies=None, **session_options):
    app = Microdot()
    Session(app, secret_key=KEY, **session_options)
    login = Login()
    users = {5: User(5), "joe": User("joe")}

    @login.user_loader
    async def load(user_id):
        return users.get(user_id)

    assert load is not None

    @app.post("/login")
    async def log_in(request):
        return await login.login_user(request, users[5], remember, redirect_url)

    @app.post("/logout")
    async def log_out(request):
        await login.logout_user(request)
        return "bye"

    @app.get("/")
    @login
    async def index(request):
        return str(request.g.current_user.id)

    @app.get("/fresh/<x>")
    @login.fresh
    def fresh(request, x):
        return x

    @app.get("/who")
    async def who(request):
        user = await login.get_current_user(request)
        return "nobody" if user is None else str(user.id)

    return TestClient(app, cookies=cookies), users


def get(client, path):
    return asyncio.run(client.get(path))


def post(client, path):
    return asyncio.run(client.post(path))


def cookies_of(response):
    """Return name, value and options of each cookie."""
    result = {}
    for line in response.headers.get("Set-Cookie", []):
        first, *options = line.split("; ")
        name, _, value = first.partition("=")
        result[name] = (value, options)
    return result


def test_log_in_and_out():
    client, _ = make_client()
    response = get(client, "/")
    assert (response.status_code, response.headers["Location"]) == (302, "/login?next=/")
    response = get(client, "/fresh/x?a=1&b=c/d%20e")
    assert response.headers["Location"] == "/login?next=/fresh/x%3Fa%3D1%26b%3Dc/d%2520e"
    location = response.headers["Location"]
    response = post(client, location)
    assert (response.status_code, response.headers["Location"]) == (302, "/fresh/x?a=1&b=c/d%20e")
    assert list(cookies_of(response)) == ["session"]
    assert get(client, "/").text == "5"
    assert get(client, "/fresh/y").text == "y"
    assert get(client, "/who").text == "5"
    assert post(client, "/logout").text == "bye"
    assert get(client, "/").status_code == 302
    assert get(client, "/who").text == "nobody"


def test_a_user_who_is_no_more():
    client, users = make_client()
    post(client, "/login")
    del users[5]
    assert get(client, "/").status_code == 302


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a", "/a"),
        ("/a?b=//c", "/a?b=//c"),
        ("/%C3%A9", "/é"),
        ("//evil.example", "/home"),
        ("/%5Cevil.example", "/home"),
        ("/a%5C..%5C%5Cevil.example", "/home"),
        ("%5C%5Cevil.example", "/home"),
        ("/%09/evil.example", "/home"),
        ("/%0A/evil.example", "/home"),
        ("/%0D%0ASet-Cookie:a=b", "/home"),
        ("%09//evil.example", "/home"),
        ("%20//evil.example", "/home"),
        ("https://evil.example", "/home"),
        ("javascript:alert(1)", "/home"),
        ("a", "/home"),
        ("", "/home"),
    ],
)
def test_the_next_page_never_leaves_the_site(target, expected):
    client, _ = make_client(redirect_url="/home")
    assert post(client, "/login?next=" + target).headers["Location"] == expected


def test_where_the_application_sends_its_users_is_its_business():
    client, _ = make_client(redirect_url="https://elsewhere.example")
    assert post(client, "/login").headers["Location"] == "https://elsewhere.example"


def test_remembered_but_not_fresh():
    client, _ = make_client(remember=True)
    _, options = cookies_of(post(client, "/login"))["_remember"]
    assert sorted(options) == ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"]
    del client.cookies["session"]  # the browser was closed
    response = get(client, "/")
    assert response.text == "5"
    assert set(cookies_of(response)) == {"session", "_remember"}, "it must be renewed"
    assert get(client, "/fresh/x").status_code == 302
    assert get(client, "/who").text == "5"
    post(client, "/login")
    assert get(client, "/fresh/x").text == "x"
    response = post(client, "/logout")
    assert "Max-Age=0" in cookies_of(response)["_remember"][1]
    client.cookies.pop("session")
    assert get(client, "/").status_code == 302


def test_days_are_kept_when_it_is_renewed():
    client, _ = make_client(remember=7)
    assert "Max-Age=604800" in cookies_of(post(client, "/login"))["_remember"][1]
    del client.cookies["session"]
    assert "Max-Age=604800" in cookies_of(get(client, "/"))["_remember"][1]


def test_what_is_secure_for_the_session_is_for_this():
    client, _ = make_client(remember=True, cookie_options={"secure": True})
    assert "Secure" in cookies_of(post(client, "/login"))["_remember"][1]


def test_it_ends(monkeypatch):
    now = 1_800_000_000
    monkeypatch.setattr(signing.time, "time", lambda: now)
    client, _ = make_client(remember=1)
    post(client, "/login")
    del client.cookies["session"]
    monkeypatch.setattr(signing.time, "time", lambda: now + 86400)
    assert get(client, "/").status_code == 302


@pytest.mark.parametrize(
    "cookie",
    ["", "x", signing.Signer("other").sign({"user_id": 5, "days": 30}, 1000),
     signing.Signer(KEY).sign({"user_id": 5, "days": 30}),
     signing.Signer(KEY).sign({"user_id": 5}, 9),
     signing.Signer(KEY).sign({"_user_id": 5, "_fresh": True}, 1000)],
)  # fmt: skip
def test_forged_or_of_another_purpose(cookie):
    client, _ = make_client(cookies={"_remember": cookie})
    assert get(client, "/").status_code == 302


def test_cookies_of_the_reference(monkeypatch):
    """Made by Microdot 2.7 with this key."""
    monkeypatch.setattr(signing.time, "time", lambda: 1_795_300_000)
    header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    session = header + (
        "eyJfdXNlcl9pZCI6NSwiX2ZyZXNoIjp0cnVlfQ.6fNhWkSHXxNLjVRldePm84eP60pTyHnd6iEy_jr-N4E"
    )
    client, _ = make_client(cookies={"session": session})
    assert get(client, "/fresh/x").text == "x"
    remember = header + (
        "eyJ1c2VyX2lkIjo1LCJkYXlzIjozMCwiZXhwIjoxNzk3ODE5OTUwLjg5MTY1NjZ9."
        "XGobPQuJswpewZrOTeFo0jV9hXxy0xnLsA3BqiCeoUw"
    )
    client, _ = make_client(cookies={"_remember": remember})
    assert get(client, "/").text == "5"
