"""Names with an underscore that other libraries read, set, wrap or override: they stay.

Each test names who needs it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

import aiohttp
from aiohttp import ClientSession, web, web_urldispatcher
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request


async def handler(request: web.Request) -> web.Response:
    return web.Response(text="handled")


async def test_application_handle_is_wrapped_on_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """sentry_sdk, newrelic"""
    seen: list[str] = []
    original = web.Application._handle

    async def wrapped(self: web.Application, request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        return await original(self, request)

    monkeypatch.setattr(web.Application, "_handle", wrapped)
    app = web.Application()
    app.router.add_get("/a", handler)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/a") as response:
            assert await response.text() == "handled"
    assert seen == ["/a"]


async def test_freezing_of_the_router_is_replaced() -> None:
    """homeassistant adds routes while it runs"""
    app = web.Application()
    app._router.freeze = lambda: None  # type: ignore[method-assign]
    app.freeze()
    app.router.add_get("/late", handler)
    response = await app._handle(make_mocked_request("GET", "/late"))
    assert isinstance(response, web.Response) and response.text == "handled"


async def test_an_application_makes_its_own_requests() -> None:
    """homeassistant"""

    class Own(web.Request):
        async def json(self, **kwargs: Any) -> Any:
            return "own"

    with pytest.warns(DeprecationWarning):

        class App(web.Application):
            def _make_request(self, *args: Any, **kwargs: Any) -> web.Request:
                kwargs["_cls"] = Own
                return super()._make_request(*args, **kwargs)

    async def show(request: web.Request) -> web.Response:
        request._client_max_size = 5
        return web.Response(text=await request.json())

    app = App()
    app.router.add_get("/", show)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/") as response:
            assert await response.text() == "own"


def test_attributes_of_an_application() -> None:
    """homeassistant, newrelic, aiohttp_devtools"""
    app, subapp = web.Application(client_max_size=7), web.Application()
    app.add_subapp("/sub", subapp)
    app._debug = True
    assert app._client_max_size == 7
    assert app._loop is None
    assert app._subapps == [subapp]
    assert list(app._middlewares) == []
    assert app._on_startup is app.on_startup


async def test_the_body_of_a_request_is_put_in() -> None:
    """sentry_sdk, aiohttp_devtools"""
    request = make_mocked_request("POST", "/")
    request._read_bytes = b"known"
    assert await request.read() == b"known"


def test_attributes_of_resources_and_routes(tmp_path: Path) -> None:
    """aiohttp_cors, aiohttp_swagger, aiohttp_devtools, homeassistant, ray"""
    route = web.UrlDispatcher().add_get("/", handler, allow_head=False)
    resource = route._resource
    assert isinstance(resource, web.Resource)
    assert list(resource._routes.values()) == [route]
    static = web.StaticResource("/s", tmp_path, chunk_size=5)
    static._show_index = True
    assert (static._directory, static._chunk_size) == (tmp_path.resolve(), 5)
    assert web.FileResponse(tmp_path)._path == tmp_path
    table = web.RouteTableDef()
    table._items = [web.get("/", handler)]
    assert len(table) == 1


async def test_the_handler_of_static_files_is_overridden(tmp_path: Path) -> None:
    """aiohttp_devtools, homeassistant"""

    class Own(web.StaticResource):
        async def _handle(self, request: web.Request) -> web.StreamResponse:
            return web.Response(text="own")

    app = web.Application()
    app.router.register_resource(Own("/s", tmp_path))
    app.freeze()
    response = await app._handle(make_mocked_request("GET", "/s/x"))
    assert isinstance(response, web.Response) and response.text == "own"


def test_making_a_route_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """newrelic wraps ResourceRoute.__init__ and replaces handlers"""
    made: list[str] = []
    original = web_urldispatcher.ResourceRoute.__init__

    def wrapped(self: Any, method: str, *args: Any, **kwargs: Any) -> None:
        made.append(method)
        original(self, method, *args, **kwargs)

    monkeypatch.setattr(web_urldispatcher.ResourceRoute, "__init__", wrapped)
    route = web.UrlDispatcher().add_post("/", handler)
    assert made == ["POST"] and route._handler is handler


async def test_the_handler_of_a_miss_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """newrelic"""
    seen: list[int] = []
    original = web_urldispatcher.SystemRoute._handle

    async def wrapped(self: Any, request: web.Request) -> web.StreamResponse:
        seen.append(self.status)
        return await original(self, request)

    monkeypatch.setattr(web_urldispatcher.SystemRoute, "_handle", wrapped)
    app = web.Application()
    app.freeze()
    with pytest.raises(web.HTTPNotFound):
        await app._handle(make_mocked_request("GET", "/"))
    assert seen == [404]


async def test_a_stream_knows_its_request_and_writer() -> None:
    """aiohttp_sse"""

    class Stream(web.StreamResponse):
        def enable_compression(self, force: Any = False, strategy: Any = None) -> None:
            raise NotImplementedError

    request = make_mocked_request("GET", "/")
    response = Stream()
    assert response._req is None and response._payload_writer is None
    await response.prepare(request)
    assert response._req is request
    assert response._payload_writer is request.writer


async def test_preparing_is_wrapped_on_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """newrelic wraps Response.prepare: it is called, even where all would leave in one write"""
    seen: list[int] = []
    original = web.Response.prepare

    async def wrapped(self: web.Response, request: web.BaseRequest) -> Any:
        seen.append(self.status)
        return await original(self, request)

    monkeypatch.setattr(web.Response, "prepare", wrapped)
    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/") as response:
            assert await response.text() == "handled"
    assert seen == [200]


async def test_a_prepare_signal_replaces_the_body() -> None:
    """aiohttp_devtools appends a script to each page"""

    async def append(request: web.Request, response: web.StreamResponse) -> None:
        assert isinstance(response, web.Response) and isinstance(response.body, bytes)
        response.body += b", and more"
        response.headers["Content-Length"] = str(len(response.body))

    app = web.Application()
    app.router.add_get("/", handler)
    app.on_response_prepare.append(append)
    async with TestClient(TestServer(app)) as client:
        for _ in range(2):  # over one connection
            async with client.get("/") as response:
                assert await response.text() == "handled, and more"


async def test_the_look_up_of_routes_is_wrapped_on_the_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """sentry_sdk names its transactions there"""
    found: list[object] = []
    original = web.UrlDispatcher.resolve

    async def wrapped(self: web.UrlDispatcher, request: web.Request) -> web.UrlMappingMatchInfo:
        match_info = await original(self, request)
        found.append(match_info.handler)
        return match_info

    monkeypatch.setattr(web.UrlDispatcher, "resolve", wrapped)
    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/") as response:
            assert response.status == 200
    assert found == [handler]


async def test_the_handler_of_a_route_is_replaced() -> None:
    """newrelic; before the application is frozen"""

    async def other(request: web.Request) -> web.Response:
        return web.Response(text=f"other and {(await replaced(request)).text}")  # type: ignore[attr-defined]

    app = web.Application()
    route = app.router.add_get("/", handler)
    replaced, route._handler = route._handler, other
    async with TestClient(TestServer(app)) as client:
        async with client.get("/") as response:
            assert await response.text() == "other and handled"


async def test_the_list_of_middlewares_is_replaced() -> None:
    """newrelic wraps what is in _middlewares"""

    @web.middleware
    async def shout(request: web.Request, handler: Any) -> web.Response:
        response = await handler(request)
        return web.Response(text=response.text.upper())

    app = web.Application()
    app._middlewares.append(shout)
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/") as response:
            assert await response.text() == "HANDLED"


async def test_a_site_of_somebodys_own() -> None:
    """homeassistant subclasses BaseSite and reads _runner, _ssl_context, _backlog; it and ray
    set or read _server"""

    class Site(web.BaseSite):
        __slots__ = ("_socket",)

        def __init__(self, runner: web.AppRunner) -> None:
            super().__init__(runner, backlog=7)
            self._socket = socket.socket()
            self._socket.bind(("127.0.0.1", 0))

        @property
        def name(self) -> str:
            return "own"

        async def start(self) -> None:
            await super().start()
            assert self._runner.server is not None
            self._server = await asyncio.get_running_loop().create_server(
                self._runner.server, sock=self._socket, ssl=self._ssl_context, backlog=self._backlog
            )

    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = Site(runner)
    await site.start()
    assert site in runner.sites
    server: Any = site._server
    host, port = server.sockets[0].getsockname()
    async with ClientSession() as session:
        async with session.get(f"http://{host}:{port}/") as response:
            assert await response.text() == "handled"
    await site.stop()
    await runner.cleanup()
    assert not server.is_serving()


async def test_frames_are_sent_by_the_writer() -> None:
    """homeassistant calls _writer.send_frame itself, after it set _limit"""

    async def echo(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        assert ws._writer is not None
        ws._writer._limit = 2**20
        async for message in ws:
            await ws._writer.send_frame(message.data.encode(), aiohttp.WSMsgType.TEXT)
        return ws

    app = web.Application()
    app.router.add_get("/", echo)
    async with TestClient(TestServer(app)) as client:
        async with client.ws_connect("/") as ws:
            await ws.send_str("hé")
            assert await ws.receive_str() == "hé"


async def test_static_files_are_shown_as_set_later(tmp_path: Path) -> None:
    """aiohttp_devtools sets _show_index, and puts in another body for the _path of a response"""

    class Own(web.StaticResource):
        async def _handle(self, request: web.Request) -> web.StreamResponse:
            response = await super()._handle(request)
            if isinstance(response, web.FileResponse):
                return web.Response(text=response._path.read_text("utf-8") + " and more")
            return response

    (tmp_path / "a.txt").write_text("a file", "utf-8")
    app = web.Application()
    resource = Own("/s", tmp_path)
    resource._show_index = True
    app.router.register_resource(resource)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/s/a.txt") as response:
            assert await response.text() == "a file and more"
        async with client.get("/s/") as response:
            assert response.status == 200 and "a.txt" in await response.text()


async def test_a_resource_of_somebodys_own() -> None:
    """homeassistant"""

    class Own(web.AbstractResource):
        @property
        def canonical(self) -> str:
            return "/own"

        def url_for(self, **kwargs: str) -> URL:
            return URL("/own")

        async def resolve(self, request: web.Request) -> Any:
            if request.path != "/own":
                return None, set()
            return web.UrlMappingMatchInfo({}, web.ResourceRoute("GET", handler, self)), {"GET"}

        def add_prefix(self, prefix: str) -> None:
            raise AssertionError("it is in no other application")

        def get_info(self) -> Any:
            return {"path": "/own"}

        def raw_match(self, path: str) -> bool:
            return path == "/own"

        def __len__(self) -> int:
            return 0

        def __iter__(self) -> Iterator[web.AbstractRoute]:
            return iter(())

    app = web.Application()
    app.router.register_resource(Own())
    async with TestClient(TestServer(app)) as client:
        async with client.get("/own") as response:
            assert await response.text() == "handled"
        async with client.get("/other") as response:
            assert response.status == 404


async def test_a_limit_of_bodies_is_set_for_one_request() -> None:
    """homeassistant sets _client_max_size of a request, by its application's or anything else"""

    async def upload(request: web.Request) -> web.Response:
        request._client_max_size = 5
        return web.Response(text=str(len(await request.read())))

    app = web.Application()
    app.router.add_post("/", upload)
    async with TestClient(TestServer(app)) as client:
        async with client.post("/", data=b"12345") as response:
            assert await response.text() == "5"
        async with client.post("/", data=b"123456") as response:
            assert response.status == 413
