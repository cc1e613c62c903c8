"""Runners and sites: their order, their names, their mistakes."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
import trustme

from aiohttp import web

GET = b"GET / HTTP/1.0\r\n\r\n"
PATIENCE = 20.0  # seconds until a test gives up

_T = TypeVar("_T")


@pytest.fixture
async def runner() -> AsyncIterator[web.AppRunner]:
    runner = web.AppRunner(web.Application(), access_log=None, shutdown_grace=0)
    await runner.setup()
    yield runner
    await runner.cleanup()


async def test_a_site_needs_a_server() -> None:
    with pytest.raises(RuntimeError, match=r"await runner\.setup\(\) before"):
        web.TCPSite(web.AppRunner(web.Application()))


async def test_a_runner_needs_an_application() -> None:
    with pytest.raises(TypeError, match=r"should be web\.Application instance, got 'app'"):
        web.AppRunner(cast(Any, "app"))
    with pytest.raises(TypeError, match="access_log_class must be subclass"):
        web.AppRunner(web.Application(), access_log_class=cast(Any, object))


async def test_ephemeral_port(runner: web.AppRunner) -> None:
    site = web.TCPSite(runner, "127.0.0.1", 0)
    assert (site.port, site.name) == (0, "http://127.0.0.1:0")
    await site.start()
    assert runner.addresses == [("127.0.0.1", site.port)]
    assert site.name == f"http://127.0.0.1:{site.port}"
    assert runner.sites == {site}
    await site.stop()
    assert runner.addresses == []


async def test_default_places(runner: web.AppRunner) -> None:
    assert web.TCPSite(runner).name == "http://0.0.0.0:8080"
    assert web.TCPSite(runner, "").name == "http://0.0.0.0:8080"
    assert web.TCPSite(runner, "::1").name == "http://[::1]:8080"


async def test_unix_socket(runner: web.AppRunner, tmp_path: Path) -> None:
    path = tmp_path / "s"
    site = web.UnixSite(runner, path)
    await site.start()
    assert site.name == f"http://unix:{path}:"
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.0 404 Not Found")
    writer.close()


async def test_bound_socket(runner: web.AppRunner) -> None:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    site = web.SockSite(runner, sock)
    await site.start()
    assert site.name == f"http://127.0.0.1:{sock.getsockname()[1]}"


async def test_a_site_starts_once(runner: web.AppRunner) -> None:
    site = web.TCPSite(runner, "127.0.0.1", 0)
    with pytest.raises(RuntimeError, match="is not registered"):
        await site.stop()
    await site.start()
    with pytest.raises(RuntimeError, match="already registered"):
        await site.start()


@pytest.mark.skipif(sys.platform == "win32", reason="there they are to be had")
async def test_named_pipes_are_for_windows(runner: web.AppRunner) -> None:
    with pytest.raises(RuntimeError, match="proactor loop"):
        web.NamedPipeSite(runner, r"\\.\pipe\name")


async def test_timeout_of_a_site_is_deprecated(runner: web.AppRunner) -> None:
    with pytest.warns(DeprecationWarning, match="shutdown_timeout of the runner"):
        web.TCPSite(runner, shutdown_timeout=1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
async def test_signals_are_handled_until_the_cleanup() -> None:
    runner = web.AppRunner(web.Application(), handle_signals=True, access_log=None)
    loop = asyncio.get_running_loop()
    await runner.setup()
    assert loop.remove_signal_handler(signal.SIGTERM)
    assert loop.remove_signal_handler(signal.SIGINT)
    await runner.cleanup()


async def test_the_order_of_start_and_end() -> None:
    log: list[str] = []
    app = web.Application()

    async def note(app: web.Application) -> None:
        log.append("startup")

    async def context(app: web.Application) -> AsyncIterator[None]:
        log.append("context")
        yield
        log.append("cleanup")

    async def shutdown(app: web.Application) -> None:
        log.append(f"shutdown, listening at {len(own_runner.addresses)} places")

    app.on_startup.append(note)
    app.cleanup_ctx.append(context)
    app.on_shutdown.append(shutdown)
    own_runner = web.AppRunner(app, access_log=None)
    await own_runner.setup()
    await web.TCPSite(own_runner, "127.0.0.1", 0).start()
    await own_runner.cleanup()
    assert log == ["context", "startup", "shutdown, listening at 0 places", "cleanup"]
    assert own_runner.server is None


async def test_a_server_has_a_runner_too() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response()

    server = web.Server(handler)
    runner = web.ServerRunner(server)
    await runner.setup()
    assert runner.server is server
    await runner.cleanup()


# Connections that are new when the end comes…


@asynccontextmanager
async def a_new_connection(
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[web.AppRunner, socket.socket]]:
    """A runner, and a connection that the kernel has made and the loop has not heard of."""
    runner = web.AppRunner(
        web.Application(), access_log=None, shutdown_grace=PATIENCE, shutdown_timeout=PATIENCE
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    await asyncio.sleep(0)
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as sock:
        yield runner, sock
    await runner.cleanup()


async def rounds_of_the_loop(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.parametrize("rounds", range(6))
async def test_a_new_connection_is_served(rounds: int) -> None:
    """However far the loop is with it when the runner is told to clean up."""
    async with a_new_connection() as (runner, sock):
        sock.sendall(GET)
        await rounds_of_the_loop(rounds)
        await runner.cleanup()
        assert sock.recv(100).startswith(b"HTTP/1.0 404 Not Found")


@pytest.mark.parametrize("rounds", range(6))
async def test_a_new_connection_has_the_grace_time(rounds: int) -> None:
    async with a_new_connection() as (runner, sock):
        await rounds_of_the_loop(rounds)
        ending = asyncio.ensure_future(runner.cleanup())
        await rounds_of_the_loop(8)
        sock.sendall(GET)
        await ending
        assert sock.recv(100).startswith(b"HTTP/1.0 404 Not Found")


async def test_a_tls_handshake_is_finished() -> None:
    authority = trustme.CA()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server_side)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    async with a_new_connection(server_side) as (runner, sock):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        peer = client_side.wrap_bio(incoming, outgoing, server_hostname="localhost")

        async def do(step: Callable[[], _T]) -> _T:
            """Take a step of TLS, sending and receiving what it needs."""
            while True:
                try:
                    done = step()
                except ssl.SSLWantReadError:
                    done = None
                sock.sendall(outgoing.read())
                if done is not None:
                    return done
                incoming.write(await asyncio.to_thread(sock.recv, 10_000))

        def shake_hands() -> bool:
            peer.do_handshake()
            return True

        with pytest.raises(ssl.SSLWantReadError):
            shake_hands()
        sock.sendall(outgoing.read())
        await rounds_of_the_loop(4)
        ending = asyncio.ensure_future(runner.cleanup())
        await rounds_of_the_loop(8)
        await do(shake_hands)
        await do(lambda: peer.write(GET))
        answer = await do(lambda: peer.read(100))
        assert answer.startswith(b"HTTP/1.0 404 Not Found")
        await ending


async def test_a_failed_handshake_delays_nothing_longer_than_the_grace() -> None:
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(server_side)
    async with a_new_connection(server_side) as (runner, sock):
        sock.sendall(b"this is no handshake\r\n\r\n")
        await asyncio.to_thread(sock.recv, 100)
        gc.collect()
        await asyncio.wait_for(runner.cleanup(), PATIENCE / 2)
