"""Ordinary responses, put together in one go.

Most heads of a server say no more than type and length of the body, the date and the server. Knows
the serializer and the clock; not the response.
"""

from __future__ import annotations

import math
import time

from aiohttp._clock import rfc822_formatted_time
from aiohttp._h1.serialize import ordinary_response
from aiohttp._software import SERVER_SOFTWARE

# Body bytes up to which head and body are joined; above, a second write is cheaper than the copy.
JOINED_BODY = 64 * 1024

# How heads end, and the second of the wall clock that this is right for.
_end = b""
_since = _until = 0.0


def ready_response(status: int, reason: str, content_type: str | None, body: bytes) -> bytes:
    """Return the head, and behind it the body unless that is larger than `JOINED_BODY`.

    Raises:
        ValueError: a control character is in the reason or the type (RFC 9110 §5.5).
    """
    if not _since <= time.time() < _until:
        _begin_second()
    length = len(body)
    if length > JOINED_BODY:
        body = b""
    return ordinary_response(status, reason, content_type, length, _end, body)


def _begin_second() -> None:
    global _end, _since, _until
    date = rfc822_formatted_time()
    _end = f"\r\nDate: {date}\r\nServer: {SERVER_SOFTWARE}\r\n\r\n".encode("latin-1")
    _since = float(math.floor(time.time()))
    _until = _since + 1.0
