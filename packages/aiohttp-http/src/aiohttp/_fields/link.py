"""``Link`` (RFC 8288 §3): typed links of a response to other resources."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attr

from aiohttp._fields.grammar import parse_parameters, token_or_quoted

# `<` URI-Reference `>` and its parameters, up to the comma that is in no quoted string.
_LINK_RE = re.compile(r'[ \t,]*<([^>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\\?$))*)', re.DOTALL)
_NEXT_RE = re.compile(r"[^,]*,?")


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Link:
    """A link: where it leads, and its parameters in order, names in lower case."""

    target: str
    parameters: tuple[tuple[str, str], ...]


def parse_links(text: str) -> tuple[Link, ...]:
    """Return the links of a Link value; what is none is skipped up to the next comma."""
    links = []
    position = 0
    while position < len(text):
        if match := _LINK_RE.match(text, position):
            links.append(Link(match[1].strip(), tuple(parse_parameters(match[2]))))
            position = match.end()
        else:
            position = max(position + 1, _NEXT_RE.match(text, position).end())  # type: ignore[union-attr]
    return tuple(links)


def format_links(links: Iterable[Link]) -> str:
    """Return the Link value; the inverse of :func:`parse_links`."""
    return ", ".join(
        f"<{link.target}>"
        + "".join(f"; {name}={token_or_quoted(value)}" for name, value in link.parameters)
        for link in links
    )
