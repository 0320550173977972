"""MultiDict and NoCaseDict."""

import pytest

from microdot.microdot import MultiDict, NoCaseDict


def test_multi_dict() -> None:
    values = MultiDict({"a": "1"})
    values["a"] = "2"
    values["b"] = "x"
    assert values["a"] == values.get("a") == "1"
    assert values.get("a", type=int) == 1
    assert values.getlist("a") == ["1", "2"]
    assert values.getlist("a", type=int) == [1, 2]
    assert values == {"a": ["1", "2"], "b": ["x"]}
    assert list(values.items()) == [("a", ["1", "2"]), ("b", ["x"])]
    assert values.get("c") is None
    assert values.get("c", 5, type=str) == 5
    assert values.getlist("c") == []
    with pytest.raises(KeyError):
        values["c"]
    with pytest.raises(ValueError):
        values.get("b", type=int)


def test_getlist_is_a_copy() -> None:
    values = MultiDict({"a": "1"})
    values.getlist("a").append("2")
    assert values.getlist("a") == ["1"]


def test_no_case_dict() -> None:
    headers = NoCaseDict({"Content-Type": "a"})
    headers["CONTENT-TYPE"] = "b"
    assert headers == {"Content-Type": "b"}
    assert headers["content-type"] == headers.get("Content-type") == "b"
    assert "content-TYPE" in headers
    assert headers.get("x", 1) == 1
    headers.update({"content-type": "c", "New": "d"})
    assert list(headers.items()) == [("Content-Type", "c"), ("New", "d")]
    assert headers.setdefault("NEW", "e") == "d"
    assert headers.pop("new") == "d"
    assert headers.pop("new", None) is None
    del headers["content-type"]
    assert headers == {}
    headers["content-type"] = "again"
    assert list(headers) == ["content-type"]


def test_no_case_dict_misses() -> None:
    headers = NoCaseDict()
    with pytest.raises(KeyError):
        headers["a"]
    with pytest.raises(KeyError):
        del headers["a"]
    with pytest.raises(KeyError):
        headers.pop("a")
