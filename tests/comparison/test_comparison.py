"""One application on the reference and on ours: only listed differences are allowed.

The list is the tables of `docs/coming-from-microdot.md`; their first column is what the cases
below call a difference.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import DOCUMENT, Case, fetch, listed, normal, serve_both

APPLICATION = Path(__file__).with_name("application.py")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}

SAME = [
    *(
        Case(path)
        for path in """
        / /plain /text /bytes /dict /list /nothing /empty /status/200 /status/201 /status/404
        /status-and-headers /body-and-status /body-and-headers /response /none-with-status
        /repeated-header /users/me /users/7/posts/hello /users/x/posts/hello /users/
        /users /files/a/b/c.txt /files/ /re/abc5 /re/abc /re/ABC5 /color/ff /color/xyz /even/2
        /even/3 /first/second /dot.html /describe /describe?a=1&b=2&a=3&c&=d
        /search?q=a&q=b /search?q=x&page=7 /search?q=a+b%26c /login /logout /bad-cookie
        /generator /async-generator /iterator /download/x.png /download/x.html /download/x
        /compressed /this-file /missing-file /file-body /own-hook /vary /abort/400 /abort/401
        /abort/402 /abort/403 /abort/404 /abort/500 /abort-with-reason /exception /fail /zero
        /nowhere /helpers /shop/ /shop /shop/buy/hat /shop/buy/unicorn /shop/?closed=1
        /shop/nowhere /shop/inventory/5 /shop/inventory/x /admin/ /admin/missing /admin/nowhere
        """.split()  # noqa: SIM905
    ),
    *(Case("/describe", method) for method in ("POST", "PUT", "PATCH", "DELETE")),
    *(Case(path, "HEAD") for path in ("/", "/dict", "/login", "/nowhere", "/fail")),
    *(Case(path, "OPTIONS") for path in ("/", "/describe", "/nowhere", "/query")),
    Case("/describe", "POST", body=b"some text"),
    Case("/describe", "POST", JSON, b'{"a": [1, 2]}'),
    Case("/describe", "POST", {"Content-Type": "application/json; charset=utf-8"}, b"[1]"),
    Case("/describe", "POST", JSON, b"{broken"),
    Case("/describe", "POST", FORM, b"a=1&b=x+y&a=%26"),
    Case("/describe", headers={"Cookie": "a=b; c=d; flag", "X-Thing": "x"}),
    Case("/describe", headers={"X-Twice": "last"}),
    Case("/headers-without-case", headers={"x-THING": "value"}),
    Case("/headers-without-case"),
    Case("/form", "POST", FORM, b"name=me&tag=a&tag=b"),
    Case("/form", "POST", FORM, b"tag=a"),
    Case("/stream", "POST", body=b"x" * 100),
    Case("/stream", "POST", body=b"x" * 30_000),
    Case("/stream", "POST", body=b"x" * 50_000),
    Case("/nowhere", "POST", body=b"x" * 50_000),
    Case("/json-only", "POST", JSON, b'{"numbers": [1, 2, 3]}'),
    Case("/json-only", "POST", body=b"numbers"),
    Case("/query", "QUERY", body=b"select"),
    Case("/admin/", headers={"X-Admin": "yes"}),
    Case("/admin/missing", headers={"X-Admin": "yes"}),
]
DIFFERENT = [
    Case("/", "DELETE", difference="method-not-allowed"),
    Case("/query", difference="method-not-allowed"),
    Case("/users/a%20b", difference="decoded-path"),
    Case("/dot_html", difference="literal-routes"),
    Case("/photo-5.jpg", difference="mixed-segments"),
    Case("http://example.com/plain", difference="absolute-form"),
    Case("*", "OPTIONS", difference="options-asterisk"),
    Case("/one-tuple", difference="one-tuple"),
    Case("/header-injection?a%0D%0AX-Evil:%20yes", difference="header-injection"),
    Case("/json-type", difference="json-type"),
    Case("/search", difference="args"),
    Case("/search?q=%zz", difference="bad-query"),
    Case("/encode-plus", difference="urlencode"),
    Case("/describe", "POST", {"Transfer-Encoding": "chunked"}, b"3\r\nabc\r\n0\r\n\r\n",
         difference="chunked-requests"),
    Case("/describe", "POST", {"Content-Length": "3", "Transfer-Encoding": "chunked"},
         b"0\r\n\r\n", difference="checked-requests"),
    Case("/describe", headers={"Bad Name": "x"}, difference="checked-requests"),
]  # fmt: skip


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The ports of the reference and of ours."""
    with serve_both(APPLICATION, tmp_path_factory.mktemp("comparison")) as both:
        yield both


@pytest.mark.parametrize("case", SAME, ids=str)
def test_same(ports: tuple[int, int], case: Case) -> None:
    reference, ours = (normal(fetch(port, case)) for port in ports)
    assert reference is not None
    assert ours == reference


@pytest.mark.parametrize("case", DIFFERENT, ids=str)
def test_listed_difference(ports: tuple[int, int], case: Case) -> None:
    assert case.difference in listed(), f"{case.difference} is not in {DOCUMENT.name}"
    reference, ours = (normal(fetch(port, case)) for port in ports)
    assert ours != reference, f"no difference any more: strike it from {DOCUMENT.name}"
    assert ours is not None


def test_differences_are_listed_once() -> None:
    names = listed()
    assert len(names) == len(set(names))
    assert "http-1.1" in names
