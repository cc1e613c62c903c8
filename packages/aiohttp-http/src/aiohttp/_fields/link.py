"""``Link`` (RFC 8288 §3): typed links of a response to other resources."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aiohttp._fields.grammar import parse_parameters, token_or_quoted
from aiohttp._late import late_pattern
from aiohttp._values import value_object

# `<` URI-Reference `>` and its parameters, up to the comma that is in no quoted string.
_LINK_RE = late_pattern(r'<([^>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\\?$))*)', re.DOTALL)


@value_object
class Link:
    """A link: where it leads, and its parameters in order, names in lower case."""

    target: str
    parameters: tuple[tuple[str, str], ...]


def parse_links(text: str) -> tuple[Link, ...]:
    """Return the links of a Link value; what is none is skipped up to the next comma."""
    links = []
    # Each `<` is looked at once; without a `>` behind it there is no link any more.
    position, end = text.find("<"), text.rfind(">")
    while 0 <= position < end:
        match = _LINK_RE.match(text, position)
        if match is None:
            break
        links.append(Link(match[1].strip(), tuple(parse_parameters(match[2]))))
        position = _next_link(text, match.end())
    return tuple(links)


def _next_link(text: str, position: int) -> int:
    # A link begins after a comma; what is before that comma belongs to nothing.
    comma = text.find(",", position)
    return -1 if comma < 0 else text.find("<", comma)


def format_links(links: Iterable[Link]) -> str:
    """Return the Link value; the inverse of :func:`parse_links`."""
    return ", ".join(
        f"<{link.target}>"
        + "".join(f"; {name}={token_or_quoted(value)}" for name, value in link.parameters)
        for link in links
    )
