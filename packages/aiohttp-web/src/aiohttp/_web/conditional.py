"""Conditional requests (RFC 9110 §13) and ranges (§14), decided.

Pure: validators of a representation and the fields of a request in, verdicts out.
"""

from __future__ import annotations

import enum
from datetime import datetime

import attr

from aiohttp import hdrs
from aiohttp._fields.dates import parse_http_date
from aiohttp._fields.etag import ETAG_ANY, ETag, parse_etag, strong_match, weak_match

# HEAD says what GET would be answered.
_METHODS_WITH_RANGES = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


class Verdict(enum.Enum):
    """What the preconditions of a request come to."""

    PROCEED = enum.auto()
    NOT_MODIFIED = enum.auto()
    FAILED = enum.auto()


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Validators:
    """What a representation is recognized by: its tag, and its POSIX time of modification."""

    etag: ETag
    modified: float


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Preconditions:
    """The fields; None where one is absent or is to be ignored."""

    if_match: tuple[ETag, ...] | None = None
    if_none_match: tuple[ETag, ...] | None = None
    if_modified_since: datetime | None = None
    if_unmodified_since: datetime | None = None


def evaluate(conditions: Preconditions, current: Validators, *, safe: bool) -> Verdict:
    """Evaluate in the order of §13.2.2; ``safe`` says that the method is GET or HEAD."""
    # Steps 1 and 2.
    if conditions.if_match is not None:
        if not _any_match(conditions.if_match, current.etag, weak=False):
            return Verdict.FAILED
    elif _is_after(current.modified, conditions.if_unmodified_since):
        return Verdict.FAILED
    # Steps 3 and 4.
    if conditions.if_none_match is not None:
        if _any_match(conditions.if_none_match, current.etag, weak=True):
            return Verdict.NOT_MODIFIED if safe else Verdict.FAILED
    elif (
        safe
        and conditions.if_modified_since is not None
        and not _is_after(current.modified, conditions.if_modified_since)
    ):
        return Verdict.NOT_MODIFIED
    return Verdict.PROCEED


def _is_after(modified: float, date: datetime | None) -> bool:
    return date is not None and modified > date.timestamp()


def _any_match(tags: tuple[ETag, ...], etag: ETag, *, weak: bool) -> bool:
    if len(tags) == 1 and tags[0].value == ETAG_ANY:
        return True
    match = weak_match if weak else strong_match
    return any(match(tag, etag) for tag in tags)


def range_applies(if_range: str | None, current: Validators) -> bool:
    """Whether ``Range`` counts, given the ``If-Range`` field (§13.1.5, step 5 of §13.2.2).

    A date that is later than the modification counts, too: some clients send the one of their copy.
    """
    if if_range is None:
        return True
    tag = parse_etag(if_range)
    if tag is not None:
        return strong_match(tag, current.etag)
    date = parse_http_date(if_range)
    # What is neither is the validator of no representation, so not of this one.
    return date is not None and current.modified <= date.timestamp()


def asks_for_part(method: str, ranges: str | None) -> bool:
    """Whether a ``Range`` field is to be looked at, as it is, or would be, for one part (§14.2).

    With other methods, and in other units than bytes, it must be ignored; several ranges may be.
    """
    if ranges is None or method not in _METHODS_WITH_RANGES:
        return False
    unit, _, wanted = ranges.partition("=")
    return unit.strip(" \t").lower() == "bytes" and "," not in wanted


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Part:
    """Bytes to send: ``count`` of them from ``offset``."""

    offset: int
    count: int


def satisfiable_part(wanted: slice, size: int) -> Part | None:
    """Return the part of a representation of ``size`` bytes, or None for 416 (§15.5.17)."""
    start = 0 if wanted.start is None else wanted.start
    if start < 0:
        # §14.1.2: a suffix longer than the representation is all of it.
        start = max(start + size, 0)
    stop = size if wanted.stop is None else min(wanted.stop, size)
    if start >= stop:
        return None
    return Part(start, stop - start)
