"""Charsets that a peer may name."""

from __future__ import annotations

import pytest

from aiohttp._fields.charset import known_charset


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "latin-1", "windows-1252", "gb18030", "utf-7"])
def test_charsets(name: str) -> None:
    assert known_charset(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "punycode",
        "PunyCode",
        "idna",
        "unicode_escape",
        "raw-unicode-escape",
        "undefined",
        "hex",
        "zlib",
        "rot13",
        "no-such",
        "",
        "\0",
        "\udcff",
        "\u017f",
        "x" * 10_000,
    ],
)
def test_what_is_no_charset(name: str) -> None:
    with pytest.raises(LookupError):
        known_charset(name)
