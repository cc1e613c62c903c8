"""The body of one message on its way from a connection to whoever reads it.

This file knows queues of bytes, waiting readers and water marks. It does not know HTTP framing,
nor which role reads. It stops the connection only through `pause_reading()` and
`resume_reading()` of the protocol.
"""

from __future__ import annotations

import asyncio
import collections
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from aiohttp._deprecations import declare, marked
from aiohttp._futures import set_exception, set_result
from aiohttp._queues import NO_CAUSE, AsyncStreamIterator, DataQueue, EofStream
from aiohttp._queues import FlowControlDataQueue as FlowControlDataQueue
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import LineTooLong
from aiohttp.log import internal_logger

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

    from aiohttp._timers import BaseTimerContext

__all__ = (
    "EMPTY_PAYLOAD",
    "DataQueue",
    "EofStream",
    "StreamReader",
)

# Bytes read or written at a time where the caller names no size: what asyncio receives at most
# in one call (selector_events' max_size), so that larger pieces would not save a system call.
DEFAULT_CHUNK_SIZE: Final = 256 * 1024

# Consecutive read() calls at the end of a stream that look like a loop without an exit.
_SUSPICIOUS_READS_AT_EOF: Final = 6

_UNREAD_DATA = declare(
    "StreamReader.unread_data()",
    since="3.0",
    instead="a buffer of your own beside the stream",
    why="data put back breaks the accounting of water marks and HTTP chunks",
)


class ChunkTupleAsyncStreamIterator:
    """Iterate over the ``(data, ends_http_chunk)`` pairs of `StreamReader.readchunk()`."""

    __slots__ = ("_stream",)

    def __init__(self, stream: StreamReader) -> None:
        self._stream = stream

    def __aiter__(self) -> ChunkTupleAsyncStreamIterator:
        return self

    async def __anext__(self) -> tuple[bytes, bool]:
        pair = await self._stream.readchunk()
        if pair == (b"", False):
            raise StopAsyncIteration
        return pair


