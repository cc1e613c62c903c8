"""Compressors and decompressors."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp import compression_utils
from aiohttp.compression_utils import (
    MAX_DECOMPRESS_MEMBERS,
    DecompressionBaseHandler,
    TooManyMembersError,
    ZLibBackend,
    ZLibCompressor,
    ZLibDecompressor,
    encoding_to_mode,
    open_compressor,
    open_decompressor,
    set_zlib_backend,
)

CODINGS = ["gzip", "deflate", "br", "zstd"]
MEMBER_CODINGS = ["gzip", "deflate", "zstd"]


def encode(coding: str, data: bytes) -> bytes:
    compressor = open_compressor(coding)
    return compressor.compress_sync(data) + compressor.flush()


def drain(decompressor: DecompressionBaseHandler, data: bytes, max_length: int) -> list[bytes]:
    blocks = [decompressor.decompress_sync(data, max_length)]
    while decompressor.data_available:
        blocks.append(decompressor.decompress_sync(b"", max_length))
    return blocks


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.sampled_from(MEMBER_CODINGS),
    st.lists(st.binary(max_size=200), min_size=1, max_size=5),
    st.integers(1, 100),
    st.integers(0, 50),
)
def test_members_however_they_are_split(
    coding: str, members: list[bytes], step: int, max_length: int
) -> None:
    coded = b"".join(encode(coding, member) for member in members)
    decompressor = open_decompressor(coding, coded)
    got = b""
    for start in range(0, len(coded), step):
        for block in drain(decompressor, coded[start : start + step], max_length):
            assert not max_length or len(block) <= max_length
            got += block
    assert got == b"".join(members)
    assert decompressor.is_whole


@pytest.mark.parametrize("coding", CODINGS)
def test_each_call_is_bounded(coding: str) -> None:
    data = bytes(3_000_000)
    blocks = drain(open_decompressor(coding, b"x"), encode(coding, data), 1000)
    assert max(map(len, blocks)) < 1000 + 2**15 + 2**16
    assert b"".join(blocks) == data


@pytest.mark.parametrize("coding", CODINGS)
def test_is_whole_only_at_the_end(coding: str) -> None:
    coded = encode(coding, b"hello")
    decompressor = open_decompressor(coding, coded)
    assert decompressor.is_whole
    for byte in coded[:-1]:
        decompressor.decompress_sync(bytes([byte]))
        assert not decompressor.is_whole
    decompressor.decompress_sync(coded[-1:])
    assert decompressor.is_whole


@pytest.mark.parametrize("coding", MEMBER_CODINGS)
@pytest.mark.parametrize("split", [False, True])
def test_a_flood_of_empty_members(coding: str, split: bool) -> None:
    member = encode(coding, b"")
    decompressor = open_decompressor(coding, member)
    pieces = [member] * (MAX_DECOMPRESS_MEMBERS + 1)
    with pytest.raises(TooManyMembersError, match="more than 1024 members"):
        for piece in pieces if split else [b"".join(pieces)]:
            decompressor.decompress_sync(piece)


def test_many_members_that_hold_something() -> None:
    data = bytes(8192)
    coded = gzip.compress(data) * (2 * MAX_DECOMPRESS_MEMBERS)
    decompressor = ZLibDecompressor(encoding="gzip")
    assert sum(map(len, drain(decompressor, coded, 2**20))) == 2 * MAX_DECOMPRESS_MEMBERS * 8192


@pytest.mark.parametrize("split", [False, True])
def test_trailing_data(split: bool) -> None:
    coded = gzip.compress(b"abc")
    tail = b"not gzip"
    decompressor = ZLibDecompressor(encoding="gzip")
    with pytest.raises(zlib.error):
        for piece in [coded, tail] if split else [coded + tail]:
            decompressor.decompress_sync(piece)


def test_padding_behind_gzip_is_ignored() -> None:
    decompressor = ZLibDecompressor(encoding="gzip")
    assert decompressor.decompress_sync(gzip.compress(b"abc") + bytes(5)) == b"abc"
    assert decompressor.decompress_sync(bytes(5) + gzip.compress(b"def")) == b"def"
    assert decompressor.is_whole


def test_messages_of_raw_deflate_are_counted_each() -> None:
    message = zlib.compressobj(wbits=-15)
    coded = message.compress(b"x") + message.flush()
    decompressor = ZLibDecompressor(suppress_deflate_header=True)
    for _ in range(3 * MAX_DECOMPRESS_MEMBERS):
        assert decompressor.decompress_sync(coded) == b"x"


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [10, 100_000])
async def test_big_steps_run_in_an_executor(coding: str, size: int) -> None:
    data = b"abcdefghij" * (size // 10)
    with ThreadPoolExecutor(1) as pool:
        compressor = open_compressor(coding)
        compressor._executor = pool
        coded = await compressor.compress(data) + compressor.flush()
        decompressor = open_decompressor(coding, coded)
        decompressor._executor = pool
        decompressor._max_sync_chunk_size = 1
        assert await decompressor.decompress(coded) == data
        assert bool(pool._threads)


@pytest.mark.parametrize("coding", CODINGS)
async def test_what_a_cancelled_step_gave_goes_before_the_next(coding: str) -> None:
    compressor = open_compressor(coding)
    data = os.urandom(200_000)
    # The second one has not begun when it is cancelled: it waits for the first.
    tasks = [asyncio.ensure_future(compressor.compress(data)) for data in (data, b"lost")]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)
    coded = await compressor.compress(b"end") + compressor.flush()
    assert compressor._step is None
    decompressor = open_decompressor(coding, coded)
    assert decompressor.decompress_sync(coded) == data + b"end"
    assert decompressor.is_whole


@pytest.mark.parametrize("coding", CODINGS)
async def test_data_that_expands_much_is_decompressed_in_a_thread(coding: str) -> None:
    coded = encode(coding, bytes(2**20))
    decompressor = open_decompressor(coding, coded)
    threads: set[int] = set()
    decompress_sync = decompressor.decompress_sync

    def noted(*args: Any, **options: Any) -> bytes:
        threads.add(threading.get_ident())
        return decompress_sync(*args, **options)

    decompressor.decompress_sync = noted  # type: ignore[method-assign]
    size = len(await decompressor.decompress(coded, 2**17))
    threads.clear()
    while decompressor.data_available:
        size += len(await decompressor.decompress(b"", 2**17))
    assert size == 2**20
    assert threads
    assert threading.get_ident() not in threads


async def test_a_decompressor_whose_caller_was_cancelled_goes_on_in_turn() -> None:
    data = os.urandom(100_000)
    coded = encode("gzip", data)
    decompressor = open_decompressor("gzip", coded)
    task = asyncio.create_task(decompressor.decompress(coded[:50_000]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The step was done, and what it gave is lost.
    rest = await decompressor.decompress(coded[50_000:])
    assert data.endswith(rest)
    assert decompressor.is_whole


def test_modes() -> None:
    assert encoding_to_mode("gzip") == 31
    assert encoding_to_mode("gzip", suppress_deflate_header=True) == 31
    assert encoding_to_mode("deflate") == 15
    assert encoding_to_mode("deflate", suppress_deflate_header=True) == -15
    assert encoding_to_mode() == 15


def test_compressor_options() -> None:
    fast = ZLibCompressor(encoding="gzip", level=0, strategy=zlib.Z_HUFFMAN_ONLY)
    assert len(fast.compress_sync(bytes(1000)) + fast.flush()) > 1000
    raw = ZLibCompressor(wbits=-9)
    coded = raw.compress_sync(b"abc") + raw.flush(zlib.Z_SYNC_FLUSH)
    assert zlib.decompressobj(wbits=-9).decompress(coded) == b"abc"


@pytest.mark.parametrize("coding", ["lzma", "", "identity"])
def test_unknown_codings(coding: str) -> None:
    with pytest.raises(ValueError, match="unknown content coding"):
        open_compressor(coding)
    with pytest.raises(ValueError, match="unknown content coding"):
        open_decompressor(coding, b"")


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_codings_that_are_not_installed(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(compression_utils._MODULES, coding, None)
    assert compression_utils.missing_library(coding)
    with pytest.raises(RuntimeError, match="needs the package"):
        open_compressor(coding)
    with pytest.raises(RuntimeError, match="needs the package"):
        open_decompressor(coding, b"")


def test_another_zlib() -> None:
    calls: list[str] = []

    def compressobj(**options: Any) -> Any:
        calls.append("compress")
        return zlib.compressobj(**options)

    fake: Any = SimpleNamespace(
        **{**vars(zlib), "compressobj": compressobj, "__name__": "fake_zlib"}
    )
    before = ZLibBackend._zlib_backend
    try:
        set_zlib_backend(fake)
        assert ZLibBackend.name == "fake_zlib"
        assert ZLibBackend.Z_BEST_SPEED == zlib.Z_BEST_SPEED
        assert ZLibBackend.Z_FULL_FLUSH == zlib.Z_FULL_FLUSH
        assert ZLibBackend.Z_SYNC_FLUSH == zlib.Z_SYNC_FLUSH
        assert ZLibBackend.decompress(ZLibBackend.compress(b"abc")) == b"abc"
        assert ZLibBackend.crc32(b"abc") == zlib.crc32(b"abc")
        assert gzip.decompress(encode("gzip", b"abc")) == b"abc"
    finally:
        set_zlib_backend(before)
    assert calls == ["compress"]
    assert ZLibBackend.name == "zlib"


@pytest.mark.parametrize("name", ["zlib", "zlib_ng.zlib_ng", "isal.isal_zlib"])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_other_libraries_do_the_same(name: str, coding: str) -> None:
    backend = pytest.importorskip(name)
    before = compression_utils.ZLibBackend._zlib_backend
    compression_utils.set_zlib_backend(backend)
    try:
        compressor = compression_utils.ZLibCompressor(encoding=coding)
        member = compressor.compress_sync(b"abc" * 10_000) + compressor.flush()
        decompressor = compression_utils.open_decompressor(coding, member)
        data = decompressor.decompress_sync(member * 2, max_length=100)
        while decompressor.data_available:
            piece = decompressor.decompress_sync(b"", max_length=100)
            assert len(piece) <= 100
            data += piece
        assert data == b"abc" * 20_000
        assert decompressor.is_whole
        decompressor.decompress_sync(member[:-3])
        assert not decompressor.is_whole
    finally:
        compression_utils.set_zlib_backend(before)
