"""Media types (RFC 9110 §8.3.1), as lenient as the fields that real servers send."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from multidict import MultiDict, MultiDictProxy

from aiohttp._fields.grammar import TOKEN_RE, parse_parameters, token_or_quoted
from aiohttp._values import value_object

# RFC 9110 §8.3: a recipient may take content of unknown type for this.
DEFAULT_CONTENT_TYPE = "application/octet-stream"

_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


@value_object
class MimeType:
    """``type/subtype+suffix; parameters``, in lower case but for the values."""

    type: str
    subtype: str
    suffix: str
    parameters: MultiDictProxy[str]


@functools.lru_cache(maxsize=56)
def parse_mimetype(mimetype: str) -> MimeType:
    """Return the parts of a media type; missing ones are empty.

    ``*`` stands for ``*/*``.  Nothing raises: what is no media type has an empty subtype.
    """
    essence, _, rest = mimetype.partition(";")
    main, _, sub = essence.strip().lower().partition("/")
    if main == "*" and not sub:
        sub = "*"
    sub, _, suffix = sub.partition("+")
    parameters = MultiDict(parse_parameters(rest)) if rest else MultiDict()
    return MimeType(main, sub, suffix, MultiDictProxy(parameters))


def format_mimetype(value: MimeType) -> str:
    """Return the text of ``value``; the inverse of :func:`parse_mimetype`."""
    suffix = f"+{value.suffix}" if value.suffix else ""
    subtype = f"/{value.subtype}" if value.subtype else ""
    parameters = "".join(
        f"; {name}={token_or_quoted(text)}" for name, text in value.parameters.items()
    )
    return f"{value.type}{subtype}{suffix}{parameters}"


@functools.lru_cache(maxsize=56)
def parse_content_type(raw: str) -> tuple[str, Mapping[str, str]]:
    """Return (``type/subtype``, parameters) of a Content-Type; the first of equal names counts.

    What is no media type counts as :data:`DEFAULT_CONTENT_TYPE`.  A charset ends where its token
    ends: behind it stands a comment, or another Content-Type that a gateway has joined to this one.
    """
    essence, _, rest = raw.partition(";")
    essence = essence.strip().lower()
    if essence.count("/") != 1:
        essence = DEFAULT_CONTENT_TYPE
    if not rest:
        return essence, _NO_PARAMETERS
    parameters: dict[str, str] = {}
    for name, value in parse_parameters(rest):
        parameters.setdefault(name, value)
    if token := TOKEN_RE.match(parameters.get("charset", "")):
        parameters["charset"] = token[0]
    return essence, MappingProxyType(parameters)
