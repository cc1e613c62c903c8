"""Field names on the wire."""

from __future__ import annotations

from multidict import istr

from aiohttp import hdrs
from aiohttp._h1 import names


def test_known_names_are_shared_in_any_case() -> None:
    for spelling in (b"Content-Length", b"content-length", b"CONTENT-length"):
        assert names.resolve(spelling) == (hdrs.CONTENT_LENGTH, names.CONTENT_LENGTH)
        assert names.resolve(spelling)[0] is hdrs.CONTENT_LENGTH


def test_a_name_that_comes_again_is_made_once() -> None:
    first, mark = names.resolve(b"X-Made-Up")
    assert type(first) is istr
    assert (first, mark) == ("X-Made-Up", 0)
    assert names.resolve(b"X-Made-Up")[0] is first


def test_a_long_name_is_not_kept() -> None:
    name = b"X-" + b"a" * 100
    assert names.resolve(name)[0] is not names.resolve(name)[0]


def test_what_a_peer_invents_is_bounded() -> None:
    for number in range(3000):
        names.resolve(b"X-%d" % number)
    assert len(names.LEARNED) <= 1024
    # Names that are known from the beginning are not touched by that.
    assert names.resolve(b"Host")[0] is hdrs.HOST


def test_marks_are_distinct_bits() -> None:
    marks = list(names.MARKED.values())
    assert len(set(marks)) == len(marks)
    assert all(mark.bit_count() == 1 for mark in marks)
