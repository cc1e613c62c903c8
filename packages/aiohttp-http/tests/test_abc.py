"""The interfaces can be implemented, and have the defaults that they promise."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator, Mapping
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from yarl import URL

from aiohttp import abc

NOWHERE = URL()


@pytest.mark.parametrize(
    "interface",
    [
        abc.AbstractAccessLogger,
        abc.AbstractCookieJar,
        abc.AbstractMatchInfo,
        abc.AbstractResolver,
        abc.AbstractRouter,
        abc.AbstractStreamWriter,
        abc.AbstractView,
    ],
)
def test_interfaces_have_no_instances(interface: type) -> None:
    assert inspect.isabstract(interface)


class Jar(abc.AbstractCookieJar):
    stored: Any = None

    @property
    def unsafe(self) -> bool:
        return False

    @property
    def quote_cookie(self) -> bool:
        return True

    @property
    def cookies(self) -> Mapping[tuple[str, str], Mapping[str, Morsel[str]]]:
        return {}

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        return frozenset()

    def clear(self, predicate: Any = None) -> None: ...

    def clear_domain(self, domain: str) -> None: ...

    def update_cookies(self, cookies: Any, response_url: URL = NOWHERE) -> None:
        self.stored = [(name, cookie.value) for name, cookie in cookies], response_url

    def filter_cookies(self, request_url: URL) -> SimpleCookie:
        return SimpleCookie()

    def __iter__(self) -> Iterator[Morsel[str]]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_a_jar_of_ones_own_is_given_parsed_cookies() -> None:
    jar = Jar()
    url = URL("http://example.com/")
    jar.update_cookies_from_headers(["a=b; Path=/", "a=c; Max-Age=3"], url)
    assert jar.stored == ([("a", "b"), ("a", "c")], url)
    jar.stored = None
    jar.update_cookies_from_headers([], url)
    assert jar.stored is None
    assert jar.treat_as_secure_origin == frozenset()


def test_a_router_freezes() -> None:
    class Router(abc.AbstractRouter):
        async def resolve(self, request: Any) -> Any:
            raise NotImplementedError

    router = Router()
    app: Any = object()
    router.post_init(app)
    assert not router.frozen
    router.freeze()
    assert router.frozen


def test_an_access_logger_is_enabled() -> None:
    class Logger(abc.AbstractAccessLogger):
        def log(self, request: Any, response: Any, time: float) -> None:
            raise NotImplementedError

    log = logging.getLogger("x")
    logger = Logger(log, "%a")
    assert (logger.enabled, logger.logger, logger.log_format) == (True, log, "%a")


def test_a_view_keeps_its_request() -> None:
    class View(abc.AbstractView):
        def __await__(self) -> Any:
            raise NotImplementedError

    request: Any = object()
    assert View(request).request is request
