"""What becomes of a request body that nobody will read any more.

Its bytes are received and thrown away, undecoded, for a while: closing at once would make the
peer's kernel discard the response before the peer has read it (RFC 9112 §9.6). This file knows
neither transports nor clocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

__all__ = ("RestOfBody",)


class RestOfBody:
    """Stand in for the feed of a body after its request was answered."""

    __slots__ = ()

    def feed(self, data: bytes) -> None:
        """Throw a piece away."""

    def finish(self, trailers: CIMultiDictProxy[str] | None = None) -> None:
        """Nobody waits for the trailers."""

    def fail(self, error: Exception) -> None:
        """Nobody would see the error."""
