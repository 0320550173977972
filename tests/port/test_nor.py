"""The model of a NOR flash: what a real chip does to careless software, it does as well."""

import ctypes
from collections.abc import Callable

import pytest

SIZE, SECTOR, PAGE = 16384, 4096, 256

Read = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t
)
Fail = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Storage(ctypes.Structure):
    """nor_storage_t, ports/cortexm/nor.h."""

    _fields_ = (("read", Read), ("write", Read), ("power_fail", Fail))


class Nor(ctypes.Structure):
    """nor_t, ports/cortexm/nor.h."""

    _fields_ = (
        ("storage", ctypes.POINTER(Storage)),
        ("context", ctypes.c_void_p),
        *((n, ctypes.c_uint32) for n in ("size", "sector_size", "page_size")),
        *((n, ctypes.c_uint32) for n in ("operations", "cut")),
    )


class Chip:
    """The model over a bytearray."""

    def __init__(self, library: ctypes.CDLL, cut: int = 0) -> None:
        self.cells = bytearray(b"\xff" * SIZE)
        self.broken = False
        self.power_failed_at: list[int] = []
        self._library = library
        self._storage = Storage(Read(self._read), Read(self._write), Fail(self._fail))
        self.nor = Nor(ctypes.pointer(self._storage), None, SIZE, SECTOR, PAGE, 0, cut)

    def _read(self, _context: int, address: int, buffer: int, length: int) -> bool:
        ctypes.memmove(buffer, bytes(self.cells[address : address + length]), length)
        return not self.broken

    def _write(self, _context: int, address: int, buffer: int, length: int) -> bool:
        if not self.broken:
            self.cells[address : address + length] = ctypes.string_at(buffer, length)
        return not self.broken

    def _fail(self, _context: int) -> None:
        self.power_failed_at.append(self.nor.operations)

    def read(self, address: int, length: int) -> bytes | None:
        buffer = ctypes.create_string_buffer(length)
        done = self._library.nor_read(ctypes.byref(self.nor), address, buffer, length)
        return buffer.raw if done else None

    def erase(self, address: int) -> bool:
        return bool(self._library.nor_erase(ctypes.byref(self.nor), address))

    def program(self, address: int, data: bytes) -> bool:
        return bool(self._library.nor_program(ctypes.byref(self.nor), address, data, len(data)))


@pytest.fixture(scope="module")
def library(native_library: Callable[..., ctypes.CDLL]) -> ctypes.CDLL:
    library = native_library("nor.c")
    for function in (library.nor_read, library.nor_erase, library.nor_program):
        function.restype = ctypes.c_bool
    return library


@pytest.fixture
def chip(library: ctypes.CDLL) -> Chip:
    return Chip(library)


def test_what_was_programmed_is_read(chip: Chip) -> None:
    assert chip.program(300, b"hello")
    assert chip.read(298, 9) == b"\xff\xffhello\xff\xff"


def test_programming_only_clears_bits(chip: Chip) -> None:
    chip.program(0, b"\xf0\x0f")
    chip.program(0, b"\x3c\xff")
    assert chip.read(0, 2) == b"\x30\x0f"


def test_an_erase_sets_the_bits_of_its_sector_and_of_no_other(chip: Chip) -> None:
    for sector in range(3):
        chip.program(sector * SECTOR, b"\0" * SECTOR)
    assert chip.erase(SECTOR)
    assert chip.cells == b"\0" * SECTOR + b"\xff" * SECTOR + b"\0" * SECTOR + b"\xff" * SECTOR


def test_a_program_operation_is_a_page(chip: Chip) -> None:
    chip.program(PAGE - 1, b"\0" * (PAGE + 2))
    assert chip.nor.operations == 3


@pytest.mark.parametrize(
    ("address", "length"), [(SIZE - 1, 2), (SIZE, 1), (0, SIZE + 1), (0xFFFFFFFF, 2)]
)
def test_a_range_outside_is_refused(chip: Chip, address: int, length: int) -> None:
    assert chip.read(address, length) is None
    assert not chip.program(address, b"\0" * length)
    assert chip.cells == b"\xff" * SIZE


@pytest.mark.parametrize("address", [1, SECTOR - PAGE, SIZE])
def test_only_whole_sectors_are_erased(chip: Chip, address: int) -> None:
    chip.program(0, b"\0" * SIZE)
    assert not chip.erase(address)
    assert chip.cells == b"\0" * SIZE


def test_a_failing_storage_is_reported(chip: Chip) -> None:
    chip.broken = True
    assert chip.read(0, 1) is None
    assert not chip.erase(0)
    assert not chip.program(0, b"\0")


def test_the_power_fails_half_way_through_the_chosen_operation(library: ctypes.CDLL) -> None:
    chip = Chip(library, cut=2)
    chip.program(0, b"\0" * PAGE)
    assert chip.power_failed_at == []
    chip.program(PAGE, b"\0" * PAGE)
    assert chip.power_failed_at == [2]
    assert chip.cells[: 2 * PAGE] == b"\0" * (PAGE + PAGE // 2) + b"\xff" * (PAGE // 2)


def test_the_power_can_fail_in_an_erase(library: ctypes.CDLL) -> None:
    chip = Chip(library, cut=1)
    chip.cells[:] = b"\0" * SIZE
    chip.erase(0)
    assert chip.power_failed_at == [1]
    assert chip.cells[:SECTOR] == b"\xff" * (SECTOR // 2) + b"\0" * (SECTOR // 2)
