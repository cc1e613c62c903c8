"""Payloads whose value is in memory: bytes, text, JSON.

This file does no input or output but writing.
"""

from __future__ import annotations

import asyncio
import io
import json
import warnings
from typing import TYPE_CHECKING, Any, Final

from aiohttp.payload.base import Payload
from aiohttp.payload.files import IOBasePayload, text_encoding
from aiohttp.streams import DEFAULT_CHUNK_SIZE
from aiohttp.typedefs import JSONBytesEncoder, JSONEncoder

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

# Bytes above which handing over a body at once holds up the loop for about a millisecond.
TOO_LARGE_BYTES_BODY: Final = 2**20

# Bytes of a body that are handed over at a time.  What the socket does not take at once asyncio
# copies; of a large body handed over whole, that would be nearly all of it.
_MAX_IN_ONE_WRITE: Final = 2**18


class BytesPayload(Payload):
    """Bytes, or anything that has the buffer of some."""

    _value: bytes | bytearray | memoryview[Any]
    _autoclose = True

    def __init__(
        self, value: bytes | bytearray | memoryview[Any], *args: Any, **kwargs: Any
    ) -> None:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"value argument must be byte-ish, not {type(value)!r}")
        kwargs.setdefault("content_type", self._default_content_type)
        super().__init__(value, *args, **kwargs)
        self._size = value.nbytes if isinstance(value, memoryview) else len(value)
        if self._size > TOO_LARGE_BYTES_BODY:
            warnings.warn(
                f"Sending {self._size} bytes at once may hold up the event loop; "
                "pass an io.BytesIO object instead",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )

    @property
    def at_hand(self) -> bytes | None:
        """The bytes, where sending them is all that `write()` does; None in other subclasses."""
        kind = type(self)
        if (
            kind.write is not BytesPayload.write
            or kind.write_with_length is not BytesPayload.write_with_length
            or not isinstance(self._value, bytes)
        ):
            return None
        return self._value

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the bytes decoded by *encoding*."""
        # A view with gaps is copied: str() takes none.
        return str(bytes(self._value), encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return the bytes."""
        return bytes(self._value)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the bytes."""
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write at most *content_length* bytes; None: all."""
        value = self._value
        size = self._size or 0
        if content_length is not None and content_length < size:
            size = content_length
            value = _octets_of(value)[:size]
        if size <= _MAX_IN_ONE_WRITE:
            await writer.write(value)
        else:
            await _write_in_pieces(value, writer)


async def _write_in_pieces(
    value: bytes | bytearray | memoryview[Any], writer: AbstractStreamWriter
) -> None:
    octets = _octets_of(value)
    for start in range(0, len(octets), _MAX_IN_ONE_WRITE):
        if start:
            # A peer that takes everything at once must not keep the others from running.
            await asyncio.sleep(0)
        await writer.write(octets[start : start + _MAX_IN_ONE_WRITE])


def _octets_of(value: bytes | bytearray | memoryview[Any]) -> memoryview[int]:
    view = memoryview(value)
    return view.cast("B") if view.c_contiguous else memoryview(view.tobytes())


class StringPayload(BytesPayload):
    """Text.

    Args:
        value: the text.
        encoding: charset; default that of *content_type*, or UTF-8.
        content_type: media type; default ``text/plain`` with the charset.
    """

    def __init__(
        self,
        value: str,
        *args: Any,
        encoding: str | None = None,
        content_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        encoding, content_type = text_encoding(encoding, content_type)
        super().__init__(
            value.encode(encoding),
            *args,
            encoding=encoding,
            content_type=content_type,
            **kwargs,
        )


class StringIOPayload(StringPayload):
    """Text in an `io.StringIO`, from its position on."""

    def __init__(self, value: io.StringIO, *args: Any, **kwargs: Any) -> None:
        super().__init__(value.read(), *args, **kwargs)


class BytesIOPayload(IOBasePayload):
    """Bytes in an `io.BytesIO`, from its position on; written in pieces and never closed."""

    _value: io.BytesIO
    _autoclose = True

    def __init__(self, value: io.BytesIO, *args: Any, **kwargs: Any) -> None:
        super().__init__(value, *args, **kwargs)
        self._start_position = value.tell()

    @property
    def size(self) -> int | None:
        """How many bytes there are from the first position on."""
        with self._value.getbuffer() as view:
            return max(view.nbytes - self._first_position(), 0)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write at most *content_length* bytes; None: all."""
        remaining = self.size or 0
        if content_length is not None:
            remaining = min(remaining, content_length)
        self._value.seek(self._first_position())
        while remaining > 0 and (block := self._value.read(min(remaining, DEFAULT_CHUNK_SIZE))):
            await writer.write(block)
            remaining -= len(block)
            if remaining:
                # A writer that never waits must not keep the others from running.
                await asyncio.sleep(0)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the bytes decoded by *encoding*."""
        return self._rest().decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return the bytes."""
        return self._rest()

    async def close(self) -> None:
        """Do nothing: the value may be used again."""

    def _first_position(self) -> int:
        return self._start_position or 0

    def _rest(self) -> bytes:
        with self._value.getbuffer() as view:
            return view[self._first_position() :].tobytes()


class JsonPayload(BytesPayload):
    """A value as JSON (RFC 8259).

    Args:
        value: what *dumps* takes.
        encoding: charset.
        content_type: media type.
        dumps: turns the value into text.
    """

    def __init__(
        self,
        value: Any,
        encoding: str = "utf-8",
        content_type: str = "application/json",
        dumps: JSONEncoder = json.dumps,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            dumps(value).encode(encoding),
            *args,
            content_type=content_type,
            encoding=encoding,
            **kwargs,
        )


class JsonBytesPayload(BytesPayload):
    """A value as JSON, by an encoder that makes bytes.

    Args:
        value: what *dumps* takes.
        dumps: turns the value into bytes.
        content_type: media type.
    """

    def __init__(
        self,
        value: Any,
        dumps: JSONBytesEncoder,
        content_type: str = "application/json",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(dumps(value), *args, content_type=content_type, **kwargs)
