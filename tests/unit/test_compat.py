"""What both interpreters must do alike."""

import time

import pytest

import microdot
from microdot import helpers
from microdot import microdot as old_path
from microdot.compat import http_date, iscoroutine

from .unix_port import run_unix

DATES = {
    0: "Thu, 01 Jan 1970 00:00:00 GMT",
    784111777: "Sun, 06 Nov 1994 08:49:37 GMT",
    951827696: "Tue, 29 Feb 2000 12:34:56 GMT",
}


@pytest.mark.parametrize("seconds", DATES)
def test_http_date(seconds: int) -> None:
    assert http_date(time.gmtime(seconds)) == DATES[seconds]


def test_http_date_on_micropython() -> None:
    printed = run_unix(
        "import time\nfrom microdot.compat import http_date\n"
        f"for seconds in {list(DATES)}: print(http_date(time.gmtime(seconds)))"
    )
    assert printed.splitlines() == list(DATES.values())


def test_wraps() -> None:
    def wrapped() -> None:
        """Its docstring."""

    @helpers.wraps(wrapped)
    def wrapper() -> None:
        pass

    assert wrapper.__name__ == "wrapped"
    assert wrapper.__doc__ == "Its docstring."


def test_iscoroutine() -> None:
    async def f() -> None:
        pass

    coroutine = f()
    assert iscoroutine(coroutine)
    coroutine.close()
    assert not iscoroutine(f)


def test_public_names() -> None:
    for name in microdot.__all__:
        assert getattr(microdot, name) == getattr(old_path, name)
    assert microdot.redirect("/").status_code == 302
    with pytest.raises(AttributeError):
        microdot.nothing  # noqa: B018
    assert set(old_path.__all__) >= {
        "HTTPException", "MultiDict", "NoCaseDict", "invoke_handler", "mro", "print_exception",
        "urldecode", "urlencode", "MUTED_SOCKET_ERRORS",
    }  # fmt: skip


def test_public_names_on_micropython() -> None:
    printed = run_unix(
        "import microdot\n"
        f"print([name for name in {microdot.__all__} if not hasattr(microdot, name)])\n"
        "import sys, microdot.microdot\nprint('microdot._cpython' in sys.modules)"
    )
    assert printed.splitlines() == ["[]", "False"]


def test_importing_the_core_loads_no_more_than_it() -> None:
    printed = run_unix(
        "import sys, microdot\n"
        "print(sorted(name for name in sys.modules if name.startswith('microdot')))"
    )
    core = ["app", "compat", "request", "response", "urls"]
    assert printed.strip() == str(["microdot", *(f"microdot.{name}" for name in core)])
