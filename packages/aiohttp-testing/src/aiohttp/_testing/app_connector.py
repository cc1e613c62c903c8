"""A connector that drives an application in memory.

Everything is real (the client's request, both parsers, both writers, the server's connection, the
application), but for the network between them.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Generator
from typing import TYPE_CHECKING, Any

from aiohttp._testing.memory import connect
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import BaseConnector
from aiohttp.web_app import Application
from aiohttp.web_runner import AppRunner, BaseRunner

if TYPE_CHECKING:
    from aiohttp.client import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.tracing import Trace


class AppConnector(BaseConnector):
    """Connect every request, whatever its host, to one application in memory.

        async with ClientSession(connector=AppConnector(app)) as session:
            async with session.get("http://app.test/") as response: ...

    The application starts with the first request and is cleaned up when the connector closes.

    Args:
        app: what serves; or a runner that was set up, which the caller cleans up.
        kwargs: further arguments for the runner and for ``BaseConnector``'s ``limit``,
            ``force_close`` and ``keepalive_timeout``.
    """

    _CONNECTOR_OPTIONS = ("limit", "limit_per_host", "force_close", "keepalive_timeout")

    def __init__(self, app: Application | BaseRunner, **kwargs: Any) -> None:
        own = {name: kwargs.pop(name) for name in self._CONNECTOR_OPTIONS if name in kwargs}
        super().__init__(**own)
        self._owns_runner = isinstance(app, Application)
        if isinstance(app, Application):
            app = AppRunner(app, **{"handler_cancellation": True, "shutdown_grace": 0.0, **kwargs})
        elif kwargs:
            raise TypeError(
                f"AppConnector(runner) takes no options of a runner; got {', '.join(kwargs)}"
            )
        self._runner = app

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        if self._runner.server is None:
            await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner of this AppConnector was cleaned up; make a new one")
        protocol: ResponseHandler = self._factory()
        connect(self._loop, protocol, server(), secured() if req.is_ssl() else None)
        return protocol

    def close(self, *, abort_ssl: bool = False) -> Awaitable[None]:
        """Close the connections; await it to clean up the application as well."""
        return _ThenCleanup(
            super().close(abort_ssl=abort_ssl), self._runner if self._owns_runner else None
        )


def secured() -> dict[str, Any]:
    """Return what makes a server in memory take its connection for an encrypted one."""
    return {"sslcontext": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)}


class _ThenCleanup:
    """Awaits the end of a connector, then cleans up the runner behind it."""

    def __init__(self, closing: Awaitable[None], runner: BaseRunner | None) -> None:
        self._closing = closing
        self._runner = runner

    def __await__(self) -> Generator[Any, None, None]:
        yield from self._closing.__await__()
        if self._runner is not None and self._runner.server is not None:
            yield from self._runner.cleanup().__await__()
