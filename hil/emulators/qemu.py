"""Boards emulated by QEMU: an image, a network card behind QEMU's user-mode network, a flash that
is a file.
"""

import contextlib
import json
import re
import secrets
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from .. import tcpports
from ..board import BOOT_TIMEOUT, Board
from ..boards import BoardDescription, Emulation
from ..console import Console, Ready
from ..errors import ConsoleClosed, HilError
from ..images import Image
from ..locks import FolderLock
from ..streams import SocketStream
from .backlog import widen
from .process import EmulatorProcess
from .qmp import Qmp, QmpError

_PROGRAM = "qemu-system-arm"
_HTTP, _HTTPS = 80, 443  # where the board listens
_QUIT_PATIENCE = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Setup:
    """How an emulated board is started.

    :param folder: the instance: flash, identity, log. The same folder is the same board.
    :param http_port: of this machine, forwarded to the board's port 80; 0 takes a free one.
    :param https_port: the same for port 443; None forwards nothing.
    :param open_network: lets the board reach this machine and the world.
    :param deadline: seconds after which it is ended; None for no limit.
    :param console_log: a file that gets the console's lines.
    :param hooks: more for the guest's command line: `cut` loses power at the n-th flash operation.
    """

    folder: Path
    http_port: int = 0
    https_port: int | None = 0
    open_network: bool = False
    deadline: float | None = 600.0
    console_log: Path | None = None
    hooks: Mapping[str, int] = field(default_factory=dict)


class QemuBoard(Board):
    """An emulated board. It is running when the constructor returns; `wait_ready` waits until it
    serves.
    """

    def __init__(self, description: BoardDescription, image: Image, setup: Setup) -> None:
        if description.emulator is None or description.emulator.kind != "qemu":
            raise HilError(
                f"board {description.name!r} has no emulator: connect one and use PORT="
            )
        self.description = description
        self.image = image
        self.setup = setup
        self._emulation: Emulation = description.emulator
        self._program = _find_program()
        self._lock = FolderLock(setup.folder)
        self._start()

    # Starting

    def _start(self) -> None:
        self._lock.acquire(http_port=self.setup.http_port)
        with contextlib.ExitStack() as undo:
            undo.callback(self._lock.release)
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
                    self._command(qemu_console.fileno(), qemu_control.fileno()),
                    folder=self.setup.folder,
                    log=self.setup.folder / "emulator.log",
                    # QEMU holds the lock, too: were this process killed, the flash is in use until
                    # QEMU is gone.
                    descriptors=(
                        qemu_console.fileno(),
                        qemu_control.fileno(),
                        self._lock.fileno(),
                    ),
                    deadline=self.setup.deadline,
                )
            undo.callback(self._process.end)
            self._connect(control)
            self._console = Console(SocketStream(console, self.name), self.setup.console_log)
            undo.pop_all()

    def _command(self, console: int, control: int) -> list[str]:
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
        nic = (
            f"user,model={self._emulation.nic},mac={identity['mac']},restrict={restrict}{hostfwd}"
        )
        return [
            *(self._program, "-machine", self._emulation.machine),
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

    # What a Board is

    @property
    def console(self) -> Console:
        """Its console; another one after a power cycle."""
        return self._console

    @property
    def host(self) -> str:
        """The address its ports are forwarded from."""
        return "127.0.0.1"

    @property
    def http_port(self) -> int:
        """The port of this machine that leads to the board's port 80."""
        return self._http_port

    @property
    def https_port(self) -> int | None:
        """The port of this machine that leads to the board's port 443; None if nothing does."""
        return self._https_port

    @property
    def http_url(self) -> str:
        """The board's HTTP server, as this machine reaches it."""
        return f"http://{self.host}:{self.http_port}"

    @property
    def https_url(self) -> str | None:
        """The board's HTTPS server, as this machine reaches it."""
        return None if self.https_port is None else f"https://{self.host}:{self.https_port}"

    @property
    def running(self) -> bool:
        """Whether the emulator has not ended."""
        return self._process.running

    @property
    def pid(self) -> int:
        """The emulator's process id."""
        return self._process.pid

    def wait_ready(self, timeout: float = BOOT_TIMEOUT) -> Ready:
        """Waits until the board serves; what answers must be the image that was started."""
        try:
            ready = super().wait_ready(timeout)
        except ConsoleClosed as error:
            with contextlib.suppress(HilError):
                self._process.wait(_QUIT_PATIENCE)
            message = f"{self.name}: {self._process.why_ended()}; the console's last lines:"
            raise ConsoleClosed(message, error.details) from error
        if ready.build != self.image.build_id:
            raise HilError(
                f"{self.name} runs build {ready.build}, not {self.image.build_id}"
                f" of {self.image.path.name}"
            )
        return ready

    def wait_ended(self, timeout: float | None = None) -> int:
        """Waits until the emulator ends by itself and returns its exit status.

        :param timeout: seconds; None: for ever.
        """
        return self._process.wait(timeout)

    def why_ended(self) -> str:
        """One line about how the emulator ended."""
        return self._process.why_ended()

    def power_cycle(self, hooks: Mapping[str, int] | None = None) -> None:
        """Takes the board's power away and gives it back: the same board with the same flash.

        :param hooks: for this start, in place of those in the set-up.
        """
        self.close()
        if hooks is not None:
            self.setup = replace(self.setup, hooks=hooks)
        self._start()

    def close(self) -> None:
        """Ends the emulator and frees its ports."""
        if not hasattr(self, "_console"):
            return
        if self._process.running:
            with contextlib.suppress(QmpError):
                self._qmp.execute("quit")
        self._qmp.close()
        self._process.end(_QUIT_PATIENCE)
        self._console.close()
        self._lock.release()


def _find_program() -> str:
    program = shutil.which(_PROGRAM)
    if program is None:
        raise HilError(
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
