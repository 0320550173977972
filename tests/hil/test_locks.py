import os
import subprocess
import sys

import pytest

from hil.errors import InUse
from hil.locks import FolderLock


def test_only_one_holder(tmp_path):
    lock = FolderLock(tmp_path / "instance")
    lock.acquire(http_port=8080)
    with pytest.raises(
        InUse, match=rf"instance is in use by another emulator \(process {os.getpid()}\)"
    ):
        FolderLock(tmp_path / "instance").acquire()
    assert FolderLock(tmp_path / "instance").holder() == {"pid": os.getpid(), "http_port": 8080}
    lock.release()
    again = FolderLock(tmp_path / "instance")
    again.acquire()
    again.release()


def test_nobody_holds_it(tmp_path):
    assert FolderLock(tmp_path).holder() is None
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()
    assert FolderLock(tmp_path).holder() is None


def test_a_holder_that_is_killed_lets_go(tmp_path):
    code = (
        "import sys; from pathlib import Path; from hil.locks import FolderLock\n"
        "lock = FolderLock(Path(sys.argv[1])); lock.acquire(); print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        held = FolderLock(tmp_path).holder()
        holder.kill()
    assert held == {"pid": holder.pid}
    assert FolderLock(tmp_path).holder() is None
