"""Static files: which are served, conditions, ranges, compressed neighbours, frozen files."""

import asyncio
import gzip
import os
import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microdot import Microdot, Response
from microdot.app import HTTPException
from microdot.static import Folder, Frozen, StaticFiles, content_type, parse_range
from microdot.test_client import TestClient

PAGE = b"<!doctype html>" + bytes(range(256)) * 20


@pytest.fixture
def folder(tmp_path):
    site = tmp_path / "site"
    (site / "docs").mkdir(parents=True)
    (site / ".well-known").mkdir()
    (site / "page.html").write_bytes(PAGE)
    (site / "index.html").write_text("home")
    (site / "docs/index.html").write_text("documents")
    (site / "docs/a b.txt").write_text("ä")
    (site / "empty.bin").write_bytes(b"")
    (site / "app.js").write_text("plain()")
    (site / "app.js.gz").write_bytes(gzip.compress(b"plain()"))
    (site / "only.css.gz").write_bytes(gzip.compress(b"a{}"))
    (site / ".env").write_text("PASSWORD=x")
    (site / ".well-known/security.txt").write_text("contact")
    (tmp_path / "secret.txt").write_text("secret")
    os.mkfifo(site / "pipe")
    return site


@pytest.fixture
def get(folder):
    app = Microdot()
    StaticFiles(str(folder)).mount(app, "/static")

    def get(path, method="GET", **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(TestClient(app).request(method, path, fields))

    return get


def test_file(get, folder):
    response = get("/static/page.html")
    assert response.status_code == 200
    assert response.body == PAGE
    assert response.headers["Content-Length"] == str(len(PAGE))
    assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["ETag"].startswith('"')
    assert response.headers["Last-Modified"].endswith(" GMT")
    assert "Cache-Control" not in response.headers
    assert "Vary" not in response.headers


def test_empty_file(get):
    response = get("/static/empty.bin")
    assert (response.status_code, response.body) == (200, b"")
    assert get("/static/empty.bin", Range="bytes=0-").status_code == 416


def test_folders(get):
    assert get("/static/").text == "home"
    assert get("/static/docs/").text == "documents"
    redirect = get("/static/docs?q=1")
    assert (redirect.status_code, redirect.headers["Location"]) == (301, "/static/docs/?q=1")
    assert get("/static/docs/a%20b.txt").text == "ä"
    assert get("/static/.well-known/security.txt").text == "contact"


@pytest.mark.parametrize(
    "path",
    [
        "missing.html",
        "page.html/",
        "docs/missing/",
        "../secret.txt",
        "docs/../../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "docs/%2e%2e/%2e%2e/secret.txt",
        "%252e%252e/secret.txt",
        "..\\secret.txt",
        "%2e%2e%5csecret.txt",
        "./page.html",
        "docs//index.html",
        "/page.html",
        "//etc/passwd",
        "%2Fetc/passwd",
        "page.html%00.txt",
        ".env",
        "docs/.env",
        "pipe",
        "a" * 1000,
    ],
)
def test_not_served(get, path):
    assert get("/static/" + path).status_code == 404


def test_links_must_stay_inside(get, folder):
    (folder / "inside").symlink_to(folder / "docs")
    (folder / "outside.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "up").symlink_to(folder.parent)
    (folder / "neighbour").symlink_to(str(folder) + "2")
    (folder.parent / "site2").mkdir()
    (folder.parent / "site2/x.txt").write_text("x")
    assert get("/static/inside/").text == "documents"
    for path in ("outside.txt", "up/secret.txt", "neighbour/x.txt"):
        assert get("/static/" + path).status_code == 404


def test_folder_that_is_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    app = Microdot()
    StaticFiles(str(tmp_path / "link")).mount(app)
    assert asyncio.run(TestClient(app).get("/")).text == "home"


def test_head(get):
    response = get("/static/page.html", "HEAD", Range="bytes=0-1")
    assert response.status_code == 200
    assert response.headers["Content-Length"] == str(len(PAGE))
    assert response.body is None


def test_conditions(get, folder):
    headers = get("/static/page.html").headers
    tag, date = headers["ETag"], headers["Last-Modified"]
    for condition in (
        {"If_None_Match": tag},
        {"If_None_Match": f'"other", W/{tag}'},
        {"If_None_Match": "*"},
        {"If_Modified_Since": date},
        {"If_None_Match": tag, "If_Modified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
    ):
        response = get("/static/page.html", **condition)
        assert (response.status_code, response.body) == (304, b"")
        assert response.headers["ETag"] == tag
    for condition in (
        {"If_None_Match": '"other"'},
        {"If_None_Match": '"other"', "If_Modified_Since": date},
        {"If_Modified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If_Modified_Since": "nonsense"},
        {"If_Match": tag},
        {"If_Match": "*"},
    ):
        assert get("/static/page.html", **condition).status_code == 200
    for condition in ({"If_Match": '"other"'}, {"If_Match": "W/" + tag}):
        assert get("/static/page.html", **condition).status_code == 412


def test_changed_file_has_another_tag(get, folder):
    before = get("/static/page.html").headers["ETag"]
    (folder / "page.html").write_bytes(PAGE[::-1])
    os.utime(folder / "page.html", ns=(1, os.stat(folder / "page.html").st_mtime_ns + 1))
    assert get("/static/page.html", If_None_Match=before).status_code == 200


def test_file_of_a_device_without_a_clock(get, folder):
    """Its date would be the same after each change, so it must not be used."""
    os.utime(folder / "page.html", (946684800, 946684800))
    response = get("/static/page.html")
    assert "ETag" not in response.headers
    assert "Last-Modified" not in response.headers
    assert get("/static/page.html", If_None_Match='"x"').status_code == 200
    assert get("/static/page.html", Range="bytes=0-1").body == PAGE[:2]
    assert get("/static/page.html", Range="bytes=0-1", If_Range='"x"').status_code == 200


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=100-", 100, len(PAGE)),
        ("bytes=-3", len(PAGE) - 3, len(PAGE)),
        ("bytes=-99999", 0, len(PAGE)),
        ("bytes=0-99999", 0, len(PAGE)),
        ("BYTES = 1-2", 1, 3),
    ],
)
def test_range(get, value, start, end):
    response = get("/static/page.html", Range=value)
    assert response.status_code == 206
    assert response.body == PAGE[start:end]
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(PAGE)}"
    assert response.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("value", ["bytes=99999-", "bytes=-0", f"bytes={len(PAGE)}-"])
