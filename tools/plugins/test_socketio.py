"""python-socketio: a server in an application and its client, by polling and by WebSocket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aiohttp import ClientSession, web

socketio = pytest.importorskip("socketio")


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]])
async def test_a_room(transports: list[str], serve: Any, session: ClientSession) -> None:
    sio = socketio.AsyncServer(async_mode="aiohttp", ping_interval=1, ping_timeout=1)

    @sio.event  # type: ignore[untyped-decorator]
    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
        assert environ["aiohttp.request"].path == "/socket.io/"
        await sio.enter_room(sid, auth["room"])

    @sio.event  # type: ignore[untyped-decorator]
    async def say(sid: str, data: Any) -> str:
        await sio.emit("said", data, room="kitchen")
        return "heard"

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="page")

    app = web.Application()
    sio.attach(app)
    app.router.add_get("/", page)
    server = await serve(app)
    said: asyncio.Queue[Any] = asyncio.Queue()
    client = socketio.AsyncClient(http_session=session)
    client.on("said", said.put)
    await client.connect(
        str(server.make_url("/")), auth={"room": "kitchen"}, transports=transports, retry=False
    )
    assert client.transport() == transports[-1]
    assert await client.call("say", {"text": "hé"}, timeout=10) == "heard"
    assert await asyncio.wait_for(said.get(), 10) == {"text": "hé"}
    await client.emit("say", b"\x00\xff" * 5000)
    assert await asyncio.wait_for(said.get(), 10) == b"\x00\xff" * 5000
    async with session.get(server.make_url("/")) as response:
        assert await response.text() == "page"
    await client.disconnect()
    await sio.shutdown()
