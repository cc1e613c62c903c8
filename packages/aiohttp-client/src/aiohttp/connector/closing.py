"""The end of a connector: it is closed at once, and awaited by those who want to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from aiohttp._deprecations import declare

_CLOSE_WITHOUT_AWAIT = declare(
    "Connector.close() without await",
    since="3.12",
    instead="await connector.close()",
    unmarked="no type says whether a result is awaited; mypy's unused-awaitable does",
)


class Closing:
    """What `BaseConnector.close` returns: the closing has begun, awaiting waits for its end."""

    __slots__ = ("_awaited", "_waiters")

    def __init__(self, waiters: list[Awaitable[object]]) -> None:
        self._waiters = waiters
        self._awaited = False

    def __await__(self) -> Generator[Any, None, None]:
        self._awaited = True
        return _wait_for_close(self._waiters).__await__()

    def __del__(self) -> None:
        if not self._awaited:
            _CLOSE_WITHOUT_AWAIT.warn()


async def _wait_for_close(waiters: list[Awaitable[object]]) -> None:
    if waiters:
        await asyncio.gather(*waiters, return_exceptions=True)


class WhenAwaited:
    """Call a coroutine function not before somebody waits for it."""

    def __init__(self, function: Callable[[], Awaitable[None]]) -> None:
        self._function = function

    def __await__(self) -> Generator[Any, None, None]:
        return self._function().__await__()
