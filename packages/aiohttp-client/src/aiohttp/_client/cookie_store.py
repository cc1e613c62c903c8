"""Cookies by domain, path and name, with their limits and ends.  Pure: callers bring the time.

The limits are those of Chrome's cookie store: what is over them goes, least recently used first.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from http.cookies import Morsel, SimpleCookie
from typing import Any

from aiohttp._client import cookie_rules
from aiohttp._values import value_object


@value_object
class Bound:
    """How many cookies are kept at most, and how many are left when there were more."""

    most: int
    quota: int


Place = tuple[str, str]

# One for all stores: what was true of one is not taken to be true of another in its place.
_CHANGES = itertools.count(1)


class StoredCookie:
    """A cookie, and what the jar knows of it."""

    __slots__ = (
        "created",
        "expires",
        "host_only",
        "length",
        "morsel",
        "name",
        "place",
        "sendable",
        "used",
    )

    def __init__(
        self,
        place: Place,
        name: str,
        morsel: Morsel[str],
        sendable: Morsel[str],
        *,
        length: int,
        host_only: bool,
        expires: float | None,
    ) -> None:
        # (domain, path without the slash at its end).
        self.place = place
        self.name = name
        # With all of its attributes, and the same without: that is what a request gets.
        self.morsel = morsel
        self.sendable = sendable
        # Octets of it in a Cookie field.
        self.length = length
        self.host_only = host_only
        # POSIX time; None: the end of the session.
        self.expires = expires
        # Numbers that grow: order of creation (§5.8.3 sorts by it), and of last use.
        self.created = 0
        self.used = 0

    @property
    def secure(self) -> bool:
        return bool(self.morsel["secure"])

    def is_sent_like(self, other: StoredCookie) -> bool:
        """Return whether it goes where ``other`` of the same place and name goes, as the same."""
        return (
            self.sendable.coded_value == other.sendable.coded_value
            and self.secure == other.secure
            and self.host_only == other.host_only
        )


class CookieStore:
    """The cookies of a jar."""

    def __init__(self, per_domain: Bound, total: Bound) -> None:
        self._per_domain = per_domain
        self._total = total
        # What a program sees of it: (domain, path) -> name -> cookie.
        self.view: defaultdict[Place, SimpleCookie] = defaultdict(SimpleCookie)
        # domain -> path -> name -> cookie.
        self._domains: dict[str, dict[str, dict[str, StoredCookie]]] = {}
        self._count = 0
        self._sequence = 0
        # Another number, which no other store has, whenever a request may get other cookies.
        self.changes = next(_CHANGES)
        # No cookie ends before this POSIX time.
        self._next_end = cookie_rules.LAST_TIME

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[StoredCookie]:
        for paths in self._domains.values():
            for names in paths.values():
                yield from names.values()

    # Changing…

    def put(self, cookie: StoredCookie) -> None:
        """Add ``cookie``, in place of the one of the same domain, path and name."""
        domain, path = cookie.place
        names = self._domains.setdefault(domain, {}).setdefault(path, {})
        replaced = names.get(cookie.name)
        self._sequence += 1
        cookie.used = self._sequence
        # §5.7 step 24.3: what replaces a cookie is as old as that.
        cookie.created = replaced.created if replaced else self._sequence
        names[cookie.name] = cookie
        if replaced is None or not cookie.is_sent_like(replaced):
            self.changes = next(_CHANGES)
        dict.__setitem__(self.view[cookie.place], cookie.name, cookie.morsel)
        if cookie.expires is not None:
            self._next_end = min(self._next_end, cookie.expires)
        if replaced is None:
            self._count += 1
            self._make_room(domain)

    def drop(self, place: Place, name: str) -> None:
        """Remove a cookie, if it is there."""
        domain, path = place
        paths = self._domains.get(domain, {})
        names = paths.get(path, {})
        if names.pop(name, None) is None:
            return
        self._count -= 1
        self.changes = next(_CHANGES)
        self.view[place].pop(name, None)
        if not names:
            del paths[path], self.view[place]
        if not paths:
            del self._domains[domain]

    def drop_where(self, condemned: Callable[[StoredCookie], bool]) -> None:
        """Remove the cookies for which ``condemned`` is true."""
        self._drop_all([cookie for cookie in self if condemned(cookie)])

    def _drop_all(self, cookies: Iterable[StoredCookie]) -> None:
        for cookie in cookies:
            self.drop(cookie.place, cookie.name)

    def clear(self) -> None:
        """Remove everything."""
        self._domains.clear()
        self.view.clear()
        self._count = 0
        self.changes = next(_CHANGES)
        self._next_end = cookie_rules.LAST_TIME

    def replace_with(self, other: CookieStore) -> None:
        """Take over what ``other`` holds; views that were handed out show it."""
        self.clear()
        for cookie in sorted(other, key=lambda cookie: cookie.created):
            self.put(cookie)

    def expire(self, now: float) -> None:
        """Remove the cookies that have ended at ``now``; costs nothing before one has."""
        if now < self._next_end:
            return
        self.drop_where(lambda cookie: cookie.expires is not None and cookie.expires <= now)
        ends = [cookie.expires for cookie in self if cookie.expires is not None]
        self._next_end = min(ends, default=cookie_rules.LAST_TIME)

    def _make_room(self, domain: str) -> None:
        # Cookies for every host are the program's own: no server can push them out.
        if domain:
            cookies = [c for names in self._domains[domain].values() for c in names.values()]
            self._purge(cookies, self._per_domain)
        if self._count > self._total.most:
            self._purge([c for c in self if c.place[0]], self._total)

    def _purge(self, cookies: list[StoredCookie], bound: Bound) -> None:
        if len(cookies) <= bound.most:
            return
        # Like Chrome: those that are not Secure go first, and those that are only if they must.
        cookies.sort(key=lambda cookie: (cookie.secure, cookie.used))
        insecure = sum(not cookie.secure for cookie in cookies)
        needed, wanted = len(cookies) - bound.most, len(cookies) - bound.quota
        self._drop_all(cookies[: max(needed, min(wanted, insecure))])

    # Asking…

    def select(self, hostname: str, path: str, *, secure: bool) -> list[StoredCookie]:
        """Return the cookies that go to a request, in the order of §5.8.3.

        Args:
            hostname: host of the request, "" for none.
            path: its path.
            secure: whether Secure cookies may go there.
        """
        found: list[StoredCookie] = []
        for domain in ("", *cookie_rules.parent_domains(hostname)):
            for cookie_path, names in self._domains.get(domain, {}).items():
                if not cookie_rules.path_matches(path, cookie_path):
                    continue
                found += [
                    cookie
                    for cookie in names.values()
                    if (secure or not cookie.secure)
                    and (domain == hostname or not cookie.host_only)
                ]
        found.sort(key=lambda cookie: (-len(cookie.place[1]), cookie.created))
        return found

    def touch(self, cookies: Iterable[StoredCookie]) -> None:
        """Note that ``cookies`` were used."""
        self._sequence += 1
        for cookie in cookies:
            cookie.used = self._sequence

    def host_only(self) -> frozenset[tuple[str, str, str]]:
        """Return (domain, path, name) of the cookies of exactly one host."""
        return frozenset((*cookie.place, cookie.name) for cookie in self if cookie.host_only)


def attributes_of(morsel: Morsel[Any]) -> dict[str, Any]:
    """Return the attributes of ``morsel`` that say something."""
    return {name: value for name, value in morsel.items() if value or value == 0}
