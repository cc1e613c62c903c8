"""Parts of files past a transport: fast and slow peers, cut files, and connections that end."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aiohttp import web
from aiohttp._web import kernel_send
from aiohttp._web.kernel_send import can_send_by_kernel, send_by_kernel
from aiohttp.test_utils import TestServer

pytestmark = pytest.mark.skipif(not hasattr(os, "sendfile"), reason="the system has no sendfile()")

# More than the buffers of two sockets hold.
CONTENT = os.urandom(1000) * 20_000

OnUvloop = Callable[[Awaitable[None]], None]


@pytest.fixture
def on_uvloop() -> OnUvloop:
    """Run a coroutine on the loop that this is for: asyncio's can do without."""
    uvloop = pytest.importorskip("uvloop")

    def run(coroutine: Any) -> None:
        loop = uvloop.new_event_loop()
        try:
            loop.run_until_complete(asyncio.wait_for(coroutine, 30))
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    return run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(CONTENT)
    return tmp_path / "file"


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.Transport, socket.socket]]:
    """Give a transport, and the plain socket at its other end, which takes nothing by itself."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    theirs.setblocking(False)
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    with theirs:
        yield transport, theirs
        transport.abort()


async def received(peer: socket.socket, count: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = bytearray()
    while len(data) < count and (piece := await loop.sock_recv(peer, 2**20)):
        data += piece
    return bytes(data)


async def begun(task: asyncio.Task[int]) -> None:
    """Let a task go on until it has to wait for its peer."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()


@pytest.mark.parametrize(("offset", "count"), [(0, len(CONTENT)), (999, 100_000), (7, 0)])
def test_a_part_is_sent(path: Path, offset: int, count: int, on_uvloop: OnUvloop) -> None:
    async def check() -> None:
        async with connected() as (transport, peer):
            with path.open("rb") as file:
                sending = asyncio.ensure_future(send_by_kernel(transport, file, offset, count))
                assert await received(peer, count) == CONTENT[offset : offset + count]
                assert await sending == count
            # The transport is as it was.
            transport.write(b"more")
            assert await received(peer, 4) == b"more"

    on_uvloop(check())


def test_a_cut_file_ends_early(path: Path, on_uvloop: OnUvloop) -> None:
    async def check() -> None:
        async with connected() as (transport, peer):
            with path.open("rb") as file:
                os.truncate(path, 1000)
                assert await send_by_kernel(transport, file, 0, len(CONTENT)) == 1000
            assert await received(peer, 1000) == CONTENT[:1000]

    on_uvloop(check())


def test_the_peer_goes_while_it_is_waited_for(path: Path, on_uvloop: OnUvloop) -> None:
    async def check() -> None:
        async with connected() as (transport, peer):
            with path.open("rb") as file:
                sending = asyncio.ensure_future(send_by_kernel(transport, file, 0, len(CONTENT)))
                await begun(sending)
                peer.close()
                with pytest.raises(ConnectionError):
                    await sending

    on_uvloop(check())


def test_the_transport_is_closed_meanwhile(path: Path, on_uvloop: OnUvloop) -> None:
    async def check() -> None:
        async with connected() as (transport, peer):
            with path.open("rb") as file:
                sending = asyncio.ensure_future(send_by_kernel(transport, file, 0, len(CONTENT)))
                await begun(sending)
                transport.abort()
                reading = asyncio.ensure_future(received(peer, len(CONTENT)))
                with pytest.raises(ConnectionResetError, match="closed while a file was sent"):
                    await sending
                assert len(await reading) < len(CONTENT)

    on_uvloop(check())


def test_cancelled_it_leaves_nothing_open(path: Path, on_uvloop: OnUvloop) -> None:
    async def check() -> None:
        async with connected() as (transport, peer):
            with path.open("rb") as file:
                sending = asyncio.ensure_future(send_by_kernel(transport, file, 0, len(CONTENT)))
                await begun(sending)
                sending.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await sending
            # The last descriptor of the connection is the transport's.
            transport.abort()
            assert len(await received(peer, len(CONTENT))) < len(CONTENT)

    on_uvloop(check())


@pytest.mark.parametrize(
    ("extra", "buffered", "expected"),
    [
        ({"socket": object()}, 0, True),
        ({"socket": object(), "sslcontext": object()}, 0, False),
        ({"socket": object()}, 1, False),
        ({}, 0, False),
    ],
)
def test_when_it_can_be_done(extra: dict[str, object], buffered: int, expected: bool) -> None:
    class Transport(asyncio.Transport):
        def get_write_buffer_size(self) -> int:
            return buffered

    assert can_send_by_kernel(Transport(extra)) is expected


def test_a_static_file_is_sent_by_the_kernel(
    path: Path, on_uvloop: OnUvloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    send = os.sendfile

    def counted(out_fd: int, in_fd: int, offset: int, count: int) -> int:
        calls.append(count)
        return send(out_fd, in_fd, offset, count)

    monkeypatch.setattr(kernel_send.os, "sendfile", counted)  # type: ignore[attr-defined]

    async def check() -> None:
        app = web.Application()
        app.router.add_static("/", path.parent)
        async with TestServer(app) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            # The same connection goes on.
            for _ in range(2):
                writer.write(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
                assert b"Content-Length: %d\r\n" % len(CONTENT) in await reader.readuntil(b"\n\r\n")
                assert await reader.readexactly(len(CONTENT)) == CONTENT
            writer.close()
            await writer.wait_closed()

    on_uvloop(check())
    assert calls
