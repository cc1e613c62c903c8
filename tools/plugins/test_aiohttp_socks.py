"""aiohttp-socks: a connector that reaches servers through a SOCKS5 proxy, which the test plays."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiohttp import ClientSession, web

aiohttp_socks = pytest.importorskip("aiohttp_socks")


class Socks5:
    """The part of RFC 1928 and RFC 1929 that a connecting client needs."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.users: list[bytes] = []
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        if 2 in methods:  # user and password
            writer.write(b"\x05\x02")
            _, length = await reader.readexactly(2)
            self.users.append(await reader.readexactly(length))
            await reader.readexactly((await reader.readexactly(1))[0])
            writer.write(b"\x01\x00")
        else:
            writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        if kind == 1:
            host = socket.inet_ntoa(await reader.readexactly(4))
        else:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        self.asked.append((host, port))
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01" + struct.pack("!H", port))
        await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[tuple[Socks5, int]]:
    socks = Socks5()
    server = await asyncio.start_server(socks.serve, "127.0.0.1", 0)
    yield socks, server.sockets[0].getsockname()[1]
    server.close()


async def handler(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.path} {(await request.read()).decode()}")


@pytest.fixture
async def target(serve: Any) -> Any:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    return await serve(app)


async def test_an_address_through_the_proxy(proxy: tuple[Socks5, int], target: Any) -> None:
    socks, port = proxy
    connector = aiohttp_socks.ProxyConnector.from_url(f"socks5://127.0.0.1:{port}")
    async with ClientSession(connector=connector) as session:
        for path in ("/a", "/b"):  # the second over the same connection
            async with session.post(target.make_url(path), data=b"body") as response:
                assert await response.text() == f"{path} body"
    assert socks.asked == [("127.0.0.1", target.port)]


async def test_the_proxy_finds_the_name(proxy: tuple[Socks5, int], target: Any) -> None:
    socks, port = proxy
    connector = aiohttp_socks.ProxyConnector.from_url(f"socks5://me:secret@127.0.0.1:{port}")
    async with ClientSession(connector=connector) as session:
        async with session.get(f"http://inside.test:{target.port}/x") as response:
            assert await response.text() == "/x "
    assert socks.asked == [("inside.test", target.port)]
    assert socks.users == [b"me"]


async def test_nobody_is_behind_the_proxy(proxy: tuple[Socks5, int], unused_tcp_port: int) -> None:
    connector = aiohttp_socks.ProxyConnector.from_url(f"socks5://127.0.0.1:{unused_tcp_port}")
    async with ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp_socks.ProxyConnectionError):
            await session.get("http://inside.test/")
