"""Queues of items between a connection and whoever takes them, one at a time.

This file knows waiting and water marks. It does not know what the items are.
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from aiohttp._futures import set_exception, set_result
from aiohttp.base_protocol import BaseProtocol

_T = TypeVar("_T")

# Stands for "no cause given".
NO_CAUSE: Final = BaseException()


class EofStream(Exception):
    """The stream has ended: there is nothing more to read."""


class AsyncStreamIterator(Generic[_T]):
    """Iterate over what a read function returns, until it returns something empty."""

    __slots__ = ("read_func",)

    def __init__(self, read_func: Callable[[], Awaitable[_T]]) -> None:
        self.read_func = read_func

    def __aiter__(self) -> AsyncStreamIterator[_T]:
        return self

    async def __anext__(self) -> _T:
        try:
            item = await self.read_func()
        except EofStream:
            raise StopAsyncIteration from None
        if item == b"":
            raise StopAsyncIteration
        return item


class DataQueue(Generic[_T]):
    """A queue of items for one reader, without flow control.

    Args:
        loop: the loop to wait on.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._eof = False
        self._waiter: asyncio.Future[None] | None = None
        self._exception: BaseException | None = None
        self._buffer: collections.deque[tuple[_T, int]] = collections.deque()

    def __len__(self) -> int:
        return len(self._buffer)

    def __aiter__(self) -> AsyncStreamIterator[_T]:
        return AsyncStreamIterator(self.read)

    def is_eof(self) -> bool:
        """Tell whether the end was fed (there may be items left)."""
        return self._eof

    def at_eof(self) -> bool:
        """Tell whether the end was fed and no items are left."""
        return self._eof and not self._buffer

    def exception(self) -> BaseException | None:
        """Return the error that broke the queue, if any."""
        return self._exception

    def set_exception(self, exc: BaseException, exc_cause: BaseException = NO_CAUSE) -> None:
        """Break the queue: once its items are read, reading raises *exc*."""
        if exc_cause is not NO_CAUSE and exc_cause is not exc:
            exc.__cause__ = exc_cause
        self._eof = True
        self._exception = exc
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            set_exception(waiter, exc)

    def feed_data(self, data: _T, size: int = 0) -> None:
        """Append an item.

        Args:
            data: the item.
            size: what it weighs, for queues with flow control.
        """
        self._buffer.append((data, size))
        self._wake()

    def feed_eof(self) -> None:
        """End the queue."""
        self._eof = True
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            set_result(waiter, None)

    async def read(self) -> _T:
        """Take the next item, waiting for it.

        Raises:
            EofStream: the queue has ended.
            RuntimeError: another coroutine is waiting for an item.
        """
        return (await self._next())[0]

    async def _next(self) -> tuple[_T, int]:
        if not self._buffer and not self._eof:
            if self._waiter is not None:
                raise RuntimeError("read() called while another coroutine waits for an item")
            waiter = self._waiter = self._loop.create_future()
            try:
                await waiter
            finally:
                if self._waiter is waiter:
                    self._waiter = None
        if self._buffer:
            return self._buffer.popleft()
        if self._exception is not None:
            raise self._exception
        raise EofStream


class FlowControlDataQueue(DataQueue[_T]):
    """A `DataQueue` that pauses the connection while its items weigh more than twice *limit*.

    Args:
        protocol: what to pause.
        limit: the low-water mark, in the unit of the sizes given to `feed_data()`.
        loop: the loop to wait on.
    """

    def __init__(
        self, protocol: BaseProtocol, limit: int, *, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(loop=loop)
        self._size = 0
        self._protocol = protocol
        self._limit = limit * 2

    def feed_data(self, data: _T, size: int = 0) -> None:
        """Append an item that weighs *size*."""
        super().feed_data(data, size)
        self._size += size
        if self._size > self._limit and not self._protocol._reading_paused:
            self._protocol.pause_reading()

    async def read(self) -> _T:
        """Take the next item, see `DataQueue.read()`."""
        data, size = await self._next()
        self._size -= size
        if self._size < self._limit and self._protocol._reading_paused:
            self._protocol.resume_reading()
        return data
