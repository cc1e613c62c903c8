"""One part of a multipart body, being read.

This file knows streams and the codings of parts. It does not know which role receives the body.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl

from aiohttp import hdrs
from aiohttp._fields.charset import known_charset
from aiohttp._fields.media_type import parse_mimetype
from aiohttp._multipart.boundary import Delimiter
from aiohttp._multipart.disposition import content_disposition_filename, read_content_disposition
from aiohttp._multipart.source import Content, PartBody, Source
from aiohttp._multipart.transfer_coding import (
    IDENTITY_CODINGS,
    TransferDecoder,
    open_transfer_decoder,
    whole_groups,
)
from aiohttp._peers_fault import decode_json
from aiohttp.compression_utils import (
    DecompressionBaseHandler,
    missing_library,
    open_decompressor,
)
from aiohttp.http_exceptions import BadMultipart
from aiohttp.streams import DEFAULT_CHUNK_SIZE

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

_Buffer = TypeVar("_Buffer", bytes, bytearray)

# RFC 9110 §8.6: digits, of ASCII only.
_CONTENT_LENGTH: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_CONTENT_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd"})


class UnknownPartCoding(BadMultipart, RuntimeError):
    """A part has a coding that is not known, or not installed."""


class BodyPartReader:
    """A part of a multipart body: fields, and data to be read once.

    Args:
        boundary: two hyphens and the boundary.
        headers: the part's fields.
        content: the stream, behind the part's head.
        subtype: of the multipart body; in ``form-data`` Content-Length and Content-Encoding of
            a part mean nothing (RFC 7578 §4.8).
        default_charset: of text whose part names none.
        max_decompress_size: bytes that one step of decompression may produce.
        client_max_size: bytes that one call may return; applies to `read()` and what uses it.
        max_size_error_cls: raised when there are more, with *client_max_size*.
    """

    chunk_size = 8192

    def __init__(
        self,
        boundary: bytes | str,
        headers: CIMultiDictProxy[str],
        content: Content,
        *,
        subtype: str = "mixed",
        default_charset: str | None = None,
        max_decompress_size: int = DEFAULT_CHUNK_SIZE,
        client_max_size: int = sys.maxsize,
        max_size_error_cls: type[Exception] = ValueError,
    ) -> None:
        self.headers = headers
        # Some programs make a reader for a part themselves, and give the boundary as text.
        boundary = boundary.encode() if isinstance(boundary, str) else boundary
        self._boundary = boundary
        self._is_form_data = subtype == "form-data"
        self._default_charset = default_charset
        self._max_decompress_size = max_decompress_size
        self._client_max_size = client_max_size
        self._max_size_error_cls = max_size_error_cls
        source = content if isinstance(content, Source) else Source(content)
        length = None if self._is_form_data else _content_length(headers)
        self._body = PartBody(source, Delimiter(boundary), length)
        self._transfer_coding = headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "").strip().lower()
        # Raw bytes that were read but stay behind, to give out whole groups of the coding.
        self._held = b""
        # For decode_iter(), which gets the data piece by piece.
        self._decoder: _PartDecoder | None = None

    def __aiter__(self) -> BodyPartReader:
        return self

    async def __anext__(self) -> bytes:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    # Reading raw data…

    def at_eof(self) -> bool:
        """Tell whether all data was read."""
        return self._body.ended and not self._held

    async def next(self) -> bytes | None:
        """Read all data that is left; None if there is none."""
        return await self.read() or None

    async def read(self, *, decode: bool = False) -> bytes:
        """Read all data that is left.

        Args:
            decode: whether to undo the part's codings.

        Raises:
            BadMultipart: the body is damaged.
            Exception: there is more than the limit, see the class.
        """
        blocks: list[bytes] = []
        size = 0
        while block := await self.read_chunk(DEFAULT_CHUNK_SIZE):
            blocks.append(block)
            size += len(block)
            self._check_size(size)
        data = b"".join(blocks)
        if not decode:
            return data
        blocks = []
        size = 0
        async for block in self._new_decoder().decode(data, last=True):
            blocks.append(block)
            size += len(block)
            self._check_size(size)
        return b"".join(blocks)

    async def read_chunk(self, size: int = chunk_size) -> bytes:
        """Read up to *size* bytes; ``b""`` at the end.

        What a call returns can be decoded without what comes after it.

        Raises:
            BadMultipart: the body is damaged, or what `decode_iter()` got is not whole.
        """
        if self._transfer_coding in IDENTITY_CODINGS:
            data = await self._body.read(size)
        else:
            data = await self._read_groups(size)
        if not data and self._decoder is not None:
            # Whether a piece is the last one is not always known when it is decoded.
            self._decoder.check_end()
        return data

    async def _read_groups(self, size: int) -> bytes:
        """Read up to *size* bytes, of which the transfer coding leaves none over."""
        while block := await self._body.read(max(size - len(self._held), 1)):
            # Kept here and not in a variable: a call that is cancelled loses nothing.
            data = self._held = self._held + block
            end = whole_groups(self._transfer_coding, data)
            # Little is held; a chunk that is all noise goes out as it is.
            if 2 * end >= len(data) or len(data) >= size:
                self._held = data[end:] if 2 * end >= len(data) else b""
                return data[: len(data) - len(self._held)]
        data, self._held = self._held, b""
        return data

    async def readline(self) -> bytes:
        r"""Read up to and with the next ``\n``, or what is left; ``b""`` at the end.

        Raises:
            Exception: the line is longer than the limit, see the class.
        """
        limit = self._client_max_size
        held, self._held = self._held, b""
        if end := held.find(b"\n") + 1:
            self._held = held[end:]
            return held[:end]
        line = held + await self._body.readline(limit + 1)
        self._check_size(len(line))
        return line

    async def release(self) -> None:
        """Read what is left and forget it."""
        self._held = b""
        while await self._body.read(DEFAULT_CHUNK_SIZE):
            pass

    def _check_size(self, size: int) -> None:
        if size > self._client_max_size:
            raise self._max_size_error_cls(self._client_max_size)

    # Decoding…

    def decode(self, data: _Buffer) -> _Buffer | bytes:
        """Undo the part's codings of *data*, which is whole in itself.

        Raises:
            BadMultipart: it is damaged, or the coding is not known.
            Exception: the result is larger than the limit, see the class.
        """
        blocks: list[bytes] = []
        size = 0
        for block in self._new_decoder().decode_sync(bytes(data)):
            blocks.append(block)
            size += len(block)
            self._check_size(size)
        return b"".join(blocks)

    async def decode_iter(self, data: _Buffer) -> AsyncIterator[_Buffer | bytes]:
        """Undo the part's codings of *data*, the next piece of the part.

        Yields:
            pieces of at most ``max_decompress_size`` bytes, if the part is compressed.

        Raises:
            BadMultipart: the data is damaged, or the coding is not known.
        """
        if self._decoder is None:
            self._decoder = self._new_decoder()
        async for block in self._decoder.decode(bytes(data), last=self.at_eof()):
            yield block

    def _new_decoder(self) -> _PartDecoder:
        transfer = open_transfer_decoder(self._transfer_coding)
        if transfer is None:
            raise UnknownPartCoding(f"unknown content transfer encoding: {self._transfer_coding}")
        coding = self.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower()
        if self._is_form_data or coding in ("", "identity"):
            return _PartDecoder(transfer, None, self._max_decompress_size)
        if coding not in _CONTENT_CODINGS:
            raise UnknownPartCoding(f"unknown content encoding: {coding}")
        if package := missing_library(coding):
            raise UnknownPartCoding(f"content encoding {coding} needs the package {package!r}")
        return _PartDecoder(transfer, coding, self._max_decompress_size)

    # As text…

    async def text(self, *, encoding: str | None = None) -> str:
        """Read all that is left as text.

        Args:
            encoding: charset; default the part's, or the form's, or UTF-8.

        Raises:
            BadMultipart: it is not text of that charset.
        """
        data = await self.read(decode=True)
        return self._to_text(data, encoding or self._declared_charset())

    async def json(self, *, encoding: str | None = None) -> dict[str, Any] | None:
        """Read all that is left as JSON; None if there is nothing.

        Raises:
            ValueError: it is not JSON.
        """
        data = await self.read(decode=True)
        if not data:
            return None
        text = self._to_text(data, encoding or self._declared_charset())
        value: dict[str, Any] = decode_json(text, json.loads)
        return value

    async def form(self, *, encoding: str | None = None) -> list[tuple[str, str]]:
        """Read all that is left as ``application/x-www-form-urlencoded`` data.

        Raises:
            BadMultipart: it is not text of its charset.
        """
        data = await self.read(decode=True)
        charset = encoding or self._declared_charset()
        text = self._to_text(data.rstrip(), charset)
        return parse_qsl(text, keep_blank_values=True, encoding=charset)

    def get_charset(self, default: str) -> str:
        """Return the charset that the part, or else the form, names; or else *default*."""
        mimetype = parse_mimetype(self.headers.get(hdrs.CONTENT_TYPE, ""))
        return mimetype.parameters.get("charset", self._default_charset or default)

    def _declared_charset(self) -> str:
        try:
            return known_charset(self.get_charset(default="utf-8"))
        except LookupError as exc:
            raise BadMultipart(f"data of a part cannot be decoded: {exc}") from exc

    @staticmethod
    def _to_text(data: bytes, charset: str) -> str:
        try:
            return data.decode(charset)
        except (UnicodeError, LookupError) as exc:
            raise BadMultipart(f"data cannot be decoded with {charset} encoding") from exc

    @cached_property
    def _disposition(self) -> dict[str, str]:
        # A peer's mistake is no reason to warn.
        _, params, _ = read_content_disposition(self.headers.get(hdrs.CONTENT_DISPOSITION))
        return params

    @cached_property
    def name(self) -> str | None:
        """The field's name (RFC 7578 §4.2); None if it has none."""
        return content_disposition_filename(self._disposition, "name")

    @cached_property
    def filename(self) -> str | None:
        """The file's name; None if it has none."""
        return content_disposition_filename(self._disposition, "filename")


