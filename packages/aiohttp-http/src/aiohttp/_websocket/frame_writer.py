"""Frames out: mask, compress, write, wait for the transport.

One transport write a frame, but for big ones that need no mask, and for many small ones in a row: a
write is a system call, which costs several times what framing does.  This file is compiled twice:
as it is, and as ``frame_writer_c``.  It knows a protocol that can be drained and its transport; it
knows neither messages that come in nor the closing handshake, beyond refusing data after a close
frame (RFC 6455 §5.5.1).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Iterator
from typing import TYPE_CHECKING, Any, Final

from aiohttp._websocket.deflate import new_deflater
from aiohttp._websocket.handshake import MAX_WINDOW_BITS, MIN_OWN_WINDOW_BITS
from aiohttp._websocket.masking import frame_head, framed
from aiohttp._websocket.models import (
    NO_STATUS_RECEIVED,
    WS_DEFLATE_TRAILING,
    WSMsgType,
    may_be_sent,
)
from aiohttp.client_exceptions import ClientConnectionResetError
from aiohttp.compression_utils import ZLibBackend

if TYPE_CHECKING:
    from random import Random

    from aiohttp.base_protocol import BaseProtocol

# Bytes written before a sender waits for the transport to drain: that of aiohttp 3.14's streams.
DEFAULT_LIMIT: Final = 2**18

# Bytes; deflating more than this goes to the executor: it takes longer than going there.
MAX_SYNC_DEFLATE: Final = 16 * 1024

# Bytes; above, a second write costs less than a copy of the payload.
MIN_SEPARATE_PAYLOAD: Final = 64 * 1024

# So many frames are written one by one; when more follow, they are gathered until the loop has had
# a turn.  High enough that who sends a few messages and drops the transport finds them sent.
FRAMES_WRITTEN_AT_ONCE: Final = 64

# Bytes of gathered frames that are written without waiting for the loop: the transport's high-water
# mark by default.
MAX_GATHERED: Final = 64 * 1024

# Bytes of payload; above, copying a frame together with others costs as much as writing it.
MAX_GATHERED_PAYLOAD: Final = 16 * 1024

# RFC 6455 §5.5: control frames carry at most 125 bytes; two of a close frame's are the code.
MAX_CONTROL_PAYLOAD: Final = 125
MAX_CLOSE_REASON: Final = MAX_CONTROL_PAYLOAD - 2

# Keys made from one read of the system's entropy, which costs as much as framing a message.
_KEYS_A_READ: Final = 64

_FIN: Final = 0x80
_RSV1: Final = 0x40
_CONTROL: Final = 0x8
_CLOSE: Final = int(WSMsgType.CLOSE)


def _unpredictable_keys() -> Iterator[bytes]:
    """Yield masking keys from a strong source of entropy (RFC 6455 §5.3)."""
    while True:
        pool = os.urandom(4 * _KEYS_A_READ)
        for i in range(0, len(pool), 4):
            yield pool[i : i + 4]


def _keys_of(random: Random) -> Iterator[bytes]:
    while True:
        yield random.getrandbits(32).to_bytes(4, "big")


def close_payload(code: int, reason: bytes | str = b"") -> bytes:
    """Return the body of a close frame (RFC 6455 §5.5.1).

    Args:
        code: the close code; 0 or 1005 make a frame without one.
        reason: UTF-8, cut to 123 bytes, between characters.

    Raises:
        ValueError: the code must not be sent (RFC 6455 §7.4), or the reason is not UTF-8.
    """
    if code in (0, NO_STATUS_RECEIVED):
        return b""
    if not may_be_sent(code):
        raise ValueError(
            f"close code expected 1000–1003, 1007–1014 or 3000–4999 (RFC 6455 §7.4); got {code}"
        )
    if isinstance(reason, str):
        reason = reason.encode("utf-8")
    else:
        try:
            reason.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise ValueError(f"close message expected UTF-8; got {reason!r}") from exc
    if len(reason) > MAX_CLOSE_REASON:
        reason = reason[:MAX_CLOSE_REASON].decode("utf-8", "ignore").encode("utf-8")
    return code.to_bytes(2, "big") + reason


class WebSocketWriter:
    """Write the frames of one connection.

    Args:
        protocol: drains the transport.
        transport: where frames go.
        use_mask: mask every frame, as a client must.
        limit: bytes after which a sender waits for the transport.
        random: where masking keys come from; None: the system's entropy.
        compress: window bits of the negotiated permessage-deflate, 9 to 15; 0: none was negotiated.
        notakeover: forget the compression context after each message, as was negotiated.
    """

    def __init__(
        self,
        protocol: BaseProtocol,
        transport: asyncio.Transport,
        *,
        use_mask: bool = False,
        limit: int = DEFAULT_LIMIT,
        random: Random | None = None,
        compress: int = 0,
        notakeover: bool = False,
    ) -> None:
        self.protocol = protocol
        self.transport = transport
        self.use_mask = use_mask
        self.compress = compress
        self.notakeover = notakeover
        # None: frames are not masked.
        self._keys: Iterator[bytes] | None = None
        if use_mask:
            self._keys = _unpredictable_keys() if random is None else _keys_of(random)
        self._limit = limit
        # Bytes written since somebody last waited for the transport.
        self._output_size = 0
        # Frames written in a row as far as we know: the loop is asked now and then.
        self._in_a_row = 0
        # Frames that leave together, their bytes, and whether the loop will call us for them.
        self._gathered: list[bytes] = []
        self._gathered_size = 0
        self._turn_due = False
        # A close frame was sent: no data may follow (RFC 6455 §5.5.1).
        self._closing = False
        # Lives as long as the connection, unless a message had window bits of its own.
        self._compressor: Any = None
        # The last frame that waits for the executor, or behind one that does: data frames keep
        # their order.
        self._last_job: asyncio.Task[None] | None = None

    @property
    def closing(self) -> bool:
        """Tell whether a close frame was sent."""
        return self._closing

    # Sending…

    async def send_frame(
        self, message: bytes | bytearray | memoryview, opcode: int, compress: int | None = None
    ) -> None:
        """Write a frame, and wait if the transport has more than it wants.

        Args:
            message: its payload.
            opcode: RFC 6455 §5.2.
            compress: window bits for this message, at most those negotiated; 0: leave it
                uncompressed; None: as negotiated.

        Raises:
            ClientConnectionResetError: the connection is closing or lost, or a close frame was
                sent.
            ValueError: a control frame of more than 125 bytes, or impossible window bits.
        """
        waiting = self.write(message, opcode, compress)
        if waiting is not None:
            await waiting

    def write(
        self, message: bytes | bytearray | memoryview, opcode: int, compress: int | None = None
    ) -> Awaitable[None] | None:
        """Do what `send_frame()` does, at once; return what to wait for, or None: nothing."""
        if opcode & _CONTROL:
            if len(message) > MAX_CONTROL_PAYLOAD:
                raise ValueError(
                    f"control frame expected at most {MAX_CONTROL_PAYLOAD} bytes (RFC 6455 §5.5); "
                    f"got {len(message)}"
                )
            if self._last_job is not None and opcode == _CLOSE:
                return self._queue_job(message, opcode, 0)
        else:
            if self._closing:
                raise ClientConnectionResetError("Cannot write to closing transport")
            bits = 0
            if self.compress and compress != 0:
                bits = self.compress if compress is None else self._check_bits(compress)
            if self._last_job is not None or (bits and len(message) > MAX_SYNC_DEFLATE):
                return self._queue_job(message, opcode, bits)
            if bits:
                message = self._deflate(message, bits)
                opcode |= _RSV1
        self._write_frame(_FIN | opcode, message)
        # Nobody writes after a close frame: there is no one to slow down.
        return self.drain() if self._output_size > self._limit and opcode != _CLOSE else None

    def ping_now(self) -> None:
        """Write a ping and never wait: a transport that is stuck is what a heartbeat finds out.

        Raises:
            ClientConnectionResetError: the connection is closing or lost.
        """
        self._write_frame(_FIN | WSMsgType.PING, b"")

    async def close(self, code: int = 1000, message: bytes | str = b"") -> None:
        """Send a close frame; data frames are refused from then on.

        Args:
            code: the close code (RFC 6455 §7.4); 0 or 1005: none.
            message: the reason, UTF-8, cut to 123 bytes.

        Raises:
            ValueError: the code must not be sent, or the reason is not UTF-8.
            ClientConnectionResetError: the connection is closing or lost.
        """
        waiting = self.begin_close(code, message)
        if waiting is not None:
            await waiting

    def begin_close(self, code: int = 1000, message: bytes | str = b"") -> Awaitable[None] | None:
        """Send a close frame; return what to wait for when it is queued behind other frames."""
        payload = close_payload(code, message)
        try:
            return self.write(payload, _CLOSE)
        finally:
            self._closing = True

    def _write_frame(self, first: int, message: bytes | bytearray | memoryview) -> None:
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("Cannot write to closing transport")
        if type(message) is not bytes:
            message = bytes(message)
        keys = self._keys
        size = len(message)
        self._output_size += size
        if size >= MIN_SEPARATE_PAYLOAD and keys is None:
            self.flush()
            head = frame_head(first, size)
            # Who sends as much as the limit at once waits each time, and not every other time: what
            # the system does not take at once, asyncio may copy.
            self._output_size += len(head)
            transport.write(head)
            transport.write(message)
            return
        frame = framed(first, message, None if keys is None else next(keys))
        if self._in_a_row < FRAMES_WRITTEN_AT_ONCE:
            self._in_a_row += 1
            transport.write(frame)
            return
        self._gathered.append(frame)
        self._gathered_size += len(frame)
        if not self._turn_due:
            self._await_turn()
        if size > MAX_GATHERED_PAYLOAD or self._gathered_size > MAX_GATHERED or first & _CONTROL:
            self.flush()

    async def drain(self) -> None:
        """Wait until the transport takes more."""
        self.flush()
        self._output_size = 0
        await self.protocol._drain_helper()

    # Frames in a row…

    def _await_turn(self) -> None:
        """Have the loop call us when it comes round."""
        self._turn_due = True
        # Whoever closes the connection before our turn comes writes them first.
        self.protocol.flush_writer = self.flush
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """Write what was gathered since the loop had its last turn."""
        self._turn_due = False
        if len(self._gathered) <= 1:
            # That was no row: the frames before it had turns between them.
            self._in_a_row = 0
        self.flush()

    def flush(self) -> None:
        """Write the frames that were gathered, if there are any."""
        frames = self._gathered
        if frames:
            self._gathered = []
            self._gathered_size = 0
            transport = self.transport
            if transport is not None and not transport.is_closing():
                transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    # Compressing…

    def _check_bits(self, compress: int) -> int:
        if not MIN_OWN_WINDOW_BITS <= compress <= MAX_WINDOW_BITS:
            raise ValueError(
                f"compress expected 0 or window bits from {MIN_OWN_WINDOW_BITS} to "
                f"{MAX_WINDOW_BITS}; got {compress}"
            )
        return min(compress, self.compress)

    def _deflate(self, message: bytes | bytearray | memoryview, bits: int) -> bytes:
        """Compress a message (RFC 7692 §7.2.1)."""
        own_bits = bits != self.compress
        compressor = self._compressor
        if own_bits or compressor is None:
            compressor = new_deflater(bits)
            # The peer's window now holds a message that the old compressor has not seen: its back
            # references would miss. So it goes.
            self._compressor = None if own_bits else compressor
        flush = ZLibBackend.Z_FULL_FLUSH if self.notakeover else ZLibBackend.Z_SYNC_FLUSH
        data: bytes = compressor.compress(message) + compressor.flush(flush)
        # An empty message still has a block (RFC 7692 §7.2.3.6).
        return data.removesuffix(WS_DEFLATE_TRAILING) or b"\x00"

    # Frames that wait for the executor…

    def _queue_job(
        self, message: bytes | bytearray | memoryview, opcode: int, bits: int
    ) -> Awaitable[None]:
        """Write the frame after those that are queued; cancelling who waits does not stop it.

        A message that has been compressed must be sent: the messages after it refer back to it.
        """
        if type(message) is not bytes:
            message = bytes(message)  # the caller may change it meanwhile
        job = asyncio.ensure_future(self._run_job(self._last_job, message, opcode, bits))
        self._last_job = job
        job.add_done_callback(self._job_done)
        return self._job_written(job, opcode)

    async def _job_written(self, job: asyncio.Task[None], opcode: int) -> None:
        """Wait until a queued frame is written, and then for the transport.

        Only its sender does that: the frames behind it, a close frame above all, would be stuck on
        a peer that does not read.
        """
        await asyncio.shield(job)
        if self._output_size > self._limit and opcode != _CLOSE:
            await self.drain()

    async def _run_job(
        self, previous: asyncio.Task[None] | None, message: bytes, opcode: int, bits: int
    ) -> None:
        if previous is not None:
            await asyncio.wait((previous,))  # its error is for who sent it
        if bits:
            if len(message) > MAX_SYNC_DEFLATE:
                loop = asyncio.get_running_loop()
                message = await loop.run_in_executor(None, self._deflate, message, bits)
            else:
                message = self._deflate(message, bits)
            opcode |= _RSV1
        self._write_frame(_FIN | opcode, message)

    def _job_done(self, job: asyncio.Task[None]) -> None:
        if self._last_job is job:
            self._last_job = None
        if not job.cancelled():
            job.exception()  # told to the sender, if it still listens
