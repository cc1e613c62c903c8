"""Runners own a server from its setup to its last connection; sites let it listen somewhere.

The order of a graceful shutdown is told here, in `BaseRunner.cleanup()`. This file does not know
how a connection ends, nor what an application is beyond what it must be told at start and end.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypedDict, overload

from yarl import URL

from aiohttp._deprecations import declare, marked
from aiohttp.abc import AbstractAccessLogger
from aiohttp.web_app import Application
from aiohttp.web_log import AccessLogger
from aiohttp.web_server import Server

if TYPE_CHECKING:
    import os
    from ssl import SSLContext

    from typing_extensions import Unpack

    class _SiteOptions(TypedDict, total=False):
        """What a site is made with, beside the place where it listens."""

        ssl_context: SSLContext | None
        backlog: int

    class _TCPSiteOptions(_SiteOptions, total=False):
        """The same, of a TCP port."""

        reuse_address: bool | None
        reuse_port: bool | None


__all__ = (
    "AppRunner",
    "BaseRunner",
    "BaseSite",
    "GracefulExit",
    "NamedPipeSite",
    "ServerRunner",
    "SockSite",
    "TCPSite",
    "UnixSite",
)

# How long handlers at work have when the server shuts down, in seconds. As long as the default
# `proxy_read_timeout` of nginx: whoever waits longer has been given up in front.
_SHUTDOWN_TIMEOUT = 60.0

# Seconds: more than nothing, so that a timer is made, and less than a round of the loop takes.
_A_ROUND = 1e-9

_SITE_TIMEOUT = declare(
    "shutdown_timeout argument of a site",
    since="3.9",
    instead="shutdown_timeout of the runner",
    why="all sites of a runner share its connections",
)


class GracefulExit(SystemExit):
    """Leave the loop and shut down in order: what SIGINT and SIGTERM raise under `run_app()`."""

    code = 1


def _raise_graceful_exit() -> None:
    raise GracefulExit


# Sites…


class BaseSite(ABC):
    """One place where the server of a runner listens.

    Make it after `runner.setup()`; `start()` begins to listen. Stopping a site leaves the
    connections that it has accepted open: they end with the runner.

    Args:
        runner: whose server is to listen.
        ssl_context: serve TLS.
        backlog: connections that the kernel may queue until they are accepted.

    Raises:
        RuntimeError: the runner has not been set up.
    """

    __slots__ = ("_backlog", "_runner", "_server", "_ssl_context")

    @overload
    def __init__(self, runner: BaseRunner, **options: Unpack[_SiteOptions]) -> None: ...

    @overload
    @marked("shutdown_timeout argument of a site: use shutdown_timeout of the runner")
    def __init__(
        self, runner: BaseRunner, *, shutdown_timeout: float, **options: Unpack[_SiteOptions]
    ) -> None: ...

    def __init__(
        self,
        runner: BaseRunner,
        *,
        shutdown_timeout: float = _SHUTDOWN_TIMEOUT,
        ssl_context: SSLContext | None = None,
        backlog: int = 128,
    ) -> None:
        if runner.server is None:
            raise RuntimeError(
                f"{type(self).__name__}: the runner has no server; await runner.setup() before"
            )
        if shutdown_timeout != _SHUTDOWN_TIMEOUT:
            _SITE_TIMEOUT.warn(stacklevel=3)
        self._runner = runner
        self._ssl_context = ssl_context
        self._backlog = backlog
        # Set while the site listens.
        self._server: asyncio.AbstractServer | None = None

    @property
    @abstractmethod
    def name(self) -> str:
        """The site's address, as a URL."""

    @abstractmethod
    async def start(self) -> None:
        """Begin to listen; an implementation calls this one first."""
        self._runner._reg_site(self)

    async def stop(self) -> None:
        """Listen no more."""
        self._runner._check_site(self)
        if self._server is not None:
            self._server.close()
        self._runner._unreg_site(self)

    def _accepting(self) -> Server:
        """Return the runner's server, the factory of connections."""
        server = self._runner.server
        if server is None:
            raise RuntimeError(f"{self!r}: the runner was cleaned up; make a new one")
        return server

    @property
    def _scheme(self) -> str:
        return "https" if self._ssl_context else "http"


