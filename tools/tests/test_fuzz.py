"""The inputs of the comparison of parsers, and the words in which events are told."""

from __future__ import annotations

import itertools
import random

from tools.fuzz import Events, events, inputs

from aiohttp import http_exceptions


def test_the_same_seed_gives_the_same_inputs() -> None:
    first, second = (list(itertools.islice(inputs(random.Random(7)), 50)) for _ in range(2))
    assert first == second
    assert all(piece for _, pieces in first for piece in pieces)


def test_events_do_not_depend_on_how_the_input_is_cut() -> None:
    text = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    whole = events("request", [text])
    assert [event[0] for event in whole] == ["head", "body", "end"]
    assert events("request", [text[i : i + 1] for i in range(len(text))]) == whole


def test_an_error_is_an_event() -> None:
    sink = Events()
    sink.on_error(http_exceptions.BadHttpMessage("no"))
    assert sink.told[0][:2] == ["error", "BadHttpMessage"]
    assert events("request", [b"GET\r\n\r\n"])[-1][0] == "error"
