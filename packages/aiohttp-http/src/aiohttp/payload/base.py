"""What every payload is: a value, the fields that describe it, and a way to write it.

This file does not know any kind of value; the sibling files do.
"""

from __future__ import annotations

import mimetypes
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Union

from multidict import CIMultiDict

from aiohttp import hdrs
from aiohttp._content_headers import sentinel
from aiohttp._fields.disposition import content_disposition_header
from aiohttp._fields.media_type import DEFAULT_CONTENT_TYPE
from aiohttp._h1.serialize import trailer_section

if TYPE_CHECKING:
    import asyncio

    from aiohttp.abc import AbstractStreamWriter

_Headers = Union["CIMultiDict[str]", dict[str, str], Iterable[tuple[str, str]], None]

# Closings of payloads that outlive the message they were in; kept here until they are done.
_CLOSE_FUTURES: set[asyncio.Future[None]] = set()

# What trailer_section() puts before the fields.
_LAST_CHUNK_LINE: Final = len(b"0\r\n")


class Payload(ABC):
    """A body, or a part of one.

    Args:
        value: what to send.
        headers: fields that describe it; they win over what follows.
        content_type: its media type; by default guessed from *filename*.
        filename: its name for the receiver.
        encoding: the charset of text.
    """

    _default_content_type: str = DEFAULT_CONTENT_TYPE
    _size: int | None = None
    # The value cannot be written (again).
    _consumed: bool = False
    # The value holds nothing that would have to be released.
    _autoclose: bool = False

    def __init__(
        self,
        value: Any,
        headers: _Headers = None,
        content_type: Any = sentinel,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._encoding = encoding
        self._filename = filename
        self._value = value
        self._headers: CIMultiDict[str] = CIMultiDict()
        if isinstance(content_type, str):
            self._headers[hdrs.CONTENT_TYPE] = content_type
        elif filename is not None:
            guess = mimetypes.guess_type(filename)[0]
            self._headers[hdrs.CONTENT_TYPE] = guess or self._default_content_type
        else:
            self._headers[hdrs.CONTENT_TYPE] = self._default_content_type
        if headers:
            self._headers.update(headers)

    @property
    def size(self) -> int | None:
        """How many bytes `write()` writes; None if that is not known before."""
        return self._size

    @property
    def filename(self) -> str | None:
        """The value's name for the receiver."""
        return self._filename

    @property
    def headers(self) -> CIMultiDict[str]:
        """The fields that describe the value."""
        return self._headers

    @property
    def _binary_headers(self) -> bytes:
        return self.binary_headers

    @property
    def binary_headers(self) -> bytes:
        """The fields as the head of a part (RFC 2046 §5.1), with the empty line after them.

        Raises:
            ValueError: a field contains a control character.
        """
        # A trailer section is that: fields, and an empty line.
        return trailer_section(self._headers)[_LAST_CHUNK_LINE:]

    @property
    def encoding(self) -> str | None:
        """The charset of text."""
        return self._encoding

    @property
    def content_type(self) -> str:
        """The value's media type."""
        return self._headers[hdrs.CONTENT_TYPE]

    @property
    def consumed(self) -> bool:
        """Whether the value was used up, so that it cannot be written again."""
        return self._consumed

    @property
    def autoclose(self) -> bool:
        """Whether there is nothing for `close()` to release."""
        return self._autoclose

    def set_content_disposition(
        self,
        disptype: str,
        quote_fields: bool = True,
        _charset: str = "utf-8",
        **params: Any,
    ) -> None:
        """Set Content-Disposition (RFC 6266).

        Args:
            disptype: ``attachment``, ``form-data``, …
            quote_fields: whether file names are percent-encoded.
            _charset: of percent-encoded parameters.
            **params: parameters such as ``name`` and ``filename``.
        """
        self._headers[hdrs.CONTENT_DISPOSITION] = content_disposition_header(
            disptype, quote_fields=quote_fields, _charset=_charset, **params
        )

    @abstractmethod
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the value as text, for a person to look at."""

    @abstractmethod
    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the value whole."""

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return what `write()` would write.

        Args:
            encoding: charset for text that has none of its own.
            errors: how unencodable text is handled.
        """
        return self.decode(encoding, errors).encode(encoding, errors)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write at most *content_length* bytes; None: all.

        A subclass that does not override it relies on *writer* to cut what goes beyond.
        """
        await self.write(writer)

    def _close(self) -> None:  # noqa: B027 - a hook, not a duty
        """Release what the value holds; overridden where there is something."""

    async def close(self) -> None:
        """Release what the value holds; calling it again does nothing."""
        self._close()


def close_later(payload: Payload, loop: asyncio.AbstractEventLoop) -> None:
    """Close *payload* by a task of its own: its message is over and nobody waits for it."""
    task = loop.create_task(payload.close())
    _CLOSE_FUTURES.add(task)
    task.add_done_callback(_CLOSE_FUTURES.discard)
