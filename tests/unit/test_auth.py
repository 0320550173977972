"""Basic, token and Digest authentication, the last one against an independent client."""

import asyncio
import base64
import re

import httpx
import pytest

from microdot import Microdot, digest
from microdot.auth import BasicAuth, DigestAuth, TokenAuth
from microdot.parameters import parse_parameters
from microdot.test_client import TestClient


def make_app(auth):
    app = Microdot()

    @app.get("/")
    @auth
    async def index(request):
        return request.g.current_user

    @app.get("/plain/<name>")
    @auth
    def plain(request, name):
        return request.g.current_user + " " + name

    @app.get("/optional")
    @auth.optional
    async def optional(request):
        return str(request.g.current_user)

    return app


def get(app, path="/", **headers):
    return asyncio.run(TestClient(app).get(path, headers))


def basic(text, scheme="Basic"):
    return f"{scheme} {base64.b64encode(text.encode()).decode()}"


@pytest.fixture
def basic_app():
    auth = BasicAuth()

    @auth.authenticate
    async def check(request, username, password):
        return username if (username, password) in (("joe", "a:b"), ("zoë", "€")) else None

    assert check is not None, "the decorator must return the function"
    return make_app(auth)


@pytest.mark.parametrize("text", ["joe:a:b", "zoë:€"])
def test_basic(basic_app, text):
    name = text.partition(":")[0]
    assert get(basic_app, Authorization=basic(text)).text == name
    assert get(basic_app, "/plain/x", Authorization=basic(text, "bAsIc")).text == name + " x"
    assert get(basic_app, "/optional", Authorization=basic(text)).text == name


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic ", "Basic !!!", "Basic =", "Bearer x", basic("joe:x"), basic("joe"),
     basic(""), "Basic " + base64.b64encode(b"joe:\xff").decode()],
)  # fmt: skip
def test_basic_refuses(basic_app, header):
    headers = {"Authorization": header} if header else {}
    response = get(basic_app, **headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Please login", charset="UTF-8"'
    assert get(basic_app, "/optional", **headers).text == "None"


def test_options_of_basic():
    app = make_app(BasicAuth(realm="Here", scheme="X-Basic", error_status=403))
    response = get(app)
    assert response.status_code == 403
    assert response.headers["WWW-Authenticate"] == 'X-Basic realm="Here", charset="UTF-8"'


def test_token():
    auth = TokenAuth()

    @auth.authenticate
    def check(request, token):
        return {"good": "joe"}.get(token)

    app = make_app(auth)
    assert get(app, Authorization="Bearer good").text == "joe"
    assert get(app, Authorization="bearer   good ").text == "joe"
    for header in ("Bearer bad", "Bearer", "Bearer ", "good", "Basic good"):
        response = get(app, Authorization=header)
        assert response.status_code == 401
        assert response.text == "401 error"
        assert response.headers["WWW-Authenticate"] == "Bearer"

    @auth.errorhandler
    async def refuse(request):
        return "no", 418

    assert refuse is not None
    assert get(app).status_code == 418


def test_token_in_another_header():
    auth = TokenAuth(header="X-API-Key", error_status=403)
    auth.authenticate(lambda request, token: "joe" if token == "a b" else None)
    app = make_app(auth)
    assert get(app, **{"X-API-Key": "a b"}).text == "joe"
    response = get(app, **{"X-API-Key": "b"})
    assert response.status_code == 403
    assert "WWW-Authenticate" not in response.headers


PASSWORDS = {"Mufasa": "Circle of Life", 'J"o\\e': "€"}


@pytest.fixture
def digest_auth():
    auth = DigestAuth(realm="http-auth@example.org")

    @auth.get_password
    async def get_password(request, username):
        return PASSWORDS.get(username)

    assert get_password is not None
    return auth


class Client:
    """httpx, which has a Digest client of its own, with an application instead of a network."""

    def __init__(self, app):
        self.client = TestClient(app)
        self.requests = []
        self.http = httpx.Client(transport=httpx.MockTransport(self.answer))

    def answer(self, request):
        self.requests.append(request)
        path = request.url.raw_path.decode()
        response = asyncio.run(self.client.request(request.method, path, dict(request.headers)))
        return httpx.Response(response.status_code, headers=response.headers, text=response.text)

    def get(self, path, username="Mufasa", password="Circle of Life"):
        auth = httpx.DigestAuth(username, password)
        return self.http.get("http://example.org" + path, auth=auth)


def test_digest(digest_auth):
    client = Client(make_app(digest_auth))
    assert client.get("/").text == "Mufasa"
    assert "Circle" not in client.requests[-1].headers["Authorization"]
    assert client.get("/plain/x?q=1&r=%20").text == "Mufasa x"
    assert client.get("/", "Mufasa", "wrong").status_code == 401
    assert client.get("/", "Scar", "Circle of Life").status_code == 401
    assert get(make_app(digest_auth), "/optional").text == "None"


def test_digest_with_a_kept_hash(digest_auth):
    auth = DigestAuth(realm="http-auth@example.org", use_ha1_pw=True)
    auth.get_password(lambda request, username: digest_auth.generate_ha1("Mufasa", "secret"))
    assert Client(make_app(auth)).get("/", password="secret").text == "Mufasa"


def test_hash_of_the_rfc(monkeypatch):
    """RFC 7616 section 3.9.1."""
    auth = DigestAuth(realm="http-auth@example.org")
    auth.get_password(lambda request, username: PASSWORDS[username])
    monkeypatch.setattr(auth, "_is_new", lambda nonce, count: True)
    app = make_app(auth)

    @app.get("/dir/index.html")
    @auth
    async def index(request):
        return request.g.current_user

    header = (
        'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", '
        'algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
        'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, '
        'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    assert get(app, "/dir/index.html", Authorization=header).text == "Mufasa"
    # The address is part of what was signed.
    assert get(app, "/", Authorization=header).status_code == 401
    for change in (("auth,", "auth-int,"), ("SHA-256", "MD5"), ("7539", "7538"), ("Mufasa", "M"),
                   ("realm=\"http", "realm=\"x"), ("response", "r")):  # fmt: skip
        PASSWORDS["M"] = "Circle of Life"
        assert (
            get(app, "/dir/index.html", Authorization=header.replace(*change)).status_code == 401
        )


def answer(auth, challenge, count=1, uri="/"):
    """Answer a challenge."""
    nonce = parse_parameters(challenge.partition(" ")[2], ",")["nonce"]
    ha1 = auth.generate_ha1("Mufasa", PASSWORDS["Mufasa"])
    response = digest._hash(ha1, nonce, f"{count:08x}", "c", "auth", digest._hash("GET", uri))
    return (
        f'Digest username="Mufasa", realm="{auth.realm}", uri="{uri}", algorithm=SHA-256, '
        f'nonce="{nonce}", nc={count:08x}, cnonce="c", qop=auth, response="{response}"'
    )


def test_a_request_counts_once(digest_auth):
    app = make_app(digest_auth)
    challenge = get(app).headers["WWW-Authenticate"]
    assert "stale" not in challenge
    statuses = [
        get(app, Authorization=answer(digest_auth, challenge, n)).status_code
        for n in (1, 1, 5, 3, 3, 5, 4, 2, 2, 1000, 976, 977, 977, 0xFFFFFFFF)
    ]
    assert statuses == [200, 401, 200, 200, 401, 401, 200, 200, 401, 200, 401, 200, 401, 200]
    again = get(app, Authorization=answer(digest_auth, challenge, 1))
    assert "stale=true" in again.headers["WWW-Authenticate"]


def test_nonces_grow_old_and_die_with_the_server(digest_auth, monkeypatch):
    app = make_app(digest_auth)
    now = digest.time.time()
    challenge = get(app).headers["WWW-Authenticate"]
    for age, status in ((digest_auth.nonce_lifetime + 2, 401), (-2, 401), (100, 200)):
        monkeypatch.setattr(digest.time, "time", lambda age=age: now + age)
        assert get(app, Authorization=answer(digest_auth, challenge)).status_code == status
    other = DigestAuth(realm=digest_auth.realm)
    foreign = get(make_app(other)).headers["WWW-Authenticate"]
    response = get(app, Authorization=answer(digest_auth, foreign))
    assert "stale=true" in response.headers["WWW-Authenticate"]
    for nonce in ("", ".", "1.2.3", "é", "x." + "y" * 43):
        response = get(app, Authorization=answer(digest_auth, f'Digest nonce="{nonce}"'))
        assert "stale=true" in response.headers["WWW-Authenticate"]


def test_memory_of_nonces_is_bounded(digest_auth):
    digest_auth.max_nonces = 3
    app = make_app(digest_auth)
    early = get(app).headers["WWW-Authenticate"]
    used = []
    for _ in range(10):  # within a second, and each is good once
        challenge = get(app).headers["WWW-Authenticate"]
        used.append(answer(digest_auth, challenge))
        assert get(app, Authorization=used[-1]).status_code == 200
    assert len(digest_auth._uses) == 3
    for header in used:
        assert get(app, Authorization=header).status_code == 401, "a replay was accepted"
    # One from before what was forgotten could be a replay; the client gets a new one.
    response = get(app, Authorization=answer(digest_auth, early))
    assert "stale=true" in response.headers["WWW-Authenticate"]


def test_stale_is_not_said_to_those_who_do_not_know_the_password(digest_auth):
    app = make_app(digest_auth)
    header = answer(digest_auth, 'Digest nonce="old"')
    wrong = re.sub('response="..', 'response="zz', header)
    assert "stale" not in get(app, Authorization=wrong).headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("text", "separator", "expected"),
    [
        ("", ";", {}),
        ("a=1; B=2", ";", {"a": "1", "b": "2"}),
        ('a="x;y" ; b= "z"', ";", {"a": "x;y", "b": "z"}),
        (r'a="q\"r\\s\t"', ";", {"a": r'q"r\s\t'}),
        ('a="open', ";", {"a": "open"}),
        ('a="";b', ";", {"a": "", "b": ""}),
        ("; ;a=1;;b=2;", ";", {"a": "1", "b": "2"}),
        ("a=1;a=2", ";", {"a": "1"}),
        ('a="1, 2" , b=3,c="4"', ",", {"a": "1, 2", "b": "3", "c": "4"}),
        ('a="1"junk;b=2', ";", {"a": "1", "b": "2"}),
        ("=1;a=2", ";", {"a": "2"}),
        ('a="\\', ";", {"a": "\\"}),
    ],
)
def test_parameters(text, separator, expected):
    assert parse_parameters(text, separator) == expected
