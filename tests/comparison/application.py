"""An application as people write them for Microdot 2.7: it uses all of the core's interface.

It runs unchanged on the reference and on ours: `application.py PORT`.
"""

import io
import sys

from microdot import Microdot, Request, Response, URLPattern, abort, redirect, send_file
from microdot.microdot import HTTPException, MultiDict, NoCaseDict, urldecode, urlencode

URLPattern.register_type("hex", "[0-9a-f]+", lambda text: int(text, 16))
URLPattern.register_type("even", parser=lambda text: int(text) if text in ("2", "4") else None)
Request.max_content_length = 40 * 1024

app = Microdot()
shop = Microdot()
admin = Microdot()
inventory = Microdot()
log = []


class OutOfStock(Exception):
    """What the shop raises."""


class VerySpecial(OutOfStock):
    """A subclass without a handler of its own."""


# The basics: routes and what handlers return.


@app.route("/")
async def index(request):
    return "<h1>Welcome</h1>", 200, {"Content-Type": "text/html"}


@app.get("/plain")
def plain(request):
    return "plain"


@app.get("/text")
async def text(request):
    return "täxt"


@app.get("/bytes")
async def as_bytes(request):
    return b"\x00\xff"


@app.get("/dict")
async def as_dict(request):
    return {"nested": {"list": [1, 2.5, None, True]}, "text": "é"}


@app.get("/list")
async def as_list(request):
    return ["a", {"b": 1}]


@app.get("/nothing")
async def nothing(request):
    return None


@app.get("/empty")
async def empty(request):
    return ""


@app.get("/status/<int:code>")
async def status(request, code):
    return code


@app.get("/status-and-headers")
async def status_and_headers(request):
    return 201, {"Location": "/made"}


@app.get("/body-and-status")
async def body_and_status(request):
    return {"made": True}, 201


@app.get("/body-and-headers")
async def body_and_headers(request):
    return "a,b", {"Content-Type": "text/csv", "X-Number": "5"}


@app.get("/response")
async def response(request):
    return Response("teapot", 418, {"X-Kind": "pot"}, reason="Short and stout")


@app.get("/none-with-status")
async def none_with_status(request):
    return None, 202


@app.get("/repeated-header")
async def repeated_header(request):
    return "x", 200, {"X-Many": ["1", "2", "3"]}


@app.get("/one-tuple")
async def one_tuple(request):
    return ("alone",)


@app.get("/json-type")
async def json_type(request):
    return {"a": 1}, 200, {"Content-Type": "application/problem+json"}


# Variables.


@app.get("/users/<name>")
async def user(request, name):
    return {"name": name}


@app.get("/users/<int:number>/posts/<post>")
async def post(request, number, post):
    return {"number": number, "post": post}


@app.get("/files/<path:path>")
async def file_path(request, path):
    return {"path": path}


@app.get("/re/<re:[a-z]+[0-9]:code>")
async def by_regex(request, code):
    return {"code": code}


@app.get("/color/<hex:value>")
async def color(request, value):
    return {"value": value}


@app.get("/even/<even:value>")
async def even(request, value):
    return {"value": value}


@app.get("/first/<name>")
async def first(request, name):
    return "first " + name


@app.get("/first/second")
async def never_reached(request):
    return "never reached"


@app.get("/dot.html")
async def dot(request):
    return "dot"


@app.get("/photo-<number>.jpg")
async def photo(request, number):
    return number


# Requests.


