"""From the name of a host to its addresses, each name asked for once at a time.

I/O: drives a resolver, a cache, and tasks on the loop.  Knows no connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aiohttp._client.dns_cache import DNSCache
from aiohttp._fields.host import is_canonical_ipv4_address, is_ip_address
from aiohttp.client_exceptions import InvalidUrlClientError

if TYPE_CHECKING:
    import socket

    from aiohttp.abc import AbstractResolver, ResolveResult
    from aiohttp.tracing import Trace

_Addresses = list["ResolveResult"]


class HostLookup:
    """Resolve names with ``resolver``, remembered in ``cache`` (``None``: never)."""

    def __init__(
        self,
        resolver: Callable[[], AbstractResolver],
        cache: DNSCache | None,
        family: socket.AddressFamily,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        # Made when the first name is asked for: many programs only speak to addresses.
        self._resolver = resolver
        self._cache = cache
        self._family = family
        self._loop = loop
        # Look-ups on their way; all who ask for the name meanwhile wait for the same.
        self._running: dict[tuple[str, int], asyncio.Task[_Addresses]] = {}

    async def resolve(self, host: str, port: int, traces: Sequence[Trace] = ()) -> _Addresses:
        """Return the addresses of ``host``; ``OSError`` when it has none.

        Odd spellings of an address (``127.1``, ``2130706433``) are an ``InvalidUrlClientError``:
        systems take them for addresses, which who checks the hosts of URLs does not foresee.
        Being cancelled leaves the look-up going for the others, and for the cache.
        """
        if is_ip_address(host):
            if ":" not in host and not is_canonical_ipv4_address(host):
                raise InvalidUrlClientError(
                    host, "is not a canonical IPv4 address: write four decimal numbers of 0 to 255"
                )
            return [_literal(host, port, self._family)]
        if self._cache is None:
            return await self._ask(host, port, traces)
        key = (host, port)
        if key in self._cache and not self._cache.expired(key):
            addresses = self._cache.next_addrs(key)
            for trace in traces:
                await trace.send_dns_cache_hit(host)
            return addresses
        task = self._running.get(key)
        if task is None:
            for trace in traces:
                await trace.send_dns_cache_miss(host)
            task = self._running.get(key)  # somebody may have begun during the traces
        if task is None:
            task = self._loop.create_task(self._ask_and_keep(key, traces))
            self._running[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        else:
            for trace in traces:
                await trace.send_dns_cache_hit(host)
        await asyncio.shield(task)
        return self._cache.next_addrs(key) if key in self._cache else task.result()

    def _forget(self, key: tuple[str, int], task: asyncio.Task[_Addresses]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()  # who waited has it; when nobody did, nobody has to know

    async def _ask_and_keep(self, key: tuple[str, int], traces: Sequence[Trace]) -> _Addresses:
        addresses = await self._ask(*key, traces)
        if self._cache is not None:
            self._cache.add(key, addresses)
        return addresses

    async def _ask(self, host: str, port: int, traces: Sequence[Trace]) -> _Addresses:
        for trace in traces:
            await trace.send_dns_resolvehost_start(host)
        addresses = await self._resolver().resolve(host, port, family=self._family)
        for trace in traces:
            await trace.send_dns_resolvehost_end(host)
        if not addresses:
            raise OSError(None, f"no address found for {host}")
        return addresses

    def stop(self) -> list[asyncio.Task[_Addresses]]:
        """Cancel what is on its way; return it, to be waited for."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        return running


def _literal(host: str, port: int, family: socket.AddressFamily) -> ResolveResult:
    return {
        "hostname": host,
        "host": host,
        "port": port,
        "family": family,
        "proto": 0,
        "flags": 0,
    }
