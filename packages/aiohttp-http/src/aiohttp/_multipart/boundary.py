"""Where a part ends: delimiter lines of a multipart body (RFC 2046 §5.1.1).

This file looks at bytes that are there. It does not know where more come from.
"""

from __future__ import annotations

import enum
import re
from typing import Final, NamedTuple

from aiohttp.http_exceptions import BadMultipart

# RFC 2046 §5.1.1: boundary := 0*69<bchars> bcharsnospace
MAX_BOUNDARY: Final = 70
_NOT_IN_BOUNDARY: Final = re.compile(r"[\x00-\x1f\x7f]")

# White space that a gateway may have put behind a boundary (transport-padding). More of it is
# taken for data, so that nobody has to look ahead for ever.
_MAX_PADDING: Final = 256
_LINE_REST: Final = re.compile(rb"(--)?[ \t]{0,%d}\r?\n" % _MAX_PADDING)
_LINE_REST_BEGUN: Final = re.compile(rb"-?\Z|(?:--)?[ \t]{0,%d}\r?\Z" % _MAX_PADDING)
_CLOSE: Final = b"--"


class Kind(enum.Enum):
    """What stands after the data."""

    # Nothing that is known yet: more input is needed.
    UNKNOWN = enum.auto()
    # A delimiter line: another part follows.
    PART = enum.auto()
    # The closing delimiter line: the epilogue follows.
    END = enum.auto()


class Found(NamedTuple):
    """The result of a search: data up to *start*, then what *kind* says, up to *end*."""

    kind: Kind
    start: int
    end: int


class _Line(enum.Enum):
    # A line that only begins as a delimiter.
    DATA = enum.auto()
    INCOMPLETE = enum.auto()


def check_boundary(boundary: str) -> bytes:
    """Return the boundary as bytes.

    Characters beyond the grammar are accepted, as long as they cannot be part of a line end.

    Raises:
        BadMultipart: it is empty, too long, or contains a control character.
    """
    if not boundary:
        raise BadMultipart("boundary is empty; expected 1 to 70 characters (RFC 2046 §5.1.1)")
    if len(boundary) > MAX_BOUNDARY:
        raise BadMultipart(f"boundary {boundary!r} is too long (70 chars max)")
    if _NOT_IN_BOUNDARY.search(boundary):
        raise BadMultipart(f"boundary {boundary!r} contains a control character")
    return boundary.encode("utf-8", "surrogateescape")


class Delimiter:
    """Finds the delimiter lines of one boundary.

    Args:
        dashes: two hyphens and the boundary.
        line_end: what stands before them, except where they come first; a lone LF in a preamble,
            which some programs write with the line ends of their system.
    """

    __slots__ = ("_dashes", "_full")

    def __init__(self, dashes: bytes, line_end: bytes = b"\r\n") -> None:
        self._dashes = dashes
        # The line end before a delimiter belongs to it, and not to the data.
        self._full = line_end + dashes

    def search(self, data: bytes, start: int, *, at_line_start: bool, final: bool) -> Found:
        """Look for a delimiter line from *start* on.

        Args:
            data: what is there.
            start: where to begin.
            at_line_start: whether a line end came before *start*: in an empty part it belongs to
                the head before and to the delimiter both.
            final: whether no more will come.
        """
        if at_line_start:
            found = self._at_line_start(data, start, final)
            if found is not None:
                return found
        position = start
        while True:
            position = data.find(self._full, position)
            if position < 0:
                end = len(data) if final else self._safe_end(data, start)
                return Found(Kind.UNKNOWN, end, end)
            rest = self._rest_of_line(data, position + len(self._full), final)
            if rest is _Line.INCOMPLETE:
                return Found(Kind.UNKNOWN, position, position)
            if isinstance(rest, tuple):
                return Found(rest[0], position, rest[1])
            position += len(self._full)

    def _at_line_start(self, data: bytes, start: int, final: bool) -> Found | None:
        if data.startswith(self._dashes, start):
            rest = self._rest_of_line(data, start + len(self._dashes), final)
            if rest is _Line.INCOMPLETE:
                return Found(Kind.UNKNOWN, start, start)
            return Found(rest[0], start, rest[1]) if isinstance(rest, tuple) else None
        if not final and self._dashes.startswith(data[start : start + len(self._dashes)]):
            return Found(Kind.UNKNOWN, start, start)
        return None

    def _rest_of_line(self, data: bytes, at: int, final: bool) -> tuple[Kind, int] | _Line:
        """Judge what follows the boundary: padding and a line end make it a delimiter."""
        match = _LINE_REST.match(data, at)
        if match is not None:
            return Kind.END if match[1] else Kind.PART, match.end()
        if _LINE_REST_BEGUN.match(data, at) is None:
            return _Line.DATA
        if not final:
            return _Line.INCOMPLETE
        if data.startswith(_CLOSE, at):
            return Kind.END, len(data)
        return _Line.DATA if data.startswith(b"-", at) else (Kind.PART, len(data))

    def _safe_end(self, data: bytes, start: int) -> int:
        """Return where the data ends that cannot be the beginning of a delimiter."""
        # A delimiter has one line end, at its beginning, so only the last one can begin it.
        last = data.rfind(self._full[:1], max(start, len(data) - len(self._full) + 1))
        if last >= 0 and self._full.startswith(data[last:]):
            return last
        return len(data)
