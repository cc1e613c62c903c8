"""Through which proxy a request goes: decided here, as a value.

Pure: whoever knows the environment hands in how to ask it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attr
from yarl import URL

if TYPE_CHECKING:
    from .._fields.auth import BasicAuth

# Proxies that CONNECT and absolute-form requests can be sent to.
PROXY_SCHEMES = frozenset({"http", "https"})


@attr.s(auto_attribs=True, frozen=True, slots=True)
class ProxyResolution:
    """The way to an origin: ``url`` is the proxy, ``None`` for the direct way."""

    url: URL | None = None
    auth: BasicAuth | None = None


DIRECT = ProxyResolution()

# Answers which way leads to a URL.
ProxyResolver = Callable[[URL], ProxyResolution]

# Looks a URL up in the environment; LookupError when nothing is said there.
EnvironmentLookup = Callable[[URL], "tuple[URL, BasicAuth | None]"]


def always_direct(url: URL) -> ProxyResolution:
    """Go to every origin directly."""
    return DIRECT


def always_through(proxy: URL, auth: BasicAuth | None) -> ProxyResolver:
    """Go to every origin through ``proxy``."""
    resolution = ProxyResolution(proxy, auth)
    return lambda url: resolution


def from_environment(lookup: EnvironmentLookup) -> ProxyResolver:
    """Go as the environment says (``HTTP_PROXY``, ``NO_PROXY`` and their kin), else directly."""

    def resolve(url: URL) -> ProxyResolution:
        try:
            return ProxyResolution(*lookup(url))
        except LookupError:
            return DIRECT

    return resolve
