"""Deadlines of many calls on few timers of the loop.

A deadline further off than the threshold falls on a whole second, so all that fall on the same one
share a timer: a call costs two operations of a set, not a timer made and cancelled.  I/O: drives
the loop; knows nothing of what is timed.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from aiohttp._timers import TimerContext, TimerNoop, calculate_timeout_when


class Deadline(TimerContext):
    """The timer of one call; `close` it when the call is over."""

    __slots__ = ("_handle", "_shared")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        # One of the two is set: the others of the same second, or a timer of its own.
        self._shared: set[Deadline] | None = None
        self._handle: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Expire no more."""
        if self._shared is not None:
            self._shared.discard(self)
        elif self._handle is not None:
            self._handle.cancel()


class NoDeadline(TimerNoop):
    """A call that may take for ever."""

    __slots__ = ()

    def close(self) -> None:
        """Do nothing."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        return None


_NO_DEADLINE = NoDeadline()


class Deadlines:
    """Makes deadlines on one loop."""

    __slots__ = ("_by_second", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._by_second: dict[float, tuple[set[Deadline], asyncio.TimerHandle]] = {}

    def start(
        self, timeout: float | None, ceil_threshold: float, started: float
    ) -> Deadline | NoDeadline:
        """Return a deadline ``timeout`` seconds after ``started``; ``None`` or 0: none."""
        if not timeout or timeout <= 0:
            return _NO_DEADLINE
        loop = self._loop
        deadline = Deadline(loop)
        when = calculate_timeout_when(started, timeout, ceil_threshold)
        if timeout <= ceil_threshold:
            deadline._handle = loop.call_at(when, deadline.timeout)
            return deadline
        shared = self._by_second.get(when)
        if shared is None:
            due: set[Deadline] = set()
            handle = loop.call_at(when, _expire, self._by_second, when)
            shared = self._by_second[when] = (due, handle)
        shared[0].add(deadline)
        deadline._shared = shared[0]
        return deadline

    def close(self) -> None:
        """Cancel the timers that nobody needs."""
        for when, (due, handle) in list(self._by_second.items()):
            if not due:
                handle.cancel()
                del self._by_second[when]


def _expire(by_second: dict[float, tuple[set[Deadline], asyncio.TimerHandle]], when: float) -> None:
    due, _ = by_second.pop(when)
    while due:
        due.pop().timeout()


# What has to be entered and closed.
AnyDeadline = Deadline | NoDeadline
