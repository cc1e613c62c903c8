"""What identifies a request: to its response, and to the pool of connections.  Values."""

from __future__ import annotations

from typing import NamedTuple

from multidict import CIMultiDictProxy
from yarl import URL

from aiohttp._client.tls import SSLOption
from aiohttp._fields.auth import BasicAuth


class _RequestInfo(NamedTuple):
    url: URL
    method: str
    headers: CIMultiDictProxy[str]
    real_url: URL


class RequestInfo(_RequestInfo):
    """The request that a response answers; only ``real_url`` has the fragment."""

    def __new__(
        cls,
        url: URL,
        method: str,
        headers: CIMultiDictProxy[str],
        real_url: URL | None = None,
    ) -> RequestInfo:
        """Make one; ``real_url`` defaults to ``url``."""
        return super().__new__(cls, url, method, headers, url if real_url is None else real_url)


class ConnectionKey(NamedTuple):
    """What two requests must have in common to go over one connection."""

    host: str
    port: int | None
    is_ssl: bool
    ssl: SSLOption
    proxy: URL | None
    proxy_auth: BasicAuth | None
    # Hash of the fields sent to the proxy.
    proxy_headers_hash: int | None
    server_hostname: str | None = None
