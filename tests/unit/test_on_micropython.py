"""The core under MicroPython, where it differs from CPython inside."""

from .unix_port import run_unix

PARSING = r"""
from microdot.http1 import *
head = parse_request_head(b"POST /a?b HTTP/1.1\r\nHost: x\nContent-Length: 5\r\n\r\n")
print(head.method, head.target, head.content_length, split_fields(head.fields))
decoder = ChunkedDecoder()
body = b"3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: v\r\n\r\n"
print(b"".join([decoder.feed(bytes([b])) for b in body]), decoder.done)
host = b" / HTTP/1.1\r\nHost: x"
for bad in (b"GET / HTTP/1.1\r\n", b"G\x00T" + host, b"GET" + host + b"\r\nA: \x01"):
    try:
        parse_request_head(bad)
    except ProtocolError as exc:
        print(exc.status_code, exc.reason)
print(encode_response_head("1.1", 404, None, ["A: b"]))
"""


def test_parsing() -> None:
    assert run_unix(PARSING).splitlines() == [
        "POST /a?b 5 [b'Host: x', b'Content-Length: 5']",
        "b'abcde' True",
        "400 there must be one Host header",
        "400 malformed method",
        "400 control character in a header field",
        r"b'HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n'",
    ]


URLS = r"""
from microdot.coding import *
from microdot.urls import URLPattern
URLPattern.register_type("even", "[0-9]*[02468]", int)
for pattern, path in (
    ("/<int:a>/x", "/-5/x"), ("/<path:a>/edit", "/x/y/edit"), ("/<re:a|ab:a>", "/ab"),
    ("/<even:n>", "/12"), ("/<even:n>", "/13"), ("/p-<n>.js", "/p-q.js"), ("/a.b", "/axb"),
):
    print(URLPattern(pattern).match(path))
print(urldecode("a+b%C3%A9") == "a b\xe9", urlencode("a b\xe9/+"), parse_query("a=1&a=2"))
for bad in ("%zz", "%ff"):
    try:
        urldecode(bad)
    except ValueError:
        print("refused")
"""


def test_urls() -> None:
    assert run_unix(URLS).splitlines() == [
        "{'a': -5}", "{'a': 'x/y'}", "{'a': 'ab'}", "{'n': 12}", "None", "{'n': 'q'}", "None",
        "True a+b%C3%A9/%2B {'a': ['1', '2']}", "refused", "refused",
    ]  # fmt: skip


DICTIONARIES = r"""
from microdot import Request
print(Request.max_content_length, Request.max_body_length, Request.max_readline)
from microdot.datastructures import *
headers = NoCaseDict({"A": "1"})
headers["a"] = "2"
print(headers, "A" in headers, headers["a"], headers.pop("A"), headers.get("a", 5))
values = MultiDict({"a": "1"})
values["a"] = "2"
print(values, values["a"], values.getlist("a", int), values == {"a": ["1", "2"]})
"""


def test_dictionaries() -> None:
    assert run_unix(DICTIONARIES).splitlines() == [
        "16384 16384 2048",
        "{} True 2 2 5",
        "{'a': ['1', '2']} 1 [1, 2] True",
    ]


HANDLERS = r"""
import asyncio
from microdot import Microdot, Response
from microdot.test_client import TestClient
app = Microdot()

def lines():
    yield "a"
    yield "b"

async def helper(request):
    return "helped"

@app.get("/plain")
def plain(request):
    return "plain"

@app.get("/generator")
def generator(request):
    return lines()

@app.get("/async-generator")
async def async_generator(request):
    return lines()

def decorated(f):
    def wrapper(request):
        return f(request)
    return wrapper

app.get("/decorated")(decorated(helper))
app.get("/closure-with-tuple")(decorated(lambda request: (lines(), 200)))

class Views:
    async def view(self, request):
        return "method"

app.get("/method")(Views().view)

@app.post("/json")
async def json(request):
    return request.json

@app.get("/error")
async def error(request):
    raise KeyError("x")

@app.errorhandler(LookupError)
async def lookup_error(request, exc):
    return "lookup", 400

part = Microdot()

@part.get("/<int:id>")
async def part_get(request, id):
    return "%s %s" % (request.url_prefix, id)

@part.before_request
def part_before(request):
    request.after_request(lambda request, response: response.set_cookie("seen", "1"))

app.mount(part, "/part", local=True)

async def main():
    client = TestClient(app)
    for path in ("/plain", "/generator", "/async-generator", "/decorated",
                 "/closure-with-tuple", "/method", "/error", "/nothing", "/part/7"):
        response = await client.get(path)
        print(path, response.status_code, response.text)
    print(client.cookies, (await client.post("/json", body={"a": [1]})).json)
    print((await client.request("HEAD", "/plain")).body)
    print((await client.request("PUT", "/plain")).headers["Allow"])

asyncio.run(main())
"""


def test_handlers() -> None:
    assert run_unix(HANDLERS).splitlines() == [
        "/plain 200 plain",
        "/generator 200 ab",
        "/async-generator 200 ab",
        "/decorated 200 helped",
        "/closure-with-tuple 200 ab",
        "/method 200 method",
        "/error 400 lookup",
        "/nothing 404 Not found",
        "/part/7 200 /part 7",
        "{'seen': '1'} {'a': [1]}",
        "None",
        "GET, HEAD, OPTIONS",
    ]
