"""Media types, as RFC 9110 writes them and as servers do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import MultiDict, MultiDictProxy

from aiohttp._fields.media_type import (
    MimeType,
    format_mimetype,
    parse_content_type,
    parse_mimetype,
)


def mime(type_: str, subtype: str = "", suffix: str = "", **parameters: str) -> MimeType:
    return MimeType(type_, subtype, suffix, MultiDictProxy(MultiDict(parameters)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", mime("")),
        ("*", mime("*", "*")),
        ("application/json", mime("application", "json")),
        ("application/json;  charset=utf-8", mime("application", "json", charset="utf-8")),
        ("application/json; charset=utf-8;", mime("application", "json", charset="utf-8")),
        ('ApPlIcAtIoN/JSON;ChaRseT="UTF-8"', mime("application", "json", charset="UTF-8")),
        ("application/rss+xml", mime("application", "rss", "xml")),
        ("text/plain;base64", mime("text", "plain", base64="")),
        ('text/plain; x="a;b"', mime("text", "plain", x="a;b")),
        ('text/plain; x="a\\"b"', mime("text", "plain", x='a"b')),
        (" text/html ", mime("text", "html")),
    ],
)
def test_parse(text: str, expected: MimeType) -> None:
    assert parse_mimetype(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text/plain", ("text/plain", {})),
        ("TEXT/Plain; Charset=a; charset=b", ("text/plain", {"charset": "a"})),
        ("wrong", ("application/octet-stream", {})),
        ("", ("application/octet-stream", {})),
        ("a/b/c", ("application/octet-stream", {})),
        ('multipart/mixed; boundary="a b"', ("multipart/mixed", {"boundary": "a b"})),
        ("text/plain; charset=utf-8, text/html", ("text/plain", {"charset": "utf-8"})),
        ("text/plain; charset=utf-8 (Plain text)", ("text/plain", {"charset": "utf-8"})),
        ("text/plain; charset=", ("text/plain", {"charset": ""})),
    ],
)
def test_content_type(text: str, expected: tuple[str, dict[str, str]]) -> None:
    essence, parameters = parse_content_type(text)
    assert (essence, dict(parameters)) == expected


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126))


@given(NAMES, NAMES, st.text("abc+", max_size=3), st.dictionaries(NAMES, VALUES))
@settings(derandomize=True)
def test_round_trip(main: str, sub: str, suffix: str, parameters: dict[str, str]) -> None:
    value = MimeType(main, sub, suffix, MultiDictProxy(MultiDict(parameters)))
    assert parse_mimetype(format_mimetype(value)) == value
