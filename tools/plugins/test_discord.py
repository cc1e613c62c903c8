"""discord.py: a client that logs in and meets the gateway, played by the test."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from aiohttp import web

discord = pytest.importorskip("discord")

USER = {"id": "1", "username": "bot", "discriminator": "0001", "avatar": None, "bot": True}


def answer(data: Any) -> web.Response:
    # Discord says no charset, and the client expects none.
    return web.Response(body=json.dumps(data).encode(), content_type="application/json")


class Discord:
    """What of Discord the test needs: three resources and the gateway."""

    def __init__(self) -> None:
        self.identified: dict[str, Any] = {}
        self.posted: list[Any] = []

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/users/@me", self.me)
        app.router.add_get("/oauth2/applications/@me", self.application_info)
        app.router.add_get("/gateway/bot", self.gateway_url)
        app.router.add_post("/channels/{id}/messages", self.message)
        app.router.add_get("/gateway", self.gateway)
        return app

    async def me(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bot token"
        return answer(USER)

    async def application_info(self, request: web.Request) -> web.Response:
        bot = {"id": "9", "name": "bot", "description": "", "icon": None, "summary": ""}
        flags = {"flags": 0, "verify_key": "", "bot_public": True, "bot_require_code_grant": False}
        return answer(bot | flags | {"owner": USER, "rpc_origins": []})

    async def gateway_url(self, request: web.Request) -> web.Response:
        url = f"ws://{request.host}/gateway"
        limits = {"total": 1, "remaining": 1, "reset_after": 1, "max_concurrency": 1}
        return answer({"url": url, "shards": 1, "session_start_limit": limits})

    async def message(self, request: web.Request) -> web.Response:
        self.posted.append(await request.json())
        return answer(
            {
                "id": "5",
                "channel_id": request.match_info["id"],
                "author": USER,
                "content": self.posted[-1]["content"],
                "timestamp": "2024-01-01T00:00:00+00:00",
                "edited_timestamp": None,
                "tts": False,
                "mention_everyone": False,
                "mentions": [],
                "mention_roles": [],
                "attachments": [],
                "embeds": [],
                "pinned": False,
                "type": 0,
            }
        )

    async def gateway(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_json({"op": 10, "d": {"heartbeat_interval": 45000}, "s": None, "t": None})
        async for message in ws:
            said = message.json()
            if said["op"] == 2:
                self.identified = said["d"]
                host = f"ws://{request.host}/gateway"
                ready = {"v": 10, "user": USER, "guilds": [], "session_id": "s"}
                ready |= {"resume_gateway_url": host, "application": {"id": "9", "flags": 0}}
                await ws.send_json({"op": 0, "t": "READY", "s": 1, "d": ready})
            elif said["op"] == 1:
                await ws.send_json({"op": 11, "d": None, "s": None, "t": None})
        return ws


async def test_a_bot(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Discord()
    server = await serve(played.application())
    monkeypatch.setattr(discord.http.Route, "BASE", str(server.make_url("")).rstrip("/"))
    gateway = pytest.importorskip("discord.gateway").DiscordWebSocket
    yarl = pytest.importorskip("yarl")
    url = yarl.URL(f"ws://127.0.0.1:{server.port}/gateway")
    monkeypatch.setattr(gateway, "DEFAULT_GATEWAY", url)
    client = discord.Client(intents=discord.Intents.none())
    ready = asyncio.Event()

    @client.event  # type: ignore[untyped-decorator]
    async def on_ready() -> None:
        ready.set()

    async with client:
        await client.login("token")
        running = asyncio.ensure_future(client.connect(reconnect=False))
        await asyncio.wait_for(ready.wait(), 20)
        assert client.user.name == "bot"
        sent = await client.get_partial_messageable(7).send("hello")
        assert sent.content == "hello"
    await asyncio.wait_for(running, 10)
    assert played.identified["token"] == "token"
    assert played.posted[0]["content"] == "hello"
