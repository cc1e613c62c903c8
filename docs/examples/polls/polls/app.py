"""The application: its parts, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import jinja2

from aiohttp import web
from polls import api, errors, pages
from polls.keys import FEED, IMAGES, STORE, TEMPLATES
from polls.live import Feed
from polls.store import Store

_HERE = Path(__file__).parent


async def _open_store(app: web.Application) -> AsyncIterator[None]:
    async with Store.open(app[IMAGES].parent / "polls.sqlite3") as store:
        app[STORE] = store
        yield


async def _close_feed(app: web.Application) -> None:
    await app[FEED].close()


def make_app(data: Path) -> web.Application:
    """Return the poll; its database and images live in the folder ``data``."""
    images = data / "images"
    images.mkdir(parents=True, exist_ok=True)

    app = web.Application(middlewares=[errors.error_pages], client_max_size=4 * 2**20)
    app[IMAGES] = images
    app[FEED] = Feed()
    app[TEMPLATES] = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True
    )
    app.add_routes(pages.routes)
    app.add_routes(api.routes)
    static = app.router.add_static("/static", _HERE / "static", name="static", append_version=True)
    app.router.add_static("/images", images, name="images")
    app[TEMPLATES].globals["static"] = lambda name: static.url_for(filename=name)
    app.cleanup_ctx.append(_open_store)
    app.on_shutdown.append(_close_feed)
    return app
