"""The requests of one connection that wait for their turn, in order, and never too many.

A peer may send requests without waiting for the responses (pipelining, RFC 9112 §9.3.2). This file
decides how many are kept; it does not know what a request is, how it is parsed, nor who stops
reading when the inbox is full.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

__all__ = ("CAPACITY", "Inbox")

_Entry = TypeVar("_Entry")

# Requests kept for one connection: more than browsers and `wrk` pipeline, few enough that heads of
# the greatest size allowed stay well below a megabyte.
CAPACITY = 32

# Reading goes on when the inbox has drained to this: half, so that it does not stop and go at
# every request.
RESUME_AT = CAPACITY // 2


class Inbox(Generic[_Entry]):
    """A queue of entries that says when it is full and when it has drained."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: _Entry) -> None:
        """Add an entry. A full inbox takes it, too: stopping in time is the caller's part."""
        self._entries.append(entry)

    def take(self) -> _Entry | None:
        """Remove the oldest entry and return it, or None when there is none."""
        return self._entries.popleft() if self._entries else None

    def clear(self) -> None:
        """Throw all entries away: nobody will answer them."""
        self._entries.clear()

    @property
    def full(self) -> bool:
        """Whether no more should be read."""
        return len(self._entries) >= CAPACITY

    @property
    def drained(self) -> bool:
        """Whether reading, once stopped, should go on."""
        return len(self._entries) <= RESUME_AT
