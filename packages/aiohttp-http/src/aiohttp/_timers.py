"""Timeouts of a call: a context that turns the expiry of a timer into ``TimeoutError``.

Long timeouts are rounded up to whole seconds of the loop's clock, so that the timers of many calls
fall together and the loop wakes up less often.  The file knows the loop and tasks, and nothing of
what is being timed.
"""

from __future__ import annotations

import asyncio
import math
import sys
import weakref
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any

# asyncio.timeout is there from 3.11 on.
if sys.version_info >= (3, 11):
    from asyncio import Timeout, timeout_at
else:
    from async_timeout import Timeout, timeout_at

# Seconds; a timeout longer than this is rounded up to a whole second of the loop's clock.
CEIL_THRESHOLD = 5


def calculate_timeout_when(
    loop_time: float, timeout: float, timeout_ceiling_threshold: float
) -> float:
    """Return the loop time at which ``timeout`` seconds from ``loop_time`` end, rounded if long."""
    when = loop_time + timeout
    return math.ceil(when) if timeout > timeout_ceiling_threshold else when


def call_later(
    cb: Callable[[], Any],
    timeout: float | None,
    loop: asyncio.AbstractEventLoop,
    timeout_ceil_threshold: float = CEIL_THRESHOLD,
) -> asyncio.TimerHandle | None:
    """Call ``cb`` after ``timeout`` seconds; None, 0 and less mean never."""
    if timeout is None or timeout <= 0:
        return None
    when = calculate_timeout_when(loop.time(), timeout, timeout_ceil_threshold)
    return loop.call_at(when, cb)


def weakref_handle(
    ob: object,
    name: str,
    timeout: float | None,
    loop: asyncio.AbstractEventLoop,
    timeout_ceil_threshold: float = CEIL_THRESHOLD,
) -> asyncio.TimerHandle | None:
    """Call method ``name`` of ``ob`` after ``timeout`` seconds, if ``ob`` still lives then."""
    if timeout is None or timeout <= 0:
        return None
    when = calculate_timeout_when(loop.time(), timeout, timeout_ceil_threshold)
    return call_at_if_alive(ob, name, when, loop)


def call_at_if_alive(
    ob: object, name: str, when: float, loop: asyncio.AbstractEventLoop
) -> asyncio.TimerHandle:
    """Call method ``name`` of ``ob`` at ``when`` (the loop's clock), if it still lives then."""
    return loop.call_at(when, _call_if_alive, (weakref.ref(ob), name))


def _call_if_alive(target: tuple[weakref.ref[object], str]) -> None:
    reference, name = target
    if (ob := reference()) is not None:
        # There is nobody to tell: a periodic clean-up that fails once is tried again.
        with suppress(Exception):
            getattr(ob, name)()


def ceil_timeout(delay: float | None, ceil_threshold: float = CEIL_THRESHOLD) -> Timeout:
    """Return an async context that ends its body after ``delay`` seconds; None or 0 never does."""
    if delay is None or delay <= 0:
        return timeout_at(None)
    now = asyncio.get_running_loop().time()
    return timeout_at(calculate_timeout_when(now, delay, ceil_threshold))


class BaseTimerContext(AbstractContextManager["BaseTimerContext"]):
    """Code that runs inside is cancelled when the timer expires."""

    __slots__ = ()

    @abstractmethod
    def assert_timeout(self) -> None:
        """Raise TimeoutError if the timer has expired."""


class TimerNoop(BaseTimerContext):
    """No timeout."""

    __slots__ = ()

    def assert_timeout(self) -> None:
        """Never raises."""

    def __enter__(self) -> BaseTimerContext:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        return None


class TimerContext(BaseTimerContext):
    """Cancels the tasks that are inside when :meth:`timeout` is called; they see TimeoutError.

    One context serves a whole call: it is entered and left at each step of it, also nested.
    """

    __slots__ = ("_cancelled", "_cancelling", "_loop", "_tasks")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # A task stands here once for each time that it is inside.
        self._tasks: list[asyncio.Task[Any]] = []
        # The timer has expired.
        self._cancelled = False
        # Requests to cancel the task that were there before it entered (3.11 counts them).
        self._cancelling = 0

    def assert_timeout(self) -> None:
        """Raise TimeoutError if the timer has expired."""
        if self._cancelled:
            raise asyncio.TimeoutError from None

    def __enter__(self) -> BaseTimerContext:
        task = asyncio.current_task(loop=self._loop)
        if task is None:
            raise RuntimeError("Timeout context manager should be used inside a task")
        if sys.version_info >= (3, 11):
            self._cancelling = task.cancelling()
        if self._cancelled:
            raise asyncio.TimeoutError from None
        self._tasks.append(task)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        task = self._tasks.pop() if self._tasks else None
        if task is None or exc_type is not asyncio.CancelledError or not self._cancelled:
            return
        # The cancellation is ours to take back; one of somebody else beside it goes on.
        if sys.version_info >= (3, 11) and task.uncancel() > self._cancelling:
            return
        raise asyncio.TimeoutError from exc_val

    def timeout(self) -> None:
        """Expire: cancel whoever is inside, and let nobody in any more."""
        if self._cancelled:
            return
        for task in set(self._tasks):
            task.cancel()
        self._cancelled = True


class TimeoutHandle:
    """The timer of a call, not yet started, and what is to be told when it expires."""

    __slots__ = ("_callbacks", "_ceil_threshold", "_loop", "_timeout")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timeout: float | None,
        ceil_threshold: float = CEIL_THRESHOLD,
    ) -> None:
        self._timeout = timeout
        self._loop = loop
        self._ceil_threshold = ceil_threshold
        self._callbacks: list[tuple[Callable[..., None], tuple[Any, ...], dict[str, Any]]] = []

    def register(self, callback: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        """Call ``callback`` at expiry."""
        self._callbacks.append((callback, args, kwargs))

    def close(self) -> None:
        """Forget the callbacks."""
        self._callbacks.clear()

    def start(self) -> asyncio.TimerHandle | None:
        """Start the timer; None when there is no timeout."""
        timeout = self._timeout
        if timeout is None or timeout <= 0:
            return None
        when = calculate_timeout_when(self._loop.time(), timeout, self._ceil_threshold)
        return self._loop.call_at(when, self)

    def timer(self) -> BaseTimerContext:
        """Return a context that ends with this timer."""
        if self._timeout is None or self._timeout <= 0:
            return TimerNoop()
        context = TimerContext(self._loop)
        self.register(context.timeout)
        return context

    def __call__(self) -> None:
        for callback, args, kwargs in self._callbacks:
            # One failing callback must not keep the others from hearing of it.
            with suppress(Exception):
                callback(*args, **kwargs)
        self._callbacks.clear()