def test_range_that_is_not_there(get, value):
    response = get("/static/page.html", Range=value)
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(PAGE)}"


@pytest.mark.parametrize(
    "value",
    ["lines=0-1", "bytes", "bytes=", "bytes=-", "bytes=2-1", "bytes=a-b", "bytes=1-2,4-5",
     "bytes=--1", "bytes=+1-2", "bytes=1.5-2", "bytes=\u0663-\u0664", "bytes=\xb2-"],
)  # fmt: skip
def test_range_that_is_ignored(get, value):
    response = get("/static/page.html", Range=value)
    assert (response.status_code, response.body) == (200, PAGE)


def test_if_range(get):
    headers = get("/static/page.html").headers
    for validator in (headers["ETag"], headers["Last-Modified"]):
        assert get("/static/page.html", Range="bytes=1-2", If_Range=validator).status_code == 206
    for validator in ('"other"', "W/" + headers["ETag"], "Mon, 01 Jan 2001 00:00:00 GMT"):
        assert get("/static/page.html", Range="bytes=1-2", If_Range=validator).body == PAGE


@given(st.text(alphabet="bytes=0123456789-, ", max_size=20), st.integers(0, 100))
def test_any_range(value, size):
    try:
        part = parse_range(value, size)
    except HTTPException as error:
        assert error.status_code == 416
    else:
        assert part is None or (part[0] >= 0 and part[1] > 0 and sum(part) <= size)


def test_compressed_neighbour(get):
    for accepted in ("gzip", "br, gzip;q=0.5", "*", "x-gzip", "GZIP", "gzip;q=1.0"):
        response = get("/static/app.js", Accept_Encoding=accepted)
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["Content-Type"] == "application/javascript"
        assert response.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(response.body) == b"plain()"
    for accepted in ("", "br", "gzip;q=0", "identity", "*;q=0", "gzip;q=0.0, *"):
        response = get("/static/app.js", Accept_Encoding=accepted)
        assert "Content-Encoding" not in response.headers
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.text == "plain()"
    assert get("/static/app.js").text == "plain()"
    assert get("/static/app.js.gz").headers["Content-Type"] == "application/octet-stream"


