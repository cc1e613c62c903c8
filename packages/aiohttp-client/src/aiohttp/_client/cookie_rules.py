"""Which host a cookie belongs to, and which requests it goes to (RFC 6265bis §5.1, §5.7).

Pure: names, paths and values in, decisions out.
"""

from __future__ import annotations

import re

from aiohttp._fields.host import is_ip_address
from aiohttp._values import value_object

_INTEGER_RE = re.compile(r"-?[0-9]+")
# More digits are no duration any more; int() of thousands of them would cost.
_MAX_AGE_DIGITS = 20

# POSIX time of the last second of the year 9999: later dates cannot be written.
LAST_TIME = 253402300799.0


@value_object
class Scope:
    """Which host or hosts get a cookie."""

    # "" stands for every host: cookies that the program itself set for no URL.
    domain: str
    # Only the host named so, not those below it.
    host_only: bool


def decide_scope(domain_attribute: str, hostname: str | None) -> Scope | None:
    """Return who gets the cookie, or None if ``hostname`` may not set it (§5.7 steps 8–10).

    Args:
        domain_attribute: the Domain attribute, "" if there is none.
        hostname: who sets the cookie; None if the program does, for no URL.
    """
    # A name with a dot behind it is another name for most servers: as if there were no attribute.
    domain = "" if domain_attribute.endswith(".") else _canonical(domain_attribute)
    if hostname is None:
        return Scope(domain, False)
    if not domain:
        return Scope(hostname, True)
    if domain == hostname:
        # An address has no subdomains, and neither has a name without a dot.
        return Scope(hostname, "." not in domain or is_ip_address(domain))
    # §5.7 step 9: a single label is a registry (`org`); there is no list of public suffixes here.
    # A domain that ends in a number is part of an address, spelled in some way (0x7f.0.0.1).
    if "." not in domain or is_ip_address(domain) or not domain_matches(domain, hostname):
        return None
    return Scope(domain, False)


def _canonical(domain: str) -> str:
    # §5.6.3: one leading dot has no meaning.
    domain = domain[1:] if domain.startswith(".") else domain
    domain = domain.lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def domain_matches(domain: str, hostname: str) -> bool:
    """Whether ``hostname`` is ``domain`` or a name below it (§5.1.3)."""
    if hostname == domain:
        return True
    return hostname.endswith("." + domain) and not is_ip_address(hostname)


def parent_domains(hostname: str) -> list[str]:
    """Return ``hostname`` and the domains above it; an address has none above it."""
    if not hostname or is_ip_address(hostname):
        return [hostname] if hostname else []
    labels = hostname.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def default_path(request_path: str) -> str:
    """Return the path of a cookie without a Path attribute (§5.1.4)."""
    if not request_path.startswith("/"):
        return "/"
    return request_path[: request_path.rindex("/")] or "/"


def path_matches(request_path: str, cookie_path: str) -> bool:
    """Whether a cookie of ``cookie_path`` goes to ``request_path`` (§5.1.4).

    ``cookie_path`` comes without a slash at its end, "" being the root.
    """
    if not request_path.startswith(cookie_path):
        return False
    return len(request_path) == len(cookie_path) or request_path[len(cookie_path)] == "/"


def expiry_of(max_age: str, expires: float | None, now: float) -> float | None:
    """Return the POSIX time at which a cookie ends; None is the end of the session (§5.7 step 3).

    Args:
        max_age: the Max-Age attribute; it counts more than Expires, unless it is no number.
        expires: time that Expires names, or None.
        now: current POSIX time.
    """
    if not _INTEGER_RE.fullmatch(max_age):
        return expires
    if max_age.startswith("-"):
        return 0.0
    if len(max_age) > _MAX_AGE_DIGITS:
        return LAST_TIME
    seconds = int(max_age)
    return min(now + seconds, LAST_TIME) if seconds else 0.0


def keeps_its_prefix(name: str, value: str, *, secure: bool, host_only: bool, path: str) -> bool:
    """Whether the cookie is what its prefix promises (§5.7 steps 20–22).

    A cookie without a name must not look like one with a prefix when it is sent.
    """
    looks_like = (name or value).lower()
    if not looks_like.startswith(("__secure-", "__host-")):
        return True
    if not name or not secure:
        return False
    return looks_like.startswith("__secure-") or (host_only and path == "/")
