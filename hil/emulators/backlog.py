"""A longer queue for the ports that QEMU forwards.

QEMU's user-mode network (libslirp) listens with a backlog of 1. When clients come in parallel the
host drops what does not fit, and they try again after a second: a stall that is not the board's.
There is no option for it, but on Linux a process may duplicate the descriptor of its child, and
listen() on a socket that listens already sets a new backlog.
"""

import ctypes
import os
import socket
import sys
from collections.abc import Collection
from pathlib import Path

from ..tcpports import listening_sockets, socket_inodes

_BACKLOG = 128
_SYS_PIDFD_GETFD = 438  # the same on every architecture, Linux 5.6


def widen(pid: int, ports: Collection[int]) -> str | None:
    """Sets a backlog of 128 on the sockets with which process `pid` listens on `ports`.

    :returns: None, or why it was not possible.
    """
    if not sys.platform.startswith("linux"):
        return "only Linux can do that"
    process = Path(f"/proc/{pid}")
    descriptors = socket_inodes(process)
    wanted = [row for row in listening_sockets(process / "net") if row.port in ports]
    found = [descriptors[row.inode] for row in wanted if row.inode in descriptors]
    if len(found) < len(ports):
        return "the emulator's sockets were not found"
    try:
        pidfd = os.pidfd_open(pid)
        try:
            for descriptor in found:
                with socket.socket(fileno=_duplicate(pidfd, descriptor)) as listener:
                    listener.listen(_BACKLOG)
        finally:
            os.close(pidfd)
    except OSError as error:
        return str(error.strerror)
    return None


def _duplicate(pidfd: int, descriptor: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    duplicate = int(libc.syscall(_SYS_PIDFD_GETFD, pidfd, descriptor, 0))
    if duplicate < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return duplicate
