"""``aiohttp-web`` alone: it serves a client that is no more than a socket."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable

import pytest

import aiohttp
from aiohttp import web


async def hello(request: web.Request) -> web.Response:
    return web.json_response({"name": request.match_info["name"]})


async def test_a_service_answers() -> None:
    app = web.Application()
    app.add_routes([web.get("/hello/{name}", hello)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]

    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /hello/ann HTTP/1.1\r\nHost: example\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    await runner.cleanup()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'\r\n\r\n{"name": "ann"}')


def test_the_client_is_not_there() -> None:
    with pytest.raises(ModuleNotFoundError, match="pip install aiohttp-client"):
        aiohttp.ClientSession  # noqa: B018
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("aiohttp.client")


def test_nothing_of_the_client_is_loaded(imported: Callable[[str], set[str]]) -> None:
    loaded = imported("from aiohttp import web")
    assert not loaded & {"aiohttp.client", "aiohttp.connector", "aiohttp._client"}
