"""What a board serves, by what is on its file system."""

import httpx
import pytest

APPLICATION = """\
from microdot import Microdot

app = Microdot()


@app.get("/")
async def index(request):
    return "hello from app.py"

"""


def get(board, path="/"):
    return httpx.get(board.http_url + path, timeout=10, trust_env=False)


def said(board):
    return "\n".join(board.console.tail(50))


@pytest.mark.parametrize(
    "ending",
    [
        "",
        "app.run()\n",
        "app.run(port=5000, debug=True)\n",
        "if __name__ == '__main__':\n    app.run()\n",
    ],
    ids=["no run", "run", "run with arguments", "guarded run"],
)
def test_an_application_is_served(board_factory, ending):
    board = board_factory(files={"/app.py": APPLICATION + ending})
    response = get(board)
    assert (response.status_code, response.text) == (200, "hello from app.py")
    assert get(board, "/_device/status").json()["application"] == "/app.py"
    assert "device: serving /app.py" in said(board)


def test_an_application_that_does_not_load_is_explained(board_factory):
    board = board_factory(files={"/app.py": "import nowhere\n"})
    response = get(board)
    assert response.status_code >= 500
    assert "nowhere" in response.text
    assert "device: serving rescue page: " in said(board)
    assert get(board, "/_device/status").status_code == 200


def test_files_alone_are_served(board_factory):
    board = board_factory(files={"/www/index.html": "<h1>just a file</h1>", "/www/a.css": "b{}"})
    response = get(board)
    assert (response.status_code, response.text) == (200, "<h1>just a file</h1>")
    assert response.headers["content-type"].startswith("text/html")
    assert get(board, "/a.css").text == "b{}"
    assert "device: serving /www" in said(board)


def test_a_program_of_the_users_own_runs_as_on_stock(board_factory):
    board = board_factory()
    program = "x = 42\nprint('name', __name__)\n"
    board.put({"/main.py": program})
    board.console.soft_reset()
    board.console.expect(r"name __main__\r\n", 10)
    board.console.expect(r">>> \Z", 10)
    # As after any main.py, its names are there in the REPL.
    board.console.write(b"x + 1\r")
    board.console.expect(r"\n43\r\n", 5)
    board.remove("/main.py")
    assert board.restart().board == board.name
    assert get(board).status_code == 200


def test_an_application_put_in_place_while_the_board_serves(board_factory):
    board = board_factory()
    assert "hello" not in get(board).text
    board.put({"/app.py": APPLICATION})
    board.restart()
    assert get(board).text == "hello from app.py"
    board.remove("/app.py")
    board.restart()
    assert "hello" not in get(board).text
