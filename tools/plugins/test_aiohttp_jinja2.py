"""aiohttp-jinja2: handlers that return what a template is filled with."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import ClientSession, web

aiohttp_jinja2 = pytest.importorskip("aiohttp_jinja2")
jinja2 = pytest.importorskip("jinja2")

TEMPLATE = """\
<title>{{ title }}</title><a href="{{ url('person', name='ann') }}">{{ request.path }}</a>\
<img src="{{ static('a.png') }}"> {{ motto }} {{ app['name'] }}"""


async def test_pages(session: ClientSession, serve: Any) -> None:
    @aiohttp_jinja2.template("page.html")  # type: ignore[untyped-decorator]
    async def page(request: web.Request) -> dict[str, str]:
        return {"title": "<Home>"}

    @aiohttp_jinja2.template("page.html", status=203)
    class Person(web.View):
        async def get(self) -> dict[str, str]:
            return {"title": self.request.match_info["name"]}

    class Form(web.View):
        @aiohttp_jinja2.template("page.html")  # type: ignore[untyped-decorator]
        async def post(self) -> dict[str, Any]:
            return {"title": (await self.request.post())["title"]}

    async def by_hand(request: web.Request) -> Any:
        return aiohttp_jinja2.render_template("page.html", request, {"title": "by hand"})

    async def motto(request: web.Request) -> dict[str, str]:
        return {"motto": "tea first"}

    app = web.Application()
    app["name"] = "shop"
    app["static_root_url"] = "/static"
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.DictLoader({"page.html": TEMPLATE}),
        context_processors=[motto, aiohttp_jinja2.request_processor],
    )
    app.router.add_get("/", page)
    app.router.add_view("/people/{name}", Person, name="person")
    app.router.add_view("/form", Form)
    app.router.add_get("/by-hand", by_hand)
    server = await serve(app)
    async with session.get(server.make_url("/")) as response:
        assert response.content_type == "text/html"
        assert await response.text() == (
            '<title>&lt;Home&gt;</title><a href="/people/ann">/</a><img src="/static/a.png">'
            " tea first shop"
        )
    async with session.get(server.make_url("/people/bo")) as response:
        assert response.status == 203 and "<title>bo</title>" in await response.text()
    async with session.post(server.make_url("/form"), data={"title": "sent"}) as response:
        assert "<title>sent</title>" in await response.text()
    async with session.get(server.make_url("/by-hand")) as response:
        assert "<title>by hand</title>" in await response.text()
