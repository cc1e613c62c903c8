"""Entity tags (RFC 9110 §8.8.3) and lists of them (§13.1)."""

from __future__ import annotations

import re

from aiohttp._values import value_object

# The list value that matches any current representation.
ETAG_ANY = "*"

# etagc = %x21 / %x23-7E / obs-text; obs-text arrives decoded, whatever by.
_ETAGC = r"[!\x23-\x7E\x80-\U0010ffff]+"
_ETAGC_RE = re.compile(_ETAGC)
_QUOTED_ETAG = rf'(W/)?"({_ETAGC})"'
QUOTED_ETAG_RE = re.compile(_QUOTED_ETAG)
# Groups: whole tag, W/, value, and the first character that belongs to no tag.
LIST_QUOTED_ETAG_RE = re.compile(rf"({_QUOTED_ETAG})(?:\s*,\s*|$)|(.)")

_LIST_RE = re.compile(r'[ \t,]*(?:(W/)?"([!\x23-\x7E\x80-\U0010ffff]*)")[ \t]*(?=,|$)')


@value_object
class ETag:
    """An entity tag: the opaque value without its quotes, and whether it is weak."""

    value: str
    is_weak: bool = False


def validate_etag_value(value: str) -> None:
    """Raise ValueError unless ``value`` may stand between the quotes of a tag."""
    if value != ETAG_ANY and not _ETAGC_RE.fullmatch(value):
        raise ValueError(
            f"etag value {value!r}; expected visible characters without double quotes:"
            " give the value without its quotes"
        )


def parse_etag(text: str) -> ETag | None:
    """Return the tag that ``text`` is, or None."""
    match = QUOTED_ETAG_RE.fullmatch(text.strip(" \t"))
    return ETag(match[2], bool(match[1])) if match else None


def parse_etag_list(text: str) -> tuple[ETag, ...]:
    """Return the tags of an If-Match or If-None-Match value, up to the first that is malformed.

    ``*`` gives one tag of value :data:`ETAG_ANY`.
    """
    text = text.strip(" \t")
    if text == ETAG_ANY:
        return (ETag(ETAG_ANY),)
    tags = []
    position = 0
    while match := _LIST_RE.match(text, position):
        tags.append(ETag(match[2], bool(match[1])))
        position = match.end()
    return tuple(tags)


def format_etag(tag: ETag) -> str:
    """Return ``"value"``, ``W/"value"``, or ``*``."""
    if tag.value == ETAG_ANY:
        return ETAG_ANY
    return f'W/"{tag.value}"' if tag.is_weak else f'"{tag.value}"'


def strong_match(left: ETag, right: ETag) -> bool:
    """Strong comparison (§8.8.3.2): both strong and equal."""
    return not left.is_weak and not right.is_weak and left.value == right.value


def weak_match(left: ETag, right: ETag) -> bool:
    """Weak comparison (§8.8.3.2): equal, whether weak or not."""
    return left.value == right.value
