"""Crawl one site and print what was found, a JSON line a page.

    python scraper.py http://127.0.0.1:8080 > pages.jsonl

Needs the client alone: ``pip install aiohttp-client tqdm``.  Stays on the site, asks for each page
once, and has at most ``--concurrency`` requests under way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict, dataclass, field
from html.parser import HTMLParser
from typing import TextIO

from tqdm import tqdm
from yarl import URL

import aiohttp

# Bytes of a page that are read: what is longer is no page for people.
MAX_PAGE = 2 * 2**20

# Element -> its attribute that holds an address.
_ADDRESSES = {"a": "href", "link": "href", "img": "src", "script": "src"}


@dataclass
class Page:
    """What became of one URL."""

    url: str
    status: int = 0
    type: str = ""
    size: int = 0
    title: str = ""
    links: list[str] = field(default_factory=list)
    error: str = ""


class _Outline(HTMLParser):
    """Collects the title and the addresses of an HTML page."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.addresses: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title"
        address = dict(attrs).get(_ADDRESSES.get(tag, ""))
        if address:
            self.addresses.append(address)

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data.strip()


class Crawler:
    """Follows every link of one site, breadth first."""

    def __init__(self, start: URL, *, concurrency: int, limit: int, out: TextIO) -> None:
        self._origin = start.origin()
        self._limit = limit
        self._out = out
        self._seen: set[URL] = set()
        self._queue: asyncio.Queue[URL] = asyncio.Queue()
        self._concurrency = concurrency
        self._failed = 0
        self._bar = tqdm(unit="page", file=sys.stderr)
        self._add(start)

    def _add(self, url: URL) -> None:
        url = url.with_fragment(None)
        if url.origin() == self._origin and url not in self._seen and len(self._seen) < self._limit:
            self._seen.add(url)
            self._queue.put_nowait(url)
            self._bar.total = len(self._seen)

    async def run(self) -> int:
        """Crawl until nothing is left; return how many pages failed."""
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            workers = [asyncio.ensure_future(self._work(session)) for _ in range(self._concurrency)]
            joined = asyncio.ensure_future(self._queue.join())
            # A worker ends only by an error of this program: then waiting for it would be for ever.
            await asyncio.wait([joined, *workers], return_when=asyncio.FIRST_COMPLETED)
            for task in (joined, *workers):
                task.cancel()
            results = await asyncio.gather(joined, *workers, return_exceptions=True)
        self._bar.close()
        for result in results:
            if isinstance(result, Exception):
                raise result
        return self._failed

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while True:
            url = await self._queue.get()
            page = await self._visit(session, url)
            self._failed += bool(page.error) or page.status >= 400
            for link in page.links:
                self._add(URL(link))
            print(json.dumps(asdict(page), ensure_ascii=False), file=self._out, flush=True)
            self._bar.update()
            self._queue.task_done()

    async def _visit(self, session: aiohttp.ClientSession, url: URL) -> Page:
        page = Page(str(url))
        try:
            async with session.get(url) as response:
                page.status = response.status
                page.type = response.content_type
                body = bytearray()
                async for chunk in response.content.iter_chunked(2**16):
                    body += chunk
                    if len(body) > MAX_PAGE:
                        page.error = f"longer than {MAX_PAGE} bytes"
                        return page
                page.size = len(body)
                if page.type == "text/html":
                    text = body.decode(response.get_encoding(), "replace")
                    self._read_outline(page, response.url, text)
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            page.error = f"{type(error).__name__}: {error}"
        return page

    @staticmethod
    def _read_outline(page: Page, base: URL, text: str) -> None:
        outline = _Outline()
        outline.feed(text)
        page.title = outline.title
        for address in outline.addresses:
            try:
                target = base.join(URL(address))
            except ValueError:
                continue  # not an address, whatever the page says
            if target.scheme in ("http", "https") and target.host:
                page.links.append(str(target.with_fragment(None)))


def main(argv: list[str] | None = None, out: TextIO = sys.stdout) -> int:
    """Read the command line and crawl; return 1 if a page failed."""
    parser = argparse.ArgumentParser(description="Crawl one site; JSON lines to standard output.")
    parser.add_argument("url", type=URL, help="where to start, such as http://127.0.0.1:8080")
    parser.add_argument("-c", "--concurrency", type=int, default=8, help="requests at a time (8)")
    parser.add_argument("-n", "--limit", type=int, default=1000, help="pages at most (1000)")
    options = parser.parse_args(argv)
    if options.url.scheme not in ("http", "https") or not options.url.host:
        parser.error(f"expected a URL such as http://127.0.0.1:8080; got {str(options.url)!r}")
    if options.concurrency < 1 or options.limit < 1:
        parser.error("concurrency and limit must be at least 1")

    async def crawl() -> int:
        crawler = Crawler(
            options.url, concurrency=options.concurrency, limit=options.limit, out=out
        )
        return await crawler.run()

    return 1 if asyncio.run(crawl()) else 0


if __name__ == "__main__":
    sys.exit(main())
