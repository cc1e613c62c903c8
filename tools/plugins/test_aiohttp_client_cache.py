"""aiohttp-client-cache: a session that asks the server once."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import web

cache = pytest.importorskip("aiohttp_client_cache")


async def test_the_second_answer_comes_from_the_cache(serve: Any) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        response = web.json_response(
            {"n": len(asked)}, headers={"Link": '</next>; rel="next"', "ETag": '"1"'}
        )
        response.set_cookie("seen", "1")
        return response

    async def old(request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently("/new")

    app = web.Application()
    app.router.add_get("/new", handler)
    app.router.add_get("/old", old)
    server = await serve(app)
    backend = cache.CacheBackend(expire_after=60)
    async with cache.CachedSession(cache=backend) as session:
        first = await session.get(server.make_url("/new"), params={"a": "1"})
        assert not first.from_cache
        second = await session.get(server.make_url("/new"), params={"a": "1"})
        assert second.from_cache
        assert await second.json() == await first.json() == {"n": 1}
        assert second.headers["Content-Type"] == first.headers["Content-Type"]
        assert second.content_type == "application/json" and second.charset == "utf-8"
        assert second.cookies["seen"].value == "1"
        assert (second.status, second.reason, second.ok) == (200, "OK", True)
        assert second.url == first.url and second.method == "GET"
        assert await second.content.read() == b'{"n": 1}'
        moved = await session.get(server.make_url("/old"))
        again = await session.get(server.make_url("/old"))
        assert [hop.status for hop in again.history] == [301]
        assert await again.text() == await moved.text()
        async with session.disabled():
            async with session.get(server.make_url("/new"), params={"a": "1"}) as fresh:
                assert await fresh.json() == {"n": 3}
    assert asked == ["/new?a=1", "/new", "/new?a=1"]


async def test_base_url_and_posts(serve: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"got": await request.json()})

    app = web.Application()
    app.router.add_post("/api/echo", handler)
    server = await serve(app)
    backend = cache.CacheBackend(allowed_methods=("GET", "POST"))
    async with cache.CachedSession(server.make_url("/api/"), cache=backend) as session:
        for from_cache in (False, True):
            async with session.post("echo", json={"x": 1}) as response:
                assert response.from_cache is from_cache
                assert await response.json() == {"got": {"x": 1}}
