"""Resets, power and the REPL of a board."""

import httpx
import pytest

from hil.emulators import Setup
from hil.errors import InUse, RemoteError
from hil.rawrepl import RawRepl


def status(board):
    return httpx.get(board.http_url + "/_device/status", timeout=10, trust_env=False).json()


def test_code_runs_on_the_board(board):
    assert board.exec("print(6 * 7)") == "42\n"
    assert board.exec("for i in range(3): print(i)") == "0\n1\n2\n"


def test_an_exception_on_the_board_is_one_here(board):
    with pytest.raises(RemoteError, match="ZeroDivisionError") as caught:
        board.exec("1 / 0")
    assert caught.value.details[0].startswith("Traceback")


def test_a_program_longer_than_the_boards_window(board):
    assert board.exec("x = '" + "a" * 10_000 + "'\nprint(len(x))") == "10000\n"


def test_a_syntax_error_half_way_through_a_long_program(board):
    with pytest.raises(RemoteError, match="SyntaxError"):
        board.exec("x = (\n]\n" + "y = 1\n" * 2000)
    assert board.exec("print('still there')") == "still there\n"


def test_a_program_that_does_not_end_is_given_up(board):
    from hil.errors import ConsoleTimeout

    with pytest.raises(ConsoleTimeout):
        board.exec("while True: pass", timeout=0.2)
    assert board.exec("print('still there')") == "still there\n"


def test_files_arrive_as_they_are(board):
    data = bytes(range(256)) * 10
    board.put({"/t/u/data.bin": data})
    code = "import binascii\nprint(binascii.hexlify(open('/t/u/data.bin', 'rb').read()).decode())"
    assert bytes.fromhex(board.exec(code)) == data
    board.remove("/t", "/does-not-exist")
    assert board.exec("import os\nprint('t' in os.listdir('/'))") == "False\n"


def test_a_board_left_in_the_repl_serves_the_next_test(board, http):
    assert not board.console.at_prompt
    assert http.get("/").status_code == 200


def test_a_reset_of_the_chip_comes_back(board_factory):
    board = board_factory()
    before = status(board)["reset_cause"]
    board.put({"/kept.txt": "kept"})
    assert board.reset().build == board.image.build_id
    after = status(board)
    assert after["reset_cause"] != before
    assert after["uptime_s"] < 10
    assert board.exec("print(open('/kept.txt').read())") == "kept\n"


def test_power_off_keeps_flash_and_identity(board_factory):
    board = board_factory()
    whoami = "import machine, network\nprint(machine.unique_id(), network.LAN().config('mac'))"
    before = board.exec(whoami)
    board.put({"/kept.txt": "kept"})
    board.power_cycle()
    board.wait_ready()
    assert board.exec(whoami) == before
    assert board.exec("print(open('/kept.txt').read())") == "kept\n"


def test_two_boards_are_not_the_same_one(board_factory, board):
    whoami = "import machine, network\nprint(machine.unique_id(), network.LAN().config('mac'))"
    other = board_factory()
    assert other.exec(whoami) != board.exec(whoami)


def test_a_flash_is_for_one_emulator(board_factory, hil_lab, tmp_path):
    board = board_factory(setup=Setup(tmp_path / "instance"))
    with pytest.raises(InUse, match="in use by another emulator"):
        hil_lab.boot(board.name, setup=Setup(tmp_path / "instance"))


def test_the_board_reaches_nobody(board, eventually):
    # 10.0.2.2 is this machine, seen from inside QEMU's network.
    code = (
        "import socket\ns = socket.socket()\ns.settimeout(1)\n"
        "try:\n s.connect(('10.0.2.2', 9))\n print('reached')\n"
        "except OSError:\n print('kept out')"
    )
    assert board.exec(code) == "kept out\n"


def test_an_interrupt_gives_the_repl_and_a_restart_serves_again(board, http):
    board.console.interrupt()
    assert board.console.at_prompt
    board.restart()
    assert http.get("/").status_code == 200


PORT_80 = """
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 80))
s.close()
"""


@pytest.mark.parametrize("moment", [rb"soft reboot\r\n", rb"device: serving", rb"READY "])
def test_an_interrupt_at_any_moment_of_the_boot_leaves_the_port_free(board, moment):
    for _ in range(5):
        board.console.interrupt()
        board.console.write(b"\x04")
        board.console.expect(moment, 10)
        board.exec(PORT_80)
    board.restart()


def test_the_raw_repl_leaves_the_friendly_one(board):
    with RawRepl(board.console) as repl:
        repl.exec("pass")
    board.console.write(b"1 + 1\r")
    board.console.expect(r"\n2\r\n>>> ", 5)
