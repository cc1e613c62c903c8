"""When a ping is sent, and when a peer is given up; on a clock of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from aiohttp._websocket.heartbeat import Heartbeat


class FakeTimer:
    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when, self.callback, self.cancelled = when, callback, False

    def cancel(self) -> None:
        self.cancelled = True


class FakeLoop:
    """A clock, and at most one timer that matters."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[FakeTimer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(when, callback)
        self.timers.append(timer)
        return timer

    def advance(self, until: float) -> None:
        while due := [t for t in self.timers if not t.cancelled and t.when <= until]:
            timer = min(due, key=lambda t: t.when)
            self.timers.remove(timer)
            self.now = timer.when
            timer.callback()
        self.now = until


class Watched:
    def __init__(self, interval: float = 2.0) -> None:
        self.loop = FakeLoop()
        self.events: list[Any] = []
        self.held = False
        self.lost = False
        self.heartbeat = Heartbeat(
            interval,
            cast(asyncio.AbstractEventLoop, self.loop),
            ping=self.ping,
            is_held=lambda: self.held,
            on_silence=lambda seconds: self.events.append(("silence", self.loop.now, seconds)),
        )
        self.heartbeat.start()

    def ping(self) -> None:
        if self.lost:
            raise ConnectionResetError
        self.events.append(("ping", self.loop.now))


def test_silence() -> None:
    watched = Watched()
    watched.loop.advance(200.0)
    assert watched.events == [("ping", 102.0), ("silence", 103.0, 1.0)]


def test_an_answer_begins_anew() -> None:
    watched = Watched()
    watched.loop.advance(102.5)
    watched.heartbeat.heard()
    watched.loop.advance(104.4)
    assert watched.events == [("ping", 102.0)]
    watched.loop.advance(104.6)
    assert watched.events == [("ping", 102.0), ("ping", 104.5)]


def test_inbound_data_puts_the_ping_off() -> None:
    watched = Watched()
    for moment in (101.0, 102.5, 104.0, 105.5):
        watched.loop.advance(moment)
        watched.heartbeat.heard()
    assert watched.events == []
    watched.loop.advance(107.6)
    assert watched.events == [("ping", 107.5)]
    assert len([t for t in watched.loop.timers if not t.cancelled]) == 1


def test_silence_of_our_own_making_proves_nothing() -> None:
    """While the queue is full, the pong cannot be read."""
    watched = Watched()
    watched.held = True
    watched.loop.advance(110.0)
    assert watched.events == [("ping", 102.0)]
    watched.held = False
    watched.loop.advance(112.0)
    assert watched.events == [("ping", 102.0), ("silence", 111.0, 1.0)]


@pytest.mark.parametrize("moment", [101.0, 102.5])
def test_stop(moment: float) -> None:
    watched = Watched()
    watched.loop.advance(moment)
    watched.heartbeat.stop()
    watched.heartbeat.stop()
    events = list(watched.events)
    watched.loop.advance(200.0)
    assert watched.events == events


def test_a_ping_that_cannot_be_sent_ends_it() -> None:
    watched = Watched()
    watched.lost = True
    watched.loop.advance(200.0)
    assert watched.events == []


def test_long_intervals_fall_on_whole_seconds() -> None:
    watched = Watched(30.5)
    watched.loop.advance(140.0)
    assert watched.events == [("ping", 131.0)]
