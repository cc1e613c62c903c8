"""Which way leads to a URL."""

from __future__ import annotations

from yarl import URL

from aiohttp._client.proxies import DIRECT, EnvironmentProxy, FixedProxy, ProxyResolution
from aiohttp._fields.auth import BasicAuth


def test_one_way_for_all() -> None:
    way = ProxyResolution(URL("http://proxy:3128"))
    resolver = FixedProxy(way)
    assert resolver.resolve(URL("http://a/")) is way
    assert not resolver.blocking


def test_the_environment_is_asked_for_each_url() -> None:
    def lookup(url: URL) -> tuple[URL, BasicAuth | None]:
        if url.host == "inside":
            raise LookupError
        return URL("http://proxy"), None

    resolver = EnvironmentProxy(lookup)
    assert resolver.resolve(URL("http://inside/")) is DIRECT
    assert resolver.resolve(URL("http://outside/")) == ProxyResolution(URL("http://proxy"))
    assert resolver.blocking
