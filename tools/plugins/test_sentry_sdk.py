"""sentry-sdk: errors and spans of the server and the client are seen, and traced on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aiohttp import ClientSession, web

sentry = pytest.importorskip("sentry_sdk")
integrations = pytest.importorskip("sentry_sdk.integrations.aiohttp")

Events = list[dict[str, Any]]


@pytest.fixture
def events() -> Iterator[Events]:
    """Return the list of what would be sent to Sentry."""
    events: Events = []
    base = pytest.importorskip("sentry_sdk.transport").Transport

    class Kept(base):  # type: ignore[misc,valid-type]
        def capture_envelope(self, envelope: Any) -> None:
            for item in envelope.items:
                if item.type in ("event", "transaction"):
                    events.append(item.payload.json)

    # What sentry patches stays patched: no other test module may depend on Application._handle.
    sentry.init(
        dsn="http://a@sentry.test/1",
        transport=Kept,
        traces_sample_rate=1.0,
        integrations=[integrations.AioHttpIntegration()],
        default_integrations=False,
        auto_enabling_integrations=False,
    )
    yield events
    sentry.get_client().close()
    sentry.init()


async def test_errors_and_spans(events: Events, serve: Any) -> None:
    seen: list[str | None] = []

    async def broken(request: web.Request) -> web.Response:
        seen.append(request.headers.get("sentry-trace"))
        await request.read()
        raise LookupError("broken on purpose")

    async def missing(request: web.Request) -> web.Response:
        raise web.HTTPNotFound

    async def fine(request: web.Request) -> web.Response:
        return web.Response(text="fine")

    app = web.Application()
    app.router.add_post("/broken/{name}", broken)
    app.router.add_get("/missing", missing)
    app.router.add_get("/fine", fine)
    server = await serve(app)
    async with ClientSession() as session:  # made after sentry began
        with sentry.start_transaction(name="program"):
            async with session.post(server.make_url("/broken/x"), data=b"body") as response:
                assert response.status == 500
        async with session.get(server.make_url("/missing")) as response:
            assert response.status == 404
        async with session.get(server.make_url("/fine")) as response:
            assert await response.text() == "fine"
    assert seen[0] is not None
    (error,) = (event for event in events if "exception" in event)
    assert error["exception"]["values"][-1]["type"] == "LookupError"
    assert error["request"]["method"] == "POST" and error["request"]["data"] == "body"
    names = {event["transaction"] for event in events if event.get("type") == "transaction"}
    assert "program" in names and len(names) == 4
    (program,) = (event for event in events if event.get("transaction") == "program")
    (span,) = program["spans"]
    assert span["op"] == "http.client" and span["data"]["http.response.status_code"] == 500
