"""Payloads whose value comes bit by bit: asynchronous iterables and stream readers.

This file does not know where the bits come from.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any

from aiohttp.payload.base import Payload
from aiohttp.streams import StreamReader

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter


class AsyncIterablePayload(Payload):
    """What an asynchronous iterable of bytes yields; it can be written once.

    After `as_bytes()` the pieces are kept, and can be written any number of times.
    """

    _value: AsyncIterable[bytes]
    _autoclose = True

    def __init__(self, value: AsyncIterable[bytes], *args: Any, **kwargs: Any) -> None:
        if not isinstance(value, AsyncIterable):
            raise TypeError(
                "value argument must support collections.abc.AsyncIterable interface, "
                f"got {type(value)!r}"
            )
        kwargs.setdefault("content_type", self._default_content_type)
        super().__init__(value, *args, **kwargs)
        # None once it is used up.
        self._iter: AsyncIterator[bytes] | None = value.__aiter__()
        self._cached_chunks: list[bytes] | None = None

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all pieces.

        Raises:
            RuntimeError: they were written before.
        """
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write at most *content_length* bytes; None: all.

        Raises:
            RuntimeError: they were written before.
        """
        remaining = content_length
        async for chunk in self._chunks():
            if remaining is not None:
                chunk = chunk[:remaining]
                remaining -= len(chunk)
            await writer.write(chunk)
            if remaining == 0:
                break

    def _chunks(self) -> AsyncIterator[bytes]:
        if self._cached_chunks is not None:
            return _replay(self._cached_chunks)
        iterator, self._iter = self._iter, None
        if iterator is None:
            raise RuntimeError(f"{self._value!r} was sent already: it can be read only once")
        # Even if the reader stops early: what was taken cannot be put back.
        self._consumed = True
        return iterator

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the pieces decoded by *encoding*.

        Raises:
            TypeError: `as_bytes()` was not called before.
        """
        if self._cached_chunks is None:
            raise TypeError("Unable to decode - content not cached. Call as_bytes() first.")
        return b"".join(self._cached_chunks).decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return all pieces joined, and keep them.

        Raises:
            RuntimeError: they were written before.
        """
        if self._cached_chunks is None:
            self._cached_chunks = [chunk async for chunk in self._chunks()]
            self._consumed = False
        return b"".join(self._cached_chunks)


async def _replay(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


class StreamReaderPayload(AsyncIterablePayload):
    """What a stream reader still has to give."""

    def __init__(self, value: StreamReader, *args: Any, **kwargs: Any) -> None:
        super().__init__(value.iter_any(), *args, **kwargs)
