"""What the board runs or serves, in which order."""

from pathlib import Path

import pytest

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"

APP = """
from microdot import Microdot
app = Microdot()

@app.get("/")
async def index(request):
    return "{text}"
"""

PROBE = """
import sys
print("NAMES", sorted(globals()))
print("MODULES", sorted(name for name in sys.modules))
"""


def test_main_runs_as_on_a_stock_image(board):
    board.write("main.py", PROBE)
    board.write("app.py", APP.format(text="app"))
    stock = board.run("execfile('main.py')")
    ours = board.boot(until=">>> ")
    assert "network up" not in ours
    assert ours.replace("\r\n", "\n").startswith("device: running /main.py\n" + stock)


def test_main_runs_as_main_and_shares_its_names_with_the_repl(board):
    board.write("main.py", "print('running as', __name__)\nanswer = 42\n")
    assert "running as __main__" in board.boot(until=">>> ")
    board.type(b"answer + 1\r")
    board.wait_for("43")


def test_uncaught_exception_of_main_ends_at_the_repl(board):
    board.write("main.py", "\nraise ValueError('told you')\n")
    output = board.boot(until=">>> ")
    assert 'File "main.py", line 2' in output
    assert "ValueError: told you" in output
    board.type(b"6 * 7\r")
    board.wait_for("42")


def test_keyboard_interrupt_reaches_the_repl_through_main(board):
    board.write("main.py", "import time\nprint('busy')\nwhile True:\n    time.sleep(1)\n")
    board.boot(until="busy")
    assert "KeyboardInterrupt" in board.interrupt()


def test_system_exit_passes_through_main(board):
    board.write("main.py", "import sys\nprint('leaving')\nsys.exit(7)\n")
    board.run(f"execfile({str(FIRMWARE / 'main.py')!r})", status=7)


def test_folder_called_main_is_no_program(board):
    board.write("main.py/readme.txt", "")
    assert "device: serving dashboard" in board.boot()


@pytest.mark.parametrize(
    ("files", "serving"),
    [
        (["app.py"], "/app.py"),
        (["app/__init__.py"], "/app"),
    ],
)
def test_application_of_the_file_system(board, files, serving):
    for name in files:
        board.write(name, APP.format(text="from " + name))
    (board.frozen / "app.py").write_text(APP.format(text="frozen"))
    board.write("www/index.html", "static")
    output = board.boot()
    assert f"device: serving {serving}\r\n" in output
    assert board.get("/").text == "from " + files[0]
    assert board.status()["application"] == serving


def test_folder_with_app_py_and_the_modules_it_imports(board):
    board.write("app/app.py", APP.replace("{text}", "") + "from helper import greet\ngreet()\n")
    board.write("app/helper.py", "def greet():\n    print('helper found')\n")
    output = board.boot()
    assert "helper found" in output
    assert "device: serving /app\r\n" in output


def test_folder_without_an_application_says_so(board):
    board.write("app/data.txt", "")
    output = board.boot()
    assert "rescue page: the folder /app has no __init__.py and no app.py" in output


def test_frozen_application(board):
    (board.frozen / "app.py").write_text(APP.format(text="frozen"))
    board.write("www/index.html", "static")
    assert "device: serving frozen app\r\n" in board.boot()
    assert board.get("/").text == "frozen"


def test_frozen_application_that_misses_a_module_is_not_taken_for_absent(board):
    (board.frozen / "app.py").write_text("import app_settings\n")
    assert "rescue page: frozen app raised ImportError" in board.boot()


def test_www(board):
    board.write("www/index.html", "<h1>static</h1>")
    assert "device: serving /www\r\n" in board.boot()
    assert board.get("/").text == "<h1>static</h1>"
    assert board.status()["application"] == "/www"


def test_www_without_index_is_not_served(board):
    board.write("www/style.css", "")
    assert "device: serving dashboard\r\n" in board.boot()


def test_dashboard(board):
    assert "device: serving dashboard\r\n" in board.boot()
    page = board.get("/")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert "0123456789ab" in page.text
    assert board.get("/other").status == 404


def test_files_in_the_root_do_not_take_the_place_of_the_frozen_modules(board):
    board.write("device.py", "raise Exception('the wrong device')")
    board.write("microdot.py", "raise Exception('the wrong framework')")
    board.write("app.py", APP.format(text="right"))
    output = board.boot()
    assert "device: /microdot.py hides the firmware's framework" in output
    assert sorted(board.status()["warnings"]) == [
        "/device.py is hidden by a package of the firmware; rename it",
        "/microdot.py hides the firmware's framework from /main.py; remove it",
    ]
    assert board.get("/").text == "right"
