"""HTTP dates and cookie dates."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._fields.dates import format_http_date, parse_cookie_date, parse_http_date

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        # RFC 9110 §5.6.7
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        # Seen in the wild
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "  sun, 06 nov 1994 08:49:37 gmt ",
        "06 Nov 1994 08:49:37 GMT",
    ],
)
def test_http_date(text: str) -> None:
    assert parse_http_date(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "xxyyzz",
        "Tue, 08 Oct 4446413 00:56:40 GMT",
        "Tue, 08 Oct 2000 00:56:80 GMT",
        "Tue, 31 Feb 2000 00:56:40 GMT",
        "Tue, 08 Foo 2000 00:56:40 GMT",
        "Sun, ٠6 Nov 1994 08:49:37 GMT",
        "0",
    ],
)
def test_no_http_date(text: str | None) -> None:
    assert parse_http_date(text) is None


@given(st.datetimes(min_value=datetime.datetime(1000, 1, 1)))
@settings(derandomize=True)
def test_round_trip(moment: datetime.datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    text = format_http_date(moment.timestamp())
    assert parse_http_date(text) == moment
    if moment.year >= 1601:
        assert parse_cookie_date(text) == moment


@pytest.mark.parametrize("timestamp", [1e15, -1e15])
def test_no_date_of_five_digits(timestamp: float) -> None:
    with pytest.raises(ValueError, match="expected a year"):
        format_http_date(timestamp)


def test_format() -> None:
    assert format_http_date(784111777.9) == "Sun, 06 Nov 1994 08:49:37 GMT"


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> object:
    return datetime.datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tue, 1 Jan 1970 00:00:00 GMT", at(1970, 1, 1)),
        ("Thu, 01-Jan-1970 00:00:01 GMT", at(1970, 1, 1, 0, 0, 1)),
        ("Thu, 01-Jan-70 00:00:00 GMT", at(1970, 1, 1)),
        ("Mon, 10-Dec-2007 17:02:24 GMT", at(2007, 12, 10, 17, 2, 24)),
        ("Wed, 09 Dec 09 16:27:23 GMT", at(2009, 12, 9, 16, 27, 23)),
        ("Sun Nov  6 08:49:37 1994", MOMENT),
        ("Thu Apr 10 17:25:11 2036", at(2036, 4, 10, 17, 25, 11)),
        ("1 Jan 2030 1:2:3", at(2030, 1, 1, 1, 2, 3)),
        ("2030 Jan 1 01:02:03", at(2030, 1, 1, 1, 2, 3)),
        ("01:02:03 1 Jan 2030", at(2030, 1, 1, 1, 2, 3)),
        ("Jan, 1 2030 01:02:03 UTC+1", at(2030, 1, 1, 1, 2, 3)),
        ("1 January 2030 01:02:03", at(2030, 1, 1, 1, 2, 3)),
        ("1st jan. 2030 01:02:03am", at(2030, 1, 1, 1, 2, 3)),
        ("Fri, 07 Aug 2069 20:00:00", at(2069, 8, 7, 20)),
        ("Fri, 07 Aug 69 20:00:00", at(2069, 8, 7, 20)),
        ("Fri, 07 Aug 70 20:00:00", at(1970, 8, 7, 20)),
        ("Fri, 07 Aug 99 20:00:00", at(1999, 8, 7, 20)),
        ("Sat, 15-Apr-17 21:01:22 GMT", at(2017, 4, 15, 21, 1, 22)),
        ("Sat, 15/Apr/2017 21:01:22", at(2017, 4, 15, 21, 1, 22)),
        ("Partyday, 18 Apr 22 07:08:12", at(2022, 4, 18, 7, 8, 12)),
        # RFC 6265 §5.1.1: fails
        ("", None),
        ("Tue, 32 Jan 2030 00:00:00 GMT", None),
        ("Tue, 30 Feb 2030 00:00:00 GMT", None),
        ("Tue, 1 Jan 1600 00:00:00 GMT", None),
        ("Tue, 1 Jan 2030 24:00:00 GMT", None),
        ("Tue, 1 Jan 2030 00:60:00 GMT", None),
        ("Tue, 1 Jan 2030 00:00:60 GMT", None),
        ("Tue, 1 Jan 2030", None),
        ("Tue, 1 2030 00:00:00", None),
        ("Tue, 1 Jan 20300 00:00:00", None),
        ("Tue, 1 Jan 2030 00:00:001", None),
        ("x" * 300 + " 1 Jan 2030 01:02:03", None),
    ],
)
def test_cookie_date(text: str, expected: datetime.datetime | None) -> None:
    assert parse_cookie_date(text) == expected
