"""OpenTelemetry: spans of a client and of a server, joined by the header between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aiohttp import ClientConnectionError, ClientSession, web

of_client = pytest.importorskip("opentelemetry.instrumentation.aiohttp_client")
of_server = pytest.importorskip("opentelemetry.instrumentation.aiohttp_server")
sdk = pytest.importorskip("opentelemetry.sdk.trace")
export = pytest.importorskip("opentelemetry.sdk.trace.export")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")


@pytest.fixture
def exported() -> Any:
    return memory.InMemorySpanExporter()


@pytest.fixture
def provider(exported: Any) -> Any:
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exported))
    return provider


@pytest.fixture
def instrumented(provider: Any) -> Iterator[None]:
    client, server = of_client.AioHttpClientInstrumentor(), of_server.AioHttpServerInstrumentor()
    client.instrument(tracer_provider=provider)
    server.instrument(tracer_provider=provider)
    yield
    server.uninstrument()
    client.uninstrument()


async def handler(request: web.Request) -> web.Response:
    return web.Response(text=request.headers.get("traceparent", "none"))


@pytest.mark.usefixtures("instrumented")
async def test_one_trace(exported: Any, serve: Any, unused_tcp_port: int) -> None:
    app = web.Application()  # what instrument() put in the place of the class
    app.router.add_get("/things/{name}", handler)
    server = await serve(app)
    async with ClientSession() as session:
        async with session.get(server.make_url("/things/tea")) as response:
            parent = await response.text()
        with pytest.raises(ClientConnectionError):
            await session.get(f"http://127.0.0.1:{unused_tcp_port}/")
    spans = {span.kind.name: span for span in exported.get_finished_spans()[:2]}
    assert spans["CLIENT"].context.trace_id == spans["SERVER"].context.trace_id
    assert f"{spans['CLIENT'].context.span_id:016x}" in parent
    assert spans["CLIENT"].attributes["http.status_code"] == 200
    assert exported.get_finished_spans()[-1].status.status_code.name == "ERROR"


async def test_one_session(exported: Any, provider: Any, serve: Any) -> None:
    app = web.Application()
    app.router.add_get("/", handler)
    server = await serve(app)
    config = of_client.create_trace_config(tracer_provider=provider)
    async with ClientSession(trace_configs=[config]) as session:
        async with session.get(server.make_url("/")) as response:
            assert await response.text() != "none"
    assert [span.name for span in exported.get_finished_spans()] == ["GET"]
