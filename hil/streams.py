"""Byte streams a console can stand on: sockets and serial ports behind one small interface."""

import contextlib
import socket
from typing import Protocol

from .errors import HilError, InUse


class ByteStream(Protocol):
    """Two-way 8-bit clean bytes. One thread reads while others write."""

    name: str

    def read(self) -> bytes:
        """Waits for bytes and returns them; empty when the other end is gone or `close` was
        called.
        """

    def write(self, data: bytes) -> None:
        """Writes all of `data`, waiting where the other end is slow. OSError when it is gone."""

    def close(self) -> None:
        """Ends the stream and wakes a reader that waits."""


class SocketStream:
    """A connected socket, e.g. one end of a pair whose other end an emulator holds."""

    def __init__(self, connection: socket.socket, name: str) -> None:
        self.name = name
        self._connection = connection

    def read(self) -> bytes:
        try:
            return self._connection.recv(4096)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        self._connection.sendall(data)

    def close(self) -> None:
        # A close alone does not wake a thread that waits in recv().
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class SerialStream:
    """A serial port or pseudo-terminal, opened for one user at a time.

    :param port: the device, or any URL pyserial knows.
    :param baudrate: bits per second; without meaning on USB and pseudo-terminals.
    """

    _POLL_S = 0.1  # how long a read waits before it looks whether the port was closed here

    def __init__(self, port: str, baudrate: int = 115200) -> None:
        # Only who talks to a serial port needs pyserial.
        import serial

        self.name = port
        self._error: type[Exception] = serial.SerialException
        try:
            self._serial = serial.serial_for_url(
                port, baudrate=baudrate, timeout=self._POLL_S, exclusive=True
            )
        except serial.SerialException as error:
            raise _opening_error(port, error) from error

    def read(self) -> bytes:
        while self._serial.is_open:
            try:
                data = bytes(self._serial.read(max(1, self._serial.in_waiting)))
            except (OSError, TypeError, self._error):
                # TypeError: pyserial reads from None when another thread closed the port.
                return b""
            if data:
                return data
        return b""

    def write(self, data: bytes) -> None:
        self._serial.write(data)

    def close(self) -> None:
        self._serial.close()


def _opening_error(port: str, error: Exception) -> HilError:
    """What kept pyserial from opening `port`, and what to do about it."""
    text = str(error)
    if "exclusively lock" in text or "busy" in text:
        return InUse(f"{port} is in use by another program: close its console first")
    if "Permission" in text:
        return HilError(
            f"no permission for {port}: sudo usermod -aG dialout $USER, then log in again"
        )
    if "No such file" in text or "could not find" in text.lower():
        return HilError(f"there is no serial port {port}")
    return HilError(f"{port} cannot be opened: {text}")
