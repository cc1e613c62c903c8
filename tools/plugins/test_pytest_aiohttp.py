"""pytest-aiohttp: its fixtures in place of ours of the same names."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import web

pytest.importorskip("pytest_aiohttp")


async def handler(request: web.BaseRequest) -> web.Response:
    return web.Response(text=f"{request.method} {request.path}")


async def test_a_client_for_an_application(aiohttp_client: Any) -> None:
    app = web.Application()
    app.router.add_get("/a", handler)
    client = await aiohttp_client(app)
    async with client.get("/a") as response:
        assert await response.text() == "GET /a"


async def test_servers(aiohttp_server: Any, aiohttp_raw_server: Any, aiohttp_client: Any) -> None:
    app = web.Application()
    app.router.add_post("/b", handler)
    client = await aiohttp_client(await aiohttp_server(app))
    assert (await client.post("/b")).status == 200
    raw = await aiohttp_client(await aiohttp_raw_server(handler))
    assert await (await raw.put("/c")).text() == "PUT /c"
