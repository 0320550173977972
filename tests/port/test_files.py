"""The flash: files stay, and what cannot be read is not overwritten."""

from pathlib import Path

from hil.emulators import EmulatedBoard

from .conftest import Boot, reset

SIZE = 1 << 20
WRITE = "with open('/kept.txt', 'w') as f: f.write('here I am ' * 1000)"
CHECK = "print(open('/kept.txt').read() == 'here I am ' * 1000)"


def test_files_survive_every_kind_of_restart(boot: Boot, tmp_path: Path) -> None:
    board = boot(tmp_path / "kept")
    board.exec(WRITE)
    board.console.soft_reset()
    assert board.exec(CHECK) == "True\n"
    reset(board)
    assert board.exec(CHECK) == "True\n"
    board.close()
    assert boot(tmp_path / "kept").exec(CHECK) == "True\n"


def test_a_new_flash_is_all_there_and_empty(board: EmulatedBoard) -> None:
    assert (board.setup.folder / "flash.bin").stat().st_size == SIZE
    block, _, count, free, *_ = eval(board.exec("import os\nprint(os.statvfs('/'))"))
    assert (block, count) == (4096, 256)
    assert free >= 250
    assert board.exec("print(os.getcwd())\nimport sys\nprint(sys.path)") == (
        "/\n['', '.frozen', '/lib']\n"
    )


def test_a_flash_that_cannot_be_read_is_left_alone(boot: Boot, tmp_path: Path) -> None:
    folder = tmp_path / "foreign"
    folder.mkdir()
    content = b"somebody's data " * (SIZE // 16)
    (folder / "flash.bin").write_bytes(content)
    board = boot(folder)
    board.console.expect(r"boot: cannot read the flash's file system", 10)
    board.console.interrupt()
    assert (folder / "flash.bin").read_bytes() == content
    board.exec("import flashfs\nflashfs.format()")
    reset(board)
    board.exec(WRITE)
    assert board.exec(CHECK) == "True\n"


def test_a_full_flash_says_so_and_goes_on(board: EmulatedBoard) -> None:
    code = (
        "import os\ntry:\n with open('/big', 'wb') as f:\n"
        "  while True: f.write(b'x' * 4096)\nexcept OSError as e:\n print(e.errno)\n"
        "os.remove('/big')\n"
    )
    assert board.exec(code) == "28\n"
    board.exec(WRITE)
    assert board.exec(CHECK) == "True\n"
