"""The few productions of RFC 9110 §5.6 that all fields are built of.

Patterns are ASCII only: ``\\d`` and ``\\w`` would match what no peer may send.  Scanning is by
position and never goes back, so the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aiohttp._late import late_pattern

# §5.6.2: token = 1*tchar
TCHAR = r"!#$%&'*+\-.^_`|~0-9A-Za-z"
TOKEN = rf"[{TCHAR}]+"
TOKEN_RE = late_pattern(TOKEN)

# §5.6.3: optional white space.
OWS = "[ \t]*"

# §5.6.4: quoted-string.  Text beyond ASCII is obs-text, decoded by whoever read the field.
QUOTED_STRING = '"(?:[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f]|\\\\[^\\x00-\\x08\\x0a-\\x1f\\x7f])*"'
QUOTED_STRING_RE = late_pattern(QUOTED_STRING)

_QUOTED_PAIR_RE = late_pattern(r"\\(.)", re.DOTALL)
_NEEDS_BACKSLASH_RE = late_pattern(r'(["\\])')
_CONTROLS_RE = late_pattern(r"[\x00-\x08\x0a-\x1f\x7f]")

# One element of a comma-separated list: pieces that hold no comma, or quoted strings.
_LIST_ELEMENT_RE = late_pattern('(?:[^,"]|"(?:[^"\\\\]|\\\\.)*(?:"|\\\\?$))+', re.DOTALL)

# `;` OWS [ name [ OWS = OWS value ] ] — white space around `=` is not in the grammar of §5.6.6, but
# is what some senders write; a quoted string that never ends takes the rest.
_PARAMETER_RE = late_pattern(
    r'[ \t]*(?:;[ \t]*)?([^=;"\s]*)[ \t]*(?:=[ \t]*("(?:[^"\\]|\\.)*(?:"|\\?$)|[^;]*))?[^;]*',
    re.DOTALL,
)


def is_token(text: str) -> bool:
    """Whether ``text`` is a token (RFC 9110 §5.6.2)."""
    return TOKEN_RE.fullmatch(text) is not None


def has_token(values: Iterable[str], token: str) -> bool:
    """Whether a comma-separated list of tokens, in one or more lines, has ``token`` in it."""
    return any(same_token(part, token) for value in values for part in value.split(","))


def same_token(text: str, token: str) -> bool:
    """Whether ``text``, white space around it aside, is ``token``, which is in lower case."""
    # ASCII only: the Kelvin sign is a "k" in lower case.
    return text.isascii() and text.strip(" \t").lower() == token


def unquote(text: str) -> str:
    """Return the content of a quoted-string; text that is not one is returned as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    return _QUOTED_PAIR_RE.sub(r"\1", inner) if "\\" in inner else inner


def quote(text: str) -> str:
    """Return ``text`` as a quoted-string.

    Raises:
        ValueError: it holds a control character, which no field value may.
    """
    if found := _CONTROLS_RE.search(text):
        raise ValueError(
            f"quoted-string; expected no control characters; got {found.group()!r} in {text!r}"
        )
    return f'"{escape(text)}"'


def escape(text: str) -> str:
    """Put a backslash before each double quote and backslash."""
    return _NEEDS_BACKSLASH_RE.sub(r"\\\1", text)


def token_or_quoted(text: str) -> str:
    """Return ``text`` itself if it is a token, else as a quoted-string."""
    return text if is_token(text) else quote(text)


def split_list(text: str) -> Iterator[str]:
    """Yield the elements of a comma-separated list (§5.6.1); empty ones are skipped."""
    for match in _LIST_ELEMENT_RE.finditer(text):
        if element := match.group().strip(" \t"):
            yield element


def parse_parameters(text: str, position: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (lower-case name, value) of ``; name=value`` from ``position`` on (§5.6.6).

    Lenient: a name without ``=`` has the value "", empty parameters are skipped, and a quoted
    string that never ends takes the rest of the text.
    """
    end = len(text)
    while position < end:
        match = _PARAMETER_RE.match(text, position)
        # The pattern matches the empty string too, but each match of it begins with `;` or ends
        # before one: a step is taken always.
        if match is None or match.end() == position:
            break
        position = match.end()
        name, value = match.groups()
        if not name:
            continue
        yield name.lower(), _parameter_value(value)


def _parameter_value(raw: str | None) -> str:
    if raw is None:
        return ""
    if raw[:1] != '"':
        return raw.strip()
    if len(raw) > 1 and raw[-1] == '"':
        return unquote(raw)
    return _QUOTED_PAIR_RE.sub(r"\1", raw[1:])
