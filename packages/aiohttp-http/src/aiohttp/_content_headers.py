"""What the fields of a message say about its content, read when first asked for.

Both roles' messages mix this in; it knows nothing of them but ``_headers``.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import hdrs
from aiohttp._fields.media_type import DEFAULT_CONTENT_TYPE, parse_content_type

if TYPE_CHECKING:
    from multidict import MultiMapping


class _SENTINEL(enum.Enum):
    """Tells "not given" from None, in a way that a type checker follows."""

    sentinel = enum.auto()


sentinel = _SENTINEL.sentinel


class HeadersMixin:
    """``content_type``, ``charset`` and ``content_length`` over ``self._headers``."""

    # Attributes that a subclass with a fixed set of attributes has to allow.
    ATTRS = frozenset({"_content_type", "_content_dict", "_stored_content_type"})

    _headers: MultiMapping[str]
    _content_type: str | None = None
    _content_dict: Mapping[str, str] | None = None
    # The value that the two above were read from; they are read again when it has changed.
    _stored_content_type: str | _SENTINEL | None = sentinel

    def _parse_content_type(self, raw: str | None) -> None:
        self._stored_content_type = raw
        if raw is None:
            self._content_type, self._content_dict = DEFAULT_CONTENT_TYPE, {}
        else:
            self._content_type, self._content_dict = parse_content_type(raw)

    def _refresh_content_type(self) -> None:
        raw = self._headers.get(hdrs.CONTENT_TYPE)
        if self._stored_content_type != raw:
            self._parse_content_type(raw)

    @property
    def content_type(self) -> str:
        """``type/subtype`` in lower case; ``application/octet-stream`` where nothing is said."""
        self._refresh_content_type()
        return self._content_type  # type: ignore[return-value]

    @property
    def charset(self) -> str | None:
        """The charset parameter of Content-Type; None if there is none, or it is empty."""
        self._refresh_content_type()
        return self._content_dict.get("charset") or None  # type: ignore[union-attr]

    @property
    def content_length(self) -> int | None:
        """Content-Length in bytes, or None.

        Raises:
            ValueError: the field is there, and not a number (RFC 9110 §8.6); the parsers let no
                such message pass, so it is the program itself that wrote it.
        """
        text = self._headers.get(hdrs.CONTENT_LENGTH)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"Content-Length; expected digits only; got {text!r}")
        return int(text)
