"""JSON with a kept encoder: nobody can tell it from the standard library's."""

from __future__ import annotations

import enum
import json
import math
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._web import json_text as room
from aiohttp._web.json_text import json_text


class Number(enum.IntEnum):
    ONE = 1


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 1, 1.5, 'é"\\\n\ud800', [], {}, (), [[]], {"a": {"b": [1, {}]}}),
        *(math.inf, -math.inf, math.nan, 1e308, -0.0, 2**80),
        *({1: 2, None: 3, False: 4, 1.5: 5}, OrderedDict(b=1, a=2), Number.ONE, [Text("x")]),
        {Number.ONE: Text("x"), Text("k"): Number.ONE},
    ],
    ids=repr,
)
def test_the_same_text(value: Any) -> None:
    assert json_text(value) == json.dumps(value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_JSON)
@settings(derandomize=True, max_examples=100)
def test_the_same_text_of_anything(value: Any) -> None:
    assert json_text(value) == json.dumps(value)


def test_the_same_errors() -> None:
    itself: list[Any] = []
    itself.append(itself)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (object(), {(): 1}, [1, {2}], itself, b"x"):
        with pytest.raises((TypeError, ValueError)) as expected:
            json.dumps(value)
        with pytest.raises(expected.type) as got:
            json_text(value)
        assert str(got.value) == str(expected.value)
    with pytest.raises(RecursionError):
        json_text(deep)
    # It has kept nothing of that.
    assert json_text([1]) == "[1]"
    while deep:
        (deep,) = deep


def test_what_programs_taught_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json.JSONEncoder, "default", lambda self, value: "taught")
    assert json_text([object()]) == '["taught"]'


def test_where_there_is_no_encoder_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_encode", None)
    assert json_text({"a": [1]}) == '{"a": [1]}'
    monkeypatch.setattr("json.encoder.c_make_encoder", None)
    assert room._make_encoder() is None
    monkeypatch.setattr("json.encoder.c_make_encoder", lambda: None)
    assert room._make_encoder() is None
