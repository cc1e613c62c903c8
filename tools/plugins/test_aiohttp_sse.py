"""aiohttp-sse: a stream of events, and its end from either side."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from aiohttp import ClientSession, web

aiohttp_sse = pytest.importorskip("aiohttp_sse")


async def test_events_arrive_one_by_one(session: ClientSession, serve: Any) -> None:
    more = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        async with aiohttp_sse.sse_response(request) as response:
            await response.send("one", event="count", id="1", retry=500)
            await more.wait()
            await response.send(json.dumps({"n": 2}))
        return response  # type: ignore[no-any-return]

    app = web.Application()
    app.router.add_get("/", stream)
    server = await serve(app)
    async with session.get(server.make_url("/")) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-cache"
        first = [await response.content.readline() for _ in range(5)]
        assert first == [
            b"id: 1\r\n",
            b"event: count\r\n",
            b"data: one\r\n",
            b"retry: 500\r\n",
            b"\r\n",
        ]
        more.set()
        assert await response.content.readline() == b'data: {"n": 2}\r\n'
        assert await response.read() == b"\r\n"


async def test_pings_and_a_client_that_goes(session: ClientSession, serve: Any) -> None:
    over = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        async with aiohttp_sse.sse_response(request, ping_interval=0.01) as response:
            try:
                while response.is_connected():
                    await response.send("tick")
                    await asyncio.sleep(0.01)
            finally:
                over.set()
        return response  # type: ignore[no-any-return]

    app = web.Application()
    app.router.add_get("/", stream)
    server = await serve(app)
    async with session.get(server.make_url("/")) as response:
        while not (await response.content.readline()).startswith(b": ping"):
            pass
        response.close()
    await asyncio.wait_for(over.wait(), 10)


async def test_compression_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        aiohttp_sse.EventSourceResponse().enable_compression()
