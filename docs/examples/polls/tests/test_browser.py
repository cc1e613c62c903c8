"""The poll as people see it: two windows of a real browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from polls import make_app

READY = "document.getElementById('state')?.textContent === 'live'"


async def test_vote_in_one_window_shows_in_the_other(
    aiohttp_server: Any, browser: Any, tmp_path: Path
) -> None:
    """A click in one window moves the bars of the other, without a reload."""
    server = await aiohttp_server(make_app(tmp_path / "data"))
    url = str(server.make_url("/questions/1"))
    voter, watcher = await browser.open(url), await browser.open(url)
    await voter.until(READY)
    await watcher.until(READY)
    assert await watcher.evaluate("document.getElementById('total').textContent") == "0"

    await voter.evaluate("document.querySelector('.choice:nth-child(2)').click()")

    await watcher.until("document.getElementById('total').textContent === '1'")
    rows = await watcher.evaluate(
        "[...document.querySelectorAll('.share')].map(row => row.textContent)"
    )
    assert rows == ["0%", "100%", "0%"]
    assert await watcher.evaluate("document.querySelector('.mine')") is None


async def test_screenshots(aiohttp_server: Any, browser: Any, tmp_path: Path) -> None:
    """The pages are drawn with their style sheet; the pictures are there to look at."""
    server = await aiohttp_server(make_app(tmp_path / "data"))
    pictures = Path(os.environ.get("POLLS_SCREENSHOTS", tmp_path))
    for name, path in ("index", "/"), ("question", "/questions/2"), ("error", "/nowhere"):
        tab = await browser.open(str(server.make_url(path)))
        ground = await tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(246, 247, 251)"  # --ground of style.css, light
        picture = await tab.screenshot()
        (pictures / f"{name}.png").write_bytes(picture)
        assert picture.startswith(b"\x89PNG")
