"""The emulated board as its port sees it: started without waiting for the firmware to serve."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from hil.boards import load_board
from hil.emulators import EmulatedBoard, Setup, start
from hil.images import Image, find_image
from hil.project import build_folder
from hil.rawrepl import RawRepl

ROOT = Path(__file__).resolve().parents[2]
PORT = ROOT / "ports" / "cortexm"
BOARD = "qemu"
DEADLINE = 60.0  # seconds that an emulator may live

# The first line that a start says when the file system is mounted: the firmware's, or the REPL's.
STARTED = r"(?m)^(device: |READY |MicroPython v)"

Boot = Callable[..., EmulatedBoard]


@pytest.fixture
def boot(tmp_path: Path) -> Iterator[Boot]:
    """Boots boards that are this test's alone.

    `boot(folder, hooks)`: the same folder is the same board with the same flash.
    """
    boards: list[EmulatedBoard] = []

    def make(folder: Path | None = None, hooks: Mapping[str, int] | None = None) -> EmulatedBoard:
        folder = folder or tmp_path / f"board{len(boards)}"
        folder.mkdir(exist_ok=True)
        setup = Setup(folder, deadline=DEADLINE, hooks=hooks or {})
        boards.append(start(load_board(ROOT, BOARD), image(), setup))
        return boards[-1]

    yield make
    for board in boards:
        board.close()


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedBoard]:
    """A board at its REPL that the tests of a file share."""
    setup = Setup(tmp_path_factory.mktemp("shared"), deadline=DEADLINE)
    with start(load_board(ROOT, BOARD), image(), setup) as shared:
        shared.console.interrupt()
        yield shared


def reset(board: EmulatedBoard, code: str = "machine.reset()") -> None:
    """Resets the board by `code` and waits until it runs again; whether it serves is not asked."""
    with RawRepl(board.console) as repl:
        repl.launch(f"import machine\n{code}")
    board.console.expect(STARTED, 10)


def image() -> Image:
    """The image that is tested: what was built last."""
    return find_image(build_folder(ROOT, BOARD), BOARD)


@pytest.fixture(scope="session")
def native_library(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ctypes.CDLL]:
    """Compiles sources of the port for this machine and loads them."""

    def load(*sources: str) -> ctypes.CDLL:
        compiler = shutil.which("gcc") or shutil.which("cc")
        assert compiler, "no C compiler: sudo apt-get install gcc"
        library = tmp_path_factory.mktemp("native") / "library.so"
        command = [
            compiler,
            "-std=gnu99",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-shared",
            "-fPIC",
            "-O1",
        ]
        files = [str(PORT / source) for source in sources]
        subprocess.run([*command, "-o", str(library), *files], check=True, timeout=60)
        return ctypes.CDLL(str(library))

    return load
