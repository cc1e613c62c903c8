"""One request and its response: handler → response → sent → logged.

This file tells the order of things. It drives a connection that is given, and knows neither the
bytes on the wire nor how responses are made.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextvars import copy_context
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from aiohttp.web_request import BaseRequest
    from aiohttp.web_response import StreamResponse

__all__ = ("Connection", "InOwnContext", "Outcome", "exchange")

_T = TypeVar("_T")


class Outcome(Enum):
    """How an exchange ended, and whether another may follow on the same connection."""

    # The response is out; the next request may come.
    ANSWERED = "answered", True
    # The response is out, and it was the last: one side said `Connection: close`.
    ANSWERED_LAST = "answered last", False
    # The peer went away before the response was complete.
    PEER_LOST = "peer lost", False
    # The response was begun and cannot be ended: only closing tells the peer.
    BROKEN_OFF = "broken off", False

    def __init__(self, _: str, keep_alive: bool) -> None:
        self.keep_alive = keep_alive


# Looked up once: asking an enumeration costs more than the comparison that follows.
_ANSWERED_LAST: Final = Outcome.ANSWERED_LAST
_ANSWERED: Final = Outcome.ANSWERED


class Connection(Protocol):
    """What an exchange asks of the connection that it takes place on."""

    def failed(self, request: BaseRequest, error: Exception) -> StreamResponse | Outcome:
        """Return the response that tells of a handler's error, or how things end without one."""

    def send_at_once(
        self, request: BaseRequest, resp: StreamResponse, start_time: float | None
    ) -> bool:
        """Send and log a response of which nothing has to wait; return whether it was sent."""

    async def finish_response(
        self, request: BaseRequest, resp: StreamResponse, start_time: float | None
    ) -> tuple[StreamResponse, bool]:
        """Send and log; return the response that went out, and whether the peer was lost."""


async def exchange(
    connection: Connection,
    request: BaseRequest,
    handler: Callable[[BaseRequest], Awaitable[StreamResponse]],
    start_time: float | None,
) -> Outcome:
    """Have a request answered.

    Cancellation of the handler is passed on: nobody waits for a response then.
    """
    response: StreamResponse | Outcome
    try:
        response = await handler(request)
        if connection.send_at_once(request, response, start_time):
            return _ANSWERED if response.keep_alive else _ANSWERED_LAST
    except Exception as error:
        response = connection.failed(request, error)
        if isinstance(response, Outcome):
            return response
    try:
        response, lost = await connection.finish_response(request, response, start_time)
    except Exception as error:
        # The handler's response could not be sent: its body failed, or a signal's receiver did.
        instead = connection.failed(request, error)
        if isinstance(instead, Outcome):
            return instead
        response, lost = await connection.finish_response(request, instead, start_time)
    if lost:
        return Outcome.PEER_LOST
    return _ANSWERED if response.keep_alive else _ANSWERED_LAST


class InOwnContext(Generic[_T]):
    """Run a coroutine in a copy of the current context, within the task that awaits this.

    What a handler puts into its context variables must not show in the next request of the
    connection. A task for each request would do that, too, for three times the price.

    `begin()` runs the first steps at once, up to where they have to wait, if ever; awaiting this
    does the others.
    """

    __slots__ = ("_error", "_run", "_steps", "_waits_for", "result")

    # What the coroutine has returned, once `begin()` was true.
    result: _T

    def __init__(self, steps: Coroutine[Any, Any, _T]) -> None:
        # None after the last step.
        self._steps: Coroutine[Any, Any, _T] | None = steps
        self._run = copy_context().run
        # What the coroutine awaits; this object itself before its first step.
        self._waits_for: Any = self
        # What to raise instead of going on.
        self._error: BaseException | None = None

    def begin(self) -> bool:
        """Take the first steps; return whether they were all. What they raise, awaiting raises."""
        steps = self._steps
        if steps is None:
            raise RuntimeError("begin() was called before")
        try:
            self._waits_for = self._run(steps.send, None)
            return False
        except StopIteration as end:
            self.result = end.value
            self._steps = None
            return True
        except BaseException as error:
            self._error = error
            self._steps = None
            return False

    def interrupt(self, error: BaseException) -> None:
        """Have an error raised where the coroutine waits, or from here if it has ended."""
        self._error = error

    def __await__(self) -> Generator[Any, Any, _T]:
        run, steps, error = self._run, self._steps, self._error
        if steps is None:
            if error is not None:
                raise error
            return self.result
        waits_for, self._waits_for = self._waits_for, self
        try:
            if error is not None:
                waits_for = run(steps.throw, error)
            elif waits_for is self:
                waits_for = run(steps.send, None)
            while True:
                try:
                    value = yield waits_for
                except GeneratorExit:
                    run(steps.close)
                    raise
                except BaseException as thrown:
                    waits_for = run(steps.throw, thrown)
                else:
                    waits_for = run(steps.send, value)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
