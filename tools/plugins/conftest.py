"""Plugins of others, unmodified, over our distributions: one small real program for each.

Run in an environment of its own (``tox -e plugins``), which holds the umbrella distribution, so
that nothing fetches another aiohttp, and the plugins as the index has them.  All traffic stays on
127.0.0.1.  A plugin that is not installed on an interpreter is skipped by name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

Serve = Callable[[web.Application], Awaitable[TestServer]]


def pytest_configure(config: pytest.Config) -> None:
    # What a plugin uses that is deprecated is its own affair; whatever else is warned of is ours.
    for category in (
        "DeprecationWarning",
        "PendingDeprecationWarning",
        "aiohttp.web.NotAppKeyWarning",  # they store things by plain names
    ):
        config.addinivalue_line("filterwarnings", f"ignore::{category}")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return a coroutine function that serves an application until the test ends."""
    servers: list[TestServer] = []

    async def start(app: web.Application) -> TestServer:
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """Return an ordinary session, closed at the end of the test."""
    async with ClientSession() as session:
        yield session
