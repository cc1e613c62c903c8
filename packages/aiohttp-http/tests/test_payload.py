"""Payloads: what is known of them before, and what they write."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from aiohttp import payload
from aiohttp.base_protocol import BaseProtocol
from aiohttp.payload import (
    AsyncIterablePayload,
    BufferedReaderPayload,
    BytesIOPayload,
    BytesPayload,
    IOBasePayload,
    JsonBytesPayload,
    JsonPayload,
    Order,
    Payload,
    PayloadRegistry,
    StreamReaderPayload,
    StringIOPayload,
    StringPayload,
    TextIOPayload,
    get_payload,
)
from aiohttp.streams import StreamReader


class Writer:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    async def write(self, chunk: Any) -> None:
        self.writes.append(bytes(chunk))


async def written(value: Payload, length: int | None = None) -> bytes:
    writer: Any = Writer()
    if length is None:
        await value.write(writer)
    else:
        await value.write_with_length(writer, length)
    return b"".join(writer.writes)


async def numbers() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


def reader_of(data: bytes) -> StreamReader:
    reader = StreamReader(BaseProtocol(cast(asyncio.AbstractEventLoop, None)), 64)
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_large_bytes_are_handed_over_in_pieces(kind: Any) -> None:
    piece = 2**18
    data = bytes(range(256)) * (piece // 256) * 2 + b"end"
    writer: Any = Writer()

    await BytesPayload(kind(data)).write(writer)

    assert [len(write) for write in writer.writes] == [piece, piece, 3]
    assert b"".join(writer.writes) == data
    assert await written(BytesPayload(kind(data)), piece + 1) == data[: piece + 1]


async def test_large_items_and_gaps_are_written_as_octets() -> None:
    numbers = memoryview(bytes(2**20)).cast("I")
    assert await written(BytesPayload(numbers)) == bytes(2**20)
    assert await written(BytesPayload(memoryview(b"ab" * 2**19)[::2])) == b"a" * 2**19
    assert await written(BytesPayload(memoryview(b"abcd")[::2]), 1) == b"a"
    assert BytesPayload(memoryview(b"abcd")[::2]).decode() == "ac"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"0123456789")
    return path


VALUES: list[tuple[Callable[[], Any], type[Payload], bytes, bool]] = [
    (lambda: b"abc", BytesPayload, b"abc", True),
    (lambda: bytearray(b"abc"), BytesPayload, b"abc", True),
    (lambda: memoryview(b"abcd").cast("H"), BytesPayload, b"abcd", True),
    (lambda: "h\xe9", StringPayload, b"h\xc3\xa9", True),
    (lambda: io.StringIO("h\xe9"), StringIOPayload, b"h\xc3\xa9", True),
    (lambda: io.BytesIO(b"abc"), BytesIOPayload, b"abc", True),
    (numbers, AsyncIterablePayload, b"onetwo", False),
    (lambda: reader_of(b"abc"), StreamReaderPayload, b"abc", False),
]


@pytest.mark.parametrize(("make", "kind", "data", "known"), VALUES)
async def test_values_in_memory(
    make: Callable[[], Any], kind: type[Payload], data: bytes, known: bool
) -> None:
    value = get_payload(make())
    assert type(value) is kind
    assert value.size == (len(data) if known else None)
    assert value.autoclose
    assert await written(value) == data
    if known:
        assert not value.consumed
        assert await written(value, 2) == data[:2]
        assert await written(value) == await value.as_bytes() == data
        assert value.decode() == data.decode()
    await value.close()


@pytest.mark.parametrize("make", [v[0] for v in VALUES[-2:]])
async def test_a_stream_is_written_once(make: Callable[[], Any]) -> None:
    value = get_payload(make())
    with pytest.raises(TypeError, match="Call as_bytes"):
        value.decode()
    await written(value, 1)
    assert value.consumed
    with pytest.raises(RuntimeError, match="can be read only once"):
        await written(value)


async def test_a_stream_that_was_kept_is_written_again() -> None:
    value = get_payload(numbers())
    assert await value.as_bytes() == b"onetwo"
    assert not value.consumed
    assert value.decode() == "onetwo"
    assert await written(value) == await written(value) == b"onetwo"
    assert await written(value, 4) == b"onet"


async def test_a_consumed_stream_when_the_writer_fails() -> None:
    class Broken(Writer):
        async def write(self, chunk: Any) -> None:
            raise ConnectionError

    value = get_payload(numbers())
    with pytest.raises(ConnectionError):
        await value.write(cast(Any, Broken()))
    assert value.consumed


# Files


@pytest.mark.parametrize("buffering", [-1, 0])
async def test_files(path: Path, buffering: int) -> None:
    file = path.open("rb", buffering=buffering)
    file.read(2)
    value = get_payload(file)
    assert isinstance(value, IOBasePayload)
    assert isinstance(value, BufferedReaderPayload) == bool(buffering)
    assert value.size == 8
    assert value.filename == "photo.jpg"
    assert value.content_type == "image/jpeg"
    assert value.headers["Content-Disposition"] == 'attachment; filename="photo.jpg"'
    for _ in range(2):
        assert await written(value) == b"23456789"
        assert await written(value, 3) == b"234"
        assert await value.as_bytes() == b"23456789"
        assert value.decode() == "23456789"
        assert value.size == 8
    assert not value.consumed
    await value.close()
    await value.close()
    assert file.closed
    assert value.consumed


class Counting(io.BufferedReader):
    """Counts what is read, as programs do that show the progress of an upload."""

    def __init__(self, path: Path) -> None:
        super().__init__(cast(Any, path.open("rb")))
        self.count = 0

    def read(self, n: int | None = -1, /) -> bytes:
        block = super().read(n)
        self.count += len(block)
        return block


async def test_a_reader_before_that_of_open(path: Path) -> None:
    with Counting(path) as file:
        file.seek(2)
        value = get_payload(file)
        assert value.size == 8
        assert await written(value) == b"23456789"
        assert (value.size, file.count) == (8, 8)


@pytest.mark.parametrize("max_size", [0, 5], ids=["in memory", "on disk"])
async def test_a_spooled_file(max_size: int) -> None:
    with tempfile.SpooledTemporaryFile(max_size) as file:
        file.write(b"0123456789")
        file.seek(2)
        value = IOBasePayload(cast(Any, file))
        assert value.size == 8
        assert file.tell() == 2
        for _ in range(2):
            assert await written(value) == b"23456789"
            assert value.size == 8


async def test_files_are_read_in_pieces(path: Path) -> None:
    with path.open("wb") as file:
        file.write(bytes(700_000))
    with path.open("rb") as file:
        writer: Any = Writer()
        await get_payload(file).write(writer)
    assert [len(block) for block in writer.writes] == [2**18, 2**18, 700_000 - 2**19]


async def test_a_pipe() -> None:
    read, write = os.pipe()
    os.write(write, b"abc")
    os.close(write)
    with os.fdopen(read, "rb") as file:
        value = get_payload(file)
        assert value.size is None
        assert await written(value) == b"abc"
        assert value.consumed
        with pytest.raises(RuntimeError, match="cannot seek"):
            await written(value)


async def test_a_file_that_decompresses_does_not_tell_its_size(tmp_path: Path) -> None:
    path = tmp_path / "data.gz"
    path.write_bytes(gzip.compress(bytes(1000)))
    with gzip.open(path) as file:
        value = get_payload(file)
        assert value.size is None
        assert await written(value) == bytes(1000)


async def test_a_file_that_grows_keeps_its_size(path: Path) -> None:
    with path.open("rb") as file:
        value = get_payload(file)
        size = value.size

        class Growing(Writer):
            async def write(self, chunk: Any) -> None:
                await super().write(chunk)
                with path.open("ab") as more:
                    more.write(b"more")

        writer: Any = Growing()
        await value.write(writer)
        assert len(b"".join(writer.writes)) == size


TEXT = "one\r\ntwo h\xe9\n"


@pytest.mark.parametrize(
    ("file_charset", "charset", "expected", "known"),
    [
        ("utf-8", "utf-8", TEXT.encode(), True),
        ("utf-8", "UTF8", TEXT.encode(), True),
        ("latin-1", "utf-8", TEXT.replace("\r", "").encode(), False),
        ("utf-8", "utf-16", TEXT.replace("\r", "").encode("utf-16"), False),
    ],
)
async def test_text_files(
    tmp_path: Path, file_charset: str, charset: str, expected: bytes, known: bool
) -> None:
    path = tmp_path / "text"
    path.write_bytes(TEXT.encode(file_charset))
    with path.open(encoding=file_charset) as file:
        value = get_payload(file, encoding=charset)
        assert isinstance(value, TextIOPayload)
        assert value.size == (len(expected) if known else None)
        assert value.content_type == f"text/plain; charset={charset}"
        for _ in range(2):
            assert await written(value) == expected
        assert await written(value, 5) == expected[:5]
        assert await value.as_bytes() == expected


async def test_a_text_file_from_its_position_on(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(TEXT.encode())
    with path.open(encoding="utf-8") as file:
        file.readline()
        value = get_payload(file)
        assert await written(value) == TEXT.partition("\n")[2].encode()


async def test_text_that_is_no_file() -> None:
    class Text(io.TextIOBase):
        def __init__(self) -> None:
            self.pieces = ["h\xe9", "llo", ""]

        def read(self, size: int | None = -1, /) -> str:
            return self.pieces.pop(0)

    value = get_payload(Text())
    assert value.size is None
    assert await written(value) == b"h\xc3\xa9llo"


async def test_bytesio_from_its_position_on() -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    value = get_payload(file, filename="a.png")
    assert value.size == 6
    assert value.content_type == "image/png"
    for _ in range(2):
        assert await written(value) == b"456789"
        assert await written(value, 100) == b"456789"
    await value.close()
    assert not file.closed


async def test_a_file_is_closed_when_who_waits_for_it_is_cancelled(path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        asyncio.get_running_loop().set_default_executor(executor)
        free = threading.Event()
        executor.submit(free.wait)
        file = path.open("rb")
        closing = asyncio.ensure_future(get_payload(file).close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        free.set()
    assert file.closed


# Fields


def test_content_type() -> None:
    assert BytesPayload(b"").content_type == "application/octet-stream"
    assert BytesPayload(b"", content_type="a/b").content_type == "a/b"
    assert BytesPayload(b"", headers={"content-type": "c/d"}).content_type == "c/d"
    assert StringPayload("", content_type="text/html").encoding == "utf-8"
    assert StringPayload("", content_type="text/x; charset=koi8-r").encoding == "koi8-r"
    assert StringPayload("", encoding="latin1").content_type == "text/plain; charset=latin1"


@pytest.mark.parametrize("where", ["name", "value", "content_type"])
@pytest.mark.parametrize("text", ["\r\n", "\r", "\n", "\0"])
def test_fields_cannot_be_injected(where: str, text: str) -> None:
    options: dict[str, Any] = {"headers": {"A" + text * (where == "name"): "b"}}
    if where == "value":
        options["headers"]["A"] = f"b{text}C: d"
    if where == "content_type":
        options["content_type"] = f"a/b{text}"
    with pytest.raises(ValueError):
        _ = BytesPayload(b"", **options)._binary_headers


def test_head_of_a_part() -> None:
    value = BytesPayload(b"", content_type="a/b", headers={"X": "y"})
    assert value._binary_headers == b"Content-Type: a/b\r\nX: y\r\n\r\n"
    value.set_content_disposition("form-data", name="f")
    assert value.headers["Content-Disposition"] == 'form-data; name="f"'


async def test_json() -> None:
    value = JsonPayload({"a": 1})
    assert value.content_type == "application/json"
    assert json.loads(await written(value)) == {"a": 1}
    assert await written(JsonBytesPayload([1], dumps=lambda v: repr(v).encode())) == b"[1]"


def test_wrong_values() -> None:
    with pytest.raises(TypeError, match="byte-ish"):
        BytesPayload("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="AsyncIterable"):
        AsyncIterablePayload([b"x"])  # type: ignore[arg-type]
    with pytest.raises(payload.LookupError, match="type 'object'"):
        get_payload(object())


def test_a_big_body_in_one_piece_warns() -> None:
    with pytest.warns(ResourceWarning, match="pass an io.BytesIO"):
        BytesPayload(bytes(2**20 + 1))
    BytesPayload(bytes(2**20))


# The registry


class Other(BytesPayload):
    pass


class Mine(bytes):
    pass


def test_registry() -> None:
    registry = PayloadRegistry()
    registry.register(BytesPayload, bytes)
    assert type(registry.get(b"x")) is BytesPayload
    assert type(registry.get(Mine(b"x"))) is BytesPayload
    registry.register(Other, Mine)
    assert type(registry.get(Mine(b"x"))) is Other
    registry.register(Other, bytes, order=Order.try_first)
    assert type(registry.get(b"x")) is Other
    value = registry.get(b"x", content_type="a/b")
    assert value.content_type == "a/b"
    assert registry.get(value) is value
    with pytest.raises(ValueError, match="Unsupported order"):
        registry.register(Other, int, order=cast(Order, "never"))


def test_a_registered_class_takes_the_place_of_another() -> None:
    registry = PayloadRegistry()
    registry.register(BytesPayload, bytes)
    registry.register(Other, (bytearray, bytes))
    assert type(registry.get(b"x")) is Other
    assert type(registry.get(bytearray(b"x"))) is Other
    assert type(registry.get(Mine(b"x"))) is BytesPayload


def test_the_last_resort() -> None:
    registry = PayloadRegistry()
    registry.register(Other, object, order=Order.try_last)
    registry.register(BytesPayload, bytes)
    assert type(registry.get(b"x")) is BytesPayload
    assert type(registry.get(bytearray(b"x"))) is Other
