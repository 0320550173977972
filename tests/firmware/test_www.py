"""The static files of /www."""

import pytest


@pytest.fixture
def site(board):
    board.write("secret.txt", "secret")
    board.write("www/index.html", "<h1>home</h1>")
    board.write("www/app.js", "let x")
    board.write("www/picture.PNG", b"\x89PNG\r\n\x00" * 3000)
    board.write("www/data.unknown", "?")
    board.write("www/a b.txt", "blank")
    board.write("www/docs/index.html", "docs")
    board.write("www/empty/nothing.txt", "")
    board.boot()
    return board


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=UTF-8"),
        ("/index.html", "text/html; charset=UTF-8"),
        ("/app.js?v=2", "text/javascript; charset=UTF-8"),
        ("/picture.PNG", "image/png"),
        ("/data.unknown", "application/octet-stream"),
        ("/a%20b.txt", "text/plain; charset=UTF-8"),
        ("/docs/", "text/html; charset=UTF-8"),
        ("/empty/nothing.txt", "text/plain; charset=UTF-8"),
    ],
)
def test_file_with_its_type_and_length(site, path, content_type):
    answer = site.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_content_is_the_file(site):
    picture = (site.root / "www/picture.PNG").read_bytes()
    assert site.get("/picture.PNG").content == picture


def test_head_has_the_length_and_no_body(site):
    answer = site.request("/picture.PNG", "HEAD")
    assert answer.headers["Content-Length"] == "21000"
    assert answer.content == b""


def test_folder_without_slash_is_redirected(site):
    answer = site.get("/docs?x=1")
    assert answer.status == 301
    assert answer.headers["Location"] == "/docs/"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/docs/../../secret.txt",
        "/docs/%2e%2e/%2e%2e/secret.txt",
        "//secret.txt",
        "/%2fsecret.txt",
        "/%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/./index.html",
        "/docs//index.html",
        "/index.html%00.png",
        "/index.html/",
        "/empty/",
        "/empty",
        "/missing.txt",
        "//docs",
        "/..",
        "/%ff",
    ],
)
def test_nothing_else_is_found(site, path):
    answer = site.get(path)
    assert answer.status in ((301,) if path == "/empty" else (400, 404))
    assert "secret" not in answer.text


def test_only_reading(site):
    assert site.request("/index.html", "PUT").status == 405
    assert site.request("/index.html", "DELETE").status == 405
