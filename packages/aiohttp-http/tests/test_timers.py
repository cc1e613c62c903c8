"""Timeouts of calls, with a clock of the test's own."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from typing import Any

import pytest

from aiohttp import _timers
from aiohttp._timers import TimeoutHandle, TimerContext, TimerNoop


@pytest.mark.parametrize(("timeout", "when"), [(3, 103.25), (5, 105.25), (5.5, 106.0), (6, 107.0)])
def test_long_timeouts_end_at_whole_seconds(timeout: float, when: float) -> None:
    assert _timers.calculate_timeout_when(100.25, timeout, 5) == when
    loop = FakeLoop(100.25)
    _timers.call_later(print, timeout, loop)  # type: ignore[arg-type]
    assert loop.calls[0][0] == when


class FakeLoop:
    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self.calls: list[tuple[float, Callable[..., Any], tuple[Any, ...]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any) -> object:
        self.calls.append((when, callback, args))
        return self.calls[-1]

    def run(self) -> None:
        for _, callback, args in self.calls:
            callback(*args)


@pytest.mark.parametrize("timeout", [None, 0, -1])
def test_no_timeout(timeout: float | None) -> None:
    loop: Any = FakeLoop()
    assert _timers.call_later(print, timeout, loop) is None
    assert _timers.weakref_handle(loop, "run", timeout, loop) is None
    handle = TimeoutHandle(loop, timeout)
    assert handle.start() is None
    with handle.timer() as timer:
        timer.assert_timeout()
    assert isinstance(timer, TimerNoop)


def test_weakref_handle_calls_who_lives() -> None:
    class Pool:
        swept = 0

        def sweep(self) -> None:
            self.swept += 1
            raise RuntimeError("must not reach the loop")

    loop, pool, dead = FakeLoop(), Pool(), Pool()
    _timers.weakref_handle(pool, "sweep", 1, loop)  # type: ignore[arg-type]
    _timers.weakref_handle(dead, "sweep", 1, loop)  # type: ignore[arg-type]
    del dead
    gc.collect()
    loop.run()
    assert pool.swept == 1


async def test_expiry_is_a_timeout_error() -> None:
    context = TimerContext(asyncio.get_running_loop())
    asyncio.get_running_loop().call_soon(context.timeout)
    with pytest.raises(asyncio.TimeoutError):
        with context:
            await asyncio.Event().wait()
    with pytest.raises(asyncio.TimeoutError):
        context.assert_timeout()
    with pytest.raises(asyncio.TimeoutError):
        with context:
            raise AssertionError("nobody comes in any more")


async def test_a_cancellation_of_somebody_else_goes_on() -> None:
    context = TimerContext(asyncio.get_running_loop())

    async def call() -> None:
        with context:
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    context.assert_timeout()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="cancellations are not counted")
async def test_a_cancellation_beside_the_expiry_goes_on() -> None:
    context = TimerContext(asyncio.get_running_loop())

    async def call() -> None:
        with context:
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    context.timeout()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.skipif(sys.version_info < (3, 11), reason="cancellations are not counted")
async def test_expiry_takes_its_cancellation_back() -> None:
    context = TimerContext(asyncio.get_running_loop())
    task = asyncio.current_task()
    assert task is not None
    with pytest.raises(asyncio.TimeoutError):
        with context:
            context.timeout()
            await asyncio.sleep(0)
    assert task.cancelling() == 0  # type: ignore[attr-defined]


def test_outside_of_a_task() -> None:
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(RuntimeError, match="inside a task"):
            with TimerContext(loop):
                pass
    finally:
        loop.close()


def test_handle_tells_everybody_once() -> None:
    loop: Any = FakeLoop()
    handle = TimeoutHandle(loop, 1)
    told: list[int] = []

    def fail() -> None:
        raise RuntimeError("must not keep others from being told")

    handle.register(fail)
    handle.register(told.append, 1)
    handle.start()
    loop.run()
    loop.run()
    assert told == [1]


def test_closed_handle_tells_nobody() -> None:
    loop: Any = FakeLoop()
    handle = TimeoutHandle(loop, 1)
    told: list[int] = []
    handle.register(told.append, 1)
    handle.start()
    handle.close()
    loop.run()
    assert told == []


def end_of(timeout: Any) -> float | None:
    # Before Python 3.11 it is async_timeout's.
    end: float | None = timeout.when() if hasattr(timeout, "when") else timeout.deadline
    return end


@pytest.mark.parametrize(("delay", "threshold"), [(7.5, 5), (2.5, 1)])
async def test_ceil_timeout_is_whole_above_the_threshold(delay: float, threshold: float) -> None:
    async with _timers.ceil_timeout(delay, ceil_threshold=threshold) as timeout:
        when = end_of(timeout)
        assert when is not None
        assert when == int(when)


@pytest.mark.parametrize("delay", [None, 0, -1])
async def test_ceil_timeout_without_end(delay: float | None) -> None:
    async with _timers.ceil_timeout(delay) as timeout:
        assert end_of(timeout) is None
