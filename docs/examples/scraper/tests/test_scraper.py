"""The scraper crawls a site, and the poll."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from polls import make_app
from scraper import Crawler, main
from yarl import URL

from aiohttp import web


async def crawl(server: Any, **options: Any) -> tuple[int, dict[str, dict[str, Any]]]:
    out = io.StringIO()
    crawler = Crawler(
        server.make_url("/"), **{"concurrency": 4, "limit": 100, "out": out, **options}
    )
    failed = await asyncio.wait_for(crawler.run(), 30)
    pages = [json.loads(line) for line in out.getvalue().splitlines()]
    return failed, {URL(page["url"]).path: page for page in pages}


async def test_crawls_the_poll(aiohttp_server: Any, tmp_path: Path) -> None:
    failed, pages = await crawl(await aiohttp_server(make_app(tmp_path)))
    assert failed == 0
    assert {f"/questions/{number}" for number in range(1, 7)} < set(pages)
    assert pages["/questions/1"]["title"] == "Tabs or spaces? · Polls"
    assert pages["/static/style.css"]["type"] == "text/css"


async def test_stays_on_the_site_and_asks_once(aiohttp_server: Any) -> None:
    asked: list[str] = []

    async def page(request: web.Request) -> web.Response:
        asked.append(request.path)
        text = (
            "<title>t</title><a href='/a#x'>a</a><a href='http://other.example/'>o</a>"
            "<a href='mailto:x@y'>m</a><a href='http://[bad'>b</a><a href='/'>home</a>"
        )
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    failed, pages = await crawl(await aiohttp_server(app))
    assert failed == 0
    assert sorted(asked) == ["/", "/a"]
    assert set(pages) == {"/", "/a"}


async def test_counts_what_failed(aiohttp_server: Any) -> None:
    async def home(request: web.Request) -> web.Response:
        return web.Response(text="<a href='/gone'>x</a>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", home)
    failed, pages = await crawl(await aiohttp_server(app))
    assert failed == 1
    assert pages["/gone"]["status"] == 404


async def test_limits(aiohttp_server: Any) -> None:
    busy = most = 0

    async def page(request: web.Request) -> web.Response:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0)
        busy -= 1
        links = "".join(f"<a href='{request.path}{n}'>x</a>" for n in range(10))
        return web.Response(text=links, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    _, pages = await crawl(await aiohttp_server(app), concurrency=2, limit=30)
    assert len(pages) == 30
    assert most <= 2


@pytest.mark.parametrize("arguments", [["ftp://x/"], ["nonsense"], ["http://x/", "-c", "0"]])
def test_bad_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "error:" in capsys.readouterr().err
