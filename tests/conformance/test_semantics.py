"""What an application's users see: routes, return forms, errors, methods."""

import pytest

from .client import Connection, format_request
from .targets import Target


def test_hello(connection: Connection) -> None:
    response = connection.get("/")
    assert (response.version, response.status, response.reason) == ("HTTP/1.1", 200, "OK")
    assert response.headers["content-type"] == "text/plain; charset=UTF-8"
    assert response.text == "hello"


def test_json(connection: Connection) -> None:
    response = connection.get("/json")
    assert response.headers["content-type"] == "application/json; charset=UTF-8"
    assert response.body == b'{"hello": "world"}'


def test_plain_function(connection: Connection) -> None:
    assert connection.get("/plain").text == "from a plain function"


def test_variables(connection: Connection) -> None:
    assert connection.get("/users/-42").json == {"number": -42}
    assert connection.get("/users/x").status == 404
    assert connection.get("/files/a/b.txt").json == {"path": "a/b.txt"}


def test_static_text_is_literal(connection: Connection) -> None:
    assert connection.get("/dot.ted").status == 200
    assert connection.get("/dotxted").status == 404


def test_path_is_decoded(connection: Connection) -> None:
    assert connection.get("/files/a%20b%C3%A9+c").json == {"path": "a bé+c"}
    assert connection.get("/files/%zz").status == 400


def test_request_as_handlers_see_it(connection: Connection) -> None:
    seen = connection.request(
        "POST",
        "/describe?a=1&b=x+y&a=%32",
        b'{"k": [1]}',
        {"Content-Type": "application/json", "Cookie": "c=d; e=f", "X-Thing": "  spaces  "},
    ).json
    assert seen["method"] == "POST"
    assert seen["url"] == "/describe?a=1&b=x+y&a=%32"
    assert seen["path"] == "/describe"
    assert seen["args"] == {"a": ["1", "2"], "b": ["x y"]}
    assert seen["cookies"] == {"c": "d", "e": "f"}
    assert seen["headers"]["X-Thing"] == "spaces"
    assert seen["json"] == {"k": [1]}
    assert seen["form"] is None
    assert seen["content_length"] == 10
    assert seen["http_version"] == "1.1"
    assert seen["scheme"] == "http"


def test_form(connection: Connection) -> None:
    seen = connection.request(
        "POST",
        "/describe",
        b"a=1&a=2&b=%26",
        {"Content-Type": "application/x-www-form-urlencoded"},
    ).json
    assert seen["form"] == {"a": ["1", "2"], "b": ["&"]}
    assert seen["json"] is None


def test_bad_query_is_a_client_error(connection: Connection) -> None:
    assert connection.get("/describe?a=%zz").status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY"])
def test_methods_with_bodies(connection: Connection, method: str) -> None:
    assert connection.request(method, "/echo", b"body").body == b"body"


def test_not_found(connection: Connection) -> None:
    response = connection.get("/nothing")
    assert (response.status, response.text) == (404, "Not found")


def test_method_not_allowed(connection: Connection) -> None:
    response = connection.request("POST", "/")
    assert (response.status, response.text) == (405, "Method not allowed")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_options(connection: Connection) -> None:
    response = connection.request("OPTIONS", "/describe")
    assert response.status == 200
    assert response.headers["allow"] == "GET, POST, HEAD, OPTIONS"
    allowed = connection.request("OPTIONS", "*").headers["allow"].split(", ")
    assert {"GET", "PATCH", "HEAD", "OPTIONS"} <= set(allowed)


@pytest.mark.parametrize("path", ["/", "/bytes/3000", "/file/3000"])
def test_head_has_the_length_of_get(connection: Connection, path: str) -> None:
    length = connection.get(path).headers["content-length"]
    response = connection.request("HEAD", path)
    assert response.status == 200
    assert response.headers["content-length"] == length
    assert connection.get("/").text == "hello"


def test_head_starts_no_generator(connection: Connection) -> None:
    before = connection.get("/state").json
    assert connection.request("HEAD", "/lines/5").status == 200
    assert connection.get("/state").json == before


def test_head_closes_the_file(connection: Connection) -> None:
    before = connection.get("/state").json
    connection.request("HEAD", "/file/100")
    assert connection.get("/state").json["closed"] == before["closed"] + 1


def test_absolute_form(connection: Connection) -> None:
    seen = connection.get("http://other:81/describe?x=1").json
    assert (seen["path"], seen["url"]) == ("/describe", "/describe?x=1")
    assert seen["headers"]["Host"] == "other:81"


def test_abort(connection: Connection) -> None:
    response = connection.get("/abort/403")
    assert (response.status, response.text) == (403, "403 error")


@pytest.mark.parametrize("path", ["/raise", "/raise-twice", "/abort/418", "/wrong", "/status/42"])
def test_errors_of_the_application(connection: Connection, path: str) -> None:
    response = connection.get(path)
    assert (response.status, response.text) == (500, "Internal server error")
    assert connection.get("/").text == "hello"


@pytest.mark.parametrize("value", ["a%0D%0AX-Evil: 1", "a%0Ab", "a%0Db", "a%00b"])
def test_header_injection_is_refused(connection: Connection, value: str) -> None:
    response = connection.get("/header?value=" + value.replace(" ", "%20"))
    assert response.status == 500
    assert "x-evil" not in response.headers


def test_cookies(connection: Connection) -> None:
    lines = [value for name, value in connection.get("/cookies").lines if name == "set-cookie"]
    assert lines == ["a=1", "b=2; SameSite=Lax"]


def test_redirect(connection: Connection) -> None:
    response = connection.get("/redirect")
    assert (response.status, response.headers["location"]) == (302, "/")


def test_no_content(connection: Connection) -> None:
    response = connection.get("/status/204")
    assert response.status == 204
    assert "content-length" not in response.headers
    assert "transfer-encoding" not in response.headers
    assert connection.get("/").text == "hello"


def test_reason_phrases(connection: Connection) -> None:
    assert connection.get("/status/201").reason == "Created"
    assert connection.get("/status/299").reason == ""


@pytest.mark.needs("threads")
def test_plain_functions_run_beside_others(target: Target) -> None:
    with target.connect() as slow, target.connect() as quick:
        slow.send(format_request("GET", "/slow/300"))
        assert quick.get("/plain").status == 200
        assert slow.response().text == "slow"
