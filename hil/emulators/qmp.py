"""QMP, QEMU's machine protocol: one JSON object a line in both directions (QEMU's
docs/interop/qmp-spec).
"""

import json
import socket
from typing import Any

from ..errors import HilError


class QmpError(HilError):
    """QEMU refused a command or is gone."""


class Qmp:
    """A QMP session over a connected socket. :param timeout: seconds for each answer."""

    def __init__(self, connection: socket.socket, timeout: float = 10.0) -> None:
        connection.settimeout(timeout)
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._receive()  # the greeting
        self.execute("qmp_capabilities")

    def _receive(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except OSError as error:
            raise QmpError(f"QEMU does not answer: {error}") from error
        if not line:
            raise QmpError("QEMU is gone")
        message = json.loads(line)
        assert isinstance(message, dict)
        return message

    def execute(self, command: str, **arguments: Any) -> Any:
        """Runs a command and returns its result. QmpError when QEMU refuses it or is gone."""
        request = {"execute": command, "arguments": arguments}
        try:
            self._connection.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise QmpError(f"QEMU is gone: {error}") from error
        while True:
            message = self._receive()
            if "error" in message:
                raise QmpError(f"QEMU refused {command}: {message['error']['desc']}")
            if "return" in message:
                return message["return"]

    def monitor(self, command: str) -> str:
        """Runs a command of the human monitor and returns what it prints."""
        return str(self.execute("human-monitor-command", **{"command-line": command}))

    def close(self) -> None:
        """Ends the session."""
        self._lines.close()
        self._connection.close()
