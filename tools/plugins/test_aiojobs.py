"""aiojobs: work that goes on when its request has been answered, or its client has gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aiohttp import ClientSession, web

jobs = pytest.importorskip("aiojobs.aiohttp")


async def test_jobs_go_on(session: ClientSession, serve: Any) -> None:
    done: list[str] = []
    begun, go, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work(name: str) -> None:
        if name == "shielded":
            begun.set()
        await go.wait()
        done.append(name)
        if len(done) == 2:
            finished.set()

    async def start(request: web.Request) -> web.Response:
        await jobs.spawn(request, work(request.match_info["name"]))
        return web.json_response({"active": jobs.get_scheduler(request).active_count})

    @jobs.atomic  # type: ignore[untyped-decorator]
    async def shielded(request: web.Request) -> web.Response:
        await work("shielded")
        return web.Response()

    app = web.Application()
    jobs.setup(app, limit=10)
    app.router.add_post("/start/{name}", start)
    app.router.add_post("/shielded", shielded)
    server = await serve(app)
    async with session.post(server.make_url("/start/a")) as response:
        assert await response.json() == {"active": 1}
    call = asyncio.ensure_future(session.post(server.make_url("/shielded")))
    scheduler = jobs.get_scheduler_from_app(app)
    await begun.wait()
    call.cancel()
    go.set()
    await finished.wait()
    assert sorted(done) == ["a", "shielded"]
    await asyncio.gather(call, return_exceptions=True)
    await server.close()
    assert scheduler.closed
