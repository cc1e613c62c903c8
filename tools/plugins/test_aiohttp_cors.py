"""aiohttp-cors: which origins may ask, for routes, resources and views."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import ClientSession, web

aiohttp_cors = pytest.importorskip("aiohttp_cors")

HOME = "http://home.test"


async def handler(request: web.Request) -> web.Response:
    return web.Response(text="data", headers={"X-Left": "3"})


class Things(web.View, aiohttp_cors.CorsViewMixin):  # type: ignore[misc,name-defined]
    async def get(self) -> web.Response:
        return web.Response(text="things")


async def test_origins(session: ClientSession, serve: Any) -> None:
    app = web.Application()
    defaults = aiohttp_cors.ResourceOptions(
        allow_credentials=True, expose_headers="*", allow_headers=("X-Token",), max_age=60
    )
    cors = aiohttp_cors.setup(app, defaults={HOME: defaults})
    resource = cors.add(app.router.add_resource("/data"))
    cors.add(resource.add_route("GET", handler))
    cors.add(resource.add_route("PUT", handler))
    cors.add(app.router.add_get("/named", handler, name="named"), {"*": defaults})
    cors.add(app.router.add_view("/things", Things))
    app.router.add_get("/closed", handler)
    server = await serve(app)

    async def ask(method: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
        url = server.make_url(path)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        async with session.request(method, url, headers=fields) as response:
            return response.status, {
                name.removeprefix("Access-Control-"): value
                for name, value in response.headers.items()
                if name.startswith("Access-Control-")
            }

    allowed = {"Allow-Origin": HOME, "Allow-Credentials": "true"}
    status, fields = await ask("GET", "/data", Origin=HOME)
    assert status == 200 and fields.items() >= allowed.items()
    assert "X-Left" in fields["Expose-Headers"]
    assert await ask("GET", "/data", Origin="http://away.test") == (200, {})
    assert await ask("GET", "/closed", Origin=HOME) == (200, {})
    status, fields = await ask(
        "OPTIONS",
        "/data",
        Origin=HOME,
        Access_Control_Request_Method="PUT",
        Access_Control_Request_Headers="X-Token",
    )
    assert status == 200
    assert fields == allowed | {
        "Allow-Methods": "PUT",
        "Allow-Headers": "X-TOKEN",
        "Max-Age": "60",
    }
    status, _ = await ask(
        "OPTIONS", "/data", Origin="http://away.test", Access_Control_Request_Method="PUT"
    )
    assert status == 403
    assert (await ask("GET", "/named", Origin="http://x.test"))[1]["Allow-Origin"] == (
        "http://x.test"
    )
    status, fields = await ask(
        "OPTIONS", "/things", Origin=HOME, Access_Control_Request_Method="GET"
    )
    assert status == 200 and fields["Allow-Methods"] == "GET"
    assert (await ask("GET", "/things", Origin=HOME))[1].items() >= allowed.items()
