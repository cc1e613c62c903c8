"""aiohttp-debugtoolbar: a button in every page, the request's panels behind it, tracebacks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aiohttp import ClientSession, web

toolbar = pytest.importorskip("aiohttp_debugtoolbar")
aiohttp_jinja2 = pytest.importorskip("aiohttp_jinja2")
jinja2 = pytest.importorskip("jinja2")


async def test_pages_have_a_toolbar(session: ClientSession, serve: Any) -> None:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html><body>page</body></html>", content_type="text/html")

    async def broken(request: web.Request) -> web.Response:
        raise NotImplementedError("broken on purpose")

    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/")

    app = web.Application()
    aiohttp_jinja2.setup(app, loader=jinja2.DictLoader({}))
    toolbar.setup(app, intercept_redirects=True)
    app.router.add_get("/", page)
    app.router.add_get("/broken", broken)
    app.router.add_get("/moved", moved)
    server = await serve(app)
    async with session.get(server.make_url("/")) as response:
        text = await response.text()
        assert response.status == 200 and "pDebugToolbarHandle" in text
        assert int(response.headers["Content-Length"]) == len(text.encode())
    found = re.search(r'"(/_debugtoolbar/[0-9a-f]+)"', text) or re.search(
        r"(/_debugtoolbar/[0-9a-f-]+)", text
    )
    assert found is not None
    async with session.get(server.make_url(found[1])) as response:
        panels = await response.text()
        assert response.status == 200
        assert "Performance" in panels and "Request Vars" in panels
    async with session.get(server.make_url("/broken")) as response:
        assert response.status == 500
        assert "broken on purpose" in await response.text()
    async with session.get(server.make_url("/moved"), allow_redirects=False) as response:
        assert response.status == 200 and "Redirect" in await response.text()
    async with session.get(server.make_url("/_debugtoolbar/static/css/toolbar.css")) as response:
        assert response.status == 200 and response.content_type == "text/css"
