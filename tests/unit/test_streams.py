"""Bytes as asynchronous streams."""

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microdot import AsyncBytesIO
from microdot.streams import BufferedReader


class Packets:
    """A source that delivers packets, and must not be asked again after its end."""

    def __init__(self, packets: list[bytes]) -> None:
        self._packets = [*packets, b""]

    async def receive(self) -> bytes:
        return self._packets.pop(0)


def test_bytes() -> None:
    async def main() -> None:
        stream = AsyncBytesIO(b"one\ntwo,three")
        assert await stream.readline() == b"one\n"
        assert await stream.readexactly(1) == b"t"
        assert await stream.readuntil(b",") == b"wo,"
        assert await stream.read(2) == b"th"
        with pytest.raises(EOFError):
            await stream.readuntil(b";")
        with pytest.raises(EOFError):
            await AsyncBytesIO(b"ab").readexactly(3)
        await stream.awrite(b"more")
        await stream.aclose()

    asyncio.run(main())


@given(
    st.lists(st.binary(min_size=1, max_size=9), max_size=6),
    st.lists(st.integers(1, 12), max_size=20),
)
def test_any_portions(packets: list[bytes], sizes: list[int]) -> None:
    async def main() -> bytes:
        reader = BufferedReader(Packets(packets))
        data = b""
        for size in itertools.chain(sizes, itertools.repeat(5)):
            part = await reader.read(size)
            assert len(part) <= size
            if not part:
                assert await reader.read(size) == b""
                return data
            data += part
        raise AssertionError

    assert asyncio.run(main()) == b"".join(packets)


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"bc\r\n", b"-"]), max_size=12))
def test_lines(packets: list[bytes]) -> None:
    async def main() -> list[bytes]:
        reader = BufferedReader(Packets(packets), b"first ")
        lines = []
        while line := await reader.readline():
            lines.append(line)
        return lines

    joined = b"first " + b"".join(packets)
    assert b"".join(asyncio.run(main())) == joined


def test_exact_and_separators() -> None:
    async def main() -> None:
        reader = BufferedReader(Packets([b"on", b"e--", b"-bound", b"ary-rest"]))
        assert await reader.readexactly(3) == b"one"
        assert await reader.readuntil(b"-boundary-") == b"---boundary-"
        assert await reader.read() == b"rest"
        with pytest.raises(EOFError):
            await reader.readexactly(1)
        with pytest.raises(EOFError):
            await reader.readuntil(b"x")

    asyncio.run(main())
