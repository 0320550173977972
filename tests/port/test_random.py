"""Randomness comes from the host's cryptographic source."""

from hil.emulators import EmulatedBoard

from .conftest import Boot


def test_no_two_starts_draw_the_same(boot: Boot) -> None:
    code = "import os, random\nprint(os.urandom(16).hex(), random.getrandbits(32))"
    drawn = [boot().exec(code).split() for _ in range(3)]
    assert len({urandom for urandom, _ in drawn}) == 3
    assert len({seeded for _, seeded in drawn}) == 3


def test_urandom_has_any_length_and_all_values(board: EmulatedBoard) -> None:
    code = (
        "import os\nprint(os.urandom(0), len(os.urandom(1)), len(set(os.urandom(8192))))\n"
        "try:\n os.urandom(-1)\nexcept ValueError:\n print('refused')"
    )
    assert board.exec(code) == "b'' 1 256\nrefused\n"
