"""The commands as users type them: run, monitor, deploy."""

import os
import pty
import queue
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from hil.images import find_image
from hil.project import build_folder, find_root

CHECKOUT = Path(__file__).resolve().parents[2]
SERVING_WITHIN_S = 5.0
FIRST_LIGHT = "Serving http://localhost:"


class Command:
    """A `hil` command in the background, with the lines it prints. It ends with the test."""

    started: ClassVar[list["Command"]] = []

    def __init__(self, *arguments, **options):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hil", *map(str, arguments)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **options,
        )
        self.started.append(self)
        self.lines = []
        self._coming = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._coming.put(self.lines[-1])
        self._coming.put(None)

    def wait_for(self, text, timeout=20):
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self._coming.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"never said {text!r}: {self.lines}"
            if text in line:
                return line

    def end(self, number=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(10)


def hil(*arguments, timeout=30, **options):
    """A `hil` command from beginning to end: exit status and what it printed."""
    command = [sys.executable, "-m", "hil", *map(str, arguments)]
    result = subprocess.run(
        command,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
        **options,
    )
    return result.returncode, result.stdout


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def answers(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=2, trust_env=False).text
    except httpx.HTTPError:
        return None


@pytest.fixture(autouse=True)
def ended():
    """Whatever a test started ends with it, also where it fails."""
    yield
    while Command.started:
        Command.started.pop().end(signal.SIGKILL)


@pytest.fixture
def build(tmp_path):
    """A build folder of the test's own, with the image that was built."""
    shutil.copy(find_image(build_folder(find_root(), "qemu"), "qemu").path, tmp_path)
    return tmp_path


class Running:
    """A `hil run` that serves."""

    def __init__(self, build):
        self.port = free_port()
        started = time.monotonic()
        self.command = Command("run", "--build", build, "--http-port", self.port)
        self.console = re.search(r"/dev/\S+", self.command.wait_for("Console: "))[0]
        self.command.wait_for(f"{FIRST_LIGHT}{self.port}")
        self.seconds = time.monotonic() - started

    def mpremote(self, *arguments, connect=None):
        command = [
            sys.executable,
            "-m",
            "mpremote",
            "connect",
            connect or self.console,
            *arguments,
        ]
        return subprocess.run(
            list(map(str, command)), capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def running(build):
    return Running(build)


def test_it_serves_and_ctrl_c_ends_it(build, eventually):
    board = Running(build)
    assert answers(board.port) is not None
    assert board.seconds < SERVING_WITHIN_S
    assert os.readlink(build / "run" / "console") == board.console
    assert any(line.startswith("READY http://") for line in board.command.lines)
    assert any(
        "reaches neither this machine nor the Internet" in line for line in board.command.lines
    )
    assert board.command.end(signal.SIGINT) == 0
    with socket.create_server(("127.0.0.1", board.port)):
        pass
    assert not (build / "run" / "console").is_symlink()


def test_it_serves_again_with_the_same_flash(build):
    Running(build).command.end()
    again = Running(build)
    assert answers(again.port) is not None
    assert again.seconds < SERVING_WITHIN_S
    assert again.command.end(signal.SIGTERM) == 0


def test_https_with_a_certificate_made_at_the_first_start(build):
    ports = free_port(), free_port()
    arguments = ("run", "--build", build, "--http-port", ports[0], "--https-port", ports[1])
    https = f"https://localhost:{ports[1]}"
    first = Command(*arguments)
    first.wait_for("HTTPS: the board gets a key")
    first.wait_for(f"Serving {https}")
    trust = ssl.create_default_context(cafile=str(build / "run" / "certificate.pem"))
    assert httpx.get(f"{https}/", verify=trust, trust_env=False).status_code == 200
    first.end()
    again = Command(*arguments)
    again.wait_for(f"Serving {https}")
    assert httpx.get(f"{https}/", verify=trust, trust_env=False).status_code == 200
    assert not any("gets a key" in line for line in again.lines)
    assert "PRIVATE" not in "".join(first.lines + again.lines)
    assert again.end() == 0


def test_nothing_is_left_when_it_is_killed(running, eventually):
    running.command.end(signal.SIGKILL)
    eventually(lambda: answers(running.port) is None)

    def bindable():
        try:
            socket.create_server(("127.0.0.1", running.port)).close()
        except OSError:
            return False
        return True

    eventually(bindable)


def test_mpremote_works_meanwhile_and_the_board_serves_again(running, build, eventually):
    assert running.mpremote("exec", "print(1)").stdout == "1\n"
    running.command.wait_for("The console was left in the REPL")
    eventually(lambda: answers(running.port))
    link = build / "run" / "console"
    assert running.mpremote("exec", "print(2)", connect=link).stdout == "2\n"
    running.command.wait_for("READY ")
    eventually(lambda: answers(running.port))
    assert running.command.lines.count("1") == 0, "the raw REPL was shown"


def test_a_session_of_several_mpremote_commands_keeps_its_state(running):
    assert running.mpremote("exec", "a = 5").returncode == 0
    assert running.mpremote("resume", "exec", "print(a)").stdout == "5\n"


def test_64_kilobytes_arrive_and_come_back(running, tmp_path):
    sent, got = tmp_path / "sent", tmp_path / "got"
    # Text, because mpremote sends other bytes as four characters each.
    sent.write_text(secrets.token_hex(32768))
    there = running.mpremote("fs", "cp", sent, ":/big.bin")
    assert there.returncode == 0, there.stdout + there.stderr
    back = running.mpremote("fs", "cp", ":/big.bin", got)
    assert back.returncode == 0, back.stdout + back.stderr
    assert got.read_text() == sent.read_text()


def test_a_program_of_the_users_own_needs_no_ready_line(build, eventually):
    first = Running(build)
    program = "with open('/main.py', 'w') as f: f.write('print(6 * 7)')"
    copied = first.mpremote("exec", program)
    assert copied.returncode == 0, copied.stderr
    first.command.end()
    again = Command("run", "--build", build, "--http-port", 0)
    again.wait_for("No READY line is to be expected of /main.py")
    eventually(lambda: "42" in again.lines)
    assert again.end() == 0


def test_a_second_one_on_the_same_flash_is_refused(running, build):
    status, said = hil("run", "--build", build, "--http-port", 0)
    assert status == 1
    assert "is in use by another emulator" in said
    assert f"process {running.command.process.pid}" in said


def test_a_port_that_is_taken(build):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        status, said = hil("run", "--build", build, "--http-port", port)
    assert status == 1
    assert said.startswith(f"hil: port {port} is taken by ")
    assert "HTTP_PORT=" in said
    assert len(said.splitlines()) == 1


def test_an_image_that_never_gets_ready_shows_its_last_words(tmp_path):
    source = Path(__file__).with_name("never_ready.s")
    subprocess.run(
        [
            "arm-none-eabi-gcc",
            "-nostdlib",
            "-Wl,-Ttext=0,-e,0",
            "-o",
            tmp_path / "firmware.elf",
            source,
        ],
        check=True,
    )
    status, said = hil("run", "--build", tmp_path, "--http-port", 0, "--timeout", 0.5)
    assert status == 1
    assert "hil: qemu: no READY line within 0.5 s" in said
    assert said.endswith("  | Starting ...\n  | Oops, out of ideas\n")
    assert "Traceback" not in said


def test_what_is_no_image(tmp_path):
    (tmp_path / "firmware.elf").write_bytes(b"microdot-build:board=qemu;id=0123456789ab;")
    status, said = hil("run", "--build", tmp_path, "--http-port", 0)
    assert status == 1
    assert "the emulator ended with status " in said
    assert "Traceback" not in said


def test_without_an_image(tmp_path):
    status, said = hil("run", "--build", tmp_path)
    assert status == 1
    assert "build it with `make BOARD=qemu`" in said


def test_without_qemu(build):
    status, said = hil("run", "--build", build, "--http-port", 0, env={**os.environ, "PATH": ""})
    assert status == 1
    assert said.startswith("hil: qemu-system-arm is missing, it emulates the board: sudo apt-get ")
    assert len(said.splitlines()) == 1


def test_an_unknown_board():
    status, said = hil("run", "--board", "nonsense")
    assert status == 1
    assert said.startswith("hil: there is no board 'nonsense'; boards: ")


@pytest.mark.parametrize("command", [["monitor"], ["deploy", __file__]])
def test_no_board_is_running(command, tmp_path):
    status, said = hil(*command, "--build", tmp_path)
    assert status == 1
    assert said == "hil: no board 'qemu' is running here: start one with `make run`\n"


def test_monitor_shows_the_console_until_ctrl_bracket(running, build, application):
    monitor = Command("monitor", "--build", build, stdin=subprocess.PIPE)
    monitor.wait_for("Ctrl-] leaves")
    monitor.process.stdin.write("\r")
    monitor.process.stdin.flush()
    monitor.wait_for("READY ")
    status, said = hil("deploy", application, "--build", build)
    assert status == 1
    assert "is in use by another program" in said
    monitor.process.stdin.write("\x1d")
    monitor.process.stdin.close()
    assert monitor.process.wait(5) == 0


def test_monitor_leaves_the_terminal_as_it_was(running, build):
    terminal, inside = pty.openpty()
    before = termios.tcgetattr(inside)
    monitor = Command("monitor", "--build", build, stdin=inside)
    monitor.wait_for("Ctrl-] leaves")
    os.write(terminal, b"\x03")
    monitor.wait_for("MicroPython v")
    os.write(terminal, b"print(6 * 7)\r")
    monitor.wait_for("42")
    os.write(terminal, b"\x18")
    assert monitor.process.wait(5) == 0
    assert termios.tcgetattr(inside) == before
    os.close(terminal)
    os.close(inside)
    running.command.wait_for("The console was left in the REPL")


def test_monitor_ends_with_the_board(running, build):
    monitor = Command("monitor", "--build", build, stdin=subprocess.PIPE)
    monitor.wait_for("Ctrl-] leaves")
    assert running.command.end() == 0
    monitor.wait_for("is gone: the board was stopped")
    assert monitor.process.wait(5) == 1
    monitor.process.stdin.close()


APPLICATION = """\
from microdot import Microdot
from lib.text import TEXT

app = Microdot()


@app.get("/")
async def index(request):
    return TEXT


app.run()
"""


@pytest.fixture
def application(tmp_path):
    folder = tmp_path / "my_app"
    (folder / "lib").mkdir(parents=True)
    (folder / "app.py").write_text(APPLICATION)
    (folder / "lib" / "text.py").write_text("TEXT = 'deployed'\n")
    return folder


def test_deploy_a_folder_then_a_file(running, build, application):
    status, said = hil("deploy", application, "--build", build)
    assert status == 0, said
    assert f"http://localhost:{running.port}" in said
    assert answers(running.port) == "deployed"
    single = application / "other.py"
    single.write_text(APPLICATION.replace("return TEXT", "return 'a single file'"))
    status, said = hil("deploy", single, "--build", build)
    assert status == 0, said
    assert answers(running.port) == "a single file"
    assert not any("left in the REPL" in line for line in running.command.lines)


def test_deploy_what_does_not_compile(running, build, application):
    (application / "lib" / "text.py").write_text("TEXT = \n")
    status, said = hil("deploy", application, "--build", build)
    assert status == 1
    assert "lib/text.py, line 1: SyntaxError: invalid syntax\n  | TEXT = \n" in said
    assert answers(running.port) is not None


def test_deploy_what_does_not_load(running, build, application):
    (application / "lib" / "text.py").write_text("TEXT = nothing\n")
    status, said = hil("deploy", application, "--build", build)
    assert status == 1
    assert "cannot serve the application" in said
    assert "NameError" in said


def test_deploy_where_a_main_py_hides_it(running, build, application):
    (application / "main.py").write_text("print('mine')\n")
    status, said = hil("deploy", application, "--build", build)
    assert status == 1
    assert "/main.py on the board runs in place of /app.py" in said
