"""From what a parser delivers to what a reader gets: undoing Content-Encoding (RFC 9110 §8.4).

This file knows a `StreamReader` and the decoders. It does not know the framing that a body came
in, nor which role receives it: the role says how an error is named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp.streams import StreamReader

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

__all__ = ("BodyFeed", "open_body_feed")


class BodyFeed:
    """Pass the pieces of one body on to its reader as they are."""

    __slots__ = ("_map_error", "_reader")

    def __init__(
        self, reader: StreamReader, map_error: Callable[[Exception], BaseException]
    ) -> None:
        self._reader = reader
        self._map_error = map_error

    def feed(self, data: bytes) -> None:
        """Take the next piece, never empty."""
        self._reader.feed_data(data)

    def begin_chunk(self) -> None:
        """Note that an HTTP chunk begins."""
        self._reader.begin_http_chunk_receiving()

    def end_chunk(self) -> None:
        """Note that an HTTP chunk has ended."""
        self._reader.end_http_chunk_receiving()

    def finish(self, trailers: CIMultiDictProxy[str] | None = None) -> None:
        """End the body."""
        self._reader.feed_eof(trailers)

    def fail(self, error: Exception) -> None:
        """Break the body: its reader gets *error*, as the role names it."""
        self._reader.set_exception(self._map_error(error), error)


def _as_it_is(error: Exception) -> BaseException:
    return error


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
        content_encoding: the content coding to undo; None or ``identity`` for none.
        limit: bytes that one decoder call may produce; default the reader's high-water mark.
        map_error: turns an error of decoding into what the reader shall raise.
    """
    return BodyFeed(reader, map_error)
