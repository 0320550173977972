"""The board's network interface: brought up at boot, asked for its address later.

One class a kind of interface, named as the class of MicroPython's `network` module that it drives.
"""

import time
from binascii import hexlify

import machine
import network

from . import _build, log

# How long the boot waits for an address; the servers do not need one to start.
DEADLINE_MS = 10_000


class LAN:
    """Ethernet, with an address from DHCP."""

    def __init__(self):
        self.nic = network.LAN()

    def start(self) -> None:
        """Switches the interface on and asks for an address; does not wait for it."""
        self.nic.active(True)
        self.nic.ipconfig(dhcp4=True)

    def address(self) -> str | None:
        """The IPv4 address, or None while there is no link or no address."""
        return self.nic.ipconfig("addr4")[0] if self.nic.isconnected() else None

    def mac(self) -> str:
        """The hardware address, as `52:54:00:12:34:56`."""
        return hexlify(self.nic.config("mac"), ":").decode()


class Absent:
    """No usable interface: the servers run, nobody reaches them."""

    def address(self) -> None:
        """No address."""

    def mac(self) -> None:
        """No hardware address."""


KINDS = {"LAN": LAN}


def bring_up(hostname: str | None) -> LAN | Absent:
    """Starts the board's interface and waits at most DEADLINE_MS for an address.

    hostname: None for the board's name and the last four hex digits of its unique id.
    """
    network.hostname(hostname or default_hostname())
    try:
        interface = KINDS[_build.NETWORK]()
        interface.start()
    except Exception as error:  # whatever a driver raises: the board must come up without it
        log.line(f"no network: {_build.NETWORK} cannot be used ({error!r})")
        return Absent()
    deadline = time.ticks_add(time.ticks_ms(), DEADLINE_MS)
    while not interface.address() and time.ticks_diff(deadline, time.ticks_ms()) > 0:
        time.sleep_ms(10)
    return interface


def default_hostname() -> str:
    """`<board>-<last four hex digits of the unique id>`, of at most 32 characters."""
    board = _build.BOARD.replace("_", "-")[:27]  # RFC 1123 section 2.1 knows no underscore
    return f"{board}-{hexlify(machine.unique_id()[-2:]).decode()}"
