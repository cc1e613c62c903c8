"""Link."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._fields.link import Link, format_links, parse_links


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("<http://x/>", (Link("http://x/", ()),)),
        ("<a>; rel=next", (Link("a", (("rel", "next"),)),)),
        (
            '<a?b,c>; rel="next"; title="x, y", <d>; REL=prev',
            (Link("a?b,c", (("rel", "next"), ("title", "x, y"))), Link("d", (("rel", "prev"),))),
        ),
        ("junk, <a>; rel=next", (Link("a", (("rel", "next"),)),)),
        ("<never ends", ()),
    ],
)
def test_parse(text: str, expected: tuple[Link, ...]) -> None:
    assert parse_links(text) == expected


NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126))
TARGETS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="<>"))


@given(st.lists(st.builds(Link, TARGETS, st.lists(st.tuples(NAMES, VALUES)).map(tuple))))
@settings(derandomize=True)
def test_round_trip(links: list[Link]) -> None:
    assert parse_links(format_links(links)) == tuple(links)


@pytest.mark.parametrize("piece", ["<", ",", "<>", '"', "<a>;", "a"])
def test_long_garbage_is_read_in_one_pass(piece: str) -> None:
    parse_links(piece * 50_000)
