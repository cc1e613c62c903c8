"""Signals of a request."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import attr
import pytest
from multidict import CIMultiDict
from yarl import URL

from aiohttp import tracing
from aiohttp.tracing import Trace, TraceConfig

URL_ = URL("http://example.com/")
HEAD: Any = CIMultiDict(a="b")
SESSION: Any = object()
RESPONSE: Any = object()

EVENTS: list[tuple[str, str, str, tuple[Any, ...]]] = [
    ("on_request_start", "request_start", "RequestStart", ("GET", URL_, HEAD)),
    ("on_request_headers_sent", "request_headers", "RequestHeadersSent", ("GET", URL_, HEAD)),
    ("on_request_chunk_sent", "request_chunk_sent", "RequestChunkSent", ("GET", URL_, b"x")),
    (
        "on_response_chunk_received",
        "response_chunk_received",
        "ResponseChunkReceived",
        ("GET", URL_, b"x"),
    ),
    ("on_request_end", "request_end", "RequestEnd", ("GET", URL_, HEAD, RESPONSE)),
    (
        "on_request_exception",
        "request_exception",
        "RequestException",
        ("GET", URL_, HEAD, ValueError()),
    ),
    ("on_request_redirect", "request_redirect", "RequestRedirect", ("GET", URL_, HEAD, RESPONSE)),
    ("on_connection_queued_start", "connection_queued_start", "ConnectionQueuedStart", ()),
    ("on_connection_queued_end", "connection_queued_end", "ConnectionQueuedEnd", ()),
    ("on_connection_create_start", "connection_create_start", "ConnectionCreateStart", ()),
    ("on_connection_create_end", "connection_create_end", "ConnectionCreateEnd", ()),
    ("on_connection_reuseconn", "connection_reuseconn", "ConnectionReuseconn", ()),
    ("on_dns_resolvehost_start", "dns_resolvehost_start", "DnsResolveHostStart", ("h",)),
    ("on_dns_resolvehost_end", "dns_resolvehost_end", "DnsResolveHostEnd", ("h",)),
    ("on_dns_cache_hit", "dns_cache_hit", "DnsCacheHit", ("h",)),
    ("on_dns_cache_miss", "dns_cache_miss", "DnsCacheMiss", ("h",)),
]


@pytest.mark.parametrize(("signal", "send", "params", "arguments"), EVENTS)
async def test_each_signal_tells_its_params(
    signal: str, send: str, params: str, arguments: tuple[Any, ...]
) -> None:
    told: list[tuple[Any, ...]] = []

    async def receiver(*given: Any) -> None:
        told.append(given)

    config = TraceConfig()
    getattr(config, signal).append(receiver)
    config.freeze()
    context = config.trace_config_ctx()
    await getattr(Trace(SESSION, config, context), f"send_{send}")(*arguments)
    kind = getattr(tracing, f"Trace{params}Params")
    assert told == [(SESSION, context, kind(*arguments))]
    with pytest.raises(attr.exceptions.FrozenInstanceError):
        told[0][2].host = "other"


@pytest.mark.parametrize(("signal", "send", "params", "arguments"), EVENTS)
async def test_nothing_is_made_when_nobody_listens(
    monkeypatch: pytest.MonkeyPatch, signal: str, send: str, params: str, arguments: tuple[Any, ...]
) -> None:
    monkeypatch.delattr(tracing, f"Trace{params}Params")
    config = TraceConfig()
    config.freeze()
    await getattr(Trace(SESSION, config, None), f"send_{send}")(*arguments)


def test_there_is_a_row_for_each_signal() -> None:
    assert {row[0] for row in EVENTS} == {n for n in vars(TraceConfig) if n.startswith("on_")}
    assert len(EVENTS) == 16


def test_context() -> None:
    assert TraceConfig().trace_config_ctx("x") == SimpleNamespace(trace_request_ctx="x")

    class Context:
        def __init__(self, trace_request_ctx: Any = None) -> None:
            self.given = trace_request_ctx

    assert TraceConfig(Context).trace_config_ctx("x").given == "x"


async def _receiver(*given: Any) -> None:
    raise NotImplementedError


def test_a_frozen_config_takes_no_receivers() -> None:
    config = TraceConfig()
    config.on_request_start.append(_receiver)
    config.freeze()
    with pytest.raises(RuntimeError):
        config.on_request_start.append(_receiver)


def test_signals_belong_to_their_config_and_stay() -> None:
    one, other = TraceConfig(), TraceConfig()
    one.on_request_end.append(_receiver)
    assert list(other.on_request_end) == []
    with pytest.raises(AttributeError, match="append a receiver"):
        one.on_request_end = []
