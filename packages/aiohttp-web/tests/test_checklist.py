"""What an application may rely on, row by row: each test is named after the row that it tries."""

from __future__ import annotations

import asyncio
import contextvars
import io
import json
import logging
import socket
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosignal
import pytest
from yarl import URL

import aiohttp
from aiohttp import web, web_urldispatcher
from aiohttp.abc import AbstractAccessLogger, AbstractRouter
from aiohttp.test_utils import TestClient, TestServer

Client = TestClient[web.Request, web.Application]


@asynccontextmanager
async def client_of(*routes: Any, app: web.Application | None = None) -> AsyncIterator[Client]:
    app = web.Application() if app is None else app
    app.add_routes(routes)
    async with TestClient(TestServer(app)) as client:
        yield client


async def ok(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def said(client: Client, path: str, method: str = "GET", **options: Any) -> tuple[int, str]:
    async with client.request(method, path, **options) as response:
        return response.status, await response.text()


async def told(look: Callable[[web.Request], Any], **options: Any) -> Any:
    """Return what ``look`` sees in a request."""
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(look(request))
        return web.Response()

    async with client_of(web.route("*", "/{tail:.*}", handler)) as client:
        await said(client, options.pop("path", "/a/b"), options.pop("method", "GET"), **options)
    return seen[0]


# Applications, routes, life cycle.


async def test_route_tables_imperative_and_decorators_are_mixed() -> None:
    table = web.RouteTableDef()

    @table.get("/decorated")
    async def decorated(_: web.Request) -> web.Response:
        return web.Response(text="decorated")

    @table.view("/view")
    class View(web.View):
        async def get(self) -> web.Response:
            return web.Response(text=f"view {self.request.path}")

    class Bound:
        async def method(self, _: web.Request) -> web.Response:
            return web.Response(text="bound")

    app = web.Application()
    app.router.add_get("/imperative", ok)
    app.router.add_post("/imperative", Bound().method)
    app.router.add_route("*", "/any", View)
    app.router.add_view("/added", View)
    resource = app.router.add_resource("/resource", name="r")
    resource.add_route("PUT", ok)
    app.add_routes(table)
    async with client_of(web.get("/listed", ok), app=app) as client:
        for method, path, text in (
            ("GET", "/imperative", "ok"), ("POST", "/imperative", "bound"),
            ("GET", "/any", "view /any"), ("GET", "/added", "view /added"),
            ("PUT", "/resource", "ok"), ("GET", "/decorated", "decorated"),
            ("GET", "/view", "view /view"), ("GET", "/listed", "ok"),
        ):  # fmt: skip
            assert await said(client, path, method) == (200, text)
        assert (await said(client, "/view", "DELETE"))[0] == 405
        assert (await client.head("/listed")).status == 200


def test_kinds_of_resources() -> None:
    app, part = web.Application(), web.Application()
    part.router.add_get("/inner", ok)
    plain = app.router.add_resource("/plain", name="plain")
    dynamic = app.router.add_resource(r"/user/{name}/{id:\d+}", name="dynamic")
    static = app.router.add_static("/static", tempfile.gettempdir(), name="static")
    sub = app.add_subapp("/sub", part)
    domain = app.add_domain("*.example.com", web.Application())
    kinds = (
        web.PlainResource, web.DynamicResource, web.StaticResource,
        web.PrefixedSubAppResource, web_urldispatcher.MatchedSubAppResource,
    )  # fmt: skip
    resources: list[Any] = [plain, dynamic, static, sub, domain]
    for it, kind in zip(resources, kinds, strict=True):
        assert isinstance(it, kind)
        assert it in app.router.resources()
    assert str(app.router["plain"].url_for()) == "/plain"
    assert str(app.router["dynamic"].url_for(name="a b/c", id="1")) == "/user/a%20b/c/1"
    assert str(static.url_for(filename="x/y")) == "/static/x/y"
    assert dynamic.canonical == "/user/{name}/{id}"
    assert {*app.router.named_resources()} == {"plain", "dynamic", "static"}
    assert {*dynamic.get_info()} == {"pattern", "formatter"}


async def test_variables_are_decoded_once() -> None:
    async def name(request: web.Request) -> web.Response:
        return web.Response(text=request.match_info["name"])

    async with client_of(web.get("/u/{name}", name), web.get("/deep/{name:.+}", name)) as client:
        for path, text in (
            ("/u/a%20b", "a b"), ("/u/%C3%A9", "é"), ("/u/a%2Fb", "a/b"), ("/u/%2520", "%20"),
            ("/deep/a/b%20c", "a/b c"),
        ):  # fmt: skip
            url = URL(str(client.make_url("/"))[:-1] + path, encoded=True)
            async with client.session.get(url) as response:
                assert (response.status, await response.text()) == (200, text), path


async def test_match_info_of_a_miss() -> None:
    seen: list[Any] = []

    @web.middleware
    async def look(request: web.Request, handler: Any) -> web.StreamResponse:
        seen.append(request.match_info)
        response: web.StreamResponse = await handler(request)
        return response

    app = web.Application(middlewares=[look])
    async with client_of(web.post("/x", ok), app=app) as client:
        assert (await client.get("/missing")).status == 404
        response = await client.get("/x")
        assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert [type(info.http_exception) for info in seen] == [
        web.HTTPNotFound, web.HTTPMethodNotAllowed,
    ]  # fmt: skip
    assert [info.route.name for info in seen] == [None, None]
    assert all(isinstance(info.route, web_urldispatcher.SystemRoute) for info in seen)
    assert all(info.apps == (app,) for info in seen)


async def test_a_router_of_ones_own_with_deprecation() -> None:
    class Router(AbstractRouter):
        async def resolve(self, request: web.Request) -> Any:
            return web.UrlMappingMatchInfo({}, route)

    route = web.ResourceRoute("GET", ok, web.PlainResource("/"))
    with pytest.warns(DeprecationWarning, match="router"):
        app = web.Application(router=Router())  # type: ignore[call-overload]
    async with TestClient(TestServer(app)) as client:
        assert await said(client, "/whatever") == (200, "ok")


async def test_context_variables_of_startup_are_seen_by_handlers() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")

    async def context(_: web.Application) -> AsyncIterator[None]:
        variable.set("from startup")
        yield

    async def look(_: web.Request) -> web.Response:
        return web.Response(text=variable.get())

    app = web.Application()
    app.cleanup_ctx.append(context)
    app.router.add_get("/", look)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{site.port}/") as response:
            assert await response.text() == "from startup"
    await runner.cleanup()


async def test_cleanup_ctx_takes_context_managers() -> None:
    steps = []

    @asynccontextmanager
    async def context(_: web.Application) -> AsyncIterator[None]:
        steps.append("in")
        yield
        steps.append("out")

    app = web.Application()
    app.cleanup_ctx.append(context)
    async with TestClient(TestServer(app)):
        assert steps == ["in"]
    assert steps == ["in", "out"]


async def test_handler_args_reach_the_protocol() -> None:
    app = web.Application(handler_args={"max_field_size": 100})
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        async with session.get(
            f"http://127.0.0.1:{site.port}/", headers={"X": "y" * 200}
        ) as response:
            assert response.status == 431
    await runner.cleanup()


# Requests and responses.


async def test_attributes_of_a_request() -> None:
    seen = await told(
        lambda request: {
            "version": request.version, "method": request.method, "path": request.path,
            "path_qs": request.path_qs, "raw_path": request.raw_path, "scheme": request.scheme,
            "secure": request.secure, "query": dict(request.query),
            "query_string": request.query_string, "remote": request.remote,
            "cookies": dict(request.cookies), "keep_alive": request.keep_alive,
            "body_exists": request.body_exists, "can_read_body": request.can_read_body,
            "content_type": request.content_type, "charset": request.charset,
            "content_length": request.content_length, "rel_url": str(request.rel_url),
            "client_max_size": request.client_max_size,
            "task": request.task is asyncio.current_task(),
            "transport": request.transport is not None, "protocol": request.protocol is not None,
            "name": request.get_extra_info("sockname")[0],
            "config": type(request.config_dict).__name__, "tail": request.match_info["tail"],
            "raw": dict(request.raw_headers)[b"X-Raw"], "host": request.host.split(":")[0],
        },
        method="POST", path="/a%20b?c=d%20e", data="x", cookies={"f": "g"},
        headers={"X-Raw": "1", "Content-Type": "text/plain; charset=latin1"},
    )  # fmt: skip
    assert seen == {
        "version": aiohttp.HttpVersion11, "method": "POST", "path": "/a b",
        "path_qs": "/a%20b?c=d%20e", "raw_path": "/a%20b?c=d%20e", "scheme": "http",
        "secure": False, "query": {"c": "d e"}, "query_string": "c=d e", "remote": "127.0.0.1",
        "cookies": {"f": "g"}, "keep_alive": True, "body_exists": True, "can_read_body": True,
        "content_type": "text/plain", "charset": "latin1", "content_length": 1,
        "rel_url": "/a%20b?c=d%20e", "client_max_size": 1024**2, "task": True, "transport": True,
        "protocol": True, "name": "127.0.0.1", "config": "ChainMapProxy", "tail": "a b",
        "raw": b"1", "host": "127.0.0.1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "attribute", "expected"),
    [
        ("If-Match", '"a", W/"b"', "if_match", ("a", "b")),
        ("If-None-Match", "*", "if_none_match", ("*",)),
        ("If-Modified-Since", "Sat, 29 Oct 1994 19:43:31 GMT", "if_modified_since", 1994),
        ("If-Unmodified-Since", "Sat, 29 Oct 1994 19:43:31 GMT", "if_unmodified_since", 1994),
        ("If-Range", "Sat, 29 Oct 1994 19:43:31 GMT", "if_range", 1994),
        ("If-Range", "nonsense", "if_range", None),
        ("Range", "bytes=1-2", "http_range", slice(1, 3, 1)),
        ("Range", "bytes=-2", "http_range", slice(-2, None, 1)),
    ],
)
async def test_conditions_of_a_request(
    field: str, value: str, attribute: str, expected: Any
) -> None:
    seen = await told(lambda request: getattr(request, attribute), headers={field: value})
    if isinstance(seen, tuple):
        seen = tuple(tag.value for tag in seen)
    assert getattr(seen, "year", seen) == expected


async def test_forwarded_is_parsed_and_not_trusted() -> None:
    seen = await told(
        lambda request: (request.forwarded, request.host.split(":")[0], request.remote),
        headers={"Forwarded": 'for=192.0.2.60; proto=http; by="[::1]:80", for=a'},
    )
    forwarded, host, remote = seen
    assert [dict(it) for it in forwarded] == [
        {"for": "192.0.2.60", "proto": "http", "by": "[::1]:80"}, {"for": "a"},
    ]  # fmt: skip
    assert (host, remote) == ("127.0.0.1", "127.0.0.1")


async def test_uploads() -> None:
    seen: list[Any] = []

    async def post(request: web.Request) -> web.Response:
        fields = await request.post()
        file = fields["file"]
        assert isinstance(file, web.FileField)
        seen.append((file.name, file.filename, file.content_type, file.file.read()))
        assert await request.post() is fields
        return web.Response()

    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(b"data"), filename="ä b.txt", content_type="text/x")
    async with client_of(web.post("/", post)) as client:
        assert (await client.post("/", data=form)).status == 200
        assert seen == [("file", "ä b.txt", "text/x", b"data")]


