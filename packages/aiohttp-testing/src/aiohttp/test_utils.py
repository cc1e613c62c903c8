"""Servers, clients and stand-ins for the tests of programs that use aiohttp.

Knows the client and the server by their public names.  The tools that need neither (ports, event
loops) live in rooms of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import unittest
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from yarl import URL

from aiohttp import hdrs
from aiohttp._deprecations import declare, marked
from aiohttp._testing.app_connector import AppConnector
from aiohttp._testing.loops import loop_context, setup_test_loop, teardown_test_loop
from aiohttp._testing.mock_connector import MockCall, MockConnector, UnexpectedRequestError
from aiohttp._testing.mocked import make_mocked_coro, make_mocked_request
from aiohttp._testing.ports import (
    REUSE_ADDRESS,
    get_port_socket,
    get_unused_port_socket,
    unused_port,
)
from aiohttp._testing.responses import make_client_response
from aiohttp.abc import AbstractCookieJar
from aiohttp.client import (
    ClientSession,
    _RequestContextManager,
    _WSRequestContextManager,
)
from aiohttp.client_reqrep import ClientResponse
from aiohttp.client_ws import ClientWebSocketResponse
from aiohttp.cookiejar import CookieJar
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.typedefs import StrOrURL
from aiohttp.web_app import Application
from aiohttp.web_request import BaseRequest, Request
from aiohttp.web_runner import AppRunner, BaseRunner, ServerRunner, SockSite
from aiohttp.web_server import Server

if TYPE_CHECKING:
    from typing_extensions import Self

    from aiohttp._testing.app_connector import AppConnector
from aiohttp._testing.loops import LoopFactory as LoopFactory

__all__ = (
    "EMPTY_PAYLOAD",
    "REUSE_ADDRESS",
    "AioHTTPTestCase",
    "AppConnector",
    "BaseTestServer",
    "MockCall",
    "MockConnector",
    "RawTestServer",
    "TestClient",
    "TestServer",
    "UnexpectedRequestError",
    "get_port_socket",
    "get_unused_port_socket",
    "loop_context",
    "make_client_response",
    "make_mocked_coro",
    "make_mocked_request",
    "setup_test_loop",
    "teardown_test_loop",
    "unittest_run_loop",
    "unused_port",
)

_ApplicationNone = TypeVar("_ApplicationNone", Application, None)
_RequestT = TypeVar("_RequestT", bound=BaseRequest)
_Handler = Callable[[BaseRequest], Coroutine[Any, Any, Any]]
SocketFactory = Callable[[str, int, socket.AddressFamily], socket.socket]

_RUN_LOOP = declare(
    "unittest_run_loop",
    since="3.8",
    instead="nothing; AioHTTPTestCase runs coroutine methods by itself",
    # Test suites filter warnings by these words.
    wording="Decorator `@unittest_run_loop` is no longer needed in aiohttp 3.8+",
)
_GET_APP = declare(
    "AioHTTPTestCase.get_app",
    since="3.0",
    instead="get_application",
)


# Servers ...


class BaseTestServer(ABC):
    """A server on 127.0.0.1 for the time of a test.

    Use it as ``async with TestServer(app) as server:`` or call :meth:`start_server` and
    :meth:`close`.

    Args:
        scheme: ``"http"`` or ``"https"``; by default it follows from ``ssl``.
        host: the address to listen on.
        port: the port; by default the system chooses a free one.
        skip_url_asserts: let :meth:`make_url` accept absolute URLs.
        socket_factory: called with host, port and family, returns the bound socket.
        kwargs: further arguments for the runner; ``ssl`` is the server's ``SSLContext``.
    """

    __test__ = False  # pytest: this is not a test class

    def __init__(
        self,
        *,
        scheme: str = "",
        loop: asyncio.AbstractEventLoop | None = None,
        host: str = "127.0.0.1",
        port: int | None = None,
        skip_url_asserts: bool = False,
        socket_factory: SocketFactory = get_port_socket,
        **kwargs: Any,
    ) -> None:
        # None until the server starts.
        self.runner: BaseRunner | None = None
        self.scheme = scheme
        self.host = host
        self.port = port
        self.skip_url_asserts = skip_url_asserts
        self.socket_factory = socket_factory
        self._root: URL | None = None
        self._closed = False
        self._ssl: ssl.SSLContext | None = None
        self._runner_options = kwargs

    async def start_server(
        self, loop: asyncio.AbstractEventLoop | None = None, **kwargs: Any
    ) -> None:
        """Listen; a second call does nothing.  Options given here win over the constructor's."""
        if self.runner is not None:
            return
        # Nobody is on the way with one more request when a test closes its server.
        quick = {"handler_cancellation": True, "shutdown_grace": 0.0}
        options = {**quick, **self._runner_options, **kwargs}
        self._ssl = options.pop("ssl", None)
        self.scheme = self.scheme or ("http" if self._ssl is None else "https")
        runner = await self._make_runner(**options)
        try:
            await runner.setup()
            await self._listen(runner)
        except BaseException:
            await runner.cleanup()
            raise
        self.runner = runner
        self._root = URL.build(scheme=self.scheme, host=self.host, port=self.port)

    async def _listen(self, runner: BaseRunner) -> None:
        listening = self.socket_factory(self.host, self.port or 0, self._family())
        self.host, self.port = listening.getsockname()[:2]
        await SockSite(runner, sock=listening, ssl_context=self._ssl).start()

    def _family(self) -> socket.AddressFamily:
        with contextlib.suppress(ValueError):
            if ipaddress.ip_address(self.host).version == 6:
                return socket.AF_INET6
        return socket.AF_INET

    @abstractmethod
    async def _make_runner(self, **kwargs: Any) -> BaseRunner:
        """Return the runner that serves; it is not set up yet."""

    def make_url(self, path: StrOrURL) -> URL:
        """Return the URL of a path on this server.

        Raises:
            RuntimeError: the server is not started.
            ValueError: ``path`` is an absolute URL (and ``skip_url_asserts`` is not set).
        """
        if self._root is None:
            raise RuntimeError("the test server has no address yet: await start_server() first")
        url = URL(path)
        if url.absolute and not self.skip_url_asserts:
            raise _AbsoluteURLError(
                f"a test server takes a path such as '/index'; got the absolute URL {url}"
            )
        if url.absolute and url.scheme:
            return url
        # "//a" has a host by the grammar of URLs; here it is a path, for tests of odd ones.
        return URL(str(self._root) + str(path))

    @property
    def started(self) -> bool:
        """Whether the server has been started."""
        return self.runner is not None

    @property
    def closed(self) -> bool:
        """Whether the server has been closed."""
        return self._closed

    @property
    def handler(self) -> Server:
        """The low-level server, which makes a protocol for each connection."""
        if self.runner is None or self.runner.server is None:
            raise RuntimeError("the test server is not started: await start_server() first")
        server: Server = self.runner.server
        return server

    async def close(self) -> None:
        """Stop serving and clean up; a second call does nothing."""
        if self.runner is None or self._closed:
            return
        await self.runner.cleanup()
        self._root = None
        self.port = None
        self._closed = True

    async def __aenter__(self) -> Self:
        await self.start_server()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __enter__(self) -> None:
        raise TypeError("a test server is an asynchronous context manager: use 'async with'")

    def __exit__(self, *exc_info: object) -> None:  # noqa: B027 (`with` looks it up first)
        """Exist so that ``with`` reaches ``__enter__``, which explains."""


