"""One hop: a request goes out over a connection, and a response whose head is there comes back.

`Exchange` is the interface between the session and whatever carries requests: connectors have it,
and so may a connector in memory or of another version of HTTP.  `over_connection` is how every
connector with byte streams does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp._client.options import ResponseParams

if TYPE_CHECKING:
    from aiohttp._client.options import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest, ClientResponse
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_DEFAULT_PARAMS = ResponseParams()


class Exchange(Protocol):
    """Carries a request to where it is meant to go, and brings the response."""

    async def send(
        self, request: ClientRequest, traces: Sequence[Trace], timeout: ClientTimeout
    ) -> ClientResponse:
        """Return the response to ``request``, its head received.

        Runs inside the timer of the call; ``timeout`` bounds the phases (connecting, silence).
        When it is cancelled or fails, nothing of the request is left behind.
        """
        ...


class _Connector(Protocol):
    async def connect(
        self, req: ClientRequest, traces: Sequence[Trace], timeout: ClientTimeout
    ) -> Connection: ...


class _StandIn:
    """Carries requests by the ``connect`` of an object in a connector's place."""

    def __init__(self, connector: _Connector) -> None:
        self._connector = connector

    async def send(
        self, request: ClientRequest, traces: Sequence[Trace], timeout: ClientTimeout
    ) -> ClientResponse:
        return await over_connection(self._connector, request, traces, timeout)


def exchange_of(connector: Any) -> Exchange:
    """Return what carries requests over ``connector``: itself, if its class has ``send``.

    ddtrace puts a proxy object in the connector's place, which has the connector's own ``send`` at
    second hand; by that, the proxy object's ``connect`` would be passed by.
    """
    return connector if hasattr(type(connector), "send") else _StandIn(connector)


async def over_connection(
    connector: _Connector,
    request: ClientRequest,
    traces: Sequence[Trace],
    timeout: ClientTimeout,
) -> ClientResponse:
    """Connect, send, and await the head."""
    conn = await connector.connect(request, traces=traces, timeout=timeout)
    response: ClientResponse | None = None
    try:
        protocol = conn.protocol
        if protocol is None:
            raise AssertionError("connect() returned a connection that was released")
        request.connection_reused = protocol.timing.responses > 0
        protocol.expect_response(
            request.method, request.response_params or _DEFAULT_PARAMS, request.timer
        )
        response = await request.send(conn)
        return await response.start(conn)
    except BaseException:
        if response is not None:
            response.close()
        conn.close()
        raise
