"""Percent-encoding, URL patterns, the router."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microdot.coding import parse_query, percent_decode, urldecode, urlencode
from microdot.urls import Router, URLPattern


@given(st.text())
def test_coding_is_reversible(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    encoded = urlencode(text)
    assert urldecode(encoded) == urldecode(encoded.encode()) == text
    assert encoded.isascii()


@given(st.text("%+0123abcxyz é"))
def test_decoding_raises_only_value_errors(text: str) -> None:
    with contextlib.suppress(ValueError):
        urldecode(text)


@pytest.mark.parametrize(
    ("text", "decoded"),
    [("a+b", "a b"), ("%41%c3%A9", "Aé"), ("a%", "a%"), ("%%41", "%A"), ("a%4", "a\x04")],
)
def test_decode(text: str, decoded: str) -> None:
    assert urldecode(text) == decoded


@pytest.mark.parametrize("text", ["%zz", "%4z", "%E4", "%-1", "% 1"])
def test_decode_refuses(text: str) -> None:
    with pytest.raises(ValueError):
        urldecode(text)


def test_plus_in_a_path_is_a_plus() -> None:
    assert percent_decode("/a+b%20c") == "/a+b c"


def test_encode() -> None:
    assert urlencode("a b+c&d=e?f#g%h/i") == "a+b%2Bc%26d%3De%3Ff%23g%25h/i"


def test_query() -> None:
    args = parse_query("a=1&b&a=2&=x&c=%20+&&")
    assert args == {"a": ["1", "2"], "b": [""], "": ["x"], "c": ["  "]}
    assert parse_query("") == {}


@pytest.mark.parametrize(
    ("pattern", "path", "values"),
    [
        ("/", "/", {}),
        ("", "/", {}),
        ("foo", "/foo", {}),
        ("/foo", "/foo/", None),
        ("/foo.bar", "/fooxbar", None),
        ("/foo.bar", "/foo.bar", {}),
        ("/<a>", "/x y", {"a": "x y"}),
        ("/<a>", "/", None),
        ("/<a>", "/x/y", None),
        ("/<a>/", "/x/", {"a": "x"}),
        ("/<string:a>/<b>", "/x/y", {"a": "x", "b": "y"}),
        ("/<int:a>/x", "/-05/x", {"a": -5}),
        ("/<int:a>", "/+5", None),
        ("/<int:a>", "/5x", None),
        ("/<int:a>", "/--5", None),
        ("/<int:a>", "/²", None),
        ("/<path:a>", "/x/y/", {"a": "x/y/"}),
        ("/<path:a>", "/", None),
        ("/<path:a>/edit", "/x/y/edit", {"a": "x/y"}),
        ("/<path:a>/edit", "/edit", None),
        ("/<path:a>/x/<path:b>", "/1/x/2/x/3", {"a": "1/x/2", "b": "3"}),
        ("/<re:[a-c]+:a>", "/abc", {"a": "abc"}),
        ("/<re:[a-c]+:a>", "/abd", None),
        ("/<re:a|ab:a>", "/ab", {"a": "ab"}),
        ("/<re:.*:a>", "/x/y", {"a": "x/y"}),
        ("/<re:.*:a>", "/", {"a": ""}),
        ("/<re:[a-z/]+:a>/end", "/x/y/end", {"a": "x/y"}),
        ("/<re:(a)(b):a>/z", "/ab/z", {"a": "ab"}),
        ("/<re:[^>]+:a>", "/xy", {"a": "xy"}),
        ("/<re:[a-z]+:a>", "/abc\n", None),
        ("/<name>.json", "/x.json", {"name": "x"}),
        ("/<name>.json", "/.json", None),
        ("/photo-<int:id>.jpg", "/photo-42.jpg", {"id": 42}),
        ("/photo-<int:id>.jpg", "/photo-x.jpg", None),
        ("/a<x>a", "/aa", None),
        ("/a<x>a", "/a", None),
    ],
)
def test_match(pattern: str, path: str, values: dict[str, Any] | None) -> None:
    assert URLPattern(pattern).match(path) == values


@pytest.mark.parametrize(
    "pattern", ["/<a", "/<foo:a>", "/<a>-<b>", "/<>", "/<int:>", "/<:a>", "/<re:[:a>"]
)
def test_malformed_patterns_fail_when_compiled(pattern: str) -> None:
    url_pattern = URLPattern(pattern)
    with pytest.raises(ValueError, match=r"URL|regular"):
        url_pattern.compile()


@pytest.fixture
def own_types() -> Iterator[None]:
    before = dict(URLPattern._custom_types)
    yield
    URLPattern._custom_types.clear()
    URLPattern._custom_types.update(before)


@pytest.mark.usefixtures("own_types")
def test_own_types() -> None:
    late = URLPattern("/<even:n>")
    URLPattern.register_type("even", "[0-9]*[02468]", int)
    URLPattern.register_type("small", parser=lambda text: text if text.islower() else None)
    assert late.match("/12") == {"n": 12}
    assert late.match("/13") is None
    assert URLPattern("/<small:x>").match("/abc") == {"x": "abc"}
    assert URLPattern("/<small:x>").match("/Abc") is None
    assert URLPattern("/<small:x>").match("/a/b") is None
    URLPattern.register_type("int", "[0-9]+", lambda text: int(text) * 2)
    assert URLPattern("/<int:n>").match("/4") == {"n": 8}


def routes(*patterns: str) -> list[Any]:
    return [(["GET"], URLPattern(pattern), pattern, "", None) for pattern in patterns]


@pytest.mark.parametrize(
    ("patterns", "path", "found"),
    [
        (("/a", "/b"), "/b", "/b"),
        (("/a",), "/b", None),
        (("/<x>", "/a"), "/a", "/<x>"),
        (("/a", "/<x>"), "/a", "/a"),
        (("/<int:x>", "/a", "/<x>"), "/a", "/a"),
        (("/<int:x>", "/a", "/<x>"), "/b", "/<x>"),
    ],
)
def test_first_registered_route_wins(
    patterns: tuple[str, ...], path: str, found: str | None
) -> None:
    result = Router().find(routes(*patterns), "GET", path)
    assert (result and result[0][2]) == found  # type: ignore[comparison-overlap]


def test_router_sees_new_routes() -> None:
    router, url_map = Router(), routes("/a")
    assert router.find(url_map, "GET", "/b") is None
    url_map += routes("/b")
    assert router.find(url_map, "GET", "/b") is not None


def test_allowed_methods() -> None:
    url_map = [
        (["GET", "PUT"], URLPattern("/a"), None, "", None),
        (["POST"], URLPattern("/<x>"), None, "", None),
        (["PUT"], URLPattern("/<int:x>"), None, "", None),
    ]
    router = Router()
    assert router.allowed_methods(url_map, "/a") == ["GET", "PUT", "POST"]  # type: ignore[arg-type]
    assert router.allowed_methods(url_map, "/1") == ["POST", "PUT"]  # type: ignore[arg-type]
    assert router.allowed_methods(url_map, "/x/y") == []  # type: ignore[arg-type]
