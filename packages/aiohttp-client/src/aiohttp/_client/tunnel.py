"""A tunnel through an HTTP proxy: CONNECT, RFC 9110 §9.3.6.

I/O: takes the connection to the proxy and the request that asks for the tunnel.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import hdrs
from aiohttp._client.options import ResponseParams
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientHttpProxyError,
    ServerDisconnectedError,
)

if TYPE_CHECKING:
    from yarl import URL

    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection


async def open_tunnel(
    conn: Connection,
    proxy_request: ClientRequest,
    target: URL,
    silence: float | None,
    ceil_threshold: float,
) -> asyncio.Transport:
    """Ask the proxy behind ``conn`` for a tunnel to ``target``; return its transport.

    The connection is the tunnel's from then on.  ``silence`` is how many seconds the proxy may take
    between two pieces of its answer (``None``: any).  Raises `ClientHttpProxyError` when the proxy
    refuses, `SocketTimeoutError` when it says nothing, another `ClientConnectionError` when it
    agrees and the tunnel is of no use.
    """
    proxy_request.method = hdrs.METH_CONNECT
    proxy_request.url = target
    # RFC 9112 §3.2.3: the target and Host name the far end, not the proxy.
    proxy_request.headers[hdrs.HOST] = f"{target.host_subcomponent}:{target.port}"
    protocol = conn.protocol
    if protocol is None:
        raise AssertionError("a tunnel needs a connection that was not released")
    try:
        params = ResponseParams(read_timeout=silence, ceil_threshold=ceil_threshold)
        protocol.expect_response(hdrs.METH_CONNECT, params, proxy_request.timer)
        response = await proxy_request.send(conn)
        try:
            await response.start(conn)
        except BaseException:
            response.close()
            raise
        protocol.read_timeout = None  # what is silent from now on is the far end
        if not 200 <= response.status < 300:
            message = response.reason or ""
            response.close()
            raise ClientHttpProxyError(
                proxy_request.request_info,
                response.history,
                status=response.status,
                message=message,
                headers=response.headers,
            )
        transport = protocol.transport
        if transport is None or transport.is_closing():
            raise ServerDisconnectedError("the proxy agreed to a tunnel, and closed the connection")
        if protocol.held:
            # Whoever is at the far end speaks TLS, where the client begins (RFC 8446 §4.1.1).
            raise ClientConnectionError(
                f"the proxy agreed to a tunnel to {target.host}:{target.port}, and sent "
                f"{protocol.held} bytes into it that nobody asked for"
            )
        return transport
    except BaseException:
        conn.close()
        raise
