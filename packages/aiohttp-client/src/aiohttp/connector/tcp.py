"""Connections over TCP: names, sockets, TLS, and the way through proxies."""

from __future__ import annotations

import asyncio
import socket
import warnings
from collections.abc import Awaitable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, overload

import aiohappyeyeballs
from aiohappyeyeballs import AddrInfoType, SocketFactoryType

from aiohttp._client.dialer import HAS_SHUTDOWN_TIMEOUT, Dialing, addr_infos_of, dial, errors_named
from aiohttp._client.dns_cache import DNSCache
from aiohttp._client.lookup import HostLookup
from aiohttp._client.tls import (
    Fingerprint,
    SSLOption,
    context_for,
    default_context,
    merge_ssl_options,
)
from aiohttp._client.tunnel import open_tunnel
from aiohttp._content_headers import _SENTINEL, sentinel
from aiohttp._deprecations import declare, marked, warn_outside
from aiohttp._timers import ceil_timeout
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientProxyConnectionError,
    InvalidUrlClientError,
    ServerFingerprintMismatch,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest

if TYPE_CHECKING:
    from ssl import SSLContext

    from typing_extensions import Unpack

    from aiohttp._client.options import ClientTimeout
    from aiohttp.abc import AbstractResolver, ResolveResult
    from aiohttp.connector._keywords import OldTCPOptions, TCPOptions
    from aiohttp.tracing import Trace
from aiohttp.connector.closing import Closing, WhenAwaited
from aiohttp.connector.connection import TunnelConnection
from aiohttp.connector.pooled import HIGH_LEVEL_SCHEMAS, BaseConnector

_SHUTDOWN_TIMEOUT = declare(
    "ssl_shutdown_timeout argument",
    since="3.12",
    instead="nothing; connections are closed without waiting for the peer's close_notify",
)


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

    @overload
    def __init__(self, **options: Unpack[TCPOptions]) -> None: ...

    @overload
    @marked("verify_ssl argument: use ssl=True or ssl=False")
    def __init__(self, *, verify_ssl: bool, **options: Unpack[OldTCPOptions]) -> None: ...

    @overload
    @marked("ssl_context argument: use ssl=ssl_context")
    def __init__(
        self, *, ssl_context: SSLContext | None, **options: Unpack[OldTCPOptions]
    ) -> None: ...

    @overload
    @marked("fingerprint argument: use ssl=Fingerprint(digest)")
    def __init__(self, *, fingerprint: bytes | None, **options: Unpack[OldTCPOptions]) -> None: ...

    @overload
    @marked(
        "ssl_shutdown_timeout argument: use nothing; connections are closed without waiting for "
        "the peer's close_notify"
    )
    def __init__(self, **options: Unpack[OldTCPOptions]) -> None: ...

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
            _SHUTDOWN_TIMEOUT.warn_outside()
            if ssl_shutdown_timeout != 0 and not HAS_SHUTDOWN_TIMEOUT:
                warn_outside(
                    f"ssl_shutdown_timeout={ssl_shutdown_timeout} is ignored on Python < 3.11",
                    RuntimeWarning,
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
            raise InvalidUrlClientError(
                req.url,
                "no port to connect to: begin the URL with http:// or https://, or name one",
            )
        # More than one trailing dot is no more absolute than one.
        name = host.rstrip(".") + "." if host.endswith("..") else host
        try:
            hosts = await self._resolve_host(name, port, traces=traces)
            return addr_infos_of(hosts)  # OSError: a zone that is no interface of this host
        except OSError as error:
            if error.errno is None and isinstance(error, asyncio.TimeoutError):
                raise
            raise ClientConnectorDNSError(req.connection_key, error) from error

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
        dialing = self._dialing._replace(local_addr_infos=self._local_addr_infos)
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
        # Made first: nothing may come between the proxy's word and TLS, not even its end.
        context = await self._get_ssl_context(req)
        proxy_req = self._update_proxy_auth_header_and_build_proxy_req(req)
        proxy_req.timer = req.timer
        transport, protocol = await self._create_direct_connection(
            proxy_req, [], timeout, client_error=ClientProxyConnectionError
        )
        if context is None:
            return transport, protocol
        # The proxy is asked for a tunnel on a connection of its own: it is no use to others.
        key = req.connection_key._replace(proxy=None, proxy_auth=None, proxy_headers_hash=None)
        conn = TunnelConnection(self, key, protocol, self._loop)
        raw_transport = await open_tunnel(
            conn, proxy_req, req.url, timeout.sock_read, timeout.ceil_threshold
        )
        conn.detach()
        return await self._start_tls_connection(raw_transport, req, timeout, context)

    async def _start_tls_connection(
        self,
        underlying_transport: asyncio.Transport,
        req: ClientRequest,
        timeout: ClientTimeout,
        context: SSLContext,
        client_error: type[Exception] = ClientConnectorError,
    ) -> tuple[asyncio.BaseTransport, ResponseHandler]:
        """Begin TLS with the far end of a tunnel."""
        protocol = self._factory()
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
            waiters.append(WhenAwaited(resolver.close))
        return Closing(waiters)


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
