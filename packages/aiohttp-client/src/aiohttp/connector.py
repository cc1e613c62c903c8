"""Connections: the pool of them, and the ways to make one (TCP, Unix socket, named pipe, proxies).

Connectors carry requests (`BaseConnector.send`); they know nothing of redirects, cookies or
sessions.  Who may have a connection is decided in `_client.pool`.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import sys
import traceback
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any

import aiohappyeyeballs
import attr
from aiohappyeyeballs import AddrInfoType, SocketFactoryType

from aiohttp import hdrs
from aiohttp._client.dialer import HAS_SHUTDOWN_TIMEOUT, Dialing, addr_infos_of, dial, errors_named
from aiohttp._client.dns_cache import DNSCache
from aiohttp._client.exchange import over_connection
from aiohttp._client.lookup import HostLookup
from aiohttp._client.pool import Pool
from aiohttp._client.tls import (
    Fingerprint,
    SSLOption,
    context_for,
    default_context,
    merge_ssl_options,
)
from aiohttp._client.tunnel import open_tunnel
from aiohttp._content_headers import _SENTINEL, sentinel
from aiohttp._deprecations import declare
from aiohttp._futures import set_result
from aiohttp._timers import call_at_if_alive, ceil_timeout, weakref_handle
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientProxyConnectionError,
    ConnectionTimeoutError,
    ServerFingerprintMismatch,
    UnixClientConnectorError,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiohttp._client.options import ClientTimeout
    from aiohttp.abc import AbstractResolver, ResolveResult
    from aiohttp.client_reqrep import ClientResponse
    from aiohttp.tracing import Trace

__all__ = (
    "AddrInfoType",
    "BaseConnector",
    "NamedPipeConnector",
    "SocketFactoryType",
    "TCPConnector",
    "UnixConnector",
)

# Seconds that an idle connection is kept: shorter than what servers keep (nginx: 75, uvicorn and
# node: 5, but those tell), so that it is seldom the server who closes first.
KEEPALIVE_TIMEOUT = 15.0

# Schemes that any connector carries; "" is what a URL without one has.
HTTP_SCHEMAS = frozenset({"http", "https", ""})
WS_SCHEMAS = frozenset({"ws", "wss"})
HIGH_LEVEL_SCHEMAS = HTTP_SCHEMAS | WS_SCHEMAS

# Before these, asyncio let TLS connections linger that the peer did not close.
# https://github.com/python/cpython/pull/118960
_NEEDS_CLEANUP_CLOSED = (3, 13, 0) <= sys.version_info < (3, 13, 1) or sys.version_info < (3, 12, 8)

_NEVER = float("inf")

_WITH = declare("with Connector()", since="3.0", instead="async with Connector()")
_CLEANUP_CLOSED = declare(
    "enable_cleanup_closed argument",
    since="3.11",
    instead="nothing; this version of Python closes such connections itself",
)
_CLOSE_WITHOUT_AWAIT = declare(
    "Connector.close() without await", since="3.12", instead="await connector.close()"
)
_SHUTDOWN_TIMEOUT = declare(
    "ssl_shutdown_timeout argument",
    since="3.12",
    instead="nothing; connections are closed without waiting for the peer's close_notify",
)


class Connection:
    """A connection in use by one request; `release` gives it back to its connector."""

    __slots__ = (
        "__weakref__",
        "_callbacks",
        "_connector",
        "_key",
        "_loop",
        "_protocol",
        "_source_traceback",
    )

    def __init__(
        self,
        connector: BaseConnector,
        key: ConnectionKey,
        protocol: ResponseHandler,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._key = key
        self._connector = connector
        self._loop = loop
        self._protocol: ResponseHandler | None = protocol
        self._callbacks: list[Callable[[], None]] | None = None
        self._source_traceback: traceback.StackSummary | None = None
        if loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))

    def __repr__(self) -> str:
        return f"Connection<{self._key}>"

    def __bool__(self) -> bool:
        """A connection is true, whatever its state."""
        return True

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Deprecated: the loop."""
        _CONNECTION_LOOP.warn()
        return self._loop

    @property
    def force_close(self) -> bool:
        """Whether the connector closes its connections after each request."""
        return self._connector.force_close

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport; ``None`` once released."""
        return None if self._protocol is None else self._protocol.transport

    @property
    def protocol(self) -> ResponseHandler | None:
        """The protocol; ``None`` once released."""
        return self._protocol

    @property
    def closed(self) -> bool:
        """Whether it was released, or the transport has gone."""
        return self._protocol is None or not self._protocol.is_connected()

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when the connection is given back or closed."""
        if self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def _notify_release(self) -> None:
        callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            # One failing callback must not keep the connection, nor the others from being called.
            try:
                callback()
            except Exception as error:
                self._loop.call_exception_handler(
                    {"message": "callback of a released connection failed", "exception": error}
                )

    def close(self) -> None:
        """Give it back to be closed."""
        self._leave(should_close=True)

    def release(self) -> None:
        """Give it back for the next request, if it is fit for one."""
        self._leave(should_close=False)

    def _leave(self, *, should_close: bool) -> None:
        if self._callbacks is not None:
            self._notify_release()
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            self._connector._release(
                self._key, protocol, should_close=should_close or protocol.should_close
            )

    def __del__(self, _warnings: Any = warnings) -> None:
        if self._protocol is None:
            return
        _warnings.warn(f"Unclosed connection {self!r}", ResourceWarning, source=self)
        if self._loop.is_closed():
            return
        self._connector._release(self._key, self._protocol, should_close=True)
        context = {"client_connection": self, "message": "Unclosed connection"}
        if self._source_traceback is not None:
            context["source_traceback"] = self._source_traceback
        self._loop.call_exception_handler(context)


