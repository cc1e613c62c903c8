"""``Cookie`` and ``Set-Cookie`` values (RFC 6265bis §5.6, §5.8.3), read as browsers read them.

A cookie is a :class:`http.cookies.Morsel`: ``value`` is what the cookie means, ``coded_value`` what
stood on the wire and is sent back unchanged.  What a jar makes of the attributes is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any

from aiohttp._late import late_pattern

# RFC 6265bis §5.6: a Set-Cookie with one of these is ignored as a whole.
_CONTROLS_RE = late_pattern(r"[\x00-\x08\x0a-\x1f\x7f]")

# A pair ends at `;`, but a quoted value may hold one: SimpleCookie writes such values.
_PAIR_RE = late_pattern(
    r'[ \t]*(?P<name>[^=;]*)(?:=[ \t]*(?P<value>"(?:[^\\"]|\\.)*"(?=[ \t]*(?:;|$))|[^;]*))?;?',
    re.DOTALL,
)

# Not in the RFC, but servers forget the `;`, and SimpleCookie has always forgiven them: blanks
# before the name of an attribute end the one before it.
_FORGOTTEN_RE = late_pattern(
    r"(?<=[^;=\s])[ \t]+"
    r"(?=(?:domain|expires|max-age|path|samesite)[ \t]*="
    r"|(?:httponly|partitioned|secure)[ \t]*(?:;|$))",
    re.IGNORECASE | re.ASCII,
)

# RFC 6265bis §5.6: octets of name and value together, and octets of one attribute's value.
MAX_PAIR_LENGTH = 4096
MAX_ATTRIBUTE_LENGTH = 1024
# More attributes than there are kinds of them are a game; browsers stop as early.
_MAX_ATTRIBUTES = 64
# RFC 6265bis §6.1: at least 50 a domain; Chrome keeps 180.  One response sets no more.
MAX_COOKIES_A_RESPONSE = 1000

# Attributes that a Morsel keeps, and those among them that have no value.
_ATTRIBUTES = frozenset(
    {
        "comment",
        "domain",
        "expires",
        "httponly",
        "max-age",
        "partitioned",
        "path",
        "samesite",
        "secure",
        "version",
    }
)
FLAGS = frozenset({"httponly", "partitioned", "secure"})

# The octal escapes that SimpleCookie writes, and quoted pairs.
_ESCAPE_RE = late_pattern(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL)

# CHIPS: the standard library knows this attribute from 3.14 on.
_MORSEL: Any = Morsel
if "partitioned" not in _MORSEL._reserved:
    _MORSEL._reserved["partitioned"] = "Partitioned"
    _MORSEL._flags.add("partitioned")


def make_morsel(
    name: str, value: str, coded_value: str, attributes: Mapping[str, Any] | None = None
) -> Morsel[str]:
    """Return a Morsel with these parts, unchecked: a peer's names need not be tokens.

    Raises:
        CookieError: this version of Python does not let the value in.
    """
    morsel: Any = Morsel()
    morsel.__setstate__({"key": name, "value": value, "coded_value": coded_value})
    if attributes:
        # Not update(), which lets nothing but reserved names in and checks one by one.
        dict.update(morsel, attributes)
    return morsel  # type: ignore[no-any-return]


def copy_morsel(morsel: Morsel[Any], *, coded_value: str | None = None) -> Morsel[str]:
    """Return a copy of ``morsel``, with another coded value if one is given."""
    coded = morsel.coded_value if coded_value is None else coded_value
    return make_morsel(morsel.key, morsel.value, coded, morsel)


def decode_value(coded: str) -> str:
    """Return what a coded value means: a quoted one without quotes and escapes."""
    if len(coded) < 2 or coded[0] != '"' or coded[-1] != '"':
        return coded
    inner = coded[1:-1]
    return _ESCAPE_RE.sub(_unescape, inner) if "\\" in inner else inner


def _unescape(match: re.Match[str]) -> str:
    octal, character = match.groups()
    return chr(int(octal, 8)) if octal else character


def encode_value(value: str) -> str:
    """Return ``value`` quoted, if it holds what RFC 6265 §4.1.1 allows in no value."""
    coded: str = _ENCODER.value_encode(value)[1]
    return coded


_ENCODER: SimpleCookie = SimpleCookie()


def parse_cookie_header(header: str) -> list[tuple[str, Morsel[str]]]:
    """Return the (name, cookie) pairs of a Cookie value, equal names included, in order.

    What has no ``=`` is a name without value; what has no name is skipped, since nobody could ask
    for it, and since it must not be taken for the cookie that its value looks like.
    """
    cookies = []
    for name, coded in _pairs(header):
        if not name:
            continue
        try:
            cookies.append((name, make_morsel(name, decode_value(coded), coded)))
        except CookieError:
            continue
    return cookies


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    position, end = 0, len(text)
    while position < end:
        match = _PAIR_RE.match(text, position)
        if match is None or match.end() == position:
            return
        position = match.end()
        yield match["name"].rstrip(" \t"), (match["value"] or "").rstrip(" \t")


def parse_set_cookie_headers(headers: Sequence[str]) -> list[tuple[str, Morsel[str]]]:
    """Return the (name, cookie) pairs that Set-Cookie values say, in order.

    A value that RFC 6265bis §5.6 ignores gives nothing.  A cookie may have the name "".
    """
    cookies = []
    for header in headers[:MAX_COOKIES_A_RESPONSE]:
        morsel = parse_set_cookie(header)
        if morsel is not None:
            cookies.append((morsel.key, morsel))
    return cookies


def parse_set_cookie(header: str) -> Morsel[str] | None:
    """Return the cookie of one Set-Cookie value, or None if it is to be ignored (§5.6)."""
    if _CONTROLS_RE.search(header):
        return None
    match = _PAIR_RE.match(header)
    if match is None:
        return None
    name, value = match["name"].rstrip(" \t"), match["value"]
    if value is None:
        # Step 3: without `=` the whole is the value of a cookie without a name.
        name, value = "", name
    value = value.rstrip(" \t")
    if not (name or value) or _is_longer(name + value, MAX_PAIR_LENGTH):
        return None
    attributes = _parse_attributes(_FORGOTTEN_RE.sub(";", header[match.end() :]), 0)
    try:
        return make_morsel(name, decode_value(value), value, attributes)
    except CookieError:
        return None


def _parse_attributes(text: str, position: int) -> dict[str, Any]:
    """Return the known attributes; the last of equal names counts (§5.7)."""
    found: dict[str, Any] = {}
    end = len(text)
    for _ in range(_MAX_ATTRIBUTES):
        if position >= end:
            break
        match = _PAIR_RE.match(text, position)
        if match is None or match.end() == position:
            break
        position = match.end()
        name = match["name"].rstrip(" \t").lower()
        if name not in _ATTRIBUTES:
            continue
        if name in FLAGS:
            found[name] = True
            continue
        value = (match["value"] or "").rstrip(" \t")
        if not _is_longer(value, MAX_ATTRIBUTE_LENGTH):
            # Not in the RFC, but SimpleCookie quotes attributes too.
            found[name] = decode_value(value)
    return found


def _is_longer(text: str, octets: int) -> bool:
    if len(text) * 4 <= octets:
        return False
    return len(text.encode("utf-8", "surrogatepass")) > octets


def format_cookie_header(cookies: Iterable[Morsel[Any]]) -> str:
    """Return a Cookie value (RFC 6265bis §5.8.3): coded values as they are, in the given order."""
    return "; ".join(
        f"{cookie.key}={cookie.coded_value}" if cookie.key else cookie.coded_value
        for cookie in cookies
    )
