"""The fields of one part (RFC 2046 §5.1, RFC 7578 §4).

This file judges lines. It does not know where they come from.
"""

from __future__ import annotations

import re
from typing import Final

from multidict import CIMultiDict, CIMultiDictProxy

from aiohttp._fields.grammar import TOKEN
from aiohttp.http_exceptions import BadMultipart, LineTooLong

_FIELD: Final = re.compile(rf"({TOKEN}):(.*)", re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# Bytes of a bad line that an error shows.
_SHOWN: Final = 60


class PartLineTooLong(BadMultipart, LineTooLong):
    """A field of a part exceeds the limit.  Also a LineTooLong, as it always was."""


class PartHead:
    """Gathers the lines of a head.

    Args:
        max_field_size: bytes of one field, with its folded lines.
        max_headers: how many fields.
    """

    __slots__ = ("_fields", "_max_field_size", "_max_headers")

    def __init__(self, max_field_size: int, max_headers: int) -> None:
        self._max_field_size = max_field_size
        self._max_headers = max_headers
        self._fields: list[str] = []

    def add(self, line: bytes) -> None:
        """Take the next line, without its end.

        Raises:
            PartLineTooLong: the field is too long.
            BadMultipart: there are too many.
        """
        text = line.decode("utf-8", "surrogateescape")
        if line[:1] in b" \t" and self._fields:
            # RFC 5322 §2.2.3: a field may be folded; unlike in HTTP that is not obsolete here.
            text = self._fields.pop() + " " + text.strip(" \t")
        elif len(self._fields) >= self._max_headers:
            raise BadMultipart(f"Too many headers received in a part; limit {self._max_headers}")
        if len(text) > self._max_field_size:
            raise PartLineTooLong(text[:_SHOWN], self._max_field_size)
        self._fields.append(text)

    def finish(self) -> CIMultiDictProxy[str]:
        """Return the fields.

        Raises:
            BadMultipart: a line is no field.
        """
        headers: CIMultiDict[str] = CIMultiDict()
        for text in self._fields:
            match = _FIELD.fullmatch(text)
            if match is None or _CONTROL.search(text):
                raise BadMultipart(f"Invalid header in a part: {text[:_SHOWN]!r}")
            headers.add(match[1], match[2].strip(" \t"))
        return CIMultiDictProxy(headers)
