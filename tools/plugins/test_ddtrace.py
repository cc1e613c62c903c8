"""Datadog's tracer: spans of the server and the client, over a connector that it wraps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ddtrace")

# In a process of its own, for what is patched stays patched.
PROGRAM = """
import asyncio, json
import ddtrace
from ddtrace.contrib.aiohttp import trace_app

ddtrace.patch(aiohttp=True)

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from ddtrace.trace import TraceFilter, tracer

spans = []


class Keep(TraceFilter):
    def process_trace(self, trace):
        spans.extend((span.name, span.get_tag("http.status_code")) for span in trace)
        return None


tracer.configure(trace_processors=[Keep()])


async def hello(request):
    return web.Response(text=str("x-datadog-trace-id" in request.headers))


async def main():
    app = web.Application()
    app.router.add_get("/hello", hello)
    trace_app(app, tracer, service="tea")
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    async with aiohttp.ClientSession() as session:
        async with session.get(server.make_url("/hello")) as response:
            got = await response.text()
    await server.close()
    print(json.dumps([got, sorted(spans)]))


asyncio.run(main())
"""

SETTINGS = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_AGENT_URL": "http://127.0.0.1:1",
}


def test_spans(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={**os.environ, **SETTINGS},
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    got, spans = json.loads(done.stdout.splitlines()[-1])
    assert got == "True"
    assert ["aiohttp.request", "200"] in spans
    assert any(name.endswith(".connect") for name, _ in spans), spans
