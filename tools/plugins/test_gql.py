"""gql: GraphQL over POST and over a WebSocket, with a server that answers as one would."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aiohttp import web

gql = pytest.importorskip("gql")
transports = pytest.importorskip("gql.transport.aiohttp")
websockets = pytest.importorskip("gql.transport.aiohttp_websockets")


async def answer(request: web.Request) -> web.Response:
    if request.content_type == "multipart/form-data":
        form = await request.post()
        file = form["0"]
        assert isinstance(file, web.FileField)
        return web.json_response({"data": {"size": len(file.file.read())}})
    asked = await request.json()
    if "broken" in asked["query"]:
        return web.json_response({"errors": [{"message": "broken"}]})
    return web.json_response({"data": {"hello": asked["variables"]["name"]}})


async def subscribe(request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse(protocols=["graphql-transport-ws"])
    await ws.prepare(request)
    assert (await ws.receive_json())["type"] == "connection_init"
    await ws.send_json({"type": "connection_ack"})
    asked = await ws.receive_json()
    for number in range(3):
        data = {"data": {"count": number}}
        await ws.send_json({"type": "next", "id": asked["id"], "payload": data})
    await ws.send_json({"type": "complete", "id": asked["id"]})
    async for _ in ws:
        pass
    return ws


@pytest.fixture
async def server(serve: Any) -> Any:
    app = web.Application()
    app.router.add_post("/graphql", answer)
    app.router.add_get("/graphql", subscribe)
    return await serve(app)


async def test_queries(server: Any) -> None:
    transport = transports.AIOHTTPTransport(url=str(server.make_url("/graphql")), ssl=True)
    async with gql.Client(transport=transport) as session:
        query = gql.gql("query q($name: String) { hello(name: $name) }")
        query.variable_values = {"name": "ann"}
        assert await session.execute(query) == {"hello": "ann"}
        errors = pytest.importorskip("gql.transport.exceptions")
        with pytest.raises(errors.TransportQueryError, match="broken"):
            await session.execute(gql.gql("{ broken }"))
        upload = gql.gql("mutation m($file: Upload!) { size(file: $file) }")
        upload.variable_values = {"file": gql.FileVar(__file__)}
        sent = await session.execute(upload, upload_files=True)
        assert sent["size"] > 1000


async def test_a_subscription(server: Any) -> None:
    transport = websockets.AIOHTTPWebsocketsTransport(url=str(server.make_url("/graphql")))
    async with gql.Client(transport=transport) as session:
        counts = session.subscribe(gql.gql("subscription { count }"))
        got = [result["count"] async for result in counts]
    assert got == [0, 1, 2]
    await asyncio.sleep(0)
