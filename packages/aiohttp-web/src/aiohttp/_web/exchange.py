"""One request and its response: handler → response → sent → logged.

This file tells the order of things. It drives a connection that is given, and knows neither the
bytes on the wire nor how responses are made.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextvars import copy_context
from enum import Enum
from types import coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from aiohttp.web_request import BaseRequest
    from aiohttp.web_response import StreamResponse

__all__ = ("Connection", "Outcome", "exchange", "in_own_context")

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


class Connection(Protocol):
    """What an exchange asks of the connection that it takes place on."""

    def failed(self, request: BaseRequest, error: Exception) -> StreamResponse | Outcome:
        """Return the response that tells of a handler's error, or how things end without one."""

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
    return Outcome.ANSWERED if response.keep_alive else Outcome.ANSWERED_LAST


@coroutine
def in_own_context(steps: Coroutine[Any, Any, _T]) -> Generator[Any, Any, _T]:
    """Run a coroutine in a copy of the current context, within the current task.

    What a handler puts into its context variables must not show in the next request of the
    connection. A task for each request would do that, too, for three times the price.
    """
    run = copy_context().run
    send = steps.send
    try:
        waits_for = run(send, None)
        while True:
            try:
                value = yield waits_for
            except GeneratorExit:
                run(steps.close)
                raise
            except BaseException as error:
                waits_for = run(steps.throw, error)
            else:
                waits_for = run(send, value)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
