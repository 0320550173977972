"""One user at a time for what cannot be shared, e.g. the flash file of an emulated board."""

import json
import os
from pathlib import Path
from typing import IO, Any

from .errors import InUse
from .project import shown

try:
    import fcntl
except (
    ImportError
):  # not a POSIX system: there the operating system refuses a second writer by itself
    fcntl = None  # type: ignore[assignment]


class FolderLock:
    """An exclusive lock on a folder. It ends with the processes that hold it, however they end.

    :param folder: made if it does not exist. The lock file in it says who holds the lock.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file: IO[str] | None = None

    def acquire(self, **facts: Any) -> None:
        """Takes the lock or raises InUse.

        :param facts: told to whom finds it taken, see `holder`.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        if not _try_lock(file):
            file.close()
            holder = self.holder() or {}
            by = f" (process {holder['pid']})" if "pid" in holder else ""
            raise InUse(
                f"{shown(self._path.parent)} is in use by another emulator{by}:"
                " stop that one first"
            )
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), **facts}))
        file.flush()
        self._file = file

    def fileno(self) -> int:
        """The lock's descriptor. A child that inherits it holds the lock, too."""
        assert self._file is not None
        return self._file.fileno()

    def release(self) -> None:
        """Gives the lock back."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def holder(self) -> dict[str, Any] | None:
        """What the process that holds the lock told of itself; None if nobody holds it."""
        try:
            file = self._path.open("r+", encoding="utf-8")
        except OSError:
            return None
        with file:
            if _try_lock(file):
                return None
            try:
                facts = json.loads(file.read())
            except ValueError:
                return {}
            return facts if isinstance(facts, dict) else {}


def _try_lock(file: IO[str]) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
