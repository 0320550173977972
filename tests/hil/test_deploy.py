import pytest

from hil.deploy import check_compiles, collect
from hil.errors import HilError


@pytest.fixture
def application(tmp_path):
    for name in (
        "app.py",
        "lib/helper.py",
        "www/index.html",
        "__pycache__/app.pyc",
        ".git/config",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x = 1\n")
    return tmp_path


def test_a_file_becomes_the_application(application):
    file = application / "lib" / "helper.py"
    assert collect(file) == {"/app.py": file}


def test_a_folder_is_copied_without_what_only_the_host_needs(application):
    assert set(collect(application)) == {"/app.py", "/lib/helper.py", "/www/index.html"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.py", "there is no .*nowhere.py: APP= takes"),
        ("lib", "has no app.py"),
        ("www/index.html", "is not a Python file"),
    ],
)
def test_what_cannot_be_an_application(application, name, message):
    with pytest.raises(HilError, match=message):
        collect(application / name)


@pytest.mark.parametrize("with_mpy_cross", [True, False])
def test_an_error_in_the_source_is_shown_with_its_line(tmp_path, monkeypatch, with_mpy_cross):
    if not with_mpy_cross:
        monkeypatch.setattr("hil.deploy._find_compiler", lambda: None)
    source = tmp_path / "app.py"
    source.write_text("x = 1\n\ndef f(:\n")
    with pytest.raises(HilError) as caught:
        check_compiles(source)
    assert "app.py, line 3: SyntaxError: " in caught.value.message
    assert caught.value.details == ("def f(:",)
    source.write_text("x = 1\n")
    check_compiles(source)
