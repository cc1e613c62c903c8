"""The time as HTTP writes it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aiohttp import _clock


def test_one_string_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 784111777.1
    monkeypatch.setattr(_clock, "time", SimpleNamespace(time=lambda: now))
    text = _clock.rfc822_formatted_time()
    assert text == "Sun, 06 Nov 1994 08:49:37 GMT"
    now += 0.8
    assert _clock.rfc822_formatted_time() is text
    now += 0.2
    assert _clock.rfc822_formatted_time() == "Sun, 06 Nov 1994 08:49:38 GMT"
