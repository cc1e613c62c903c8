"""The interfaces that a program may implement itself, and nothing else.

No implementation lives here: an access logger, a cookie jar, a resolver, a router, a view or a
stream writer of one's own subclasses one of these.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any, TypedDict

from yarl import URL

from aiohttp.typedefs import LooseCookies

if TYPE_CHECKING:
    import asyncio
    import logging
    from http.cookies import BaseCookie as BaseCookie
    from http.cookies import Morsel as Morsel

    from multidict import CIMultiDict

    from aiohttp.web_app import Application
    from aiohttp.web_exceptions import HTTPException
    from aiohttp.web_request import BaseRequest, Request
    from aiohttp.web_response import StreamResponse

    IterableBase = Iterable[Morsel[str]]
else:
    IterableBase = Iterable

ClearCookiePredicate = Callable[["Morsel[str]"], bool]

_NO_URL = URL()

# --- Server ---


class AbstractRouter(ABC):
    """Finds who handles a request."""

    def __init__(self) -> None:
        self._frozen = False

    def post_init(self, app: Application) -> None:  # noqa: B027 - optional
        """Called once with the application that owns the router; does nothing by default."""

    @property
    def frozen(self) -> bool:
        """Whether the routes can no longer be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Forbid further changes of the routes."""
        self._frozen = True

    @abstractmethod
    async def resolve(self, request: Request) -> AbstractMatchInfo:
        """Return who handles ``request``; a miss is a match info that carries an HTTP exception."""


class AbstractMatchInfo(ABC):
    """What a router found for a request."""

    __slots__ = ()

    @property
    @abstractmethod
    def handler(self) -> Callable[[Request], Awaitable[StreamResponse]]:
        """The coroutine function that handles the request."""

    @property
    @abstractmethod
    def expect_handler(self) -> Callable[[Request], Awaitable[StreamResponse | None]]:
        """The coroutine function that answers ``Expect`` (RFC 9110 §10.1.1)."""

    @property
    @abstractmethod
    def http_exception(self) -> HTTPException | None:
        """The error to raise when nothing matched, else None."""

    @abstractmethod
    def get_info(self) -> dict[str, Any]:
        """Facts about the match, for introspection."""

    @property
    @abstractmethod
    def apps(self) -> tuple[Application, ...]:
        """The nested applications that lead to the handler, outermost first."""

    @abstractmethod
    def add_app(self, app: Application) -> None:
        """Put ``app`` in front of :attr:`apps`; only before :meth:`freeze`."""

    @abstractmethod
    def freeze(self) -> None:
        """Forbid further changes; called once the outermost application resolved the request."""


class AbstractView(ABC):
    """A handler that is a class: awaiting an instance handles the request."""

    def __init__(self, request: Request) -> None:
        self._request = request

    @property
    def request(self) -> Request:
        """The request to handle."""
        return self._request

    @abstractmethod
    def __await__(self) -> Generator[None, None, StreamResponse]:
        """Handle the request and return the response."""


class AbstractAccessLogger(ABC):
    """Writes one record a request."""

    __slots__ = ("log_format", "logger")

    def __init__(self, logger: logging.Logger, log_format: str) -> None:
        self.logger = logger
        self.log_format = log_format

    @abstractmethod
    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """Write the record; ``time`` is how long the request took, in seconds."""

    @property
    def enabled(self) -> bool:
        """Whether :meth:`log` is to be called at all."""
        return True


# --- Client ---


class ResolveResult(TypedDict):
    """One address of a host, in the terms of :func:`socket.getaddrinfo`."""

    # The name that was asked for.
    hostname: str
    # The address, as text.
    host: str
    port: int
    # socket.AddressFamily, protocol number, and AI_* flags.
    family: int
    proto: int
    flags: int


class AbstractResolver(ABC):
    """Turns host names into addresses."""

    @abstractmethod
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``.

        Args:
            host: the name.
            port: put into each result.
            family: AF_INET, AF_INET6, or AF_UNSPEC for both.

        Raises:
            OSError: there are none.
        """

    @abstractmethod
    async def close(self) -> None:
        """Give back what the resolver holds."""


class AbstractCookieJar(Sized, IterableBase):
    """Keeps the cookies of a session (RFC 6265 §5.3, §5.4)."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop | None = None) -> None:
        # Accepted for old callers; a jar needs no loop.
        self._loop = loop

    @property
    @abstractmethod
    def unsafe(self) -> bool:
        """Whether cookies of hosts that are IP addresses are accepted."""

    @property
    @abstractmethod
    def quote_cookie(self) -> bool:
        """Whether values that need it are quoted when they are sent."""

    @property
    def treat_as_secure_origin(self) -> frozenset[URL]:
        """Origins that get ``Secure`` cookies although they are not https."""
        return frozenset()

    @property
    @abstractmethod
    def cookies(self) -> Mapping[tuple[str, str], Mapping[str, Morsel[str]]]:
        """The cookies by (domain, path) and name, read-only."""

    @property
    @abstractmethod
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        """(domain, path, name) of the cookies that go to exactly the host that set them."""

    @abstractmethod
    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        """Drop the cookies for which ``predicate`` is true; None drops all."""

    @abstractmethod
    def clear_domain(self, domain: str) -> None:
        """Drop the cookies of ``domain`` and of its subdomains."""

    @abstractmethod
    def update_cookies(self, cookies: LooseCookies, response_url: URL = _NO_URL) -> None:
        """Store ``cookies`` as if ``response_url`` had set them; without it they go everywhere."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Store what the ``Set-Cookie`` fields of a response say."""
        # Not at the top: the vocabulary does not need the cookie grammar to be imported.
        from aiohttp._fields.cookies import parse_set_cookie_headers

        if cookies := parse_set_cookie_headers(headers):
            self.update_cookies(cookies, response_url)

    @abstractmethod
    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        """Return the cookies to send with a request of ``request_url``."""


# --- Both roles ---


class AbstractStreamWriter(ABC):
    """Writes the body of a message."""

    # Empty, so that a writer may have slots.
    __slots__ = ()

    # Bytes not yet handed to the transport, bytes handed to it, and body bytes still allowed by
    # Content-Length (None: any number).
    buffer_size: int = 0
    output_size: int = 0
    length: int | None = 0
    # Told (bytes written, bytes in all) after each write of a body, where the writer supports it.
    on_body_write: Callable[[int, int], None] | None = None

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport below, if there is one."""
        return None

    @abstractmethod
    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Write a piece of the body."""

    @abstractmethod
    async def write_eof(self, chunk: bytes = b"") -> None:
        """Write the last piece and end the body."""

    @abstractmethod
    async def drain(self) -> None:
        """Wait until the transport takes more."""

    @abstractmethod
    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Compress the body; ``strategy`` is zlib's, None its default."""

    @abstractmethod
    def enable_chunking(self) -> None:
        """Send the body in the chunked transfer coding (RFC 9112 §7.1)."""

    @abstractmethod
    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        """Write the head; it may be held back to leave together with the body."""

    def send_headers(self) -> None:  # noqa: B027 - optional
        """Send a head that was held back, where the writer holds heads back."""
