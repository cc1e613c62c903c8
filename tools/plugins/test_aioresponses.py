"""aioresponses: calls are answered in place of a server, and real ones pass through."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aiohttp import ClientConnectionError, ClientResponseError, ClientSession, web

aioresponses = pytest.importorskip("aioresponses")


async def test_a_service_is_played(session: ClientSession) -> None:
    with aioresponses.aioresponses() as played:
        played.get(
            "http://shop.test/items?page=2",
            payload=[{"name": "tea"}],
            headers={"Link": '<http://shop.test/items?page=3>; rel="next"', "X-Left": "1"},
        )
        played.post("http://shop.test/items", status=201, body="made")
        async with session.get("http://shop.test/items", params={"page": 2}) as response:
            assert response.status == 200
            assert await response.json() == [{"name": "tea"}]
            assert response.headers["x-left"] == "1"
            assert str(response.links["next"]["url"]) == "http://shop.test/items?page=3"
            assert response.content_type == "application/json"
        made = await session.post("http://shop.test/items", json={"name": "tea"})
        assert (made.status, await made.text(), made.reason) == (201, "made", "Created")
        played.assert_called_with("http://shop.test/items", method="POST", json={"name": "tea"})


async def test_redirects_errors_and_callbacks(session: ClientSession) -> None:
    def greet(url: Any, **kwargs: Any) -> Any:
        return aioresponses.CallbackResult(status=418, body=f"hello {url.path}")

    with aioresponses.aioresponses() as played:
        played.get("http://shop.test/old", status=307, headers={"Location": "/new"})
        played.get("http://shop.test/new", body=b"new")
        played.get("http://shop.test/away", exception=ClientConnectionError("away"))
        played.get(re.compile(r"^http://shop\.test/tea/.*$"), callback=greet, repeat=True)
        response = await session.get("http://shop.test/old")
        assert [hop.status for hop in response.history] == [307]
        assert await response.read() == b"new"
        with pytest.raises(ClientConnectionError, match="away"):
            await session.get("http://shop.test/away")
        with pytest.raises(ClientConnectionError, match="Connection refused"):
            await session.get("http://shop.test/unknown")
        with pytest.raises(ClientResponseError) as raised:
            await session.get("http://shop.test/tea/green", raise_for_status=True)
        assert raised.value.status == 418
        answer = await session.get("http://shop.test/tea/black")
        assert await answer.text() == "hello /tea/black"


async def test_a_body_is_streamed(session: ClientSession) -> None:
    with aioresponses.aioresponses() as played:
        played.get("http://shop.test/lines", body="one\ntwo\n")
        async with session.get("http://shop.test/lines") as response:
            assert [line async for line in response.content] == [b"one\n", b"two\n"]


async def test_some_calls_pass_through(session: ClientSession, serve: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="real")

    app = web.Application()
    app.router.add_get("/", handler)
    server = await serve(app)
    with aioresponses.aioresponses(passthrough=["http://127.0.0.1"]):
        async with session.get(server.make_url("/")) as response:
            assert await response.text() == "real"
