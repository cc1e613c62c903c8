"""vcrpy: what a server said is written to a cassette and played again without the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aiohttp import ClientSession, web

vcr = pytest.importorskip("vcr")


async def test_record_and_play(session: ClientSession, serve: Any, tmp_path: Path) -> None:
    asked: list[str] = []

    async def show(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        response = web.json_response({"asked": len(asked)}, headers={"X-A": "1"})
        response.set_cookie("seen", "yes")
        return response

    async def old(request: web.Request) -> web.Response:
        raise web.HTTPFound("/show?from=old")

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=(await request.read())[::-1])

    app = web.Application()
    app.add_routes([web.get("/show", show), web.get("/old", old), web.post("/echo", echo)])
    server = await serve(app)
    base = server.make_url("/")
    cassette = str(tmp_path / "cassette.yaml")

    async def program(client: ClientSession) -> list[Any]:
        async with client.get(base / "show", params={"a": "b"}) as shown:
            first = (shown.status, await shown.json(), shown.headers["X-A"])
            assert shown.cookies["seen"].value == "yes"
        async with client.get(base / "old") as moved:
            second = (moved.status, await moved.text(), moved.url.path)
            assert [hop.status for hop in moved.history] == [302]
        async with client.post(base / "echo", data=b"abc") as echoed:
            third = [line async for line in echoed.content]
        return [first, second, third]

    with vcr.use_cassette(cassette, record_mode="once"):
        recorded = await program(session)
    assert asked == ["/show?a=b", "/show?from=old"]
    await server.close()
    with vcr.use_cassette(cassette, record_mode="none") as tape:
        async with ClientSession() as another:
            assert await program(another) == recorded
        assert tape.all_played
    assert recorded[2] == [b"cba"]
