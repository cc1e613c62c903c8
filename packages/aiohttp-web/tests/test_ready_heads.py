"""Heads that are serialized beforehand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aiohttp._web import ready_heads
from aiohttp._web.ready_heads import ready_head


class Clock:
    now = 10.0**9


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: clock.now)
        patch.setattr(ready_heads, "_until", 0.0)
        yield clock
    # The heads of that second are no heads of today.
    monkeypatch.setattr(ready_heads, "_until", 0.0)


def test_what_a_head_says(clock: Clock) -> None:
    lines = ready_head(200, "OK", "text/plain", 13).split(b"\r\n")
    assert lines[:4] == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: text/plain",
        b"Content-Length: 13",
        b"Date: Sun, 09 Sep 2001 01:46:40 GMT",
    ]
    assert lines[4].startswith(b"Server: ")
    assert lines[5:] == [b"", b""]
    assert b"Content-Type" not in ready_head(200, "OK", None, 0)


def test_a_head_is_made_once_a_second(clock: Clock) -> None:
    first = ready_head(200, "OK", None, 0)
    clock.now += 0.9
    assert ready_head(200, "OK", None, 0) is first
    clock.now += 0.1
    assert b" 01:46:41 GMT" in ready_head(200, "OK", None, 0)
    # Somebody may have set the clock back.
    clock.now -= 3600
    assert b" 00:46:41 GMT" in ready_head(200, "OK", None, 0)


@pytest.mark.parametrize(("reason", "kind"), [("O\rK", "a/b"), ("OK", "a/b\r\nX: y"), ("OK", "\0")])
def test_control_characters_are_refused(reason: str, kind: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError):
            ready_head(200, reason, kind, 0)


def test_heads_made_up_do_not_fill_the_memory() -> None:
    for number in range(3000):
        ready_head(200, f"reason {number}", None, number)
    assert len(ready_heads._starts) <= 1024
    assert len(ready_heads._heads) <= 1024