class _AbsoluteURLError(ValueError, AssertionError):
    """An absolute URL where a path is wanted; 3.14 raised AssertionError."""


class TestServer(BaseTestServer):
    """Serves a :class:`aiohttp.web.Application`."""

    def __init__(
        self,
        app: Application,
        *,
        scheme: str = "",
        host: str = "127.0.0.1",
        port: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.app = app
        super().__init__(scheme=scheme, host=host, port=port, **kwargs)

    async def _make_runner(self, **kwargs: Any) -> BaseRunner:
        return AppRunner(self.app, **kwargs)


class _MemoryTestServer(TestServer):
    """Serves an application without a socket, to clients with an `AppConnector` to its runner."""

    async def _listen(self, runner: BaseRunner) -> None:
        self.host = "app.test"


class RawTestServer(BaseTestServer):
    """Serves a handler without an application: ``async def handler(request) -> response``."""

    def __init__(
        self,
        handler: _Handler,
        *,
        scheme: str = "",
        host: str = "127.0.0.1",
        port: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._handler = handler
        super().__init__(scheme=scheme, host=host, port=port, **kwargs)

    async def _make_runner(self, debug: bool = True, **kwargs: Any) -> BaseRunner:
        return ServerRunner(Server(self._handler, debug=debug, **kwargs))


# ... and their client


class TestClient(Generic[_RequestT, _ApplicationNone]):
    """A :class:`aiohttp.ClientSession` that speaks to one test server.

    All requests take a path, not a URL.  Responses and WebSockets that the test left open are
    closed with the client, and the server with them.

    Args:
        server: a :class:`TestServer` or :class:`RawTestServer`.
        cookie_jar: by default a jar that accepts cookies from IP addresses.
        kwargs: further arguments for the session.
    """

    __test__ = False  # pytest: this is not a test class

    @overload
    def __init__(
        self: TestClient[Request, Application],
        server: TestServer,
        *,
        cookie_jar: AbstractCookieJar | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        **kwargs: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: TestClient[_RequestT, None],
        server: BaseTestServer,
        *,
        cookie_jar: AbstractCookieJar | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        **kwargs: Any,
    ) -> None: ...

    def __init__(
        self,
        server: BaseTestServer,
        *,
        cookie_jar: AbstractCookieJar | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(server, BaseTestServer):
            raise TypeError(
                f"server must be a TestServer or RawTestServer; got {type(server).__name__}: "
                "wrap an application as TestServer(app)"
            )
        self._server = server
        self._session = ClientSession(
            cookie_jar=CookieJar(unsafe=True) if cookie_jar is None else cookie_jar, **kwargs
        )
        # A test is about what happens the first time.
        self._session._retry_connection = False
        self._responses: list[ClientResponse] = []
        self._websockets: list[ClientWebSocketResponse[Any]] = []
        self._closed = False

    async def start_server(self) -> None:
        """Start the server, if nobody has done so."""
        await self._server.start_server()

    @property
    def host(self) -> str:
        """The address of the server."""
        return self._server.host

    @property
    def port(self) -> int | None:
        """The port of the server; None before it is started."""
        return self._server.port

    @property
    def server(self) -> BaseTestServer:
        """The server that this client speaks to."""
        return self._server

    @property
    def app(self) -> _ApplicationNone:
        """The application under test; None for a :class:`RawTestServer`."""
        return getattr(self._server, "app", None)  # type: ignore[return-value]

    @property
    def session(self) -> ClientSession:
        """The session; use it for requests to other servers."""
        return self._session

    def make_url(self, path: StrOrURL) -> URL:
        """Return the URL of a path on the server."""
        return self._server.make_url(path)

    # Requests

    async def _request(self, method: str, path: StrOrURL, **kwargs: Any) -> ClientResponse:
        response = await self._session.request(method, self.make_url(path), **kwargs)
        self._responses.append(response)
        return response

    def request(self, method: str, path: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a request; arguments as of :meth:`aiohttp.ClientSession.request`."""
        return _RequestContextManager(self._request(method, path, **kwargs))

    def get(self, path: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a GET request."""
        return self.request(hdrs.METH_GET, path, **kwargs)

    def post(self, path: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a POST request."""
        return self.request(hdrs.METH_POST, path, **kwargs)

    def options(self, path: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make an OPTIONS request."""
        return self.request(hdrs.METH_OPTIONS, path, **kwargs)

    def head(self, path: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a HEAD request; like the session's, it does not follow redirects."""
        return self.request(hdrs.METH_HEAD, path, **{"allow_redirects": False, **kwargs})

    def put(self, path: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a PUT request."""
        return self.request(hdrs.METH_PUT, path, **kwargs)

    def patch(self, path: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a PATCH request."""
        return self.request(hdrs.METH_PATCH, path, **kwargs)

    def delete(self, path: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a DELETE request."""
        return self.request(hdrs.METH_DELETE, path, **kwargs)

    @overload
    def ws_connect(
        self, path: StrOrURL, *, decode_text: Literal[True] = ..., **kwargs: Any
    ) -> _WSRequestContextManager: ...

    @overload
    def ws_connect(
        self, path: StrOrURL, *, decode_text: Literal[False], **kwargs: Any
    ) -> _WSRequestContextManager: ...

    @overload
    def ws_connect(
        self, path: StrOrURL, *, decode_text: bool = ..., **kwargs: Any
    ) -> _WSRequestContextManager: ...

    def ws_connect(
        self, path: StrOrURL, *, decode_text: bool = True, **kwargs: Any
    ) -> _WSRequestContextManager:
        """Open a WebSocket; arguments as of :meth:`aiohttp.ClientSession.ws_connect`."""
        return _WSRequestContextManager(self._ws_connect(path, decode_text=decode_text, **kwargs))

    async def _ws_connect(
        self, path: StrOrURL, *, decode_text: bool, **kwargs: Any
    ) -> ClientWebSocketResponse[Any]:
        websocket = await self._session.ws_connect(
            self.make_url(path), decode_text=decode_text, **kwargs
        )
        self._websockets.append(websocket)
        return websocket

    # The end

    async def close(self) -> None:
        """Close what the test left open, the session and the server; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        for response in self._responses:
            response.close()
        for websocket in self._websockets:
            await websocket.close()
        await self._session.close()
        await self._server.close()

    async def __aenter__(self) -> Self:
        await self.start_server()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.close()

    def __enter__(self) -> None:
        raise TypeError("a test client is an asynchronous context manager: use 'async with'")

    def __exit__(self, *exc_info: object) -> None:
        """Exist so that ``with`` reaches ``__enter__``, which explains."""


# unittest


class AioHTTPTestCase(unittest.IsolatedAsyncioTestCase):
    """A test case with ``self.app``, ``self.server`` and ``self.client``.

    Override :meth:`get_application`.  Test methods may be coroutine functions.
    """

    async def get_application(self) -> Application:
        """Return the application to test; override this."""
        return self.get_app()

    @marked("AioHTTPTestCase.get_app: use get_application")
    def get_app(self) -> Application:
        """Return the application to test (deprecated; override :meth:`get_application`)."""
        raise RuntimeError(
            f"{type(self).__name__} says nothing about what to test: "
            "define 'async def get_application(self)'"
        )

    async def asyncSetUp(self) -> None:
        """Start the application, its server and client."""
        self.loop = asyncio.get_running_loop()
        kind = type(self)
        if (
            kind.get_application is AioHTTPTestCase.get_application
            and kind.get_app is not AioHTTPTestCase.get_app
        ):
            _GET_APP.warn()
        self.app = await self.get_application()
        self.server = await self.get_server(self.app)
        self.client = await self.get_client(self.server)
        await self.client.start_server()
        await self.setUpAsync()

    async def asyncTearDown(self) -> None:
        """Close the client and the server."""
        await self.tearDownAsync()
        await self.client.close()

    async def setUpAsync(self) -> None:
        """Prepare more (the older name of ``asyncSetUp``)."""

    async def tearDownAsync(self) -> None:
        """Clean up more (the older name of ``asyncTearDown``)."""

    async def get_server(self, app: Application) -> TestServer:
        """Return the server of the application; override this to configure it."""
        return TestServer(app)

    async def get_client(self, server: TestServer) -> TestClient[Request, Application]:
        """Return the client of the server; override this to configure it."""
        return TestClient(server)


@marked("unittest_run_loop: use nothing; AioHTTPTestCase runs coroutine methods by itself")
def unittest_run_loop(func: Any, *args: Any, **kwargs: Any) -> Any:
    """Return ``func`` as it is (deprecated): :class:`AioHTTPTestCase` runs coroutines by itself."""
    _RUN_LOOP.warn()
    return func
