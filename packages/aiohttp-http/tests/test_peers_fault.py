"""Exceptions that carry a word to the peer, and are otherwise what they were."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiohttp._peers_fault import blame_peer, decode_json, decode_text, peers_fault


def test_an_error_is_ours_unless_it_says_otherwise() -> None:
    assert peers_fault(ValueError("x")) is None
    error = ValueError("x")
    blame_peer(error, "You did it")
    assert peers_fault(error) == "You did it"
    assert (type(error), str(error)) == (ValueError, "x")


def test_an_error_that_cannot_be_marked_stays_ours() -> None:
    class Frozen(Exception):
        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError("frozen")

    error = Frozen()
    blame_peer(error, "You did it")
    assert peers_fault(error) is None


def test_a_word_that_is_no_text_is_not_passed_on() -> None:
    error = ValueError()
    error.__peers_fault__ = 1  # type: ignore[attr-defined]
    assert peers_fault(error) is None


def test_text() -> None:
    assert decode_text("é".encode("latin1"), "latin1") == "é"
    with pytest.raises(UnicodeDecodeError) as caught:
        decode_text(b"a\xff", "utf-8")
    assert peers_fault(caught.value) == "The body is not utf-8: invalid start byte at byte 1"


def test_json() -> None:
    assert decode_json("[1]", json.loads) == [1]
    with pytest.raises(json.JSONDecodeError) as caught:
        decode_json('[1,\n"secret" 2]', json.loads)
    assert peers_fault(caught.value) == (
        "The body is not valid JSON: Expecting ',' delimiter at line 2 column 10"
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        # What a decoder of the program's own says may be about the program.
        (ValueError("/srv/schema.py"), "The body is not valid JSON"),
        (RecursionError("too deep"), "The body is not valid JSON"),
        (TypeError("loads() takes no arguments"), None),
    ],
)
def test_other_decoders(error: Exception, said: str | None) -> None:
    def loads(text: str) -> Any:
        raise error

    with pytest.raises(type(error)) as caught:
        decode_json("[", loads)
    assert caught.value is error and peers_fault(error) == said