@app.route("/describe", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def describe(request):
    return {
        "method": request.method,
        "url": request.url,
        "path": request.path,
        "query_string": request.query_string,
        "args": request.args,
        "headers": request.headers,
        "cookies": request.cookies,
        "content_length": request.content_length,
        "content_type": request.content_type,
        "body": request.body.decode(),
        "json": request.json,
        "form": request.form,
        "files": request.files,
        "scheme": request.scheme,
        "http_version": request.http_version,
        "url_prefix": request.url_prefix,
        "subapp": request.subapp,
        "route": request.route.__name__,
        "app": request.app is app,
    }


@app.get("/search")
async def search(request):
    return {
        "first": request.args.get("q"),
        "all": request.args.getlist("q"),
        "page": request.args.get("page", 1, type=int),
        "same": request.args == {"q": ["a", "b"]},
        "items": list(request.args.items()),
    }


@app.post("/form")
async def form(request):
    return {"name": request.form["name"], "tags": request.form.getlist("tag")}


@app.post("/stream")
async def stream(request):
    size = 0
    while size < request.content_length:
        data = await request.stream.read(1000)
        size += len(data)
    return {"size": size, "body": len(request.body)}


@app.post("/json-only")
async def json_only(request):
    if request.json is None:
        abort(415, "JSON only")
    return {"sum": sum(request.json["numbers"])}


@app.query("/query")
async def query(request):
    return {"query": request.body.decode()}


@app.get("/headers-without-case")
async def headers_without_case(request):
    headers = request.headers
    return {"a": headers["X-THING"], "b": headers.get("x-thing"), "c": "X-Thing" in headers}


# Cookies.


@app.get("/login")
async def login(request):
    result = Response("welcome")
    result.set_cookie("user", "me", path="/", max_age=3600, http_only=True, secure=True)
    result.set_cookie(
        "theme", "dark", domain="example.com", expires="Mon, 01 Jan 2035 00:00:00 GMT"
    )
    return result


@app.get("/logout")
async def logout(request):
    result = redirect("/")
    result.delete_cookie("user", path="/")
    return result


@app.get("/bad-cookie")
async def bad_cookie(request):
    Response().set_cookie("a", "b; c")


# Streams and files.


@app.get("/generator")
async def generator(request):
    def lines():
        for number in range(5):
            yield f"line {number}\n"

    return lines(), 200, {"Content-Type": "text/plain"}


@app.get("/async-generator")
async def async_generator(request):
    async def lines():
        for number in range(3):
            yield b"%d\n" % number

    return lines()


class Countdown:
    """An asynchronous iterator."""

    def __init__(self):
        self.number = 3

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.number:
            raise StopAsyncIteration
        self.number -= 1
        return f"{self.number}\n"


@app.get("/iterator")
async def iterator(request):
    return Countdown()


@app.get("/download/<name>")
async def download(request, name):
    return send_file(name, stream=io.BytesIO(b"0123456789" * 300), max_age=60)


@app.get("/compressed")
async def compressed(request):
    return send_file("app.js.gz", stream=io.BytesIO(b"not really"), compressed=True)


@app.get("/this-file")
async def this_file(request):
    return send_file(__file__, content_type="text/x-python")


@app.get("/missing-file")
async def missing_file(request):
    return send_file("/no/such/file")


@app.get("/file-body")
async def file_body(request):
    return io.BytesIO(b"from a file")


# Hooks and errors.


@app.before_request
async def remember_path(request):
    request.g.path = request.path
    log.append("before")


@app.after_request
async def mark(request, response):
    response.headers["X-Marked"] = request.g.path


@app.after_error_request
async def mark_error(request, response):
    response.headers["X-Failed"] = "yes" if request else "unknown"


@app.get("/own-hook")
async def own_hook(request):
    @request.after_request
    async def own(request, response):
        response.headers["X-Own"] = "hook"
        return response

    return "hooked"


@app.get("/vary")
async def vary(request):
    request.g._vary = {"Cookie"}
    return "varies", 200, {"Vary": "Accept"}


@app.get("/abort/<int:code>")
async def aborting(request, code):
    abort(code)


@app.get("/abort-with-reason")
async def aborting_with_reason(request):
    app.abort(409, "conflict of interests")


@app.get("/exception")
async def exception(request):
    raise HTTPException(422, "unprocessable")


@app.get("/fail")
async def fail(request):
    raise ValueError("on purpose")


@app.get("/zero")
async def zero(request):
    return 1 / 0


@app.errorhandler(ZeroDivisionError)
async def zero_division(request, exc):
    return {"error": str(exc)}, 400


@app.errorhandler(403)
async def forbidden(request):
    return "go away", 403


@app.errorhandler(402)
async def payment(request):
    return "only a body"


@app.errorhandler(404)
async def not_found(request):
    return {"error": "not here"}, 404


@app.get("/header-injection")
async def header_injection(request):
    return "x", 200, {"X-Thing": urldecode(request.query_string)}


# Helpers.


@app.get("/helpers")
async def helpers(request):
    values = MultiDict({"a": 1})
    values["a"] = 2
    headers = NoCaseDict({"A": "b"})
    return {
        "encoded": urlencode("a b&c=d"),
        "decoded": urldecode("a+b%26c"),
        "values": values,
        "headers": headers,
        "pattern": URLPattern("/<int:a>/<b>").match("/1/x"),
    }


@app.get("/encode-plus")
async def encode_plus(request):
    return urlencode("a+b")


# Mounted applications.


@shop.get("/")
async def shop_index(request):
    return {"prefix": request.url_prefix, "shop": request.subapp is shop}


@shop.get("/buy/<thing>")
async def buy(request, thing):
    if thing == "unicorn":
        raise VerySpecial(thing)
    return {"bought": thing}


@shop.errorhandler(OutOfStock)
async def out_of_stock(request, exc):
    return {"out of stock": str(exc)}, 410


@shop.before_request
async def shop_before(request):
    if request.args.get("closed"):
        return "the shop is closed", 503
    return None


@admin.before_request
async def only_admins(request):
    if request.headers.get("X-Admin") != "yes":
        abort(401, "admins only")


@admin.after_request
async def no_store(request, response):
    response.headers["Cache-Control"] = "no-store"


@admin.errorhandler(404)
async def admin_not_found(request):
    return "nothing for admins", 404


@admin.get("/")
async def admin_index(request):
    return "admin"


@admin.get("/missing")
async def admin_missing(request):
    abort(404)


@inventory.get("/<int:number>")
async def item(request, number):
    return {"prefix": request.url_prefix, "inner": request.subapp is inventory, "number": number}


shop.mount(inventory, url_prefix="/inventory")
app.mount(shop, url_prefix="/shop")
app.mount(admin, url_prefix="/admin", local=True)

if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
