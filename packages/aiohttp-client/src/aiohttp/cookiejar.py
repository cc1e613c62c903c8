"""Cookie jars: what a session keeps of the cookies that servers set (RFC 6265bis).

The rules are in ``_client.cookie_rules``, the shelves in ``_client.cookie_store``, the grammar in
``_fields.cookies``; here is the public face, the clock, and the file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http.cookies import BaseCookie, Morsel, SimpleCookie
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from yarl import URL

from aiohttp._client import cookie_rules
from aiohttp._client.cookie_store import Bound, CookieStore, StoredCookie
from aiohttp._client.request_cookies import RequestCookies
from aiohttp._deprecations import declare, marked
from aiohttp._fields import dates
from aiohttp._fields.cookies import copy_morsel, encode_value, make_morsel, parse_set_cookie_headers
from aiohttp._fields.host import is_ip_address
from aiohttp._late import late_pattern
from aiohttp.abc import AbstractCookieJar, ClearCookiePredicate

if TYPE_CHECKING:
    import asyncio

    from aiohttp._client import cookie_file
    from aiohttp.typedefs import LooseCookies, PathLike, StrOrURL

__all__ = ("CookieJar", "DummyCookieJar")

_STR_URL = declare("a str given to CookieJar.filter_cookies()", since="3.8", instead="a yarl.URL")

_NO_URL = URL()
_SECURE_SCHEMES = frozenset({"https", "wss"})

# Cookies that are kept at most, and that are left when there were more.  Chromium's
# net/cookies/cookie_monster.h: kDomainMaxCookies, kDomainPurgeCookies, kMaxCookies, kPurgeCookies.
_MAX_COOKIES_PER_DOMAIN = 180
_COOKIE_QUOTA_PER_DOMAIN = 150
_MAX_COOKIES_TOTAL = 3300
_COOKIE_QUOTA_TOTAL = 3000

# What one request carries at most: servers refuse a longer field line (8190 octets is Apache's
# LimitRequestFieldSize, and ours), and as many cookies are an accident or an attack.
_MAX_COOKIES_PER_REQUEST = 150
_MAX_COOKIE_HEADER_LENGTH = 8190
_COOKIE_HEADER_PREFIX_LENGTH = len("Cookie: ")

# Control characters, and octets that were no UTF-8 when they came: a head cannot be made of these.
_UNSENDABLE_RE = late_pattern("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


class CookieJar(AbstractCookieJar):
    """Keeps the cookies that servers set, and gives them back to the servers that they belong to.

    Args:
        unsafe: accept cookies of hosts that are IP addresses.
        quote_cookie: quote values that the program sets and that hold spaces, commas or the like;
            what a server sent is given back as it came.
        treat_as_secure_origin: an origin, or several, that get Secure cookies over plain HTTP.
        loop: has no meaning.
    """

    # The productions of RFC 6265 §5.1.1, and the last second that a date can name (POSIX time).
    DATE_TOKENS_RE = dates.COOKIE_TOKEN_RE
    DATE_HMS_TIME_RE = dates.COOKIE_TIME_RE
    DATE_DAY_OF_MONTH_RE = dates.COOKIE_DAY_RE
    DATE_MONTH_RE = dates.COOKIE_MONTH_RE
    DATE_YEAR_RE = dates.COOKIE_YEAR_RE
    MAX_TIME = int(cookie_rules.LAST_TIME)
    SUB_MAX_TIME = MAX_TIME - 1

    # Whether a cookie, and the cookies of a request, may not be longer than servers take.
    _limits_enabled = True

    def __init__(
        self,
        *,
        unsafe: bool = False,
        quote_cookie: bool = True,
        treat_as_secure_origin: StrOrURL | Iterable[StrOrURL] | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(loop=loop)
        self._store = _new_store()
        self._unsafe = unsafe
        self._quote_cookie = quote_cookie
        self._treat_as_secure_origin = _origins(treat_as_secure_origin)

    @property
    def unsafe(self) -> bool:
        return self._unsafe

    @property
    def quote_cookie(self) -> bool:
        return self._quote_cookie

    @property
    def treat_as_secure_origin(self) -> frozenset[URL]:
        return self._treat_as_secure_origin

    @property
    def cookies(self) -> Mapping[tuple[str, str], Mapping[str, Morsel[str]]]:
        return MappingProxyType(self._store.view)

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        return self._store.host_only()

    def __iter__(self) -> Iterator[Morsel[str]]:
        self._store.expire(time.time())
        for cookie in list(self._store):
            yield cookie.morsel

    def __len__(self) -> int:
        # What has ended counts until the jar is next used: asking for the number changes nothing.
        return len(self._store)

    # The file…

    def save(self, file_path: PathLike) -> None:
        """Write the cookies to a file, as JSON; a new file is readable by its owner alone."""
        # Few programs keep their cookies, and old files need pickle.
        from aiohttp._client import cookie_file

        self._store.expire(time.time())
        text = cookie_file.dump(self._store)
        # Not Path.open(), which has no opener.
        with open(file_path, "w", encoding="utf-8", opener=_open_private) as file:
            file.write(text)

    def load(self, file_path: PathLike) -> None:
        """Replace the cookies by those of a file that :meth:`save` wrote.

        Pickles of older releases are read too, by an unpickler that makes nothing but cookies.

        Raises:
            ValueError, pickle.UnpicklingError: it is no such file; the jar is as it was.
        """
        from aiohttp._client import cookie_file

        data = Path(file_path).read_bytes()
        now = time.time()
        loaded = _new_store()
        for saved in cookie_file.parse(data):
            self._restore(loaded, saved, now)
        self._store.replace_with(loaded)

    def _restore(self, store: CookieStore, saved: cookie_file.SavedCookie, now: float) -> None:
        domain, path = saved.place
        morsel = saved.morsel
        if is_ip_address(domain) and not self._unsafe:
            return
        if saved.host_only:
            morsel["domain"] = ""
        if not morsel["path"]:
            morsel["path"] = path or "/"
        expires = _end_of(morsel, now) if saved.expires is None else saved.expires
        hostname = domain.lower() or None
        self._put(
            store, saved.name, morsel, hostname, path, expires=expires, now=now, is_coded=True
        )

    # Dropping…

    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        if predicate is None:
            self._store.clear()
            return
        self._store.expire(time.time())
        self._store.drop_where(lambda cookie: predicate(cookie.morsel))

    def clear_domain(self, domain: str) -> None:
        self._store.drop_where(lambda cookie: cookie_rules.domain_matches(domain, cookie.place[0]))

    # Storing…

    def update_cookies(self, cookies: LooseCookies, response_url: URL = _NO_URL) -> None:
        self._update(_morsels(cookies), response_url)

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        self._update(parse_set_cookie_headers(headers), response_url, from_peer=True)

    def _update(
        self,
        cookies: Iterable[tuple[str, Morsel[str]]],
        response_url: URL,
        *,
        from_peer: bool = False,
    ) -> None:
        hostname = response_url.raw_host
        if hostname is not None and not self._unsafe and is_ip_address(hostname):
            return
        now = time.time()
        for name, morsel in cookies:
            self._put(
                self._store,
                name,
                morsel,
                hostname,
                response_url.raw_path,
                expires=_end_of(morsel, now),
                now=now,
                is_coded=from_peer,
                from_peer=from_peer,
            )
        self._store.expire(now)

    def _put(
        self,
        store: CookieStore,
        name: str,
        morsel: Morsel[str],
        hostname: str | None,
        request_path: str,
        *,
        expires: float | None,
        now: float,
        is_coded: bool,
        from_peer: bool = False,
    ) -> None:
        """Do the steps of RFC 6265bis §5.7 for one cookie."""
        scope = cookie_rules.decide_scope(morsel["domain"] or "", hostname)
        if scope is None:
            return
        path = _path_of(morsel, request_path)
        if from_peer and not cookie_rules.keeps_its_prefix(
            name,
            morsel.value,
            secure=bool(morsel["secure"]),
            host_only=scope.host_only,
            path=path,
        ):
            return
        place = (scope.domain, path.rstrip("/"))
        if expires is not None and expires <= now:
            store.drop(place, name)
            return
        dict.update(morsel, {"domain": scope.domain, "path": path})
        sendable = self._sendable(morsel, is_coded=is_coded)
        if not _can_be_sent(sendable) or (self._limits_enabled and not _fits(sendable)):
            return
        store.put(
            StoredCookie(
                place,
                name,
                morsel,
                sendable,
                length=_length_of(sendable),
                host_only=scope.host_only,
                expires=expires,
            )
        )

    def _sendable(self, morsel: Morsel[str], *, is_coded: bool) -> Morsel[str]:
        """Return what a request gets of a cookie.

        Args:
            morsel: the cookie.
            is_coded: its coded value came from a server, or was sent to one before.
        """
        if not self._quote_cookie:
            coded = morsel.value
        elif is_coded or _is_quoted(morsel.coded_value):
            coded = morsel.coded_value
        else:
            coded = encode_value(morsel.value)
        return make_morsel(morsel.key, morsel.value, coded)

    # Sending…

    @overload
    def filter_cookies(self, request_url: URL = _NO_URL) -> BaseCookie[str]: ...

    @overload
    @marked("a str given to CookieJar.filter_cookies(): use a yarl.URL")
    def filter_cookies(self, request_url: str) -> BaseCookie[str]: ...

    def filter_cookies(self, request_url: str | URL = _NO_URL) -> BaseCookie[str]:
        if not isinstance(request_url, URL):
            _STR_URL.warn()
            request_url = URL(request_url)
        store = self._store
        store.expire(time.time())
        if not len(store):
            return RequestCookies()
        hostname = request_url.raw_host or ""
        if is_ip_address(hostname) and not self._unsafe:
            hostname = ""
        secure = request_url.scheme in _SECURE_SCHEMES or self._is_trusted(request_url)
        selected = store.select(hostname, request_url.raw_path, secure=secure)
        if self._limits_enabled:
            selected = _within_limits(selected)
        store.touch(selected)
        # Setting one of these makes a new Morsel: the jar's own stays as it is.
        return RequestCookies([cookie.sendable for cookie in selected])

    def state(self) -> int:
        """Drop what has ended; return a number that is another one when requests get other cookies.

        What `filter_cookies` said of a URL holds as long as this is the same.
        """
        self._store.expire(time.time())
        return self._store.changes

    def _is_trusted(self, url: URL) -> bool:
        return (
            bool(self._treat_as_secure_origin)
            and url.absolute
            and url.origin() in self._treat_as_secure_origin
        )


class UnlimitedCookieJar(CookieJar):
    """The cookies that a program gives for one call: how many they are is its own business."""

    _limits_enabled = False


class DummyCookieJar(AbstractCookieJar):
    """Keeps no cookies: for sessions that are not to have any."""

    def __iter__(self) -> Iterator[Morsel[str]]:
        return iter(())

    def __len__(self) -> int:
        return 0

    @property
    def unsafe(self) -> bool:
        return False

    @property
    def quote_cookie(self) -> bool:
        return True

    @property
    def cookies(self) -> Mapping[tuple[str, str], Mapping[str, Morsel[str]]]:
        return MappingProxyType({})

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        return frozenset()

    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        """There is nothing to drop."""

    def clear_domain(self, domain: str) -> None:
        """There is nothing to drop."""

    def update_cookies(self, cookies: LooseCookies, response_url: URL = _NO_URL) -> None:
        """Store nothing."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Store nothing, and parse nothing."""

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        return SimpleCookie()