@pytest.mark.parametrize("way", ["read", "text", "json", "post"])
async def test_413(way: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        await getattr(request, way)()
        return web.Response()

    async with client_of(web.post("/", handler), app=web.Application(client_max_size=10)) as client:
        kind = "application/x-www-form-urlencoded"
        data = b"a=" + b"x" * 50
        status, _ = await said(client, "/", "POST", data=data, headers={"Content-Type": kind})
        assert status == 413


async def test_cookies_with_every_attribute() -> None:
    response = web.Response()
    response.set_cookie(
        "a", "b", expires="Wed, 21 Oct 2026 07:28:00 GMT", domain="example.com", max_age=10,
        path="/p", secure=True, httponly=True, samesite="Lax", partitioned=True,
    )  # fmt: skip
    assert {*response.cookies["a"].OutputString().split("; ")} == {
        "a=b", "expires=Wed, 21 Oct 2026 07:28:00 GMT", "Domain=example.com", "Max-Age=10",
        "Path=/p", "Secure", "HttpOnly", "SameSite=Lax", "Partitioned",
    }  # fmt: skip
    response.del_cookie("c", path="/q", secure=True, httponly=True, samesite="Strict")
    deleted = response.cookies["c"].OutputString()
    for piece in ("Max-Age=0", "Path=/q", "Secure", "HttpOnly", "SameSite=Strict"):
        assert piece in deleted


async def test_json_responses() -> None:
    async def text(_: web.Request) -> web.Response:
        return web.json_response({"a": "é"}, status=201, headers={"X": "y"}, dumps=json.dumps)

    async def octets(_: web.Request) -> web.Response:
        return web.json_bytes_response([1], dumps=lambda data: json.dumps(data).encode())

    async with client_of(web.get("/text", text), web.get("/bytes", octets)) as client:
        async with client.get("/text") as response:
            assert (response.status, response.headers["X"]) == (201, "y")
            assert response.headers["Content-Type"] == "application/json; charset=utf-8"
            assert await response.json() == {"a": "é"}
        async with client.get("/bytes") as response:
            assert response.headers["Content-Type"].startswith("application/json")
            assert await response.json() == [1]


@pytest.mark.parametrize(
    ("accept", "coding"),
    [("gzip", "gzip"), ("deflate", "deflate"), ("gzip;q=0", None), ("identity", None)],
)
@pytest.mark.parametrize("size", [100, 100_000])
async def test_compression_in_an_executor(accept: str, coding: str | None, size: int) -> None:
    with ThreadPoolExecutor(1) as executor:

        async def handler(_: web.Request) -> web.Response:
            response = web.Response(
                body=b"x" * size, zlib_executor_size=1000, zlib_executor=executor
            )
            response.enable_compression()
            return response

        async with client_of(web.get("/", handler)) as client:
            async with client.get("/", headers={"Accept-Encoding": accept}) as response:
                assert response.headers.get("Content-Encoding") == coding
                assert await response.read() == b"x" * size


async def test_a_response_without_a_handler_of_its_own_payload() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async def handler(request: web.Request) -> web.Response:
        bodies: dict[str, Any] = {
            "file": io.BytesIO(b"file"), "text": "text", "iterable": pieces(),
            "payload": aiohttp.payload.JsonPayload({"a": 1}),
        }  # fmt: skip
        return web.Response(body=bodies[request.match_info["kind"]])

    async with client_of(web.get("/{kind}", handler)) as client:
        for kind, body in (
            ("file", "file"), ("text", "text"), ("iterable", "one two"), ("payload", '{"a": 1}'),
        ):  # fmt: skip
            assert await said(client, f"/{kind}") == (200, body)


async def test_static_files(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("body {}")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(__file__)
    routes = [
        web.static("/plain", tmp_path),
        web.static("/index", tmp_path, show_index=True),
        web.static("/linked", tmp_path, follow_symlinks=True),
        web.static("/versioned", tmp_path, append_version=True, name="versioned"),
    ]
    async with client_of(*routes) as client:
        assert await said(client, "/plain/a.css") == (200, "body {}")
        for path, status in (
            ("/plain/", 403), ("/plain/sub", 403), ("/plain/none", 404), ("/plain/link", 404),
            ("/index/", 200), ("/linked/link", 200),
        ):  # fmt: skip
            assert (await said(client, path))[0] == status, path
        _, listing = await said(client, "/index/")
        assert "a.css" in listing and "sub/" in listing
        url = client.app.router["versioned"].url_for(filename="a.css")
        assert url.query["v"]
        assert (await said(client, str(url)))[0] == 200


def _families() -> list[Any]:
    # Not isinstance(): Python 3.10 takes list[int] for a class.
    classes = [it for it in vars(web).values() if type(it) is type(web.HTTPException)]
    answers = [it for it in classes if issubclass(it, web.HTTPException) and it.status_code > 0]
    return sorted(answers, key=lambda it: (it.status_code, it.__name__))


@pytest.mark.parametrize("kind", _families(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("how", ["raise", "return"])
async def test_http_exceptions(kind: Any, how: str) -> None:
    args: dict[str, Any] = {}
    if issubclass(kind, web.HTTPMove):
        args = {"location": "/there"}
    elif issubclass(kind, web.HTTPMethodNotAllowed):
        args = {"method": "GET", "allowed_methods": ["POST"]}
    elif issubclass(kind, web.HTTPRequestEntityTooLarge):
        args = {"max_size": 1, "actual_size": 2}
    elif issubclass(kind, web.HTTPUnavailableForLegalReasons):
        args = {"link": "http://example.com/"}
    empty = kind.empty_body

    async def handler(_: web.Request) -> web.StreamResponse:
        error: web.HTTPException = kind(**args) if empty else kind(**args, text="mine")
        if how == "raise":
            raise error
        return error

    async with client_of(web.get("/", handler)) as client:
        async with client.get("/", allow_redirects=False) as response:
            assert response.status == kind.status_code
            assert await response.text() == ("" if empty else "mine")


# Running, protocol, log.


class _Lines(AbstractAccessLogger):
    def log(self, request: Any, response: Any, time: float) -> None:
        self.logger.info("%s %s %s", request.method, request.path, response.status)


async def test_an_access_logger_of_ones_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "aiohttp.access")
    app = web.Application()
    app.router.add_get("/", ok)
    runner = web.AppRunner(app, access_log_class=_Lines)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{site.port}/") as response:
            assert await response.text() == "ok"
    await runner.cleanup()
    assert "GET / 200" in caplog.messages


async def test_every_atom_of_the_access_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "aiohttp.access")
    app = web.Application()
    app.router.add_get("/", ok)
    form = '%% "%r" %s %b %a %P %T %Tf %D %{X-In}i %{Content-Type}o %{X-None}i %t'
    runner = web.AppRunner(app, access_log_format=form)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{site.port}/"
        async with session.get(url, headers={"X-In": "in"}) as response:
            await response.read()
    await runner.cleanup()
    (line,) = (record.getMessage() for record in caplog.records if record.name == "aiohttp.access")
    assert line.startswith('% "GET / HTTP/1.1" 200 ')
    assert " 127.0.0.1 <" in line and ">" in line
    assert " in text/plain; charset=utf-8 - [" in line


async def test_expectations() -> None:
    reached = []

    async def handler(request: web.Request) -> web.Response:
        reached.append(await request.text())
        return web.Response()

    async with client_of(web.post("/", handler)) as client:
        assert (await client.post("/", data=b"x", expect100=True)).status == 200
        headers = {"Expect": "something-else"}
        assert (await client.post("/", data=b"x", headers=headers)).status == 417
    assert reached == ["x"]


_UNREADABLE = b"\xff\xc3("


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"Expect: %b" % _UNREADABLE, 417),
        (b"Upgrade: %b\r\nConnection: upgrade" % _UNREADABLE, 400),
        (b"Upgrade: websocket\r\nConnection: %b" % _UNREADABLE, 400),
        (b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: \xff", 400),
        (
            (
                b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: \xff"
            ),
            400,
        ),
    ],
)
async def test_bytes_that_are_no_text_are_no_fault_of_the_server(
    fields: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        return ws

    async with client_of(web.get("/", handler)) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % fields)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.close()
        await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_low_level_server_with_requests_of_its_own() -> None:
    class Mine(web.BaseRequest):
        pass

    def make(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> Mine:
        return Mine(message, payload, protocol, writer, task, asyncio.get_running_loop())

    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(text=type(request).__name__)

    server = web.Server(handler, request_factory=make)
    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/") as response:
            assert await response.text() == "Mine"
        assert len(server.connections) == 1
        assert server.requests_count == 1
    listening.close()
    server.pre_shutdown()
    await server.shutdown(1)
    assert not server.connections


def test_graceful_exit_ends_run_app() -> None:
    assert issubclass(web.GracefulExit, SystemExit)
    assert web.GracefulExit.code == 1


def test_run_app_takes_a_coroutine_and_prints() -> None:
    printed: list[str] = []

    async def make() -> web.Application:
        app = web.Application()

        async def leave(_: web.Application) -> None:
            asyncio.get_running_loop().call_later(0.1, _leave)

        app.on_startup.append(leave)
        return app

    def _leave() -> None:
        raise web.GracefulExit

    web.run_app(
        make(), host="127.0.0.1", port=0, handle_signals=False, loop=asyncio.new_event_loop(),
        print=printed.append,
    )  # fmt: skip
    assert "Running on" in printed[0]


# WebSockets.


@asynccontextmanager
async def talking(
    talk: Callable[[web.WebSocketResponse], Any], options: dict[str, Any], **of_client: Any
) -> AsyncIterator[Any]:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(**options)
        await ws.prepare(request)
        await talk(ws)
        return ws

    async with client_of(web.get("/", handler)) as client:
        async with client.ws_connect("/", **of_client) as ws:
            yield ws


async def _echo(ws: web.WebSocketResponse) -> None:
    async for message in ws:
        if message.type is aiohttp.WSMsgType.TEXT:
            await ws.send_str(
                message.data if isinstance(message.data, str) else message.data.decode()
            )
        else:
            await ws.send_bytes(message.data)


@pytest.mark.parametrize("compress", [0, 9, 12, 15])
@pytest.mark.parametrize("allowed", [True, False])
async def test_ways_to_send_and_receive(compress: int, allowed: bool) -> None:
    async with talking(_echo, {"compress": allowed, "writer_limit": 1024}, compress=compress) as ws:
        assert bool(ws.compress) is bool(compress and allowed)
        await ws.send_str("text")
        assert await ws.receive_str() == "text"
        await ws.send_bytes(b"bytes")
        assert await ws.receive_bytes() == b"bytes"
        await ws.send_json({"a": 1})
        assert await ws.receive_json() == {"a": 1}
        await ws.send_json_bytes([1], dumps=lambda data: json.dumps(data).encode())
        assert json.loads(await ws.receive_bytes()) == [1]
        await ws.send_frame(b"frame", aiohttp.WSMsgType.BINARY)
        assert (await ws.receive()).data == b"frame"
        await ws.send_str("x" * 100_000, compress=9 if ws.compress else None)
        assert len(await ws.receive_str()) == 100_000
        await ws.ping(b"p")
        await ws.send_str("wrong")
        with pytest.raises(aiohttp.WSMessageTypeError):
            await ws.receive_bytes()


async def test_text_as_bytes() -> None:
    got: list[Any] = []

    async def talk(ws: web.WebSocketResponse) -> None:
        got.append((await ws.receive()).data)
        await ws.send_str("é")

    async with talking(talk, {"decode_text": False}, decode_text=False) as ws:
        await ws.send_str("é")
        message = await ws.receive()
    assert got == ["é".encode()]
    assert (message.type, message.data) == (aiohttp.WSMsgType.TEXT, "é".encode())


async def test_a_second_receive_raises() -> None:
    async def talk(ws: web.WebSocketResponse) -> None:
        first = asyncio.ensure_future(ws.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match=r"(?i)concurrent"):
            await ws.receive()
        await ws.send_str("raised")
        await first

    async with talking(talk, {}) as ws:
        assert await ws.receive_str() == "raised"
        second = asyncio.ensure_future(ws.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match=r"(?i)concurrent"):
            await ws.receive()
        second.cancel()


async def test_many_tasks_may_write() -> None:
    async def talk(ws: web.WebSocketResponse) -> None:
        await asyncio.gather(*(ws.send_str(f"{n}:" + "x" * 5000) for n in range(100)))
        await ws.close()

    async with talking(talk, {"compress": True}, compress=15) as ws:
        texts = [message.data async for message in ws]
    assert sorted(int(text.partition(":")[0]) for text in texts) == list(range(100))
    assert all(text.endswith("x" * 5000) for text in texts)


async def test_messages_that_are_too_big() -> None:
    codes: list[Any] = []

    async def talk(ws: web.WebSocketResponse) -> None:
        message = await ws.receive()
        codes.append((message.type, ws.close_code))
        assert isinstance(ws.exception(), aiohttp.WebSocketError)

    async with talking(talk, {"max_msg_size": 1000, "compress": True}, compress=15) as ws:
        await ws.send_str("x" * 100_000)
        message = await ws.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1009)
    assert codes == [(aiohttp.WSMsgType.ERROR, aiohttp.WSCloseCode.MESSAGE_TOO_BIG)]


