"""Byte ranges."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._fields.ranges import (
    ContentRange,
    format_content_range,
    format_range,
    parse_content_range,
    parse_range,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-9", slice(0, 10, 1)),
        ("bytes=5-5", slice(5, 6, 1)),
        ("bytes=5-", slice(5, None, 1)),
        ("bytes=-5", slice(-5, None, 1)),
        ("Bytes= 0-9 ", slice(0, 10, 1)),
    ],
)
def test_range(text: str, expected: slice) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=9-0",
        "bytes=0-1,3-4",
        "bytes=-0",
        "kilobytes=0-1",
        "bytes=١-٢",
        "bytes=+1-2",
        "bytes=1_0-20",
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_bad_range(text: str) -> None:
    with pytest.raises(ValueError):
        parse_range(text)


@given(st.integers(0, 10**18), st.integers(0, 10**6) | st.none())
@settings(derandomize=True)
def test_range_round_trip(start: int, length: int | None) -> None:
    part = slice(start, None if length is None else start + length + 1, 1)
    assert parse_range(format_range(part)) == part


@given(st.integers(1, 10**18))
@settings(derandomize=True)
def test_suffix_round_trip(length: int) -> None:
    assert parse_range(format_range(slice(-length, None, 1))) == slice(-length, None, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes 0-9/100", ContentRange(0, 9, 100)),
        ("bytes 0-9/*", ContentRange(0, 9, None)),
        ("bytes */100", ContentRange(None, None, 100)),
    ],
)
def test_content_range(text: str, expected: ContentRange) -> None:
    assert parse_content_range(text) == expected
    assert format_content_range(expected) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes 9-0/100",
        "bytes 0-100/100",
        "bytes 0-0/0",
        "bytes */*",
        "0-9/100",
        "bytes 0-9",
    ],
)
def test_bad_content_range(text: str) -> None:
    with pytest.raises(ValueError, match="Content-Range"):
        parse_content_range(text)
