"""/settings.json."""

import json

import pytest

DEFAULTS = {"hostname": None, "listen": "0.0.0.0", "http_port": 80, "https_port": 443}
LOAD = "import json\nfrom device import settings\nprint(json.dumps(settings.load()))"


def load(board):
    return json.loads(board.run(LOAD))


def test_without_a_file_the_defaults_hold(board):
    (board.root / "settings.json").unlink()
    assert load(board) == [DEFAULTS, []]


def test_what_the_file_says(board):
    board.settings(hostname="Kitchen-2", https_port=None)
    values, warnings = load(board)
    assert (values["hostname"], values["https_port"]) == ("Kitchen-2", None)
    assert warnings == []


@pytest.mark.parametrize("content", [b"", b'{"hostname": "x', b"[1]", b"\xff\xfe\x00", b"null"])
def test_damaged_file_is_kept_aside(board, content):
    board.write("settings.json.bad", "an older one")
    board.write("settings.json", content)
    values, warnings = load(board)
    assert values == DEFAULTS
    assert "settings.json was damaged: kept as settings.json.bad" in warnings[0]
    assert (board.root / "settings.json.bad").read_bytes() == content
    assert not (board.root / "settings.json").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hostname", ""),
        ("hostname", "-a"),
        ("hostname", "a_b"),
        ("hostname", "a" * 33),
        ("hostname", 5),
        ("listen", None),
        ("http_port", "80"),
        ("http_port", 0),
        ("http_port", 65536),
        ("https_port", True),
    ],
)
def test_unusable_value_is_a_warning_and_the_default_holds(board, name, value):
    board.write("settings.json", json.dumps({name: value}))
    values, warnings = load(board)
    assert values == DEFAULTS
    assert f"'{name}' has no usable value" in warnings[0]


def test_unknown_setting_is_a_warning_that_does_not_show_its_value(board):
    board.write("settings.json", json.dumps({"password": "s3cret"}))
    values, warnings = load(board)
    assert values == DEFAULTS
    assert warnings == ["settings.json: 'password' is not a setting"]


def test_save_changes_only_what_it_is_given(board):
    board.write("settings.json", json.dumps({"hostname": "old", "http_port": 8080}))
    board.run("from device import settings; settings.save({'hostname': 'new'})")
    stored = json.loads((board.root / "settings.json").read_text())
    assert stored == {"hostname": "new", "http_port": 8080}


def test_save_refuses_what_load_would(board):
    code = """
from device import settings
for changes in ({"nonsense": 1}, {"http_port": 0}):
    try:
        settings.save(changes)
    except ValueError as error:
        print(error)
"""
    before = (board.root / "settings.json").read_bytes()
    assert board.run(code).count("not a setting") == 2
    assert (board.root / "settings.json").read_bytes() == before


def test_power_cut_while_saving_leaves_the_old_settings(board):
    code = """
import os
from device import files, settings
def cut(old, new):
    raise OSError(5)
files.rename = cut
try:
    settings.save({"hostname": "new"})
except OSError:
    print("cut")
"""
    before = (board.root / "settings.json").read_bytes()
    assert board.run(code) == "cut\n"
    assert (board.root / "settings.json").read_bytes() == before


def test_hostname(board):
    board.settings(hostname="Kitchen")
    board.boot()
    assert board.status()["network"]["hostname"] == "Kitchen"


def test_default_hostname_fits_the_rules_for_names(board):
    build = board.frozen / "device/_build.py"
    build.write_text(build.read_text().replace('"qemu"', f'"my_board_{"x" * 40}"'))
    name = board.run("from device import net; print(net.default_hostname())").strip()
    assert name.startswith("my-board-x")
    assert name.endswith("-beef")
    assert len(name) == 32
