"""Names of hosts to addresses: by threads and the system's resolver, or by aiodns.

Caching and happy eyeballs are the connector's.
"""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
import weakref
from typing import TYPE_CHECKING, Any

from aiohttp.abc import AbstractResolver, ResolveResult

if TYPE_CHECKING:
    import aiodns

    # Which one it is depends on what is installed; the type is the smaller of the two.
    DefaultResolver: type[AsyncResolver | ThreadedResolver]
    aiodns_default: bool

__all__ = ("AsyncResolver", "DefaultResolver", "ThreadedResolver")

# What is in the results are addresses and numbers: nothing needs to be looked up again.
_NUMERIC_FLAGS = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
_NAME_SOCKET_FLAGS = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
# Do not return addresses of a family that the machine has no interface for.
_AI_ADDRCONFIG = getattr(socket, "AI_ADDRCONFIG", 0)

_IS_WINDOWS = sys.platform == "win32"


def __getattr__(name: str) -> Any:
    # aiodns brings a shared library along: it is loaded when a resolver is asked for, not before.
    if name == "aiodns_default":
        value: Any = _aiodns_can_getaddrinfo()
    elif name == "DefaultResolver":
        value = AsyncResolver if _aiodns_can_getaddrinfo() else ThreadedResolver
    elif name == "aiodns":
        value = _load_aiodns()
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def _load_aiodns() -> Any:
    """Return the module aiodns, or None if it is not installed."""
    if importlib.util.find_spec("aiodns") is None:
        return None
    import aiodns

    return aiodns


def _aiodns_can_getaddrinfo() -> bool:
    # Since 3.2; before it each family was a query of its own that knew no /etc/hosts.
    module = getattr(sys.modules[__name__], "aiodns")  # noqa: B009 - it may be loaded here
    return hasattr(getattr(module, "DNSResolver", None), "getaddrinfo")


def _is_windows_localhost(host: str) -> bool:
    # Windows answers AI_ADDRCONFIG for localhost with nothing when there is no network.
    return _IS_WINDOWS and (host == "localhost" or host.endswith(".localhost"))


def _lookup_flags(host: str) -> int:
    return 0 if _is_windows_localhost(host) else _AI_ADDRCONFIG


def _result(hostname: str, address: str, port: int, family: int, proto: int) -> ResolveResult:
    return ResolveResult(
        hostname=hostname,
        host=address,
        port=port,
        family=family,
        proto=proto,
        flags=_NUMERIC_FLAGS,
    )


class ThreadedResolver(AbstractResolver):
    """The system's ``getaddrinfo``, in the threads of the loop's executor."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        infos = await self._loop.getaddrinfo(
            host,
            port,
            type=socket.SOCK_STREAM,
            family=family,
            flags=_lookup_flags(host),
        )
        hosts = []
        for found_family, _, proto, _, address in infos:
            if found_family == socket.AF_INET6 and not _is_usable_ipv6(address):
                continue
            text, found_port = str(address[0]), int(address[1])
            if found_family == socket.AF_INET6 and len(address) > 3 and address[3]:
                # Link-local: the interface belongs to the address (RFC 4007 §11).
                text, service = await self._loop.getnameinfo(address, _NAME_SOCKET_FLAGS)
                found_port = int(service)
            hosts.append(_result(host, text, found_port, found_family, proto))
        return hosts

    async def close(self) -> None:
        """There is nothing to give back."""


def _is_usable_ipv6(address: tuple[Any, ...]) -> bool:
    # An interpreter built without IPv6 has two-tuples of raw bytes here.
    return len(address) >= 3 and socket.has_ipv6


class AsyncResolver(AbstractResolver):
    """aiodns: queries by c-ares, without threads.

    Args:
        loop: has no meaning but for the life of what is shared; the running loop by default.
        *args, **kwargs: for :class:`aiodns.DNSResolver`, such as ``nameservers``; without any, all
            resolvers of a loop share one.

    Raises:
        RuntimeError: aiodns is not installed.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop | None = None, *args: Any, **kwargs: Any
    ) -> None:
        module = getattr(sys.modules[__name__], "aiodns")  # noqa: B009 - it may be loaded here
        if module is None:
            raise RuntimeError("Resolver requires aiodns library: pip install aiodns")
        self._loop = loop or asyncio.get_running_loop()
        self._manager: _DNSResolverManager | None = None
        self._resolver: aiodns.DNSResolver | None
        if args or kwargs:
            self._resolver = module.DNSResolver(*args, loop=self._loop, **kwargs)
        else:
            self._manager = _DNSResolverManager()
            self._resolver = self._manager.get_resolver(self, self._loop)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if self._resolver is None:
            raise RuntimeError("AsyncResolver is closed; make a new one")
        from aiodns import error as aiodns_error

        try:
            answer = await self._resolver.getaddrinfo(
                host,
                port=port,
                type=socket.SOCK_STREAM,
                family=family,
                flags=_lookup_flags(host),
            )
        except aiodns_error.DNSError as error:
            reason = error.args[1] if len(error.args) >= 2 else "DNS lookup failed"
            raise OSError(None, reason) from error
        hosts = [
            _result(host, await _address_text(self._resolver, node), port, node.family, 0)
            for node in answer.nodes
        ]
        if not hosts:
            raise OSError(None, "DNS lookup failed")
        return hosts

    async def close(self) -> None:
        """Give back the shared resolver, or cancel the queries of an own one; also twice."""
        if self._manager is not None:
            self._manager.release_resolver(self, self._loop)
            self._manager = None
            self._resolver = None
        elif self._resolver is not None:
            self._resolver.cancel()
            self._resolver = None


async def _address_text(resolver: aiodns.DNSResolver, node: Any) -> str:
    address: tuple[Any, ...] = node.addr
    text = _decoded(address[0])
    if node.family == socket.AF_INET6 and len(address) > 3 and address[3]:
        # Link-local: the interface belongs to the address (RFC 4007 §11).
        named = await resolver.getnameinfo((text, *address[1:]), _NAME_SOCKET_FLAGS)
        return _decoded(named.node)
    return text


def _decoded(text: bytes | str) -> str:
    return text.decode("ascii") if isinstance(text, bytes) else text


class _DNSResolverManager:
    """One aiodns resolver a loop, for as long as somebody uses it.  There is one manager."""

    _instance: _DNSResolverManager | None = None

    # Loop -> its resolver and who uses it; neither loops nor users are kept alive.
    _loop_data: weakref.WeakKeyDictionary[
        asyncio.AbstractEventLoop, tuple[aiodns.DNSResolver, weakref.WeakSet[AsyncResolver]]
    ]

    def __new__(cls) -> _DNSResolverManager:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance._loop_data = weakref.WeakKeyDictionary()
        return cls._instance

    def get_resolver(
        self, client: AsyncResolver, loop: asyncio.AbstractEventLoop
    ) -> aiodns.DNSResolver:
        """Return the resolver of ``loop`` and note that ``client`` uses it."""
        if loop not in self._loop_data:
            module = getattr(sys.modules[__name__], "aiodns")  # noqa: B009 - as above
            self._loop_data[loop] = module.DNSResolver(loop=loop), weakref.WeakSet()
        resolver, clients = self._loop_data[loop]
        clients.add(client)
        return resolver

    def release_resolver(self, client: AsyncResolver, loop: asyncio.AbstractEventLoop) -> None:
        """Note that ``client`` does not use it any more; the last one cancels what is in flight."""
        if loop not in self._loop_data:
            return
        resolver, clients = self._loop_data[loop]
        clients.discard(client)
        if not clients:
            resolver.cancel()
            del self._loop_data[loop]
