"""The table of addresses, by a clock of the test's."""

from __future__ import annotations

import pytest

from aiohttp._client.dns_cache import DNSCache
from aiohttp.abc import ResolveResult


def address(host: str) -> ResolveResult:
    return {"hostname": "name", "host": host, "port": 80, "family": 2, "proto": 6, "flags": 0}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_hosts_take_turns() -> None:
    cache = DNSCache(None, 10, Clock())
    one, two, three = (address(f"10.0.0.{n}") for n in (1, 2, 3))
    cache.add(("name", 80), [one, two, three])
    assert cache.next_addrs(("name", 80)) == [one, two, three]
    assert cache.next_addrs(("name", 80)) == [two, three, one]
    assert cache.next_addrs(("name", 80)) == [three, one, two]


def test_expiry() -> None:
    clock = Clock()
    cache = DNSCache(10, 10, clock)
    cache.add(("name", 80), [address("10.0.0.1")])
    clock.now = 10
    assert not cache.expired(("name", 80))
    clock.now = 10.1
    assert cache.expired(("name", 80))


def test_for_ever() -> None:
    clock = Clock()
    cache = DNSCache(None, 10, clock)
    cache.add(("name", 80), [address("10.0.0.1")])
    clock.now = 1e9
    assert not cache.expired(("name", 80))


def test_it_is_bounded() -> None:
    cache = DNSCache(None, 2, Clock())
    for port in (1, 2, 1, 3):
        cache.add(("name", port), [address("10.0.0.1")])
    assert len(cache) == 2
    assert ("name", 2) not in cache
    cache.remove(("name", 1))
    cache.clear()
    assert len(cache) == 0


def test_a_cache_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        DNSCache(None, 0, Clock())
