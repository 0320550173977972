"""The application: routes, return forms, hooks, errors, mounting."""

import asyncio
from typing import Any

import pytest

from microdot import Microdot, Request, Response, abort
from microdot.test_client import TestClient, TestResponse


def ask(app: Microdot, method: str, path: str, **options: Any) -> TestResponse:
    return asyncio.run(TestClient(app).request(method, path, **options))


def get(app: Microdot, path: str = "/") -> TestResponse:
    return ask(app, "GET", path)


@pytest.fixture
def app() -> Microdot:
    return Microdot()


def test_verbs(app: Microdot) -> None:
    for verb in (app.get, app.post, app.put, app.patch, app.delete, app.query):

        @verb("/")
        async def handler(request: Request) -> str:
            return request.method

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"):
        assert ask(app, method, "/").text == method
    assert ask(app, "HEAD", "/").body is None


def test_route_returns_the_function(app: Microdot) -> None:
    def handler(request: Request) -> str:
        return request.path

    assert app.route("/a", methods=["get", "Post"])(app.get("/b")(handler)) is handler
    assert get(app, "/a").text == "/a"
    assert get(app, "/b").text == "/b"
    assert ask(app, "POST", "/a").text == "/a"


def test_add_route(app: Microdot) -> None:
    async def handler(request: Request, name: str) -> str:
        return name

    app.add_route("/<name>", handler, methods=["PUT"])
    assert ask(app, "PUT", "/x").text == "x"
    assert app.url_map[0][0] == ["PUT"]
    assert app.url_map[0][2:] == (handler, "", None)


@pytest.mark.parametrize(
    ("result", "status", "text", "headers"),
    [
        ("a", 200, "a", {}),
        (b"a", 200, "a", {}),
        ({"a": 1}, 200, '{"a": 1}', {"Content-Type": "application/json; charset=UTF-8"}),
        (["a"], 200, '["a"]', {}),
        (("a", 201), 201, "a", {}),
        (("a", {"X": "y"}), 200, "a", {"X": "y"}),
        (("a", 201, {"X": "y"}), 201, "a", {"X": "y"}),
        (201, 201, "", {}),
        ((201,), 201, "", {}),
        ((201, {"X": "y"}), 201, "", {"X": "y"}),
        (("a",), 200, "a", {}),
        (None, 204, "", {}),
        ((None, 404), 404, "", {}),
        ("", 200, "", {}),
        (("a", 200, None), 200, "a", {}),
        ((Response("a"), 201, {"X": "y"}), 201, "a", {"X": "y"}),
    ],
)
@pytest.mark.parametrize("where", ["handler", "plain", "before", "after", "error", "status"])
def test_every_return_form_works_in_every_handler(
    app: Microdot,
    where: str,
    result: Any,
    status: int,
    text: str,
    headers: dict[str, str],
) -> None:
    if where == "after" and not result:
        pytest.skip("what is false does not replace a response")

    @app.get("/")
    async def handler(request: Request) -> Any:
        if where == "error":
            raise KeyError
        if where == "status":
            abort(400)
        return result if where == "handler" else "original"

    @app.get("/plain")
    def plain(request: Request) -> Any:
        return result

    if where == "before":
        app.before_request(lambda request: result)
    elif where == "after":
        app.after_request(lambda request, response: result)
    app.errorhandler(KeyError)(lambda request, exc: result)
    app.errorhandler(400)(lambda request: result)
    if where == "before" and result is None:
        text, status = "original", 200
    response = get(app, "/plain" if where == "plain" else "/")
    assert (response.status_code, response.text) == (status, text)
    for name, value in headers.items():
        assert response.headers[name] == value


def test_hooks_run_in_order(app: Microdot) -> None:
    log: list[str] = []
    app.before_request(lambda request: log.append("before 1"))
    app.before_request(lambda request: log.append("before 2"))
    app.after_request(lambda request, response: log.append("after 1"))
    app.after_request(lambda request, response: log.append("after 2"))
    app.after_error_request(lambda request, response: log.append("error"))

    @app.get("/")
    async def handler(request: Request) -> str:
        request.after_request(lambda request, response: log.append("own"))
        log.append("handler")
        return ""

    get(app)
    assert log == ["before 1", "before 2", "handler", "after 1", "after 2", "own"]
    log.clear()
    get(app, "/nothing")
    assert log == ["error"]


