"""httpx-aiohttp: httpx's client over our session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiohttp import web

httpx = pytest.importorskip("httpx")
httpx_aiohttp = pytest.importorskip("httpx_aiohttp")


async def test_calls(serve: Any, unused_tcp_port: int) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"X-Method": request.method})
        response.enable_compression()
        await response.prepare(request)
        async for chunk in request.content.iter_any():
            await response.write(chunk.upper())
        await response.write(b".")
        return response

    async def body() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async def old(request: web.Request) -> web.Response:
        raise web.HTTPFound("/echo")

    app = web.Application()
    app.router.add_route("*", "/echo", echo)
    app.router.add_get("/old", old)
    server = await serve(app)
    async with httpx_aiohttp.HttpxAiohttpClient(base_url=str(server.make_url("/"))) as client:
        got = await client.post("echo", content=body())
        assert (got.status_code, got.text, got.headers["x-method"]) == (200, "ONE TWO.", "POST")
        moved = await client.get("old", follow_redirects=True)
        assert [hop.status_code for hop in moved.history] == [302]
        async with client.stream("PUT", "echo", content=b"abc") as streamed:
            assert b"".join([chunk async for chunk in streamed.aiter_bytes()]) == b"ABC."
        with pytest.raises(httpx.TransportError):
            await client.get(f"http://127.0.0.1:{unused_tcp_port}/")
