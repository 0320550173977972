"""`hil sizes`: the memory that the framework takes on a board."""

import re

from hil.cli import main
from hil.sizes import Memory


def test_the_line_says_both_figures():
    line = str(Memory(4000, 10_000))
    assert "4,000 bytes once it is imported" in line
    assert "10,000 bytes after the first request" in line


def test_an_image_is_measured_on_a_board_of_its_own(board_name, capsys):
    assert main(["sizes", "--board", board_name]) == 0
    imported, served = (
        int(figure.replace(",", ""))
        for figure in re.findall(r"([\d,]+) bytes", capsys.readouterr().out)
    )
    assert 1000 < imported < served < 30_000


def test_a_folder_without_an_image_is_one_line(board_name, tmp_path, capsys):
    assert main(["sizes", "--board", board_name, "--build", str(tmp_path)]) == 1
    assert "build it with `make BOARD=" in capsys.readouterr().err


def test_a_board_that_cannot_be_started_fails(board_name, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["sizes", "--board", board_name]) == 1
    assert capsys.readouterr().err.startswith("hil: ")
