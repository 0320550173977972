"""What every board serves that runs the firmware with no application on it."""

import pytest

STATUS_KEYS = {
    "board",
    "build",
    "version",
    "micropython",
    "uptime_s",
    "mem_free",
    "mem_alloc",
    "reset_cause",
    "application",
    "network",
    "warnings",
}


def test_the_ready_line_names_the_board(board, booted):
    assert booted.board == board.name
    assert booted.url.startswith("http")


def test_the_dashboard(http, board):
    response = http.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert board.ready.build in response.text


def test_the_status(http, booted):
    response = http.get("/_device/status")
    assert response.status_code == 200
    status = response.json()
    assert status.keys() >= STATUS_KEYS
    assert (status["board"], status["build"]) == (booted.board, booted.build)
    assert status["mem_free"] > 0
    assert status["network"]["up"] is True
    assert status["network"]["ip"] in booted.url


def test_the_uptime_counts(http, eventually):
    first = http.get("/_device/status").json()["uptime_s"]
    eventually(lambda: http.get("/_device/status").json()["uptime_s"] > first)


def test_what_is_not_there(http):
    assert http.get("/_device/nothing").status_code == 404


def test_the_ready_line_is_said_again_when_asked_for(console, booted):
    console.discard()
    console.write(b"\r")
    assert console.wait_ready(5, ask_after=5) == booted


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_other_methods_are_answered(http, method):
    assert http.request(method, "/").status_code < 500