def test_before_takes_the_handlers_place(app: Microdot) -> None:
    log: list[str] = []
    app.before_request(lambda request: "stop")
    app.before_request(lambda request: log.append("not run"))
    app.after_request(lambda request, response: (response.body + b"ped", 202))
    app.get("/")(lambda request: log.append("not run"))
    response = get(app)
    assert (response.status_code, response.text, log) == (202, "stopped", [])


def test_errors(app: Microdot, capsys: pytest.CaptureFixture[str]) -> None:
    class Special(KeyError):
        pass

    @app.get("/raise/<int:kind>")
    async def handler(request: Request, kind: int) -> None:
        raise [ValueError, Special, KeyError][kind]("on purpose")

    @app.get("/abort/<int:code>")
    async def aborting(request: Request, code: int) -> None:
        app.abort(code, {"reason": "because"})

    response = get(app, "/raise/0")
    assert (response.status_code, response.text) == (500, "Internal server error")
    assert "on purpose" in capsys.readouterr().err
    app.errorhandler(LookupError)(lambda request, exc: ("lookup", 400))
    app.errorhandler(KeyError)(lambda request, exc: ("key", 400))
    app.errorhandler(500)(lambda request: ("sorry", 503))
    app.errorhandler(403)(lambda request: "with default status")
    assert get(app, "/raise/1").text == "key"
    assert get(app, "/raise/0").status_code == 503
    assert get(app, "/abort/402").json == {"reason": "because"}
    response = get(app, "/abort/403")
    assert (response.status_code, response.text) == (200, "with default status")


def test_errors_in_error_handlers(app: Microdot) -> None:
    @app.get("/raise")
    async def handler(request: Request) -> None:
        raise KeyError

    @app.errorhandler(KeyError)
    async def on_key_error(request: Request, exc: KeyError) -> None:
        raise RuntimeError("on purpose")

    @app.errorhandler(404)
    async def on_not_found(request: Request) -> None:
        raise RuntimeError("on purpose")

    for path in ("/raise", "/nothing"):
        response = get(app, path)
        assert (response.status_code, response.text) == (500, "Internal server error")


def test_error_in_a_hook_after_an_error(app: Microdot) -> None:
    app.after_error_request(lambda request, response: 1 / 0)
    assert get(app, "/nothing").status_code == 500


def test_error_in_a_hook(app: Microdot) -> None:
    app.get("/")(lambda request: "")
    app.after_request(lambda request, response: 1 / 0)
    assert get(app).status_code == 500


