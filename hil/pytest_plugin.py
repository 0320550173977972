"""pytest plugin: boards as fixtures. The same test runs on an emulated board and on one on the
desk.

Options: `--board NAME[,NAME]`. Fixtures: `board`, `booted`, `console`, `http`, `board_factory`.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from .board import BOOT_TIMEOUT, Board
from .console import Console, Ready
from .emulators import EmulatedBoard, Setup, boot
from .errors import Absent
from .project import find_root
from .rawrepl import FileContents

_DEFAULT_BOARD = "qemu"
_LOG_VARIABLE = "HIL_LOG_DIR"  # so that parallel workers log into the folder of one run
_HTTP_TIMEOUT = 10.0  # seconds


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    group = parser.getgroup("hil", "boards")
    group.addoption(
        "--board",
        action="append",
        metavar="NAME[,NAME]",
        help=f"boards to test (default: {_DEFAULT_BOARD}); named ones have to be there",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Decides on the folder for this run's logs."""
    os.environ.setdefault(_LOG_VARIABLE, time.strftime("build/hil/%Y%m%d-%H%M%S"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test that asks for a board on each board that is to be tested."""
    if "board_name" in metafunc.fixturenames:
        names = _named_boards(metafunc.config) or [_DEFAULT_BOARD]
        metafunc.parametrize("board_name", names, scope="session")


def _named_boards(config: pytest.Config) -> list[str]:
    options: list[str] = config.getoption("--board") or []
    return [name for option in options for name in option.split(",") if name]


class Lab:
    """The boards of a test run.

    :param root: the project's folder.
    :param logs: a folder for the boards' consoles.
    :param scratch: makes a folder that ends with the run.
    """

    def __init__(self, root: Path, logs: Path, scratch: pytest.TempPathFactory) -> None:
        self._root = root
        self._logs = logs
        self._scratch = scratch
        self._shared: dict[str, EmulatedBoard] = {}
        self._count = 0

    def boot(
        self,
        name: str,
        files: FileContents | None = None,
        image: Path | None = None,
        setup: Setup | None = None,
        timeout: float = BOOT_TIMEOUT,
    ) -> EmulatedBoard:
        """Boots a board of one's own. Arguments as for `hil.emulators.boot`; the set-up defaults
        to a new flash.
        """
        self._count += 1
        if setup is None:
            setup = Setup(self._scratch.mktemp(name))
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        log = self._logs / f"{name}-{worker}{self._count}.log"
        return boot(self._root, name, replace(setup, console_log=log), files, image, timeout)

    def shared(self, name: str) -> Board:
        """The board that tests share: booted when it is first asked for, and serving."""
        board = self._shared.get(name)
        if board is not None and not board.process.running:
            board.close()
            board = None
        if board is None:
            board = self._shared[name] = self.boot(name)
        elif board.console.at_prompt:
            board.restart()
        return board

    def close(self) -> None:
        """Gives all shared boards back."""
        for board in self._shared.values():
            board.close()


@pytest.fixture(scope="session")
def hil_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The boards of this run."""
    root = find_root()
    lab = Lab(root, root / os.environ[_LOG_VARIABLE], tmp_path_factory)
    yield lab
    lab.close()


@pytest.fixture
def board(board_name: str, hil_lab: Lab, request: pytest.FixtureRequest) -> Board:
    """A running board that serves, shared with other tests. Leave no files on it, or take
    `board_factory`.
    """
    with _skipped_if_absent(request.config, board_name):
        return hil_lab.shared(board_name)


@contextlib.contextmanager
def _skipped_if_absent(config: pytest.Config, name: str) -> Iterator[None]:
    """A board that is not there is skipped, by its name; if it was asked for by name, it is a
    failure.
    """
    try:
        yield
    except Absent as error:
        reason = f"board {name}: {error.message}"
        if name in _named_boards(config):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture
def booted(board: Board) -> Ready:
    """What the board's READY line says."""
    return board.ready


@pytest.fixture
def console(board: Board) -> Console:
    """The board's console."""
    return board.console


@pytest.fixture
def http(board: Board) -> Iterator[httpx.Client]:
    """An HTTP client whose URLs are relative to the board's."""
    with httpx.Client(base_url=board.http_url, timeout=_HTTP_TIMEOUT, trust_env=False) as client:
        yield client


class BoardFactory(Protocol):
    """What `board_factory` gives."""

    def __call__(
        self,
        files: FileContents | None = None,
        image: Path | None = None,
        setup: Setup | None = None,
    ) -> EmulatedBoard:
        """Boots a board with a flash of its own; as `Lab.boot`."""


@pytest.fixture
def board_factory(
    board_name: str, hil_lab: Lab, request: pytest.FixtureRequest
) -> Iterator[BoardFactory]:
    """Boots boards that are this test's alone: call it with files for its flash, or an image."""
    boards: list[EmulatedBoard] = []

    def make(
        files: FileContents | None = None,
        image: Path | None = None,
        setup: Setup | None = None,
    ) -> EmulatedBoard:
        with _skipped_if_absent(request.config, board_name):
            boards.append(hil_lab.boot(board_name, files, image, setup))
        return boards[-1]

    yield make
    for board in boards:
        board.close()
