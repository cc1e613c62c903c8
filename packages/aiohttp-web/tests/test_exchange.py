"""The order of an exchange, and the context that a handler runs in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Generator
from contextvars import ContextVar, copy_context
from typing import Any, cast

import pytest

from aiohttp._web.exchange import InOwnContext, Outcome, begin, exchange

seen = ContextVar("seen", default="nothing")


class Sent:
    def __init__(self, name: str, keep_alive: bool = True, whole: bool = False) -> None:
        self.name = name
        self.keep_alive = keep_alive
        self.whole = whole

    def _send_whole(self, request: Any) -> bool | None:
        return self.keep_alive if self.whole else None


class FakeConnection:
    """Write down what an exchange asks for."""

    def __init__(
        self, instead: Any = None, *, lost: bool = False, broken: tuple[str, ...] = ()
    ) -> None:
        self.instead = instead
        self.lost = lost
        self.broken = broken
        self.log: list[str] = []

    def failed(self, request: Any, error: Exception) -> Any:
        self.log.append(f"failed: {error}")
        return self.instead

    def log_access(self, request: Any, response: Any, time: float | None) -> None:
        self.log.append(f"log {response.name} of {time}")

    def ask_nobody(self, request: Any) -> None:
        self.log.append("ask nobody")

    async def finish_response(
        self, request: Any, resp: Any, start_time: float | None
    ) -> tuple[Any, bool]:
        self.log.append(f"send {resp.name}")
        if resp.name in self.broken:
            raise ValueError("cannot send")
        return resp, self.lost


async def have_answered(
    connection: FakeConnection, handler: Any, start_time: float | None = None
) -> Outcome:
    turn = exchange(cast(Any, connection), cast(Any, None), handler, start_time)
    return turn if isinstance(turn, Outcome) else await turn


@pytest.mark.parametrize(
    ("keep_alive", "outcome"), [(True, Outcome.ANSWERED), (False, Outcome.ANSWERED_LAST)]
)
async def test_answered(keep_alive: bool, outcome: Outcome) -> None:
    async def handler(request: object) -> Sent:
        return Sent("page", keep_alive)

    connection = FakeConnection()
    assert await have_answered(connection, handler) is outcome
    assert outcome.keep_alive is keep_alive
    assert connection.log == ["send page"]


async def test_answered_at_once() -> None:
    async def handler(request: object) -> Sent:
        return Sent("page", whole=True)

    connection = FakeConnection()
    assert await have_answered(connection, handler) is Outcome.ANSWERED
    assert connection.log == []
    assert await have_answered(connection, handler, 0.5) is Outcome.ANSWERED
    assert connection.log == ["log page of 0.5"]


async def test_a_lost_peer_ends_the_connection() -> None:
    async def handler(request: object) -> Sent:
        return Sent("page")

    outcome = await have_answered(FakeConnection(lost=True), handler)
    assert outcome is Outcome.PEER_LOST
    assert not outcome.keep_alive


async def failing(request: object) -> Sent:
    raise ValueError("boom")


async def test_an_error_is_answered() -> None:
    connection = FakeConnection(Sent("error page", False))
    assert await have_answered(connection, failing) is Outcome.ANSWERED_LAST
    assert connection.log == ["failed: boom", "send error page"]


async def test_an_error_after_a_wait_is_answered() -> None:
    async def handler(request: object) -> Sent:
        await asyncio.sleep(0)
        raise ValueError("boom")

    connection = FakeConnection(Sent("error page", False))
    assert await have_answered(connection, handler, 0.5) is Outcome.ANSWERED_LAST
    assert connection.log == ["failed: boom", "send error page"]
    assert await have_answered(FakeConnection(Outcome.PEER_LOST), handler) is Outcome.PEER_LOST


async def test_a_response_that_cannot_be_sent_at_once_is_replaced() -> None:
    class Unsendable(Sent):
        def _send_whole(self, request: Any) -> bool | None:
            raise ValueError("cannot send")

    async def handler(request: object) -> Sent:
        return Unsendable("page")

    connection = FakeConnection(Sent("error page", False))
    assert await have_answered(connection, handler) is Outcome.ANSWERED_LAST
    assert connection.log == ["failed: cannot send", "send error page"]


async def test_a_fault_of_the_log_does_not_answer_twice() -> None:
    class Muddled(FakeConnection):
        def log_access(self, request: Any, response: Any, time: float | None) -> None:
            raise ValueError("no ink")

    async def handler(request: object) -> Sent:
        return Sent("page", whole=True)

    connection = Muddled(Sent("error page"))
    with pytest.raises(ValueError, match="no ink"):
        await have_answered(connection, handler, 0.5)
    assert connection.log == []


async def test_handlers_may_be_any_callable() -> None:
    class View:
        def __init__(self, request: object) -> None: ...

        def __await__(self) -> Generator[Any, None, Sent]:
            yield from asyncio.sleep(0).__await__()
            return Sent("page", whole=True)

    def refusing(request: object) -> Any:
        raise ValueError("boom")

    assert await have_answered(FakeConnection(), View) is Outcome.ANSWERED
    connection = FakeConnection(Sent("error page"))
    assert await have_answered(connection, refusing) is Outcome.ANSWERED
    assert connection.log == ["failed: boom", "send error page"]


async def test_sending_knows_nothing_of_how_the_handler_ended() -> None:
    class Looking(FakeConnection):
        async def finish_response(
            self, request: Any, resp: Any, start_time: float | None
        ) -> tuple[Any, bool]:
            self.log.append(repr(sys.exc_info()[1]))
            return resp, False

    async def returning(request: object) -> Sent:
        return Sent("page")

    async def waiting(request: object) -> Sent:
        await asyncio.sleep(0)
        return await failing(request)

    async def muddled(request: object) -> Any:
        return None

    for handler in (returning, failing, waiting, muddled):
        connection = Looking(Sent("error page"))
        if handler is muddled:
            with pytest.raises(AttributeError):  # here; a connection puts a page in its place
                await have_answered(connection, handler)
        else:
            await have_answered(connection, handler)
        assert connection.log[-1] == "None"


async def test_what_handler_and_log_see_is_one_context() -> None:
    class Reading(FakeConnection):
        def log_access(self, request: Any, response: Any, time: float | None) -> None:
            self.log.append(seen.get())

    async def handler(request: object) -> Sent:
        seen.set("set by the handler")
        return Sent("page", whole=True)

    async def waiting_handler(request: object) -> Sent:
        await asyncio.sleep(0)
        return await handler(request)

    for either in (handler, waiting_handler):
        connection = Reading()
        await have_answered(connection, either, 0.5)
        assert connection.log == ["set by the handler"]
        assert seen.get() == "nothing"


async def test_an_error_that_cannot_be_answered() -> None:
    connection = FakeConnection(Outcome.BROKEN_OFF)
    assert await have_answered(connection, failing) is Outcome.BROKEN_OFF
    assert connection.log == ["failed: boom"]


async def test_a_response_that_cannot_be_sent_is_replaced() -> None:
    async def handler(request: object) -> Sent:
        return Sent("page")

    connection = FakeConnection(Sent("error page", False), broken=("page",))
    assert await have_answered(connection, handler) is Outcome.ANSWERED_LAST
    assert connection.log == ["send page", "failed: cannot send", "send error page"]


async def test_nobody_is_asked_about_the_page_that_is_refused_like_the_response() -> None:
    async def handler(request: object) -> Sent:
        return Sent("page")

    class Refusing(FakeConnection):
        def ask_nobody(self, request: Any) -> None:
            self.log.append("ask nobody")
            self.broken = ()

    connection = Refusing(Sent("error page", False), broken=("page", "error page"))
    assert await have_answered(connection, handler) is Outcome.ANSWERED_LAST
    assert connection.log == [
        "send page",
        "failed: cannot send",
        "send error page",
        "ask nobody",
        "failed: cannot send",
        "send error page",
    ]


async def test_what_is_broken_off_at_last_is_broken_off() -> None:
    class Failing(FakeConnection):
        def failed(self, request: Any, error: Exception) -> Any:
            first = not self.log[1:]
            super().failed(request, error)
            return self.instead if first else Outcome.BROKEN_OFF

    async def handler(request: object) -> Sent:
        return Sent("page")

    connection = Failing(Sent("error page"), broken=("page", "error page"))
    assert await have_answered(connection, handler) is Outcome.BROKEN_OFF


async def test_cancellation_passes() -> None:
    async def handler(request: object) -> Sent:
        raise asyncio.CancelledError

    connection = FakeConnection()
    with pytest.raises(asyncio.CancelledError):
        await have_answered(connection, handler)
    assert connection.log == []


# The context…


def in_copy(steps: Coroutine[Any, Any, str]) -> str | InOwnContext[str]:
    run = copy_context().run
    return run(begin, steps, run)


async def in_own_context(steps: Coroutine[Any, Any, str]) -> str:
    turn = in_copy(steps)
    return await turn if isinstance(turn, InOwnContext) else turn


async def test_what_is_set_inside_stays_inside() -> None:
    async def steps() -> str:
        before = seen.get()
        seen.set("something")
        await asyncio.sleep(0)
        return f"{before}, {seen.get()}"

    for _ in range(2):
        assert await in_own_context(steps()) == "nothing, something"
    assert seen.get() == "nothing"


async def test_the_task_stays_the_same() -> None:
    task = asyncio.current_task()

    async def steps() -> str:
        before = asyncio.current_task()
        await asyncio.sleep(0)
        return f"{before is task}, {asyncio.current_task() is task}"

    assert await in_own_context(steps()) == "True, True"


async def test_what_need_not_wait_is_done_at_once() -> None:
    async def steps() -> str:
        return "done"

    assert in_copy(steps()) == "done"


async def test_errors_come_out() -> None:
    async def steps(waits: bool) -> str:
        if waits:
            await asyncio.sleep(0)
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        in_copy(steps(False))
    turn = in_copy(steps(True))
    assert isinstance(turn, InOwnContext)
    with pytest.raises(ValueError, match="boom"):
        await turn


async def test_results_and_errors_of_what_is_awaited_go_in() -> None:
    loop = asyncio.get_running_loop()
    first: asyncio.Future[str] = loop.create_future()
    second: asyncio.Future[str] = loop.create_future()

    async def steps() -> str:
        result = await first
        try:
            await second
        except ValueError as error:
            return f"{result}, caught {error}"
        return "not raised"

    turn = in_copy(steps())
    assert isinstance(turn, InOwnContext)
    loop.call_soon(first.set_result, "done")
    loop.call_soon(second.set_exception, ValueError("boom"))
    assert await turn == "done, caught boom"


async def test_cancellation_goes_in_and_can_be_caught() -> None:
    begun = asyncio.Event()

    async def steps() -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            return f"cleaned up in {seen.get()}"
        return "not cancelled"

    async def outer() -> str:
        seen.set("the outer context")
        return await in_own_context(steps())

    task = asyncio.ensure_future(outer())
    await begun.wait()
    task.cancel()
    assert await task == "cleaned up in the outer context"


# Cancelled after it was begun, before it is awaited…


async def interrupted(steps: Coroutine[Any, Any, str]) -> str:
    turn = in_copy(steps)
    assert isinstance(turn, InOwnContext)
    turn.interrupt(asyncio.CancelledError("enough"))
    return await turn


async def test_what_is_waited_for_is_cancelled() -> None:
    async def inner() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            log.append(f"inner: {error}")
            raise

    async def steps() -> str:
        task = asyncio.ensure_future(inner())
        await asyncio.sleep(0)
        try:
            await task
        except asyncio.CancelledError:
            log.append("outer")
        return f"{task.cancelled()}"

    log: list[str] = []
    turn = in_copy(steps())
    assert isinstance(turn, InOwnContext)
    inside = asyncio.ensure_future(turn)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    inside.cancel("enough")
    assert await inside == "True"
    expected, log = log, []

    async def at_once() -> str:
        task = asyncio.ensure_future(inner())
        try:
            await task
        except asyncio.CancelledError:
            log.append("outer")
        return f"{task.cancelled()}"

    # The same as if the task had been awake; but for the inner one, which never began.
    assert await interrupted(at_once()) == "True"
    assert log == expected[1:] == ["outer"]


async def test_who_only_lets_others_go_first_is_cancelled() -> None:
    async def steps() -> str:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            return f"cancelled: {error}"
        return "not cancelled"

    assert await interrupted(steps()) == "cancelled: enough"


async def test_who_waits_for_what_is_done_by_now_is_cancelled() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def steps() -> str:
        try:
            await future
        except asyncio.CancelledError as error:
            return f"cancelled: {error}"
        return "not cancelled"

    turn = in_copy(steps())
    assert isinstance(turn, InOwnContext)
    future.set_result(None)
    turn.interrupt(asyncio.CancelledError("enough"))
    assert await turn == "cancelled: enough"
