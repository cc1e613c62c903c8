"""Signals that tell of the life of a request, for those who listen.

Without a :class:`TraceConfig` in a session nothing here runs; a signal that nobody listens to costs
the test of an empty list.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import attr
from aiosignal import Signal
from multidict import CIMultiDict
from yarl import URL

if TYPE_CHECKING:
    from aiohttp.client import ClientSession
    from aiohttp.client_reqrep import ClientResponse

__all__ = (
    "TraceConfig",
    "TraceConnectionCreateEndParams",
    "TraceConnectionCreateStartParams",
    "TraceConnectionQueuedEndParams",
    "TraceConnectionQueuedStartParams",
    "TraceConnectionReuseconnParams",
    "TraceDnsCacheHitParams",
    "TraceDnsCacheMissParams",
    "TraceDnsResolveHostEndParams",
    "TraceDnsResolveHostStartParams",
    "TraceRequestChunkSentParams",
    "TraceRequestEndParams",
    "TraceRequestExceptionParams",
    "TraceRequestHeadersSentParams",
    "TraceRequestRedirectParams",
    "TraceRequestStartParams",
    "TraceResponseChunkReceivedParams",
)

_ParamsT = TypeVar("_ParamsT")

# --- What the signals tell ---


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceRequestStartParams:
    """A request begins; each hop of a redirect is one."""

    method: str
    url: URL
    headers: CIMultiDict[str]


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceRequestHeadersSentParams:
    """The head of a request was handed to the transport."""

    method: str
    url: URL
    headers: CIMultiDict[str]


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceRequestChunkSentParams:
    """A piece of the request body was handed to the transport."""

    method: str
    url: URL
    chunk: bytes


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceResponseChunkReceivedParams:
    """A piece of the response body was read by the program."""

    method: str
    url: URL
    chunk: bytes


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceRequestEndParams:
    """The head of the final response is there."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: ClientResponse


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceRequestExceptionParams:
    """The request failed."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    exception: BaseException


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceRequestRedirectParams:
    """A redirect came and will be followed."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: ClientResponse


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceConnectionQueuedStartParams:
    """The pool is full: the request waits for a connection."""


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceConnectionQueuedEndParams:
    """The request need not wait any more."""


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceConnectionCreateStartParams:
    """A new connection is being made."""


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceConnectionCreateEndParams:
    """A new connection was made."""


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceConnectionReuseconnParams:
    """A connection of the pool is used again."""


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceDnsResolveHostStartParams:
    """A name is being looked up."""

    host: str


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceDnsResolveHostEndParams:
    """A name was looked up."""

    host: str


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceDnsCacheHitParams:
    """The addresses of a name were still known."""

    host: str


@attr.s(auto_attribs=True, frozen=True, slots=True)
class TraceDnsCacheMissParams:
    """The addresses of a name were not known."""

    host: str


# --- Who listens ---


class _Event(Generic[_ParamsT]):
    """An attribute of a TraceConfig: the signal of one kind of event."""

    def __init__(self, params: type[_ParamsT]) -> None:
        self.__doc__ = params.__doc__
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, config: None, owner: type) -> _Event[_ParamsT]: ...

    @overload
    def __get__(self, config: TraceConfig, owner: type) -> Signal[ClientSession, Any, _ParamsT]: ...

    def __get__(self, config: TraceConfig | None, owner: type) -> Any:
        return self if config is None else config._signals[self._name]

    def __set__(self, config: TraceConfig, value: object) -> None:
        raise AttributeError(f"{self._name} cannot be replaced; append a receiver to it")


class TraceConfig:
    """Receivers of signals, to be given to a session as one of its ``trace_configs``.

    A receiver is ``async def receiver(session, context, params)``.

    Args:
        trace_config_ctx_factory: called with ``trace_request_ctx=…`` once a request; what it
            returns is the ``context`` of all of its signals.
    """

    on_request_start = _Event(TraceRequestStartParams)
    on_request_headers_sent = _Event(TraceRequestHeadersSentParams)
    on_request_chunk_sent = _Event(TraceRequestChunkSentParams)
    on_response_chunk_received = _Event(TraceResponseChunkReceivedParams)
    on_request_end = _Event(TraceRequestEndParams)
    on_request_exception = _Event(TraceRequestExceptionParams)
    on_request_redirect = _Event(TraceRequestRedirectParams)
    on_connection_queued_start = _Event(TraceConnectionQueuedStartParams)
    on_connection_queued_end = _Event(TraceConnectionQueuedEndParams)
    on_connection_create_start = _Event(TraceConnectionCreateStartParams)
    on_connection_create_end = _Event(TraceConnectionCreateEndParams)
    on_connection_reuseconn = _Event(TraceConnectionReuseconnParams)
    on_dns_resolvehost_start = _Event(TraceDnsResolveHostStartParams)
    on_dns_resolvehost_end = _Event(TraceDnsResolveHostEndParams)
    on_dns_cache_hit = _Event(TraceDnsCacheHitParams)
    on_dns_cache_miss = _Event(TraceDnsCacheMissParams)

    def __init__(self, trace_config_ctx_factory: Callable[..., Any] = SimpleNamespace) -> None:
        self._trace_config_ctx_factory = trace_config_ctx_factory
        self._signals: dict[str, Signal[Any, Any, Any]] = {
            name: Signal(self) for name, event in vars(TraceConfig).items() if _is_event(event)
        }

    def trace_config_ctx(self, trace_request_ctx: Any = None) -> Any:
        """Return a new context for one request."""
        return self._trace_config_ctx_factory(trace_request_ctx=trace_request_ctx)

    def freeze(self) -> None:
        """Forbid further receivers; a session does it with its configurations."""
        for signal in self._signals.values():
            signal.freeze()


