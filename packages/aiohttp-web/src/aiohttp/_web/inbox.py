"""The requests of one connection that wait for their turn, in order, and never too many.

A peer may send requests without waiting for the responses (pipelining, RFC 9112 §9.3.2). This file
decides how many are kept; it does not know what a request is, how it is parsed, nor who stops
reading when the inbox is full.
"""

from __future__ import annotations

from collections import deque
from typing import TypeVar

__all__ = ("CAPACITY", "Inbox")

_Entry = TypeVar("_Entry")

# Requests kept for one connection: more than browsers and `wrk` pipeline, few enough that heads of
# the greatest size allowed stay well below a megabyte.
CAPACITY = 32

# Reading goes on when the inbox has drained to this: half, so that it does not stop and go at
# every request.
RESUME_AT = CAPACITY // 2


class Inbox(deque[_Entry]):
    """A queue of entries that says when it is full and when it has drained.

    `put()` adds an entry (a full inbox takes it, too: stopping in time is the caller's part), and
    `take()` removes the oldest one.
    """

    __slots__ = ()

    put = deque.append
    take = deque.popleft

    @property
    def full(self) -> bool:
        """Whether no more should be read."""
        return len(self) >= CAPACITY

    @property
    def drained(self) -> bool:
        """Whether reading, once stopped, should go on."""
        return len(self) <= RESUME_AT
