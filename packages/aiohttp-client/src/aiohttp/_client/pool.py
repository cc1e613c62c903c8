"""Who may have a connection, and which one: the arithmetic of the pool.

Pure: connections and tickets are opaque objects, time is an argument, and nothing is closed or
woken here.  The methods return what the connector then has to close or to wake.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
C = TypeVar("C", bound=Hashable)


class Pool(Generic[K, C]):
    """Places for at most ``limit`` connections in use, ``limit_per_host`` of one key; 0: no bound.

    A place is held by a *holder*: first by the ticket of a call that waits for or makes a
    connection, then by the connection itself.  Idle connections hold no place.
    """

    def __init__(self, limit: int, limit_per_host: int) -> None:
        self.limit = limit
        self.limit_per_host = limit_per_host
        # Connections without a call, with the time of their release; the newest is last.
        self.idle: dict[K, deque[tuple[C, float]]] = {}
        # Holders of a place.
        self.acquired: set[object] = set()
        # Holders of a place by key; kept only where there is a bound a key.
        self.acquired_per_host: dict[K, set[object]] = {}
        # Tickets that wait for a place, in the order of their coming.
        self.waiting: OrderedDict[object, K] = OrderedDict()

    def __repr__(self) -> str:
        idle = sum(map(len, self.idle.values()))
        return f"<Pool {len(self.acquired)} in use, {idle} idle, {len(self.waiting)} waiting>"

    # Places…

    def room_for(self, key: K) -> bool:
        """Return whether a further connection for ``key`` is within the bounds."""
        if self.limit and len(self.acquired) >= self.limit:
            return False
        if not self.limit_per_host:
            return True
        return len(self.acquired_per_host.get(key, ())) < self.limit_per_host

    def may_pass(self, key: K) -> bool:
        """Return whether a newcomer may have a place at once: nobody waits for it."""
        if not self.room_for(key):
            return False
        if not self.waiting:
            return True
        # With places left, those who wait do so for their own host only.
        return key not in self.waiting.values()

    def hold(self, key: K, holder: object) -> None:
        """Give ``holder`` a place."""
        self.acquired.add(holder)
        if self.limit_per_host:
            self.acquired_per_host.setdefault(key, set()).add(holder)

    def hand_over(self, key: K, old: object, new: object) -> None:
        """Let ``new`` have the place that ``old`` holds."""
        self.acquired.discard(old)
        self.acquired.add(new)
        if self.limit_per_host and (holders := self.acquired_per_host.get(key)) is not None:
            holders.discard(old)
            holders.add(new)

    def leave(self, key: K, holder: object) -> bool:
        """Free the place of ``holder``; return whether it held one."""
        held = holder in self.acquired
        self.acquired.discard(holder)
        if self.limit_per_host and (holders := self.acquired_per_host.get(key)) is not None:
            holders.discard(holder)
            if not holders:
                del self.acquired_per_host[key]
        return held

    # Waiting…

    def queue(self, key: K, ticket: object) -> None:
        """Let ``ticket`` wait behind everybody who waits already."""
        self.waiting[ticket] = key

    def abandon(self, ticket: object) -> None:
        """Let ``ticket`` wait no longer."""
        self.waiting.pop(ticket, None)

    def admit(self) -> object | None:
        """Give a free place to the first ticket that may have one; return that ticket.

        Without a bound a key this is the first ticket.  With one, tickets whose own host has no
        place are passed over, so that they do not block the others.
        """
        for ticket, key in self.waiting.items():
            if self.room_for(key):
                del self.waiting[ticket]
                self.hold(key, ticket)
                return ticket
            if self.limit and len(self.acquired) >= self.limit:
                return None
        return None

    # Idle connections…

    def keep(self, key: K, connection: C, now: float) -> None:
        """Keep ``connection`` for the next call."""
        self.idle.setdefault(key, deque()).append((connection, now))

    def take(self, key: K, oldest: float, usable: Callable[[C], bool]) -> C | None:
        """Give the freshest connection for ``key`` a place, and return it; ``None`` if it is unfit.

        The short form of `reuse`, for when nobody waits; what is unfit stays for `reuse` to find.
        """
        kept = self.idle.get(key)
        if kept is None or self.waiting or not self.room_for(key):
            return None
        connection, released_at = kept[-1]
        if released_at < oldest or not usable(connection):
            return None
        if len(kept) > 1:
            kept.pop()
        else:
            del self.idle[key]
        self.hold(key, connection)
        return connection

    def reuse(self, key: K, oldest: float, usable: Callable[[C], bool]) -> tuple[C | None, list[C]]:
        """Take the freshest connection for ``key``; return it, and those found unusable on the way.

        ``oldest``: a connection released before this time has expired.
        """
        candidates = self.idle.get(key)
        unusable: list[C] = []
        found: C | None = None
        while candidates:
            connection, released_at = candidates.pop()
            if released_at >= oldest and usable(connection):
                found = connection
                break
            unusable.append(connection)
        if candidates is not None and not candidates:
            del self.idle[key]
        return found, unusable

    def expire(self, oldest: float, usable: Callable[[C], bool]) -> list[C]:
        """Take out, and return, what has been idle since before ``oldest`` or is dead."""
        expired: list[C] = []
        for key, connections in list(self.idle.items()):
            alive: deque[tuple[C, float]] = deque()
            for connection, released_at in connections:
                if released_at >= oldest and usable(connection):
                    alive.append((connection, released_at))
                else:
                    expired.append(connection)
            if alive:
                self.idle[key] = alive
            else:
                del self.idle[key]
        return expired

    def empty(self) -> tuple[list[C], list[object]]:
        """Forget everything; return the idle connections and all holders of a place."""
        idle = [connection for kept in self.idle.values() for connection, _ in kept]
        holders = list(self.acquired)
        self.idle.clear()
        self.acquired.clear()
        self.acquired_per_host.clear()
        return idle, holders
