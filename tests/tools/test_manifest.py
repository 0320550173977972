"""The top manifest.py, as another firmware includes it."""

from __future__ import annotations

import sys
from pathlib import Path

import generate
import pytest

MICROPYTHON = Path(generate.ROOT) / ".deps" / "src" / "micropython"
sys.path.insert(0, str(MICROPYTHON / "tools"))

import manifestfile  # noqa: E402 (MicroPython's own reader)


def frozen(tmp_path: Path, options: str) -> set[str]:
    """The modules that a manifest freezes which includes ours."""
    foreign = tmp_path / "manifest.py"
    foreign.write_text(f'include("{generate.ROOT}/manifest.py"{options})\n')
    variables = dict.fromkeys(("MPY_DIR", "PORT_DIR", "BOARD_DIR"), str(MICROPYTHON))
    reader = manifestfile.ManifestFile(manifestfile.MODE_FREEZE, {**variables, "MPY_LIB_DIR": ""})
    reader.execute(str(foreign))
    return {Path(file.target_path).stem for file in reader.files()}


def test_the_core_alone_has_no_main_and_no_extension(tmp_path: Path) -> None:
    modules = frozen(tmp_path, ', extensions=""')
    assert {"__init__", "app", "server", "http1"} <= modules
    assert not {"main", "websocket", "session", "asgi"} & modules


def test_extensions_by_name_bring_what_they_need(tmp_path: Path) -> None:
    modules = frozen(tmp_path, ', extensions="sse, login"')
    assert {"sse", "login", "session", "signing"} <= modules
    assert not {"websocket", "multipart"} & modules


def test_all_leaves_out_what_needs_cpython(tmp_path: Path) -> None:
    modules = frozen(tmp_path, "")
    assert {"websocket", "static", "utemplate"} <= modules
    assert not {"asgi", "wsgi", "jinja", "redis_broker", "_cpython"} & modules


def test_an_unknown_extension_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"no such extension: websockets; there are: .*websocket"):
        frozen(tmp_path, ', extensions="websockets"')
