"""Boards emulated by QEMU: an image, a network card behind QEMU's user-mode network, a flash that
is a file.
"""

import contextlib
import json
import re
import secrets
import shutil
import socket
from pathlib import Path

from .. import tcpports
from ..console import Console
from ..errors import Absent, HilError
from ..locks import FolderLock
from ..streams import SocketStream
from .backlog import widen
from .base import EmulatedBoard
from .process import EmulatorProcess
from .qmp import Qmp, QmpError

_PROGRAM = "qemu-system-arm"
_HTTP, _HTTPS = 80, 443  # where the board listens
_QUIT_PATIENCE = 2.0  # seconds


class QemuBoard(EmulatedBoard):
    """A board emulated by QEMU."""

    _lock: FolderLock | None = None  # held while the board has power

    def start(self) -> None:
        """Gives the board power: the same board with the same flash each time."""
        program = _find_program()
        with contextlib.ExitStack() as undo:
            lock = FolderLock(self.setup.folder)
            lock.acquire(http_port=self.setup.http_port)
            undo.callback(lock.release)
            if self.setup.http_port:
                tcpports.require_free(self.setup.http_port, "HTTP_PORT")
            if self.setup.https_port:
                tcpports.require_free(self.setup.https_port, "HTTPS_PORT")
            console, qemu_console = socket.socketpair()
            control, qemu_control = socket.socketpair()
            undo.callback(console.close)
            undo.callback(control.close)
            with qemu_console, qemu_control:
                self._process = EmulatorProcess(
                    self._command(program, qemu_console.fileno(), qemu_control.fileno()),
                    folder=self.setup.folder,
                    log=self.setup.folder / "emulator.log",
                    # QEMU holds the lock, too: were this process killed, the flash is in use until
                    # QEMU is gone.
                    descriptors=(
                        qemu_console.fileno(),
                        qemu_control.fileno(),
                        lock.fileno(),
                    ),
                    deadline=self.setup.deadline,
                )
            undo.callback(self._process.end)
            self._connect(control)
            self._console = Console(SocketStream(console, self.name), self.setup.console_log)
            self._lock = lock
            undo.pop_all()

    def _command(self, program: str, console: int, control: int) -> list[str]:
        emulation = self.description.emulator
        assert emulation is not None
        identity = _identity(self.setup.folder)
        guest = {"flash": "flash.bin", "id": identity["id"], **self.setup.hooks}
        guest_line = "".join(f",arg={key}={value}" for key, value in guest.items())
        forwards = [(self.setup.http_port, _HTTP), (self.setup.https_port, _HTTPS)]
        hostfwd = "".join(
            f",hostfwd=tcp:127.0.0.1:{host}-:{board}"
            for host, board in forwards
            if host is not None
        )
        restrict = "off" if self.setup.open_network else "on"
        nic = f"user,model={emulation.nic},mac={identity['mac']},restrict={restrict}{hostfwd}"
        return [
            *(program, "-machine", emulation.machine),
            *("-kernel", str(self.image.path.resolve())),
            *("-nodefaults", "-display", "none", "-monitor", "none"),
            *("-nic", nic),
            *("-chardev", f"socket,id=console,fd={console}", "-serial", "chardev:console"),
            *(
                "-chardev",
                f"socket,id=control,fd={control}",
                "-mon",
                "chardev=control,mode=control",
            ),
            *("-semihosting-config", f"enable=on,target=native,arg=microdot{guest_line}"),
        ]

    def _connect(self, control: socket.socket) -> None:
        """Talks to QEMU: which ports it forwards, and a longer queue for them."""
        try:
            self._qmp = Qmp(control)
            ports = _forwarded_ports(self._qmp.monitor("info usernet"))
        except QmpError as error:
            with contextlib.suppress(HilError):
                self._process.wait(_QUIT_PATIENCE)
            raise self._start_error() from error
        self._http_port = ports[_HTTP]
        self._https_port = ports.get(_HTTPS)
        self.backlog_problem = widen(self._process.pid, ports.values())

    def _start_error(self) -> HilError:
        why = self._process.why_ended()
        if "host forwarding" in why:
            for port, variable in (
                (self.setup.http_port, "HTTP_PORT"),
                (self.setup.https_port, "HTTPS_PORT"),
            ):
                if port and f":{port}-" in why:
                    return tcpports.taken(port, variable)
        return HilError(why)

    # What an EmulatedBoard is

    @property
    def console(self) -> Console:
        """Its console; another one after a power cycle."""
        return self._console

    @property
    def process(self) -> EmulatorProcess:
        """QEMU."""
        return self._process

    @property
    def http_port(self) -> int:
        """The port of this machine that leads to the board's port 80."""
        return self._http_port

    @property
    def https_port(self) -> int | None:
        """The port of this machine that leads to the board's port 443; None if nothing does."""
        return self._https_port

    def close(self) -> None:
        """Ends the emulator and frees its ports."""
        if self._lock is None:
            return
        if self._process.running:
            with contextlib.suppress(QmpError):
                self._qmp.execute("quit")
        self._qmp.close()
        self._process.end(_QUIT_PATIENCE)
        self._console.close()
        self._lock.release()
        self._lock = None


def _find_program() -> str:
    program = shutil.which(_PROGRAM)
    if program is None:
        raise Absent(
            f"{_PROGRAM} is missing, it emulates the board: sudo apt-get install {_PROGRAM}"
        )
    return program


def _identity(folder: Path) -> dict[str, str]:
    """MAC address and unique id of an instance, made when it is first started.

    The MAC is a locally administered one (IEEE 802-2014, 8.4).
    """
    path = folder / "identity.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(path.read_text())
        return {"mac": kept["mac"], "id": kept["id"]}
    unique = secrets.token_bytes(8)
    identity = {
        "mac": ":".join(f"{byte:02x}" for byte in b"\x02" + unique[:5]),
        "id": unique.hex(),
    }
    path.write_text(json.dumps(identity) + "\n")
    return identity


def _forwarded_ports(usernet: str) -> dict[int, int]:
    """Reads QEMU's `info usernet`: ports of this machine, by the board's ports they lead to."""
    rows = re.findall(r"TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)", usernet)
    return {int(board): int(host) for host, board in rows}
