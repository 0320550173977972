import io

import pytest

from hil.view import ConsoleView

RAW = (
    b"\r\n>>> \r\nraw REPL; CTRL-B to exit\r\n>R\x01\x80\x00\x01\x041\r\n\x04\x04>"
    b"\r\nMicroPython v1.25.0 on 2025\r\n>>> "
)


@pytest.fixture
def out():
    return io.StringIO()


def test_text_passes_and_control_characters_do_not(out):
    ConsoleView(out).feed(b"a\r\n\x1b[31mred\x1b[0m\x07\tb\x00\x9b")
    assert out.getvalue() == "a\nred\tb\ufffd"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_what_passes_in_the_raw_repl_is_not_shown(out, size):
    view = ConsoleView(out)
    for start in range(0, len(RAW), size):
        view.feed(RAW[start : start + size])
    assert out.getvalue() == "\n>>> \nMicroPython v1.25.0 on 2025\n>>> "


def test_a_boot_out_of_the_raw_repl_is_shown(out):
    view = ConsoleView(out)
    view.feed(b"raw REPL; CTRL-B to exit\r\n>OK\x04")
    view.feed(b"device: serving dashboard\r\nREADY http")
    assert out.getvalue() == "device: serving dashboard\nREADY http"


def test_lines_of_our_own_begin_on_a_new_line(out):
    view = ConsoleView(out)
    view.say("one")
    view.feed(b">>> ")
    view.say("two")
    view.feed(b"three\r\n")
    view.say("four")
    assert out.getvalue() == "one\n>>> \ntwo\nthree\nfour\n"
