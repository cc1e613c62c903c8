"""``aiohttp-testing`` alone: its plugin is found, its server and client find each other."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="Hello")


def make_app() -> web.Application:
    app = web.Application()
    app.router.add_get("/", hello)
    return app


async def test_without_the_plugin() -> None:
    async with TestClient(TestServer(make_app())) as client:
        response = await client.get("/")
        assert await response.text() == "Hello"


async def test_with_the_plugin(aiohttp_client: Any) -> None:
    client = await aiohttp_client(make_app())
    response = await client.get("/")
    assert response.status == 200


def test_the_plugin_is_registered_under_its_module(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("aiohttp.pytest_plugin")
