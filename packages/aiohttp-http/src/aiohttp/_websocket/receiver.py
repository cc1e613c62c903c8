"""Bytes off the wire into a buffer that is used again, in place of one made for each read.

asyncio makes 256 KiB of bytes for each read of a plain protocol, however little comes, and the
pages of each have to be found anew.  A `Receiver` stands between the transport and the protocol of
a connection, once that speaks WebSocket.  This file knows both only as asyncio describes them; it
knows nothing of frames.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast
from weakref import WeakKeyDictionary

# Bytes; as much as asyncio reads at once from a socket, and then some: a message of 256 KiB comes
# with its head in one read.
BUFFER_SIZE: Final = 256 * 1024 + 4096

# Bytes.  The GNU allocator gives what is free at the end of its memory back to the system as soon
# as that is twice the biggest block that it ever got back, 128 KiB at first.  The messages of a few
# busy connections come and go by more, and each page would have to be found anew: half the time of
# a message of 4 KiB.  What asyncio reads for a plain protocol sets it to 512 KiB in passing.
SETTLING_BLOCK: Final = 4 * 1024 * 1024

# A loop runs in one thread at a time, and what was read is used up before it reads again: all its
# connections share one buffer.
_BUFFERS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, memoryview]] = WeakKeyDictionary()


def buffer_of(loop: asyncio.AbstractEventLoop) -> memoryview:
    """Return the buffer that all connections of `loop` read into."""
    view = _BUFFERS.get(loop)
    if view is None:
        bytes(SETTLING_BLOCK)  # never touched, so that it takes no memory, and dropped at once
        view = _BUFFERS[loop] = memoryview(bytearray(BUFFER_SIZE))
    return view


class Receiver(asyncio.BufferedProtocol):
    """Give `protocol` what the transport receives, as views of the loop's buffer.

    The protocol has to be done with a view when its `data_received()` returns.
    """

    __slots__ = ("_data_received", "_protocol", "_view")

    def __init__(self, protocol: asyncio.Protocol, loop: asyncio.AbstractEventLoop) -> None:
        self._protocol = protocol
        self._data_received = protocol.data_received
        self._view = buffer_of(loop)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the transport is to read into."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Hand on what was read."""
        self._data_received(cast(bytes, self._view[:nbytes]))

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)


def receive_by_buffer(
    transport: asyncio.Transport, protocol: asyncio.Protocol, loop: asyncio.AbstractEventLoop
) -> None:
    """Have `protocol` given views of the loop's buffer from here on.

    Nothing changes where the transport does not talk to it directly, as in tests and tunnels.
    """
    if transport.get_protocol() is protocol:
        transport.set_protocol(Receiver(protocol, loop))
