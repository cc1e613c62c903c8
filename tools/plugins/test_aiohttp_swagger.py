"""aiohttp-swagger: a page made of the docstrings of handlers."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import ClientSession, web

aiohttp_swagger = pytest.importorskip("aiohttp_swagger")


async def test_the_page_of_an_api(session: ClientSession, serve: Any) -> None:
    async def ping(request: web.Request) -> web.Response:
        """
        ---
        description: says pong
        tags: [health]
        """
        return web.Response(text="pong")

    class Things(web.View):
        async def get(self) -> web.Response:
            """
            ---
            description: lists things
            """
            return web.Response()

    app = web.Application()
    app.router.add_get("/ping", ping)
    app.router.add_view("/things/{kind}", Things)
    aiohttp_swagger.setup_swagger(app, swagger_url="/doc", title="Shop", ui_version=3)
    server = await serve(app)
    async with session.get(server.make_url("/doc/swagger.json")) as response:
        described = await response.json()
    assert described["info"]["title"] == "Shop"
    assert described["paths"]["/ping"]["get"]["description"] == "says pong"
    assert described["paths"]["/things/{kind}"]["get"]["description"] == "lists things"
    async with session.get(server.make_url("/doc")) as response:
        assert response.status == 200 and response.content_type == "text/html"
        assert "swagger" in await response.text()
    async with session.get(server.make_url("/doc/swagger_static/swagger-ui.css")) as response:
        assert response.status == 200 and response.content_type == "text/css"
