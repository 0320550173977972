"""TCP ports of this machine: whether one is free, and who has it."""

import os
import re
import socket
from pathlib import Path

from .errors import PortTaken

_LISTEN = "0A"  # the state in /proc/net/tcp, Linux include/net/tcp_states.h


def require_free(port: int, variable: str) -> None:
    """Raises PortTaken if nothing can listen on 127.0.0.1:`port`.

    :param variable: of make, to choose another.
    """
    with socket.socket() as probe:
        if os.name == "posix":
            # As emulators do: a port whose last connections are still in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except PermissionError:
            message = (
                f"port {port} is for the administrator only: choose another one with {variable}="
            )
            raise PortTaken(message) from None
        except OSError:
            raise taken(port, variable) from None


def taken(port: int, variable: str) -> PortTaken:
    """The error that says who has `port` and how to choose another one."""
    owner = listener(port) or "another process"
    return PortTaken(
        f"port {port} is taken by {owner}: stop it, or choose another port with {variable}="
    )


def listener(port: int) -> str | None:
    """Name and process id of who listens on `port`; None where the system does not tell."""
    inodes = {row.inode for row in listening_sockets(Path("/proc/net")) if row.port == port}
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & socket_inodes(process).keys():
            name = (process / "comm").read_text().strip()
            return f"{name} (process {process.name})"
    return None


class ListeningSocket:
    """A listening socket as the kernel lists it."""

    def __init__(self, port: int, inode: int) -> None:
        self.port = port
        self.inode = inode


def listening_sockets(folder: Path) -> list[ListeningSocket]:
    """The listening TCP sockets of a network namespace.

    :param folder: /proc/net or /proc/<pid>/net.
    """
    rows = []
    for table in ("tcp", "tcp6"):
        try:
            lines = (folder / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN:
                rows.append(ListeningSocket(int(fields[1].rpartition(":")[2], 16), int(fields[9])))
    return rows


def socket_inodes(process: Path) -> dict[int, int]:
    """The sockets a process has open: descriptors by inode. Empty where that is not permitted."""
    found = {}
    try:
        for descriptor in (process / "fd").iterdir():
            if match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(descriptor)):
                found[int(match[1])] = int(descriptor.name)
    except OSError:
        pass  # ended meanwhile, or not ours
    return found
