"""Middlewares of the client: functions around the sending of each request.

The file knows that there is a handler, and not what it does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp.client_reqrep import ClientRequest, ClientResponse

__all__ = ("ClientHandlerType", "ClientMiddlewareType", "build_client_middlewares")

# Sends a request and returns its response.
ClientHandlerType = Callable[[ClientRequest], Awaitable[ClientResponse]]

# Gets a request and the handler that sends it; may change the request before, send it any number
# of times, and return any response.
ClientMiddlewareType = Callable[[ClientRequest, ClientHandlerType], Awaitable[ClientResponse]]


def build_client_middlewares(
    handler: ClientHandlerType, middlewares: Sequence[ClientMiddlewareType]
) -> ClientHandlerType:
    """Return ``handler`` inside ``middlewares``; the first one is outermost."""
    for middleware in reversed(middlewares):
        handler = _around(handler, middleware)
    return handler


def _around(handler: ClientHandlerType, middleware: ClientMiddlewareType) -> ClientHandlerType:
    async def handle(request: ClientRequest) -> ClientResponse:
        return await middleware(request, handler)

    return handle
