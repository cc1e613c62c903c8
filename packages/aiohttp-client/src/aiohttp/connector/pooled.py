"""Connectors of any kind: they have a pool of connections, and carry requests over them.

Who may have a connection is decided in `_client.pool`.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import traceback
import warnings
from collections.abc import Awaitable, Coroutine, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs
from aiohttp._client.exchange import over_connection
from aiohttp._client.pool import Pool
from aiohttp._content_headers import _SENTINEL, sentinel
from aiohttp._deprecations import declare, marked
from aiohttp._futures import set_result
from aiohttp._timers import ceil_timeout, weakref_handle
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ConnectionTimeoutError,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey

if TYPE_CHECKING:
    from aiohttp._client.options import ClientTimeout
    from aiohttp.client_reqrep import ClientResponse
    from aiohttp.tracing import Trace
from aiohttp.connector.closing import Closing
from aiohttp.connector.connection import Connection
from aiohttp.connector.kept import KeptConnections

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
    unmarked="it depends on the patch release of Python, which no checker knows",
    removes=("BaseConnector.__init__(enable_cleanup_closed)",),
)


class BaseConnector(KeptConnections):
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
        self._pool = Pool(limit, limit_per_host)
        self._keepalive_timeout = keepalive_timeout  # type: ignore[assignment]
        self._force_close = force_close
        self._factory = functools.partial(ResponseHandler, loop=self._loop)
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

    @marked("with Connector(): use async with Connector()")
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

    def lend(self, key: ConnectionKey, protocol: ResponseHandler) -> Connection:
        """Return the connection that goes on with what `take_kept` gave, instead of `give_back`."""
        return Connection(self, key, protocol, self._loop)

    async def connect(
        self, req: ClientRequest, traces: Sequence[Trace] | None, timeout: ClientTimeout
    ) -> Connection:
        """Return a connection for ``req``: an idle one, or a new one as soon as there is a place.

        Whoever waits is served in the order of coming.  Raises `ConnectionTimeoutError` after
        ``timeout.connect`` seconds.
        """
        key = req.connection_key
        if key.proxy is not None and not key.is_ssl:
            # A proxy wants to know who asks in each request, also in those of a kept connection.
            self._update_proxy_auth_header_and_build_proxy_req(req)
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
        return Closing(self._close(abort_ssl=abort_ssl))

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
