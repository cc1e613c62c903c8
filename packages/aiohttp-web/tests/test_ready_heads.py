"""Ordinary responses, put together in one go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aiohttp._web import ready_heads
from aiohttp._web.ready_heads import JOINED_BODY, ready_response


class Clock:
    now = 10.0**9


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr("time.time", lambda: clock.now)
    ready_heads._until = 0.0
    yield clock
    # What was right in that second is not right today.
    ready_heads._until = 0.0


def test_what_a_response_says(clock: Clock) -> None:
    lines = ready_response(200, "OK", "text/plain", b"Hello, World!").split(b"\r\n")
    assert lines[:4] == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: text/plain",
        b"Content-Length: 13",
        b"Date: Sun, 09 Sep 2001 01:46:40 GMT",
    ]
    assert lines[4].startswith(b"Server: ")
    assert lines[5:] == [b"", b"Hello, World!"]
    assert b"Content-Type" not in ready_response(200, "OK", None, b"")


def test_a_large_body_is_not_copied() -> None:
    small, large = b"x" * JOINED_BODY, b"x" * (JOINED_BODY + 1)
    assert ready_response(200, "OK", None, small).endswith(b"\r\n\r\n" + small)
    head = ready_response(200, "OK", None, large)
    assert head.endswith(b"\r\n\r\n")
    assert b"Content-Length: %d\r\n" % len(large) in head


def test_the_date_follows_the_clock(clock: Clock) -> None:
    first = ready_response(200, "OK", None, b"")
    clock.now += 0.9
    assert ready_response(200, "OK", None, b"") == first
    clock.now += 0.1
    assert b" 01:46:41 GMT" in ready_response(200, "OK", None, b"")
    # Somebody may have set the clock back.
    clock.now -= 3600
    assert b" 00:46:41 GMT" in ready_response(200, "OK", None, b"")


@pytest.mark.parametrize(("reason", "kind"), [("O\rK", "a/b"), ("OK", "a/b\r\nX: y"), ("OK", "\0")])
def test_control_characters_are_refused(reason: str, kind: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError):
            ready_response(200, reason, kind, b"")
