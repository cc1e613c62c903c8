"""The words that both builds of the wire share.

A module that is compiled twice would define its classes twice; an enumeration that the roles
compare by identity, and the version tuple that they show to users, must exist once.  So they are
here, in a module that is never compiled.  It knows nothing but the names.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

__all__ = ("BodyKind", "HttpVersion", "HttpVersion10", "HttpVersion11")


class HttpVersion(NamedTuple):
    """Version of the protocol in a start line (RFC 9112 §2.3)."""

    major: int
    minor: int


HttpVersion10: Final = HttpVersion(1, 0)
HttpVersion11: Final = HttpVersion(1, 1)


class BodyKind(Enum):
    """What ends the body of a message (RFC 9112 §6.3)."""

    NONE = "none"  # there is no body
    LENGTH = "length"  # so many bytes as Content-Length says
    CHUNKED = "chunked"  # the chunk of size zero and its trailers
    UNTIL_CLOSE = "until close"  # the end of the connection; responses only
