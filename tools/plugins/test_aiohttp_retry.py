"""aiohttp-retry: a call is made again until the server answers."""

from __future__ import annotations

from typing import Any

import pytest

import aiohttp
from aiohttp import web

aiohttp_retry = pytest.importorskip("aiohttp_retry")


async def test_again_until_it_works(serve: Any) -> None:
    tries: list[bytes] = []

    async def handler(request: web.Request) -> web.Response:
        tries.append(await request.read())
        if len(tries) < 3:
            raise web.HTTPServiceUnavailable
        return web.json_response({"tries": len(tries)})

    app = web.Application()
    app.router.add_post("/", handler)
    server = await serve(app)
    options = aiohttp_retry.ListRetry([0.0, 0.0, 0.0, 0.0])
    async with aiohttp_retry.RetryClient(retry_options=options) as client:
        async with client.post(server.make_url("/"), data=b"x") as response:
            assert await response.json() == {"tries": 3}
    assert tries == [b"x", b"x", b"x"]


async def test_exceptions_and_giving_up(unused_tcp_port: int) -> None:
    heard: list[int] = []

    async def on_request_start(session: Any, context: Any, params: Any) -> None:
        heard.append(context.trace_request_ctx["current_attempt"])

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(on_request_start)
    options = aiohttp_retry.ListRetry([0.0, 0.0], exceptions={aiohttp.ClientConnectorError})
    client = aiohttp_retry.RetryClient(retry_options=options, trace_configs=[trace])
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.get(f"http://127.0.0.1:{unused_tcp_port}/")
    await client.close()
    assert heard == [1, 2]