def needs_no_asking(jar: AbstractCookieJar) -> bool:
    """Return whether ``jar`` is one of ours, just as it is, and has nothing for any request."""
    return type(jar) in _OURS and not len(jar) and "filter_cookies" not in vars(jar)


_OURS = frozenset({CookieJar, UnlimitedCookieJar, DummyCookieJar})


# --- Small decisions of the jar ---


def _new_store() -> CookieStore:
    return CookieStore(
        per_domain=Bound(_MAX_COOKIES_PER_DOMAIN, _COOKIE_QUOTA_PER_DOMAIN),
        total=Bound(_MAX_COOKIES_TOTAL, _COOKIE_QUOTA_TOTAL),
    )


def _origins(given: StrOrURL | Iterable[StrOrURL] | None) -> frozenset[URL]:
    if given is None:
        return frozenset()
    if isinstance(given, str | URL):
        given = (given,)
    return frozenset(URL(one).origin() for one in given)


def _open_private(path: str, flags: int) -> int:
    # The mode counts for a new file only; one that is there keeps its own.
    return os.open(path, flags, 0o600)


def _morsels(cookies: LooseCookies) -> Iterator[tuple[str, Morsel[str]]]:
    """Yield copies of what the program gives: its Morsels stay as they are."""
    pairs: Any = cookies.items() if isinstance(cookies, Mapping) else cookies
    for name, value in pairs:
        if isinstance(value, Morsel):
            yield name, copy_morsel(value)
        else:
            jar: SimpleCookie = SimpleCookie()
            jar[name] = value
            yield name, jar[name]


