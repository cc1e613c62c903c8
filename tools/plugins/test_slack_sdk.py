"""slack_sdk: the API and the socket, with a server that answers as Slack's would."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aiohttp import web

slack = pytest.importorskip("slack_sdk.web.async_client")
sockets = pytest.importorskip("slack_sdk.socket_mode.aiohttp")
responses = pytest.importorskip("slack_sdk.socket_mode.response")
errors = pytest.importorskip("slack_sdk.errors")
webhook = pytest.importorskip("slack_sdk.webhook.async_client")


class Slack:
    """What of Slack the test needs."""

    def __init__(self) -> None:
        self.posted: list[Any] = []
        self.acknowledged: asyncio.Queue[Any] = asyncio.Queue()

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/api/chat.postMessage", self.post)
        app.router.add_post("/api/auth.test", self.refuse)
        app.router.add_post("/api/apps.connections.open", self.open)
        app.router.add_post("/hook", self.hook)
        app.router.add_get("/socket", self.socket)
        return app

    async def post(self, request: web.Request) -> web.Response:
        self.posted.append((request.headers["Authorization"], await request.json()))
        return web.json_response({"ok": True, "ts": "1"})

    async def refuse(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": False, "error": "invalid_auth"})

    async def hook(self, request: web.Request) -> web.Response:
        return web.Response(text=(await request.json())["text"])

    async def open(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "url": f"ws://{request.host}/socket"})

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_json({"type": "hello"})
        await ws.send_json({"type": "events_api", "envelope_id": "e1", "payload": {"a": 1}})
        async for message in ws:
            await self.acknowledged.put(message.json())
        return ws


async def test_the_api(serve: Any) -> None:
    played = Slack()
    server = await serve(played.application())
    client = slack.AsyncWebClient("token", base_url=str(server.make_url("/api/")))
    answer = await client.chat_postMessage(channel="#tea", text="hé")
    assert answer["ts"] == "1"
    assert played.posted == [("Bearer token", {"channel": "#tea", "text": "hé"})]
    with pytest.raises(errors.SlackApiError, match="invalid_auth"):
        await client.auth_test()
    hook = webhook.AsyncWebhookClient(str(server.make_url("/hook")))
    assert (await hook.send(text="hooked")).body == "hooked"


async def test_socket_mode(serve: Any) -> None:
    played = Slack()
    server = await serve(played.application())
    api = slack.AsyncWebClient("token", base_url=str(server.make_url("/api/")))
    client = sockets.SocketModeClient(app_token="xapp", web_client=api)

    async def acknowledge(client: Any, request: Any) -> None:
        answer = responses.SocketModeResponse(envelope_id=request.envelope_id)
        await client.send_socket_mode_response(answer)

    client.socket_mode_request_listeners.append(acknowledge)
    await client.connect()
    got = await asyncio.wait_for(played.acknowledged.get(), 10)
    assert got["envelope_id"] == "e1"
    await client.close()
