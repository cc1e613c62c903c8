"""From what a parser delivers to what a reader gets: undoing Content-Encoding (RFC 9110 §8.4).

This file knows a `StreamReader` and the decoders. It does not know the framing that a body came
in, nor which role receives it: the role says how an error is named.
"""

from __future__ import annotations

import collections
import enum
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp.http_exceptions import ContentEncodingError
from aiohttp.streams import StreamReader

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

    from aiohttp.compression_utils import DecompressionBaseHandler

__all__ = ("BodyFeed", "DecodingFeed", "open_body_feed")

# Bytes that one decoder call produces at least where the reader allows it: smaller steps only
# cost time.
_MIN_STEP = 4096


def _as_it_is(error: Exception) -> BaseException:
    return error


class BodyFeed:
    """Pass the pieces of one body on to its reader as they are.

    Call `feed()` for each piece, then `finish()` or `fail()`.

    Args:
        reader: gets the bytes.
        map_error: turns an error of the body into what the reader shall raise.
    """

    __slots__ = ("_map_error", "_reader")

    def __init__(
        self,
        reader: StreamReader,
        map_error: Callable[[Exception], BaseException] = _as_it_is,
    ) -> None:
        self._reader = reader
        self._map_error = map_error

    def feed(self, data: bytes) -> None:
        """Take the next piece, never empty."""
        self._reader.feed_data(data)

    def begin_chunk(self) -> None:
        """Note that an HTTP chunk begins (RFC 9112 §7.1)."""
        self._reader.begin_http_chunk_receiving()

    def end_chunk(self) -> None:
        """Note that an HTTP chunk has ended."""
        self._reader.end_http_chunk_receiving()

    def finish(self, trailers: CIMultiDictProxy[str] | None = None) -> None:
        """End the body."""
        self._reader.feed_eof(trailers)

    def fail(self, error: Exception) -> None:
        """Break the body: its reader raises *error*, as the role names it."""
        mapped = self._map_error(error)
        self._reader.set_exception(mapped, error)

    def stop_decoding(self) -> None:
        """Pass the rest on as it is: it is only going to be thrown away."""


class _State(enum.Enum):
    # Pieces come in.
    OPEN = enum.auto()
    # The last piece is in; the reader ends once everything held is decoded.
    FINISHING = enum.auto()
    # Pieces come in and are passed on as they are.
    RAW = enum.auto()
    # The reader has ended or is broken.
    CLOSED = enum.auto()


