"""Runs code on MicroPython for this machine, for tests of what must agree with CPython."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
BINARY = ROOT / "build/unix/micropython"


def run_unix(code, cwd=ROOT):
    """Run code on MicroPython and return what it printed.

    :param cwd: the working directory.
    """
    assert BINARY.exists(), f"{BINARY} is missing; `make unix` builds it"
    result = subprocess.run(
        [BINARY, "-c", code],
        check=False,
        cwd=cwd,
        env={**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert result.returncode == 0, f"failed on MicroPython:\n{result.stdout}{result.stderr}"
    return result.stdout
