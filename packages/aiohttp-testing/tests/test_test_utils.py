"""Test servers, test clients, mocked requests and loops."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import unittest
from typing import Any

import pytest
import trustme
from multidict import CIMultiDict
from yarl import URL

import aiohttp
from aiohttp import web
from aiohttp.test_utils import (
    AioHTTPTestCase,
    RawTestServer,
    TestClient,
    TestServer,
    get_port_socket,
    get_unused_port_socket,
    loop_context,
    make_client_response,
    make_mocked_coro,
    make_mocked_request,
    setup_test_loop,
    teardown_test_loop,
    unittest_run_loop,
    unused_port,
)


async def hello(request: web.BaseRequest) -> web.Response:
    return web.Response(text="hello", headers={"X-Method": request.method})


def app_with_hello() -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/", hello)
    return app


# Servers


async def test_server_life() -> None:
    server = TestServer(app_with_hello())
    assert not server.started
    with pytest.raises(RuntimeError, match="start_server"):
        server.make_url("/")
    with pytest.raises(RuntimeError, match="start_server"):
        _ = server.handler
    await server.start_server()
    runner = server.runner
    await server.start_server()
    assert server.runner is runner
    assert server.started
    assert server.make_url("/a?b=c") == URL(f"http://127.0.0.1:{server.port}/a?b=c")
    assert isinstance(server.handler, web.Server)
    await server.close()
    await server.close()
    assert server.closed
    assert server.port is None


async def test_server_takes_paths_only() -> None:
    async with TestServer(app_with_hello()) as server:
        with pytest.raises(ValueError, match="absolute"):
            server.make_url("http://example.com/")
    async with TestServer(app_with_hello(), skip_url_asserts=True) as server:
        assert server.make_url("http://example.com/").host == "example.com"
        assert str(server.make_url("//a//b")) == f"http://127.0.0.1:{server.port}//a//b"


async def test_server_is_asynchronous() -> None:
    with pytest.raises(TypeError, match="async with"):
        with TestServer(app_with_hello()):
            pass


async def test_server_on_a_given_port() -> None:
    port = unused_port()
    async with TestServer(app_with_hello(), port=port) as server:
        assert server.port == port


async def test_server_with_socket_factory() -> None:
    made: list[socket.socket] = []

    def factory(host: str, port: int, family: socket.AddressFamily) -> socket.socket:
        made.append(get_port_socket(host, port, family))
        return made[0]

    async with TestServer(app_with_hello(), socket_factory=factory) as server:
        assert made[0].getsockname()[1] == server.port


async def test_a_failed_start_leaves_nothing_open() -> None:
    def no_socket(host: str, port: int, family: socket.AddressFamily) -> socket.socket:
        raise OSError("no socket today")

    cleaned: list[web.Application] = []

    async def clean(app: web.Application) -> None:
        cleaned.append(app)

    app = app_with_hello()
    app.on_cleanup.append(clean)
    server = TestServer(app, socket_factory=no_socket)
    with pytest.raises(OSError, match="no socket today"):
        await server.start_server()
    assert cleaned == [app]
    assert not server.started


async def test_server_with_tls() -> None:
    authority = trustme.CA()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    server = TestServer(app_with_hello())
    await server.start_server(ssl=server_side)
    async with TestClient(server) as client:
        async with client.get("/", ssl=client_side) as response:
            assert response.url.scheme == "https"
            assert await response.text() == "hello"


async def test_raw_server() -> None:
    client: TestClient[web.BaseRequest, None] = TestClient(RawTestServer(hello))
    async with client:
        assert client.app is None
        async with client.get("/anything") as response:
            assert await response.text() == "hello"


# Clients


@pytest.mark.parametrize("verb", ["get", "post", "options", "head", "put", "patch", "delete"])
async def test_client_verbs(verb: str) -> None:
    async with TestClient(TestServer(app_with_hello())) as client:
        async with getattr(client, verb)("/") as response:
            assert response.status == 200
            assert response.headers["X-Method"] == verb.upper()
        assert (await client.request(verb, "/")).status == 200


async def test_client_knows_its_parts() -> None:
    app = app_with_hello()
    server = TestServer(app)
    async with TestClient(server) as client:
        assert client.app is app
        assert client.server is server
        assert (client.host, client.port) == (server.host, server.port)
        assert isinstance(client.session, aiohttp.ClientSession)
        assert client.make_url("/x") == server.make_url("/x")
    await client.close()
    assert client.session.closed
    assert server.closed


async def test_client_keeps_cookies_of_an_address() -> None:
    async def handler(request: web.Request) -> web.Response:
        response = web.Response(text=request.cookies.get("a", "none"))
        response.set_cookie("a", "1")
        return response

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        assert await (await client.get("/")).text() == "none"
        assert await (await client.get("/")).text() == "1"


async def test_client_closes_what_was_left_open() -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for message in websocket:
            await websocket.send_str(message.data)
        return websocket

    app = app_with_hello()
    app.router.add_get("/ws", echo)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/")
        websocket = await client.ws_connect("/ws")
        await websocket.send_str("x")
        assert await websocket.receive_str() == "x"
    assert response.closed
    assert websocket.closed


async def test_client_wants_a_server() -> None:
    with pytest.raises(TypeError, match="TestServer"):
        TestClient(app_with_hello())  # type: ignore[call-overload]


# Mocked requests


def test_mocked_request() -> None:
    request = make_mocked_request("GET", "/a/b?c=d", headers={"X-A": "1"})
    assert (request.method, request.path, request.query["c"]) == ("GET", "/a/b", "d")
    assert request.headers == CIMultiDict({"X-A": "1"})
    assert request.raw_headers == ((b"X-A", b"1"),)
    assert request.version == aiohttp.HttpVersion11
    assert isinstance(request.app, web.Application)
    assert request.keep_alive


def test_mocked_request_details() -> None:
    app = web.Application()
    request = make_mocked_request(
        "PUT", "/", match_info={"name": "x"}, app=app, version=aiohttp.HttpVersion10, closing=True
    )
    assert request.match_info["name"] == "x"
    assert request.app is app
    assert request.version == aiohttp.HttpVersion10
    assert not request.keep_alive
    assert make_mocked_request("GET", "/", client_max_size=7).client_max_size == 7


def test_mocked_request_with_tls() -> None:
    assert make_mocked_request("GET", "/").scheme == "http"
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    assert make_mocked_request("GET", "/", sslcontext=context).scheme == "https"


async def test_mocked_request_through_a_handler() -> None:
    response = await hello(make_mocked_request("POST", "/"))
    assert response.text == "hello"
    request = make_mocked_request("GET", "/")
    await response.prepare(request)
    await response.write_eof()


async def test_mocked_coro() -> None:
    assert await make_mocked_coro(5)(1, a=2) == 5
    assert await make_mocked_coro()() is None
    with pytest.raises(KeyError):
        await make_mocked_coro(raise_exception=KeyError)()


# Responses that no server has sent


async def test_client_response() -> None:
    response = make_client_response(201, json={"a": 1}, headers={"X-A": "1"}, url="http://x.test/y")
    assert type(response) is aiohttp.ClientResponse
    assert (response.status, response.reason, response.ok) == (201, "Created", True)
    assert response.url == URL("http://x.test/y")
    assert response.headers["X-A"] == "1"
    async with response:
        assert await response.json() == {"a": 1}
    with pytest.raises(aiohttp.ClientResponseError) as caught:
        make_client_response(404).raise_for_status()
    assert caught.value.message == "Not Found"


async def test_client_response_streams() -> None:
    response = make_client_response(799, body="héllo", reason="Odd")
    assert response.reason == "Odd"
    assert [chunk async for chunk in response.content.iter_chunked(3)] == [b"h\xc3\xa9", b"llo"]
    assert make_client_response(799).reason == ""


# Loops and ports


def test_loop_context() -> None:
    with loop_context() as loop:
        assert loop.run_until_complete(asyncio.sleep(0, "done")) == "done"
    assert loop.is_closed()


def test_teardown_ends_generators() -> None:
    ended = []

    async def numbers() -> Any:
        try:
            yield 1
        finally:
            ended.append(True)

    generator = numbers()

    async def begin() -> Any:
        return await generator.__anext__()

    loop = setup_test_loop()
    assert loop.run_until_complete(begin()) == 1
    teardown_test_loop(loop)
    assert ended == [True]
    teardown_test_loop(loop, fast=True)


def test_ports() -> None:
    port = unused_port()
    with get_port_socket("127.0.0.1", port) as bound:
        assert bound.getsockname() == ("127.0.0.1", port)
    with get_unused_port_socket("127.0.0.1") as bound:
        assert bound.getsockname()[1] > 0


def test_a_taken_port_leaks_no_socket() -> None:
    with get_unused_port_socket("127.0.0.1") as taken:
        taken.listen()
        with pytest.raises(OSError):
            get_port_socket("127.0.0.1", taken.getsockname()[1])


# unittest


def run_case(case: type[unittest.TestCase]) -> unittest.TestResult:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


def test_test_case() -> None:
    class Case(AioHTTPTestCase):
        async def get_application(self) -> web.Application:
            return app_with_hello()

        async def test_hello(self) -> None:
            async with self.client.get("/") as response:
                self.assertEqual(await response.text(), "hello")
            self.assertIs(self.app, self.client.app)
            self.assertIs(self.loop, asyncio.get_running_loop())

    result = run_case(Case)
    assert result.testsRun == 1
    assert result.wasSuccessful(), result.errors + result.failures


def test_test_case_by_its_old_names() -> None:
    class Case(AioHTTPTestCase):
        def get_app(self) -> web.Application:
            return app_with_hello()

        async def setUpAsync(self) -> None:
            self.prepared = True

        async def test_prepared(self) -> None:
            self.assertTrue(self.prepared)

    with pytest.warns(DeprecationWarning, match="get_application"):
        result = run_case(Case)
    assert result.wasSuccessful(), result.errors + result.failures


def test_test_case_without_application() -> None:
    class Case(AioHTTPTestCase):
        async def test_nothing(self) -> None: ...

    (error,) = run_case(Case).errors
    assert "get_application" in error[1]


def test_unittest_run_loop_changes_nothing() -> None:
    def function() -> None: ...

    with pytest.warns(DeprecationWarning, match="unittest_run_loop"):
        assert unittest_run_loop(function) is function


async def test_compressed_bodies_pass_through() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"x" * 99), headers={"Content-Encoding": "gzip"})

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        assert await (await client.get("/")).read() == b"x" * 99
