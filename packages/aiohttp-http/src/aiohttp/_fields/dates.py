"""HTTP dates (RFC 9110 §5.6.7) and cookie dates (RFC 6265 §5.1.1).

No clock: callers bring the time.
"""

from __future__ import annotations

import datetime
import re

from aiohttp._late import late_pattern

_UTC = datetime.timezone.utc
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=_UTC)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBER = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}

_TIME = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
# IMF-fixdate and the obsolete RFC 850 form differ in the separator and the digits of the year.
_DAY_FIRST_RE = late_pattern(
    rf"(?:[A-Za-z]+,?)?\s*(?P<day>[0-9]{{1,2}})[ -](?P<month>[A-Za-z]{{3}})[A-Za-z]*[ -]"
    rf"(?P<year>[0-9]{{2,4}})\s+{_TIME}(?![0-9:])"
)
# The form of C's asctime().
_ASCTIME_RE = late_pattern(
    rf"[A-Za-z]+,?\s+(?P<month>[A-Za-z]{{3}})[A-Za-z]*\s+(?P<day>[0-9]{{1,2}})\s+{_TIME}"
    rf"\s+(?P<year>[0-9]{{4}})(?![0-9])"
)


def parse_http_date(date_str: str | None) -> datetime.datetime | None:
    """Return the UTC time that ``date_str`` names, or None if it names none.

    A zone other than GMT is not looked at: §5.6.7 allows no other.
    """
    if not date_str:
        return None
    text = date_str.strip()
    match = _DAY_FIRST_RE.match(text) or _ASCTIME_RE.match(text)
    if match is None:
        return None
    return _datetime(*match.group("year", "month", "day", "hour", "minute", "second"))


def _datetime(
    year: str, month: str, day: str, hour: str, minute: str, second: str | None
) -> datetime.datetime | None:
    month_number = _MONTH_NUMBER.get(month.lower())
    if month_number is None:
        return None
    try:
        return datetime.datetime(
            _full_year(int(year)),
            month_number,
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            tzinfo=_UTC,
        )
    except ValueError:
        return None


def _full_year(year: int) -> int:
    # RFC 6265 §5.1.1 steps 3 and 4.  RFC 9110 §5.6.7 counts 50 years from today instead; the two
    # differ only for dates that no server sends.
    if 70 <= year <= 99:
        return year + 1900
    return year + 2000 if year <= 69 else year


def format_http_date(timestamp: float) -> str:
    """Return the IMF-fixdate of a POSIX timestamp; parts of a second are dropped.

    Raises:
        ValueError: the year has not four digits.
    """
    try:
        # Not fromtimestamp(): that fails for years before 1970 on Windows.
        moment = _EPOCH + datetime.timedelta(seconds=int(timestamp // 1))
    except OverflowError:
        raise ValueError(f"timestamp {timestamp!r}; expected a year from 1 to 9999") from None
    return (
        f"{_WEEKDAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]}"
        f" {moment.year:04} {moment.hour:02}:{moment.minute:02}:{moment.second:02} GMT"
    )


# --- Cookie dates: every format that a server ever thought of ---

# §5.1.1: a token is what is no delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
COOKIE_TOKEN_RE = late_pattern(r"[^\x09\x20-\x2F\x3B-\x40\x5B-\x60\x7B-\x7E]+")
# Each production is its digits, then a non-digit and anything.
COOKIE_TIME_RE = late_pattern(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
COOKIE_DAY_RE = late_pattern(r"([0-9]{1,2})(?![0-9])")
COOKIE_YEAR_RE = late_pattern(r"([0-9]{2,4})(?![0-9])")
COOKIE_MONTH_RE = late_pattern("|".join(_MONTHS), re.IGNORECASE)
# Longer values are not dates; without a bound the scan would be one more thing a server controls.
_MAX_COOKIE_DATE = 256


def parse_cookie_date(text: str) -> datetime.datetime | None:
    """Return the UTC time that an ``Expires`` value names by RFC 6265 §5.1.1, or None."""
    hour = minute = second = day = month = year = -1
    for token in COOKIE_TOKEN_RE.findall(text[:_MAX_COOKIE_DATE]):
        if hour < 0 and (match := COOKIE_TIME_RE.match(token)):
            hour, minute, second = map(int, match.groups())
        elif day < 0 and (match := COOKIE_DAY_RE.match(token)):
            day = int(match[1])
        elif month < 0 and (found := COOKIE_MONTH_RE.match(token)):
            month = _MONTH_NUMBER[found[0].lower()]
        elif year < 0 and (match := COOKIE_YEAR_RE.match(token)):
            year = _full_year(int(match[1]))
    if min(hour, day, month, year) < 0 or year < 1601:
        return None
    try:
        return datetime.datetime(year, month, day, hour, minute, second, tzinfo=_UTC)
    except ValueError:
        return None
