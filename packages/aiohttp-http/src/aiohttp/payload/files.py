"""Payloads whose value is a file: read in an executor, piece by piece.

This file knows file objects. It does not know what is done with the pieces.
"""

from __future__ import annotations

import asyncio
import codecs
import io
import os
import stat
import sys
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from aiohttp import hdrs
from aiohttp._fields.disposition import guess_filename
from aiohttp._fields.media_type import parse_mimetype
from aiohttp.payload.base import Payload
from aiohttp.streams import DEFAULT_CHUNK_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.abc import AbstractStreamWriter


class IOBasePayload(Payload):
    """A file object, from its position on.

    A seekable one can be written again. `close()` closes it.

    Args:
        value: the file.
        disposition: Content-Disposition to set when the file has a name; None for none.
    """

    _value: IO[Any]
    # Where the first write began; None before it, and for a file that cannot seek.
    _start_position: int | None = None

    def __init__(
        self, value: IO[Any], disposition: str | None = "attachment", *args: Any, **kwargs: Any
    ) -> None:
        if "filename" not in kwargs:
            kwargs["filename"] = guess_filename(value)
        super().__init__(value, *args, **kwargs)
        # Found now, because finding it moves the position, and a thread may read later.
        self._spooled_end = _spooled_size(value)
        named = self._filename is not None and disposition is not None
        if named and hdrs.CONTENT_DISPOSITION not in self._headers:
            self.set_content_disposition(cast(str, disposition), filename=self._filename)

    @property
    def size(self) -> int | None:
        """How many bytes there are from the first position on.

        It is known of regular files, and of `tempfile.SpooledTemporaryFile`.
        """
        end = _file_size(self._value)
        if end is None:
            end = self._spooled_end
        if end is None:
            return None
        start = self._start_position
        return max(end - (self._value.tell() if start is None else start), 0)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the file whole."""
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write at most *content_length* bytes; None: all.

        Raises:
            RuntimeError: the file was written before and cannot seek.
        """
        loop = asyncio.get_running_loop()
        remaining = content_length
        available, block = await loop.run_in_executor(None, self._read_first, remaining)
        if available is not None and (remaining is None or available < remaining):
            # What is appended meanwhile is not sent; and the end needs no read to be seen.
            remaining = available
        while block:
            if remaining is not None:
                block = block[:remaining]
                remaining -= len(block)
            await writer.write(block)
            if remaining is not None and remaining <= 0:
                break
            block = await loop.run_in_executor(None, self._read, _step(remaining))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Read the file whole, at once, and return it decoded by *encoding*."""
        return self._read_all().decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Read the file whole and return it."""
        return await asyncio.get_running_loop().run_in_executor(None, self._read_all)

    def _close(self) -> None:
        self._value.close()

    async def close(self) -> None:
        """Close the file; whoever is cancelled meanwhile does not keep it open."""
        self._consumed = True
        if not self._value.closed:
            # Without the shield a cancellation takes the closing out of the executor's queue.
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._close))

    # In the executor…

    def _rewind(self) -> None:
        """Go to the first position."""
        if self._start_position is not None:
            self._value.seek(self._start_position)
        elif self._consumed:
            raise RuntimeError(f"{self._value!r} was sent already and cannot seek: open it again")
        else:
            try:
                self._start_position = self._value.tell()
            except (OSError, AttributeError):
                # io.UnsupportedOperation is an OSError.
                self._consumed = True

    def _read_first(self, remaining: int | None) -> tuple[int | None, bytes]:
        """Return how many bytes are to come, if known, and the first of them."""
        self._rewind()
        return self.size, self._read(_step(remaining))

    def _read(self, n: int) -> bytes:
        return cast(bytes, self._value.read(n))

    def _read_all(self) -> bytes:
        self._rewind()
        blocks: list[bytes] = []
        while block := self._read(DEFAULT_CHUNK_SIZE):
            blocks.append(block)
        return b"".join(blocks)


