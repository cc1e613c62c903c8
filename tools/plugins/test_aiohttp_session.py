"""aiohttp-session: what a visitor did is kept in a cookie, plain or encrypted."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import ClientSession, CookieJar, web

aiohttp_session = pytest.importorskip("aiohttp_session")


def encrypted() -> Any:
    storage = pytest.importorskip(
        "aiohttp_session.cookie_storage", reason="encrypted cookies need cryptography"
    )
    return storage.EncryptedCookieStorage(bytes(32))


@pytest.mark.parametrize("make", [aiohttp_session.SimpleCookieStorage, encrypted])
async def test_visits_are_counted(make: Any, serve: Any) -> None:
    async def visit(request: web.Request) -> web.Response:
        visitor = await aiohttp_session.get_session(request)
        visitor["visits"] = visitor.get("visits", 0) + 1
        return web.json_response({"visits": visitor["visits"], "new": visitor.new})

    async def login(request: web.Request) -> web.Response:
        visitor = await aiohttp_session.new_session(request)
        visitor["name"] = (await request.post())["name"]
        raise web.HTTPSeeOther("/")

    async def leave(request: web.Request) -> web.Response:
        (await aiohttp_session.get_session(request)).invalidate()
        return web.Response()

    app = web.Application()
    aiohttp_session.setup(app, make())
    app.router.add_get("/", visit)
    app.router.add_post("/login", login)
    app.router.add_post("/leave", leave)
    server = await serve(app)
    async with ClientSession(server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as client:

        async def visits() -> Any:
            async with client.get("") as response:
                return await response.json()

        assert await visits() == {"visits": 1, "new": True}
        assert await visits() == {"visits": 2, "new": False}
        async with client.post("login", data={"name": "ann"}) as response:
            # An exception as answer carries no session, or it does: that is the plugin's affair.
            assert response.status == 200
        async with client.post("leave"):
            pass
        assert (await visits())["visits"] == 1
