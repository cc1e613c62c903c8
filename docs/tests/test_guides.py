"""Every Python block of the guides runs: a test for each section of each page.

The convention is told in ``tools.snippets``.  Promised here, beyond it: ``site.test`` is the site
of ``sample_site``, with and without TLS (``ca.pem`` is its authority), ``proxy.test`` is a forward
proxy, and where a page says so ``session`` is a ``ClientSession``.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sample_site
import trustme
from tools.snippets import Namespace, Snippet, run, sections

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import RawTestServer, TestServer

DOCS = Path(__file__).parents[1]
PAGES = ("client", "web", "faq", "multipart", "streams", "logging", "deployment", "testing")
# Packages of others that a page tells about; where one is missing its section is skipped.
OTHERS = {"aiohttp_remotes", "gunicorn", "uvloop"}
SECTIONS = [
    pytest.param(section, id=f"{page}: {heading}")
    for page in PAGES
    for heading, section in sections(DOCS / f"{page}.md").items()
]


class Names(AbstractResolver):
    """Resolves the names under ``.test`` to the servers of this test, and to their ports."""

    places: dict[tuple[str, int], int]

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if (host, port) not in self.places:
            raise OSError(None, f"no such name: {host}")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self.places[host, port],
                family=socket.AF_INET,
                proto=0,
                flags=0,
            )
        ]

    async def close(self) -> None:
        pass


class Running:
    """What a section has running: servers that it started, a client of its application."""

    def __init__(self, names: Namespace) -> None:
        self.names = names
        self.stack = contextlib.AsyncExitStack()
        # What `web.run_app` was called with, until it is served.
        self.asked: list[Any] = []
        self.app: web.Application | None = None

    def run_app(self, app: Any, **options: object) -> None:
        """Stand in for ``web.run_app``: the application is served when a block asks it."""
        inspect.signature(web.run_app).bind(app, **options)
        self.asked.append(app)

    async def before(self, snippet: Snippet, names: Namespace) -> None:
        """Make the names that a block is promised and mentions."""
        if snippet.mentions("session") and "session" not in names:
            names["session"] = await self.stack.enter_async_context(aiohttp.ClientSession())
        if snippet.mentions("client"):
            await self.serve(names)

    async def serve(self, names: Namespace) -> None:
        """Let ``client`` talk to the application that the section has made last."""
        app = self.asked.pop() if self.asked else names.get("app")
        if inspect.iscoroutine(app):
            app = await app
        if app is None or app is self.app:
            return
        self.app = app
        server = await self.stack.enter_async_context(TestServer(app, shutdown_timeout=1))
        session = aiohttp.ClientSession(server.make_url("/"))
        names["client"] = await self.stack.enter_async_context(session)

    async def finish(self) -> None:
        """Start what was never asked anything, then stop everything."""
        while self.asked:
            await self.serve(self.names)
        await self.stack.aclose()


@contextlib.asynccontextmanager
async def neighbourhood(folder: Path) -> AsyncIterator[None]:
    """Start the servers that pages promise, and let their names lead there."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate = authority.issue_cert("site.test", "localhost", "127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    async with (
        TestServer(sample_site.make_site()) as plain,
        TestServer(sample_site.make_site(), ssl=context) as secure,
        RawTestServer(sample_site.proxied) as proxy,
    ):
        Names.places = {
            ("site.test", 80): plain.port or 0,
            ("site.test", 443): secure.port or 0,
            ("proxy.test", 8888): proxy.port or 0,
        }
        yield


@pytest.mark.parametrize("section", SECTIONS)
async def test_section(
    section: list[Snippet], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("aiohttp.resolver.DefaultResolver", Names)
    modules = set(sys.modules)
    names: Namespace = {}
    running = Running(names)
    monkeypatch.setattr(web, "run_app", running.run_app)
    async with neighbourhood(tmp_path):
        try:
            await run(section, names, tmp_path, running.before)
        except ModuleNotFoundError as error:
            if error.name not in OTHERS:
                raise
            pytest.skip(f"{error.name} is not installed")
        finally:
            await running.finish()
            for name in set(sys.modules) - modules:
                if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == tmp_path:
                    del sys.modules[name]
    if any((snippet.file_name or "").startswith("test_") for snippet in section):
        run_pytest(tmp_path)


def run_pytest(folder: Path) -> None:
    """Run the test modules that a section has written, as their reader would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    # What pytest-asyncio would have its readers set, whether they use it or not.
    command += ["-W", "ignore:The configuration option", "-o", "faulthandler_timeout=20"]
    if not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        command += ["-p", "aiohttp.pytest_plugin"]
    done = subprocess.run([*command, "."], cwd=folder, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stdout + done.stderr
