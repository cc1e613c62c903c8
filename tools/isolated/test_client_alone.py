"""``aiohttp-client`` alone: it speaks to a server that is no more than a socket."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable

import pytest

import aiohttp


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every head with its first line, in JSON."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        line = head.split(b"\r\n")[0].decode()
        body = f'{{"line": "{line}"}}'.encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: seen=1\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        writer.close()
        return


async def test_a_session_gets_an_answer() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(f"http://127.0.0.1:{port}/x", params={"y": "1"}) as response:
            assert response.status == 200
            assert await response.json() == {"line": "GET /x?y=1 HTTP/1.1"}
            assert response.cookies["seen"].value == "1"
    server.close()
    await server.wait_closed()


async def test_nobody_listens() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get("http://127.0.0.1:1/")


def test_the_server_is_not_there() -> None:
    with pytest.raises(ModuleNotFoundError, match="pip install aiohttp-web"):
        from aiohttp import web  # noqa: F401
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("aiohttp.web")


def test_nothing_of_the_server_is_loaded(imported: Callable[[str], set[str]]) -> None:
    loaded = imported("import aiohttp; aiohttp.ClientSession")
    assert not [name for name in loaded if name.startswith(("aiohttp.web", "aiohttp._web."))]