class BufferedReaderPayload(IOBasePayload):
    """A file opened for reading bytes."""

    _value: io.BufferedReader


class TextIOPayload(IOBasePayload):
    """A file opened for reading text.

    A file whose charset is the payload's is sent as it is, byte by byte. Otherwise it is read as
    text and encoded again, and its size is not known.

    Args:
        value: the file.
        encoding: charset to send; default that of *content_type*, or UTF-8.
        content_type: media type; default ``text/plain`` with the charset.
    """

    _value: TextIO
    _encoding: str

    def __init__(
        self,
        value: TextIO,
        *args: Any,
        encoding: str | None = None,
        content_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        encoding, content_type = text_encoding(encoding, content_type)
        super().__init__(value, *args, content_type=content_type, encoding=encoding, **kwargs)
        # The bytes below the text, if they can be sent as they are.
        self._bytes = self._same_bytes()
        self._encode = self._new_encoder()

    def _same_bytes(self) -> IO[bytes] | None:
        """Return the file of bytes below the text, if it has the payload's charset."""
        buffer = getattr(self._value, "buffer", None)
        charset = getattr(self._value, "encoding", None)
        if buffer is None or not charset:
            return None
        if codecs.lookup(charset).name != codecs.lookup(self._encoding).name:
            return None
        return cast("IO[bytes]", buffer)

    def _new_encoder(self) -> Callable[[str], bytes]:
        # Incremental, so that a byte order mark comes once and not with every piece.
        return codecs.getincrementalencoder(self._encoding)().encode

    @property
    def size(self) -> int | None:
        """How many bytes there are from the first position on, if they are sent as they are."""
        if self._bytes is None:
            return None
        end = _file_size(self._bytes)
        if end is None:
            return None
        start = self._start_position
        if start is None:
            start = self._value.tell()
            if start > end:
                # An opaque position: the decoder is in the middle of something.
                self._bytes = None
                return None
        return max(end - start, 0)

    def _rewind(self) -> None:
        super()._rewind()
        self._encode = self._new_encoder()
        if self._bytes is None or self._start_position is None:
            self._bytes = None
        elif self.size is not None:
            self._bytes.seek(self._start_position)

    def _read(self, n: int) -> bytes:
        if self._bytes is not None:
            return self._bytes.read(n)
        text = self._value.read(n)
        return self._encode(text) if text else b""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Read the file whole, at once, and return its text."""
        self._rewind()
        return self._value.read()


def text_encoding(encoding: str | None, content_type: str | None) -> tuple[str, str]:
    """Return charset and media type of text, each given or taken from the other."""
    if content_type is None:
        encoding = encoding or "utf-8"
        return encoding, f"text/plain; charset={encoding}"
    if encoding is None:
        encoding = parse_mimetype(content_type).parameters.get("charset", "utf-8")
    return encoding, content_type


def _step(remaining: int | None) -> int:
    """Return how many bytes to read next."""
    return DEFAULT_CHUNK_SIZE if remaining is None else min(remaining, DEFAULT_CHUNK_SIZE)


def _file_size(value: Any) -> int | None:
    """Return the size of a regular file that is read without a transformation.

    Files that decompress have a ``fileno()`` too, and pipes have a size of zero: neither tells
    how many bytes will come.
    """
    raw = getattr(value, "raw", value)
    while isinstance(raw, io.BufferedReader):
        # A reader that counts, put before the one of open().
        raw = raw.raw
    if not isinstance(raw, io.FileIO):
        return None
    try:
        status = os.fstat(raw.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _spooled_size(value: Any) -> int | None:
    """Return the size of a temporary file that may be in memory still."""
    # Whoever has such a file has imported the module; nobody else needs it.
    tempfile = sys.modules.get("tempfile")
    if tempfile is None or not isinstance(value, tempfile.SpooledTemporaryFile):
        return None
    position = value.tell()
    value.seek(0, os.SEEK_END)
    end: int = value.tell()
    value.seek(position)
    return end
