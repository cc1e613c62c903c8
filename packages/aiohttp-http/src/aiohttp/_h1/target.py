"""Where a request goes: its target in the start line and its Host field (RFC 9112 §3.2).

Pure decisions over text.  It does not know the rest of the message, nor what a server does with
the answer.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from yarl import URL

from aiohttp._h1.excerpts import shown
from aiohttp._late import late_pattern
from aiohttp.http_exceptions import BadHttpMessage, InvalidURLError

__all__ = ("KNOWN_HOSTS", "check_host", "check_target", "target_url")

# RFC 3986 §3.2.2: reg-name = *( unreserved / pct-encoded / sub-delims ), or an address in brackets;
# RFC 3986 §3.2.3: the digits of a port may be missing.
_AUTHORITY: Final = late_pattern(
    r"(?:\[(?P<literal>[0-9A-Za-z:.%~_\-]+)\]"
    r"|(?P<name>(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*))"
    r"(?::(?P<port>[0-9]*))?",
    re.ASCII,
)
_ABSOLUTE: Final = late_pattern(r"[A-Za-z][A-Za-z0-9+.\-]*://(?P<authority>[^/?#]*)", re.ASCII)
# RFC 9110 §9.3.6: the end of a tunnel must not have an empty or invalid port; nobody listens on 0.
_NO_PORT: Final = late_pattern(r":0*\Z")
_IP_FUTURE: Final = late_pattern(r"[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~:]+", re.ASCII)

_HIGHEST_PORT: Final = 65535

# Host values that passed, so that a busy server checks each of its names once.  Bounded: a peer
# that sends ever new names empties it, which costs the others one more check.
_MOST_KNOWN_HOSTS: Final = 256
# A name has at most 253 characters (RFC 1035 §2.3.4).
_LONGEST_KNOWN_HOST: Final = 260
KNOWN_HOSTS: Final[set[str]] = set()


def _is_address(literal: str) -> bool:
    """Whether the text between the brackets is IPv6 (with a zone, RFC 6874) or IPvFuture."""
    if _IP_FUTURE.fullmatch(literal):
        return True
    try:
        IPv6Address(literal.partition("%25")[0])
    except AddressValueError:
        return False
    return True


def _is_authority(text: str, *, empty_host: bool) -> bool:
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        return False
    literal, name, port = found.group("literal", "name", "port")
    if port and (len(port) > 5 or int(port) > _HIGHEST_PORT):
        return False
    if literal is not None:
        return _is_address(literal)
    return bool(name) or (empty_host and port is None)


def check_host(value: str) -> None:
    """Refuse a Host field that is not ``uri-host [ ":" port ]`` (RFC 9112 §3.2: answer 400).

    An empty value is right: a client sends it when the target has no authority.  What passes is
    noted in `KNOWN_HOSTS`, where the caller looks first.
    """
    if not _is_authority(value, empty_host=True):
        raise BadHttpMessage(
            f"Invalid Host header: expected a host name or address and an optional port, "
            f"got {shown(value)}"
        )
    if len(value) <= _LONGEST_KNOWN_HOST:
        if len(KNOWN_HOSTS) >= _MOST_KNOWN_HOSTS:
            KNOWN_HOSTS.clear()
        KNOWN_HOSTS.add(value)


def check_target(method: str, target: str) -> None:
    """Refuse a request target that has none of the four forms of RFC 9112 §3.2.

    Raises:
        InvalidURLError: naming the form that the method calls for.
    """
    if method == "CONNECT":  # §3.2.3 authority-form
        # The port may be missing here, as it always might: some clients leave it out.
        if not _is_authority(target, empty_host=False) or _NO_PORT.search(target):
            raise InvalidURLError(
                f"Invalid target of a CONNECT request: expected host:port, got {shown(target)}"
            )
    elif target.startswith("/"):  # §3.2.1 origin-form
        return
    elif target == "*":  # §3.2.4 asterisk-form
        if method != "OPTIONS":
            raise InvalidURLError(f"Invalid target '*': only OPTIONS may use it, got {method!r}")
    else:  # §3.2.2 absolute-form
        found = _ABSOLUTE.match(target)
        # An http URI with an empty host is invalid, and user information in a message that comes
        # from elsewhere is to be treated as an error (RFC 9110 §4.2.1, §4.2.4).
        if found is None or not _is_authority(found["authority"], empty_host=False):
            raise InvalidURLError(
                f"Invalid request target: expected /path or scheme://host/path, got {shown(target)}"
            )


def target_url(method: str, target: str) -> URL:
    """The URL of a target that `check_target` let pass; nothing in it is decoded or normalized."""
    if method == "CONNECT":
        return URL.build(authority=target, encoded=True)
    if target.startswith("/"):
        path_and_query, _, fragment = target.partition("#")
        path, _, query = path_and_query.partition("?")
        return URL.build(path=path, query_string=query, fragment=fragment, encoded=True)
    return URL(target, encoded=True)
