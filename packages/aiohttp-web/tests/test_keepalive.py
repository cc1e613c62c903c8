"""The coarse timer against a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from aiohttp._web.keepalive import CoarseTimer


class FakeHandle:
    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self._when = when
        self.callback = callback
        self.cancelled = False

    def when(self) -> float:
        return self._when

    def cancel(self) -> None:
        self.cancelled = True


class FakeLoop:
    """Time that goes on when told, and the timers that wait for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.handles: list[FakeHandle] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> FakeHandle:
        handle = FakeHandle(when, callback)
        self.handles.append(handle)
        return handle

    def go_to(self, now: float) -> None:
        while True:
            due = [h for h in self.handles if not h.cancelled and h.when() <= now]
            if not due:
                break
            handle = min(due, key=FakeHandle.when)
            self.handles.remove(handle)
            self.now = max(self.now, handle.when())
            handle.callback()
        self.now = now


def make(ceil_threshold: float = 100) -> tuple[FakeLoop, CoarseTimer, list[float]]:
    loop = FakeLoop()
    gone_off: list[float] = []

    def expired() -> None:
        gone_off.append(loop.now)

    timer = CoarseTimer(cast(Any, loop), expired, ceil_threshold)
    return loop, timer, gone_off


def test_goes_off_once() -> None:
    loop, timer, gone_off = make()
    timer.set(10)
    loop.go_to(50)
    assert gone_off == [10]
    assert timer.deadline is None


def test_moving_the_deadline_makes_no_second_timer() -> None:
    loop, timer, gone_off = make()
    timer.set(10)
    for now in range(1, 8):
        loop.go_to(now)
        timer.set(10)
        assert len(loop.handles) == 1
    loop.go_to(16)
    assert gone_off == []
    loop.go_to(17)
    assert gone_off == [17]


def test_an_earlier_deadline_replaces_the_timer() -> None:
    loop, timer, gone_off = make()
    timer.set(10)
    timer.set(2)
    loop.go_to(50)
    assert gone_off == [2]


def test_clear_leaves_nothing_to_do() -> None:
    loop, timer, gone_off = make()
    timer.set(10)
    timer.clear()
    loop.go_to(50)
    assert gone_off == []


def test_set_after_clear_works_with_the_timer_that_is_there() -> None:
    loop, timer, gone_off = make()
    timer.set(10)
    timer.clear()
    loop.go_to(5)
    timer.set(10)
    assert len(loop.handles) == 1
    loop.go_to(50)
    assert gone_off == [15]


def test_cancel_takes_the_timer_out_of_the_loop() -> None:
    loop, timer, _ = make()
    timer.set(10)
    timer.cancel()
    assert [handle.cancelled for handle in loop.handles] == [True]


def test_distant_deadlines_are_whole_seconds() -> None:
    loop, timer, _ = make(ceil_threshold=5)
    loop.go_to(0.25)
    timer.set(5)
    assert [handle.when() for handle in loop.handles] == [5.25]
    timer.cancel()
    timer.set(75)
    assert [handle.when() for handle in loop.handles if not handle.cancelled] == [76]


async def test_with_a_real_loop() -> None:
    gone_off = asyncio.Event()
    timer = CoarseTimer(asyncio.get_running_loop(), gone_off.set, 5)
    timer.set(0)
    await asyncio.wait_for(gone_off.wait(), 5)