def _is_event(attribute: object) -> bool:
    return isinstance(attribute, _Event)


class Trace:
    """One configuration during one request: what the client calls to tell its receivers."""

    __slots__ = ("_session", "_trace_config", "_trace_config_ctx")

    def __init__(
        self, session: ClientSession, trace_config: TraceConfig, trace_config_ctx: Any
    ) -> None:
        self._session = session
        self._trace_config = trace_config
        self._trace_config_ctx = trace_config_ctx

    async def _send(self, signal: Signal[Any, Any, Any], params: object) -> None:
        await signal.send(self._session, self._trace_config_ctx, params)

    async def send_request_start(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        if signal := self._trace_config.on_request_start:
            await self._send(signal, TraceRequestStartParams(method, url, headers))

    async def send_request_headers(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        if signal := self._trace_config.on_request_headers_sent:
            await self._send(signal, TraceRequestHeadersSentParams(method, url, headers))

    async def send_request_chunk_sent(self, method: str, url: URL, chunk: bytes) -> None:
        if signal := self._trace_config.on_request_chunk_sent:
            await self._send(signal, TraceRequestChunkSentParams(method, url, chunk))

    async def send_response_chunk_received(self, method: str, url: URL, chunk: bytes) -> None:
        if signal := self._trace_config.on_response_chunk_received:
            await self._send(signal, TraceResponseChunkReceivedParams(method, url, chunk))

    async def send_request_end(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ClientResponse
    ) -> None:
        if signal := self._trace_config.on_request_end:
            await self._send(signal, TraceRequestEndParams(method, url, headers, response))

    async def send_request_exception(
        self, method: str, url: URL, headers: CIMultiDict[str], exception: BaseException
    ) -> None:
        if signal := self._trace_config.on_request_exception:
            await self._send(signal, TraceRequestExceptionParams(method, url, headers, exception))

    async def send_request_redirect(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ClientResponse
    ) -> None:
        if signal := self._trace_config.on_request_redirect:
            await self._send(signal, TraceRequestRedirectParams(method, url, headers, response))

    async def send_connection_queued_start(self) -> None:
        if signal := self._trace_config.on_connection_queued_start:
            await self._send(signal, TraceConnectionQueuedStartParams())

    async def send_connection_queued_end(self) -> None:
        if signal := self._trace_config.on_connection_queued_end:
            await self._send(signal, TraceConnectionQueuedEndParams())

    async def send_connection_create_start(self) -> None:
        if signal := self._trace_config.on_connection_create_start:
            await self._send(signal, TraceConnectionCreateStartParams())

    async def send_connection_create_end(self) -> None:
        if signal := self._trace_config.on_connection_create_end:
            await self._send(signal, TraceConnectionCreateEndParams())

    async def send_connection_reuseconn(self) -> None:
        if signal := self._trace_config.on_connection_reuseconn:
            await self._send(signal, TraceConnectionReuseconnParams())

    async def send_dns_resolvehost_start(self, host: str) -> None:
        if signal := self._trace_config.on_dns_resolvehost_start:
            await self._send(signal, TraceDnsResolveHostStartParams(host))

    async def send_dns_resolvehost_end(self, host: str) -> None:
        if signal := self._trace_config.on_dns_resolvehost_end:
            await self._send(signal, TraceDnsResolveHostEndParams(host))

    async def send_dns_cache_hit(self, host: str) -> None:
        if signal := self._trace_config.on_dns_cache_hit:
            await self._send(signal, TraceDnsCacheHitParams(host))

    async def send_dns_cache_miss(self, host: str) -> None:
        if signal := self._trace_config.on_dns_cache_miss:
            await self._send(signal, TraceDnsCacheMissParams(host))
