"""The examples of the extensions on a board."""

from pathlib import Path

import httpx
import pytest

from microdot._compile_templates import compile_folder

EXAMPLES = Path(__file__).parents[2] / "examples"


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
