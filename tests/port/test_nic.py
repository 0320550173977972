"""The Ethernet driver against a wire that the test holds the other end of."""

import contextlib
import itertools
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.boards import load_board
from hil.console import Console
from hil.emulators.process import EmulatorProcess
from hil.emulators.qmp import Qmp
from hil.rawrepl import RawRepl
from hil.streams import SocketStream

from .conftest import BOARD, DEADLINE, ROOT, image

BOARD_MAC = bytes.fromhex("020000000001")
TEST_MAC = bytes.fromhex("020000000002")
BOARD_IP, TEST_IP = bytes((192, 168, 7, 2)), bytes((192, 168, 7, 1))
MDNS_GROUP = bytes((224, 0, 0, 251))
MDNS_MAC = bytes.fromhex("01005e0000fb")
IPV4, ARP = 0x0800, 0x0806
ICMP, TCP, UDP = 1, 6, 17


class Wire:
    """Frames to and from the board, as QEMU's socket network backend frames them."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._connection.settimeout(5)

    def send(self, frame: bytes) -> None:
        self._connection.sendall(struct.pack(">I", len(frame)) + frame)

    def _receive_exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._connection.recv(count - len(data))
            assert piece, "the emulator is gone"
            data += piece
        return data

    def receive(self, wanted: Callable[[bytes], bool]) -> bytes:
        """The next frame that is wanted; fails when none comes in 5 s."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            (size,) = struct.unpack(">I", self._receive_exactly(4))
            frame = self._receive_exactly(size)
            if wanted(frame):
                return frame
        raise TimeoutError("the board did not send it within 5 s")


class WiredBoard:
    """A board with a fixed address whose network is `wire`."""

    def __init__(self, console: Console, qmp: Qmp, wire: Wire) -> None:
        self.console, self.qmp, self.wire = console, qmp, wire
        self.exec(
            "import network, time, machine\nnetwork.hostname('wired')\nlan = network.LAN()\n"
            "lan.active(False)\nlan.active(True)\n"
            "lan.ifconfig(('192.168.7.2', '255.255.255.0', '192.168.7.1', '192.168.7.1'))"
        )

    def exec(self, code: str) -> str:
        with RawRepl(self.console) as repl:
            return repl.exec(code)

    def launch(self, code: str) -> None:
        with RawRepl(self.console) as repl:
            repl.launch(code)

    def stats(self) -> dict[str, int]:
        counters: dict[str, int] = eval(self.exec("print(lan.status('stats'))"))
        return counters


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredBoard]:
    folder: Path = tmp_path_factory.mktemp("wired")
    emulation = load_board(ROOT, BOARD).emulator
    assert emulation is not None
    pairs = [socket.socketpair() for _ in range(3)]
    console_fd, control_fd, wire_fd = (theirs.fileno() for _, theirs in pairs)
    command = [
        *("qemu-system-arm", "-machine", emulation.machine, "-kernel", str(image().path)),
        *("-nodefaults", "-display", "none", "-monitor", "none"),
        *("-nic", f"socket,id=wire,fd={wire_fd},model={emulation.nic},mac=02:00:00:00:00:01"),
        *("-chardev", f"socket,id=console,fd={console_fd}", "-serial", "chardev:console"),
        *(
            "-chardev",
            f"socket,id=control,fd={control_fd}",
            "-mon",
            "chardev=control,mode=control",
        ),
        *("-semihosting-config", "enable=on,target=native,arg=microdot,arg=flash=flash.bin"),
    ]
    with contextlib.ExitStack() as stack:
        descriptors = (console_fd, control_fd, wire_fd)
        process = EmulatorProcess(command, folder, folder / "log", descriptors, DEADLINE)
        stack.callback(process.end)
        for _, theirs in pairs:
            theirs.close()
        qmp = Qmp(pairs[1][0])
        stack.callback(qmp.close)
        console = Console(SocketStream(pairs[0][0], "wired"))
        stack.callback(console.close)
        stack.callback(pairs[2][0].close)
        yield WiredBoard(console, qmp, Wire(pairs[2][0]))


