"""Servers that misbehave: the documented exception at once, and nothing left behind."""

from __future__ import annotations

import asyncio
import io
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from aiohttp import (
    ClientConnectionError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    ServerDisconnectedError,
    SocketTimeoutError,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HEAD = b"HTTP/1.1 200 OK\r\n"


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[str]:
    """Answer each connection by ``script``; yield the URL."""
    others = asyncio.all_tasks()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"http://{host}:{port}/"
    server.close()
    # The session has been closed: no task is left, and nobody holds a connection open.
    if left := asyncio.all_tasks() - others:
        _, left = await asyncio.wait(left, timeout=20)
    assert not left


def answering(data: bytes, *, then_wait: bool = False) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        if then_wait:
            await reader.read()

    return script


def nothing_left(session: ClientSession) -> bool:
    connector = session.connector
    assert isinstance(connector, TCPConnector)
    return not connector._acquired and not connector._conns


@pytest.mark.parametrize("then_wait", [False, True], ids=["closes", "stays"])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="chunk size"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", id="chunk end"),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffffffff\r\n", id="overflow"
        ),
        pytest.param(
            HEAD + b"Content-Length: 4\r\nContent-Encoding: gzip\r\n\r\nabcd", id="no gzip"
        ),
        pytest.param(
            HEAD
            + b"Content-Encoding: deflate\r\nContent-Length: 8\r\n\r\n"
            + zlib.compress(b"z" * 5000)[:8],
            id="cut-off deflate",
        ),
    ],
)
async def test_a_malformed_body_fails_at_once(data: bytes, then_wait: bool) -> None:
    async with serving(answering(data, then_wait=then_wait)) as url, ClientSession() as session:
        response = await session.get(url)
        with pytest.raises(ClientPayloadError):
            await asyncio.wait_for(response.read(), 5)
        assert nothing_left(session)


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 10\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
    ids=["length", "chunked"],
)
async def test_a_truncated_body(data: bytes) -> None:
    async with serving(answering(data)) as url, ClientSession() as session:
        response = await session.get(url)
        with pytest.raises(ClientPayloadError):
            await response.read()
        assert nothing_left(session)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 2OO OK\r\n\r\n", id="status"),
        pytest.param(HEAD + b"X: " + b"y" * 10000 + b"\r\n\r\n", id="huge line"),
        pytest.param(HEAD + b"A: b\r\n" * 1000 + b"\r\n", id="endless head"),
        pytest.param(HEAD + b"Content-Length: 1, 2\r\n\r\nx", id="two lengths"),
        pytest.param(HEAD + b"Content-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000, id="1xx flood"),
    ],
)
async def test_a_malformed_head(data: bytes) -> None:
    async with serving(answering(data, then_wait=True)) as url, ClientSession() as session:
        with pytest.raises(ClientResponseError) as caught:
            await session.get(url)
        assert caught.value.request_info.url.port is not None
        assert nothing_left(session)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 20", HEAD + b"Server: x\r\n"])
async def test_the_server_closes_in_the_head(data: bytes) -> None:
    async with serving(answering(data)) as url, ClientSession() as session:
        with pytest.raises(ServerDisconnectedError):
            await session.get(url)
        assert nothing_left(session)


