"""The examples of the extensions, on CPython and on MicroPython, without a network."""

import asyncio
import shutil
import sys

import pytest

from microdot.test_client import TestClient

from . import example_streams
from .unix_port import ROOT, run_unix

EXAMPLES = ROOT / "examples"

FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
UPLOAD_HEADERS = {"Content-Type": "multipart/form-data; boundary=xyz"}
UPLOAD = (
    b"--xyz\r\n"
    b'Content-Disposition: form-data; name="file"; filename="../a <b>.txt"\r\n\r\n'
    b"hello\r\n--xyz--\r\n"
)

# By file or folder: requests (method, path, headers, body), the status, a text of the body.
REQUESTS = {
    "login": [
        ("GET", "/", {}, None, 302, ""),
        ("GET", "/login?next=/", {}, None, 200, "<form"),
        ("POST", "/login", FORM_HEADERS, b"name=joe&password=wrong", 403, "wrong"),
        ("POST", "/login", FORM_HEADERS, b"name=nobody&password=", 403, "wrong"),
        ("POST", "/login", FORM_HEADERS, b"name=joe&password=secret&remember=on", 302, ""),
        ("GET", "/", {}, None, 200, "Hello, joe! You were here 1 times"),
        ("GET", "/", {}, None, 200, "2 times"),
        ("POST", "/logout", {"Origin": "https://evil.example"}, None, 403, "Forbidden"),
        ("POST", "/logout", {}, None, 302, ""),
        ("GET", "/", {}, None, 302, ""),
    ],
    "upload": [
        ("GET", "/", {}, None, 200, "multipart/form-data"),
        ("POST", "/", UPLOAD_HEADERS, UPLOAD, 303, ""),
        ("GET", "/", {}, None, 200, '<a href="/files/a__b_.txt">a__b_.txt</a>'),
        ("GET", "/files/a__b_.txt", {}, None, 200, "hello"),
        ("GET", "/files/..%2Fupload.py", {}, None, 404, "Not found"),
        ("POST", "/", UPLOAD_HEADERS, UPLOAD[:-8], 400, "boundary"),
    ],
    "rest_api": [
        ("GET", "/notes", {}, None, 200, "Water the plants"),
        ("POST", "/notes", {}, {"text": "new"}, 201, '"new"'),
        ("POST", "/notes", {}, {"text": ""}, 400, "1 to 200"),
        ("PUT", "/notes/2", {}, {"text": "x", "done": True}, 200, "true"),
        ("GET", "/notes?done=true", {}, None, 200, '"x"'),
        ("DELETE", "/notes/2", {}, None, 204, ""),
        ("GET", "/notes/2", {}, None, 404, "no such note"),
        ("GET", "/openapi.json", {}, None, 200, "3.1.0"),
        ("GET", "/docs", {}, None, 200, "</html>"),
    ],
    "guestbook": [
        ("GET", "/", {}, None, 200, "Welcome! &lt;b&gt;Markup"),
        ("POST", "/", FORM_HEADERS, b"name=%3Ci%3E&text=%22hi%22", 303, ""),
        ("GET", "/", {}, None, 200, "<b>&lt;i&gt;</b><br>&quot;hi&quot;</p>"),
        ("POST", "/", FORM_HEADERS, b"name=x", 303, ""),
    ],
    "chat": [
        ("GET", "/", {}, None, 200, "new WebSocket("),
        ("GET", "/chat", {}, None, 400, "handshake"),
    ],
    "gpio": [
        ("GET", "/", {}, None, 200, "new EventSource("),
        ("POST", "/leds/LED7", FORM_HEADERS, b"level=1", 400, "no such LED"),
        ("POST", "/leds/LED0", FORM_HEADERS, b"level=2", 400, "no such LED or level"),
        ("POST", "/leds/LED0", FORM_HEADERS, b"level=0", 204, ""),
    ],
}
# By folder: a function of example_streams, called with the module.
STREAMS = {"chat": "check_chat", "gpio": "check_gpio"}


def copy(name, folder):
    """Copy an example into a folder of its own, because it may write there.

    :returns: the module's name.
    """
    if (EXAMPLES / name).is_dir():
        shutil.copytree(EXAMPLES / name, folder, dirs_exist_ok=True)
        return "app"
    shutil.copy(EXAMPLES / f"{name}.py", folder)
    return name


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Import a copy of an example."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def load(name):
        module = copy(name, tmp_path)
        for known in (module, "simulated_pin"):
            monkeypatch.delitem(sys.modules, known, raising=False)
        return __import__(module)

    return load


@pytest.mark.parametrize("name", REQUESTS)
def test_on_cpython(name, load):
    client = TestClient(load(name).app)
    for method, path, headers, body, status, text in REQUESTS[name]:
        response = asyncio.run(client.request(method, path, headers, body))
        assert response.status_code == status, (method, path, response.text)
        assert text in response.text, (method, path)


@pytest.mark.parametrize("name", REQUESTS)
def test_on_micropython(name, tmp_path):
    run_unix(
        "import asyncio, sys\n"
        "sys.path.insert(0, '')\n"
        f"from {copy(name, tmp_path)} import app\n"
        "from microdot.test_client import TestClient\n"
        "client = TestClient(app)\n"
        "async def main():\n"
        f"    for method, path, headers, body, status, text in {REQUESTS[name]!r}:\n"
        "        response = await client.request(method, path, headers, body)\n"
        "        assert response.status_code == status, (method, path, response.text)\n"
        "        assert text in response.text, (method, path, response.text)\n"
        "asyncio.run(main())\n",
        cwd=tmp_path,
    )


@pytest.mark.parametrize("name", STREAMS)
def test_streams_on_cpython(name, load):
    asyncio.run(getattr(example_streams, STREAMS[name])(load(name)))


@pytest.mark.parametrize("name", STREAMS)
def test_streams_on_micropython(name, tmp_path):
    module = copy(name, tmp_path)
    run_unix(
        "import asyncio, sys\n"
        "sys.path.insert(0, '')\n"
        f"import {module}\n"
        f"from tests.unit.example_streams import {STREAMS[name]} as check\n"
        f"asyncio.run(check({module}))\n",
        cwd=tmp_path,
    )
