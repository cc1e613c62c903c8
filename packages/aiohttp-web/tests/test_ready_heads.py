"""Heads that are serialized beforehand."""

from __future__ import annotations

import pytest

from aiohttp._web import ready_heads
from aiohttp._web.ready_heads import end_of_head, make_start_of_head, starts_of_heads


def test_the_start_goes_up_to_the_length() -> None:
    start = make_start_of_head(200, "OK", "text/plain")
    assert start == b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
    assert starts_of_heads[200, "OK", "text/plain"] == start
    assert make_start_of_head(200, "OK", None) == b"HTTP/1.1 200 OK\r\nContent-Length: "


@pytest.mark.parametrize(("reason", "kind"), [("O\rK", "a/b"), ("OK", "a/b\r\nX: y"), ("OK", "\0")])
def test_control_characters_are_refused(reason: str, kind: str) -> None:
    with pytest.raises(ValueError):
        make_start_of_head(200, reason, kind)
    assert (200, reason, kind) not in starts_of_heads


def test_heads_made_up_do_not_fill_the_memory() -> None:
    for number in range(3000):
        make_start_of_head(200, f"reason {number}", None)
    assert len(starts_of_heads) <= 1024


def test_the_end_is_made_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10**9
    monkeypatch.setattr("time.time", lambda: now)
    monkeypatch.setattr(ready_heads, "_end_second", -1)
    first = end_of_head()
    assert first.startswith(b"\r\nDate: Sun, 09 Sep 2001 01:46:40 GMT\r\nServer: ")
    assert first.endswith(b"\r\n\r\n")
    assert end_of_head() is first
    now += 1
    assert end_of_head() is not first