def _is_quoted(coded: str) -> bool:
    return len(coded) > 1 and coded[0] == coded[-1] == '"'


def _path_of(morsel: Morsel[str], request_path: str) -> str:
    path: str = morsel["path"] or ""
    if not path.startswith("/"):
        return cookie_rules.default_path(request_path)
    # Requests are compared in their encoded form.
    return path if path.isascii() else URL.build(path=path).raw_path


def _end_of(morsel: Morsel[str], now: float) -> float | None:
    expires = None
    if text := morsel["expires"]:
        moment = dates.parse_cookie_date(str(text))
        if moment is None:
            morsel["expires"] = ""
        else:
            expires = moment.timestamp()
    max_age = str(morsel["max-age"]) if morsel["max-age"] != "" else ""
    end = cookie_rules.expiry_of(max_age, expires, now)
    if max_age and end is expires:
        morsel["max-age"] = ""
    return end


def _can_be_sent(cookie: Morsel[str]) -> bool:
    text = f"{cookie.key}={cookie.coded_value}"
    # A cookie of a file, or of the program, may hold what would end the header.
    return not _UNSENDABLE_RE.search(text)


def _fits(cookie: Morsel[str]) -> bool:
    return _length_of(cookie) <= _MAX_COOKIE_HEADER_LENGTH - _COOKIE_HEADER_PREFIX_LENGTH


def _length_of(cookie: Morsel[str]) -> int:
    text = f"{cookie.key}={cookie.coded_value}"
    return len(text) if text.isascii() else len(text.encode())


def _within_limits(cookies: list[StoredCookie]) -> list[StoredCookie]:
    """Return the first of ``cookies`` that one Cookie field may hold."""
    room = _MAX_COOKIE_HEADER_LENGTH - _COOKIE_HEADER_PREFIX_LENGTH
    kept: list[StoredCookie] = []
    for cookie in cookies:
        # "; " stands between two.
        length = cookie.length + (2 if kept else 0)
        if length > room or len(kept) == _MAX_COOKIES_PER_REQUEST:
            continue
        room -= length
        kept.append(cookie)
    return kept
