"""Runners and sites: their order, their names, their mistakes."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from aiohttp import web


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
