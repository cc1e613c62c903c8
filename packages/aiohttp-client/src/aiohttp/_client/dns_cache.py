"""A bounded table of addresses with a time to live.

Pure: the clock is handed in, and nobody is asked for an address here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import cycle, islice
from typing import Generic, TypeVar

from ..abc import ResolveResult

_Key = tuple[str, int]
_Addr = TypeVar("_Addr")


class _Entry(Generic[_Addr]):
    """The addresses of one name, and when they were learnt."""

    __slots__ = ("added_at", "length", "turn")

    def __init__(self, addresses: list[_Addr], added_at: float) -> None:
        self.turn = cycle(addresses)
        self.length = len(addresses)
        self.added_at = added_at


class DNSCache:
    """Addresses by (host, port); at most ``max_size`` names; the one learnt first leaves.

    ``ttl`` is in seconds, ``None`` for ever.
    """

    def __init__(self, ttl: float | None, max_size: int, clock: Callable[[], float]) -> None:
        if max_size <= 0:
            raise ValueError(f"size of the DNS cache; expected at least 1; got {max_size}")
        self._ttl = ttl
        self._max_size = max_size
        self._clock = clock
        self._entries: OrderedDict[_Key, _Entry[ResolveResult]] = OrderedDict()

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, key: _Key, addresses: list[ResolveResult]) -> None:
        """Learn the addresses of ``key``."""
        self._entries[key] = _Entry(addresses, self._clock())
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_size:
            self._entries.popitem(last=False)

    def remove(self, key: _Key) -> None:
        """Forget ``key``, if it is known."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def next_addrs(self, key: _Key) -> list[ResolveResult]:
        """Return all addresses of ``key``, each time beginning with another one: hosts take turns.

        Raises ``KeyError`` when ``key`` is not known.
        """
        entry = self._entries[key]
        addresses = list(islice(entry.turn, entry.length))
        next(entry.turn)  # the next caller begins one further
        return addresses

    def expired(self, key: _Key) -> bool:
        """Return whether what is known of ``key`` is too old to be used."""
        if self._ttl is None:
            return False
        return self._entries[key].added_at + self._ttl < self._clock()
