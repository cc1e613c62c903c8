"""Stream readers and queues: reading, waiting, flow control, errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import LineTooLong
from aiohttp.streams import (
    EMPTY_PAYLOAD,
    DataQueue,
    EofStream,
    FlowControlDataQueue,
    StreamReader,
)


class Protocol(BaseProtocol):
    """Counts what a reader asks of the connection."""

    def __init__(self) -> None:
        # Nothing here drains, which is what the loop is for.
        super().__init__(cast(asyncio.AbstractEventLoop, None))
        # One that can neither pause nor resume: the counts are enough.
        self.transport = asyncio.Transport()
        self.pauses = 0
        self.resumes = 0

    def pause_reading(self) -> None:
        self.pauses += 1
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        self.resumes += 1
        super().resume_reading(resume_parser)


def make(*pieces: bytes, limit: int = 16, eof: bool = False) -> StreamReader:
    reader = StreamReader(Protocol(), limit)
    for piece in pieces:
        reader.feed_data(piece)
    if eof:
        reader.feed_eof()
    return reader


def protocol_of(reader: StreamReader) -> Protocol:
    protocol = reader._protocol
    assert isinstance(protocol, Protocol)
    return protocol


def run_now(read: Awaitable[Any]) -> Any:
    """Return what *read* returns, without a loop: it must not wait."""
    try:
        read.__await__().send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits although the data is there")


READS: list[tuple[str, Callable[[StreamReader], Awaitable[Any]], Any]] = [
    ("read all", lambda r: r.read(), b"one\ntwo\nthree"),
    ("read some", lambda r: r.read(5), b"one\nt"),
    ("read nothing", lambda r: r.read(0), b""),
    ("readany", lambda r: r.readany(), b"one\ntwo\nthree"),
    ("readexactly", lambda r: r.readexactly(9), b"one\ntwo\nt"),
    ("readline", lambda r: r.readline(), b"one\n"),
    ("readuntil", lambda r: r.readuntil(b"o\nth"), b"one\ntwo\nth"),
    ("readuntil to the end", lambda r: r.readuntil(b"?"), b"one\ntwo\nthree"),
    ("readchunk", lambda r: r.readchunk(), (b"one\ntw", False)),
]


@pytest.mark.parametrize(("read", "expected"), [r[1:] for r in READS], ids=[r[0] for r in READS])
def test_reading_what_is_there_needs_no_loop(
    read: Callable[[StreamReader], Awaitable[Any]], expected: Any
) -> None:
    assert run_now(read(make(b"one\ntw", b"o\nthree", limit=64, eof=True))) == expected


@pytest.mark.parametrize(("read", "expected"), [r[1:] for r in READS[3:8]])
async def test_reading_waits_for_what_is_not_there(
    read: Callable[[StreamReader], Awaitable[Any]], expected: Any
) -> None:
    reader = make(limit=64)
    task = asyncio.ensure_future(read(reader))
    await asyncio.sleep(0)
    assert not task.done()
    reader.feed_data(b"one\ntwo\nthree")
    reader.feed_eof()
    assert await task == expected


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    st.lists(st.binary(min_size=1, max_size=6).map(lambda b: b.replace(b"\xff", b"|"))),
    st.sampled_from([b"|", b"||", b"|-|"]),
)
def test_readuntil_finds_a_separator_however_it_is_split(
    pieces: list[bytes], separator: bytes
) -> None:
    data = b"".join(pieces)
    reader = make(*pieces, limit=1024, eof=True)
    expected = [line + separator for line in data.split(separator)]
    expected[-1] = expected[-1][: -len(separator)]
    lines = []
    while line := run_now(reader.readuntil(separator)):
        lines.append(line)
    assert lines == [line for line in expected if line]


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=20)), st.lists(st.integers(1, 30)))
def test_pieces_of_any_size_join_to_the_same(pieces: list[bytes], sizes: list[int]) -> None:
    reader = make(*pieces, eof=True)
    got = b"".join(run_now(reader.read(n)) for n in sizes)
    assert got + run_now(reader.read()) == b"".join(pieces)
    assert reader.at_eof()
    assert reader.total_bytes == len(b"".join(pieces))


async def test_readexactly_at_the_end() -> None:
    with pytest.raises(asyncio.IncompleteReadError) as info:
        await make(b"abc", eof=True).readexactly(5)
    assert info.value.partial == b"abc"
    assert info.value.expected == 5


@pytest.mark.parametrize("pieces", [(b"x" * 40,), (b"x",) * 40, (b"x" * 39 + b"\n",)])
async def test_a_line_that_is_too_long(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(LineTooLong):
        await make(*pieces, eof=True).readline()
    assert await make(*pieces, eof=True).readline(max_line_length=40) == b"".join(pieces)


async def test_an_empty_separator() -> None:
    with pytest.raises(ValueError, match="at least one byte"):
        await make().readuntil(b"")


async def test_read_nowait() -> None:
    reader = make(b"abc")
    assert reader.read_nowait(2) == b"ab"
    assert reader.read_nowait() == b"c"
    assert reader.read_nowait() == b""


async def test_a_read_without_a_connection_does_not_wait_for_ever() -> None:
    reader = make(b"ab")
    protocol_of(reader).transport = None
    assert await reader.read(2) == b"ab"
    for read in (reader.read, reader.readany, reader.readline, reader.readchunk):
        with pytest.raises(RuntimeError, match="the connection is closed"):
            await read()
    reader.feed_eof()
    assert await reader.read() == b""


async def test_one_reader_at_a_time() -> None:
    reader = make()
    task = asyncio.ensure_future(reader.read(1))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match=r"readany\(\) called while another coroutine"):
        await reader.readany()
    with pytest.raises(RuntimeError, match="some coroutine is waiting"):
        reader.read_nowait()
    reader.feed_data(b"x")
    assert await task == b"x"


async def test_reading_to_the_end_does_not_pause_after_each_piece() -> None:
    reader = make(limit=16)
    task = asyncio.ensure_future(reader.read())
    pieces = [bytes([number]) * 40 for number in range(5)]
    for piece in pieces:
        await asyncio.sleep(0)
        reader.feed_data(piece)
    await asyncio.sleep(0)
    reader.feed_eof()
    assert await task == b"".join(pieces)
    assert protocol_of(reader).pauses == 0


async def test_a_cancelled_read_loses_nothing() -> None:
    reader = make()
    task = asyncio.ensure_future(reader.readany())
    await asyncio.sleep(0)
    reader.feed_data(b"abc")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await reader.readany() == b"abc"


async def test_an_error_wakes_the_reader_and_stays() -> None:
    reader = make()
    task = asyncio.ensure_future(reader.read())
    await asyncio.sleep(0)
    reader.set_exception(ConnectionError("gone"))
    with pytest.raises(ConnectionError, match="gone"):
        await task
    for read in (reader.read, reader.readany, reader.readline, reader.readchunk, reader.wait_eof):
        with pytest.raises(ConnectionError, match="gone"):
            await read()
    with pytest.raises(ConnectionError, match="gone"):
        reader.read_nowait()


async def test_an_error_between_waking_and_running() -> None:
    reader = make()
    reader.begin_http_chunk_receiving()
    reader.feed_data(b"a")
    assert await reader.readany() == b"a"
    task = asyncio.ensure_future(reader.readany())
    await asyncio.sleep(0)
    reader.feed_data(b"")
    reader.end_http_chunk_receiving()
    reader.set_exception(ConnectionError("gone"))
    with pytest.raises(ConnectionError, match="gone"):
        await task


def test_feeding_an_ended_stream() -> None:
    with pytest.raises(RuntimeError, match="the stream has ended"):
        make(eof=True).feed_data(b"x")


async def test_iteration() -> None:
    assert [x async for x in make(b"a\nb", b"c\nd", eof=True)] == [b"a\n", b"bc\n", b"d"]
    assert [x async for x in make(b"abc", b"de", eof=True).iter_chunked(2)] == [b"ab", b"cd", b"e"]
    assert [x async for x in make(b"abc", b"de", eof=True).iter_any()] == [b"abcde"]
    assert [x async for x in make(b"ab", b"c", eof=True).iter_chunks()] == [
        (b"ab", False),
        (b"c", False),
    ]


# HTTP chunks


async def test_http_chunks() -> None:
    reader = make(limit=64)
    for chunk in (b"abc", b"", b"defg"):
        reader.begin_http_chunk_receiving()
        reader.feed_data(chunk)
        reader.end_http_chunk_receiving()
    reader.begin_http_chunk_receiving()
    reader.feed_data(b"hi")
    assert await reader.read(1) == b"a"
    assert await reader.readchunk() == (b"bc", True)
    assert await reader.readchunk() == (b"defg", True)
    assert await reader.readchunk() == (b"hi", False)
    reader.end_http_chunk_receiving()
    assert await reader.readchunk() == (b"", True)
    reader.feed_eof()
    assert await reader.readchunk() == (b"", False)


async def test_reading_over_the_end_of_http_chunks() -> None:
    reader = make(limit=64)
    for chunk in (b"abc", b"defg"):
        reader.begin_http_chunk_receiving()
        reader.feed_data(chunk)
        reader.end_http_chunk_receiving()
    assert await reader.read(4) == b"abcd"
    assert await reader.readchunk() == (b"efg", True)


def test_http_chunks_begun_too_late_or_not_at_all() -> None:
    with pytest.raises(RuntimeError, match="must precede the data"):
        make(b"x").begin_http_chunk_receiving()
    with pytest.raises(RuntimeError, match="needs begin_http_chunk_receiving"):
        make().end_http_chunk_receiving()


async def test_many_tiny_http_chunks_pause_the_connection() -> None:
    reader = make(limit=1024)
    protocol = protocol_of(reader)
    fed = 0
    while not protocol.pauses:
        reader.begin_http_chunk_receiving()
        reader.feed_data(b"x")
        reader.end_http_chunk_receiving()
        fed += 1
    assert fed < 1024
    assert await reader.readany() == b"x" * fed
    assert protocol.resumes == 1


# Flow control


async def test_water_marks() -> None:
    reader = make(limit=10)
    protocol = protocol_of(reader)
    assert reader.get_read_buffer_limits() == (10, 20)
    assert reader.feed_data(b"x" * 20) is False
    assert protocol.pauses == 0
    assert reader.feed_data(b"x") is True
    assert protocol.pauses == 1
    await reader.read(11)
    assert protocol.resumes == 0
    await reader.read(1)
    assert protocol.resumes == 1
    await reader.read(1)
    assert protocol.resumes == 1
    assert reader.buffered == 8


async def test_chunk_size_raises_the_marks() -> None:
    reader = make(limit=10)
    reader.set_read_chunk_size(5)
    assert reader.get_read_buffer_limits() == (10, 20)
    reader.set_read_chunk_size(100)
    assert reader.get_read_buffer_limits() == (100, 200)


async def test_a_source_feeds_more_when_drained() -> None:
    reader = make(b"x" * 12, limit=10)
    more = [b"a", b"b"]

    def feed() -> None:
        if more:
            reader.feed_data(more.pop(0))
        else:
            reader.on_drained(None)
            reader.feed_eof()

    reader.on_drained(feed)
    assert await reader.read() == b"x" * 12 + b"ab"


# The end


async def test_wait_eof() -> None:
    reader = make(b"data")
    task = asyncio.ensure_future(reader.wait_eof())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another coroutine waits"):
        await reader.wait_eof()
    reader.feed_eof()
    await task
    await reader.wait_eof()
    assert not reader.at_eof()


async def test_eof_callbacks(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []
    reader = make()
    reader.on_eof(lambda: calls.append(1))
    reader.on_eof(lambda: 1 // 0)  # type: ignore[arg-type]
    reader.on_eof(lambda: calls.append(2))
    reader.feed_eof()
    reader.on_eof(lambda: calls.append(3))
    assert calls == [1, 2, 3]
    assert "Exception in eof callback" in caplog.text


async def test_reading_again_and_again_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    reader = make(eof=True)
    for _ in range(50):
        assert await reader.read() == b""
    assert len(caplog.records) == 1


async def test_unread_data_is_deprecated() -> None:
    reader = make(b"abcd")
    await reader.read(3)
    with pytest.warns(DeprecationWarning, match="unread_data"):
        reader.unread_data(b"bc")
    assert reader.read_nowait() == b"bcd"


async def test_repr_says_what_is_going_on() -> None:
    assert repr(make(b"abc", eof=True)) == "<StreamReader 3 bytes eof low=16 high=32>"
    reader = make()
    reader.set_exception(ValueError("x"))
    assert repr(reader) == "<StreamReader low=16 high=32 e=ValueError('x')>"


async def test_a_read_runs_inside_its_timer() -> None:
    log: list[str] = []

    class Timer:
        def __enter__(self) -> None:
            log.append("enter")

        def __exit__(self, *args: object) -> None:
            log.append("exit")

        def assert_timeout(self) -> None:
            pass

    reader = StreamReader(Protocol(), 16, timer=Timer())  # type: ignore[arg-type]
    reader.feed_data(b"x")
    await reader.readany()
    assert log == []
    task = asyncio.ensure_future(reader.readany())
    await asyncio.sleep(0)
    assert log == ["enter"]
    reader.feed_data(b"y")
    await task
    assert log == ["enter", "exit"]


async def test_the_empty_reader() -> None:
    EMPTY_PAYLOAD.set_exception(ValueError())
    EMPTY_PAYLOAD.feed_eof()
    assert EMPTY_PAYLOAD.feed_data(b"x") is False
    assert EMPTY_PAYLOAD.exception() is None
    assert EMPTY_PAYLOAD.at_eof() and EMPTY_PAYLOAD.is_eof()
    assert await EMPTY_PAYLOAD.read() == b""
    assert await EMPTY_PAYLOAD.readany() == b""
    assert await EMPTY_PAYLOAD.readline() == b""
    assert EMPTY_PAYLOAD.read_nowait() == b""
    assert await EMPTY_PAYLOAD.readchunk() == (b"", False)
    assert [x async for x in EMPTY_PAYLOAD.iter_chunks()] == []
    assert [x async for x in EMPTY_PAYLOAD.iter_any()] == []
    assert repr(EMPTY_PAYLOAD) == "<EmptyStreamReader>"
    await EMPTY_PAYLOAD.wait_eof()
    with pytest.raises(asyncio.IncompleteReadError):
        await EMPTY_PAYLOAD.readexactly(1)


# Queues


async def test_queue() -> None:
    queue: DataQueue[int] = DataQueue(asyncio.get_running_loop())
    queue.feed_data(1)
    task = asyncio.ensure_future(queue.read())
    assert await task == 1
    task = asyncio.ensure_future(queue.read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another coroutine waits"):
        await queue.read()
    queue.feed_data(2)
    queue.feed_data(3)
    queue.feed_eof()
    assert await task == 2
    assert queue.is_eof() and not queue.at_eof()
    assert [x async for x in queue] == [3]
    with pytest.raises(EofStream):
        await queue.read()


async def test_queue_gives_its_items_before_its_error() -> None:
    queue: DataQueue[int] = DataQueue(asyncio.get_running_loop())
    queue.feed_data(1)
    queue.set_exception(ValueError("x"))
    assert await queue.read() == 1
    with pytest.raises(ValueError, match="x"):
        await queue.read()


async def test_a_cancelled_read_loses_no_item() -> None:
    queue: DataQueue[int] = DataQueue(asyncio.get_running_loop())
    task = asyncio.ensure_future(queue.read())
    await asyncio.sleep(0)
    queue.feed_data(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await queue.read() == 1


async def test_queue_with_flow_control() -> None:
    protocol = Protocol()
    queue: FlowControlDataQueue[str] = FlowControlDataQueue(
        protocol, 2, loop=asyncio.get_running_loop()
    )
    queue.feed_data("a", 4)
    assert protocol.pauses == 0
    queue.feed_data("b", 1)
    assert protocol.pauses == 1
    assert await queue.read() == "a"
    assert protocol.resumes == 1