def test_compressed_neighbour_has_its_own_tag(get):
    plain = get("/static/app.js").headers["ETag"]
    assert get("/static/app.js", Accept_Encoding="gzip").headers["ETag"] != plain
    response = get("/static/app.js", Accept_Encoding="gzip", Range="bytes=0-1")
    assert (response.status_code, response.body) == (206, b"\x1f\x8b")


def test_only_compressed(get):
    assert get("/static/only.css").headers["Content-Encoding"] == "gzip"
    assert get("/static/only.css", Accept_Encoding="gzip").status_code == 200
    assert get("/static/only.css", Accept_Encoding="br").status_code == 406


def test_cache_control(folder):
    app = Microdot()
    StaticFiles(str(folder), max_age=60).mount(app)
    client = TestClient(app)
    assert asyncio.run(client.get("/")).headers["Cache-Control"] == "max-age=60"


def test_handler_of_ones_own(folder):
    files = StaticFiles(str(folder))
    app = Microdot()

    @app.get("/download/<name>")
    async def download(request, name):
        response = await files.respond(request, name)
        response.headers["Content-Disposition"] = "attachment"
        return response

    @app.errorhandler(404)
    async def not_found(request):
        return "nothing here", 404

    client = TestClient(app)
    assert asyncio.run(client.get("/download/page.html")).body == PAGE
    assert asyncio.run(client.get("/download/none")).text == "nothing here"


def test_missing_folder_is_an_error_at_start(tmp_path):
    with pytest.raises(ValueError, match="no such folder"):
        StaticFiles(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.html", "text/html; charset=UTF-8"),
        ("a/b.CSS", "text/css; charset=UTF-8"),
        ("a.tar.xyz", "application/octet-stream"),
        ("txt", "application/octet-stream"),
        ("a.woff2", "font/woff2"),
        ("a.mjs", "text/javascript; charset=UTF-8"),
        ("a.svg", "image/svg+xml"),
        ("a.zip", "application/zip"),
        ("a.", "application/octet-stream"),
        ("a. ", "application/octet-stream"),
    ],
)
def test_content_type(name, expected):
    assert content_type(name) == expected


def test_content_type_of_ones_own(monkeypatch):
    monkeypatch.setitem(Response.types_map, "xyz", "chemical/x-xyz")
    assert content_type("a.xyz") == "chemical/x-xyz"


FILES = {
    "static/index.html": (b"home", "aaaa"),
    "static/big.bin": (bytes(range(256)) * 40, "bbbb"),
    "static/app.js.gz": (gzip.compress(b"frozen()"), "cccc"),
    "other.txt": (b"not in the folder", "dddd"),
}


@pytest.fixture
def get_frozen(monkeypatch, tmp_path):
    module = types.ModuleType("static_files")
    module.FILES = FILES
    monkeypatch.setitem(sys.modules, "static_files", module)
    monkeypatch.chdir(tmp_path)
    app = Microdot()
    StaticFiles("static", max_age=60).mount(app)
    return lambda path, **headers: asyncio.run(
        TestClient(app).get(path, {k.replace("_", "-"): v for k, v in headers.items()})
    )


def test_frozen_files(get_frozen):
    response = get_frozen("/")
    assert (response.text, response.headers["ETag"]) == ("home", '"aaaa"')
    assert "Last-Modified" not in response.headers
    assert get_frozen("/", If_None_Match='"aaaa"').status_code == 304
    assert get_frozen("/big.bin").body == FILES["static/big.bin"][0]
    part = get_frozen("/big.bin", Range="bytes=300-9999", If_Range='"bbbb"')
    assert part.body == FILES["static/big.bin"][0][300:10000]
    assert gzip.decompress(get_frozen("/app.js").body) == b"frozen()"
    for path in ("/other.txt", "/../other.txt", "/none"):
        assert get_frozen(path).status_code == 404


def test_folder_comes_before_frozen_files(get_frozen, tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static/index.html").write_text("from the flash")
    app = Microdot()
    StaticFiles("static").mount(app)
    assert asyncio.run(TestClient(app).get("/")).text == "from the flash"


def test_frozen_folders():
    source = Frozen({"a/b/c.txt": (b"x", "t")})
    assert source.stat("a/b") == (-1, None, None)
    assert source.stat("a/") is None
    assert source.stat("a/b/c.txt") == (1, "t", None)


def test_folder_of_no_use(tmp_path):
    assert Folder(str(tmp_path)).stat("x" * 5000) is None
