"""What starts the processes, as the deployment guide prints it: read, and its commands run."""

from __future__ import annotations

import asyncio
import configparser
import inspect
import shlex
import signal
import socket
import sys
from pathlib import Path

import pytest
from tools.snippets import block

import aiohttp
from aiohttp import web

GUIDE = Path(__file__).parents[1] / "deployment.md"
PATIENCE = 20.0  # seconds; a test that works needs a fraction of it

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets"
)


def settings(containing: str) -> configparser.ConfigParser:
    """Return the printed file, read as systemd and supervisord do, more or less."""
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(block(GUIDE, "ini", containing))
    return parser


def unit() -> tuple[str, float]:
    """Return the command of the systemd unit, and the seconds that it has to end."""
    service = settings("[Service]")["Service"]
    return service["ExecStart"].replace("%i", "1"), float(service["TimeoutStopSec"])


def program() -> tuple[str, float]:
    """Return the same of supervisord."""
    section = settings("[program:hello]")["program:hello"]
    return section["command"].replace("%(process_num)s", "1"), float(section["stopwaitsecs"])


@pytest.mark.parametrize("printed", [unit(), program()], ids=["systemd", "supervisord"])
async def test_commands_serve_and_stop(printed: tuple[str, float], tmp_path: Path) -> None:
    line, patience = printed
    assert patience > 60, "run_app's shutdown_timeout, after which it cleans up"
    assert "/run/hello/1.sock" in block(GUIDE, "nginx", "upstream hello")
    path = tmp_path / "1.sock"
    (tmp_path / "hello.py").write_text(block(GUIDE, "python", "# hello.py"), "utf-8")
    python, *arguments = shlex.split(line.replace("/run/hello/1.sock", str(path)))
    assert python == "/srv/hello/venv/bin/python"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        assert f"Running on http://unix:{path}:" in said.decode()
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session:
            async with session.get("http://localhost/") as response:
                assert await response.text() == "Hello from http://localhost\n"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_idle_connections_live_longer_than_nginx_keeps_them() -> None:
    nginx = block(GUIDE, "nginx", "upstream hello")
    assert "keepalive_timeout 60s;" in nginx
    assert inspect.signature(web.run_app).parameters["keepalive_timeout"].default > 60
    names: dict[str, object] = {}
    exec(block(GUIDE, "python", "# gunicorn.conf.py"), names)
    keepalive = names["keepalive"]
    assert isinstance(keepalive, int)
    assert keepalive > 60