def resetting(data: bytes, arrived: asyncio.Event | None = None) -> Script:
    """Send ``data``, and when it has ``arrived`` not an end but a reset."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        if arrived is not None:
            await arrived.wait()
        linger = struct.pack("ii", 1, 0)  # closing is resetting
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    return script


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 O", HEAD + b"Server: x\r\n"])
async def test_the_server_resets_the_connection_in_the_head(data: bytes) -> None:
    async with serving(resetting(data)) as url, ClientSession() as session:
        with pytest.raises((ServerDisconnectedError, ClientOSError)) as caught:
            await session.get(url)
        assert isinstance(caught.value, ClientConnectionError)
        assert nothing_left(session)


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 10\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        HEAD + b"\r\nabc",
    ],
    ids=["length", "chunked", "until the end"],
)
async def test_the_server_resets_the_connection_in_the_body(data: bytes) -> None:
    arrived = asyncio.Event()
    async with serving(resetting(data, arrived)) as url, ClientSession() as session:
        response = await session.get(url)
        arrived.set()
        with pytest.raises(ClientPayloadError):
            await response.read()
        assert nothing_left(session)


_ENDLESS = {
    "status line": (b"HTTP/1.1 200 ", b"O" * 1000),
    "field": (HEAD + b"X: ", b"y" * 1000),
    "name": (HEAD, b"y" * 1000),
    "fields": (HEAD, b"X: y\r\n" * 100),
    "empty lines": (b"", b"\r\n" * 100),
    "interim responses": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "chunk size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 1000),
    "chunk extension": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 1000),
    "trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 100),
}


@pytest.mark.parametrize("where", _ENDLESS)
async def test_a_server_that_never_ends(where: str) -> None:
    begin, more = _ENDLESS[where]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begin)
        while True:
            writer.write(more)
            await writer.drain()  # raises when the client has left

    async with serving(script) as url, ClientSession() as session:
        with pytest.raises((ClientResponseError, ClientPayloadError)):
            async with session.get(url) as response:
                await response.read()
        assert nothing_left(session)


async def test_excess_bytes_do_not_answer_the_next_request() -> None:
    answers = iter(
        [
            HEAD + b"Content-Length: 2\r\n\r\nok" + HEAD + b"Content-Length: 4\r\n\r\nevil",
            HEAD + b"Content-Length: 4\r\n\r\ngood",
        ]
    )

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(next(answers), then_wait=True)(reader, writer)

    async with serving(script) as url, ClientSession() as session:
        async with session.get(url) as response:
            assert await response.read() == b"ok"
        assert nothing_left(session)
        async with session.get(url) as response:
            assert await response.read() == b"good"


async def test_bytes_on_an_idle_connection_drop_it() -> None:
    poison = asyncio.Event()
    dropped = asyncio.Event()
    answered = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal answered
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Content-Length: 2\r\n\r\nok")
        answered += 1
        if answered == 1:
            await poison.wait()
            writer.write(HEAD + b"Content-Length: 4\r\n\r\nevil")
            assert await reader.read() == b""  # closed by the client
            dropped.set()

    async with serving(script) as url, ClientSession() as session:
        async with session.get(url) as response:
            await response.read()
        poison.set()
        await asyncio.wait_for(dropped.wait(), 5)
        async with session.get(url) as response:
            assert await response.read() == b"ok"
    assert answered == 2


async def test_an_early_response_stops_the_upload() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0)

    async with serving(script) as url, ClientSession() as session:
        async with session.post(url, data=endless()) as response:
            assert response.status == 413
        assert nothing_left(session)
    assert len(asyncio.all_tasks()) == 1


# Silence in each phase…


async def test_silence_before_the_head() -> None:
    async with serving(answering(b"", then_wait=True)) as url, ClientSession() as session:
        with pytest.raises(SocketTimeoutError):
            await session.get(url, timeout=ClientTimeout(sock_read=0.05))
        assert nothing_left(session)


async def test_silence_in_the_body() -> None:
    data = HEAD + b"Content-Length: 10\r\n\r\nabc"
    async with serving(answering(data, then_wait=True)) as url, ClientSession() as session:
        response = await session.get(url, timeout=ClientTimeout(sock_read=0.05))
        with pytest.raises(SocketTimeoutError):
            await response.read()
        assert nothing_left(session)


@pytest.mark.parametrize("data", [b"", HEAD + b"Content-Length: 10\r\n\r\nabc"])
async def test_the_total_timeout(data: bytes) -> None:
    async with serving(answering(data, then_wait=True)) as url, ClientSession() as session:
        with pytest.raises(asyncio.TimeoutError):
            async with session.get(url, timeout=ClientTimeout(total=0.05)) as response:
                await response.read()
        assert nothing_left(session)


_PHASES = {
    "connect": ("http", {"connect": 0.05}, ConnectionTimeoutError),
    "sock_connect": ("http", {"sock_connect": 0.05}, ConnectionTimeoutError),
    "tls": ("https", {"sock_connect": 0.05}, ConnectionTimeoutError),
    "tls and all": ("https", {"connect": 0.05}, ConnectionTimeoutError),
    "tunnel": ("proxy", {"sock_read": 0.05}, ConnectionTimeoutError),
    "tunnel and all": ("proxy", {"connect": 0.05}, ConnectionTimeoutError),
    "websocket": ("ws", {"sock_read": 0.05}, SocketTimeoutError),
}


@pytest.mark.parametrize("phase", _PHASES)
async def test_silence_while_connecting(phase: str) -> None:
    kind, times, error = _PHASES[phase]
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = [socket.socket() for _ in range(4)]
    for sock in waiting:  # they fill the backlog: nobody accepts
        sock.setblocking(False)
        sock.connect_ex(full.getsockname())
    async with serving(_silent) as url, ClientSession(timeout=ClientTimeout(**times)) as session:
        options: dict[str, Any] = {}
        if kind == "http":
            url = f"http://127.0.0.1:{full.getsockname()[1]}"
        elif kind == "proxy":
            url, options = "https://somewhere.invalid/", {"proxy": url}
        else:
            url = url.replace("http", kind)
        ask = session.ws_connect if kind == "ws" else session.get
        with pytest.raises(error):
            await asyncio.wait_for(ask(url, **options), 10)
        assert nothing_left(session)
    for sock in (full, *waiting):
        sock.close()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize("times", [{"connect": 0.05}, {"total": 0.05}])
async def test_silence_of_the_resolver(times: dict[str, float]) -> None:
    class Silent(AbstractResolver):
        async def resolve(self, *args: Any, **kwargs: Any) -> list[ResolveResult]:
            await asyncio.Event().wait()
            return []

        async def close(self) -> None:
            pass

    connector = TCPConnector(resolver=Silent())
    async with ClientSession(connector=connector, timeout=ClientTimeout(**times)) as session:
        with pytest.raises(asyncio.TimeoutError):
            await session.get("http://some.name/")
        assert nothing_left(session)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("times", [{"sock_connect": 0.05}, {"connect": 0.05}, {"total": 0.05}])
async def test_silence_behind_a_tunnel(times: dict[str, float]) -> None:
    """The proxy says yes, and nobody begins TLS."""
    agreed = answering(b"HTTP/1.1 200 Go on\r\n\r\n", then_wait=True)
    async with serving(agreed) as url:
        async with ClientSession(timeout=ClientTimeout(**times)) as session:
            with pytest.raises(asyncio.TimeoutError):
                await session.get("https://somewhere.invalid/", proxy=url)
            assert nothing_left(session)


async def test_a_server_that_does_not_read() -> None:
    leave = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await leave.wait()

    async with serving(script) as url, ClientSession() as session:
        body = io.BytesIO(bytes(32 * 2**20))  # more than any socket holds
        with pytest.raises(asyncio.TimeoutError):
            await session.post(url, data=body, timeout=ClientTimeout(total=0.2))
        assert nothing_left(session)
        leave.set()


async def test_silence_after_a_redirect() -> None:
    moved = b"HTTP/1.1 302 X\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(moved, then_wait=True)) as url, ClientSession() as session:
        with pytest.raises(SocketTimeoutError):
            await session.get(url, timeout=ClientTimeout(sock_read=0.05))
        assert nothing_left(session)


# Proxies…


_REFUSALS: dict[str, tuple[bytes, type[Exception]]] = {
    "403": (b"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nno!", ClientHttpProxyError),
    "407": (
        b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
        ClientHttpProxyError,
    ),
    "502 in chunks": (
        b"HTTP/1.1 502 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        ClientHttpProxyError,
    ),
    "a redirect": (
        b"HTTP/1.1 302 X\r\nLocation: http://evil.invalid/\r\nContent-Length: 0\r\n\r\n",
        ClientHttpProxyError,
    ),
    "nothing": (b"", ServerDisconnectedError),
    "half a head": (b"HTTP/1.1 200 OK\r\nVia: ", ServerDisconnectedError),
    "another protocol": (b"SSH-2.0-OpenSSH\r\n\r\n", ClientResponseError),
    "agreed, and left": (b"HTTP/1.1 200 Go on\r\n\r\n", ClientConnectionError),
    "agreed, and spoke": (b"HTTP/1.1 200 Go on\r\n\r\nSMTP, please", ClientConnectionError),
}


@pytest.mark.parametrize("refusal", _REFUSALS)
async def test_a_proxy_that_makes_no_tunnel(refusal: str) -> None:
    data, error = _REFUSALS[refusal]
    async with serving(answering(data)) as url, ClientSession() as session:
        for ask in (session.get, session.ws_connect):
            with pytest.raises(error):
                await ask("https://somewhere.invalid/", proxy=url)
            assert nothing_left(session)


async def test_a_proxy_that_answers_for_the_origin() -> None:
    """Without a tunnel its word is a response like any other."""
    async with serving(answering(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")) as url:
        async with ClientSession() as session:
            async with session.get("http://somewhere.invalid/", proxy=url) as response:
                assert response.status == 403
            assert not session.connector._acquired  # type: ignore[union-attr]


# A kept connection that the server closes…


@pytest.mark.parametrize("how", ["ends", "resets"])
@pytest.mark.parametrize("middlewares", [(), (lambda request, send: send(request),)])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"])
async def test_a_kept_connection_closed_at_the_next_request(
    method: str, middlewares: Any, how: str
) -> None:
    """The idempotent are sent once more, without a word; the others fail."""
    requests: list[str] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        requests.append("first")
        writer.write(HEAD + b"Content-Length: 0\r\n\r\n")
        if len(requests) == 1:
            if how == "resets":
                await resetting(b"")(reader, writer)
            else:
                await reader.readuntil(b"\r\n\r\n")
            requests.append("died")
        else:
            await reader.read()

    async with serving(script) as url, ClientSession(middlewares=middlewares) as session:
        async with session.get(url) as response:
            await response.read()
        if method in ("POST", "PATCH"):
            with pytest.raises(ClientConnectionError):
                await session.request(method, url)
            assert requests == ["first", "died"]
        else:
            async with session.request(method, url) as response:
                assert response.status == 200
            assert requests == ["first", "died", "first"]
        assert not session.connector._acquired  # type: ignore[union-attr]


async def test_waiting_for_a_place_is_part_of_connecting() -> None:
    data = HEAD + b"Content-Length: 10\r\n\r\nabc"
    async with serving(answering(data, then_wait=True)) as url:
        async with ClientSession(connector=TCPConnector(limit=1)) as session:
            async with session.get(url):
                with pytest.raises(ConnectionTimeoutError, match=r"127\.0\.0\.1"):
                    await session.get(url, timeout=ClientTimeout(connect=0.01))
            assert nothing_left(session)


async def test_refused() -> None:
    async with serving(answering(b"")) as url:
        pass
    async with ClientSession() as session:
        with pytest.raises(ClientConnectionError, match=r"Cannot connect to host 127\.0\.0\.1"):
            await session.get(url)
        assert nothing_left(session)


# Cancellation at every await…


async def _cancelled_after(steps: int, url: str, session: ClientSession) -> bool:
    """Cancel a call after ``steps`` turns of the loop; return whether it was through by then."""

    async def call() -> bytes:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"piece"
                await asyncio.sleep(0)

        async with session.post(url, data=body()) as response:
            return await response.read()

    task = asyncio.ensure_future(call())
    for _ in range(steps):
        await asyncio.sleep(0)
    done = task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return done


async def test_cancelling_at_any_step_leaks_nothing() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(HEAD + b"Content-Length: 4\r\n\r\n")
        await writer.drain()
        writer.write(b"body")

    async with serving(script) as url:
        steps = 0
        through = False
        while not through and steps < 300:
            async with ClientSession(connector=TCPConnector(limit=1)) as session:
                through = await _cancelled_after(steps, url, session)
                connector = session.connector
                assert isinstance(connector, TCPConnector)
                assert not connector._acquired
                # The place is free: another call gets it.
                async with session.post(url, data=b"0\r\n\r\n", chunked=True) as response:
                    assert await response.read() == b"body"
            steps += 1
        assert through


async def test_waiters_are_served_in_order_and_survive_cancellation() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + b"Content-Length: 2\r\n\r\nok")

    served: list[int] = []
    async with serving(script) as url:
        async with ClientSession(connector=TCPConnector(limit=2)) as session:

            async def call(number: int) -> None:
                async with session.get(url) as response:
                    served.append(number)
                    await response.read()

            tasks = [asyncio.ensure_future(call(number)) for number in range(60)]
            await asyncio.sleep(0)
            for task in tasks[5:60:7]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            connector = session.connector
            assert isinstance(connector, TCPConnector)
            assert not connector._acquired
    assert sorted(served) == [n for n in range(60) if n not in range(5, 60, 7)]
    assert all(abs(position - served.index(n)) <= 2 for position, n in enumerate(sorted(served)))
