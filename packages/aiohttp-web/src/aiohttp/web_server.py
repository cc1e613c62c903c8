"""The server as asyncio sees it: a factory of connections that knows those which are open.

This file does not listen, and does not know what its connections say.
"""

from __future__ import annotations

import asyncio
import weakref
from inspect import Parameter, signature
from typing import Any

from aiohttp._deprecations import declare, marked
from aiohttp._h1.messages import RawRequestMessage
from aiohttp._web.serving import end_task
from aiohttp._web.settings import connection_settings
from aiohttp.abc import AbstractStreamWriter
from aiohttp.log import access_logger, server_logger
from aiohttp.streams import StreamReader
from aiohttp.web_log import AccessLogger
from aiohttp.web_protocol import HandlerFunction, RequestFactory, RequestHandler
from aiohttp.web_request import BaseRequest

__all__ = ("Server",)

_FINISH_CONNECTIONS = declare(
    "Server.finish_connections()", since="1.2", instead="Server.shutdown()"
)

_SETTINGS = frozenset(
    name
    for name, parameter in signature(connection_settings).parameters.items()
    if parameter.kind is Parameter.KEYWORD_ONLY
)

_LOG_DEFAULTS: dict[str, Any] = {
    "logger": server_logger,
    "access_log": access_logger,
    "access_log_class": AccessLogger,
    "access_log_format": AccessLogger.LOG_FORMAT,
}

# What a connection beyond `max_connections` is told (RFC 9110 §15.6.4).
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Connection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n"
)


class Server:
    """Make a `RequestHandler` for each connection; give it to `loop.create_server()`.

    Args:
        handler: answers every request, whatever its path.
        request_factory: makes the requests, by default `BaseRequest`\\s.
        handler_cancellation: cancel a handler whose peer has gone.
        loop: the loop of the connections, by default the running one.
        max_connections: how many connections may be open at a time; one more is refused with
            503. None: no limit.
        kwargs: what `RequestHandler` takes, and `head_timeout`, `body_timeout` and
            `shutdown_grace`, all in seconds.

    Raises:
        ValueError: a setting is out of its range.
    """

    def __init__(
        self,
        handler: HandlerFunction,
        *,
        request_factory: RequestFactory | None = None,
        handler_cancellation: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        max_connections: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._loop = loop or asyncio.get_running_loop()
        # The open connections, each with its transport.
        self._connections: dict[RequestHandler, asyncio.Transport] = {}
        # Those whose connections are being made: a TLS handshake takes a while, and may fail
        # without a word.
        self._expected: weakref.WeakSet[RequestHandler] = weakref.WeakSet()
        # Resolved when the last of them is made, if somebody waits.
        self._all_made: asyncio.Future[None] | None = None
        # Handlers at work whose peers have gone.
        self._left_over: set[asyncio.Task[None]] = set()
        # For a subclass that makes its connections itself.
        self._kwargs = kwargs
        self._settings = connection_settings(**{**_LOG_DEFAULTS, **_known(kwargs)})
        self._max_connections = max_connections
        self._shutting_down = False
        self.request_handler = handler
        self.request_factory = request_factory or self._make_request
        self.requests_count = 0
        self.handler_cancellation = handler_cancellation

    def __call__(self) -> RequestHandler:
        handler = RequestHandler(self, loop=self._loop, settings=self._settings)
        self._expected.add(handler)
        return handler

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} connections={len(self._connections)}"
            f" requests={self.requests_count}>"
        )

    @property
    def connections(self) -> list[RequestHandler]:
        """The open connections."""
        return list(self._connections)

    # Called by the connections…

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Note that a connection is open."""
        self._expected.discard(handler)
        if self._all_made is not None and not self._expected and not self._all_made.done():
            self._all_made.set_result(None)
        limit = self._max_connections
        if limit is not None and len(self._connections) >= limit:
            transport.write(_TOO_MANY)
            handler.force_close()
            return
        self._connections[handler] = transport
        if self._shutting_down:
            handler.close()

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Note that a connection is gone. Its handler may still be at work."""
        self._connections.pop(handler, None)
        task = handler.task_at_work
        if task is not None:
            self._left_over.add(task)
            task.add_done_callback(self._left_over.discard)

    def _make_request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> BaseRequest:
        return BaseRequest(message, payload, protocol, writer, task, self._loop)

    # The end…

    def pre_shutdown(self) -> None:
        """Tell the connections to close when they have answered what they have received."""
        self._shutting_down = True
        for connection in self.connections:
            connection.close()

    async def shutdown(self, timeout: float | None = None) -> None:
        """Close all connections.

        Args:
            timeout: seconds that handlers at work have before they are cancelled; None: no limit.
        """
        self._shutting_down = True
        await self._until_made(timeout)
        await asyncio.gather(
            *(connection.shutdown(timeout) for connection in self.connections),
            *(end_task(task, timeout) for task in self._left_over),
        )
        self._connections.clear()

    async def _until_made(self, timeout: float | None) -> None:
        """Wait, no longer than the grace time, for connections that were accepted."""
        if self._expected:
            grace = self._settings.shutdown_grace
            self._all_made = self._loop.create_future()
            await asyncio.wait(
                [self._all_made], timeout=grace if timeout is None else min(grace, timeout)
            )
            self._all_made = None

    @marked("Server.finish_connections(): use Server.shutdown()")
    async def finish_connections(self, timeout: float | None = None) -> None:
        """Close all connections, as `shutdown()` does (deprecated)."""
        _FINISH_CONNECTIONS.warn()
        await self.shutdown(timeout)


def _known(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the settings among the arguments; the others are named in a warning and left out."""
    unknown = kwargs.keys() - _SETTINGS
    if unknown:
        server_logger.warning(
            "Server() got unknown arguments, which have no effect: %s; expected some of: %s",
            ", ".join(sorted(unknown)),
            ", ".join(sorted(_SETTINGS)),
        )
    return {name: value for name, value in kwargs.items() if name in _SETTINGS}
