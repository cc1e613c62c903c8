"""Field names on the wire, as shared ``istr`` objects, and the few that the wire itself reads.

`resolve` gives for the bytes of a name the object that stands for it everywhere, and its *mark*: a
bit if framing or a rule of RFC 9110 depends on that field, else 0.  While a head is split into
fields the marks are only added up; what they mean is decided in `framing`.  Knows no values.
"""

from __future__ import annotations

from typing import Final

from multidict import istr

from aiohttp import hdrs

__all__ = ("KNOWN", "LEARNED", "MARKED", "SINGLETONS", "resolve")

# --- Marks ---

CONTENT_LENGTH: Final = 1 << 0
TRANSFER_ENCODING: Final = 1 << 1
CONNECTION: Final = 1 << 2
UPGRADE: Final = 1 << 3
EXPECT: Final = 1 << 4
CONTENT_ENCODING: Final = 1 << 5
HOST: Final = 1 << 6
HIXIE_KEY: Final = 1 << 7
CONTENT_TYPE: Final = 1 << 8
CONTENT_LOCATION: Final = 1 << 9
CONTENT_RANGE: Final = 1 << 10
ETAG: Final = 1 << 11
MAX_FORWARDS: Final = 1 << 12
SERVER: Final = 1 << 13
USER_AGENT: Final = 1 << 14

MARKED: Final[dict[istr, int]] = {
    hdrs.CONTENT_LENGTH: CONTENT_LENGTH,
    hdrs.TRANSFER_ENCODING: TRANSFER_ENCODING,
    hdrs.CONNECTION: CONNECTION,
    hdrs.UPGRADE: UPGRADE,
    hdrs.EXPECT: EXPECT,
    hdrs.CONTENT_ENCODING: CONTENT_ENCODING,
    hdrs.HOST: HOST,
    hdrs.SEC_WEBSOCKET_KEY1: HIXIE_KEY,
    hdrs.CONTENT_TYPE: CONTENT_TYPE,
    hdrs.CONTENT_LOCATION: CONTENT_LOCATION,
    hdrs.CONTENT_RANGE: CONTENT_RANGE,
    hdrs.ETAG: ETAG,
    hdrs.MAX_FORWARDS: MAX_FORWARDS,
    hdrs.SERVER: SERVER,
    hdrs.USER_AGENT: USER_AGENT,
}

# Fields that are not lists, so that a second one makes the message ambiguous (RFC 9110 §5.3).
# Not all of them: those of which two copies change what the wire or a cache does.
SINGLETONS: Final = (
    CONTENT_LENGTH
    | TRANSFER_ENCODING
    | HOST
    | CONTENT_TYPE
    | CONTENT_LOCATION
    | CONTENT_RANGE
    | ETAG
    | MAX_FORWARDS
    | SERVER
    | USER_AGENT
)

# --- Names ---

# Names outside `hdrs` that common clients and servers send.
_FREQUENT: Final = (
    "Alt-Svc",
    "Content-Security-Policy",
    "DNT",
    "Priority",
    "Referrer-Policy",
    "Sec-CH-UA",
    "Sec-CH-UA-Mobile",
    "Sec-CH-UA-Platform",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "Sec-Fetch-User",
    "Strict-Transport-Security",
    "Upgrade-Insecure-Requests",
    "X-Content-Type-Options",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Frame-Options",
    "X-Powered-By",
    "X-Real-IP",
    "X-Request-ID",
    "X-Requested-With",
    "X-XSS-Protection",
)


def _spellings() -> dict[bytes, tuple[istr, int]]:
    """Each known name as it is written in the RFC that registers it, and in lower case."""
    table: dict[bytes, tuple[istr, int]] = {}
    constants = [value for value in vars(hdrs).values() if type(value) is istr]
    for name in [*constants, *map(istr, _FREQUENT)]:
        entry = (name, MARKED.get(name, 0))
        table[name.encode("ascii")] = entry
        table[name.lower().encode("ascii")] = entry
    return table


# Never changed after import, so any thread may read it.
KNOWN: Final[dict[bytes, tuple[istr, int]]] = _spellings()

# Spellings met at run time.  A name that comes once comes again with each message of that peer, but
# a peer may as well invent them: beyond these bounds a name is made anew each time.
_MOST_LEARNED: Final = 1024
_LONGEST_LEARNED: Final = 64
LEARNED: Final[dict[bytes, tuple[istr, int]]] = {}


def resolve(name: bytes) -> tuple[istr, int]:
    """The shared object and the mark of a field name; `name` is a token (RFC 9110 §5.6.2)."""
    entry = KNOWN.get(name) or LEARNED.get(name)
    if entry is None:
        entry = KNOWN.get(name.lower())
        if entry is None:
            entry = (istr(name.decode("ascii")), 0)
        if len(name) <= _LONGEST_LEARNED:
            if len(LEARNED) >= _MOST_LEARNED:
                LEARNED.clear()
            LEARNED[name] = entry
    return entry
