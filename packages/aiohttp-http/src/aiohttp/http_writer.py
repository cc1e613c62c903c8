"""One outgoing message: when which bytes go to the transport.

This file knows how head, body and transfer coding are put together into writes (RFC 9112 §6, §7)
and when to wait for the transport. It does not know which fields a head should have, nor the
role that writes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, Union

from aiohttp import hdrs
from aiohttp._h1.messages import HttpVersion, HttpVersion10, HttpVersion11
from aiohttp._h1.serialize import (
    CHUNK_END,
    LAST_CHUNK,
    chunk_head,
    serialize_headers,
    trailer_section,
)
from aiohttp.abc import AbstractStreamWriter
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import ClientConnectionResetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multidict import CIMultiDict

__all__ = ("HttpVersion", "HttpVersion10", "HttpVersion11", "StreamWriter")

# Known by this name to programs that patch it.
_serialize_headers = serialize_headers

_Chunk = Union[bytes, bytearray, "memoryview[int]", "memoryview[bytes]"]
_OnChunkSent = Callable[[_Chunk], Awaitable[None]]
_OnHeadersSent = Callable[["CIMultiDict[str]"], Awaitable[None]]

# Up to so many bytes, joining costs less than what writelines() does for several buffers.
MIN_PAYLOAD_FOR_WRITELINES = 2048

# asyncio's writelines() joins before 3.12; from 3.12 to 3.12.8 and 3.13.1 it never stops the
# writer when the buffer is full (CVE-2024-12254).
SKIP_WRITELINES = sys.version_info < (3, 12, 9) or (3, 13) <= sys.version_info < (3, 13, 2)

# Bytes above which a second write costs less than a copy of the data.
_MAX_JOINED = 64 * 1024

# Bytes written after which write() looks whether the transport wants a break.
_DRAIN_INTERVAL = 0x10000

# Fields that a recipient must know before the body: RFC 9110 §6.5.1.
_NO_TRAILERS = frozenset(
    name.lower()
    for name in (
        hdrs.AUTHORIZATION,
        hdrs.CONNECTION,
        hdrs.CONTENT_ENCODING,
        hdrs.CONTENT_LENGTH,
        hdrs.CONTENT_RANGE,
        hdrs.CONTENT_TYPE,
        hdrs.EXPECT,
        hdrs.HOST,
        hdrs.SET_COOKIE,
        hdrs.TE,
        hdrs.TRAILER,
        hdrs.TRANSFER_ENCODING,
        hdrs.UPGRADE,
    )
)


class _Compressor(Protocol):
    async def compress(self, data: Any) -> bytes: ...

    def flush(self) -> bytes: ...


class StreamWriter(AbstractStreamWriter):
    """Write one message to the transport of *protocol*.

    Call `write_headers()`, then `write()` any number of times, then `write_eof()`. The head is
    held back until the first piece of the body, so that both leave in one packet.

    Args:
        protocol: whose transport is written to and whose back-pressure is obeyed.
        loop: kept for old callers.
        on_chunk_sent: awaited with each piece before it is written.
        on_headers_sent: awaited with the fields before the head is written.
    """

    # In the class, because a server makes a writer for each response and seldom needs it.
    _on_chunk_sent: _OnChunkSent | None = None
    _on_headers_sent: _OnHeadersSent | None = None
    # The serialized head while it is held back.
    _head: bytes | None = None
    _compress: _Compressor | None = None
    _eof = False
    chunked = False
    # Bytes of the body that may still be written; None: any number.
    length: int | None = None
    # Bytes written since the last look at the transport, and in all.
    buffer_size = 0
    output_size = 0
    # Told (bytes of the body, output_size) after each write.
    on_body_write: Callable[[int, int], None] | None = None

    def __init__(
        self,
        protocol: BaseProtocol,
        loop: asyncio.AbstractEventLoop,
        on_chunk_sent: _OnChunkSent | None = None,
        on_headers_sent: _OnHeadersSent | None = None,
    ) -> None:
        self._protocol = protocol
        self._loop = loop
        if on_chunk_sent is not None:
            self._on_chunk_sent = on_chunk_sent
        if on_headers_sent is not None:
            self._on_headers_sent = on_headers_sent

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport, None when the connection is lost."""
        return self._protocol.transport

    @property
    def protocol(self) -> BaseProtocol:
        """The protocol of the connection."""
        return self._protocol

    # Before the head…

    def enable_chunking(self) -> None:
        """Send the body in the chunked transfer coding (RFC 9112 §7.1)."""
        self.chunked = True

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Compress the body.

        Args:
            encoding: a content coding: ``gzip``, ``deflate``, ``br`` or ``zstd``.
            strategy: zlib's strategy, None for its default.

        Raises:
            ValueError: no encoder for *encoding* is there.
        """
        # Imported late: most messages are not compressed by this process.
        from aiohttp.compression_utils import open_compressor

        self._compress = open_compressor(encoding, strategy=strategy)

    # Writing…

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        """Take the head; it leaves with the first piece of the body.

        Raises:
            ValueError: a part of it contains a control character (RFC 9110 §5.5).
        """
        if self._on_headers_sent is not None:
            await self._on_headers_sent(headers)
        head = serialize_headers(status_line, headers)
        # A head that still waits was an interim response (RFC 9110 §15.2): it goes first.
        self._head = head if self._head is None else self._head + head

    def withdraw(self) -> bool:
        """Forget a head that still waits, and what was set for its body: another message leaves.

        Returns:
            False if a part of the message was written: it cannot be taken back.
        """
        if self._eof or self.output_size:
            return False
        self._head = None
        self._compress = None
        self.chunked = False
        self.length = None
        return True

    def send_headers(self) -> None:
        """Write the head now, if it is held back."""
        if self._head is not None:
            self._send(())

    async def write(
        self, chunk: _Chunk, *, drain: bool = True, LIMIT: int = _DRAIN_INTERVAL
    ) -> None:
        """Write a piece of the body.

        Bytes beyond Content-Length are dropped: they would be taken for the next message.

        Args:
            chunk: may be empty, which writes the head alone.
            drain: whether to wait when the transport's buffer is full.
            LIMIT: bytes written after which to look at it.

        Raises:
            ClientConnectionResetError: the connection is closed.
            RuntimeError: the body was ended before.
        """
        if self._eof:
            raise RuntimeError("write() called after write_eof(): the body has ended")
        if self._on_chunk_sent is not None:
            await self._on_chunk_sent(chunk)
        if isinstance(chunk, memoryview):
            chunk = _octets(chunk)
        payload_size = len(chunk)
        if self._compress is not None:
            chunk = await self._compress.compress(chunk)
        elif self.length is not None and payload_size > self.length:
            payload_size = self.length
        chunk = self._clip(chunk)
        if chunk:
            self._send(self._framed(chunk))
        elif not payload_size:
            # Nobody knows when the next piece comes: the peer may have the head meanwhile.
            self.send_headers()
        if payload_size and self.on_body_write is not None:
            self.on_body_write(payload_size, self.output_size)
        if drain and self.buffer_size > LIMIT:
            self.buffer_size = 0
            await self.drain()

    async def write_eof(
        self, chunk: bytes = b"", *, trailers: Mapping[str, str] | None = None
    ) -> None:
        """Write the last piece and end the message; the second call does nothing.

        Args:
            chunk: may be empty.
            trailers: fields to send after a chunked body (RFC 9112 §7.1.2).

        Raises:
            ClientConnectionResetError: the connection is closed.
            RuntimeError: *trailers* were given for a body that is not chunked.
            ValueError: *trailers* contain a field that is not allowed there.
        """
        if self._eof:
            return
        ending = self._ending(trailers) if self.chunked or trailers else b""
        if self._on_chunk_sent is not None and chunk:
            await self._on_chunk_sent(chunk)
        payload_size = len(chunk)
        if self._compress is not None:
            chunk = await self._compress.compress(chunk) + self._compress.flush()
        elif self.length is not None and payload_size > self.length:
            payload_size = self.length
        if self.length is not None:
            chunk = self._clip(chunk)
        if chunk:
            self._send((*self._framed(chunk), ending) if ending else (chunk,))
        elif ending:
            self._send((ending,))
        else:
            self.send_headers()
        self._eof = True
        if payload_size and self.on_body_write is not None:
            self.on_body_write(payload_size, self.output_size)
        if self._protocol.writing_paused:
            await self.drain()

    def write_message(self, head: bytes, body: bytes) -> None:
        """Write a whole message that was serialized elsewhere; never waits.

        Raises:
            ClientConnectionResetError: the connection is closed.
        """
        self._eof = True
        self._head = head
        self._send((body,) if body else ())

    def set_eof(self) -> None:
        """End the message without another piece; a head held back leaves now."""
        if self._eof:
            return
        if self.chunked:
            self._send((LAST_CHUNK,))
        else:
            self.send_headers()
        self._eof = True

    async def drain(self) -> None:
        """Wait while the transport's buffer is above its high-water mark."""
        protocol = self._protocol
        if protocol.transport is not None and protocol.writing_paused:
            await protocol._drain_helper()

    # The inside…

    def _clip(self, chunk: Any) -> Any:
        """Account for *chunk* against Content-Length and cut what goes beyond it."""
        allowed = self.length
        if allowed is None:
            return chunk
        if len(chunk) > allowed:
            chunk = chunk[:allowed]
        self.length = allowed - len(chunk)
        return chunk

    def _framed(self, chunk: _Chunk) -> tuple[_Chunk, ...]:
        """Return what to send for *chunk*, which is not empty."""
        if not self.chunked:
            return (chunk,)
        return (chunk_head(len(chunk)), chunk, CHUNK_END)

    def _ending(self, trailers: Mapping[str, str] | None) -> bytes:
        """Return what ends the body."""
        if not trailers:
            return LAST_CHUNK if self.chunked else b""
        if not self.chunked:
            raise RuntimeError(
                "trailers need the chunked transfer coding: call enable_chunking() before"
            )
        for name in trailers:
            if name.lower() in _NO_TRAILERS:
                raise ValueError(f"field {name!r} is not allowed in trailers; send it in the head")
        return trailer_section(trailers)

    def _send(self, pieces: tuple[_Chunk, ...]) -> None:
        """Hand *pieces* to the transport, after the head if that is held back."""
        transport = self._protocol.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("Cannot write to closing transport")
        head, self._head = self._head, None
        if head is not None:
            if len(pieces) == 1 and len(pieces[0]) < MIN_PAYLOAD_FOR_WRITELINES:
                # A whole small message: not worth a sum and a join.
                pieces = (head + pieces[0],)
            else:
                pieces = (head, *pieces)
        if len(pieces) == 1:
            size = len(pieces[0])
            transport.write(pieces[0])
        else:
            size = sum(map(len, pieces))
            _write_pieces(transport, pieces, size)
        self.buffer_size += size
        self.output_size += size


def _octets(view: memoryview[Any]) -> _Chunk:
    """Return the bytes of *view* in one dimension, so that len() counts them."""
    if not view.c_contiguous:
        return view.tobytes()
    return view if view.ndim == 1 and view.itemsize == 1 else view.cast("B")


def _write_pieces(transport: asyncio.Transport, pieces: Iterable[_Chunk], size: int) -> None:
    """Write several buffers in as few system calls and copies as possible."""
    if size >= MIN_PAYLOAD_FOR_WRITELINES and not SKIP_WRITELINES:
        transport.writelines(pieces)
    elif size <= _MAX_JOINED:
        transport.write(b"".join(pieces))
    else:
        for piece in pieces:
            transport.write(piece)
