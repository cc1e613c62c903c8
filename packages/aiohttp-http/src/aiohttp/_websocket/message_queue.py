"""The queue between the frame reader and the task that receives, with back-pressure.

This file is compiled twice: as it is, and as ``message_queue_c``.  It knows a protocol that can
pause reading and a loop that makes futures; it knows nothing of frames, and one task reads at a
time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiohttp._websocket.models import WSMsgType
from aiohttp.streams import EofStream

if TYPE_CHECKING:
    from aiohttp._websocket.models import WSMessage, WSMessageTextBytes
    from aiohttp.base_protocol import BaseProtocol

# Bytes that a message counts beyond its payload: about what its objects take, so that a flood of
# empty messages is bounded too.
MSG_SIZE_OVERHEAD: Final = 128
OVERHEAD: Final = MSG_SIZE_OVERHEAD

# Does what a message without data asks for, and returns the next one that its receiver gets.
Otherwise: TypeAlias = (
    "Callable[[WSMessage | WSMessageTextBytes | None], Awaitable[WSMessage | WSMessageTextBytes]]"
)

TEXT: Final = WSMsgType.TEXT
BINARY: Final = WSMsgType.BINARY


class WebSocketDataQueue:
    """Hold received messages until `read()` takes them.

    Above twice `limit` bytes the protocol's reading is paused and the parser stops, below `limit`
    both go on.

    Args:
        protocol: what pauses and resumes reading.
        limit: bytes, see above.
        loop: makes the future that a reader waits on.
    """

    def __init__(
        self, protocol: BaseProtocol, limit: int, *, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._protocol = protocol
        self._create_future = loop.create_future
        self._high_water = limit * 2
        self._low_water = limit
        # The message that came while somebody waited for it, and its size: it goes round the row.
        self._next: WSMessage | WSMessageTextBytes | None = None
        self._next_size = 0
        # Those after it, oldest first; and the sum of all sizes, overhead included.
        self._row: deque[tuple[WSMessage | WSMessageTextBytes, int]] = deque()
        self._append = self._row.append
        self._popleft = self._row.popleft
        self._size = 0
        self._paused = False
        # The parser that waits for room.
        self._stalled_reader: Any = None
        self._waiter: asyncio.Future[None] | None = None
        self._exception: BaseException | None = None
        self._eof = False
        # The WebSocket is open: a message is for whoever comes first.  While it closes, those who
        # iterate have to ask.
        self.open = False
        # A task is between its first wait for a message and `leave()`; who closes waits on the
        # future until it has left.
        self.reading = False
        self._left: asyncio.Future[None] | None = None
        # Called whenever the peer sends anything, before it is looked at; None: nobody wants to
        # know.
        self.on_data: Callable[[], None] | None = None

    def __len__(self) -> int:
        """Return how many messages wait; a queue is true even when it is empty."""
        return len(self._row) + (self._next is not None)

    def __bool__(self) -> bool:
        return True

    @property
    def _buffer(self) -> deque[tuple[WSMessage | WSMessageTextBytes, int]]:
        """All messages and their sizes, in one row; ccxt counts them."""
        if self._next is not None:
            self._row.appendleft((self._next, self._next_size))
            self._next = None
        return self._row

    @property
    def paused(self) -> bool:
        """Tell whether reading is paused until messages have been taken."""
        return self._paused

    def is_eof(self) -> bool:
        """Tell whether no more messages will be added."""
        return self._eof

    def exception(self) -> BaseException | None:
        """Return the error that `read()` raises after the messages, if there is one."""
        return self._exception

    # Feeding…

    def feed_data(self, data: WSMessage | WSMessageTextBytes, size: int) -> bool:
        """Add a message of `size` payload bytes; True: the parser is to stop and call `stall()`."""
        if self._waiter is None:
            self._append((data, size))
        else:
            # Whoever waits has found nothing: this is the next one.
            self._next = data
            self._next_size = size
            self._wake()
        self._size += size + OVERHEAD
        if self._size > self._high_water:
            if not self._paused:
                self._paused = True
                self._protocol.pause_reading()
            return True
        return False

    def stall(self, reader: Any) -> None:
        """Call ``reader.resume()`` as soon as there is room again."""
        self._stalled_reader = reader

    def feed_eof(self) -> None:
        """Let `read()` raise EofStream once it has given all messages."""
        self._eof = True
        self._wake()

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """Let `read()` raise `exc` once it has given all messages."""
        if exc_cause is not None:
            exc.__cause__ = exc_cause
        self._eof = True
        self._exception = exc
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    # Reading…

    def take(self) -> WSMessage | WSMessageTextBytes | None:
        """Return the oldest message, or None where `read()` would wait or raise."""
        return self._pop() if self._next is not None or self._row else None

    def _pop(self) -> WSMessage | WSMessageTextBytes:
        data = self._next
        size = self._next_size
        if data is None:
            data, size = self._popleft()
        else:
            self._next = None
        self._size -= size + OVERHEAD
        if self._paused and self._size < self._low_water:
            self._go_on()
        return data

    def wait(self) -> asyncio.Future[None]:
        """Return a future that is done when `take()` may have a message; cancelling it is safe.

        Raises:
            EofStream: no more messages come.
            BaseException: what `set_exception()` was given.
        """
        if self._exception is not None:
            raise self._exception
        if self._eof:
            raise EofStream
        if self._waiter is not None and not self._waiter.done():
            raise RuntimeError("another task waits for a message already; one may wait at a time")
        waiter = self._create_future()
        self._waiter = waiter
        return waiter

    def messages(self, otherwise: Otherwise) -> MessageIterator:
        """Return an iterator over the messages; see `next_data()`."""
        return MessageIterator(self, otherwise)

    async def next_data(self, otherwise: Otherwise) -> WSMessage | WSMessageTextBytes:
        """Return the next text or binary message: nearly all of a fast flow.

        Anything else is left to `otherwise`, a coroutine function.  It is given the message that
        was taken; None: none was, and `receive()` tells why.
        """
        message = None
        if self.open and not self.reading:
            message = self.take()
            if message is None and not self._eof:
                self.reading = True
                try:
                    await self.wait()
                    message = self.take()
                finally:
                    self.leave()
            if message is not None:
                kind = message.type
                if kind is TEXT or kind is BINARY:
                    return message
        return await otherwise(message)

    async def read(self) -> WSMessage | WSMessageTextBytes:
        """Wait for a message.  Cancelling is safe: no message is lost.

        Raises:
            EofStream: no more messages come.
            BaseException: what `set_exception()` was given.
        """
        while self._next is None and not self._row:
            await self.wait()
        return self._pop()

    def leave(self) -> None:
        """Note that the task which read has left, and tell who waits for that."""
        self.reading = False
        left = self._left
        if left is not None:
            self._left = None
            if not left.done():
                left.set_result(None)

    def interrupt(self, message: WSMessage) -> None:
        """Give `message` to the task that reads, if there is one, so that it leaves."""
        if self.reading and self._left is None:
            self._left = self._create_future()
            self.feed_data(message, 0)

    async def reader_leaves(self) -> None:
        """Wait until the task that was interrupted has left."""
        if self._left is not None:
            await asyncio.wait((self._left,))  # does not cancel what others wait for too

    def _go_on(self) -> None:
        """Let the parser use what it held back; if there is still room, read on."""
        reader = self._stalled_reader
        if reader is not None:
            self._stalled_reader = None
            reader.resume()
            if self._stalled_reader is not None:
                return
        self._paused = False
        self._protocol.resume_reading()


class MessageIterator:
    """What ``async for`` goes over: a class of its own, whose compiled build needs no Python."""

    def __init__(self, queue: WebSocketDataQueue, otherwise: Otherwise) -> None:
        self._queue = queue
        self._otherwise = otherwise

    def __aiter__(self) -> MessageIterator:
        return self

    def __anext__(self) -> Awaitable[WSMessage | WSMessageTextBytes]:
        return self._queue.next_data(self._otherwise)
