"""Hosts that are IP addresses and not names (RFC 3986 §3.2.2)."""

from __future__ import annotations

import re

from aiohttp._late import late_pattern

# dec-octet of RFC 3986: no leading zeros, which some resolvers read as octal.
_DEC_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4_RE = late_pattern(rf"{_DEC_OCTET}(?:\.{_DEC_OCTET}){{3}}", re.ASCII)
_NUMBERS_RE = late_pattern(r"[0-9.]*[0-9][0-9.]*")


def is_canonical_ipv4_address(host: str) -> bool:
    """Whether ``host`` is four decimal numbers from 0 to 255, without leading zeros."""
    return _IPV4_RE.fullmatch(host) is not None


def is_ip_address(host: str | None) -> bool:
    """Whether ``host`` is an address and no name: quick, and true for odd spellings of one too.

    ``127.1`` or ``010.0.0.1`` are no canonical addresses, but systems read them as such: what must
    not be said of addresses (they have no domain cookies) is not said of them either.
    """
    if not host:
        return False
    return ":" in host or _NUMBERS_RE.fullmatch(host) is not None
