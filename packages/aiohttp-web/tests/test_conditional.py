"""Preconditions and ranges: RFC 9110 §13 and §14 as tables."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from aiohttp._fields.etag import ETag
from aiohttp._web.conditional import (
    Part,
    Preconditions,
    Validators,
    Verdict,
    asks_for_part,
    evaluate,
    range_applies,
    satisfiable_part,
)

NOW = Validators(ETag("now"), 1000.0)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


MATCHING, OTHER, ANY = (ETag("now"),), (ETag("old"),), (ETag("*"),)
WEAK = (ETag("now", is_weak=True),)


@pytest.mark.parametrize(
    ("conditions", "verdict"),
    [
        (Preconditions(), Verdict.PROCEED),
        (Preconditions(if_match=MATCHING), Verdict.PROCEED),
        (Preconditions(if_match=ANY), Verdict.PROCEED),
        (Preconditions(if_match=OTHER), Verdict.FAILED),
        (Preconditions(if_match=WEAK), Verdict.FAILED),
        (Preconditions(if_match=()), Verdict.FAILED),
        (Preconditions(if_unmodified_since=at(1000)), Verdict.PROCEED),
        (Preconditions(if_unmodified_since=at(999)), Verdict.FAILED),
        (Preconditions(if_match=MATCHING, if_unmodified_since=at(1)), Verdict.PROCEED),
        (Preconditions(if_none_match=MATCHING), Verdict.NOT_MODIFIED),
        (Preconditions(if_none_match=WEAK), Verdict.NOT_MODIFIED),
        (Preconditions(if_none_match=ANY), Verdict.NOT_MODIFIED),
        (Preconditions(if_none_match=OTHER), Verdict.PROCEED),
        (Preconditions(if_none_match=OTHER, if_modified_since=at(2000)), Verdict.PROCEED),
        (Preconditions(if_modified_since=at(1000)), Verdict.NOT_MODIFIED),
        (Preconditions(if_modified_since=at(999)), Verdict.PROCEED),
    ],
)
def test_conditions_of_a_get(conditions: Preconditions, verdict: Verdict) -> None:
    assert evaluate(conditions, NOW, safe=True) is verdict


def test_conditions_of_another_method() -> None:
    assert evaluate(Preconditions(if_none_match=ANY), NOW, safe=False) is Verdict.FAILED
    since = Preconditions(if_modified_since=at(2000))
    assert evaluate(since, NOW, safe=False) is Verdict.PROCEED


@pytest.mark.parametrize(
    ("if_range", "applies"),
    [
        (None, True),
        ('"now"', True),
        ('"old"', False),
        ('W/"now"', False),
        ("Thu, 01 Jan 1970 00:16:40 GMT", True),
        ("Thu, 01 Jan 1970 00:16:39 GMT", False),
        ("Thu, 01 Jan 1970 01:00:00 GMT", True),
        ("nonsense", False),
        ("now", False),
        ("", False),
    ],
)
def test_if_range(if_range: str | None, applies: bool) -> None:
    assert range_applies(if_range, NOW) is applies


@pytest.mark.parametrize(
    ("method", "ranges", "asks"),
    [
        ("GET", "bytes=0-1", True),
        ("HEAD", "bytes=0-1", True),
        ("GET", "BYTES = 0-1", True),
        # Malformed; who parses it says so.
        ("GET", "bytes=x", True),
        ("GET", None, False),
        ("POST", "bytes=0-1", False),
        ("GET", "items=0-1", False),
        ("GET", "bytes", True),
        ("GET", "bytes=0-1, 5-6", False),
    ],
)
def test_ranges_that_are_looked_at(method: str, ranges: str | None, asks: bool) -> None:
    assert asks_for_part(method, ranges) is asks


@pytest.mark.parametrize(
    ("wanted", "size", "part"),
    [
        (slice(0, 1), 10, Part(0, 1)),
        (slice(5, None), 10, Part(5, 5)),
        (slice(5, 100), 10, Part(5, 5)),
        (slice(-3, None), 10, Part(7, 3)),
        (slice(-30, None), 10, Part(0, 10)),
        (slice(10, None), 10, None),
        (slice(0, 1), 0, None),
        (slice(-1, None), 0, None),
    ],
)
def test_parts(wanted: slice, size: int, part: Part | None) -> None:
    assert satisfiable_part(wanted, size) == part
