"""Connections within one machine: Unix sockets, Windows named pipes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp._content_headers import _SENTINEL, sentinel
from aiohttp._timers import ceil_timeout
from aiohttp.client_exceptions import (
    ClientConnectorError,
    UnixClientConnectorError,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest

if TYPE_CHECKING:
    from aiohttp._client.options import ClientTimeout
    from aiohttp.tracing import Trace
from aiohttp.connector.pooled import HIGH_LEVEL_SCHEMAS, BaseConnector


class UnixConnector(BaseConnector):
    """Connections to one Unix socket, whatever the host of the URL; ``path``: the socket's."""

    allowed_protocol_schema_set = HIGH_LEVEL_SCHEMAS | frozenset({"unix"})

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | _SENTINEL | None = sentinel,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
        )
        self._path = path

    @property
    def path(self) -> str:
        """Path of the socket."""
        return self._path

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        try:
            async with ceil_timeout(timeout.sock_connect, timeout.ceil_threshold):
                _, protocol = await self._loop.create_unix_connection(self._factory, self._path)
        except OSError as error:
            if error.errno is None and isinstance(error, asyncio.TimeoutError):
                raise
            raise UnixClientConnectorError(self._path, req.connection_key, error) from error
        return protocol


class NamedPipeConnector(BaseConnector):
    """Connections to one Windows named pipe; needs the proactor loop.  ``path``: the pipe's."""

    allowed_protocol_schema_set = HIGH_LEVEL_SCHEMAS | frozenset({"npipe"})

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | _SENTINEL | None = sentinel,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
        )
        if not hasattr(self._loop, "create_pipe_connection"):
            raise RuntimeError(
                "Named Pipes only available in proactor loop under windows; "
                f"got {type(self._loop).__name__}"
            )
        self._path = path

    @property
    def path(self) -> str:
        """Path of the pipe."""
        return self._path

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        loop: Any = self._loop  # the proactor's, which alone has pipes
        try:
            async with ceil_timeout(timeout.sock_connect, timeout.ceil_threshold):
                _, protocol = await loop.create_pipe_connection(self._factory, self._path)
                # The pipe's transport tells of the connection in a later turn of the loop.
                await asyncio.sleep(0)
        except OSError as error:
            if error.errno is None and isinstance(error, asyncio.TimeoutError):
                raise
            raise ClientConnectorError(req.connection_key, error) from error
        return protocol  # type: ignore[no-any-return]
