"""The factory of connections."""

from __future__ import annotations

import asyncio

import pytest

from aiohttp import web


async def hello(request: web.BaseRequest) -> web.Response:
    return web.Response(text="hello")


async def test_makes_a_connection_for_each_call() -> None:
    server = web.Server(hello)
    first, second = server(), server()
    assert isinstance(first, web.RequestHandler)
    assert first is not second
    assert server.connections == []


async def test_unknown_arguments_are_named_and_ignored(caplog: pytest.LogCaptureFixture) -> None:
    server = web.Server(hello, keepalive_timeout=7, no_such_thing=1)
    assert server().keepalive_timeout == 7
    assert "no_such_thing" in caplog.text


async def test_a_negative_time_is_refused() -> None:
    with pytest.raises(ValueError, match="head_timeout: expected seconds >= 0 or None, got -1"):
        web.Server(hello, head_timeout=-1)


async def test_connections_get_the_settings() -> None:
    connection = web.Server(hello, debug=True, max_line_size=100, access_log=None)()
    assert connection.debug
    assert connection.max_line_size == 100
    assert connection.access_log is None


async def test_repr_counts() -> None:
    assert repr(web.Server(hello)) == "<Server connections=0 requests=0>"


async def test_finish_connections_is_deprecated() -> None:
    server = web.Server(hello)
    with pytest.warns(DeprecationWarning, match="finish_connections"):
        await server.finish_connections(0)


async def test_with_create_server() -> None:
    server = web.Server(hello, access_log=None)
    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert (await reader.read()).endswith(b"\r\n\r\nhello")
    writer.close()
    listening.close()
    await server.shutdown(1)
