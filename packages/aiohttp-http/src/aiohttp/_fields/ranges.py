"""Byte ranges (RFC 9110 §14): ``Range`` in, ``Content-Range`` out and in."""

from __future__ import annotations

import re

from aiohttp._values import value_object

# §14.1.1: int-range and suffix-range of the unit "bytes"; one of them, since a server may treat
# several as none (§14.2).  Digits of a number are bounded: no file has 10^19 octets.
_RANGE_RE = re.compile(r"bytes=[ \t]*([0-9]{0,19})-([0-9]{0,19})[ \t]*", re.IGNORECASE)
_CONTENT_RANGE_RE = re.compile(
    r"bytes[ \t]+(?:([0-9]{1,19})-([0-9]{1,19})|\*)/([0-9]{1,19}|\*)", re.IGNORECASE
)


@value_object
class ContentRange:
    """What part of a representation a message holds (§14.4)."""

    # First and last octet, both counted from 0 and both included; None: unsatisfied.
    first: int | None
    last: int | None
    # Octets of the whole; None: unknown.
    complete_length: int | None


def parse_range(text: str) -> slice:
    """Return the slice of octets that a Range value with one range asks for.

    ``bytes=0-9`` is ``slice(0, 10)``, ``bytes=5-`` is ``slice(5, None)``, ``bytes=-5`` is
    ``slice(-5, None)``.

    Raises:
        ValueError: it is no range of bytes, or more than one.
    """
    match = _RANGE_RE.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        raise ValueError(f"range not in acceptable format; expected bytes=FIRST-LAST; got {text!r}")
    if not match[1]:
        suffix = int(match[2])
        if suffix == 0:
            raise ValueError("range of no octets; expected a suffix length of at least 1; got 0")
        return slice(-suffix, None, 1)
    start = int(match[1])
    if not match[2]:
        return slice(start, None, 1)
    # The last position is included (§14.1.2).
    end = int(match[2]) + 1
    if start >= end:
        raise ValueError(f"start cannot be after end; got {text!r}")
    return slice(start, end, 1)


def format_range(part: slice) -> str:
    """Return the Range value that asks for ``part``; the inverse of :func:`parse_range`."""
    if part.start is not None and part.start < 0:
        return f"bytes={part.start}"
    last = "" if part.stop is None else part.stop - 1
    return f"bytes={part.start or 0}-{last}"


def parse_content_range(text: str) -> ContentRange:
    """Return what a Content-Range value says.

    Raises:
        ValueError: it is malformed, or contradicts itself (§14.4).
    """
    match = _CONTENT_RANGE_RE.fullmatch(text.strip(" \t"))
    if match is None:
        raise ValueError(f"Content-Range; expected bytes FIRST-LAST/LENGTH; got {text!r}")
    first, last, complete = (None if g in (None, "*") else int(g) for g in match.groups())
    if first is None or last is None:
        wrong = complete is None
    else:
        wrong = last < first or (complete is not None and complete <= last)
    if wrong:
        raise ValueError(f"Content-Range; expected FIRST <= LAST < LENGTH; got {text!r}")
    return ContentRange(first, last, complete)


def format_content_range(value: ContentRange) -> str:
    """Return the Content-Range value; the inverse of :func:`parse_content_range`."""
    part = "*" if value.first is None else f"{value.first}-{value.last}"
    whole = "*" if value.complete_length is None else value.complete_length
    return f"bytes {part}/{whole}"
