"""The words of WebSocket: message types, close codes, messages and errors.

This file holds values only: it knows neither frames nor connections, nor which side it serves.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum, IntEnum
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast

from aiohttp._peers_fault import decode_json

# Errors


class WebSocketError(Exception):
    """The peer broke the WebSocket protocol; the connection fails with close code `code`.

    Args:
        code: the close code to send, RFC 6455 §7.4.1.
        message: what was expected and what came instead, for people.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return cast(str, self.args[1])


class WSHandshakeError(Exception):
    """The opening handshake cannot be agreed on (RFC 6455 §4)."""


# Names on the wire


class Role(Enum):
    """Which side of the connection we are: a server wants masked frames, a client refuses them."""

    CLIENT = "client"
    SERVER = "server"


class WSCloseCode(IntEnum):
    """Why a connection closed (RFC 6455 §7.4.1 and the IANA registry)."""

    OK = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    # Never on the wire: a local word for "the connection ended without a close frame".
    ABNORMAL_CLOSURE = 1006
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014


# Registered codes that an endpoint may put into a close frame (RFC 6455 §7.4.1); 3000–4999 are free
# for use (§7.4.2).
SENDABLE_CLOSE_CODES: Final = frozenset(WSCloseCode) - {WSCloseCode.ABNORMAL_CLOSURE}

# Not a status but the lack of one: stands for a close frame without a body (RFC 6455 §7.1.5).
NO_STATUS_RECEIVED: Final = 1005


def may_be_sent(code: int) -> bool:
    """Tell whether `code` may stand in a close frame on the wire (RFC 6455 §7.4)."""
    return 3000 <= code <= 4999 or code in SENDABLE_CLOSE_CODES


class WSMsgType(IntEnum):
    """What a message is: the opcodes of RFC 6455 §5.2, and local events from 256 on."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    PING = 0x9
    PONG = 0xA
    CLOSE = 0x8

    # Local events: no frame stands behind them.
    CLOSING = 0x100
    CLOSED = 0x101
    ERROR = 0x102

    text = TEXT
    binary = BINARY
    ping = PING
    pong = PONG
    close = CLOSE
    closing = CLOSING
    closed = CLOSED
    error = ERROR


# Messages


class WSMessage(NamedTuple):
    """A received message.

    `data` is str for TEXT, bytes for BINARY, PING and PONG, the close code (0: none was given) for
    CLOSE, the exception for ERROR, else None.  `extra` is the reason for CLOSE.
    """

    type: WSMsgType
    data: Any
    extra: str | None

    def json(self, *, loads: Callable[[Any], Any] = json.loads) -> Any:
        """Return `data` decoded by `loads`, a JSON decoder."""
        return decode_json(self.data, loads)


class WSMessageTextBytes(NamedTuple):
    """A received TEXT message of a connection with ``decode_text=False``: bytes, not checked."""

    type: WSMsgType
    data: Any
    extra: str | None

    def json(self, *, loads: Callable[[Any], Any] = json.loads) -> Any:
        """Return `data` decoded by `loads`, a JSON decoder that takes bytes."""
        return decode_json(self.data, loads)


# Naming the fields again in a call of the class costs three times as much.  The compiled reader has
# a twin of this in ``_models``, whose messages the garbage collector does not look at.
new_message: Any = tuple.__new__

# What `receive()` gives with decode_text=True and decode_text=False.
WSMessageDecodeText: TypeAlias = WSMessage
WSMessageNoDecodeText: TypeAlias = WSMessage | WSMessageTextBytes

AnyDecodeText: TypeAlias = Literal[True, False]

WS_CLOSED_MESSAGE: Final = WSMessage(WSMsgType.CLOSED, None, None)
WS_CLOSING_MESSAGE: Final = WSMessage(WSMsgType.CLOSING, None, None)

# RFC 7692 §7.2.1: the tail of an empty stored block, cut from what is sent and put back before
# inflating.
WS_DEFLATE_TRAILING: Final = b"\x00\x00\xff\xff"
