"""Bytes off the wire into a buffer that is used again, in place of one made for each read.

asyncio makes 256 KiB of bytes for each read of a plain protocol, however little comes; what that
costs depends on the allocator (`base_protocol.settle_allocator()`).  A `Receiver` stands between
the transport and the protocol of a connection, once that speaks WebSocket.  This file knows both
only as asyncio describes them; it knows nothing of frames.
"""

from __future__ import annotations

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

from aiohttp._websocket.reader import ReceiveBuffer, WebSocketReader

# Bytes; as much as asyncio reads at once from a socket, and then some: a message of 256 KiB comes
# with its head in one read.
BUFFER_SIZE: Final = 256 * 1024 + 4096

# A loop runs in one thread at a time, and what was read is used up before it reads again: all its
# connections share one buffer.
_BUFFERS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, bytearray]] = WeakKeyDictionary()


def buffer_of(loop: asyncio.AbstractEventLoop) -> bytearray:
    """Return the buffer that all connections of `loop` read into."""
    buffer = _BUFFERS.get(loop)
    if buffer is None:
        buffer = _BUFFERS[loop] = bytearray(BUFFER_SIZE)
    return buffer


class Receiver(ReceiveBuffer, asyncio.BufferedProtocol):
    """Have `reader` parse what the transport receives; `protocol` is told of all else."""

    __slots__ = ("_protocol",)

    def __init__(
        self, protocol: asyncio.Protocol, reader: WebSocketReader, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(reader, buffer_of(loop))
        self._protocol = protocol

    def _reader_failed(self) -> None:
        # It asks the reader, and hears the same.
        self._protocol.data_received(b"")

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)


def receive_by_buffer(
    transport: asyncio.Transport,
    protocol: asyncio.Protocol,
    reader: WebSocketReader,
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Have `reader`, which `protocol` feeds so far, read the loop's buffer from here on.

    Nothing changes where the transport does not talk to the protocol directly, as in tests and
    tunnels.
    """
    try:
        speaks_to = transport.get_protocol()
    except (AttributeError, NotImplementedError):  # one of the program's own may not tell
        return
    if speaks_to is protocol:
        transport.set_protocol(Receiver(protocol, reader, loop))
