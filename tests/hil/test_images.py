import json

import pytest

from hil.errors import Absent, HilError
from hil.images import find_image, read_build_record, read_image

MARKER = b"microdot-build:board=qemu;id=0123456789ab;"


def test_the_marker_is_found(tmp_path):
    file = tmp_path / "firmware.bin"
    file.write_bytes(b"\0" * 5000 + MARKER + b"\xff" * 100)
    image = read_image(file)
    assert (image.path, image.board, image.build_id) == (file, "qemu", "0123456789ab")


def test_a_marker_that_is_there_twice_is_one(tmp_path):
    file = tmp_path / "firmware.bin"
    file.write_bytes(MARKER + b"\0" + MARKER)
    assert read_image(file).build_id == "0123456789ab"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\0" * 100, "no build marker"),
        (b"microdot-build:board=;id=0123456789ab;", "no build marker"),
        (MARKER + MARKER.replace(b"0", b"1"), "2 builds"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path, content, message):
    file = tmp_path / "firmware.bin"
    file.write_bytes(content)
    with pytest.raises(HilError, match=message):
        read_image(file)


def test_an_image_that_was_not_built(tmp_path):
    with pytest.raises(Absent, match="build it with `make BOARD=qemu`"):
        find_image(tmp_path, "qemu")


def test_the_image_of_another_board(tmp_path):
    (tmp_path / "firmware.elf").write_bytes(MARKER)
    assert find_image(tmp_path, "qemu").board == "qemu"
    with pytest.raises(HilError, match="is an image for board 'qemu'"):
        find_image(tmp_path, "stm32")


def test_the_build_record(tmp_path):
    record = {"board": "qemu", "id": "0123456789ab", "version": "0.1.0", "micropython": "1.25.0"}
    (tmp_path / "build.json").write_text(json.dumps({**record, "sizes": {"flash": 1}}))
    read = read_build_record(tmp_path)
    assert (read.board, read.build_id, read.version) == ("qemu", "0123456789ab", "0.1.0")
    assert read.everything["sizes"] == {"flash": 1}


@pytest.mark.parametrize("content", ["{", "{}", "[]"])
def test_a_damaged_build_record(tmp_path, content):
    (tmp_path / "build.json").write_text(content)
    with pytest.raises(HilError, match="damaged"):
        read_build_record(tmp_path)
