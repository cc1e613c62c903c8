"""The buffer that a transport reads into, and the reader of what is there.

These are the two calls that a transport makes for each read.  This file is compiled twice: as it
is, and as ``receive_buffer_c``; it knows no transport, and nothing of frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp._websocket.masking import holder_py as holder

if TYPE_CHECKING:
    from aiohttp._websocket import frames


class ReceiveBuffer:
    """Have `reader` parse what is read into `buffer`; a base of an `asyncio.BufferedProtocol`."""

    def __init__(self, reader: frames.WebSocketReader, buffer: bytearray) -> None:
        self._reader = reader
        self._buffer = buffer
        self._view = memoryview(buffer)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the transport is to read into; asyncio's TLS slices it, without a copy."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Parse what was read."""
        if self._reader.feed_first(holder(self._buffer, nbytes), nbytes)[0]:
            self._reader_failed()

    def _reader_failed(self) -> None:
        """Do what there is to do when the peer has failed."""
        raise NotImplementedError
