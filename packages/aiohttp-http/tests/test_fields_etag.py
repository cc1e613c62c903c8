"""Entity tags."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._fields.etag import (
    ETag,
    format_etag,
    parse_etag,
    parse_etag_list,
    strong_match,
    validate_etag_value,
    weak_match,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", (ETag("*"),)),
        ('"a"', (ETag("a"),)),
        ('W/"a", "b"', (ETag("a", True), ETag("b"))),
        (',"a",, "b",', (ETag("a"), ETag("b"))),
        ('"a,b"', (ETag("a,b"),)),
        ('""', (ETag(""),)),
        ('"a" "b"', ()),
        ('"a", junk, "b"', (ETag("a"),)),
        ("a", ()),
        ('w/"a"', ()),
        ("", ()),
    ],
)
def test_list(text: str, expected: tuple[ETag, ...]) -> None:
    assert parse_etag_list(text) == expected


TAGS = st.builds(
    ETag,
    st.text(
        st.characters(min_codepoint=33, max_codepoint=255, exclude_characters='"\x7f'), min_size=1
    ),
    st.booleans(),
).filter(lambda tag: tag.value != "*")


@given(st.lists(TAGS))
@settings(derandomize=True)
def test_round_trip(tags: list[ETag]) -> None:
    assert parse_etag_list(", ".join(map(format_etag, tags))) == tuple(tags)
    assert [parse_etag(format_etag(tag)) for tag in tags] == tags


# RFC 9110 §8.8.3.2, table 3
@pytest.mark.parametrize(
    ("left", "right", "strong", "weak"),
    [
        (ETag("1", True), ETag("1", True), False, True),
        (ETag("1", True), ETag("2", True), False, False),
        (ETag("1", True), ETag("1"), False, True),
        (ETag("1"), ETag("1"), True, True),
    ],
)
def test_comparison(left: ETag, right: ETag, strong: bool, weak: bool) -> None:
    assert strong_match(left, right) is strong
    assert weak_match(left, right) is weak


@pytest.mark.parametrize("value", ["", "a b", '"a"', "a\x7f", "a\n"])
def test_bad_value(value: str) -> None:
    with pytest.raises(ValueError, match="without its quotes"):
        validate_etag_value(value)
    assert parse_etag(f'"{value}"') is None


def test_good_value() -> None:
    validate_etag_value("abc")
    validate_etag_value("*")


def test_long_garbage_is_read_in_one_pass() -> None:
    assert parse_etag_list("," * 1_000_000) == ()
    assert parse_etag_list('"' * 1_000_000) == ()
