"""The server's end of a WebSocket: a response that becomes a conversation.

What both roles share is in ``_websocket.session``; here are the opening handshake on top of
`StreamResponse` and what a server does differently.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiohttp import hdrs
from aiohttp._web.ws_handshake import (
    VERSIONS,
    UnsupportedVersion,
    Upgrade,
    decide_upgrade,
)
from aiohttp._websocket.deflate import new_inflater
from aiohttp._websocket.models import (
    WS_CLOSED_MESSAGE,
    Role,
    WSCloseCode,
    WSHandshakeError,
    WSMessage,
    WSMsgType,
)
from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
from aiohttp._websocket.receiver import receive_by_buffer
from aiohttp._websocket.session import DecodeText, State, WebSocketSession
from aiohttp._websocket.writer import DEFAULT_LIMIT, WebSocketWriter
from aiohttp.log import ws_logger
from aiohttp.web_exceptions import HTTPBadRequest
from aiohttp.web_response import StreamResponse

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.web_request import BaseRequest

__all__ = ("WSMsgType", "WebSocketReady", "WebSocketResponse")

# `receive()` on a closed WebSocket gives CLOSED this many times, then an error: a handler that does
# not look at what it receives would loop for ever.
MAX_RECEIVES_AFTER_CLOSE: Final = 5

# Bytes of received messages that may wait; the queue pauses reading at twice that.
READ_LIMIT: Final = 2**18

# Bytes: the biggest message that is received, unless the handler says otherwise.
MAX_MSG_SIZE: Final = 4 * 1024 * 1024


@attrs.frozen
class WebSocketReady:
    """Whether a request can become a WebSocket, and with which subprotocol."""

    ok: bool
    protocol: str | None

    def __bool__(self) -> bool:
        return self.ok


class WebSocketResponse(StreamResponse, WebSocketSession[DecodeText]):
    """A WebSocket in a request handler: `prepare()` it, then receive and send, then return it.

    Args:
        timeout: seconds that `close()` waits for the peer's close frame.
        receive_timeout: seconds that `receive()` waits for a message; None: without limit.
        autoclose: answer the peer's close frame.
        autoping: answer pings, and drop pongs.
        heartbeat: seconds of silence after which a ping is sent; the connection ends when nothing
            comes within half of that. None: no pings.
        protocols: subprotocols that the handler speaks.
        compress: agree to permessage-deflate.
        max_msg_size: bytes; a bigger message ends the connection with 1009. 0: no limit.
        writer_limit: bytes after which a sender waits for the transport.
        decode_text: receive text as str; False: as bytes that were not checked for UTF-8.
    """

    _length_check: bool = False

    # What is said when the handler returns: its receiving ends before the server's own close frame.
    _code_at_end: WSCloseCode = WSCloseCode.OK

    def __init__(
        self,
        *,
        timeout: float = 10.0,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = None,
        protocols: Iterable[str] = (),
        compress: bool = True,
        max_msg_size: int = MAX_MSG_SIZE,
        writer_limit: int = DEFAULT_LIMIT,
        decode_text: bool = True,
    ) -> None:
        super().__init__(status=101)
        self._init_session(
            autoclose=autoclose,
            autoping=autoping,
            receive_timeout=receive_timeout,
            close_timeout=timeout,
            heartbeat=heartbeat,
        )
        self._protocols = tuple(protocols)
        self._ws_protocol: str | None = None
        # Before the handshake: whether to agree to it; after: window bits, 0 for none.
        self._deflate_bits: bool | int = compress
        self._max_msg_size = max_msg_size
        self._writer_limit = writer_limit
        self._decode_text = decode_text
        self._receives_after_close = 0
        # Closes with 1001 while the server shuts down; kept here, as the loop keeps no task alive.
        self._farewell: asyncio.Future[bool] | None = None

    # The opening handshake…

    def can_prepare(self, request: BaseRequest) -> WebSocketReady:
        """Tell whether `request` can become a WebSocket, without answering it.

        Raises:
            RuntimeError: it has become one already.
        """
        if self._writer is not None:
            raise RuntimeError("Already started")
        try:
            upgrade = self._decide(request)
        except WSHandshakeError:
            return WebSocketReady(False, None)
        return WebSocketReady(True, upgrade.protocol)

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter:
        """Do the opening handshake (RFC 6455 §4.2); call it before anything else.

        Raises:
            HTTPBadRequest: the request does not ask for a WebSocket.
        """
        if self._payload_writer is not None:
            return self._payload_writer
        try:
            upgrade = self._decide(request)
        except UnsupportedVersion as exc:
            version = {hdrs.SEC_WEBSOCKET_VERSION: VERSIONS}  # RFC 6455 §4.4
            raise HTTPBadRequest(text=str(exc), headers=version) from exc
        except WSHandshakeError as exc:
            raise HTTPBadRequest(text=str(exc)) from exc
        self.set_status(101)
        self.headers.update(upgrade.fields())
        self.force_close()
        payload_writer = await super().prepare(request)
        if payload_writer is None:
            raise RuntimeError("the response has been sent already; make a new one")
        self._take_over(request, upgrade)
        await payload_writer.drain()
        return payload_writer

    def _decide(self, request: BaseRequest) -> Upgrade:
        upgrade = decide_upgrade(
            request.headers,
            request.version,
            protocols=self._protocols,
            compress=bool(self._deflate_bits),
        )
        if upgrade.foreign_protocols:
            # At DEBUG: whoever connects can cause it.  The words are those of 3.14.
            ws_logger.debug(
                "%s: Client protocols %r don’t overlap server-known ones %r",
                request.remote,
                list(upgrade.foreign_protocols),
                self._protocols,
            )
        return upgrade

    def _take_over(self, request: BaseRequest, upgrade: Upgrade) -> None:
        """Take the connection over from HTTP."""
        protocol = request.protocol
        transport = protocol.transport
        if transport is None:
            raise ConnectionResetError("Connection lost")
        loop = asyncio.get_running_loop()
        compression = upgrade.compression
        self._ws_protocol = upgrade.protocol
        self._deflate_bits = compression.window_bits
        queue = WebSocketDataQueue(protocol, READ_LIMIT, loop=loop)
        writer = WebSocketWriter(
            protocol,
            transport,
            compress=compression.window_bits,
            notakeover=compression.no_context_takeover,
            limit=self._writer_limit,
        )
        self._open_session(queue, writer, loop)
        protocol.on_shutdown(self._go_away)
        reader = WebSocketReader(
            queue,
            self._max_msg_size,
            compress=bool(compression.window_bits),
            decode_text=self._decode_text,
            role=Role.SERVER,
            inflater=new_inflater,
        )
        if protocol.set_parser(reader):
            receive_by_buffer(transport, protocol, reader, loop)

    # Facts…

    @property
    def prepared(self) -> bool:
        """Whether the opening handshake is done."""
        return self._writer is not None

    @property
    def ws_protocol(self) -> str | None:
        """The subprotocol that was agreed on, or None."""
        return self._ws_protocol

    @property
    def compress(self) -> int | bool:
        """Window bits of our permessage-deflate, 0 for none; before `prepare()` the argument."""
        return self._deflate_bits

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows of `name`; `default` before `prepare()`."""
        if self._writer is None:
            return default
        return self._writer.transport.get_extra_info(name, default)

    # Not for a WebSocket…

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Raise RuntimeError: a WebSocket has no body."""
        raise RuntimeError("Cannot call .write() for websocket")

    async def write_eof(self, data: bytes = b"") -> None:
        """Close; called when the handler has returned."""
        if self._eof_sent:
            return
        if self._writer is None:
            raise RuntimeError("Response has not been started")
        await self.close(code=self._code_at_end)
        self._eof_sent = True

    # Closing…

    async def close(
        self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True
    ) -> bool:
        """Send a close frame, wait for the peer's, and close the connection.

        Any task may call it; one that waits in `receive()` gets CLOSING.

        Args:
            code: RFC 6455 §7.4; 0: none.
            message: the reason, UTF-8, cut to 123 bytes.
            drain: wait for the transport to take the frame.

        Returns:
            False when it was closed, or being closed, before.

        Raises:
            RuntimeError: it is not prepared.
            ValueError: the code must not be sent, or the message is not UTF-8.
        """
        return await self._close(code, message, drain=drain)

    async def _answer_close(self) -> None:
        await self.close(drain=False)

    def _go_away(self) -> None:
        """Close with 1001, in a task of its own: the server shuts down."""
        if self._connection_state is State.OPEN:
            self._code_at_end = WSCloseCode.GOING_AWAY
            self._farewell = asyncio.ensure_future(self.close(code=WSCloseCode.GOING_AWAY))

    def _receive_after_close(self) -> WSMessage:
        self._receives_after_close += 1
        if self._receives_after_close >= MAX_RECEIVES_AFTER_CLOSE:
            raise RuntimeError("WebSocket connection is closed.")
        return WS_CLOSED_MESSAGE

    def _drop_connection(self, *, abort: bool = False) -> None:
        if self._writer is not None:
            transport = self._writer.transport
            if abort:
                transport.abort()
            else:
                self._writer.flush()
                transport.close()
