"""The opening handshake of a WebSocket (RFC 6455 §4.1) by a session.

I/O: takes the response that agreed.  What is proposed and what an answer means is decided in
`_websocket.handshake`.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from aiohttp import hdrs
from aiohttp._values import value_object
from aiohttp._websocket.deflate import new_inflater
from aiohttp._websocket.handshake import (
    MAX_WINDOW_BITS,
    Agreement,
    Proposal,
    check_response,
    offered_protocols,
    offers_deflate,
    ws_ext_gen,
)
from aiohttp._websocket.models import Role, WSHandshakeError
from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
from aiohttp._websocket.receiver import receive_by_buffer
from aiohttp._websocket.writer import WebSocketWriter
from aiohttp.client_exceptions import WSServerHandshakeError

if TYPE_CHECKING:
    import asyncio

    from aiohttp.client_reqrep import ClientResponse
    from aiohttp.client_ws import ClientWebSocketResponse, ClientWSTimeout

# Bytes of messages that are held unread before the connection is paused.
_QUEUE_LIMIT = 2**18


@value_object
class WSOptions:
    """How the WebSocket behaves once it is open."""

    timeout: ClientWSTimeout
    autoclose: bool = True
    autoping: bool = True
    heartbeat: float | None = None
    max_msg_size: int = 4 * 1024 * 1024
    decode_text: bool = True


def propose(
    headers: CIMultiDict[str], protocols: Iterable[str], origin: str | None, compress: int
) -> Proposal:
    """Put a proposal into ``headers`` and return it.  ``compress``: window bits, 0 for none."""
    # Each once, and none that is empty (RFC 6455 §4.1).
    names = tuple(dict.fromkeys(offered_protocols(protocols)))
    proposal = Proposal(base64.b64encode(os.urandom(16)).decode(), names, compress)
    headers.setdefault(hdrs.UPGRADE, "websocket")
    headers.setdefault(hdrs.CONNECTION, "Upgrade")
    headers.setdefault(hdrs.SEC_WEBSOCKET_VERSION, "13")
    headers[hdrs.SEC_WEBSOCKET_KEY] = proposal.key
    if proposal.protocols:
        headers[hdrs.SEC_WEBSOCKET_PROTOCOL] = ",".join(proposal.protocols)
    if origin is not None:
        headers[hdrs.ORIGIN] = origin
    if compress:
        headers[hdrs.SEC_WEBSOCKET_EXTENSIONS] = ws_ext_gen(compress=compress)
    return proposal


def agree(response: ClientResponse, proposal: Proposal) -> Agreement:
    """Return what the server agreed to; `WSServerHandshakeError` when it did not."""
    if response.status != 101:
        raise _refused(response, f"Invalid response status; expected 101; got {response.status}")
    headers = response.headers
    if hdrs.SEC_WEBSOCKET_EXTENSIONS in headers and not proposal.compress:
        proposal = Proposal(proposal.key, proposal.protocols, _bits_of_own_offer(response))
    try:
        return check_response(
            proposal,
            upgrade=headers.getall(hdrs.UPGRADE, ()),
            connection=headers.getall(hdrs.CONNECTION, ()),
            accept=headers.getall(hdrs.SEC_WEBSOCKET_ACCEPT, ()),
            protocol=headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, ()),
            extensions=headers.getall(hdrs.SEC_WEBSOCKET_EXTENSIONS, ()),
        )
    except WSHandshakeError as error:
        raise _refused(response, str(error)) from error


def _bits_of_own_offer(response: ClientResponse) -> int:
    """Return the window bits that the program offered by a header field of its own; 0: none.

    Who takes the fields of a browser for his own offers what it offers.
    """
    sent = response.request_info.headers.getall(hdrs.SEC_WEBSOCKET_EXTENSIONS, ())
    return MAX_WINDOW_BITS if offers_deflate(", ".join(sent)) else 0


def _refused(response: ClientResponse, message: str) -> WSServerHandshakeError:
    return WSServerHandshakeError(
        response.request_info,
        response.history,
        message=message,
        status=response.status,
        headers=response.headers,
    )


def take_over(
    response: ClientResponse,
    agreement: Agreement,
    options: WSOptions,
    *,
    response_class: type[ClientWebSocketResponse[Any]],
    loop: asyncio.AbstractEventLoop,
) -> ClientWebSocketResponse[Any]:
    """Let the connection of ``response`` speak WebSocket."""
    conn = response.connection
    protocol = None if conn is None else conn.protocol
    transport = None if conn is None else conn.transport
    if protocol is None or transport is None:
        raise _refused(response, "the connection closed right after the handshake")
    compression = agreement.compression
    queue = WebSocketDataQueue(protocol, _QUEUE_LIMIT, loop=loop)
    writer = WebSocketWriter(
        protocol,
        transport,
        use_mask=True,
        compress=compression.window_bits,
        notakeover=compression.no_context_takeover,
    )
    websocket = response_class(
        queue,
        writer,
        agreement.protocol,
        response,
        options.timeout,
        options.autoclose,
        options.autoping,
        loop,
        heartbeat=options.heartbeat,
        compress=compression.window_bits,
        client_notakeover=compression.no_context_takeover,
    )
    reader = WebSocketReader(
        queue,
        options.max_msg_size,
        compress=bool(compression.window_bits),
        decode_text=options.decode_text,
        role=Role.CLIENT,
        inflater=new_inflater,
    )
    protocol.set_parser(reader, queue)
    receive_by_buffer(transport, protocol, reader, loop)
    return websocket
