"""A headless Chromium, driven through Debian's chromedriver."""

import contextlib
import shutil

import pytest

from hil.project import find_root

PATIENCE = 15  # seconds until something has to be on a page
SIZES = {"wide": (1200, 800), "narrow": (390, 800)}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)


class Browser:
    """The browser's current window. Whatever is looked for on a page is waited for.

    :param driver: Selenium's.
    """

    def __init__(self, driver):
        from selenium.webdriver.support.wait import WebDriverWait

        self.driver = driver
        self._wait = WebDriverWait(driver, PATIENCE, poll_frequency=0.05)

    def until(self, condition, message):
        """Wait for a condition, and fail with a message if it does not come true.

        :returns: what the condition returned.
        """
        from selenium.common.exceptions import StaleElementReferenceException, TimeoutException

        def check(_):
            # A page may be replaced by the next one while it is looked at.
            with contextlib.suppress(StaleElementReferenceException):
                return condition()
            return False

        try:
            return self._wait.until(check)
        except TimeoutException:
            body = self.driver.find_element("css selector", "body").text
            pytest.fail(f"{message} after {PATIENCE} s; the page shows:\n{body}", pytrace=False)

    def find(self, selector):
        """Wait for an element that can be seen, and return it."""

        def look():
            found = self.driver.find_elements("css selector", selector)
            return found[0] if found and found[0].is_displayed() else None

        return self.until(look, f"no {selector}")

    def see(self, text, selector="body"):
        """Wait for a text in an element."""
        self.until(lambda: text in self.find(selector).text, f"no {text!r} in {selector}")

    def fill(self, **fields):
        """Fill in fields of a form, by their names."""
        for name, value in fields.items():
            field = self.find(f"[name={name}]")
            if field.get_attribute("type") != "file":
                field.clear()
            field.send_keys(value)

    def open_window(self, url):
        """Open a page in a new window, which is the current one then.

        :returns: the window that was current before, for `driver.switch_to.window`.
        """
        before = self.driver.current_window_handle
        self.driver.switch_to.new_window("window")
        self.driver.get(url)
        return before

    def shoot(self, name):
        """Keep a picture of the page in each size; nothing may reach out of it at its side."""
        folder = find_root() / "build/browser"
        folder.mkdir(parents=True, exist_ok=True)
        for size, (width, height) in SIZES.items():
            self.driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
            )
            self.driver.save_screenshot(str(folder / f"{name}-{size}.png"))
            needed = self.driver.execute_script("return document.documentElement.scrollWidth")
            assert needed <= width, f"{name} needs {needed} px, the window has {width}"
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def errors(self):
        """Return what scripts have complained about since the last call."""
        entries = self.driver.get_log("browser")
        return [e for e in entries if e["level"] == "SEVERE" and e["source"] != "network"]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """The browser, with a profile of its own."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        pytest.fail(
            "chromium or chromedriver is missing: `make test-browser` installs them", False
        )
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(programs[1])
    driver = webdriver.Chrome(options, service)
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium):
    """The browser with one empty window; scripts must not have failed in the end."""
    chromium.delete_all_cookies()
    browser = Browser(chromium)
    browser.errors()
    yield browser
    errors = browser.errors()
    first, *others = chromium.window_handles
    for window in others:
        chromium.switch_to.window(window)
        chromium.close()
    chromium.switch_to.window(first)
    chromium.get("about:blank")
    assert not errors
