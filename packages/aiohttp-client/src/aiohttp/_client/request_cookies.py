"""The cookies of one request, and the Cookie field that they make (RFC 6265bis §5.8.3).  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http.cookies import Morsel, SimpleCookie
from typing import TYPE_CHECKING, Any

from aiohttp._fields.cookies import format_cookie_header, parse_cookie_header

if TYPE_CHECKING:
    from aiohttp.typedefs import LooseCookies


class RequestCookies(SimpleCookie):
    """The cookies of one request, by name; of equal names the one that the server gets first.

    ``ordered()`` has all of them, in the order of RFC 6265bis §5.8.3.
    """

    def __init__(self, cookies: Iterable[Morsel[str]] = ()) -> None:
        super().__init__()
        self._sequence = tuple(cookies)
        for cookie in self._sequence:
            if cookie.key not in self:
                dict.__setitem__(self, cookie.key, cookie)

    def __setitem__(self, name: str, value: str | Morsel[str]) -> None:
        """Set a cookie; unlike the base class, a new one, that leaves the old one as it is."""
        self.pop(name, None)
        super().__setitem__(name, value)

    def ordered(self) -> list[Morsel[str]]:
        """Return the cookies in sending order; what was set afterwards replaces and comes last."""
        known = {id(cookie) for cookie in self._sequence}
        changed = {name for name, cookie in self.items() if id(cookie) not in known}
        kept = [c for c in self._sequence if c.key in self and c.key not in changed]
        return kept + [self[name] for name in self if name in changed]


def cookie_header(present: str, cookies: LooseCookies) -> str:
    """Return the Cookie value that has ``cookies`` too.

    Args:
        present: the value so far, or "".
        cookies: what is added; it replaces cookies of the same names.
    """
    added = cookies.ordered() if isinstance(cookies, RequestCookies) else _morsels(cookies)
    if not present:
        return format_cookie_header(added)
    names = {cookie.key for cookie in added}
    kept = [cookie for name, cookie in parse_cookie_header(present) if name not in names]
    return format_cookie_header((*kept, *added))


def _morsels(cookies: LooseCookies) -> list[Morsel[Any]]:
    pairs: Any = cookies.items() if isinstance(cookies, Mapping) else cookies
    jar: SimpleCookie = SimpleCookie()
    for name, value in pairs:
        # A Morsel knows its own quoting; anything else is quoted where it must be.
        if isinstance(value, Morsel):
            dict.__setitem__(jar, name, value)
        else:
            # Not the base method, which would change a Morsel of the caller's in its place.
            dict.pop(jar, name, None)
            jar[name] = value
    return list(jar.values())
