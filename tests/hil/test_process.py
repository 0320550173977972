import os
import signal
import subprocess
import sys

import pytest

from hil.emulators.process import EmulatorProcess
from hil.errors import HilError

SLEEP = ["sleep", "60"]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_is_ended(tmp_path):
    process = EmulatorProcess(SLEEP, tmp_path, tmp_path / "log")
    assert process.running
    process.end()
    assert not process.running
    process.end()


def test_it_does_not_outlive_its_deadline(tmp_path):
    process = EmulatorProcess(SLEEP, tmp_path, tmp_path / "log", deadline=0.05)
    assert process.wait(5) == -signal.SIGKILL
    assert "deadline" in process.why_ended()
    process.end()


def test_why_it_ended_shows_the_first_complaint(tmp_path):
    process = EmulatorProcess(
        ["sh", "-c", "echo one; echo two >&2; exit 3"], tmp_path, tmp_path / "log"
    )
    assert process.wait(5) == 3
    assert process.why_ended() == "the emulator ended with status 3: one"
    process.end()


def test_waiting_too_long_is_an_error(tmp_path):
    process = EmulatorProcess(SLEEP, tmp_path, tmp_path / "log")
    with pytest.raises(HilError, match="did not end within"):
        process.wait(0.01)
    process.end()


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs Linux's /proc")
@pytest.mark.parametrize("in_thread", [False, True])
def test_it_does_not_outlive_a_program_that_is_killed(tmp_path, eventually, in_thread):
    start = f"p = EmulatorProcess({SLEEP!r}, Path('.'), Path('log')); print(p.pid, flush=True)"
    code = (
        "import threading; from pathlib import Path\n"
        "from hil.emulators.process import EmulatorProcess\n"
        f"def start():\n    global p; {start}\n"
        + (
            "t = threading.Thread(target=start); t.start(); t.join()\n"
            if in_thread
            else "start()\n"
        )
        + "input()"
    )
    path = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
    program = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with program:
        pid = int(program.stdout.readline())
        assert alive(pid)
        program.kill()
    eventually(lambda: not alive(pid))
