"""aiohttp-security: who asks, by a session in a cookie, and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import ClientSession, CookieJar, web

security = pytest.importorskip("aiohttp_security")
aiohttp_session = pytest.importorskip("aiohttp_session")


class Policy(security.AbstractAuthorizationPolicy):  # type: ignore[misc,name-defined]
    async def authorized_userid(self, identity: str) -> str | None:
        return identity if identity in ("ann", "bo") else None

    async def permits(self, identity: str | None, permission: str, context: Any = None) -> bool:
        return identity == "ann"


async def login(request: web.Request) -> web.Response:
    response = web.HTTPFound("/who")
    await security.remember(request, response, request.match_info["name"])
    raise response


async def logout(request: web.Request) -> web.Response:
    response = web.Response(text="bye")
    await security.forget(request, response)
    return response


async def who(request: web.Request) -> web.Response:
    return web.Response(text=str(await security.authorized_userid(request)))


async def secret(request: web.Request) -> web.Response:
    await security.check_permission(request, "read")
    return web.Response(text="secret")


@pytest.mark.parametrize("policy", ["CookiesIdentityPolicy", "SessionIdentityPolicy"])
async def test_who_may_see(policy: str, serve: Any) -> None:
    app = web.Application()
    aiohttp_session.setup(app, aiohttp_session.SimpleCookieStorage())
    security.setup(app, getattr(security, policy)(), Policy())
    app.add_routes(
        [
            web.get("/login/{name}", login),
            web.get("/logout", logout),
            web.get("/who", who),
            web.get("/secret", secret),
        ]
    )
    server = await serve(app)
    async with ClientSession(server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as client:

        async def ask(path: str) -> tuple[int, str]:
            async with client.get(path) as response:
                return response.status, await response.text()

        assert await ask("who") == (200, "None")
        assert (await ask("secret"))[0] == 401
        assert await ask("login/bo") == (200, "bo")
        assert (await ask("secret"))[0] == 403
        assert await ask("login/ann") == (200, "ann")
        assert await ask("secret") == (200, "secret")
        assert await ask("logout") == (200, "bye")
        assert await ask("who") == (200, "None")
