"""Through which proxy a request goes: decided here, as a value.

Pure: whoever knows the environment hands in how to ask it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from yarl import URL

from aiohttp._values import value_object

if TYPE_CHECKING:
    from .._fields.auth import BasicAuth

# Proxies that CONNECT and absolute-form requests can be sent to.
PROXY_SCHEMES = frozenset({"http", "https"})


@value_object
class ProxyResolution:
    """The way to an origin: ``url`` is the proxy, ``None`` for the direct way."""

    url: URL | None = None
    auth: BasicAuth | None = None


DIRECT = ProxyResolution()

# Looks a URL up in the environment; LookupError when nothing is said there.
EnvironmentLookup = Callable[[URL], "tuple[URL, BasicAuth | None]"]


class ProxyResolver(Protocol):
    """Answers which way leads to a URL."""

    # Whether `resolve` reads files, and so belongs into a thread.
    blocking: bool

    def resolve(self, url: URL) -> ProxyResolution:
        """Return the way to ``url``."""
        ...


class FixedProxy:
    """One way to every origin."""

    blocking = False

    def __init__(self, resolution: ProxyResolution) -> None:
        self._resolution = resolution

    def resolve(self, url: URL) -> ProxyResolution:
        """Return the one way."""
        return self._resolution


class EnvironmentProxy:
    """As the environment says (``HTTP_PROXY``, ``NO_PROXY`` and their kin), else directly."""

    blocking = True

    def __init__(self, lookup: EnvironmentLookup) -> None:
        self._lookup = lookup

    def resolve(self, url: URL) -> ProxyResolution:
        """Return what the environment says."""
        try:
            return ProxyResolution(*self._lookup(url))
        except LookupError:
            return DIRECT
