"""`/_device` beside the user's application."""

import json
import socket

import pytest


def test_status_fields(board):
    board.boot(RESET_CAUSE="3")
    answer = board.get("/_device/status")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    status = json.loads(answer.text)
    memory = status.pop("mem_free"), status.pop("mem_alloc"), status.pop("uptime_s")
    assert all(type(value) is int and value >= 0 for value in memory)
    assert status == {
        "board": "qemu",
        "build": "0123456789ab",
        "version": "0.1.0",
        "micropython": "1.25.0",
        "reset_cause": "WDT",
        "application": "dashboard",
        "https": "off: no /cert.der and /key.der on the board",
        "network": {
            "interface": "LAN",
            "up": True,
            "ip": "127.0.0.1",
            "mac": "52:54:00:12:34:56",
            "hostname": "qemu-beef",
        },
        "warnings": [],
    }


@pytest.mark.parametrize(("cause", "name"), [(1, "PWRON"), (2, "HARD"), (5, "SOFT"), (9, "9")])
def test_reset_causes(board, cause, name):
    code = "from device import status; print(status.reset_cause())"
    assert board.run(code, RESET_CAUSE=str(cause)) == name + "\n"


def test_uptime_counts_over_the_wraps_of_the_clock(board):
    code = """
import time
period = time.ticks_add(0, -1) + 1
class clock:
    now = 0
    def ticks_ms(): return clock.now % period
    ticks_diff = time.ticks_diff
from device import status
status.time = clock
status._clock[:] = [0, 0]
for _ in range(5):
    clock.now += period // 3
    print(status.uptime() == clock.now // 1000)
"""
    assert board.run(code) == "True\n" * 5


def test_unset_clock_is_a_warning(board):
    code = """
from device import status
class clock:
    def gmtime(): return (2000, 1, 1)
status.time = clock
print(status._clock_warning())
"""
    assert "the clock is not set" in board.run(code)


APP = """
import asyncio
from microdot import Microdot
app = Microdot()

@app.before_request
async def guard(request):
    {hook}

@app.after_request
async def mark(request, response):
    response.headers["X-App"] = "1"
    return response

@app.errorhandler(404)
async def missing(request):
    return "the application's 404", 404

@app.get("/whose")
async def whose(request):
    return str(request.app is app)

@app.route("/_device/status")
@app.route("/_devices")
async def mine(request):
    return "the application's"
"""


def test_application_and_device_have_their_own_hooks(board):
    board.write("app.py", APP.format(hook="pass"))
    board.boot()
    assert board.get("/whose").text == "True"
    assert board.get("/whose").headers["X-App"] == "1"
    assert board.get("/_devices").text == "the application's"
    assert board.get("/none").text == "the application's 404"
    answer = board.get("/_device/status")
    assert json.loads(answer.text)["application"] == "/app.py"
    assert answer.headers["X-App"] is None
    assert board.get("/_device").status == 404
    assert board.get("/_device/none").text != "the application's 404"


@pytest.mark.parametrize(
    "hook", ["raise ValueError", "await asyncio.sleep(1000)", "return 'no', 403"]
)
def test_device_answers_while_the_application_is_wedged_in_its_hooks(board, hook):
    board.write("app.py", APP.format(hook=hook))
    board.boot()
    with socket.create_connection(("127.0.0.1", board.port)) as wedged:
        wedged.sendall(b"GET /whose HTTP/1.1\r\nHost: board\r\n\r\n")
        assert board.status()["application"] == "/app.py"


def test_percent_encoded_path_is_the_same_path(board):
    board.write("app.py", APP.format(hook="pass"))
    board.boot()
    assert board.get("/%5Fdevice/status").headers["X-App"] is None


def test_nothing_of_what_is_shown_is_taken_for_html(board):
    shown = board.run("from device import pages; print(pages.escape('<a href=\"x\">&\\'</a>'))")
    assert shown == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;\n"
    build = board.frozen / "device/_build.py"
    build.write_text(build.read_text().replace('"0.1.0"', '"<script>"'))
    board.write("microdot<img>.py", "")
    board.boot()
    page = board.get("/").text
    assert "&lt;script&gt; on MicroPython" in page
    assert "microdot&lt;img&gt;.py" in page
    assert "<img>" not in page


def test_log_is_bounded(board):
    code = """
from device import log
for number in range(1000):
    log._keep("line %d" % number)
print(len(log.text()) <= log.LIMIT, log.text()[-8:])
log._keep("x" * 5000)
print(len(log.text()))
"""
    assert board.run(code) == "True line 999\n2048\n"