class TCPSite(BaseSite):
    """Listen on a TCP port.

    Args:
        host: name or address; None or an empty string: all interfaces.
        port: 0 lets the system choose, see `port`. Default 8080, with TLS 8443.
        reuse_address: allow a port that a closed connection still lingers on; default: as the
            system does.
        reuse_port: allow several processes to listen on the port.
    """

    __slots__ = ("_bound_port", "_host", "_port", "_reuse_address", "_reuse_port")

    @overload
    def __init__(
        self,
        runner: BaseRunner,
        host: str | None = None,
        port: int | None = None,
        **options: Unpack[_TCPSiteOptions],
    ) -> None: ...

    @overload
    @marked("shutdown_timeout argument of a site: use shutdown_timeout of the runner")
    def __init__(
        self,
        runner: BaseRunner,
        host: str | None = None,
        port: int | None = None,
        *,
        shutdown_timeout: float,
        **options: Unpack[_TCPSiteOptions],
    ) -> None: ...

    def __init__(
        self,
        runner: BaseRunner,
        host: str | None = None,
        port: int | None = None,
        *,
        shutdown_timeout: float = _SHUTDOWN_TIMEOUT,
        ssl_context: SSLContext | None = None,
        backlog: int = 128,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
    ) -> None:
        super().__init__(
            runner, shutdown_timeout=shutdown_timeout, ssl_context=ssl_context, backlog=backlog
        )
        self._host = host
        self._port = port if port is not None else 8443 if ssl_context else 8080
        # The port that the system chose, once it has.
        self._bound_port: int | None = None
        self._reuse_address = reuse_address
        self._reuse_port = reuse_port

    @property
    def port(self) -> int:
        """The port that the site listens on, or will."""
        return self._port if self._bound_port is None else self._bound_port

    @property
    def name(self) -> str:
        """The site's address, such as `http://127.0.0.1:8080`."""
        host = self._host or "0.0.0.0"
        return str(URL.build(scheme=self._scheme, host=host, port=self.port))

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the port is taken or not allowed, or the host has no address here.
        """
        await super().start()
        self._server = server = await asyncio.get_event_loop().create_server(
            self._accepting(),
            self._host,
            self._port,
            ssl=self._ssl_context,
            backlog=self._backlog,
            reuse_address=self._reuse_address,
            reuse_port=self._reuse_port,
        )
        if self._port == 0 and server.sockets:
            self._bound_port = server.sockets[0].getsockname()[1]


class UnixSite(BaseSite):
    """Listen on a Unix socket.

    Args:
        path: of the socket; one that begins with a zero byte is an abstract one (Linux).
    """

    __slots__ = ("_path",)

    @overload
    def __init__(
        self, runner: BaseRunner, path: str | os.PathLike[str], **options: Unpack[_SiteOptions]
    ) -> None: ...

    @overload
    @marked("shutdown_timeout argument of a site: use shutdown_timeout of the runner")
    def __init__(
        self,
        runner: BaseRunner,
        path: str | os.PathLike[str],
        *,
        shutdown_timeout: float,
        **options: Unpack[_SiteOptions],
    ) -> None: ...

    def __init__(
        self,
        runner: BaseRunner,
        path: str | os.PathLike[str],
        *,
        shutdown_timeout: float = _SHUTDOWN_TIMEOUT,
        ssl_context: SSLContext | None = None,
        backlog: int = 128,
    ) -> None:
        super().__init__(
            runner, shutdown_timeout=shutdown_timeout, ssl_context=ssl_context, backlog=backlog
        )
        self._path = path

    @property
    def name(self) -> str:
        """The site's address, such as `http://unix:/run/app.sock:`."""
        return f"{self._scheme}://unix:{self._path}:"

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the socket cannot be made there.
        """
        await super().start()
        self._server = await asyncio.get_running_loop().create_unix_server(
            self._accepting(),
            self._path,
            ssl=self._ssl_context,
            backlog=self._backlog,
        )


class NamedPipeSite(BaseSite):
    r"""Listen on a named pipe of Windows.

    Args:
        path: such as ``\\.\pipe\app``.

    Raises:
        RuntimeError: the running loop is not a proactor loop.
    """

    __slots__ = ("_path",)

    @overload
    def __init__(self, runner: BaseRunner, path: str) -> None: ...

    @overload
    @marked("shutdown_timeout argument of a site: use shutdown_timeout of the runner")
    def __init__(self, runner: BaseRunner, path: str, *, shutdown_timeout: float) -> None: ...

    def __init__(
        self, runner: BaseRunner, path: str, *, shutdown_timeout: float = _SHUTDOWN_TIMEOUT
    ) -> None:
        proactor = getattr(asyncio, "ProactorEventLoop", None)
        if proactor is None or not isinstance(asyncio.get_running_loop(), proactor):
            raise RuntimeError("Named Pipes only available in proactor loop under windows")
        super().__init__(runner, shutdown_timeout=shutdown_timeout)
        self._path = path

    @property
    def name(self) -> str:
        """The path of the pipe."""
        return self._path

    async def start(self) -> None:
        """Begin to listen."""
        await super().start()
        loop: Any = asyncio.get_running_loop()
        servers = await loop.start_serving_pipe(self._accepting(), self._path)
        self._server = servers[0]


class SockSite(BaseSite):
    """Listen on a socket that is already bound.

    Args:
        sock: TCP or Unix; it belongs to the site from here on.
    """

    __slots__ = ("_name", "_sock")

    @overload
    def __init__(
        self, runner: BaseRunner, sock: socket.socket, **options: Unpack[_SiteOptions]
    ) -> None: ...

    @overload
    @marked("shutdown_timeout argument of a site: use shutdown_timeout of the runner")
    def __init__(
        self,
        runner: BaseRunner,
        sock: socket.socket,
        *,
        shutdown_timeout: float,
        **options: Unpack[_SiteOptions],
    ) -> None: ...

    def __init__(
        self,
        runner: BaseRunner,
        sock: socket.socket,
        *,
        shutdown_timeout: float = _SHUTDOWN_TIMEOUT,
        ssl_context: SSLContext | None = None,
        backlog: int = 128,
    ) -> None:
        super().__init__(
            runner, shutdown_timeout=shutdown_timeout, ssl_context=ssl_context, backlog=backlog
        )
        self._sock = sock
        address = sock.getsockname()
        if sock.family == getattr(socket, "AF_UNIX", None):
            self._name = f"{self._scheme}://unix:{address}:"
        else:
            host, port = address[:2]
            self._name = str(URL.build(scheme=self._scheme, host=host, port=port))

    @property
    def name(self) -> str:
        """The address that the socket is bound to."""
        return self._name

    async def start(self) -> None:
        """Begin to listen."""
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(
            self._accepting(), sock=self._sock, ssl=self._ssl_context, backlog=self._backlog
        )


# Runners…


class BaseRunner(ABC):
    """Own a server: `setup()`, then sites, at last `cleanup()`.

    Args:
        handle_signals: let SIGINT and SIGTERM raise `GracefulExit` in the loop.
        shutdown_timeout: seconds that handlers at work have when the server shuts down, before they
            are cancelled.
        kwargs: settings of the server.
    """

    __slots__ = ("_handle_signals", "_kwargs", "_server", "_shutdown_timeout", "_sites")

    def __init__(
        self,
        *,
        handle_signals: bool = False,
        shutdown_timeout: float = _SHUTDOWN_TIMEOUT,
        **kwargs: Any,
    ) -> None:
        self._handle_signals = handle_signals
        self._kwargs = kwargs
        # Set between setup() and cleanup().
        self._server: Server | None = None
        # The sites that listen, in order of their start.
        self._sites: list[BaseSite] = []
        self._shutdown_timeout = shutdown_timeout

    @property
    def server(self) -> Server | None:
        """The server, between `setup()` and `cleanup()`."""
        return self._server

    @property
    def addresses(self) -> list[Any]:
        """What `socket.getsockname()` tells of the sockets that the sites listen on."""
        return [
            listening.getsockname()
            for site in self._sites
            for listening in getattr(site._server, "sockets", None) or ()
        ]

    @property
    def sites(self) -> set[BaseSite]:
        """The sites that listen."""
        return set(self._sites)

    async def setup(self) -> None:
        """Make the server; sites may be made and started then."""
        if self._handle_signals:
            loop = asyncio.get_running_loop()
            try:
                loop.add_signal_handler(signal.SIGINT, _raise_graceful_exit)
                loop.add_signal_handler(signal.SIGTERM, _raise_graceful_exit)
            except NotImplementedError:
                pass  # Windows: KeyboardInterrupt comes instead
        self._server = await self._make_server()

    async def cleanup(self) -> None:
        """Shut down gracefully: no request that was accepted is lost while there is time for it.

        The steps:

        1. The sites stop listening, when what waits in their queues is accepted.
        2. Each connection is told that its next response is the last. An idle one is closed when no
           request has come within the grace time.
        3. `shutdown()`: the application tells those handlers that would go on for ever.
        4. Handlers at work have `shutdown_timeout` seconds; WebSockets are closed with 1001.
        5. Those left over are cancelled.
        6. The application cleans up.

        The seventh, cancelling tasks that are left in the loop, is `run_app()`'s.
        """
        # What waits in the kernel's queues is accepted in the loop's next round. Timers come after
        # the sockets of a round, and asyncio drops a connection that it has accepted but not yet
        # begun to make when its listener is closed.
        await asyncio.sleep(_A_ROUND)
        for site in list(self._sites):
            await site.stop()
        server = self._server
        if server is not None:
            # Those connections reach the server in the next round.
            await asyncio.sleep(0)
            server.pre_shutdown()
            await self.shutdown()
            await server.shutdown(self._shutdown_timeout)
        await self._cleanup_server()
        self._server = None
        if self._handle_signals:
            loop = asyncio.get_running_loop()
            try:
                loop.remove_signal_handler(signal.SIGINT)
                loop.remove_signal_handler(signal.SIGTERM)
            except NotImplementedError:
                pass  # as in setup()

    @abstractmethod
    async def shutdown(self) -> None:
        """Tell what is served that the server shuts down."""

    @abstractmethod
    async def _make_server(self) -> Server:
        """Return a new server."""

    @abstractmethod
    async def _cleanup_server(self) -> None:
        """Release what is served."""

    def _reg_site(self, site: BaseSite) -> None:
        if site in self._sites:
            raise RuntimeError(f"Site {site} is already registered in runner {self}")
        self._sites.append(site)

    def _check_site(self, site: BaseSite) -> None:
        if site not in self._sites:
            raise RuntimeError(f"Site {site} is not registered in runner {self}")

    def _unreg_site(self, site: BaseSite) -> None:
        self._check_site(site)
        self._sites.remove(site)


class ServerRunner(BaseRunner):
    """Run a low-level `Server`.

    Args:
        web_server: used as it is; further settings have no effect.
    """

    __slots__ = ("_web_server",)

    def __init__(self, web_server: Server, *, handle_signals: bool = False, **kwargs: Any) -> None:
        super().__init__(handle_signals=handle_signals, **kwargs)
        self._web_server = web_server

    async def shutdown(self) -> None:
        """A low-level server serves nothing that could be told."""

    async def _make_server(self) -> Server:
        return self._web_server

    async def _cleanup_server(self) -> None:
        pass


class AppRunner(BaseRunner):
    """Run an application.

    Args:
        app: not a sub-application, and not run by another runner.
        access_log_class: writes the access log.

    Raises:
        TypeError: *app* is none, or *access_log_class* is not an access logger.
    """

    __slots__ = ("_app",)

    def __init__(
        self,
        app: Application,
        *,
        handle_signals: bool = False,
        access_log_class: type[AbstractAccessLogger] = AccessLogger,
        **kwargs: Any,
    ) -> None:
        if not isinstance(app, Application):
            raise TypeError(f"The first argument should be web.Application instance, got {app!r}")
        if not (
            isinstance(access_log_class, type)
            and issubclass(access_log_class, AbstractAccessLogger)
        ):
            raise TypeError(
                "access_log_class must be subclass of "
                f"aiohttp.abc.AbstractAccessLogger, got {access_log_class}"
            )
        super().__init__(handle_signals=handle_signals, access_log_class=access_log_class, **kwargs)
        self._app = app

    @property
    def app(self) -> Application:
        """The application."""
        return self._app

    async def shutdown(self) -> None:
        """Send the application's `on_shutdown`."""
        await self._app.shutdown()

    async def _make_server(self) -> Server:
        loop = asyncio.get_running_loop()
        self._app._set_loop(loop)
        self._app.on_startup.freeze()
        await self._app.startup()
        self._app.freeze()
        return self._app._make_handler(loop=loop, **self._kwargs)

    async def _cleanup_server(self) -> None:
        await self._app.cleanup()
