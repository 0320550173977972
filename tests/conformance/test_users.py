"""Sessions, authentication, login, forms with files and OpenAPI, over connections."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from microdot.signing import Signer

from .client import format_request
from .conftest import Targets
from .targets import Target

APPLICATION = Path(__file__).with_name("app_users.py")
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def target(target_name: str, targets: Targets) -> Target:
    return targets(target_name, APPLICATION)


@pytest.fixture
def http(target: Target) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{target.host}:{target.port}", timeout=10) as client:
        yield client


def test_session(http: httpx.Client) -> None:
    assert http.get("/session").json() == {}
    response = http.post("/session/name/joe")
    cookie = response.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert http.get("/session").json() == {"name": "joe"}
    http.post("/session/age/7")
    assert http.get("/session").json() == {"name": "joe", "age": "7"}
    http.delete("/session")
    assert http.get("/session").json() == {}


def test_a_cookie_of_this_machine_is_accepted_there_and_the_other_way_round(
    http: httpx.Client,
) -> None:
    http.cookies.set("session", Signer(KEY).sign({"name": "joe €", "n": 1}))
    assert http.get("/session").json() == {"name": "joe €", "n": 1}
    http.cookies.clear()
    http.post("/session/name/zo%C3%AB")
    assert Signer(KEY).verify(http.cookies["session"]) == {"name": "zoë"}


def test_a_cookie_of_one_target_is_good_on_another(targets: Targets) -> None:
    cookies = {}
    for name in ("cpython", "micropython"):
        target = targets(name, APPLICATION)
        url = f"http://{target.host}:{target.port}/session"
        cookies[url] = httpx.post(url + "/from/" + name).cookies["session"]
    for url in cookies:
        for cookie in cookies.values():
            assert httpx.get(url, cookies={"session": cookie}).json() != {}


def test_a_forged_cookie_is_no_session(http: httpx.Client) -> None:
    http.cookies.set("session", Signer("another key").sign({"name": "eve"}))
    assert http.get("/session").json() == {}


def test_basic(http: httpx.Client) -> None:
    assert http.get("/basic", auth=("joe", "secret")).text == "joe"
    refused = http.get("/basic", auth=("joe", "wrong"))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_token(http: httpx.Client) -> None:
    assert http.get("/token", headers={"Authorization": "Bearer good"}).text == "joe"
    assert http.get("/token", headers={"Authorization": "Bearer bad"}).status_code == 401
    assert http.get("/token").headers["WWW-Authenticate"] == "Bearer"


def test_digest(http: httpx.Client) -> None:
    auth = httpx.DigestAuth("joe", "secret")
    for _ in range(3):  # the same nonce, counted
        assert http.get("/digest", auth=auth).text == "joe 0"
    assert http.post("/digest?q=1", auth=auth, content=b"x" * 100).text == "joe 100"
    assert http.get("/digest", auth=httpx.DigestAuth("joe", "wrong")).status_code == 401
    sent = http.get("/digest", auth=auth).request.headers["Authorization"]
    replayed = http.get("/digest", headers={"Authorization": sent})
    assert replayed.status_code == 401
    assert "stale=true" in replayed.headers["WWW-Authenticate"]


def test_digest_with_curl(target: Target) -> None:
    url = f"http://{target.host}:{target.port}/digest"
    result = subprocess.run(
        ["curl", "-s", "--digest", "-u", "joe:secret", url, url],
        check=True, capture_output=True, timeout=20,
    )  # fmt: skip
    assert result.stdout == b"joe 0joe 0"


def test_login(http: httpx.Client) -> None:
    refused = http.get("/me")
    assert (refused.status_code, refused.headers["Location"]) == (302, "/login?next=/me")
    response = http.post("/login?next=/me", data={"name": "joe"})
    assert response.headers["Location"] == "/me"
    assert http.get("/me").text == "joe"
    http.cookies.delete("session")
    assert http.get("/me").text == "joe", "it was to be remembered"
    http.post("/logout")
    assert http.get("/me").status_code == 302
    evil = http.post("/login?next=//evil.example", data={"name": "joe"})
    assert evil.headers["Location"] == "/"


def test_csrf(http: httpx.Client, target: Target) -> None:
    refused = http.post("/session/a/b", headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    own = f"http://{target.host}:{target.port}"
    assert http.post("/session/a/b", headers={"Origin": own}).status_code == 200


def digest_of(data: bytes) -> list[object]:
    return [len(data), hashlib.sha256(data).hexdigest()]


def test_form(http: httpx.Client) -> None:
    files = [("f", ("ü.txt", b"x" * 3000, "text/plain")), ("f", ("b", b"")), ("g", ("c", b"c"))]
    result = http.post("/form", data={"a": ["1", "2"], "é": "ü"}, files=files).json()
    assert sorted(result["form"]) == [["a", ["1", "2"]], ["é", ["ü"]]]
    assert sorted(result["files"]) == [
        ["f", "b", "application/octet-stream", digest_of(b"")],
        ["f", "ü.txt", "text/plain", digest_of(b"x" * 3000)],
        ["g", "c", "application/octet-stream", digest_of(b"c")],
    ]
    assert http.get("/temporary").json() == []
    assert http.post("/form", data={"a": "1"}).json() == {"form": [["a", ["1"]]], "files": []}


@pytest.mark.parametrize("size", [0, 1, 255, 256, 1023, 1024, 2047, 2048, 5000, 30000, 200000])
def test_upload_to_storage(http: httpx.Client, target: Target, size: int) -> None:
    if size > 4 * target.max_body:
        pytest.skip("takes too long on the way to this target")
    data = os.urandom(size)
    result = http.post("/save", data={"a": "1"}, files={"f": ("x", data)})
    assert result.json() == [["a", "1"], ["f", digest_of(data)]]


def make_form() -> tuple[dict[str, str], bytes]:
    request = httpx.Request(
        "POST", "http://x", files={"f": ("x", b"data" * 2000)}, data={"a": "1"}
    )
    return {"Content-Type": request.headers["Content-Type"]}, request.read()


def test_form_in_chunks(http: httpx.Client) -> None:
    headers, body = make_form()
    parts = (body[i : i + 700] for i in range(0, len(body), 700))
    result = http.post("/save", content=parts, headers=headers)
    assert result.json() == [["a", "1"], ["f", digest_of(b"data" * 2000)]]


def test_form_in_small_packets(target: Target) -> None:
    headers, body = make_form()
    data = format_request("POST", "/save", body[:700] + body[-90:], headers)
    with target.connect() as connection:
        for i in range(0, len(data), 7):
            connection.send(data[i : i + 7])
        assert connection.response().json[0] == ["a", "1"]


@pytest.mark.parametrize("path", ["/form", "/save"])
def test_a_form_that_breaks_off(target: Target, path: str) -> None:
    """Without its last boundary it is refused at once; nothing waits, nothing is left."""
    headers, body = make_form()
    with target.connect() as connection:
        assert connection.request("POST", path, body[:-10], headers).status == 400
    with target.connect() as connection:
        connection.send(format_request("POST", path, body, headers)[:-3000])
        connection.abort()
    with target.connect() as connection:
        assert connection.get("/temporary").json == []


def test_a_form_without_a_boundary(http: httpx.Client) -> None:
    response = http.post("/form", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert response.status_code == 400


def test_openapi(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    validate(document, cls=OpenAPIV31SpecValidator)
    thing = document["paths"]["/things/{id}"]["get"]
    assert [p["name"] for p in thing["parameters"]] == ["id", "q"]
    page = http.get("/docs")
    assert page.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert page.text.endswith("</html>\n")