class DecodingFeed(BodyFeed):
    """Decode the pieces of one body for its reader.

    Each decoder call produces a bounded number of bytes, and none is made while the reader is
    above its high-water mark: the compressed rest is held until the reader drains. That is at
    most what was received in one go, because the reader pauses the connection.
    """

    __slots__ = ("_coding", "_decoder", "_held", "_state", "_step", "_trailers")

    def __init__(
        self,
        reader: StreamReader,
        coding: str,
        *,
        limit: int | None = None,
        map_error: Callable[[Exception], BaseException] = _as_it_is,
    ) -> None:
        super().__init__(reader, map_error)
        self._coding = coding
        self._step = max(reader.get_read_buffer_limits()[0] if limit is None else limit, _MIN_STEP)
        # None before the first piece.
        self._decoder: DecompressionBaseHandler | None = None
        # Pieces not given to the decoder yet; None stands for the end of an HTTP chunk.
        self._held: collections.deque[bytes | None] = collections.deque()
        self._state = _State.OPEN
        self._trailers: CIMultiDictProxy[str] | None = None
        reader.total_compressed_bytes = 0
        reader.on_drained(self._go_on)

    def feed(self, data: bytes) -> None:
        """Take the next piece, never empty."""
        reader = self._reader
        reader.total_compressed_bytes = reader.total_raw_bytes + len(data)
        if self._state is _State.OPEN:
            self._held.append(data)
            self._go_on()
        elif self._state is _State.RAW:
            reader.feed_data(data)

    def end_chunk(self) -> None:
        """Note that an HTTP chunk has ended."""
        if self._state is _State.OPEN:
            self._held.append(None)
            self._go_on()

    def finish(self, trailers: CIMultiDictProxy[str] | None = None) -> None:
        """End the body, once the reader has room for the rest of it."""
        self._trailers = trailers
        if self._state is _State.OPEN:
            self._state = _State.FINISHING
            self._go_on()
        elif self._state is _State.RAW:
            self._close()
            self._reader.feed_eof(trailers)

    def fail(self, error: Exception) -> None:
        """Break the body: its reader raises *error*, as the role names it."""
        self._close()
        super().fail(error)

    def stop_decoding(self) -> None:
        """Pass the rest on as it is: it is only going to be thrown away."""
        if self._state is _State.CLOSED:
            return
        held = [piece for piece in self._held if piece]
        finishing = self._state is _State.FINISHING
        self._close()
        for piece in held:
            self._reader.feed_data(piece)
        if finishing:
            self._reader.feed_eof(self._trailers)
        else:
            self._state = _State.RAW

    def _close(self) -> None:
        self._state = _State.CLOSED
        self._held.clear()
        self._decoder = None
        self._reader.on_drained(None)

    def _go_on(self) -> None:
        """Decode what is held until the reader has enough."""
        reader = self._reader
        high_water = reader.get_read_buffer_limits()[1]
        try:
            while reader.buffered < high_water:
                if not self._decode_step():
                    break
            else:
                return
        except Exception as exc:  # each library has its own classes, and a backend may bring more
            self._break(f"Can not decode content-encoding: {self._coding}", exc)
            return
        if self._state is _State.FINISHING:
            self._end()

    def _decode_step(self) -> bool:
        """Decode one step; tell whether there may be another."""
        decoder = self._decoder
        if decoder is not None and decoder.data_available:
            piece: bytes | None = b""
        elif self._held:
            piece = self._held.popleft()
        else:
            return False
        if piece is None:
            self._reader.end_http_chunk_receiving()
            return True
        if decoder is None:
            # Imported late: most bodies are not compressed.
            from aiohttp.compression_utils import open_decompressor

            decoder = self._decoder = open_decompressor(self._coding, piece)
        if data := decoder.decompress_sync(piece, max_length=self._step):
            self._reader.feed_data(data)
        return True

    def _end(self) -> None:
        """End the reader, if the coded data is whole."""
        whole = self._decoder is None or self._decoder.is_whole
        if whole:
            self._close()
            self._reader.feed_eof(self._trailers)
        else:
            self._break(
                f"truncated content-encoding: {self._coding}; "
                f"the body ended after {self._reader.total_raw_bytes} bytes of it"
            )

    def _break(self, message: str, cause: Exception | None = None) -> None:
        error = ContentEncodingError(message)
        error.__cause__ = cause
        self.fail(error)


def open_body_feed(
    reader: StreamReader,
    content_encoding: str | None = None,
    *,
    limit: int | None = None,
    map_error: Callable[[Exception], BaseException] = _as_it_is,
) -> BodyFeed:
    """Return the feed for one body.

    Args:
        reader: gets the decoded bytes.
        content_encoding: the content coding to undo, in any case; None, ``identity`` or one that
            is not known leaves the body as it is.
        limit: bytes that one decoder call may produce; default the reader's low-water mark.
        map_error: turns an error of the body into what the reader shall raise.

    A coding whose library is not installed breaks the body at once, and not the call.
    """
    if content_encoding is None:
        return BodyFeed(reader, map_error)
    from aiohttp.compression_utils import missing_library

    coding = content_encoding.lower()
    if coding not in ("gzip", "x-gzip", "deflate", "br", "zstd"):
        return BodyFeed(reader, map_error)
    feed = DecodingFeed(reader, coding, limit=limit, map_error=map_error)
    if package := missing_library(coding):
        feed.fail(
            ContentEncodingError(
                f"Can not decode content-encoding: {coding}; install the package {package!r}"
            )
        )
    return feed
