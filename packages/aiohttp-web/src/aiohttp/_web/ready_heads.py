"""Heads of ordinary responses, serialized beforehand.

Most heads of a server are the same but for ``Content-Length`` and ``Date``.  Knows the serializer
and the clock; not the response.
"""

from __future__ import annotations

import math
import time

from multidict import CIMultiDict

from aiohttp import hdrs
from aiohttp._clock import rfc822_formatted_time
from aiohttp._h1.serialize import serialize_headers
from aiohttp._software import SERVER_SOFTWARE

# (status, reason, content type) -> head up to the value of Content-Length.
_starts: dict[tuple[int, str, str | None], bytes] = {}
# (status, reason, content type, content length) -> head, whole, as long as its Date is right.
_heads: dict[tuple[int, str, str | None, int], bytes] = {}
# A program has some dozens of each; one that makes them up from its input does not fill the memory.
_MOST = 1024

# The second of the wall clock that the whole heads are of, and how they end.
_since = _until = 0.0
_end = b""


def ready_head(status: int, reason: str, content_type: str | None, length: int) -> bytes:
    """Return the head of a response that says no more than this, the date and the server.

    Raises:
        ValueError: a control character is in the reason or the type (RFC 9110 §5.5).
    """
    if not _since <= time.time() < _until:
        _begin_second()
    key = (status, reason, content_type, length)
    head = _heads.get(key)
    if head is None:
        start = _starts.get(key[:3]) or _make_start(status, reason, content_type)
        if len(_heads) >= _MOST:
            _heads.clear()
        head = _heads[key] = b"%b%d%b" % (start, length, _end)
    return head


def _make_start(status: int, reason: str, content_type: str | None) -> bytes:
    fields: CIMultiDict[str] = CIMultiDict()
    if content_type is not None:
        fields[hdrs.CONTENT_TYPE] = content_type
    # Serialized for its checks; without the empty line.
    start = serialize_headers(f"HTTP/1.1 {status} {reason}", fields)[:-2] + b"Content-Length: "
    if len(_starts) >= _MOST:
        _starts.clear()
    _starts[status, reason, content_type] = start
    return start


def _begin_second() -> None:
    global _end, _since, _until
    date = rfc822_formatted_time()
    _heads.clear()
    _end = f"\r\nDate: {date}\r\nServer: {SERVER_SOFTWARE}\r\n\r\n".encode("latin-1")
    _since = math.floor(time.time())
    _until = _since + 1