class StreamReader:
    """Bytes of a body, with flow control; one coroutine reads at a time.

    Every read returns at once, without a trip through the loop, when what it asks for is there.
    Cancelling a read loses no data, except in `read()` to the end, `readexactly()` and
    `readuntil()`, which drop what they had gathered.

    Args:
        protocol: is paused while more than twice *limit* bytes are held, and resumed when
            less than *limit* are left.
        limit: the low-water mark in bytes.
        timer: a context manager entered around each wait, for a read timeout.
        loop: default the running (or current) loop, asked for at the first wait.
    """

    __slots__ = (
        "_buffer",
        "_buffer_offset",
        "_cursor",
        "_eof",
        "_eof_callbacks",
        "_eof_reads",
        "_eof_waiter",
        "_exception",
        "_high_water",
        "_high_water_chunks",
        "_http_chunk_splits",
        "_last_split",
        "_loop",
        "_low_water",
        "_low_water_chunks",
        "_on_drained",
        "_protocol",
        "_size",
        "_timer",
        "_waiter",
        "total_bytes",
        "total_compressed_bytes",
        "trailers",
    )

    def __init__(
        self,
        protocol: BaseProtocol,
        limit: int,
        *,
        timer: BaseTimerContext | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._protocol = protocol
        self._loop = loop
        self._timer = timer
        self._low_water = limit
        self._high_water = limit * 2
        self._low_water_chunks = self._high_water_chunks = 0
        # What was fed and not read yet; the first _buffer_offset bytes of the first item are read.
        self._buffer: collections.deque[bytes] = collections.deque()
        self._buffer_offset = 0
        # Bytes held, and bytes ever read (a position in the stream).
        self._size = 0
        self._cursor = 0
        # Positions where HTTP chunks end; None while the framing tells of no chunks.
        self._http_chunk_splits: collections.deque[int] | None = None
        self._last_split = 0
        self._eof = False
        self._exception: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._eof_waiter: asyncio.Future[None] | None = None
        self._eof_callbacks: list[Callable[[], None]] | None = None
        self._eof_reads = 0
        # Told when a read brought the buffer below the low-water mark: see on_drained().
        self._on_drained: Callable[[], None] | None = None
        # Bytes ever fed, after content decoding; and before it (None: nothing was decoded).
        self.total_bytes = 0
        self.total_compressed_bytes: int | None = None
        # The trailer section (RFC 9112 §7.1.2): None before the end, or when there was none.
        self.trailers: CIMultiDictProxy[str] | None = None

    def __repr__(self) -> str:
        info = [type(self).__name__]
        if self._size:
            info.append(f"{self._size} bytes")
        if self._eof:
            info.append("eof")
        info.append(f"low={self._low_water} high={self._high_water}")
        if self._waiter is not None:
            info.append(f"w={self._waiter!r}")
        if self._exception is not None:
            info.append(f"e={self._exception!r}")
        return f"<{' '.join(info)}>"

    # State…

    @property
    def total_raw_bytes(self) -> int:
        """Bytes received for this body, before content decoding."""
        compressed = self.total_compressed_bytes
        return self.total_bytes if compressed is None else compressed

    @property
    def buffered(self) -> int:
        """Bytes that were fed and not read yet."""
        return self._size

    def get_read_buffer_limits(self) -> tuple[int, int]:
        """Return the low and the high-water mark in bytes."""
        return self._low_water, self._high_water

    def set_read_chunk_size(self, n: int) -> None:
        """Raise the low-water mark to *n* bytes, for a reader that takes that much at a time."""
        if n > self._low_water:
            self._low_water = n
            self._high_water = n * 2

    def exception(self) -> BaseException | None:
        """Return the error that broke the stream, if any."""
        return self._exception

    def is_eof(self) -> bool:
        """Tell whether the end was received (there may be data left to read)."""
        return self._eof

    def at_eof(self) -> bool:
        """Tell whether the end was received and everything was read."""
        return self._eof and not self._buffer

    def on_eof(self, callback: Callable[[], None]) -> None:
        """Call *callback* when the end is received; at once if it was already."""
        if self._eof:
            _call_eof_callback(callback)
        elif self._eof_callbacks is None:
            self._eof_callbacks = [callback]
        else:
            self._eof_callbacks.append(callback)

    def on_drained(self, callback: Callable[[], None] | None) -> None:
        """Call *callback* whenever a read leaves less than the low-water mark.

        It is for a source that holds data back; it may feed more before the read returns.
        """
        self._on_drained = callback

    # Feeding…

    def feed_data(self, data: bytes, size: int = 0) -> bool:
        """Take received bytes.

        Args:
            data: may be empty, which does nothing.
            size: ignored; it was once the accounted size.

        Returns:
            whether the reader holds more than the high-water mark now.

        Raises:
            RuntimeError: the stream was ended before.
        """
        if self._eof:
            raise RuntimeError("feed_data() called after feed_eof(): the stream has ended")
        if not data:
            return False
        n = len(data)
        self._size += n
        self.total_bytes += n
        self._buffer.append(data)
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            set_result(waiter, None)
        if self._size > self._high_water:
            self._protocol.pause_reading()
            return True
        return False

    def feed_eof(self, trailers: CIMultiDictProxy[str] | None = None) -> None:
        """End the stream; readers get what is left and then nothing."""
        self._eof = True
        self.trailers = trailers
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            set_result(waiter, None)
        waiter = self._eof_waiter
        if waiter is not None:
            self._eof_waiter = None
            set_result(waiter, None)
        callbacks = self._eof_callbacks
        if callbacks is not None:
            self._eof_callbacks = None
            for callback in callbacks:
                _call_eof_callback(callback)

    def set_exception(self, exc: BaseException, exc_cause: BaseException = NO_CAUSE) -> None:
        """Break the stream: every read from now on raises *exc*."""
        if exc_cause is not NO_CAUSE and exc_cause is not exc:
            exc.__cause__ = exc_cause
        self._exception = exc
        self._eof_callbacks = None
        for waiter in (self._waiter, self._eof_waiter):
            if waiter is not None:
                set_exception(waiter, exc)
        self._waiter = self._eof_waiter = None

    @marked("StreamReader.unread_data(): use a buffer of your own beside the stream")
    def unread_data(self, data: bytes) -> None:
        """Put *data* back in front of the stream (deprecated)."""
        _UNREAD_DATA.warn(stacklevel=2)
        if not data:
            return
        if self._buffer_offset:
            self._buffer[0] = self._buffer[0][self._buffer_offset :]
            self._buffer_offset = 0
        self._size += len(data)
        self._cursor -= len(data)
        self._buffer.appendleft(data)

    def begin_http_chunk_receiving(self) -> None:
        """Note that the body comes in HTTP chunks (RFC 9112 §7.1).

        Raises:
            RuntimeError: data was fed before the first chunk.
        """
        if self._http_chunk_splits is not None:
            return
        if self.total_bytes:
            raise RuntimeError(
                "begin_http_chunk_receiving() must precede the data; "
                f"{self.total_bytes} bytes were fed already"
            )
        self._http_chunk_splits = collections.deque()
        # One-byte chunks cost a position each: so many of them pause the connection too. A
        # quarter of the bytes leaves chunks of four bytes and more to the byte marks.
        self._high_water_chunks = max(3, self._low_water // 4)
        self._low_water_chunks = max(2, self._high_water_chunks // 2)

    def end_http_chunk_receiving(self) -> None:
        """Note that an HTTP chunk ends here.

        Raises:
            RuntimeError: no chunk was begun.
        """
        splits = self._http_chunk_splits
        if splits is None:
            raise RuntimeError(
                "end_http_chunk_receiving() needs begin_http_chunk_receiving() first"
            )
        # A chunk of which content decoding left nothing gives its reader nothing to see.
        if self.total_bytes == self._last_split:
            return
        self._last_split = self.total_bytes
        splits.append(self.total_bytes)
        if len(splits) > self._high_water_chunks:
            self._protocol.pause_reading()
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            set_result(waiter, None)

    # Reading…

    async def read(self, n: int = -1) -> bytes:
        """Read up to *n* bytes, waiting until there is at least one; all to the end if negative.

        Returns:
            ``b""`` at the end of the stream, and for ``n == 0``.

        Raises:
            RuntimeError: another coroutine is reading, or the connection is closed and nobody has
                ended the stream.
            Exception: what broke the stream, see `set_exception()`.
        """
        if self._exception is not None:
            raise self._exception
        if not n:
            return b""
        if self._eof and not self._buffer:
            self._note_read_at_eof()
            return b""
        if n < 0:
            return await self._read_to_eof()
        while not self._buffer and not self._eof:
            await self._wait("read")
        return self._take(n)

    async def _read_to_eof(self) -> bytes:
        if self._eof:
            return self._take_all()
        # Whatever comes is kept: nothing is won by pausing the connection after each piece.
        self.set_read_chunk_size(DEFAULT_CHUNK_SIZE)
        first = await self.readany()
        block = await self.readany()
        if not block:
            return first
        # Grows in place.  A join would have all pieces in memory twice for a moment.
        whole = io.BytesIO()
        whole.write(first)
        while block:
            whole.write(block)
            block = await self.readany()
        return whole.getvalue()

    async def readany(self) -> bytes:
        """Read what is there, waiting until there is something; ``b""`` at the end."""
        if self._exception is not None:
            raise self._exception
        while not self._buffer and not self._eof:
            await self._wait("readany")
        return self._take_all()

    async def readexactly(self, n: int) -> bytes:
        """Read exactly *n* bytes.

        Raises:
            asyncio.IncompleteReadError: the stream ended before; ``partial`` has what came.
        """
        if self._exception is not None:
            raise self._exception
        if n <= 0:
            return b""
        if self._size >= n:
            return self._take(n)
        blocks: list[bytes] = []
        missing = n
        while missing:
            block = await self.read(missing)
            if not block:
                partial = b"".join(blocks)
                raise asyncio.IncompleteReadError(partial, len(partial) + missing)
            blocks.append(block)
            missing -= len(block)
        return b"".join(blocks)

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        r"""Read up to and with the next ``\n``, or what is left before the end.

        Raises:
            LineTooLong: see `readuntil()`.
        """
        return await self.readuntil(max_size=max_line_length)

    async def readuntil(self, separator: bytes = b"\n", *, max_size: int | None = None) -> bytes:
        """Read up to and with *separator*, or what is left before the end.

        Args:
            separator: at least one byte; it may come split over any number of reads.
            max_size: bytes to accept, with the separator; default the high-water mark.

        Raises:
            LineTooLong: there was no separator within *max_size* bytes.
        """
        if not separator:
            raise ValueError("separator must be at least one byte long; got b''")
        if self._exception is not None:
            raise self._exception
        limit = self._high_water if max_size is None else max_size
        if (
            self._buffer
            and self._waiter is None
            and 0 < (end := self._find(separator, b"")) <= limit
        ):
            return self._take_first(end)
        blocks: list[bytes] = []
        size = 0
        # The last bytes taken that may be the first ones of the separator.
        tail = b""
        while True:
            while self._buffer:
                end = self._find(separator, tail)
                block = self._take_first(end)
                blocks.append(block)
                size += len(block)
                if size > limit:
                    raise LineTooLong(b"".join(blocks)[:100] + b"...", limit)
                if end >= 0:
                    return b"".join(blocks)
                if len(separator) > 1:
                    tail = (tail + block[1 - len(separator) :])[1 - len(separator) :]
            if self._eof:
                return b"".join(blocks)
            await self._wait("readuntil")

    def _find(self, separator: bytes, tail: bytes) -> int:
        """Return how many bytes of the first item to take up to the separator's end, or -1."""
        first = self._buffer[0]
        start = self._buffer_offset
        if tail:
            # The part of the separator that lies in the item is shorter than the separator.
            seam = tail + first[start : start + len(separator) - 1]
            found = seam.find(separator)
            if found >= 0:
                return found + len(separator) - len(tail)
        found = first.find(separator, start)
        return -1 if found < 0 else found + len(separator) - start

    async def readchunk(self) -> tuple[bytes, bool]:
        """Read what is there, but not beyond the end of an HTTP chunk.

        Returns:
            the data, and whether an HTTP chunk ends after it; ``(b"", False)`` at the end of
            the stream. ``(b"", True)`` says that the chunk of the data before has ended.
        """
        if self._exception is not None:
            raise self._exception
        while True:
            splits = self._http_chunk_splits
            if splits:
                # Ends that another kind of read went past are dropped already.
                ahead = splits.popleft() - self._cursor
                return self._take(ahead), True
            if self._buffer:
                return self._take_first(-1), False
            if self._eof:
                return b"", False
            await self._wait("readchunk")

    def read_nowait(self, n: int = -1) -> bytes:
        """Read up to *n* bytes (all if negative) of what is there; never waits.

        Raises:
            RuntimeError: another coroutine is reading.
        """
        if self._exception is not None:
            raise self._exception
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            raise RuntimeError("Called while some coroutine is waiting for incoming data.")
        return self._take_all() if n < 0 else self._take(n)

    async def wait_eof(self) -> None:
        """Wait until the end is received; data stays unread.

        Raises:
            RuntimeError: another coroutine waits for the end.
        """
        if self._eof:
            return
        if self._exception is not None:
            raise self._exception
        if self._eof_waiter is not None:
            raise RuntimeError("wait_eof() called while another coroutine waits for the end")
        self._eof_waiter = self._new_waiter()
        try:
            await self._eof_waiter
        finally:
            self._eof_waiter = None

    def __aiter__(self) -> AsyncStreamIterator[bytes]:
        return AsyncStreamIterator(self.readline)

    def iter_chunked(self, n: int) -> AsyncStreamIterator[bytes]:
        """Iterate over pieces of at most *n* bytes."""
        self.set_read_chunk_size(n)
        return AsyncStreamIterator(lambda: self.read(n))

    def iter_any(self) -> AsyncStreamIterator[bytes]:
        """Iterate over the data as it comes."""
        return AsyncStreamIterator(self.readany)

    def iter_chunks(self) -> ChunkTupleAsyncStreamIterator:
        """Iterate over ``(data, ends_http_chunk)`` pairs, see `readchunk()`."""
        return ChunkTupleAsyncStreamIterator(self)

    # The inside…

    def _new_waiter(self) -> asyncio.Future[None]:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop.create_future()

    async def _wait(self, method: str) -> None:
        """Wait for data, the end or an error."""
        if self._exception is not None:
            # It came after another event had woken this reader.
            raise self._exception
        if self._waiter is not None:
            raise RuntimeError(
                f"{method}() called while another coroutine is already waiting for incoming data"
            )
        if not self._protocol.connected:
            # Nobody will ever feed it.
            raise RuntimeError(f"{method}() called, but the connection is closed")
        waiter = self._waiter = self._new_waiter()
        try:
            if self._timer is None:
                await waiter
            else:
                with self._timer:
                    await waiter
        finally:
            # A waker has removed the waiter already, and the next reader may have set its own.
            if self._waiter is waiter:
                self._waiter = None

    def _note_read_at_eof(self) -> None:
        self._eof_reads += 1
        if self._eof_reads == _SUSPICIOUS_READS_AT_EOF:
            internal_logger.warning(
                "Multiple access to StreamReader in eof state, might be infinite loop.",
                stack_info=True,
            )

    def _take_first(self, n: int) -> bytes:
        """Take the first item, or its next *n* bytes if *n* is not negative."""
        if self._timer is not None:
            self._timer.assert_timeout()  # a full buffer does not outlive the total timeout
        data = self._buffer[0]
        offset = self._buffer_offset
        if 0 <= n < len(data) - offset:
            data = data[offset : offset + n]
            self._buffer_offset = offset + n
        else:
            self._buffer.popleft()
            if offset:
                data = data[offset:]
                self._buffer_offset = 0
        self._taken(len(data))
        return data

    def _take(self, n: int) -> bytes:
        """Take up to *n* bytes of what is there."""
        if n >= self._size:
            return self._take_all()
        block = self._take_first(n)
        if len(block) == n:
            return block
        blocks = [block]
        n -= len(block)
        while n and self._buffer:
            block = self._take_first(n)
            blocks.append(block)
            n -= len(block)
        return b"".join(blocks)

    def _take_all(self) -> bytes:
        """Take all that is there now (and not what the source feeds meanwhile)."""
        if self._timer is not None:
            self._timer.assert_timeout()  # a full buffer does not outlive the total timeout
        buffer = self._buffer
        if not buffer:
            return b""
        if self._buffer_offset:
            buffer[0] = buffer[0][self._buffer_offset :]
            self._buffer_offset = 0
        data = buffer[0] if len(buffer) == 1 else b"".join(buffer)
        buffer.clear()
        self._taken(len(data))
        return data

    def _taken(self, n: int) -> None:
        """Account for *n* bytes read; let the source go on if few are left."""
        self._size -= n
        self._cursor += n
        splits = self._http_chunk_splits
        if splits is not None:
            while splits and splits[0] < self._cursor:
                splits.popleft()
            if len(splits) > self._low_water_chunks:
                return
        if self._size >= self._low_water:
            return
        if self._on_drained is not None:
            self._on_drained()
            if self._size >= self._low_water:
                return
        # Only the protocol can tell whether it is paused: several readers may share it.
        if self._protocol._reading_paused:
            self._protocol.resume_reading()


def _call_eof_callback(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:
        internal_logger.exception("Exception in eof callback")


class EmptyStreamReader(StreamReader):
    """The body of a message without one: always at its end, and shared by all such messages."""

    __slots__ = ()

    def __init__(self) -> None:
        # Neither is ever touched: there is nothing to wait for and nothing to pause.
        super().__init__(cast(BaseProtocol, None), 0)
        self._eof = True

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def exception(self) -> BaseException | None:
        """Return None: nothing can break it."""
        return None

    def set_exception(self, exc: BaseException, exc_cause: BaseException = NO_CAUSE) -> None:
        """Do nothing: the reader is shared by all messages."""

    def set_read_chunk_size(self, n: int) -> None:
        """Do nothing."""

    def feed_data(self, data: bytes, n: int = 0) -> bool:
        """Do nothing."""
        return False

    def feed_eof(self, trailers: CIMultiDictProxy[str] | None = None) -> None:
        """Do nothing."""

    def on_drained(self, callback: Callable[[], None] | None) -> None:
        """Do nothing."""

    @marked("StreamReader.unread_data(): use a buffer of your own beside the stream")
    def unread_data(self, data: bytes) -> None:
        """Warn and do nothing."""
        _UNREAD_DATA.warn(stacklevel=2)

    async def read(self, n: int = -1) -> bytes:
        """Return ``b""``; it is no sign of a loop that the shared reader is read often."""
        return b""


EMPTY_PAYLOAD: Final[StreamReader] = EmptyStreamReader()
