"""How much of a head a peer may send.

One value, given to each parser.  It knows no other room; what happens beyond a limit is decided
where the bytes are read.
"""

from __future__ import annotations

from aiohttp._values import value_object

__all__ = ("Limits",)


@value_object
class Limits:
    """Bounds of one head, in bytes and in fields; they hold however the bytes are split into reads.

    The sizes follow common servers: Apache httpd's ``LimitRequestLine`` and
    ``LimitRequestFieldSize`` are 8190 bytes, nginx's large header buffers 8 KiB.  RFC 9112 §3
    recommends at least 8000 bytes for a request line.
    """

    # Longest start line, and longest chunk-size line with its extensions; without the line end.
    max_line_size: int = 8190
    # Longest field: name and value together, with the continuation lines of a folded one.
    max_field_size: int = 8190
    # Most fields of one message, head and trailers together (Apache's LimitRequestFields is 100).
    max_headers: int = 128
