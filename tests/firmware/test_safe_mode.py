"""Safe mode."""

import time

import pytest

APP = """
from microdot import Microdot
app = Microdot()

@app.get("/")
async def index(request):
    return "hello"
"""
CRASH = "print('crashing')\nwhile True:\n    pass\n"


def crash(board, times):
    """Boots that end before the application serves: the plug is pulled each time."""
    for _ in range(times):
        board.boot(until="crashing")
        board.power_off()


def test_marker_skips_the_application_until_it_is_removed(board):
    board.write("app.py", APP)
    board.write("safe", "")
    for _ in range(2):
        output = board.boot()
        assert "device: serving rescue page: the file /safe is on the board" in output
        assert board.get("/").status == 503
        assert "/safe" in board.get("/").text
    (board.root / "safe").unlink()
    board.boot()
    assert board.get("/").text == "hello"


def test_third_failed_boot_leads_to_the_rescue_page_and_the_next_one_tries_again(board):
    board.write("app.py", CRASH)
    crash(board, 3)
    board.boot()
    assert "3 boots in a row ended before the application served" in board.get("/").text
    board.write("app.py", APP)
    board.boot()
    assert board.get("/").text == "hello"


def test_main_py_is_not_skipped(board):
    board.write("app.py", CRASH)
    crash(board, 3)
    board.write("main.py", "print('main runs')")
    board.boot(until="main runs")


@pytest.mark.parametrize("good", ["a request", "time"])
def test_application_that_serves_has_passed_the_boot(board, good):
    board.write("app.py", CRASH)
    crash(board, 2)
    board.write("app.py", APP)
    before = "import device.service; device.service.GOOD_AFTER_S = 1" if good == "time" else ""
    board.boot(before=before)
    counter = board.root / ".boots"
    assert counter.read_text() == "3"
    if good == "a request":
        board.get("/")
    deadline = time.monotonic() + 10
    while counter.exists():
        assert time.monotonic() < deadline, "the boot still counts as failed"
        board.status()


def test_ctrl_c_is_no_failed_boot(board):
    board.write("app.py", CRASH)
    for _ in range(4):
        board.boot(until="crashing")
        board.interrupt()
    assert not (board.root / ".boots").exists()


def test_application_that_raises_shows_its_reason_at_every_boot(board):
    board.write("app.py", "raise ValueError('wrong')")
    for _ in range(5):
        assert "/app.py raised ValueError: wrong" in board.boot()
        board.power_off()


def test_damaged_count_is_no_count(board):
    board.write("app.py", APP)
    board.write(".boots", b"\xff")
    board.boot()
    assert board.get("/").text == "hello"
