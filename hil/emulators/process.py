"""The process of an emulator: never outlives its deadline or the program that started it."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

from ..errors import HilError

# Ends the emulator when the starting program goes away without a word, even killed: its end of the
# pipe closes then.
_GUARD = 'read -r word || kill -9 "$1"'


class EmulatorProcess:
    """A running emulator.

    :param command: program and arguments.
    :param folder: its working directory.
    :param log: gets what it writes to stdout and stderr.
    :param descriptors: what it inherits.
    :param deadline: seconds after which it is killed; None for no limit.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        log: Path,
        descriptors: Collection[int] = (),
        deadline: float | None = None,
    ) -> None:
        self._log = log
        with log.open("wb") as output:
            # A session of its own: Ctrl-C in the terminal is for the program that started it.
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=tuple(descriptors),
                start_new_session=True,
            )
        self._guard: subprocess.Popen[bytes] | None = (
            self._start_guard() if os.name == "posix" else None
        )
        self._overdue = False
        self._timer: threading.Timer | None = None
        if deadline is not None:
            self._timer = threading.Timer(deadline, self._end_overdue)
            self._timer.daemon = True
            self._timer.start()

    def _start_guard(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "emulator-guard", str(self.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _end_overdue(self) -> None:
        self._overdue = True
        self._process.kill()

    @property
    def pid(self) -> int:
        """The emulator's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end and returns its exit status.

        :param timeout: seconds; None: for ever.
        """
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise HilError(
                f"the emulator (process {self.pid}) did not end within {timeout:g} s"
            ) from None

    def why_ended(self) -> str:
        """One line about how it ended, with the first thing it complained about."""
        if self._overdue:
            return "the emulator was ended: it ran into its deadline"
        lines = self._log.read_text(errors="replace").strip().splitlines()
        said = f": {lines[0]}" if lines else ""
        return f"the emulator ended with status {self._process.poll()}{said}"

    def end(self, patience: float = 0.0) -> None:
        """Ends it. :param patience: seconds it gets to end by itself before it is killed."""
        if self._timer is not None:
            self._timer.cancel()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        if self.running:
            self._process.kill()
        self._process.wait()
        if self._guard is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.communicate(b"ended\n")
            self._guard = None
