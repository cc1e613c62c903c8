"""One request and its response: handler → response → sent → logged.

This file tells the order of things. It drives a connection that is given, and knows neither the
bytes on the wire nor how responses are made.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextvars import copy_context
from enum import Enum
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Generator

    from aiohttp.web_request import BaseRequest
    from aiohttp.web_response import StreamResponse

__all__ = ("Connection", "InOwnContext", "Outcome", "begin", "exchange")

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

    def log_access(
        self, request: BaseRequest, response: StreamResponse, time: float | None
    ) -> None:
        """Note that a response was sent to a request that began at *time*."""

    async def finish_response(
        self, request: BaseRequest, resp: StreamResponse, start_time: float | None
    ) -> tuple[StreamResponse, bool]:
        """Send and log; return the response that went out, and whether the peer was lost."""

    def ask_nobody(self, request: BaseRequest) -> None:
        """Have no receiver of signals asked about the response to a request any more."""


def exchange(
    connection: Connection,
    request: BaseRequest,
    handler: Callable[[BaseRequest], Awaitable[StreamResponse]],
    start_time: float | None,
) -> Outcome | InOwnContext[Outcome]:
    """Have a request answered, in a copy of the current context.

    Most handlers return without having waited, and most responses leave in one write: then this is
    all, and no coroutine but the handler's was made.

    Returns:
        How it ended; or, if something has to wait, what goes on with it when it is awaited. A
        cancellation of the handler comes out there: nobody waits for a response then.
    """
    run = copy_context().run
    return run(_first_steps, run, connection, request, handler, start_time)


def _first_steps(
    run: Callable[..., Any],
    connection: Connection,
    request: BaseRequest,
    handler: Callable[[BaseRequest], Awaitable[StreamResponse]],
    start_time: float | None,
) -> Outcome | InOwnContext[Outcome]:
    # What follows an exception is done behind it: errors there have nothing to do with it.
    instead = None
    try:
        handling = handler(request)
        if type(handling) is not CoroutineType:
            handling = _awaited(handling)
        waits_for = handling.send(None)
    except StopIteration as end:
        response = end.value
    except Exception as error:
        instead = connection.failed(request, error)
    else:
        return _Handling(handling, run, waits_for, connection, request, start_time)
    if instead is not None:
        return _send_instead(run, connection, request, instead, start_time)
    return _answer(run, connection, request, response, start_time)


async def _awaited(handling: Awaitable[_T]) -> _T:
    return await handling


def _answer(
    run: Callable[..., Any],
    connection: Connection,
    request: BaseRequest,
    response: StreamResponse,
    start_time: float | None,
) -> Outcome | InOwnContext[Outcome]:
    """Send and log a response; to be called in the context of the exchange."""
    instead = None
    # Not isinstance(): for an abstract base class that costs as much as building the head.
    try:
        keep_alive = response._send_whole(request)
    except Exception as error:
        keep_alive = None
        # Else it is no response at all; who sends step by step says so.
        if hasattr(type(response), "_send_whole"):
            instead = connection.failed(request, error)
    if instead is not None:
        return _send_instead(run, connection, request, instead, start_time)
    if keep_alive is not None:
        if start_time is not None:
            connection.log_access(request, response, start_time)
        return _ANSWERED if keep_alive else _ANSWERED_LAST
    return begin(_send(connection, request, response, start_time), run)


def _send_instead(
    run: Callable[..., Any],
    connection: Connection,
    request: BaseRequest,
    instead: StreamResponse | Outcome,
    start_time: float | None,
) -> Outcome | InOwnContext[Outcome]:
    """Send what tells of an error; to be called in the context of the exchange."""
    if isinstance(instead, Outcome):
        return instead
    return begin(_send(connection, request, instead, start_time), run)


async def _send(
    connection: Connection,
    request: BaseRequest,
    response: StreamResponse,
    start_time: float | None,
) -> Outcome:
    """Send and log a response, step by step."""
    try:
        response, lost = await connection.finish_response(request, response, start_time)
    except Exception as error:
        # The handler's response could not be sent: its body failed, or a signal's receiver did.
        return await _answer_instead(connection, request, error, start_time)
    return _outcome_of(response, lost)


async def _answer_instead(
    connection: Connection, request: BaseRequest, error: Exception, start_time: float | None
) -> Outcome:
    response = connection.failed(request, error)
    if isinstance(response, Outcome):
        return response
    try:
        response, lost = await connection.finish_response(request, response, start_time)
    except Exception as again:
        # Who is asked about every head has refused this one, too.
        connection.ask_nobody(request)
        response = connection.failed(request, again)
        if isinstance(response, Outcome):
            return response
        response, lost = await connection.finish_response(request, response, start_time)
    return _outcome_of(response, lost)


def _outcome_of(response: StreamResponse, lost: bool) -> Outcome:
    if lost:
        return Outcome.PEER_LOST
    return _ANSWERED if response.keep_alive else _ANSWERED_LAST


def begin(steps: Coroutine[Any, Any, _T], run: Callable[..., Any]) -> _T | InOwnContext[_T]:
    """Take the first steps of a coroutine; to be called in the context that *run* belongs to.

    Returns:
        Its result, if it has come to its end without waiting; else what goes on with it.
    """
    try:
        waits_for = steps.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    return InOwnContext(steps, run, waits_for)


class InOwnContext(Generic[_T]):
    """Go on, when awaited, with a coroutine that was begun, in the context that it began in.

    What a handler puts into its context variables must not show in the next request of the
    connection. A task for each request would do that, too, for three times the price.

    The task that awaits this need not be awake yet when the coroutine has begun as that task:
    `interrupt()` is for a cancellation that comes in between.
    """

    __slots__ = ("_error", "_run", "_steps", "_waits_for")

    def __init__(
        self, steps: Coroutine[Any, Any, _T], run: Callable[..., Any], waits_for: Any
    ) -> None:
        self._steps = steps
        # The context's own.
        self._run = run
        # What the coroutine awaits: a future, or None if it only lets others go first.
        self._waits_for = waits_for
        # What to raise where the coroutine waits, instead of going on.
        self._error: BaseException | None = None

    def interrupt(self, error: asyncio.CancelledError) -> None:
        """Cancel as `Task.cancel()` does: first what is waited for, else the coroutine itself."""
        waits_for = self._waits_for
        if waits_for is None or not waits_for.cancel(*error.args):
            self._error = error

    def __await__(self) -> Generator[Any, Any, _T]:
        run, steps, waits_for, error = self._run, self._steps, self._waits_for, self._error
        try:
            if error is not None:
                waits_for = run(steps.throw, error)
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


class _Handling(InOwnContext[Any]):
    """A handler that waits; when it has come to its end, its response is sent."""

    __slots__ = ("_connection", "_request", "_start_time")

    def __init__(
        self,
        steps: Coroutine[Any, Any, StreamResponse],
        run: Callable[..., Any],
        waits_for: Any,
        connection: Connection,
        request: BaseRequest,
        start_time: float | None,
    ) -> None:
        super().__init__(steps, run, waits_for)
        self._connection = connection
        self._request = request
        self._start_time = start_time

    def __await__(self) -> Generator[Any, Any, Outcome]:
        run, connection, request = self._run, self._connection, self._request
        answer: Callable[..., Outcome | InOwnContext[Outcome]] = _answer
        try:
            response = yield from super().__await__()
        except Exception as error:
            answer, response = _send_instead, run(connection.failed, request, error)
        turn = run(answer, run, connection, request, response, self._start_time)
        return turn if isinstance(turn, Outcome) else (yield from turn.__await__())
