"""What board.json says of the board is what the image has."""

import json

import pytest

from hil.emulators import EmulatedBoard

from .conftest import BOARD, ROOT


@pytest.fixture(scope="module")
def figures() -> dict[str, object]:
    ours: dict[str, object] = json.loads((ROOT / "boards" / BOARD / "board.json").read_text())
    return dict(ours["microdot"])  # type: ignore[call-overload]


def test_flash(board: EmulatedBoard, figures: dict[str, object]) -> None:
    code = "import cortexm\nf = cortexm.Flash()\nprint(f.ioctl(4, 0), f.ioctl(5, 0))"
    blocks, erase = (int(word) for word in board.exec(code).split())
    flash = figures["flash"]
    assert isinstance(flash, dict)
    assert (flash["bytes"], flash["erase"]) == (blocks * erase, erase)


def test_heap(board: EmulatedBoard, figures: dict[str, object]) -> None:
    """The collector's tables take a part of it: two bits and more for each 16 bytes."""
    total = int(board.exec("import gc\nprint(gc.mem_free() + gc.mem_alloc())"))
    assert isinstance(figures["heap"], int)
    assert 0.95 < total / figures["heap"] < 1


def test_network_class(board: EmulatedBoard, figures: dict[str, object]) -> None:
    code = f"import network\nprint(network.{figures['network']}().active() in (True, False))"
    assert board.exec(code) == "True\n"