class _PartDecoder:
    """Undoes the codings of one part, piece by piece."""

    __slots__ = ("_coding", "_decompressor", "_step", "_transfer")

    def __init__(self, transfer: TransferDecoder, coding: str | None, step: int) -> None:
        self._transfer = transfer
        self._coding = coding
        self._decompressor: DecompressionBaseHandler | None = None
        # Bytes that one step may produce.
        self._step = step

    async def decode(self, data: bytes, *, last: bool) -> AsyncIterator[bytes]:
        """Yield what *data* decodes to; *last* says that no more follows."""
        data = self._untransfer(data, last)
        if self._coding is None:
            yield data
            return
        for piece, decompressor in self._steps(data):
            try:
                block = await decompressor.decompress(piece, max_length=self._step)
            except Exception as exc:
                raise self._damaged() from exc
            if block:
                yield block
        if last:
            self.check_end()

    def decode_sync(self, data: bytes) -> list[bytes]:
        """Return what the whole of *data* decodes to."""
        data = self._untransfer(data, last=True)
        if self._coding is None:
            return [data]
        blocks: list[bytes] = []
        for piece, decompressor in self._steps(data):
            try:
                blocks.append(decompressor.decompress_sync(piece, max_length=self._step))
            except Exception as exc:
                raise self._damaged() from exc
        self.check_end()
        return blocks

    def _untransfer(self, data: bytes, last: bool) -> bytes:
        data = self._transfer.feed(data)
        return data + self._transfer.finish() if last else data

    def _steps(self, data: bytes) -> Iterator[tuple[bytes, DecompressionBaseHandler]]:
        """Yield what to give to the decompressor next, and the decompressor.

        It keeps what it has no room for: given all at once, that would be copied at each step.
        """
        if self._decompressor is None and data and self._coding is not None:
            self._decompressor = open_decompressor(self._coding, data)
        decompressor = self._decompressor
        if decompressor is None:
            return
        for start in range(0, max(len(data), 1), DEFAULT_CHUNK_SIZE):
            yield data[start : start + DEFAULT_CHUNK_SIZE], decompressor
            while decompressor.data_available:
                yield b"", decompressor

    def check_end(self) -> None:
        """Raise BadMultipart if the data so far is not whole."""
        if self._decompressor is not None and not self._decompressor.is_whole:
            raise BadMultipart(f"truncated content encoding of a part: {self._coding}")

    def _damaged(self) -> BadMultipart:
        return BadMultipart(f"Can not decode content encoding of a part: {self._coding}")


def _content_length(headers: CIMultiDictProxy[str]) -> int | None:
    value = headers.get(hdrs.CONTENT_LENGTH)
    if value is None:
        return None
    if not _CONTENT_LENGTH.fullmatch(value):
        raise BadMultipart(f"invalid Content-Length: {value!r}")
    return int(value)
