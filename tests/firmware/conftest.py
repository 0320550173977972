"""A board without hardware: the firmware under this machine's MicroPython, its root a folder."""

import contextlib
import http.client
import json
import os
import pty
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MICROPYTHON = ROOT / "build/unix/micropython"
STANDINS = Path(__file__).parent / "board"
BUILD = """
BOARD = "qemu"
VERSION = "0.1.0"
ID = "0123456789ab"
MARKER = "microdot-build:board=qemu;id=0123456789ab;"
MICROPYTHON = "1.25.0"
NETWORK = "LAN"
TCP_PCBS = 16
"""


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Board:
    """`root` is the file system, `frozen` what an image has frozen, `port` where HTTP is."""

    def __init__(self, folder):
        self.root = folder / "root"
        self.frozen = folder / "frozen"
        self.port = _free_port()
        self.output = ""
        self._process = None
        self._console = None
        self.root.mkdir()
        (self.frozen / "device").mkdir(parents=True)
        for source in (ROOT / "firmware/device").glob("*.py"):
            (self.frozen / "device" / source.name).symlink_to(source)
        (self.frozen / "device/_build.py").write_text(BUILD)
        (self.frozen / "microdot").symlink_to(ROOT / "microdot")
        for source in STANDINS.glob("*.py"):
            (self.frozen / source.name).symlink_to(source)
        self.settings()

    def settings(self, **values):
        """Writes /settings.json; the ports are this test's own unless it says otherwise."""
        own = {"listen": "127.0.0.1", "http_port": self.port}
        self.write("settings.json", json.dumps(own | values))

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def _environment(self, variables):
        return {"PATH": os.environ["PATH"], "MICROPYPATH": f":{self.frozen}:.frozen", **variables}

    def run(self, code, status=0, **variables):
        """Runs code on the board and returns what it printed; status: how it is to exit."""
        done = subprocess.run(
            [str(MICROPYTHON), "-c", code],
            cwd=self.root,
            env=self._environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=20,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def boot(self, until="READY", before="", main=ROOT / "firmware/main.py", **variables):
        """Starts the board and waits for a text on its console, which is a terminal.

        before: code that runs first, as a board's boot.py would.
        """
        self.power_off()
        self.output = ""
        self._console, terminal = pty.openpty()
        code = f"{before}\nexecfile({str(main)!r})"
        self._process = subprocess.Popen(
            ["setsid", "--ctty", str(MICROPYTHON), "-i", "-c", code],
            cwd=self.root,
            env=self._environment(variables),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        return self.wait_for(until)

    def wait_for(self, text, after=0, timeout=10):
        """Waits for a text on the console, from `after` characters on; returns all output."""
        deadline = time.monotonic() + timeout
        while text not in self.output[after:]:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._console], [], [], left)[0]:
                pytest.fail(f"no {text!r} on the console within {timeout} s:\n{self.output}")
            try:
                self.output += os.read(self._console, 4096).decode(errors="replace")
            except OSError:  # the other end of the terminal is gone
                pytest.fail(f"the board stopped before {text!r}:\n{self.output}")
        return self.output

    def type(self, keys):
        os.write(self._console, keys)

    def interrupt(self):
        """Ctrl-C on the console, then waits for the REPL."""
        seen = len(self.output)
        self.type(b"\x03")
        return self.wait_for(">>> ", seen)

    def power_off(self):
        """The plug is pulled: no clean end."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            os.close(self._console)
            self._process = None

    def request(self, path, method="GET", port=None, **headers):
        """One request on a connection of its own; the answer has `status`, `headers`, `text`."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            answer.content = answer.read()
            answer.text = answer.content.decode(errors="replace")
            return answer

    def get(self, path):
        return self.request(path)

    def status(self):
        answer = self.get("/_device/status")
        assert answer.status == 200, answer.text
        return json.loads(answer.text)


@pytest.fixture
def free_port():
    return _free_port()


@pytest.fixture
def board(tmp_path):
    if not MICROPYTHON.exists():
        pytest.fail("build/unix/micropython is missing: run `make test`, which builds it")
    board = Board(tmp_path)
    yield board
    board.power_off()
