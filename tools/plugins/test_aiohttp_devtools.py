"""aiohttp-devtools: static files with a script that reloads, and a server that restarts itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from aiohttp import ClientConnectionError, ClientSession, web

serving = pytest.importorskip("aiohttp_devtools.runserver.serve")
config = pytest.importorskip("aiohttp_devtools.runserver.config")


async def test_static_files(session: ClientSession, serve: Any, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>index</p>", "utf-8")
    (tmp_path / "other.html").write_text("<p>other</p>", "utf-8")
    (tmp_path / "a.css").write_text("p {}", "utf-8")
    (tmp_path / "folder").mkdir()
    server = await serve(serving.create_auxiliary_app(static_path=str(tmp_path)))

    async def get(path: str) -> tuple[int, str]:
        async with session.get(server.make_url(path)) as response:
            return response.status, await response.text()

    script = '\n<script src="/livereload.js"></script>\n'
    assert await get("/") == (200, f"<p>index</p>{script}")
    assert await get("/other") == (200, f"<p>other</p>{script}")
    assert await get("/a.css") == (200, "p {}")
    status, text = await get("/missing")
    assert status == 404 and "a.css" in text
    status, text = await get("/folder/")
    assert status == 200 and "Index of" in text
    async with session.get(server.make_url("/livereload.js")) as response:
        assert response.headers["Last-Modified"] == "Fri, 01 Jan 2016 00:00:00 GMT"
        since = {"If-Modified-Since": response.headers["Last-Modified"]}
    async with session.get(server.make_url("/livereload.js"), headers=since) as response:
        assert response.status == 304
    async with session.ws_connect(server.make_url("/livereload")) as ws:
        protocols = ["http://livereload.com/protocols/official-7"]
        await ws.send_json({"command": "hello", "protocols": protocols})
        assert (await ws.receive_json())["serverName"] == "livereload-aiohttp"
        await ws.send_json({"command": "info", "url": "http://127.0.0.1/"})
        await ws.send_json({"command": "nonsense"})
        assert (await ws.receive()).type.name == "CLOSE"


APP = """\
from aiohttp import web

async def handler(request):
    return web.Response(text="<html><body>{}</body></html>", content_type="text/html")

async def create_app():
    app = web.Application()
    app.router.add_get("/", handler)
    return app
"""


@pytest.mark.skipif(os.name == "nt", reason="ends by SIGINT")
async def test_the_server_restarts(
    session: ClientSession, unused_tcp_port_factory: Any, tmp_path: Path
) -> None:
    main, aux = unused_tcp_port_factory(), unused_tcp_port_factory()
    program = tmp_path / "app.py"
    program.write_text(APP.format("first"), "utf-8")

    async def page_with(text: str) -> str:
        """Ask until the page has ``text``: nothing tells when the server is there again."""
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{main}/") as response:
                    page = await response.text()
            except ClientConnectionError:
                page = ""
            if text in page:
                return page
            await asyncio.sleep(0.05)

    ports = ["-p", str(main), "--aux-port", str(aux)]
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "aiohttp_devtools", "runserver", *ports, str(program)],
        cwd=tmp_path,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        page = await asyncio.wait_for(page_with("first"), 30)
        assert f"http://127.0.0.1:{aux}/livereload.js" in page
        async with session.ws_connect(f"http://127.0.0.1:{aux}/livereload") as ws:
            protocols = ["http://livereload.com/protocols/official-7"]
            await ws.send_json({"command": "hello", "protocols": protocols})
            await ws.receive_json(timeout=10)
            await ws.send_json({"command": "info", "url": f"http://127.0.0.1:{main}/"})
            program.write_text(APP.format("second"), "utf-8")
            told = await ws.receive_json(timeout=30)
            assert (told["command"], told["path"]) == ("reload", "/")
        await asyncio.wait_for(page_with("second"), 30)
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 20)


def test_an_application_is_changed_for_development() -> None:
    app, subapp = web.Application(), web.Application()
    app.add_subapp("/sub", subapp)
    settings = config.Config.__new__(config.Config)
    vars(settings).update(
        livereload=True,
        infer_host=True,
        host="localhost",
        aux_port=8001,
        main_port=8000,
        browser_cache=False,
        static_url="/static/",
        static_path=Path(),
        shutdown_by_url=True,
        path_prefix="/_devtools",
    )
    serving.modify_main_app(app, settings)
    assert app.debug and len(app.middlewares) == 2
    assert str(subapp[serving.static_root_key]) == "http://localhost:8001/static"
