"""``Forwarded`` (RFC 7239): what proxies say of the request before them; told, never trusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from aiohttp._fields.grammar import QUOTED_STRING, TOKEN, token_or_quoted, unquote

# §4: forwarded-pair = token "=" value; a port after a bare token is not in the grammar: common.
_PAIR_RE = re.compile(
    rf"[ \t]*(?:({TOKEN})=({TOKEN}(?::[0-9]{{1,5}})?|{QUOTED_STRING})[ \t]*)?([;,]|$)"
)


def parse_forwarded(values: Iterable[str]) -> tuple[Mapping[str, str], ...]:
    """Return one mapping an element, names in lower case, the nearest proxy last.

    An element that is malformed ends at the next comma, with the pairs before the damage kept: one
    proxy's mistake does not hide what the others said.
    """
    elements: list[Mapping[str, str]] = []
    for text in values:
        elements.extend(_parse_elements(text))
    return tuple(elements)


def _parse_elements(text: str) -> Iterable[Mapping[str, str]]:
    position, end = 0, len(text)
    while position <= end:
        pairs: dict[str, str] = {}
        separator = ";"
        while separator == ";":
            match = _PAIR_RE.match(text, position)
            if match is None:
                comma = text.find(",", position)
                position = end + 1 if comma < 0 else comma + 1
                break
            name, value, separator = match.groups()
            if name:
                pairs[name.lower()] = unquote(value)
            position = match.end() if separator else end + 1
        yield MappingProxyType(pairs)


def format_forwarded(elements: Iterable[Mapping[str, str]]) -> str:
    """Return the Forwarded value; the inverse of :func:`parse_forwarded`."""
    return ", ".join(
        ";".join(f"{name}={token_or_quoted(value)}" for name, value in pairs.items())
        for pairs in elements
    )
