"""The client's end of a WebSocket, after the opening handshake.

What both roles share is in ``_websocket.session``; here is only what a client does differently.
The file does not know how the connection was made: `ClientSession.ws_connect()` hands it over.
"""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from aiohttp._futures import set_result
from aiohttp._late import late_names
from aiohttp._timers import calculate_timeout_when
from aiohttp._values import value_object
from aiohttp._websocket.models import (
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
    WebSocketError,
    WSCloseCode,
    WSMessage,
    WSMessageDecodeText,
    WSMessageNoDecodeText,
    WSMsgType,
)
from aiohttp._websocket.session import DecodeText, WebSocketSession
from aiohttp.client_exceptions import ClientError, ServerTimeoutError, WSMessageTypeError
from aiohttp.client_reqrep import ClientResponse
from aiohttp.streams import EofStream

if TYPE_CHECKING:
    from typing_extensions import Self

    from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
    from aiohttp._websocket.writer import WebSocketWriter
else:
    # They come with the first WebSocket.
    __getattr__, __dir__ = late_names(
        __name__,
        {
            "WebSocketDataQueue": "aiohttp._websocket.reader",
            "WebSocketReader": "aiohttp._websocket.reader",
            "WebSocketWriter": "aiohttp._websocket.writer",
        },
    )

# Names that are found here since aiohttp 3: some are only imported from this module.
__all__ = (
    "DEFAULT_JSON_DECODER",
    "DEFAULT_JSON_ENCODER",
    "DEFAULT_WS_CLIENT_TIMEOUT",
    "WS_CLOSED_MESSAGE",
    "WS_CLOSING_MESSAGE",
    "ClientError",
    "ClientResponse",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "EofStream",
    "ServerTimeoutError",
    "WSCloseCode",
    "WSMessage",
    "WSMessageDecodeText",
    "WSMessageNoDecodeText",
    "WSMessageTypeError",
    "WSMsgType",
    "WebSocketDataQueue",
    "WebSocketError",
    "WebSocketReader",
    "WebSocketWriter",
    "calculate_timeout_when",
    "set_result",
)

DEFAULT_JSON_ENCODER = json.dumps
DEFAULT_JSON_DECODER = json.loads


@value_object
class ClientWSTimeout:
    """Seconds that a client WebSocket waits; None: without limit."""

    # For a message, in each `receive()`.
    ws_receive: float | None = None
    # For the server's close frame, in `close()`.
    ws_close: float | None = None


DEFAULT_WS_CLIENT_TIMEOUT: Final = ClientWSTimeout(ws_receive=None, ws_close=10.0)


class ClientWebSocketResponse(WebSocketSession[DecodeText]):
    """A WebSocket connection to a server; made by `ClientSession.ws_connect()`."""

    def __init__(
        self,
        reader: WebSocketDataQueue,
        writer: WebSocketWriter,
        protocol: str | None,
        response: ClientResponse,
        timeout: ClientWSTimeout,
        autoclose: bool,
        autoping: bool,
        loop: asyncio.AbstractEventLoop,
        *,
        heartbeat: float | None = None,
        compress: int = 0,
        client_notakeover: bool = False,
    ) -> None:
        self._init_session(
            autoclose=autoclose,
            autoping=autoping,
            receive_timeout=timeout.ws_receive,
            close_timeout=timeout.ws_close,
            heartbeat=heartbeat,
        )
        self._response = response
        # The connection that the response came on; ours until we close.
        self._conn = response.connection
        self._protocol = protocol
        self._compress = compress
        self._client_notakeover = client_notakeover
        self._open_session(reader, writer, loop)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self._response.url} {self._connection_state.value}"
            f" protocol={self._protocol!r} close_code={self._close_code}>"
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    # Facts…

    @property
    def protocol(self) -> str | None:
        """The subprotocol that was agreed on, or None."""
        return self._protocol

    @property
    def compress(self) -> int:
        """Window bits of our permessage-deflate; 0: it was not agreed on."""
        return self._compress

    @property
    def client_notakeover(self) -> bool:
        """Whether we forget the compression context after each message."""
        return self._client_notakeover

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows of `name`; `default` once it is gone."""
        transport = None if self._conn is None else self._conn.transport
        return default if transport is None else transport.get_extra_info(name, default)

    # Closing…

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"") -> bool:
        """Send a close frame, wait for the server's, and close the connection.

        Args:
            code: RFC 6455 §7.4; 0: none.
            message: the reason, UTF-8, cut to 123 bytes.

        Returns:
            False when it was closed, or being closed, before.

        Raises:
            ValueError: the code must not be sent, or the message is not UTF-8.
        """
        return await self._close(code, message)

    async def _answer_close(self) -> None:
        await self.close()

    async def _receive_while_closing(self) -> WSMessage:
        await self.close()
        return WS_CLOSED_MESSAGE

    def _drop_connection(self, *, abort: bool = False) -> None:
        if abort and self._writer is not None:
            self._writer.transport.abort()
        self._response.close()

    def _silence_error(self, message: str) -> BaseException:
        return ServerTimeoutError(message)
