"""Connections: the pool of them, and the ways to make one (TCP, Unix socket, named pipe, proxies).

The door.  Connectors carry requests (`BaseConnector.send`); they know nothing of redirects, cookies
or sessions.
"""

from __future__ import annotations

from aiohappyeyeballs import AddrInfoType, SocketFactoryType

from aiohttp._client.tls import Fingerprint
from aiohttp.connector.connection import Connection
from aiohttp.connector.local import NamedPipeConnector, UnixConnector
from aiohttp.connector.pooled import (
    HIGH_LEVEL_SCHEMAS,
    HTTP_SCHEMAS,
    KEEPALIVE_TIMEOUT,
    WS_SCHEMAS,
    BaseConnector,
)
from aiohttp.connector.tcp import TCPConnector, _DNSCacheTable

__all__ = (
    "HIGH_LEVEL_SCHEMAS",
    "HTTP_SCHEMAS",
    "KEEPALIVE_TIMEOUT",
    "WS_SCHEMAS",
    "AddrInfoType",
    "BaseConnector",
    "Connection",
    "Fingerprint",
    "NamedPipeConnector",
    "SocketFactoryType",
    "TCPConnector",
    "UnixConnector",
    "_DNSCacheTable",
)
