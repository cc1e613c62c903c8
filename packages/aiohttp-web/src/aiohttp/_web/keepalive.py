"""One coarse timer a connection, moved by writing down a later deadline.

Each request moves the deadline of its connection; cancelling and making a timer each time would
cost more than the request's routing. So the timer of the loop stays where it is: when it goes off
too early it is set again for what is left. This file knows nothing of requests and connections;
loop and callback are given.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

__all__ = ("CoarseTimer",)


class CoarseTimer:
    """Call back once when the deadline has passed.

    Args:
        loop: whose clock counts.
        expired: called without arguments. The timer is clear then, and may be set again.
        ceil_threshold: deadlines more than so many seconds away are rounded up to whole seconds.
    """

    __slots__ = ("_ceil_threshold", "_deadline", "_expired", "_fires_at", "_handle", "_loop")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        expired: Callable[[], None],
        ceil_threshold: float,
    ) -> None:
        self._loop = loop
        self._expired = expired
        self._ceil_threshold = ceil_threshold
        # When to call back, in the loop's time; None: not at all.
        self._deadline: float | None = None
        # The loop's timer. Its time, before rounding, is the deadline's or, if that was moved,
        # earlier.
        self._handle: asyncio.TimerHandle | None = None
        self._fires_at = 0.0

    @property
    def deadline(self) -> float | None:
        """When the timer goes off, in the loop's time; None while it is clear."""
        return self._deadline

    def set(self, seconds: float) -> None:
        """Move the deadline to so many seconds from now."""
        self._deadline = deadline = self._loop.time() + seconds
        if deadline >= self._fires_at and self._handle is not None:
            return
        if self._handle is not None:
            self._handle.cancel()
        self._start(deadline)

    def clear(self) -> None:
        """Forget the deadline. The loop's timer stays, and finds nothing to do."""
        self._deadline = None

    def cancel(self) -> None:
        """Forget the deadline and the loop's timer: the connection is over."""
        self._deadline = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _start(self, when: float) -> None:
        self._fires_at = when
        if when - self._loop.time() > self._ceil_threshold:
            when = math.ceil(when)
        self._handle = self._loop.call_at(when, self._goes_off)

    def _goes_off(self) -> None:
        self._handle = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._start(self._deadline)
            return
        self._deadline = None
        self._expired()
