"""Two transports joined back to back: a connection without a socket.

What one side writes the other receives, in order, in later steps of the event loop, with the
back-pressure of a real connection.  Knows asyncio's interfaces and nothing of HTTP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

# Bytes under way in one direction before the writer is asked to pause, and below which it may go
# on: asyncio's own marks for a socket's write buffer.
_HIGH_WATER = 64 * 1024
_LOW_WATER = _HIGH_WATER // 4

_END = None  # in the queue: the peer writes no more


class MemoryTransport(asyncio.Transport):
    """One end of a connection in memory; `connect` makes both."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        extra: Mapping[str, Any],
    ) -> None:
        super().__init__(dict(extra))
        self._loop = loop
        self._protocol: asyncio.BaseProtocol = protocol
        self._peer: MemoryTransport | None = None
        # What has come from the peer and was not yet given to the protocol.
        self._inbound: deque[bytes | None] = deque()
        self._inbound_size = 0
        # Whether a step of the loop is on its way that hands over what has come.
        self._scheduled = False
        self._reading = True
        self._closing = False
        self._lost = False
        self._end_sent = False
        self._writer_paused = False
        self._high, self._low = _HIGH_WATER, _LOW_WATER

    # Writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes to the peer; after `close` they are dropped."""
        peer = self._peer
        if not data or peer is None or self._closing or self._end_sent:
            return
        peer._inbound.append(bytes(data))
        peer._inbound_size += len(data)
        peer._schedule()
        self._apply_back_pressure()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send several pieces as one."""
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        """Tell that one direction can be closed alone."""
        return True

    def write_eof(self) -> None:
        """Send no more; the other direction stays open."""
        if self._peer is not None and not self._end_sent:
            self._end_sent = True
            self._peer._inbound.append(_END)
            self._peer._schedule()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the peer has not taken yet."""
        return 0 if self._peer is None else self._peer._inbound_size

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return the low and the high mark."""
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the marks between which the writer is paused, in bytes."""
        self._high = (_HIGH_WATER if low is None else 4 * low) if high is None else high
        self._low = self._high // 4 if low is None else low
        if not 0 <= self._low <= self._high:
            raise ValueError(f"expected 0 <= low <= high; got low {self._low}, high {self._high}")
        self._apply_back_pressure()

    def _apply_back_pressure(self) -> None:
        size = self.get_write_buffer_size()
        if not self._writer_paused and size > self._high:
            self._writer_paused = True
            self._protocol.pause_writing()
        elif self._writer_paused and size <= self._low:
            self._writer_paused = False
            self._protocol.resume_writing()

    # Reading

    def is_reading(self) -> bool:
        """Tell whether bytes are handed over as they come."""
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        """Keep what comes until `resume_reading`."""
        self._reading = False

    def resume_reading(self) -> None:
        """Hand over what has come, and what comes."""
        self._reading = True
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled and not self._lost:
            self._scheduled = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._scheduled = False
        while self._inbound and self._reading and not self._closing:
            data = self._inbound.popleft()
            if data is _END:
                if not self._protocol.eof_received():  # type: ignore[attr-defined]
                    self.close()
                break
            self._inbound_size -= len(data)
            _deliver(data, self._protocol)
        if self._peer is not None and not self._peer._lost:
            self._peer._apply_back_pressure()

    # The end

    def is_closing(self) -> bool:
        """Tell whether the connection is closed or about to be."""
        return self._closing

    def close(self) -> None:
        """Close; what was written still reaches the peer."""
        if not self._closing:
            self.write_eof()
            self._lose(None)

    def abort(self) -> None:
        """Close at once, as a reset connection does: what is under way is lost."""
        if not self._closing:
            peer = self._peer
            self._lose(None)
            if peer is not None and not peer._closing:
                peer._lose(ConnectionResetError("Connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        self._closing = True
        self._loop.call_soon(self._report_loss, error)

    def _report_loss(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._inbound.clear()
            self._inbound_size = 0
            self._protocol.connection_lost(error)
            self._peer = None

    # Who is there

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Change who is told of events."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who is told of events."""
        return self._protocol

    def __repr__(self) -> str:
        state = "closing" if self._closing else "open"
        return f"<MemoryTransport {state}, {self._inbound_size} bytes to read>"


def connect(
    loop: asyncio.AbstractEventLoop,
    client: asyncio.Protocol,
    server: asyncio.Protocol,
    server_extra: Mapping[str, Any] | None = None,
) -> None:
    """Connect two protocols, and tell them so.

    Args:
        loop: the running loop.
        client: the side that connects.
        server: the side that accepts.
        server_extra: further answers of the server side's ``get_extra_info``.
    """
    here, there = ("127.0.0.1", 1), ("127.0.0.1", 80)
    near = MemoryTransport(loop, client, {"sockname": here, "peername": there})
    far = MemoryTransport(
        loop, server, {"sockname": there, "peername": here, **(server_extra or {})}
    )
    near._peer, far._peer = far, near
    server.connection_made(far)
    client.connection_made(near)


def _deliver(data: bytes, protocol: Any) -> None:
    """Give bytes to a protocol of either kind, as the transports of asyncio do."""
    if not isinstance(protocol, asyncio.BufferedProtocol):
        protocol.data_received(data)
        return
    rest = memoryview(data)
    while rest:
        buffer = memoryview(protocol.get_buffer(len(rest))).cast("B")
        taken = min(len(buffer), len(rest))
        buffer[:taken] = rest[:taken]
        protocol.buffer_updated(taken)
        rest = rest[taken:]
