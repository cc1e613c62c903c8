"""Route definitions and tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiohttp import web


async def handler(request: web.Request) -> web.Response:
    return web.Response()


@pytest.mark.parametrize("method", ["head", "options", "post", "put", "patch", "delete"])
def test_a_definition_makes_one_route(method: str) -> None:
    router = web.UrlDispatcher()
    [route] = router.add_routes([getattr(web, method)("/a", handler, name="n")])
    assert (route.method, route.name, route.handler) == (method.upper(), "n", handler)


def test_get_brings_head() -> None:
    router = web.UrlDispatcher()
    router.add_routes([web.get("/a", handler), web.get("/b", handler, allow_head=False)])
    assert [route.method for route in router.routes()] == ["HEAD", "GET", "GET"]


def test_view_and_any_method() -> None:
    class Page(web.View):
        pass

    router = web.UrlDispatcher()
    router.add_routes([web.view("/a", Page), web.route("LINK", "/b", handler)])
    assert [route.method for route in router.routes()] == ["*", "LINK"]


def test_static_definition(tmp_path: Path) -> None:
    router = web.UrlDispatcher()
    routes = router.add_routes([web.static("/static", tmp_path, name="s")])
    assert {route.method for route in routes} == {"GET", "HEAD"}
    assert "s" in router


def test_a_table_is_filled_by_decorators(tmp_path: Path) -> None:
    routes = web.RouteTableDef()

    @routes.get("/a")
    @routes.post("/a", name="n")
    async def both(request: web.Request) -> web.Response:
        return web.Response()

    @routes.view("/v")
    class Page(web.View):
        pass

    routes.static("/static", tmp_path)
    for name in ("head", "put", "patch", "delete", "options"):
        getattr(routes, name)(f"/{name}")(handler)
    assert len(routes) == 9 and routes[0] in routes and len(routes[1:3]) == 2
    assert repr(routes) == "<RouteTableDef count=9>"
    assert repr(routes[0]) == "<RouteDef POST /a -> 'both', name='n'>"
    router = web.UrlDispatcher()
    router.add_routes(routes)
    assert router["n"].canonical == "/a"


def test_options_go_to_the_route() -> None:
    [route] = web.UrlDispatcher().add_routes([web.post("/", handler, options={"k": 1})])
    assert route.options == {"k": 1}
