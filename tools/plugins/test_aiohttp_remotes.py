"""aiohttp-remotes: who asks through which proxy, which host is meant, basic access."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import BasicAuth, ClientSession, web

remotes = pytest.importorskip("aiohttp_remotes")


async def show(request: web.Request) -> web.Response:
    return web.json_response([request.remote, request.scheme, request.host])


async def ask(
    serve: Any, session: ClientSession, tool: Any, headers: dict[str, str], **options: Any
) -> Any:
    app = web.Application()
    app.router.add_get("/", show)
    await remotes.setup(app, tool)
    server = await serve(app)
    async with session.get(server.make_url("/"), headers=headers, **options) as response:
        return await response.json() if response.status == 200 else response.status


async def test_behind_proxies(serve: Any, session: ClientSession) -> None:
    said = {
        "X-Forwarded-For": "10.1.2.3",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "shop.test",
    }
    answer = await ask(serve, session, remotes.XForwardedRelaxed(), said)
    assert answer == ["10.1.2.3", "https", "shop.test"]
    strict = remotes.XForwardedStrict([["127.0.0.1"]])
    assert await ask(serve, session, strict, said) == ["10.1.2.3", "https", "shop.test"]
    assert await ask(serve, session, remotes.XForwardedStrict([["10.0.0.1"]]), said) == 400
    said = {"Forwarded": 'for="10.9.9.9";proto=https;host=shop.test'}
    answer = await ask(serve, session, remotes.ForwardedRelaxed(), said)
    assert answer == ["10.9.9.9", "https", "shop.test"]


async def test_who_may(serve: Any, session: ClientSession) -> None:
    assert await ask(serve, session, remotes.AllowedHosts({"shop.test"}), {}) == 400
    answer = await ask(serve, session, remotes.AllowedHosts({"shop.test"}), {"Host": "shop.test"})
    assert answer[2] == "shop.test"
    tool = remotes.BasicAuth("ann", "secret", "shop")
    assert await ask(serve, session, tool, {}) == 401
    tool = remotes.BasicAuth("ann", "secret", "shop")
    answer = await ask(serve, session, tool, {}, auth=BasicAuth("ann", "secret"))
    assert answer[0] == "127.0.0.1"
    assert await ask(serve, session, remotes.Secure(redirect=False), {}) == 400
