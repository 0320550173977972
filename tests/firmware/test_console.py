"""The console while the board serves."""

import socket

import pytest


@pytest.mark.parametrize("key", [b"\r", b"\n"])
def test_enter_prints_the_ready_line_again(board, key):
    line = f"READY http://127.0.0.1:{board.port} board=qemu build=0123456789ab\r\n"
    board.boot(until=line)
    for _ in range(3):
        seen = len(board.output)
        board.type(key)
        board.wait_for(line, after=seen)


def test_other_bytes_are_ignored(board):
    board.boot()
    board.type(b"\xff\xfe\x00abc")
    assert board.get("/").status == 200


def test_ctrl_c_ends_at_the_repl_with_the_sockets_closed(board):
    board.boot()
    with socket.create_connection(("127.0.0.1", board.port)) as kept:
        assert board.get("/").status == 200
        assert "device: stopped" in board.interrupt()
        kept.settimeout(5)
        assert kept.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        board.get("/")
    board.type(b"6 * 7\r")
    board.wait_for("42")


def test_it_can_serve_again_after_ctrl_c(board):
    board.boot()
    board.interrupt()
    seen = len(board.output)
    board.type(b"from device import boot; boot.start()\r")
    board.wait_for("READY", after=seen)
    assert board.get("/").status == 200


def test_closed_console_does_not_stop_the_board(board):
    board.boot(before="import sys")
    assert board.get("/").status == 200


def test_port_in_use_is_said(board):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", board.port))
        taken.listen()
        assert "device: cannot listen: OSError" in board.boot(until=">>> ")


def test_network_that_comes_later(board):
    link = board.root / "link-down"
    link.touch()
    board.boot(
        until="READY - board=qemu build=0123456789ab net=down\r\n",
        before="import device.net; device.net.DEADLINE_MS = 100",
        LINK_DOWN=str(link),
    )
    assert board.status()["network"] == {
        "interface": "LAN",
        "up": False,
        "ip": None,
        "mac": "52:54:00:12:34:56",
        "hostname": "qemu-beef",
    }
    link.unlink()
    board.wait_for(f"READY http://127.0.0.1:{board.port} board=qemu build=0123456789ab\r\n")
    assert board.status()["network"]["up"] is True


def test_board_without_its_network_interface_says_so(board):
    build = board.frozen / "device/_build.py"
    build.write_text(build.read_text().replace('"LAN"', '"WLAN"'))
    output = board.boot()
    assert "device: no network: WLAN cannot be used" in output
    assert "READY - board=qemu" in output
