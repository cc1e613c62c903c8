"""The wall clock as HTTP writes it: one string a second."""

from __future__ import annotations

import time

from aiohttp._fields.dates import format_http_date

_cached_second = -1
_cached_text = ""


def rfc822_formatted_time() -> str:
    """Return the current time as an HTTP date (RFC 9110 §5.6.7)."""
    global _cached_second, _cached_text
    now = int(time.time())
    if now != _cached_second:
        # The text first: a thread that sees the new second must see the new text too.
        _cached_text = format_http_date(now)
        _cached_second = now
    return _cached_text
