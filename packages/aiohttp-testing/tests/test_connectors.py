"""Clients without a network: an application in memory, and answers made up by the test."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest

import aiohttp
from aiohttp import web
from aiohttp.test_utils import AppConnector, MockConnector


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that opens a connection."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("this test opened a socket")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", refuse)
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_server", refuse)


pytestmark = pytest.mark.usefixtures("no_sockets")


# An application in memory


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read(), headers={"X-Scheme": request.scheme})


def app_with(path: str, handler: Any) -> web.Application:
    app = web.Application()
    app.router.add_route("*", path, handler)
    return app


async def test_requests_reach_the_application() -> None:
    async with aiohttp.ClientSession(connector=AppConnector(app_with("/{x:.*}", echo))) as session:
        async with session.post("http://app.test/a", data=b"hello") as response:
            assert await response.read() == b"hello"
            assert response.headers["X-Scheme"] == "http"
        async with session.post("https://secure.test/a", data=b"x") as response:
            assert response.headers["X-Scheme"] == "https"


async def test_the_application_lives_as_long_as_the_connector() -> None:
    events: list[str] = []

    async def life(app: web.Application) -> Any:
        events.append("up")
        yield
        events.append("down")

    app = app_with("/", echo)
    app.cleanup_ctx.append(life)
    async with aiohttp.ClientSession(connector=AppConnector(app)) as session:
        assert events == []
        await session.get("http://app.test/")
        await session.get("http://app.test/")
        assert events == ["up"]
    assert events == ["up", "down"]


async def test_connections_are_kept_alive() -> None:
    connector = AppConnector(app_with("/", echo))
    async with aiohttp.ClientSession(connector=connector) as session:
        protocols = set()
        for _ in range(3):
            async with session.get("http://app.test/") as response:
                assert response.connection is None  # an empty body: it is back already
            protocols |= {
                id(protocol) for kept in connector._conns.values() for protocol, _ in kept
            }
        assert len(protocols) == 1


async def test_a_big_body_flows_both_ways() -> None:
    big = bytes(range(256)) * 20_000
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/", echo)
    async with aiohttp.ClientSession(connector=AppConnector(app)) as session:
        async with session.post("http://app.test/", data=io.BytesIO(big)) as response:
            assert await response.read() == big


async def test_a_slow_reader_holds_the_handler() -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(bytes(2**17))
            sent += 1
        return response

    connector = AppConnector(app_with("/", endless))
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.get("http://app.test/") as response:
            for _ in range(200):
                await asyncio.sleep(0)
            assert sent < 20
            assert len(await response.read()) == 100 * 2**17


async def test_websocket() -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for message in websocket:
            await websocket.send_str(message.data.upper())
        return websocket

    connector = AppConnector(app_with("/", handler))
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.ws_connect("ws://app.test/") as websocket:
            await websocket.send_str("hello")
            assert await websocket.receive_str() == "HELLO"


async def test_a_client_that_leaves_cancels_the_handler() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError("never reached")

    connector = AppConnector(app_with("/", handler))
    async with aiohttp.ClientSession(connector=connector) as session:
        request = asyncio.ensure_future(session.get("http://app.test/"))
        await begun.wait()
        request.cancel()
        await asyncio.wait_for(cancelled.wait(), 5)
        with pytest.raises(asyncio.CancelledError):
            await request


async def test_files(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"content" * 50_000)

    async def handler(request: web.Request) -> web.FileResponse:
        return web.FileResponse(tmp_path / "f")

    async with aiohttp.ClientSession(connector=AppConnector(app_with("/", handler))) as session:
        async with session.get("http://app.test/") as response:
            assert await response.read() == b"content" * 50_000


async def test_a_runner_of_ones_own() -> None:
    runner = web.AppRunner(app_with("/", echo))
    await runner.setup()
    async with aiohttp.ClientSession(connector=AppConnector(runner)) as session:
        assert (await session.get("http://app.test/")).status == 200
    assert runner.server is not None
    await runner.cleanup()
    with pytest.raises(TypeError, match="no options"):
        AppConnector(runner, debug=True)


async def test_client_fixture_in_memory(aiohttp_client: Any) -> None:
    client = await aiohttp_client(app_with("/", echo), transport="memory")
    async with client.post("/", data=b"x") as response:
        assert await response.read() == b"x"
    with pytest.raises(ValueError, match="'tcp' or 'memory'"):
        await aiohttp_client(app_with("/", echo), transport="pigeon")


# Answers made up by the test


async def test_mock_answers() -> None:
    mock = MockConnector()
    mock.get("http://api.test/user", json={"name": "Ann"}, headers={"X-A": "1"})
    mock.post("http://api.test/user", status=201, body="made")
    mock.delete("http://api.test/user", status=204)
    async with aiohttp.ClientSession(connector=mock) as session:
        async with session.get("http://api.test/user") as response:
            assert type(response) is aiohttp.ClientResponse
            assert await response.json() == {"name": "Ann"}
            assert response.headers["X-A"] == "1"
        async with session.post("http://api.test/user", json={"name": "Bob"}) as response:
            assert (response.status, await response.text()) == (201, "made")
        assert (await session.delete("http://api.test/user")).status == 204
    assert [call.method for call in mock.calls] == ["GET", "POST", "DELETE"]
    assert mock.calls[1].json == {"name": "Bob"}
    assert mock.calls[1].headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete", "head", "options"])
async def test_mock_verbs(verb: str) -> None:
    mock = MockConnector()
    getattr(mock, verb)("https://api.test/", status=202)
    async with aiohttp.ClientSession(connector=mock) as session:
        assert (await session.request(verb, "https://api.test/")).status == 202


async def test_mock_templates_and_queries() -> None:
    mock = MockConnector()
    mock.get("http://api.test/users/{id}/posts", body=b"posts")
    mock.get("http://api.test/search?q=x", body=b"found")
    async with aiohttp.ClientSession(connector=mock) as session:
        assert await (await session.get("http://api.test/users/5/posts?page=2")).read() == b"posts"
        assert (
            await (await session.get("http://api.test/search", params={"q": "x"})).read()
            == b"found"
        )
        for other in ("/users/5/6/posts", "/search?q=y", "/search"):
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://api.test{other}")


async def test_an_unexpected_request_says_what_was_asked() -> None:
    mock = MockConnector()
    mock.get("http://api.test/a", times=1)
    async with aiohttp.ClientSession(connector=mock) as session:
        await session.get("http://api.test/a")
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get("http://api.test/a?b=c")
    assert str(caught.value) == (
        "no mock answers GET http://api.test/a?b=c; mocked: GET http://api.test/a (used up)"
    )


async def test_mocks_answer_in_turn() -> None:
    mock = MockConnector()
    mock.get("http://api.test/", status=503, times=2)
    mock.get("http://api.test/", status=200)
    async with aiohttp.ClientSession(connector=mock) as session:
        statuses = [(await session.get("http://api.test/")).status for _ in range(4)]
    assert statuses == [503, 503, 200, 200]


async def test_mock_exceptions() -> None:
    mock = MockConnector()
    mock.get("http://api.test/a", exc=asyncio.TimeoutError)
    mock.get("http://api.test/b", exc=aiohttp.ClientPayloadError("cut short"))
    async with aiohttp.ClientSession(connector=mock) as session:
        with pytest.raises(asyncio.TimeoutError):
            await session.get("http://api.test/a")
        with pytest.raises(aiohttp.ClientPayloadError, match="cut short"):
            await session.get("http://api.test/b")
    assert [call.url.path for call in mock.calls] == ["/a", "/b"]
    assert mock.calls[0].body is None


async def test_mock_callback_and_redirect() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.json_response({"path": request.path, "token": request.headers["X-Token"]})

    mock = MockConnector()
    mock.get("http://api.test/old", status=302, headers={"Location": "/new"})
    mock.add("*", "http://api.test/new", callback=answer)
    async with aiohttp.ClientSession(connector=mock) as session:
        async with session.get("http://api.test/old", headers={"X-Token": "t"}) as response:
            assert await response.json() == {"path": "/new", "token": "t"}
            assert len(response.history) == 1


async def test_mock_misuse() -> None:
    mock = MockConnector()
    with pytest.raises(ValueError, match="absolute"):
        mock.get("/path")
    with pytest.raises(ValueError, match="body and json"):
        mock.get("http://api.test/", body=b"x", json=1)


async def test_fixtures(aiohttp_mock_connector: Any, aiohttp_app_connector: Any) -> None:
    mock = aiohttp_mock_connector()
    mock.get("http://api.test/", json=[1])
    async with aiohttp.ClientSession(connector=mock) as session:
        assert await (await session.get("http://api.test/")).json() == [1]
    connector = aiohttp_app_connector(app_with("/", echo))
    async with aiohttp.ClientSession(connector=connector) as session:
        assert (await session.get("http://app.test/")).status == 200
