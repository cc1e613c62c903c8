"""The client through a real forward proxy, tinyproxy: plain requests, tunnels, refusals."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from tools.programs import missing, tinyproxy

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

pytestmark = pytest.mark.skipif(bool(missing("tinyproxy")), reason=missing("tinyproxy"))

BIG = bytes(range(256)) * 4096
PASSWORD = "BasicAuth user secret"


async def tell(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "path": request.path_qs,
            "via": request.headers.get("Via"),
            "proxy": request.headers.get("Proxy-Authorization"),
            "body": len(await request.read()),
        }
    )


async def big(request: web.Request) -> web.Response:
    return web.Response(body=BIG)


async def echo(request: web.Request) -> web.WebSocketResponse:
    websocket = web.WebSocketResponse()
    await websocket.prepare(request)
    async for message in websocket:
        await websocket.send_str(message.data.upper())
    return websocket


def make_app() -> web.Application:
    app = web.Application(client_max_size=2**24)
    app.add_routes(
        [web.route("*", "/tell", tell), web.get("/big", big), web.get("/websocket", echo)]
    )
    return app


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async with TestServer(make_app()) as server:
        yield server


@pytest.fixture
async def secure() -> AsyncIterator[tuple[TestServer, ssl.SSLContext]]:
    """A server with TLS, and what trusts it."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    async with TestServer(make_app(), ssl=context) as server:
        yield server, trust


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[str]:
    with tinyproxy(tmp_path) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """A proxy that wants a password, without it."""
    with tinyproxy(tmp_path, PASSWORD) as port:
        yield f"http://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def session(**options: Any) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(**options) as opened:
        yield opened


# Plain requests


async def test_requests(server: TestServer, proxy: str) -> None:
    async with session(proxy=proxy) as opened:
        for body in (b"", b"x" * 100_000):
            async with opened.put(server.make_url("/tell?a=b"), data=body) as response:
                told = await response.json()
                assert "tinyproxy" in told["via"]
                assert (told["path"], told["body"]) == ("/tell?a=b", len(body))
        async with opened.get(server.make_url("/big")) as response:
            assert await response.read() == BIG


async def test_environment(server: TestServer, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    async with session(trust_env=True) as opened:
        async with opened.get(server.make_url("/tell")) as response:
            assert "tinyproxy" in (await response.json())["via"]
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with opened.get(server.make_url("/tell")) as response:
            assert (await response.json())["via"] is None


async def test_password(server: TestServer, guarded: str) -> None:
    url = server.make_url("/tell")
    async with session() as opened:
        async with opened.get(url, proxy=guarded) as response:
            assert response.status == 407
        async with opened.get(url, proxy=guarded.replace("//", "//user:secret@")) as response:
            told = await response.json()
            assert (response.status, told["proxy"]) == (200, None)


async def test_a_site_that_is_not_there(proxy: str, unused_port_url: str) -> None:
    async with session() as opened:
        async with opened.get(unused_port_url, proxy=proxy) as response:
            assert response.status in (500, 502)


@pytest.fixture
def unused_port_url() -> str:
    return f"http://127.0.0.1:{unused_port()}/"


async def test_a_proxy_that_is_not_there(server: TestServer, unused_port_url: str) -> None:
    async with session() as opened:
        with pytest.raises(aiohttp.ClientProxyConnectionError):
            await opened.get(server.make_url("/tell"), proxy=unused_port_url)


# Tunnels


async def test_tunnel(secure: tuple[TestServer, ssl.SSLContext], proxy: str) -> None:
    server, trust = secure
    async with session(proxy=proxy) as opened:
        for _ in range(3):
            async with opened.get(server.make_url("/tell"), ssl=trust) as response:
                told = await response.json()
                assert (told["via"], told["proxy"]) == (None, None)
        async with opened.get(server.make_url("/big"), ssl=trust) as response:
            assert await response.read() == BIG
        async with opened.put(server.make_url("/tell"), data=BIG[:1000], ssl=trust) as response:
            assert (await response.json())["body"] == 1000


async def test_tunnel_with_password(
    secure: tuple[TestServer, ssl.SSLContext], guarded: str
) -> None:
    server, trust = secure
    url = server.make_url("/tell")
    async with session() as opened:
        with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
            await opened.get(url, proxy=guarded, ssl=trust)
        assert caught.value.status == 407
        headers = {"Proxy-Authorization": aiohttp.encode_basic_auth("user", "secret")}
        async with opened.get(url, proxy=guarded, proxy_headers=headers, ssl=trust) as response:
            assert (await response.json())["proxy"] is None


async def test_tunnel_that_is_refused(
    secure: tuple[TestServer, ssl.SSLContext], tmp_path: Path
) -> None:
    server, trust = secure
    with tinyproxy(tmp_path, "ConnectPort 443") as port:
        async with session(proxy=f"http://127.0.0.1:{port}") as opened:
            with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
                await opened.get(server.make_url("/tell"), ssl=trust)
            assert caught.value.status == 403


async def test_tls_is_checked_through_a_tunnel(
    secure: tuple[TestServer, ssl.SSLContext], proxy: str
) -> None:
    server, _ = secure
    async with session(proxy=proxy) as opened:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await opened.get(server.make_url("/tell"))


async def test_websockets(secure: tuple[TestServer, ssl.SSLContext], proxy: str) -> None:
    server, trust = secure
    async with session(proxy=proxy) as opened:
        async with opened.ws_connect(server.make_url("/websocket"), ssl=trust) as websocket:
            await websocket.send_str("through the tunnel")
            assert await websocket.receive_str() == "THROUGH THE TUNNEL"


async def test_many_tunnels(secure: tuple[TestServer, ssl.SSLContext], proxy: str) -> None:
    server, trust = secure

    async def ask(opened: aiohttp.ClientSession) -> None:
        async with opened.get(server.make_url("/big"), ssl=trust) as response:
            assert await response.read() == BIG

    connector = aiohttp.TCPConnector(limit=10)
    async with session(proxy=proxy, connector=connector) as opened:
        await asyncio.gather(*(ask(opened) for _ in range(30)))
