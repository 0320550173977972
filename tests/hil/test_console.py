import threading

import pytest

from hil.console import Console, Ready
from hil.errors import ConsoleClosed, ConsoleError, ConsoleTimeout
from hil.streams import SocketStream

READY = b"READY http://10.0.2.15:80 board=qemu build=0123456789ab\r\n"


def test_expect_takes_what_was_said_before_it_was_asked(wired):
    console, board = wired
    board.sendall(b"one two three")
    assert console.expect(rb"t\w+", 5).group() == b"two"
    assert console.expect("t.*e", 5).group() == b"three"


def test_expect_finds_what_arrives_in_pieces(wired):
    console, board = wired
    pieces = [READY[i : i + 1] for i in range(len(READY))]
    sender = threading.Thread(target=lambda: [board.sendall(piece) for piece in pieces])
    sender.start()
    assert console.expect(rb"build=(\w+)\r\n", 5)[1] == b"0123456789ab"
    sender.join()


def test_expect_that_fails_shows_the_last_lines(wired):
    console, board = wired
    board.sendall(b"first\r\nhalf a li")
    console.expect("half a li", 5)
    with pytest.raises(ConsoleTimeout) as caught:
        console.expect("never", 0.01)
    assert caught.value.details == ("first", "half a li")
    assert "fake did not say" in caught.value.message


def test_the_end_of_the_stream_ends_the_waiting(wired):
    console, board = wired
    board.sendall(b"last words\r\n")
    board.close()
    with pytest.raises(ConsoleClosed) as caught:
        console.expect("never", 60)
    assert caught.value.details == ("last words",)


def test_read_waits_for_all_the_bytes(wired):
    console, board = wired
    board.sendall(b"ab")
    threading.Timer(0.01, board.sendall, [b"cd"]).start()
    assert console.read(3, 5) == b"abc"
    assert console.read(1, 5) == b"d"


def test_bytes_are_kept_as_they_are(wired):
    console, board = wired
    everything = bytes(range(256))
    board.sendall(everything)
    assert console.read(256, 5) == everything
    console.write(everything)
    assert board.recv(256) == everything


def test_lines_have_times_and_split_characters_are_joined(wired):
    console, board = wired
    board.sendall("grün\r\nblau".encode()[:3])
    console.expect("gr", 5)
    board.sendall("grün\r\nblau".encode()[3:])
    console.expect("blau", 5)
    lines = console.lines
    assert [line.text for line in lines] == ["grün", "blau"]
    assert 0 <= lines[0].seconds <= lines[1].seconds < 10


def test_wait_ready(wired):
    console, board = wired
    board.sendall(b"device: serving dashboard\r\n" + READY)
    assert console.wait_ready(5) == Ready("http://10.0.2.15:80", "qemu", "0123456789ab")
    assert console.tail() == ["device: serving dashboard", READY.decode().strip()]


def test_wait_ready_without_a_network(wired):
    console, board = wired
    board.sendall(b"READY - board=qemu build=0123456789ab net=down\r\n")
    assert console.wait_ready(5) == Ready(None, "qemu", "0123456789ab")


def test_wait_ready_asks_for_a_line_that_was_missed(wired):
    console, board = wired

    def answer():
        assert board.recv(10) == b"\r"
        board.sendall(READY)

    thread = threading.Thread(target=answer)
    thread.start()
    assert console.wait_ready(5, ask_after=0.01).board == "qemu"
    thread.join()


def test_wait_ready_is_not_taken_in_by_a_part_of_a_line(wired):
    console, board = wired
    board.sendall(
        b"not READY http://x board=a build=b\r\nREADY http://10.0.2.15:80 board=qemu bui"
    )
    with pytest.raises(ConsoleTimeout, match="no READY line"):
        console.wait_ready(0.05)


@pytest.mark.parametrize(
    "said",
    [
        b"\r\n>>> ",
        b"\r\n>>> impo",
        b"\r\n>>> if x:\r\n... ",
        b"paste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ",
        b"raw REPL; CTRL-B to exit\r\n>",
        b"raw REPL; CTRL-B to exit\r\n>OK12\r\n\x04\x04>",
        b"raw REPL; CTRL-B to exit\r\n>R\x01\x80\x00\x01\x01",
    ],
)
def test_a_board_at_a_prompt_is_known(wired, said):
    console, board = wired
    board.sendall(b"anything" + said + b"")
    console.read(8 + len(said), 5)
    assert console.at_prompt


@pytest.mark.parametrize(
    "said",
    [
        b"",
        READY,
        b"\r\n>>> while True: pass\r\n",
        b"raw REPL; CTRL-B to exit\r\n>R\x01\x80\x00\x01\x04running",
        b"raw REPL; CTRL-B to exit\r\n>OK",
        b"a > b",
    ],
)
def test_a_board_that_runs_is_not_at_a_prompt(wired, said):
    console, board = wired
    board.sendall(b"anything" + said)
    console.read(8 + len(said), 5)
    assert not console.at_prompt


def test_subscribers_get_everything_once(wired):
    console, board = wired
    board.sendall(b"early ")
    console.expect("early ", 5)
    got = bytearray()
    unsubscribe = console.subscribe(got.extend, replay=True)
    board.sendall(b"late ")
    console.expect("late ", 5)
    board.sendall(b"x")
    console.expect("x", 5)
    unsubscribe()
    assert got.startswith(b"early late ")


def test_the_log_file_gets_all_lines(tmp_path):
    import socket

    ours, board = socket.socketpair()
    log = tmp_path / "new" / "board.log"
    with Console(SocketStream(ours, "fake"), log) as console:
        board.sendall(b"one\r\ntwo")
        console.expect("two", 5)
    board.close()
    assert [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()] == ["one", "two"]


def test_writing_to_a_console_that_is_gone(wired):
    console, board = wired
    board.close()
    with pytest.raises(ConsoleClosed, match="fake"):
        for _ in range(3):
            console.write(b"x")


def test_wait_ready_does_not_wait_for_a_board_at_the_repl(wired):
    console, board = wired
    board.sendall(b"OSError: oops\r\n>>> ")
    with pytest.raises(ConsoleError, match="is at the REPL") as caught:
        console.wait_ready(60, ask_after=0.05)
    assert caught.value.details == ("OSError: oops", ">>> ")