_CONNECTION_LOOP = declare("Connection.loop", since="3.5", instead="asyncio.get_running_loop()")


class _TunnelConnection(Connection):
    """The connection to a proxy while the tunnel is asked for: it never enters the pool."""

    __slots__ = ()

    def release(self) -> None:
        """Keep it: the tunnel goes on over it."""

    def _leave(self, *, should_close: bool) -> None:
        protocol, self._protocol = self._protocol, None
        if should_close and protocol is not None:
            protocol.close()

    def detach(self) -> None:
        """Leave the transport to TLS."""
        self._protocol = None


class _Closing:
    """What `BaseConnector.close` returns: the closing has begun, awaiting waits for its end."""

    __slots__ = ("_awaited", "_waiters")

    def __init__(self, waiters: list[Awaitable[object]]) -> None:
        self._waiters = waiters
        self._awaited = False

    def __await__(self) -> Generator[Any, None, None]:
        self._awaited = True
        return _wait_for_close(self._waiters).__await__()

    def __del__(self) -> None:
        if not self._awaited:
            _CLOSE_WITHOUT_AWAIT.warn()


async def _wait_for_close(waiters: list[Awaitable[object]]) -> None:
    if waiters:
        await asyncio.gather(*waiters, return_exceptions=True)


class BaseConnector:
    """A pool of connections; subclasses make them (`_create_connection`).

    ``keepalive_timeout``: seconds that an idle connection is kept.  ``force_close``: keep none.
    ``limit``: connections in use at a time, ``limit_per_host``: to one host; 0: any number.
    ``timeout_ceil_threshold``: timeouts longer than these seconds are rounded up to whole ones.
    """

    # A connector that was not made to its end has nothing to close.
    _closed = True
    _source_traceback: traceback.StackSummary | None = None

    # Seconds after which a TLS connection that the peer does not close is aborted.
    _cleanup_closed_period = 2.0

    allowed_protocol_schema_set = HIGH_LEVEL_SCHEMAS

    def __init__(
        self,
        *,
        keepalive_timeout: float | _SENTINEL | None = sentinel,
        force_close: bool = False,
        limit: int = 100,
        limit_per_host: int = 0,
        enable_cleanup_closed: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout_ceil_threshold: float = 5,
    ) -> None:
        if force_close:
            if keepalive_timeout is not None and keepalive_timeout is not sentinel:
                raise ValueError(
                    "keepalive_timeout cannot be set if force_close is True; remove one of the two"
                )
        elif keepalive_timeout is sentinel:
            keepalive_timeout = KEEPALIVE_TIMEOUT
        self._loop = loop if loop is not None else asyncio.get_running_loop()
        self._timeout_ceil_threshold = timeout_ceil_threshold
        self._closed = False
        if self._loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))
        self._pool: Pool[ConnectionKey, ResponseHandler] = Pool(limit, limit_per_host)
        # Seconds; None: for ever.
        self._keepalive_timeout: float | None = keepalive_timeout  # type: ignore[assignment]
        self._force_close = force_close
        self._factory = functools.partial(ResponseHandler, loop=self._loop)
        # The timer that looks after idle connections, when there are any.
        self._cleanup_handle: asyncio.TimerHandle | None = None
        # The timer of calls on connections that were kept, and the time at which it fires.
        self._expiry_handle: asyncio.TimerHandle | None = None
        self._next_expiry = _NEVER
        # Closed TLS transports whose peer may never close, and the timer that aborts them.
        self._cleanup_closed_handle: asyncio.TimerHandle | None = None
        self._cleanup_closed_transports: list[asyncio.Transport] = []
        if enable_cleanup_closed and not _NEEDS_CLEANUP_CLOSED:
            _CLEANUP_CLOSED.warn()
            enable_cleanup_closed = False
        self._cleanup_closed_disabled = not enable_cleanup_closed

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self._pool!r}>"
            if not self._closed
            else (f"<{type(self).__name__} closed>")
        )

    def __del__(self, _warnings: Any = warnings) -> None:
        if self._closed or not self._pool.idle:
            return
        connections = [repr(protocol) for kept in self._pool.idle.values() for protocol, _ in kept]
        self._close()
        _warnings.warn(f"Unclosed connector {self!r}", ResourceWarning, source=self)
        context = {
            "connector": self,
            "connections": connections,
            "message": "Unclosed connector",
        }
        if self._source_traceback is not None:
            context["source_traceback"] = self._source_traceback
        self._loop.call_exception_handler(context)

    def __enter__(self) -> BaseConnector:
        _WITH.warn()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._close()

    async def __aenter__(self) -> BaseConnector:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        exc_traceback: TracebackType | None = None,
    ) -> None:
        await self.close()

    # What others look at…

    @property
    def force_close(self) -> bool:
        """Whether connections are closed after each request."""
        return self._force_close

    @property
    def limit(self) -> int:
        """Connections that may be in use at a time; 0: any number."""
        return self._pool.limit

    @property
    def limit_per_host(self) -> int:
        """Connections to one host that may be in use at a time; 0: any number."""
        return self._pool.limit_per_host

    @property
    def closed(self) -> bool:
        """Whether it was closed; nothing can be sent any more."""
        return self._closed

    @property
    def _limit(self) -> int:
        return self._pool.limit

    @property
    def _limit_per_host(self) -> int:
        return self._pool.limit_per_host

    @property
    def _conns(self) -> Any:
        return self._pool.idle

    @property
    def _acquired(self) -> Any:
        return self._pool.acquired

    # Carrying a request…

    def send(
        self, request: ClientRequest, traces: Sequence[Trace], timeout: ClientTimeout
    ) -> Coroutine[Any, Any, ClientResponse]:
        """Send ``request``; await the result for its response, whose head has come."""
        return over_connection(self, request, traces, timeout)

    @property
    def sends_plainly(self) -> bool:
        """Whether requests are carried as this class does it, and by nobody's else way."""
        return (
            getattr(self.send, "__func__", None) is _SEND
            and getattr(self.connect, "__func__", None) is _CONNECT
        )

    @property
    def keeps_any(self) -> bool:
        """Whether there is an idle connection."""
        return bool(self._pool.idle)

    def take_kept(self, key: ConnectionKey, now: float, deadline: float) -> ResponseHandler | None:
        """Return an idle connection for ``key``, if there is one; it goes back by `give_back`.

        Its own ``deadline`` is watched from now on, which is to be set to the one given here.
        ``now``, ``deadline``: by the clock of the loop.
        """
        if not self._pool.idle:
            return None
        keepalive = self._keepalive_timeout
        oldest = -_NEVER if keepalive is None else now - keepalive
        protocol = self._pool.take(key, oldest, ResponseHandler.is_fit)
        if protocol is not None and deadline < self._next_expiry:
            self._arm_expiry(deadline)
        return protocol

    def give_back(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        """Take back what `take_kept` gave."""
        pool = self._pool
        if should_close or pool.waiting or self._force_close or not protocol.is_fit():
            self._release(key, protocol, should_close=should_close or protocol.should_close)
            return
        if not self._closed:
            pool.leave(key, protocol)
            pool.keep(key, protocol, protocol.timing.body_end)
            if self._cleanup_handle is None:
                self._arm_cleanup()

    def lend(self, key: ConnectionKey, protocol: ResponseHandler) -> Connection:
        """Return the connection that goes on with what `take_kept` gave, instead of `give_back`."""
        return Connection(self, key, protocol, self._loop)

    def _arm_expiry(self, deadline: float) -> None:
        if self._expiry_handle is not None:
            self._expiry_handle.cancel()
        self._next_expiry = deadline
        self._expiry_handle = call_at_if_alive(self, "_expire", deadline, self._loop)

    def _expire(self) -> None:
        """Let the calls whose time is over hear of it; called by the timer."""
        self._expiry_handle = None
        self._next_expiry = _NEVER
        now = self._loop.time()
        coming = _NEVER
        for holder in list(self._pool.acquired):
            if isinstance(holder, ResponseHandler):
                if holder.deadline <= now:
                    holder.expire()
                coming = min(coming, holder.deadline)
        if coming < _NEVER:
            self._arm_expiry(coming)

    async def connect(
        self, req: ClientRequest, traces: Sequence[Trace] | None, timeout: ClientTimeout
    ) -> Connection:
        """Return a connection for ``req``: an idle one, or a new one as soon as there is a place.

        Whoever waits is served in the order of coming.  Raises `ConnectionTimeoutError` after
        ``timeout.connect`` seconds.
        """
        key = req.connection_key
        pool = self._pool
        if pool.idle and pool.may_pass(key):
            protocol = self._take_idle(key, None)
            if protocol is not None:
                return (
                    await self._reused(key, protocol, traces)
                    if traces
                    else (Connection(self, key, protocol, self._loop))
                )
        try:
            async with ceil_timeout(timeout.connect, timeout.ceil_threshold):
                return await self._connect(req, key, traces or (), timeout)
        except asyncio.TimeoutError as error:
            if isinstance(error, ConnectionTimeoutError):
                raise
            raise ConnectionTimeoutError(f"Connection timeout to host {req.url}") from error

    async def _connect(
        self,
        req: ClientRequest,
        key: ConnectionKey,
        traces: Sequence[Trace],
        timeout: ClientTimeout,
    ) -> Connection:
        ticket = await self._place(key, traces)
        try:
            protocol = self._take_idle(key, ticket)
            if protocol is not None:
                return await self._reused(key, protocol, traces)
            for trace in traces:
                await trace.send_connection_create_start()
            protocol = await self._create_connection(req, traces, timeout)  # type: ignore[arg-type]
            if self._closed:
                protocol.close()
                raise ClientConnectionError("Connector is closed.")
            self._pool.hand_over(key, ticket, protocol)
            ticket = protocol
            for trace in traces:
                await trace.send_connection_create_end()
        except BaseException:
            if self._pool.leave(key, ticket):
                if isinstance(ticket, ResponseHandler):
                    ticket.close()
                self._admit_next()
            raise
        return Connection(self, key, protocol, self._loop)

    def _take_idle(self, key: ConnectionKey, ticket: object | None) -> ResponseHandler | None:
        """Take a live idle connection, on the place of ``ticket`` or on one of its own."""
        pool = self._pool
        if not pool.idle:
            return None
        protocol, unusable = pool.reuse(key, self._oldest(), _is_usable)
        for dead in unusable:
            self._discard(key, dead)
        if protocol is not None:
            if ticket is None:
                pool.hold(key, protocol)
            else:
                pool.hand_over(key, ticket, protocol)
        return protocol

    async def _reused(
        self, key: ConnectionKey, protocol: ResponseHandler, traces: Sequence[Trace]
    ) -> Connection:
        conn = Connection(self, key, protocol, self._loop)
        try:
            for trace in traces:
                await trace.send_connection_reuseconn()
        except BaseException:
            conn.release()
            raise
        return conn

    async def _place(self, key: ConnectionKey, traces: Sequence[Trace]) -> object:
        """Return a ticket that holds a place; waits behind those who came before."""
        if self._closed:
            raise ClientConnectionError("Connector is closed.")
        if self._pool.may_pass(key):
            ticket: object = object()
            self._pool.hold(key, ticket)
            return ticket
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._pool.queue(key, waiter)
        try:
            for trace in traces:
                await trace.send_connection_queued_start()
            await waiter
            for trace in traces:
                await trace.send_connection_queued_end()
        except BaseException:
            self._pool.abandon(waiter)
            # The place may have been given in the same moment: it goes on to the next.
            if self._pool.leave(key, waiter):
                self._admit_next()
            raise
        return waiter

    def _admit_next(self) -> None:
        waiter = self._pool.admit()
        if waiter is not None:
            set_result(waiter, None)  # type: ignore[arg-type]

    def _oldest(self) -> float:
        """Return the time of release that an idle connection must have to be used."""
        if self._keepalive_timeout is None:
            return float("-inf")
        return self._loop.time() - self._keepalive_timeout

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        raise NotImplementedError

    def _update_proxy_auth_header_and_build_proxy_req(self, req: ClientRequest) -> ClientRequest:
        """Return the request for the proxy; credentials go where the proxy reads them.

        That is in ``req`` itself when it goes to the proxy, and in the CONNECT before a tunnel.
        """
        proxy = req.proxy
        if proxy is None:
            raise AssertionError("a request without a proxy needs none built")
        headers: dict[str, str] = {}
        if req.proxy_headers is not None:
            headers.update(req.proxy_headers)
        headers[hdrs.HOST] = req.headers[hdrs.HOST]
        proxy_req = ClientRequest(
            hdrs.METH_GET,
            proxy,
            headers=headers,
            auth=req.proxy_auth,
            loop=self._loop,
            ssl=req.ssl,
        )
        credentials = proxy_req.headers.pop(hdrs.AUTHORIZATION, None)
        if credentials is not None:
            to_proxy = proxy_req if req.is_ssl() else req
            to_proxy.headers[hdrs.PROXY_AUTHORIZATION] = credentials
        return proxy_req

    # Getting a connection back…

    def _release(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        """Take ``protocol`` back; whoever waits longest may have its place."""
        if self._closed:
            return  # closing has taken care of it
        pool = self._pool
        pool.leave(key, protocol)
        if self._force_close or should_close:
            self._discard(key, protocol)
        else:
            protocol.on_continue = None
            pool.keep(key, protocol, self._loop.time())
            if self._cleanup_handle is None:
                self._arm_cleanup()
        if pool.waiting:
            self._admit_next()

    def _discard(self, key: ConnectionKey, protocol: ResponseHandler) -> None:
        transport = protocol.transport
        protocol.close()
        if key.is_ssl and transport is not None and not self._cleanup_closed_disabled:
            self._cleanup_closed_transports.append(transport)
            if self._cleanup_closed_handle is None:
                self._arm_cleanup_closed()

    def _arm_cleanup(self) -> None:
        self._cleanup_handle = weakref_handle(
            self,
            "_cleanup",
            self._keepalive_timeout,
            self._loop,
            timeout_ceil_threshold=self._timeout_ceil_threshold,
        )

    def _cleanup(self) -> None:
        """Close what was idle for too long; called by the timer."""
        self._cleanup_handle = None
        if self._closed:
            return
        for protocol in self._pool.expire(self._oldest(), _is_usable):
            protocol.close()
        if self._pool.idle:
            self._arm_cleanup()

    def _arm_cleanup_closed(self) -> None:
        self._cleanup_closed_handle = weakref_handle(
            self, "_cleanup_closed", self._cleanup_closed_period, self._loop
        )

    def _cleanup_closed(self) -> None:
        """Abort the TLS transports that did not close; called by the timer."""
        self._cleanup_closed_handle = None
        for transport in self._cleanup_closed_transports:
            transport.abort()
        self._cleanup_closed_transports = []

    # The end…

    def close(self, *, abort_ssl: bool = False) -> Awaitable[None]:
        """Close all connections; await the result to wait until their sockets are closed.

        ``abort_ssl``: do not wait for the peer's end of TLS.
        """
        return _Closing(self._close(abort_ssl=abort_ssl))

    def _close(self, *, abort_ssl: bool = False) -> list[Awaitable[object]]:
        """Close without waiting, also when the loop is dead; return what to wait for."""
        if self._closed:
            return []
        self._closed = True
        waiting = list(self._pool.waiting)
        self._pool.waiting.clear()
        idle, holders = self._pool.empty()
        if self._loop.is_closed():
            return []
        for handle in (self._cleanup_handle, self._cleanup_closed_handle, self._expiry_handle):
            if handle is not None:
                handle.cancel()
        self._cleanup_handle = self._cleanup_closed_handle = self._expiry_handle = None
        self._cleanup_closed()
        for waiter in waiting:
            if isinstance(waiter, asyncio.Future) and not waiter.done():
                waiter.set_exception(ClientConnectionError("Connector is closed."))
        return self._close_protocols(
            [*idle, *(h for h in holders if isinstance(h, ResponseHandler))], abort_ssl=abort_ssl
        )

    def _close_protocols(
        self, protocols: list[ResponseHandler], *, abort_ssl: bool
    ) -> list[Awaitable[object]]:
        closed: list[Awaitable[object]] = []
        for protocol in protocols:
            waiter = protocol.closed if protocol.transport is not None else None
            transport = protocol.transport
            if abort_ssl and transport is not None and transport.get_extra_info("sslcontext"):
                protocol.abort()
            else:
                protocol.close()
            if waiter is not None:
                closed.append(waiter)
        return closed


# What `sends_plainly` compares with: tracers put wrappers in their place.
_SEND = BaseConnector.send
_CONNECT = BaseConnector.connect


def _is_usable(protocol: ResponseHandler) -> bool:
    return protocol.is_connected() and not protocol.should_close


class _DNSCacheTable(DNSCache):
    """The table of addresses, by the clock of the system."""

    def __init__(self, ttl: float | None = None, max_size: int = 1000) -> None:
        super().__init__(ttl, max_size, monotonic)


def _make_ssl_context(verified: bool) -> SSLContext:
    return default_context(verified)


class TCPConnector(BaseConnector):
    """Connections over TCP, with TLS where the URL asks for it, and through HTTP proxies.

    ``ssl``: see `ClientSession.request`; what a request says wins.  ``use_dns_cache``,
    ``ttl_dns_cache`` (seconds, ``None``: for ever), ``dns_cache_max_size`` (names).  ``family``: of
    addresses to look up.  ``local_addr``: (host, port) to come from.  ``resolver``: closed with the
    connector only when the connector made it.  ``happy_eyeballs_delay``: RFC 8305 §5, seconds,
    ``None``: one address after the other; ``interleave``: RFC 8305 §4.  ``socket_factory``: makes
    the sockets.  ``ssl_shutdown_timeout``: seconds to wait for the peer's end of TLS.
    """

    allowed_protocol_schema_set = HIGH_LEVEL_SCHEMAS | frozenset({"tcp"})

    def __init__(
        self,
        *,
        verify_ssl: bool = True,
        fingerprint: bytes | None = None,
        use_dns_cache: bool = True,
        ttl_dns_cache: int | None = 10,
        dns_cache_max_size: int = 1000,
        family: socket.AddressFamily = socket.AddressFamily.AF_UNSPEC,
        ssl_context: SSLContext | None = None,
        ssl: SSLOption = True,
        local_addr: tuple[str, int] | None = None,
        resolver: AbstractResolver | None = None,
        keepalive_timeout: float | _SENTINEL | None = sentinel,
        force_close: bool = False,
        limit: int = 100,
        limit_per_host: int = 0,
        enable_cleanup_closed: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout_ceil_threshold: float = 5,
        happy_eyeballs_delay: float | None = 0.25,
        interleave: int | None = None,
        socket_factory: SocketFactoryType | None = None,
        ssl_shutdown_timeout: float | _SENTINEL | None = sentinel,
    ) -> None:
        super().__init__(
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            enable_cleanup_closed=enable_cleanup_closed,
            loop=loop,
            timeout_ceil_threshold=timeout_ceil_threshold,
        )
        self._ssl = merge_ssl_options(ssl, verify_ssl, ssl_context, fingerprint)
        self._resolver = resolver
        self._resolver_owner = resolver is None
        self._use_dns_cache = use_dns_cache
        self._cached_hosts = _DNSCacheTable(ttl_dns_cache, dns_cache_max_size)
        self._family = family
        self._local_addr_infos = aiohappyeyeballs.addr_to_addr_infos(local_addr)
        self._dialing = Dialing(happy_eyeballs_delay, interleave, socket_factory=socket_factory)
        self._lookup = HostLookup(
            self._get_resolver, self._cached_hosts if use_dns_cache else None, family, self._loop
        )
        if ssl_shutdown_timeout is sentinel:
            ssl_shutdown_timeout = 0
        else:
            _SHUTDOWN_TIMEOUT.warn()
            if ssl_shutdown_timeout != 0 and not HAS_SHUTDOWN_TIMEOUT:
                warnings.warn(
                    f"ssl_shutdown_timeout={ssl_shutdown_timeout} is ignored on Python < 3.11",
                    RuntimeWarning,
                    stacklevel=2,
                )
        self._ssl_shutdown_timeout: float | None = ssl_shutdown_timeout

    @property
    def family(self) -> int:
        """Family of addresses to look up."""
        return self._family

    @property
    def use_dns_cache(self) -> bool:
        """Whether addresses are remembered."""
        return self._use_dns_cache

    # Names…

    def clear_dns_cache(self, host: str | None = None, port: int | None = None) -> None:
        """Forget the addresses of ``host`` and ``port``, or all."""
        if host is not None and port is not None:
            self._cached_hosts.remove((host, port))
        elif host is None and port is None:
            self._cached_hosts.clear()
        else:
            raise ValueError("either both host and port or none of them are allowed")

    def _get_resolver(self) -> AbstractResolver:
        if self._resolver is None:
            # Imported late: aiodns takes longer to import than a request to an address takes.
            from aiohttp.resolver import DefaultResolver

            self._resolver = DefaultResolver(loop=self._loop)
        return self._resolver

    async def _resolve_host(
        self, host: str, port: int, traces: Sequence[Trace] | None = None
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``; may be overridden."""
        return await self._lookup.resolve(host, port, traces or ())

    # Making connections…

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        if req.proxy is not None:
            _, protocol = await self._create_proxy_connection(req, traces, timeout)
        else:
            _, protocol = await self._create_direct_connection(req, traces, timeout)
        return protocol

    async def _create_direct_connection(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,
        *,
        client_error: type[Exception] = ClientConnectorError,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        context = await self._get_ssl_context(req)
        host = req.host
        addr_infos = await self._find(req, host, traces)
        # A trailing dot makes a name absolute for DNS; certificates do not have it.
        server_name = (req.server_hostname or host).rstrip(".") if context is not None else None
        mismatch: ServerFingerprintMismatch | None = None
        while True:
            try:
                transport, protocol = await self._wrap_create_connection(
                    self._factory,
                    timeout=timeout,
                    ssl=context,
                    addr_infos=addr_infos,
                    server_hostname=server_name,
                    req=req,
                    client_error=client_error,
                )
            except ClientConnectorError:
                # That a server showed another certificate matters more than that others are away.
                if mismatch is not None:
                    raise mismatch from None
                raise
            fingerprint = self._get_fingerprint(req)
            if fingerprint is None or context is None:
                return transport, protocol
            try:
                fingerprint.check(transport)
            except ServerFingerprintMismatch as error:
                mismatch = error
                peer = transport.get_extra_info("peername")
                transport.close()
                # The pinned server may be at another of the addresses.
                aiohappyeyeballs.remove_addr_infos(addr_infos, peer)
                if not addr_infos:
                    raise
            else:
                return transport, protocol

    async def _find(
        self, req: ClientRequest, host: str, traces: Sequence[Trace]
    ) -> list[AddrInfoType]:
        """Return the addresses to try for ``req``."""
        port = req.port
        if port is None:
            raise AssertionError("a URL of a scheme without a default port was let in")
        # More than one trailing dot is no more absolute than one.
        name = host.rstrip(".") + "." if host.endswith("..") else host
        try:
            hosts = await self._resolve_host(name, port, traces=traces)
        except OSError as error:
            if error.errno is None and isinstance(error, asyncio.TimeoutError):
                raise
            raise ClientConnectorDNSError(req.connection_key, error) from error
        return addr_infos_of(hosts)

    async def _wrap_create_connection(
        self,
        *args: Any,
        addr_infos: list[AddrInfoType],
        req: ClientRequest,
        timeout: ClientTimeout,
        client_error: type[Exception] = ClientConnectorError,
        **kwargs: Any,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        """Connect to one of ``addr_infos``, with TLS when ``ssl`` is given; may be overridden."""
        dialing = attr.evolve(self._dialing, local_addr_infos=self._local_addr_infos)
        if kwargs.get("ssl") and self._ssl_shutdown_timeout and HAS_SHUTDOWN_TIMEOUT:
            kwargs["ssl_shutdown_timeout"] = self._ssl_shutdown_timeout
        with errors_named(req.connection_key, client_error):
            async with ceil_timeout(timeout.sock_connect, timeout.ceil_threshold):
                sock = await dial(self._loop, addr_infos, dialing)
                return await self._loop.create_connection(*args, **kwargs, sock=sock)

    # TLS…

    async def _get_ssl_context(self, req: ClientRequest) -> SSLContext | None:
        """Return the context for ``req``; ``None`` when it asks for no TLS."""
        if not req.is_ssl():
            return None
        return await context_for((req.ssl, self._ssl), self._loop)

    def _get_fingerprint(self, req: ClientRequest) -> Fingerprint | None:
        for option in (req.ssl, self._ssl):
            if isinstance(option, Fingerprint):
                return option
        return None

    # Proxies…

    async def _create_proxy_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> tuple[asyncio.BaseTransport, ResponseHandler]:
        proxy_req = self._update_proxy_auth_header_and_build_proxy_req(req)
        proxy_req.timer = req.timer
        transport, protocol = await self._create_direct_connection(
            proxy_req, [], timeout, client_error=ClientProxyConnectionError
        )
        if not req.is_ssl():
            return transport, protocol
        # The proxy is asked for a tunnel on a connection of its own: it is no use to others.
        key = req.connection_key._replace(proxy=None, proxy_auth=None, proxy_headers_hash=None)
        conn = _TunnelConnection(self, key, protocol, self._loop)
        raw_transport = await open_tunnel(conn, proxy_req, req.url)
        conn.detach()
        return await self._start_tls_connection(raw_transport, req, timeout)

    async def _start_tls_connection(
        self,
        underlying_transport: asyncio.Transport,
        req: ClientRequest,
        timeout: ClientTimeout,
        client_error: type[Exception] = ClientConnectorError,
    ) -> tuple[asyncio.BaseTransport, ResponseHandler]:
        """Begin TLS with the far end of a tunnel."""
        protocol = self._factory()
        context = await self._get_ssl_context(req)
        if context is None:
            raise AssertionError("TLS was begun for a request that asks for none")
        extra: dict[str, Any] = {}
        if HAS_SHUTDOWN_TIMEOUT and self._ssl_shutdown_timeout:
            extra["ssl_shutdown_timeout"] = self._ssl_shutdown_timeout
        _warn_about_tls_in_tls(underlying_transport, req)
        try:
            with errors_named(req.connection_key, client_error):
                async with ceil_timeout(timeout.sock_connect, timeout.ceil_threshold):
                    transport = await self._loop.start_tls(
                        underlying_transport,
                        protocol,
                        context,
                        server_hostname=req.server_hostname or req.host.rstrip("."),
                        ssl_handshake_timeout=timeout.total or None,
                        **extra,
                    )
            if transport is None:
                raise ClientConnectionError(
                    "Cannot initialize a TLS-in-TLS connection to host "
                    f"{req.host}:{req.port}: the proxy closed the connection"
                )
            fingerprint = self._get_fingerprint(req)
            if fingerprint is not None:
                fingerprint.check(transport)
        except BaseException:
            underlying_transport.abort()
            raise
        protocol.connection_made(transport)
        return transport, protocol

    # The end…

    def _close(self, *, abort_ssl: bool = False) -> list[Awaitable[object]]:
        if self._closed:
            return []
        abort_ssl = abort_ssl or self._ssl_shutdown_timeout == 0
        waiters: list[Awaitable[object]] = []
        if not self._loop.is_closed():
            waiters.extend(self._lookup.stop())
        waiters.extend(super()._close(abort_ssl=abort_ssl))
        return waiters

    def close(self, *, abort_ssl: bool = False) -> Awaitable[None]:
        """Close all connections, and the resolver when it is the connector's own."""
        waiters = self._close(abort_ssl=abort_ssl)
        if self._resolver_owner and self._resolver is not None:
            resolver, self._resolver = self._resolver, None
            waiters.append(_WhenAwaited(resolver.close))
        return _Closing(waiters)


class _WhenAwaited:
    """Call a coroutine function not before somebody waits for it."""

    def __init__(self, function: Callable[[], Awaitable[None]]) -> None:
        self._function = function

    def __await__(self) -> Generator[Any, None, None]:
        return self._function().__await__()


def _warn_about_tls_in_tls(transport: asyncio.Transport, req: ClientRequest) -> None:
    """Warn where asyncio cannot speak TLS inside TLS (Python 3.10 has it not)."""
    if req.request_info is None or req.proxy is None or req.proxy.scheme != "https":
        return
    module = type(transport).__module__
    if module.startswith("uvloop") or getattr(transport, "_start_tls_compatible", False):
        return
    warnings.warn(
        "An HTTPS request is being sent through an HTTPS proxy: TLS in TLS needs Python 3.11 "
        "or uvloop; expect the handshake to fail",
        RuntimeWarning,
        stacklevel=2,
    )


class UnixConnector(BaseConnector):
    """Connections to one Unix socket, whatever the host of the URL; ``path``: the socket's."""

    allowed_protocol_schema_set = HIGH_LEVEL_SCHEMAS | frozenset({"unix"})

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | _SENTINEL | None = sentinel,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
        )
        self._path = path

    @property
    def path(self) -> str:
        """Path of the socket."""
        return self._path

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        try:
            async with ceil_timeout(timeout.sock_connect, timeout.ceil_threshold):
                _, protocol = await self._loop.create_unix_connection(self._factory, self._path)
        except OSError as error:
            if error.errno is None and isinstance(error, asyncio.TimeoutError):
                raise
            raise UnixClientConnectorError(self._path, req.connection_key, error) from error
        return protocol


class NamedPipeConnector(BaseConnector):
    """Connections to one Windows named pipe; needs the proactor loop.  ``path``: the pipe's."""

    allowed_protocol_schema_set = HIGH_LEVEL_SCHEMAS | frozenset({"npipe"})

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | _SENTINEL | None = sentinel,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
        )
        if not hasattr(self._loop, "create_pipe_connection"):
            raise RuntimeError(
                "Named Pipes only available in proactor loop under windows; "
                f"got {type(self._loop).__name__}"
            )
        self._path = path

    @property
    def path(self) -> str:
        """Path of the pipe."""
        return self._path

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        loop: Any = self._loop  # the proactor's, which alone has pipes
        try:
            async with ceil_timeout(timeout.sock_connect, timeout.ceil_threshold):
                _, protocol = await loop.create_pipe_connection(self._factory, self._path)
                # The pipe's transport tells of the connection in a later turn of the loop.
                await asyncio.sleep(0)
        except OSError as error:
            if error.errno is None and isinstance(error, asyncio.TimeoutError):
                raise
            raise ClientConnectorError(req.connection_key, error) from error
        return protocol  # type: ignore[no-any-return]
