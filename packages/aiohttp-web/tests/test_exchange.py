"""The order of an exchange, and the context that a handler runs in."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any, cast

import pytest

from aiohttp._web.exchange import InOwnContext, Outcome, exchange

seen = ContextVar("seen", default="nothing")


class Sent:
    def __init__(self, name: str, keep_alive: bool = True, whole: bool = False) -> None:
        self.name = name
        self.keep_alive = keep_alive
        self.whole = whole


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

    def send_at_once(self, request: Any, resp: Any, start_time: float | None) -> bool:
        if not resp.whole:
            return False
        self.log.append(f"send {resp.name} at once")
        return True

    async def finish_response(
        self, request: Any, resp: Any, start_time: float | None
    ) -> tuple[Any, bool]:
        self.log.append(f"send {resp.name}")
        if resp.name in self.broken:
            raise ValueError("cannot send")
        return resp, self.lost


async def have_answered(connection: FakeConnection, handler: Any) -> Outcome:
    return await exchange(cast(Any, connection), cast(Any, None), handler, None)


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
    assert connection.log == ["send page at once"]


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


async def test_cancellation_passes() -> None:
    async def handler(request: object) -> Sent:
        raise asyncio.CancelledError

    connection = FakeConnection()
    with pytest.raises(asyncio.CancelledError):
        await have_answered(connection, handler)
    assert connection.log == []


# The context…


async def test_what_is_set_inside_stays_inside() -> None:
    async def steps() -> str:
        before = seen.get()
        seen.set("something")
        await asyncio.sleep(0)
        return f"{before}, {seen.get()}"

    for _ in range(2):
        assert await InOwnContext(steps()) == "nothing, something"
    assert seen.get() == "nothing"


async def test_the_task_stays_the_same() -> None:
    async def steps() -> asyncio.Task[Any] | None:
        await asyncio.sleep(0)
        return asyncio.current_task()

    assert await InOwnContext(steps()) is asyncio.current_task()


async def test_errors_come_out() -> None:
    async def steps() -> None:
        await asyncio.sleep(0)
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        await InOwnContext(steps())


async def test_errors_of_what_is_awaited_go_in() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError("boom"))

    async def steps() -> str:
        try:
            await future
        except ValueError as error:
            return f"caught {error}"
        return "not raised"

    assert await InOwnContext(steps()) == "caught boom"


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
        return await InOwnContext(steps())

    task = asyncio.ensure_future(outer())
    await begun.wait()
    task.cancel()
    assert await task == "cleaned up in the outer context"


# Begun before it is awaited…


async def test_begun_and_ended() -> None:
    async def steps() -> str:
        return "done"

    turn = InOwnContext(steps())
    assert turn.begin()
    assert turn.result == "done"
    assert await turn == "done"


async def test_begun_and_awaited() -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    log = []

    async def steps() -> str:
        log.append("begun")
        return await future

    turn = InOwnContext(steps())
    assert not turn.begin()
    assert log == ["begun"]
    asyncio.get_running_loop().call_soon(future.set_result, "done")
    assert await turn == "done"


async def test_begun_and_failed() -> None:
    async def steps() -> None:
        raise ValueError("boom")

    turn = InOwnContext(steps())
    assert not turn.begin()
    with pytest.raises(ValueError, match="boom"):
        await turn


async def test_interrupted_where_it_waits() -> None:
    async def steps() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "interrupted"
        return "not interrupted"

    turn = InOwnContext(steps())
    assert not turn.begin()
    turn.interrupt(asyncio.CancelledError())
    assert await turn == "interrupted"


async def test_interrupted_after_its_end() -> None:
    async def steps() -> str:
        return "done"

    turn = InOwnContext(steps())
    turn.begin()
    turn.interrupt(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await turn
