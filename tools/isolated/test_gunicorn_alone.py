"""``aiohttp-gunicorn`` alone: gunicorn serves an application and stops when told to."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import aiohttp

APPLICATION = """
from aiohttp import web

async def hello(request):
    return web.Response(text="Hello")

async def make():
    app = web.Application()
    app.router.add_get("/", hello)
    return app
"""


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """Start gunicorn on a socket that listens already, so that there is nothing to wait for."""
    (tmp_path / "application.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", "gunicorn", "application:make", "--workers", "1"]
        options = ["--worker-class", "aiohttp.GunicornWebWorker", "--graceful-timeout", "5"]
        bind = ["--bind", f"fd://{listening.fileno()}"]
        process = subprocess.Popen(
            [*command, *options, *bind], cwd=tmp_path, pass_fds=[listening.fileno()]
        )
        yield process, listening
        process.kill()
        process.wait()


def test_it_serves_and_stops(gunicorn: tuple[subprocess.Popen[bytes], socket.socket]) -> None:
    process, listening = gunicorn
    with socket.create_connection(listening.getsockname(), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: example\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"Hello")

    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert time.monotonic() - started < 10


def test_the_client_is_not_there() -> None:
    with pytest.raises(ModuleNotFoundError, match="pip install aiohttp-client"):
        aiohttp.ClientSession  # noqa: B018
