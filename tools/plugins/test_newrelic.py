"""New Relic's agent: what it wraps around server and client changes nothing of what they do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("newrelic")

# In a process of its own, for what the agent has wrapped stays wrapped.
PROGRAM = """
import asyncio, json
import newrelic.agent

newrelic.agent.initialize("newrelic.ini")

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer


@web.middleware
async def shout(request, handler):
    response = await handler(request)
    response.headers["X-Shout"] = "yes"
    return response


async def hello(request):
    return web.Response(text=f"hello {request.match_info['name']}")


class Things(web.View):
    async def get(self):
        return web.json_response(sorted(name.lower() for name in self.request.headers))


async def broken(request):
    raise LookupError("broken on purpose")


async def main():
    app = web.Application(middlewares=[shout])
    app.add_routes([web.get("/hello/{name}", hello), web.get("/broken", broken)])
    app.router.add_view("/things", Things)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    got = []
    async with aiohttp.ClientSession() as session:
        for path in ("/hello/ann", "/things", "/missing", "/broken"):
            async with session.get(server.make_url(path)) as response:
                said = response.headers.get("X-Shout")
                got.append([response.status, said, await response.text()])
    await server.close()
    wrapped = [
        web.Application._handle, aiohttp.ClientSession._request, aiohttp.ClientRequest.send,
        web.UrlDispatcher().add_get("/", hello)._handler,
    ]
    print(json.dumps([got, [hasattr(function, "__wrapped__") for function in wrapped]]))


asyncio.run(main())
"""

SETTINGS = """\
[newrelic]
app_name = test
developer_mode = true
monitor_mode = false
log_level = critical
"""


def test_the_agent_is_transparent(tmp_path: Path) -> None:
    (tmp_path / "newrelic.ini").write_text(SETTINGS, "utf-8")
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    got, wrapped = json.loads(done.stdout)
    assert [status for status, *_ in got] == [200, 200, 404, 500]
    assert got[0] == [200, "yes", "hello ann"]
    assert "accept-encoding" in got[1][2]
    assert wrapped == [True] * 4
    assert done.stderr.count("Traceback") == 1 and "broken on purpose" in done.stderr
