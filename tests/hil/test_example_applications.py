"""The examples of the extensions on a board."""

import json
import sys
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from hil.deploy import collect
from microdot._compile_templates import compile_folder

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def serve(board_factory):
    """Put files on a board, and return a client of what it serves."""
    clients = []

    def start(files):
        board = board_factory(files=files)
        clients.append(httpx.Client(base_url=board.http_url, timeout=10, trust_env=False))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def test_login(serve):
    http = serve({"/app.py": EXAMPLES / "login.py"})
    assert http.get("/").headers["Location"] == "/login?next=/"
    assert http.post("/login", data={"name": "joe", "password": "wrong"}).status_code == 403
    user = {"name": "joe", "password": "secret", "remember": "on"}
    assert http.post("/login?next=/", data=user).headers["Location"] == "/"
    assert "Hello, joe! You were here 1 times" in http.get("/").text
    http.cookies.delete("session")
    assert "Hello, joe!" in http.get("/").text
    http.post("/logout")
    assert http.get("/").status_code == 302


def test_upload(serve):
    http = serve({"/app.py": EXAMPLES / "upload.py"})
    data = bytes(range(256)) * 240  # 60 KB, more than fits into the board's limits for bodies
    response = http.post("/", files={"file": ("../my file.bin", data)})
    assert response.status_code == 303
    assert "/files/my_file.bin" in http.get("/").text
    assert http.get("/files/my_file.bin").content == data


def test_rest_api(serve):
    http = serve({"/app.py": EXAMPLES / "rest_api.py"})
    added = http.post("/notes", json={"text": "new"})
    assert (added.status_code, added.headers["Location"]) == (201, "/notes/2")
    assert http.get("/notes/2").json() == {"id": 2, "text": "new", "done": False}
    assert http.post("/notes", json={"text": 1}).status_code == 400
    assert set(http.get("/openapi.json").json()["paths"]) == {"/notes", "/notes/{id}"}
    assert http.get("/docs").text.endswith("</html>\n")


@pytest.mark.parametrize("compiled", [False, True], ids=["source", "compiled"])
def test_guestbook(serve, tmp_path, compiled):
    templates = EXAMPLES / "guestbook/templates"
    if compiled:
        compile_folder(templates, tmp_path)
    files = {f"/templates/{p.name}": p for p in (tmp_path if compiled else templates).iterdir()}
    http = serve({"/app.py": EXAMPLES / "guestbook/app.py", **files})
    assert "Welcome! &lt;b&gt;Markup" in http.get("/").text
    http.post("/", data={"name": "<i>", "text": "'hi'"})
    assert "<b>&lt;i&gt;</b><br>&#39;hi&#39;</p>" in http.get("/").text


def collect_frozen(application):
    """Return an application's files in the form in which an image carries them."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from generate import application_modules
    finally:
        del sys.path[0]
    return {f"/{name}": content for name, content in application_modules(application).items()}


with_static_files = pytest.mark.parametrize(
    "collect", [collect, collect_frozen], ids=["folder", "frozen"]
)


@with_static_files
def test_chat(serve, collect):
    http = serve(collect(EXAMPLES / "chat"))
    page = http.get("/")
    assert page.content == (EXAMPLES / "chat/static/index.html").read_bytes()
    url = str(http.base_url.copy_with(scheme="ws")) + "/chat"
    with connect(url, proxy=None) as joe, connect(url, proxy=None) as ann:
        assert joe.recv(timeout=5) == ann.recv(timeout=5) == "[]"
        joe.send('{"name": "joe", "text": "caf\u00e9?"}')
        for socket in (joe, ann):
            assert json.loads(socket.recv(timeout=5)) == [{"name": "joe", "text": "caf\u00e9?"}]


@with_static_files
def test_gpio(serve, collect):
    http = serve(collect(EXAMPLES / "gpio"))
    page = http.get("/")
    assert page.content == (EXAMPLES / "gpio/static/index.html").read_bytes()
    with http.stream("GET", "/events") as stream:
        events = (json.loads(line[6:]) for line in stream.iter_lines() if line[:5] == "data:")
        assert next(events)["leds"] == [["LED0", 0], ["LED1", 0]]
        assert http.post("/leds/LED1", data={"level": "1"}).status_code == 204
        assert any(event["leds"] == [["LED0", 0], ["LED1", 1]] for event in events)
