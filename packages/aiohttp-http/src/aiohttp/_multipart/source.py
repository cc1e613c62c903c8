"""Reading a multipart body up to its delimiters, from a stream, in constant memory.

This file does not know what parts are made of, nor which role receives them.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from aiohttp._multipart.boundary import Delimiter, Found, Kind
from aiohttp._multipart.part_head import PartLineTooLong
from aiohttp.http_exceptions import BadMultipart
from aiohttp.streams import DEFAULT_CHUNK_SIZE, StreamReader

# Bytes to ask the stream for at once.
_READ_SIZE: Final = DEFAULT_CHUNK_SIZE


class Content(Protocol):
    """What a source reads from: a `StreamReader`, or something like it."""

    async def read(self, n: int, /) -> Any: ...


class Source:
    """A stream with some bytes of it in hand.

    Args:
        content: the stream.
    """

    __slots__ = ("_content", "data", "final", "start", "taken")

    def __init__(self, content: Content) -> None:
        self._content = content
        # What is in hand begins at *start* of *data*.
        self.data = b""
        self.start = 0
        # No more will come.
        self.final = False
        # How much was taken ever.
        self.taken = 0

    async def read(self, n: int) -> bytes:
        """Read up to *n* bytes; ``b""`` at the end."""
        if self.start == len(self.data) and not await self.more():
            return b""
        return self.take(min(n, len(self.data) - self.start))

    def at_eof(self) -> bool:
        """Tell whether everything was taken."""
        return self.final and self.start == len(self.data)

    async def more(self) -> bool:
        """Get more into the hand; tell whether there was more."""
        if self.final:
            return False
        chunk = await self._fetch()
        if not chunk:
            self.final = True
            return False
        self.data = self.data[self.start :] + chunk if self.start < len(self.data) else chunk
        self.start = 0
        return True

    async def _fetch(self) -> bytes:
        content = self._content
        if not isinstance(content, StreamReader):
            return bytes(await content.read(_READ_SIZE))
        # Unlike read(), this copies nothing.
        chunk, more = await content.readchunk()
        while more and not chunk:
            chunk, more = await content.readchunk()
        return chunk

    def take(self, n: int) -> bytes:
        """Take *n* bytes that are in hand."""
        end = self.start + n
        data = self.data[self.start : end]
        self.start = end
        self.taken += n
        return data

    async def readline(self, limit: int) -> bytes:
        r"""Read a line, without its end (``\r\n`` or ``\n``).

        Raises:
            BadMultipart: the stream ends before.
            PartLineTooLong: the line is longer than *limit* bytes.
        """
        while True:
            end = self.data.find(b"\n", self.start)
            if (end if end >= 0 else len(self.data)) - self.start > limit + 1:
                shown = self.data[self.start : self.start + 60]
                raise PartLineTooLong(shown, limit)
            if end >= 0:
                line = self.take(end + 1 - self.start)
                return line[:-2] if line.endswith(b"\r\n") else line[:-1]
            if not await self.more():
                raise BadMultipart("multipart body ended inside the head of a part")


class PartBody:
    """The data of one part, up to the delimiter that ends it.

    Args:
        source: stands behind the part's head.
        delimiter: of the part.
        length: its Content-Length; None to look for the delimiter in the data.
    """

    __slots__ = ("_delimiter", "_fresh", "_missing", "_ready", "_seen_end", "_source")

    def __init__(self, source: Source, delimiter: Delimiter, length: int | None = None) -> None:
        self._source = source
        self._delimiter = delimiter
        # Bytes that Content-Length promises beyond those that are ready.
        self._missing = length
        # Bytes in hand that are data for certain.
        self._ready = 0
        # The delimiter follows what is ready.
        self._seen_end = False
        # Nothing was taken yet.
        self._fresh = True

    @property
    def ended(self) -> bool:
        """Whether all data was read and the delimiter stands next."""
        return self._seen_end and not self._ready

    async def read(self, n: int) -> bytes:
        """Read up to *n* bytes; ``b""`` at the end.

        Raises:
            BadMultipart: the stream ends before, or the part is longer than it says.
        """
        if not await self._get_ready():
            return b""
        return self._take(min(n, self._ready))

    async def readline(self, limit: int) -> bytes:
        r"""Read up to and with the next ``\n``, or what is left, or *limit* bytes.

        Raises:
            BadMultipart: as in `read()`.
        """
        source = self._source
        pieces: list[bytes] = []
        while limit > 0 and await self._get_ready():
            end = source.data.find(b"\n", source.start, source.start + self._ready)
            size = self._ready if end < 0 else end + 1 - source.start
            pieces.append(self._take(min(size, limit)))
            limit -= len(pieces[-1])
            if end >= 0:
                break
        return b"".join(pieces)

    def _take(self, n: int) -> bytes:
        self._ready -= n
        self._fresh = False
        return self._source.take(n)

    async def _get_ready(self) -> bool:
        """Find out what is data, until some is ready or the part has ended."""
        while not self._ready and not self._seen_end:
            stuck = self._count() if self._missing else self._search()
            if stuck and not await self._source.more() and self._missing:
                raise BadMultipart(
                    f"multipart body ended inside a part; its Content-Length promises "
                    f"{self._missing} bytes more"
                )
        return bool(self._ready)

    def _count(self) -> bool:
        """Take what is in hand for data; tell whether there is nothing."""
        source = self._source
        missing = self._missing or 0
        self._ready = min(missing, len(source.data) - source.start)
        self._missing = missing - self._ready
        return not self._ready

    def _search(self) -> bool:
        """Look for the delimiter; tell whether there is too little in hand."""
        source = self._source
        found = self._delimiter.search(
            source.data, source.start, at_line_start=self._fresh, final=source.final
        )
        if self._missing is not None and found.start > source.start:
            raise BadMultipart(
                "Reader did not read all the data or it is malformed: "
                "no boundary after the bytes of a part's Content-Length"
            )
        self._ready = found.start - source.start
        self._seen_end = found.kind is not Kind.UNKNOWN
        if self._ready or self._seen_end:
            return False
        if source.final:
            raise BadMultipart("multipart body ended without its closing boundary")
        return True


async def read_delimiter(source: Source, delimiter: Delimiter, *, at_line_start: bool) -> Found:
    """Take the delimiter line that stands next.

    Raises:
        BadMultipart: there is none.
    """
    while True:
        found = delimiter.search(
            source.data, source.start, at_line_start=at_line_start, final=source.final
        )
        if found.start > source.start:
            shown = source.data[source.start : source.start + 60]
            raise BadMultipart(f"Invalid boundary: expected one, got {shown!r}")
        if found.kind is not Kind.UNKNOWN:
            source.take(found.end - source.start)
            return found
        if not await source.more():
            raise BadMultipart("multipart body ended without its closing boundary")
