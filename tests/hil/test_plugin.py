import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

TESTS = """
def test_names(board_name):
    print("board", board_name)

def test_serves(http):
    assert http.get("/").status_code == 200
"""

BOARD = {
    "product": "x",
    "vendor": "x",
    "mcu": "x",
    "microdot": {
        "port": "cortexm",
        "network": "LAN",
        "tcp_pcbs": 16,
        "emulator": {"kind": "qemu", "machine": "mps2-an385", "nic": "lan9118"},
    },
}


@pytest.fixture
def run_tests(tmp_path):
    """Runs tests in a project that has boards `qemu` and `toy`, and an image of neither."""
    for name in ("qemu", "toy"):
        folder = tmp_path / "boards" / name
        folder.mkdir(parents=True)
        (folder / "board.json").write_text(json.dumps(BOARD))
    (tmp_path / "test_it.py").write_text(TESTS)
    environment = {**os.environ, "MICRODOT_DIR": str(tmp_path), "PYTHONPATH": str(CHECKOUT)}
    environment.pop("HIL_LOG_DIR", None)

    def run(*options):
        command = [sys.executable, "-m", "pytest", "-p", "hil.pytest_plugin", "-rA", *options]
        result = subprocess.run(
            [*command, "-c", os.devnull, "--rootdir", tmp_path, tmp_path / "test_it.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return result.stdout

    return run


def test_a_board_that_is_not_there_is_skipped_by_name(run_tests):
    said = run_tests()
    assert "1 passed, 1 skipped" in said
    assert "board qemu: build/qemu/firmware.elf is not there: build it with" in said


def test_a_board_that_was_asked_for_has_to_be_there(run_tests):
    said = run_tests("--board", "toy")
    assert "1 passed, 1 error" in said
    assert "board toy: build/toy/firmware.elf is not there: build it with" in said


def test_each_board_is_tested(run_tests):
    said = run_tests("--board", "qemu,toy", "--board", "other", "-k", "names")
    assert "3 passed" in said
    for name in ("qemu", "toy", "other"):
        assert f"test_names[{name}]" in said