def test_method_not_allowed(app: Microdot) -> None:
    app.get("/")(lambda request: "")
    response = ask(app, "PUT", "/")
    assert (response.status_code, response.text) == (405, "Method not allowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    app.errorhandler(405)(lambda request: ("own", 405))
    response = ask(app, "PUT", "/")
    assert (response.text, response.headers["Allow"]) == ("own", "GET, HEAD, OPTIONS")


def test_options(app: Microdot) -> None:
    log: list[Any] = []
    app.after_error_request(lambda request, response: log.append(request.method))
    app.route("/", methods=["DELETE", "GET", "POST"])(lambda request: "")
    assert ask(app, "OPTIONS", "/").headers["Allow"] == "DELETE, GET, POST, HEAD, OPTIONS"
    assert ask(app, "OPTIONS", "/nothing").headers["Allow"] == "OPTIONS"
    assert log == ["OPTIONS", "OPTIONS"]
    app.options_handler = lambda request: {"Own": request.path}
    assert ask(app, "OPTIONS", "/").headers["Own"] == "/"
    app.options_handler = None
    app.route("/", methods=["OPTIONS"])(lambda request: "routed")
    assert ask(app, "OPTIONS", "/").text == "routed"
    assert ask(app, "OPTIONS", "/nothing").status_code == 404


def test_what_is_not_a_request(app: Microdot) -> None:
    response = asyncio.run(app.dispatch_request(None))
    assert (response.status_code, response.body) == (400, b"Bad request")
    app.errorhandler(400)(lambda request: (f"{request}", 400))
    assert asyncio.run(app.dispatch_request(None)).body == b"None"
    response = asyncio.run(app.dispatch_error(431, "Too large"))
    assert (response.status_code, response.body) == (431, b"Too large")


def test_body_too_large_comes_before_not_found(app: Microdot) -> None:
    response = ask(app, "POST", "/nothing", body=b"x" * 20_000)
    assert (response.status_code, response.text) == (413, "Payload too large")


def test_vary(app: Microdot) -> None:
    @app.get("/<int:code>")
    async def handler(request: Request, code: int) -> Any:
        request.g._vary = {"Cookie", "Origin"}
        if code >= 400:
            abort(code)
        return "", {"Vary": "Accept, Origin"}

    assert get(app, "/200").headers["Vary"] == "Accept, Origin, Cookie"
    assert get(app, "/400").headers["Vary"] == "Cookie, Origin"


def make_part(name: str, log: list[str]) -> Microdot:
    """An application that logs what it runs."""
    part = Microdot()
    part.before_request(lambda request: log.append(f"before {name}"))
    part.after_request(lambda request, response: log.append(f"after {name}"))
    part.after_error_request(lambda request, response: log.append(f"error {name}"))
    part.errorhandler(KeyError)(lambda request, exc: (f"key error of {name}", 400))
    part.errorhandler(404)(lambda request: (f"not found by {name}", 404))

    @part.get("/seen")
    async def seen(request: Request) -> Any:
        assert request.app is not part or name == "main"
        return {"prefix": request.url_prefix, "subapp": request.subapp is part, "by": name}

    @part.get("/fail")
    async def fail(request: Request) -> None:
        raise KeyError

    return part


def test_mount() -> None:
    log: list[str] = []
    main, part = make_part("main", log), make_part("part", log)
    main.mount(part, url_prefix="/part")
    assert get(main, "/part/seen").json == {"prefix": "/part", "subapp": True, "by": "part"}
    assert log == ["before main", "before part", "after main", "after part"]
    assert get(main, "/part").status_code == 404
    assert get(main, "/nothing").text == "not found by part"
    assert part.before_request_handlers == []


def test_mount_copies_the_routes() -> None:
    main, part = Microdot(), Microdot()
    main.mount(part)
    part.get("/late")(lambda request: "")
    assert get(main, "/late").status_code == 404


def test_local_mount() -> None:
    log: list[str] = []
    main, part = make_part("main", log), make_part("part", log)
    main.mount(part, url_prefix="/part", local=True)
    get(main, "/part/seen")
    assert log == ["before main", "before part", "after part", "after main"]
    log.clear()
    assert get(main, "/part/fail").text == "key error of part"
    assert log == ["before main", "before part", "error part", "error main"]
    log.clear()
    get(main, "/seen")
    assert log == ["before main", "after main"]
    assert get(main, "/part/nothing").text == "not found by main"


@pytest.mark.parametrize("inner_local", [False, True])
@pytest.mark.parametrize("outer_local", [False, True])
def test_nested_mounts_run_all_hooks(inner_local: bool, outer_local: bool) -> None:
    log: list[str] = []
    main, outer, inner = (make_part(name, log) for name in ("main", "outer", "inner"))
    outer.mount(inner, url_prefix="/inner", local=inner_local)
    main.mount(outer, url_prefix="/outer", local=outer_local)
    seen = get(main, "/outer/inner/seen").json
    assert seen == {"prefix": "/outer/inner", "subapp": True, "by": "inner"}
    assert log[:3] == ["before main", "before outer", "before inner"]
    assert sorted(log[3:]) == ["after inner", "after main", "after outer"]
    log.clear()
    assert get(main, "/outer/inner/fail").text == "key error of inner"
    assert [line for line in log if line.startswith("error")] != []


def test_plain_handlers_run_in_threads(app: Microdot) -> None:
    import threading

    app.get("/")(lambda request: str(threading.current_thread() is threading.main_thread()))
    assert get(app).text == "False"


def test_plain_handler_that_raises_stop_iteration(app: Microdot) -> None:
    app.get("/")(lambda request: next(iter(())))
    assert get(app).status_code == 500


def test_plain_handler_that_returns_a_coroutine(app: Microdot) -> None:
    async def helper() -> str:
        return "helped"

    app.get("/")(lambda request: helper())
    assert get(app).text == "helped"
