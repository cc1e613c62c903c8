"""Bodies on their way to their reader: decoded in bounded steps, whole or broken."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from aiohttp import compression_utils
from aiohttp._body_feed import open_body_feed
from aiohttp.base_protocol import BaseProtocol
from aiohttp.compression_utils import open_compressor
from aiohttp.http_exceptions import ContentEncodingError
from aiohttp.streams import StreamReader

CODINGS = ["gzip", "deflate", "br", "zstd"]


def make_reader(limit: int = 2**16) -> StreamReader:
    return StreamReader(BaseProtocol(cast(asyncio.AbstractEventLoop, None)), limit)


def encode(coding: str, data: bytes) -> bytes:
    compressor = open_compressor(coding)
    return compressor.compress_sync(data) + compressor.flush()


async def test_a_plain_body_passes_through() -> None:
    reader = make_reader()
    feed = open_body_feed(reader)
    feed.feed(b"abc")
    trailers = CIMultiDictProxy(CIMultiDict(A="b"))
    feed.finish(trailers)
    assert await reader.read() == b"abc"
    assert reader.trailers is trailers


@pytest.mark.parametrize("coding", [None, "identity", "unheard-of"])
async def test_codings_that_are_left_alone(coding: str | None) -> None:
    reader = make_reader()
    feed = open_body_feed(reader, coding)
    feed.feed(b"abc")
    feed.finish()
    assert await reader.read() == b"abc"
    assert reader.total_compressed_bytes is None


@pytest.mark.parametrize("coding", [*CODINGS, "GZip", "x-gzip"])
async def test_a_coded_body(coding: str) -> None:
    data = b"hello " * 5000
    coded = encode(coding.lower().removeprefix("x-"), data)
    reader = make_reader()
    feed = open_body_feed(reader, coding)
    feed.feed(coded)
    feed.finish()
    assert await reader.read() == data
    assert reader.total_raw_bytes == len(coded)
    assert reader.total_bytes == len(data)


@settings(derandomize=True, max_examples=120, deadline=None)
@given(
    st.sampled_from(CODINGS),
    st.binary(max_size=300),
    st.integers(1, 50),
    st.integers(1, 7),
)
def test_any_split_gives_the_same(coding: str, data: bytes, repeat: int, step: int) -> None:
    data *= repeat
    coded = encode(coding, data)
    reader = make_reader()
    feed = open_body_feed(reader, coding)
    for start in range(0, len(coded), step):
        feed.feed(coded[start : start + step])
    feed.finish()
    assert asyncio.run(reader.read()) == data


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_bomb_costs_bounded_memory(coding: str) -> None:
    size = 50_000_000
    reader = make_reader(limit=1000)
    feed = open_body_feed(reader, coding)
    feed.feed(encode(coding, bytes(size)))
    feed.finish()
    got = 0
    while block := await reader.readany():
        got += len(block)
        assert reader.buffered + len(block) < 200_000
    assert got == size


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("cut", [1, 5, -1])
async def test_a_truncated_body(coding: str, cut: int) -> None:
    reader = make_reader()
    feed = open_body_feed(reader, coding)
    feed.feed(encode(coding, b"hello world " * 20)[:cut])
    feed.finish()
    with pytest.raises(ContentEncodingError, match=r"truncated|Can not decode"):
        await reader.read()


@pytest.mark.parametrize("coding", CODINGS)
async def test_damage(coding: str) -> None:
    reader = make_reader()
    feed = open_body_feed(reader, coding, map_error=lambda exc: LookupError(str(exc)))
    feed.feed(b"\xffthis is not it at all")
    feed.feed(b"and more")
    feed.finish()
    with pytest.raises(LookupError, match=f"Can not decode content-encoding: {coding}"):
        await reader.read()


@pytest.mark.parametrize("coding", CODINGS)
async def test_an_empty_body(coding: str) -> None:
    reader = make_reader()
    open_body_feed(reader, coding).finish()
    assert await reader.read() == b""


async def test_deflate_without_its_zlib_header() -> None:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    coded = compressor.compress(b"raw" * 100) + compressor.flush()
    reader = make_reader()
    feed = open_body_feed(reader, "deflate")
    feed.feed(coded[:1])
    feed.feed(coded[1:])
    feed.finish()
    assert await reader.read() == b"raw" * 100


async def test_http_chunks_keep_their_ends() -> None:
    coded = gzip.compress(b"abcdef")
    reader = make_reader()
    feed = open_body_feed(reader, "gzip")
    for piece in (coded[:10], coded[10:]):
        feed.begin_chunk()
        feed.feed(piece)
        feed.end_chunk()
    feed.finish()
    assert [pair async for pair in reader.iter_chunks()] == [(b"abcdef", True)]


async def test_failing_a_body() -> None:
    for coding in (None, "gzip"):
        reader = make_reader()
        feed = open_body_feed(reader, coding, map_error=lambda exc: KeyError(str(exc)))
        feed.fail(ValueError("lost"))
        with pytest.raises(KeyError, match="lost") as info:
            await reader.read()
        assert isinstance(info.value.__cause__, ValueError)


async def test_a_body_that_nobody_reads_is_not_decoded() -> None:
    coded = gzip.compress(bytes(10_000_000))
    reader = make_reader(limit=1000)
    feed = open_body_feed(reader, "gzip")
    feed.feed(coded[:5000])
    decoded = reader.buffered
    feed.stop_decoding()
    feed.feed(coded[5000:])
    feed.finish()
    assert reader.total_bytes < decoded + len(coded)
    await reader.read()
    assert reader.at_eof()


async def test_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(compression_utils._MODULES, "br", None)
    reader = make_reader()
    feed = open_body_feed(reader, "br")
    feed.feed(b"data")
    feed.finish()
    with pytest.raises(ContentEncodingError, match="install the package 'Brotli'"):
        await reader.read()
