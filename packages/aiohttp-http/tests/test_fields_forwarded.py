"""Forwarded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._fields.forwarded import format_forwarded, parse_forwarded


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        (["for=1.2.3.4"], [{"for": "1.2.3.4"}]),
        (["For=1.2.3.4;Proto=https"], [{"for": "1.2.3.4", "proto": "https"}]),
        (["for=a, for=b", "for=c"], [{"for": "a"}, {"for": "b"}, {"for": "c"}]),
        (['for="[::1]:80"; by="x\\"y"'], [{"for": "[::1]:80", "by": 'x"y'}]),
        (["for=1.2.3.4:8080"], [{"for": "1.2.3.4:8080"}]),
        (["by=_x;;for=y;"], [{"by": "_x", "for": "y"}]),
        # A mistake ends its element and hides no other.
        (["for=a b, for=c"], [{}, {"for": "c"}]),
        (["for=a;by=(, for=c"], [{"for": "a"}, {"for": "c"}]),
        (['for="a'], [{}]),
    ],
)
def test_parse(values: list[str], expected: list[dict[str, str]]) -> None:
    assert [dict(element) for element in parse_forwarded(values)] == expected


NAMES = st.sampled_from(["by", "for", "host", "proto", "secret"])
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126))


@given(st.lists(st.dictionaries(NAMES, VALUES, min_size=1), min_size=1))
@settings(derandomize=True)
def test_round_trip(elements: list[dict[str, str]]) -> None:
    parsed = parse_forwarded([format_forwarded(elements)])
    assert [dict(element) for element in parsed] == elements


@pytest.mark.parametrize("piece", [",", ";", 'a="', "a=b", " ", "a=b;"])
def test_long_garbage_is_read_in_one_pass(piece: str) -> None:
    parse_forwarded([piece * 100_000])
