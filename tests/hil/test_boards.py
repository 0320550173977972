import json

import pytest

from hil.boards import board_folders, load_board, read_board
from hil.errors import HilError
from hil.project import find_root

GOOD = {
    "product": "Emulated board",
    "vendor": "Arm",
    "mcu": "mps2",
    "microdot": {
        "port": "cortexm",
        "network": "LAN",
        "tcp_pcbs": 16,
        "emulator": {"kind": "qemu", "machine": "mps2-an385", "nic": "lan9118"},
    },
}


def make(folder, values):
    folder.mkdir(parents=True)
    text = values if isinstance(values, str) else json.dumps(values)
    (folder / "board.json").write_text(text)
    return folder


def test_a_board_is_read(tmp_path):
    board = read_board(make(tmp_path / "toy", GOOD))
    assert (board.name, board.port, board.network, board.tcp_pcbs) == ("toy", "cortexm", "LAN", 16)
    assert board.emulator.machine == "mps2-an385"


def test_a_board_without_an_emulator(tmp_path):
    values = {**GOOD, "microdot": {k: v for k, v in GOOD["microdot"].items() if k != "emulator"}}
    assert read_board(make(tmp_path / "toy", values)).emulator is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a JSON object"),
        ({**GOOD, "mcu": 7}, '"mcu" is not a string'),
        ({k: v for k, v in GOOD.items() if k != "vendor"}, '"vendor" is missing'),
        ({**GOOD, "microdot": {"port": "x"}}, '"microdot.network" is missing'),
        (
            {**GOOD, "microdot": {**GOOD["microdot"], "tcp_pcbs": True}},
            '"microdot.tcp_pcbs" is not a whole number',
        ),
        (
            {**GOOD, "microdot": {**GOOD["microdot"], "emulator": {}}},
            '"microdot.emulator.kind" is missing',
        ),
    ],
)
def test_what_is_wrong_with_a_board_is_said(tmp_path, values, message):
    with pytest.raises(HilError) as caught:
        read_board(make(tmp_path / "toy", values))
    assert message in caught.value.message
    assert "toy/board.json" in caught.value.message


def test_an_unknown_board_lists_the_others(tmp_path, monkeypatch):
    monkeypatch.delenv("BOARD_DIR", raising=False)
    make(tmp_path / "boards" / "b", GOOD)
    make(tmp_path / "boards" / "a", GOOD)
    with pytest.raises(HilError, match="there is no board 'c'; boards: a, b"):
        load_board(tmp_path, "c")


def test_a_board_kept_elsewhere(tmp_path, monkeypatch):
    foreign = make(tmp_path / "elsewhere" / "mine", GOOD)
    assert load_board(tmp_path, "mine", str(foreign)).folder == foreign
    monkeypatch.setenv("BOARD_DIR", str(foreign))
    assert load_board(tmp_path, "mine").folder == foreign


def test_a_folder_without_a_board(tmp_path):
    with pytest.raises(HilError, match="No such file"):
        load_board(tmp_path, "mine", str(tmp_path / "mine"))


def test_all_boards_of_the_project_can_be_read():
    folders = board_folders(find_root())
    assert "qemu" in folders
    for folder in folders.values():
        read_board(folder)