# What older documentation shows.


async def test_stream_options_of_tcp() -> None:
    seen = []

    async def handler(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        sock: socket.socket = transport.get_extra_info("socket")
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        return response

    async with client_of(web.get("/", handler)) as client:
        assert await said(client, "/") == (200, "x")
    assert seen == [True]


async def test_old_style_middlewares_and_plain_functions() -> None:
    async def factory(app: web.Application, handler: Any) -> Any:
        async def middleware(request: web.Request) -> web.StreamResponse:
            response: web.StreamResponse = await handler(request)
            response.headers["X-Old"] = "1"
            return response

        return middleware

    app = web.Application(middlewares=[factory])  # type: ignore[list-item]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with client_of(web.get("/", ok), app=app) as client:
            async with client.get("/") as response:
                assert response.headers["X-Old"] == "1"
    assert any(issubclass(it.category, DeprecationWarning) for it in caught)


async def test_make_handler_with_create_server() -> None:
    app = web.Application()
    app.router.add_get("/", ok)
    with pytest.warns(DeprecationWarning):
        handler = app.make_handler()
    await app.startup()
    server = await asyncio.get_running_loop().create_server(handler, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/") as response:
            assert await response.text() == "ok"
    server.close()
    await app.shutdown()
    with pytest.warns(DeprecationWarning):
        await handler.finish_connections(1)
    await app.cleanup()


async def test_loop_is_accepted() -> None:
    with pytest.warns(DeprecationWarning):
        web.Application(loop=asyncio.get_running_loop())


def test_signal_is_there() -> None:
    assert isinstance(web.Application().on_startup, aiosignal.Signal)
