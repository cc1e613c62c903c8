"""The productions that all fields share."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._fields import grammar

TEXT = st.text(
    st.characters(
        exclude_categories=["Cs"], exclude_characters="".join(map(chr, [*range(32), 127]))
    )
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", True), ("!#$%&'*+-.^_`|~09AZaz", True), ("", False), ("a b", False), ("ä", False)],
)
def test_token(text: str, expected: bool) -> None:
    assert grammar.is_token(text) is expected


@given(TEXT)
@settings(derandomize=True)
def test_quoted_strings_come_back(text: str) -> None:
    quoted = grammar.quote(text)
    assert grammar.QUOTED_STRING_RE.fullmatch(quoted)
    assert grammar.unquote(quoted) == text
    assert list(grammar.parse_parameters(f";a={quoted};b=c")) == [("a", text), ("b", "c")]


@pytest.mark.parametrize("control", ["\r", "\n", "\x00", "\x7f"])
def test_no_control_characters_are_quoted(control: str) -> None:
    with pytest.raises(ValueError, match="expected no control characters"):
        grammar.quote(f"a{control}b")


def test_token_or_quoted() -> None:
    assert grammar.token_or_quoted("abc") == "abc"
    assert grammar.token_or_quoted('a"c') == r'"a\"c"'
    assert grammar.token_or_quoted("") == '""'


@pytest.mark.parametrize("text", ['"', "", "a", '"a', 'a"'])
def test_what_is_no_quoted_string_stays(text: str) -> None:
    assert grammar.unquote(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a, b", ["a", "b"]),
        (",, a ,,", ["a"]),
        ('"a,b", c', ['"a,b"', "c"]),
        (r'"a\",b", c', [r'"a\",b"', "c"]),
        ('x="a,b, c', ['x="a,b, c']),
        ("", []),
    ],
)
def test_split_list(text: str, expected: list[str]) -> None:
    assert list(grammar.split_list(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (";", []),
        ("; ;;", []),
        (";a", [("a", "")]),
        (";A=B", [("a", "B")]),
        ("; a = b ; c=d", [("a", "b"), ("c", "d")]),
        (';a="b;c"', [("a", "b;c")]),
        (';a="b', [("a", "b")]),
        (';a="b\\', [("a", "b\\")]),
        (';a="b"garbage;c=d', [("a", "b"), ("c", "d")]),
        (";=b;c=d", [("c", "d")]),
        (";a=b;a=c", [("a", "b"), ("a", "c")]),
        (";a b=c;d=e", [("a", ""), ("d", "e")]),
    ],
)
def test_parameters(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(grammar.parse_parameters(text)) == expected


@given(st.text(alphabet=';="\\, \tab=', max_size=40))
@settings(derandomize=True)
def test_garbage_always_ends(text: str) -> None:
    assert len(list(grammar.parse_parameters(text))) <= len(text)
    assert len(list(grammar.split_list(text))) <= len(text)


@pytest.mark.parametrize("piece", [";", ";a=", '";', ';a="', '\\"', " ;", "a b", ',"'])
def test_long_garbage_is_read_in_one_pass(piece: str) -> None:
    text = piece * 200_000
    assert len(list(grammar.parse_parameters(text))) <= len(text)
    assert len(list(grammar.split_list(text))) <= len(text)
