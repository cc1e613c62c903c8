"""Keyword arguments of connectors, as type checkers see them: nothing imports this at run time.

A constructor's overloads name these, so that each argument which is deprecated can be marked.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TypedDict

from aiohappyeyeballs import SocketFactoryType

from aiohttp._client.tls import SSLOption
from aiohttp._content_headers import _SENTINEL
from aiohttp.abc import AbstractResolver


class TCPOptions(TypedDict, total=False):
    """What a `TCPConnector` is made with."""

    use_dns_cache: bool
    ttl_dns_cache: int | None
    dns_cache_max_size: int
    family: socket.AddressFamily
    ssl: SSLOption
    local_addr: tuple[str, int] | None
    resolver: AbstractResolver | None
    keepalive_timeout: float | _SENTINEL | None
    force_close: bool
    limit: int
    limit_per_host: int
    enable_cleanup_closed: bool
    loop: asyncio.AbstractEventLoop | None
    timeout_ceil_threshold: float
    happy_eyeballs_delay: float | None
    interleave: int | None
    socket_factory: SocketFactoryType | None


class OldTCPOptions(TCPOptions, total=False):
    """The same, beside deprecated ones."""

    ssl_shutdown_timeout: float | _SENTINEL | None
