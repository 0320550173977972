import os
import threading

import pytest

from hil.ptybridge import PtyBridge
from hil.streams import SerialStream


@pytest.fixture
def bridged(wired):
    console, board = wired
    released = threading.Event()
    bridge = PtyBridge(console, released.set)
    yield bridge, board, released
    bridge.close()


def read(client, count):
    data = b""
    while len(data) < count:
        piece = client.read()
        assert piece, "the terminal is gone"
        data += piece
    return data


def test_both_directions_are_8_bit_clean_and_not_echoed(bridged):
    bridge, board, _ = bridged
    everything = bytes(range(256))
    client = SerialStream(bridge.name)
    client.write(everything)
    got = b""
    while len(got) < 256:
        got += board.recv(256)
    board.sendall(everything)
    assert (got, read(client, 256)) == (everything, everything)
    client.close()


def test_a_slow_client_slows_the_board_and_loses_nothing(bridged):
    bridge, board, _ = bridged
    data = os.urandom(300_000)
    client = SerialStream(bridge.name)
    sender = threading.Thread(target=board.sendall, args=[data])
    sender.start()
    assert read(client, len(data)) == data
    sender.join()
    client.close()


def test_a_client_gets_nothing_from_before_it_came(bridged, eventually):
    bridge, board, _ = bridged
    board.sendall(b"before")
    bridge._console.expect("before", 5)
    client = SerialStream(bridge.name)
    eventually(lambda: bridge.in_use)
    board.sendall(b"after")
    assert read(client, 5) == b"after"
    client.close()


def test_what_a_client_leaves_unread_is_not_for_the_next_one(bridged, eventually):
    bridge, board, _ = bridged
    first = SerialStream(bridge.name)
    first.write(b"hello")
    assert board.recv(10) == b"hello"
    board.sendall(b"old")
    bridge._console.expect("old", 5)
    first.close()
    eventually(lambda: not bridge.in_use)
    second = SerialStream(bridge.name)
    board.sendall(b"new")
    assert read(second, 3) == b"new"
    second.close()


def test_the_end_of_a_client_that_wrote_is_reported(bridged):
    bridge, board, released = bridged
    client = SerialStream(bridge.name)
    client.write(b"x")
    assert board.recv(1) == b"x"
    client.close()
    assert released.wait(5)


def test_the_last_words_of_a_client_arrive(bridged):
    bridge, board, _ = bridged
    client = SerialStream(bridge.name)
    client.write(b"bye")
    client.close()
    assert board.recv(10) == b"bye"


def test_a_client_that_only_looked_is_not_reported(bridged, eventually):
    bridge, board, released = bridged
    client = SerialStream(bridge.name)
    board.sendall(b"x")
    assert read(client, 1) == b"x"
    client.close()
    eventually(lambda: not bridge.in_use)
    assert not released.wait(1.2)
