"""The pages of the board and of the examples, in a browser."""

from pathlib import Path

import httpx
import pytest

from hil.deploy import collect

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def serve(board_factory):
    """Boot a board with an application of the examples, and return it."""
    return lambda name: board_factory(files=collect(EXAMPLES / name))


def test_dashboard(board, browser):
    browser.driver.get(board.http_url)
    browser.see("running", "#state")
    uptime = browser.find("#uptime").text
    browser.until(lambda: browser.find("#uptime").text != uptime, "the uptime stands still")
    browser.shoot("dashboard")


def test_event_source(serve, browser):
    board = serve("gpio")
    browser.driver.get(board.http_url)
    browser.see("LED0 is off")
    browser.find("#LED0 button").click()
    browser.see("LED0 is on")
    browser.see("BUTTON0 is released")
    form = {"level": "1"}
    answer = httpx.post(board.http_url + "/leds/LED1", data=form, trust_env=False)
    assert answer.status_code == 204
    browser.see("LED1 is on")
    browser.shoot("gpio")
    board.reset()
    # The page finds out by itself that its connection leads nowhere, and makes another.
    browser.see("LED0 is off")
    browser.see("connected", "#state")


def test_websocket(serve, browser):
    board = serve("chat")
    browser.driver.get(board.http_url)
    browser.see("connected", "#state")
    first = browser.open_window(board.http_url)
    browser.see("connected", "#state")
    browser.fill(name="Ann", text="Is anybody there?\n")
    browser.see("Is anybody there?", "#log")
    second = browser.driver.current_window_handle
    browser.driver.switch_to.window(first)
    browser.see("Ann Is anybody there?", "#log")
    browser.fill(name="Joe", text="<b>I am</b> &amp; I see you, \u00e4\u20ac!")
    browser.find("form button").click()
    browser.driver.switch_to.window(second)
    browser.see("Joe <b>I am</b> &amp; I see you, \u00e4\u20ac!", "#log")
    browser.fill(text="Good. " * 50)
    browser.find("form button").click()
    browser.see("Good. Good.", "#log")
    browser.shoot("chat")
    browser.open_window(board.http_url)
    browser.see("Is anybody there?", "#log")


def test_login_form(serve, browser):
    board = serve("login.py")
    browser.driver.get(board.http_url)
    browser.fill(name="joe", password="wrong\n")
    browser.see("That was wrong.")
    browser.fill(name="joe", password="secret\n")
    browser.see("Hello, joe! You were here 1 times.")
    browser.driver.refresh()
    browser.see("You were here 2 times.")
    browser.shoot("home")
    browser.find("button").click()
    browser.find("[name=password]")
    browser.shoot("login")
    browser.driver.get(board.http_url)
    browser.find("[name=password]")


def test_upload(serve, browser, tmp_path):
    board = serve("upload.py")
    data = bytes(range(256)) * 120
    (tmp_path / "my file.bin").write_bytes(data)
    browser.driver.get(board.http_url)
    browser.fill(file=str(tmp_path / "my file.bin"))
    browser.find("button").click()
    browser.see("my_file.bin", "li a")
    browser.shoot("upload")
    url = browser.find("li a").get_attribute("href")
    assert httpx.get(url, trust_env=False).content == data
