"""Power that fails in the middle of anything never costs the file system."""

import re
import subprocess
import threading
from pathlib import Path

from hil.boards import load_board

from .conftest import BOARD, ROOT, STARTED, Boot, image

POWER_FAILED = 3  # QEMU's exit status, ports/cortexm/hostflash.c
MOST_OPERATIONS = 200

# Says what the last run left of a file, and replaces it as careful programs do. Each content has
# a number and a length of its own.
WORKLOAD = """\
import os
number = 0
try:
    with open("/data") as f:
        number = int(f.read(9))
        print("FOUND", number, f.read() == "x" * (5000 + number))
except OSError:
    pass
with open("/new", "w") as f:
    f.write("%09d" % (number + 1) + "x" * (5001 + number))
os.rename("/new", "/data")
print("DONE")
"""


def run(folder: Path, cut: int, until: str) -> tuple[str, int | None]:
    """Runs the image until it says `until`, or the power fails: what it said, and its status."""
    emulation = load_board(ROOT, BOARD).emulator
    assert emulation is not None
    command = [
        *("qemu-system-arm", "-machine", emulation.machine, "-kernel", str(image().path)),
        *("-nodefaults", "-display", "none", "-monitor", "none", "-serial", "stdio"),
        *("-nic", f"user,model={emulation.nic},restrict=on"),
        "-semihosting-config",
        f"enable=on,target=native,arg=microdot,arg=flash=flash.bin,arg=cut={cut}",
    ]
    said = ""
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        deadline = threading.Timer(20, process.kill)
        deadline.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                said += line
                if re.search(until, line):
                    return said, None
            return said, process.wait()
        finally:
            deadline.cancel()
            process.kill()


def test_every_cut_of_a_write_leaves_the_old_content_or_the_new(
    boot: Boot, tmp_path: Path
) -> None:
    board = boot(tmp_path / "board")
    board.put({"/main.py": WORKLOAD})
    board.close()
    said, status = run(tmp_path / "board", 0, r"^DONE")
    assert status is None, said
    number = 1
    for cut in range(1, MOST_OPERATIONS):
        said, status = run(tmp_path / "board", cut, r"^DONE")
        assert "Traceback" not in said and "boot:" not in said, said
        if found := re.search(r"^FOUND (\d+) (\w+)", said, re.MULTILINE):
            assert int(found[1]) in (number, number + 1) and found[2] == "True", said
            number = int(found[1])
        if status is None:
            break
        assert status == POWER_FAILED, said
    assert 5 < cut < MOST_OPERATIONS - 1


def test_every_cut_of_the_first_start_is_healed_by_the_next(tmp_path: Path) -> None:
    for cut in range(1, MOST_OPERATIONS):
        folder = tmp_path / str(cut)
        folder.mkdir()
        _, status = run(folder, cut, STARTED)
        said, healed = run(folder, 0, STARTED)
        assert healed is None and "boot:" not in said, f"cut={cut}: {said}"
        if status is None:
            break
        assert status == POWER_FAILED
    assert 2 <= cut < MOST_OPERATIONS - 1