def checksum(data: bytes) -> int:
    """The internet checksum, RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(protocol: int, destination: bytes, payload: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 255, protocol, 0)
    head += TEST_IP + destination
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ethernet(destination: bytes, kind: int, payload: bytes) -> bytes:
    return (destination + TEST_MAC + struct.pack(">H", kind) + payload).ljust(60, b"\0")


def echo_request(number: int, data: bytes) -> bytes:
    body = struct.pack(">BBHHH", 8, 0, 0, 77, number) + data
    body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
    return ethernet(BOARD_MAC, IPV4, ipv4(ICMP, BOARD_IP, body))


def is_echo_reply(number: int) -> Callable[[bytes], bool]:
    wanted = struct.pack(">HH", 77, number)
    return lambda frame: frame[23:24] == bytes((ICMP,)) and frame[38:42] == wanted


def arp(operation: int, target_mac: bytes) -> bytes:
    head = struct.pack(">HHBBH", 1, IPV4, 6, 4, operation)
    return head + TEST_MAC + TEST_IP + target_mac + BOARD_IP


def meet(board: WiredBoard) -> None:
    """Asks for the board's address; it learns the test's by that."""
    board.wire.send(ethernet(b"\xff" * 6, ARP, arp(1, b"\0" * 6)))
    reply = board.wire.receive(lambda frame: frame[12:14] == b"\x08\x06" and frame[21] == 2)
    assert reply[22:32] == BOARD_MAC + BOARD_IP


@pytest.mark.parametrize("size", [0, 1, 2, 3, 17, 18, 19, 20, 21, 1000, 1469, 1470, 1471, 1472])
def test_frames_of_every_length_come_back_whole(wired: WiredBoard, size: int) -> None:
    meet(wired)
    data = bytes(n * 7 % 256 for n in range(size))
    wired.wire.send(echo_request(size, data))
    reply = wired.wire.receive(is_echo_reply(size))
    assert reply[:12] == TEST_MAC + BOARD_MAC
    assert reply[42 : 42 + size] == data


def syn(port: int) -> bytes:
    """A segment that asks for a connection to port 8000, RFC 9293."""
    segment = struct.pack(">HHIIBBHHH", port, 8000, 1000, 0, 5 << 4, 0x02, 8192, 0, 0)
    pseudo = TEST_IP + BOARD_IP + struct.pack(">HH", TCP, len(segment))
    segment = segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]
    return ethernet(BOARD_MAC, IPV4, ipv4(TCP, BOARD_IP, segment))


def is_from_tcp_port_8000(to: int) -> Callable[[bytes], bool]:
    wanted = struct.pack(">HH", 8000, to)
    return lambda frame: frame[23:24] == bytes((TCP,)) and frame[34:38] == wanted


def test_sequence_numbers_are_not_to_be_guessed(wired: WiredBoard) -> None:
    meet(wired)
    wired.exec(
        "import socket\nserver = socket.socket()\nserver.bind(('', 8000))\nserver.listen(8)\n"
    )
    wired.launch("time.sleep(3)")
    numbers = []
    for port in range(9000, 9008):
        wired.wire.send(syn(port))
        reply = wired.wire.receive(is_from_tcp_port_8000(port))
        numbers.append(struct.unpack(">I", reply[38:42])[0])
    wired.console.interrupt()
    wired.exec("server.close()")
    steps = [(b - a) % (1 << 32) for a, b in itertools.pairwise(numbers)]
    # lwIP's own numbers grow by a little each time.
    assert sorted(steps)[3] > 1 << 20, numbers


def mdns_query(name: bytes) -> bytes:
    question = bytes((len(name),)) + name + b"\x05local\0" + struct.pack(">HH", 1, 1)
    message = struct.pack(">6H", 0, 0, 1, 0, 0, 0) + question
    datagram = struct.pack(">4H", 5353, 5353, 8 + len(message), 0) + message
    return ethernet(MDNS_MAC, IPV4, ipv4(UDP, MDNS_GROUP, datagram))


def test_a_group_that_was_joined_is_heard(wired: WiredBoard) -> None:
    meet(wired)
    wired.wire.send(mdns_query(b"wired"))
    reply = wired.wire.receive(
        lambda frame: frame[36:38] == b"\x14\xe9" and BOARD_IP in frame[42:]
    )
    assert b"\x05wired\x05local" in reply


def test_a_group_that_was_not_joined_is_filtered_out(wired: WiredBoard) -> None:
    meet(wired)
    before = wired.stats()["rx_frames"]
    for group in range(64):
        wired.wire.send(ethernet(bytes.fromhex("01005e7f00") + bytes((group,)), IPV4, b"?" * 46))
    meet(wired)
    # A table of 64 bits lets those through that share a bit with a group that was joined.
    assert wired.stats()["rx_frames"] - before < 20


def test_a_flood_is_survived(wired: WiredBoard) -> None:
    meet(wired)
    wired.launch("print('deaf')\ntime.sleep_us(700_000)\nprint('hears')")
    wired.console.expect(r"deaf\r\n", 5)
    for number in range(3000):
        wired.wire.send(echo_request(number, b"flood" * 200))
    wired.console.expect(r"hears\r\n", 10)
    wired.console.interrupt()
    wired.wire.send(echo_request(60000, b"after"))
    wired.wire.receive(is_echo_reply(60000))
    stats = wired.stats()
    assert stats["rx_errors"] == 0 and stats["tx_errors"] == 0


def test_the_link_s_state_is_followed(wired: WiredBoard) -> None:
    state = "time.sleep_ms(20)\nprint(lan.status(), lan.isconnected())"
    assert wired.exec(state) == "3 True\n"
    wired.qmp.execute("set_link", name="wire", up=False)
    assert wired.exec(state) == "1 False\n"
    wired.qmp.execute("set_link", name="wire", up=True)
    assert wired.exec(state) == "3 True\n"
    meet(wired)


def test_dhcp_asks_again_when_the_cable_comes_back(wired: WiredBoard) -> None:
    wired.exec("lan.active(False)\nlan.active(True)")
    wired.qmp.execute("set_link", name="wire", up=False)
    wired.qmp.execute("set_link", name="wire", up=True)
    wired.launch("time.sleep(3)")
    wired.wire.receive(lambda frame: frame[23:24] == bytes((UDP,)) and frame[36:38] == b"\0C")
    wired.console.write(b"\x03")
