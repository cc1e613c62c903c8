"""The queue between reader and receiver, both builds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aiohttp._websocket import message_queue, reader, reader_py
from aiohttp._websocket.models import WSMessage, WSMsgType
from aiohttp.streams import EofStream

QUEUES: dict[str, Any] = {"py": message_queue.WebSocketDataQueue}
try:
    from aiohttp._websocket import message_queue_c  # type: ignore[attr-defined]
except ImportError:
    pass
else:
    QUEUES["c"] = message_queue_c.WebSocketDataQueue

OVERHEAD = message_queue.MSG_SIZE_OVERHEAD


class FakeProtocol:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")


@pytest.fixture
def protocol() -> FakeProtocol:
    return FakeProtocol()


@pytest.fixture(params=QUEUES)
async def queue(request: pytest.FixtureRequest, protocol: FakeProtocol) -> Any:
    return QUEUES[request.param](protocol, 1000, loop=asyncio.get_running_loop())


def message(data: bytes = b"a") -> WSMessage:
    return WSMessage(WSMsgType.BINARY, data, "")


async def test_messages_in_order(queue: Any) -> None:
    queue.feed_data(message(b"1"), 1)
    queue.feed_data(message(b"2"), 1)
    assert len(queue) == 2
    assert (await queue.read()).data == b"1"
    assert queue.take().data == b"2"
    assert queue.take() is None
    assert queue  # also when it is empty


async def test_read_waits(queue: Any) -> None:
    task = asyncio.ensure_future(queue.read())
    await asyncio.sleep(0)
    queue.feed_data(message(), 1)
    assert await task == message()


async def test_cancelling_loses_no_message(queue: Any) -> None:
    task = asyncio.ensure_future(queue.read())
    await asyncio.sleep(0)
    queue.feed_data(message(), 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await queue.read() == message()


async def test_one_task_waits(queue: Any) -> None:
    task = asyncio.ensure_future(queue.read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another task"):
        await queue.read()
    queue.feed_eof()
    with pytest.raises(EofStream):
        await task


async def test_the_end_comes_after_the_messages(queue: Any) -> None:
    queue.feed_data(message(), 1)
    queue.feed_eof()
    assert queue.is_eof()
    assert await queue.read() == message()
    with pytest.raises(EofStream):
        await queue.read()


async def test_an_error_comes_after_the_messages(queue: Any) -> None:
    cause = ValueError("why")
    error = ConnectionError("lost")
    queue.feed_data(message(), 1)
    queue.set_exception(error, cause)
    assert queue.exception() is error
    assert await queue.read() == message()
    for _ in range(2):
        with pytest.raises(ConnectionError) as caught:
            await queue.read()
        assert caught.value.__cause__ is cause


async def test_an_error_wakes_who_waits(queue: Any) -> None:
    task = asyncio.ensure_future(queue.read())
    await asyncio.sleep(0)
    queue.set_exception(ConnectionError("lost"))
    with pytest.raises(ConnectionError):
        await task


async def test_reading_is_paused_above_twice_the_limit(queue: Any, protocol: FakeProtocol) -> None:
    assert queue.feed_data(message(), 2000 - OVERHEAD) is False
    assert protocol.calls == []
    assert queue.feed_data(message(), 1) is True
    assert protocol.calls == ["pause"]
    assert queue.paused
    queue.feed_data(message(), 1)
    assert protocol.calls == ["pause"]
    await queue.read()
    assert protocol.calls == ["pause", "resume"]
    assert not queue.paused


async def test_empty_messages_count(queue: Any, protocol: FakeProtocol) -> None:
    for _ in range(2000 // OVERHEAD + 1):
        queue.feed_data(message(b""), 0)
    assert protocol.calls == ["pause"]


async def test_a_stalled_reader_goes_first(queue: Any, protocol: FakeProtocol) -> None:
    """What it held back is older than what the transport has."""

    class Stalled:
        left = 2

        def resume(self) -> None:
            protocol.calls.append("parser")
            if self.left:
                self.left -= 1
                assert queue.feed_data(message(), 3000)
                queue.stall(self)

    assert queue.feed_data(message(), 3000)
    queue.stall(Stalled())
    while queue.take() is not None:
        pass
    assert protocol.calls == ["pause", "parser", "parser", "parser", "resume"]


def test_names_for_third_parties() -> None:
    assert reader_py.MSG_SIZE_OVERHEAD == OVERHEAD
    assert reader_py.WebSocketDataQueue is message_queue.WebSocketDataQueue
    assert reader.WebSocketDataQueue in QUEUES.values()


async def test_the_buffer_holds_messages_and_sizes(queue: Any) -> None:
    """ccxt looks into it."""
    queue.feed_data(message(), 1)
    assert list(queue._buffer) == [(message(), 1)]


async def test_the_buffer_holds_the_message_that_was_waited_for(queue: Any) -> None:
    task = asyncio.ensure_future(queue.read())
    await asyncio.sleep(0)
    queue.feed_data(message(b"1"), 1)
    queue.feed_data(message(b"22"), 2)
    assert len(queue) == 2
    assert list(queue._buffer) == [(message(b"1"), 1), (message(b"22"), 2)]
    assert await task == message(b"1")
    assert queue.take() == message(b"22")
    assert len(queue) == 0


# Iteration…


async def otherwise(taken: WSMessage | None) -> WSMessage:
    if taken is None:
        raise EofStream
    return taken


@pytest.fixture
def messages(queue: Any) -> Any:
    queue.open = True
    return queue.messages(otherwise)


async def test_iteration(queue: Any, messages: Any) -> None:
    queue.feed_data(message(b"1"), 1)
    assert await anext(aiter(messages)) == message(b"1")
    task = asyncio.ensure_future(anext(messages))
    await asyncio.sleep(0)
    assert queue.reading
    queue.feed_data(message(b"2"), 1)
    queue.feed_data(message(b"3"), 1)
    assert await task == message(b"2")
    assert not queue.reading
    assert await anext(messages) == message(b"3")


@pytest.mark.parametrize("waits", [False, True])
async def test_what_is_no_data_goes_elsewhere(queue: Any, messages: Any, waits: bool) -> None:
    ping = WSMessage(WSMsgType.PING, b"", "")
    task = asyncio.ensure_future(anext(messages))
    if waits:
        await asyncio.sleep(0)
    queue.feed_data(ping, 0)
    assert await task is ping


@pytest.mark.parametrize("waits", [False, True])
async def test_an_iteration_is_told_of_the_end(queue: Any, messages: Any, waits: bool) -> None:
    task = asyncio.ensure_future(anext(messages))
    if waits:
        await asyncio.sleep(0)
    queue.feed_eof()
    with pytest.raises(EofStream):
        await task
    assert not queue.reading


async def test_nothing_is_taken_while_closing_or_while_another_task_reads(
    queue: Any, messages: Any
) -> None:
    queue.feed_data(message(), 1)
    queue.open = False
    with pytest.raises(EofStream):
        await anext(messages)
    queue.open = queue.reading = True
    with pytest.raises(EofStream):
        await anext(messages)
    assert queue.take() == message()


async def test_cancelling_an_iteration_loses_no_message(queue: Any, messages: Any) -> None:
    for feeds_first in (False, True):
        task = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0)
        if feeds_first:
            queue.feed_data(message(b"1"), 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not queue.reading
    queue.feed_data(message(b"2"), 1)
    assert [await anext(messages), await anext(messages)] == [message(b"1"), message(b"2")]


async def test_who_waits_for_the_reader_to_leave(queue: Any, messages: Any) -> None:
    closing = WSMessage(WSMsgType.CLOSING, None, None)
    queue.interrupt(closing)  # nobody reads
    await queue.reader_leaves()
    task = asyncio.ensure_future(anext(messages))
    await asyncio.sleep(0)
    for _ in range(2):
        queue.interrupt(closing)
    leaving = [asyncio.ensure_future(queue.reader_leaves()) for _ in range(2)]
    assert await task is closing
    await asyncio.wait_for(asyncio.gather(*leaving), 5)
    assert queue.take() is None
