"""Heads of ordinary responses, serialized beforehand.

Most heads of a server are the same but for ``Content-Length`` and ``Date``.  Knows the serializer
and the clock; not the response.
"""

from __future__ import annotations

import time

from multidict import CIMultiDict

from aiohttp import hdrs
from aiohttp._clock import rfc822_formatted_time
from aiohttp._h1.serialize import serialize_headers
from aiohttp._software import SERVER_SOFTWARE

# (status, reason, content type) -> head up to the value of Content-Length.
starts_of_heads: dict[tuple[int, str, str | None], bytes] = {}
# A program has some dozens of them; one that makes them up from its input does not fill the memory.
_MAX_STARTS = 1024

_end_second = -1
_end = b""


def make_start_of_head(status: int, reason: str, content_type: str | None) -> bytes:
    fields: CIMultiDict[str] = CIMultiDict()
    if content_type is not None:
        fields[hdrs.CONTENT_TYPE] = content_type
    # Serialized for its checks; without the empty line.
    start = serialize_headers(f"HTTP/1.1 {status} {reason}", fields)[:-2] + b"Content-Length: "
    if len(starts_of_heads) >= _MAX_STARTS:
        starts_of_heads.clear()
    starts_of_heads[status, reason, content_type] = start
    return start


def end_of_head() -> bytes:
    """Return the end of a head, from behind the value of Content-Length; made once a second."""
    global _end, _end_second
    now = int(time.time())
    if now != _end_second:
        date = rfc822_formatted_time()
        _end = f"\r\nDate: {date}\r\nServer: {SERVER_SOFTWARE}\r\n\r\n".encode("latin-1")
        _end_second = now
    return _end
