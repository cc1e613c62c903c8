"""Bytes to fragments to messages (RFC 6455 §5, RFC 7692 §7.2.2).

`FrameReader` checks frames and hands on fragments as they arrive, also parts of a frame;
`WebSocketReader` makes messages of them and puts these into the queue that it is given.  A peer's
fault is never raised out of `feed_data`: the queue gets it.

This file is compiled twice: as it is, and as ``frames_c`` with the C types of ``frames_c.pxd``.  It
knows no event loop, no transport and no clock; a queue is anything with the methods of
`MessageSink`.
"""

from __future__ import annotations

import zlib
from codecs import utf_8_decode
from collections.abc import Callable
from typing import Any, Final, Protocol

from aiohttp._websocket.masking import GatheringPy, masked, unmasked
from aiohttp._websocket.masking import gather_py as gather
from aiohttp._websocket.masking import holder_py as holder
from aiohttp._websocket.models import (
    WS_DEFLATE_TRAILING,
    Role,
    WebSocketError,
    WSCloseCode,
    WSMessage,
    WSMessageTextBytes,
    WSMsgType,
    may_be_sent,
    new_message,
)


class MessageSink(Protocol):
    """What `WebSocketReader` feeds; `WebSocketDataQueue` is one."""

    on_data: Callable[[], None] | None

    def feed_data(self, data: Any, size: int) -> bool | None: ...
    def stall(self, reader: Any) -> None: ...
    def set_exception(self, exc: BaseException) -> None: ...
    def feed_eof(self) -> None: ...


class Inflater(Protocol):
    """A raw-deflate decompressor, as `zlib.decompressobj(-15)` gives."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _plain_inflater() -> Inflater:
    # 15: understands every window that a peer may choose (RFC 7692 §7.1.2).
    return zlib.decompressobj(wbits=-zlib.MAX_WBITS)


# Opcodes (RFC 6455 §5.2); those from 8 on are control frames. NOTHING: no message is open.
NOTHING: Final = -1
CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

# Bits of a frame's first byte (RFC 6455 §5.2); RSV1 means "compressed" (RFC 7692 §6).
FIN: Final = 0x80
RESERVED: Final = 0x70
RSV1: Final = 0x40

WHOLE_TEXT: Final = FIN | TEXT
WHOLE_BINARY: Final = FIN | BINARY

# What we expect of the mask bit; any role reads both (for readers made without a role).
UNMASKED: Final = 0
MASKED: Final = 1
EITHER: Final = 2

# The life of a reader.
READING: Final = 0
# A close frame came: what follows is dropped unread (RFC 6455 §1.4, §5.5.1).
CLOSED: Final = 1
# The peer broke the protocol: the same, and the protocol is told so.
FAILED: Final = 2

# Control frames carry at most 125 bytes (RFC 6455 §5.5).
MAX_CONTROL_PAYLOAD: Final = 125

# Pieces below this are gathered in a bytearray: one list entry for each byte would cost 40 times
# its memory.
SMALL_PIECE: Final = 1024

# A frame's payload gets a place of its own, as big as it will be, once such a part of it has come:
# who announces much and sends little must not make us take memory.
GATHERED_FROM: Final = 8

# Bytes; no message is as long as this, and what is computed from a smaller limit fits 64 bits.
NO_LIMIT_FROM: Final = 1 << 62

# A message that is compressed may be split into deflate streams (RFC 7692 §7.2.3.5); more than this
# is an attack: each one costs an inflater.
MAX_DEFLATE_STREAMS: Final = 16

MSG_TEXT: Final = WSMsgType.TEXT
MSG_BINARY: Final = WSMsgType.BINARY
MSG_PING: Final = WSMsgType.PING
MSG_PONG: Final = WSMsgType.PONG
MSG_CLOSE: Final = WSMsgType.CLOSE
_WSMessage = WSMessage
_WSMessageTextBytes = WSMessageTextBytes

_OK: Final = (False, b"")
_ERROR: Final = (True, b"")


def _protocol_error(message: str) -> WebSocketError:
    return WebSocketError(WSCloseCode.PROTOCOL_ERROR, message)


def _long_length(data: bytes, pos: int, width: int) -> int:
    """Read a length of 2 or 8 bytes (RFC 6455 §5.2: shortest form, highest bit 0)."""
    buf = data
    length = int.from_bytes(buf[pos : pos + width], "big")
    if length < (126 if width == 2 else 65536):
        raise _protocol_error(
            f"frame length {length} is not in its shortest form: got {width} bytes of length"
        )
    if length >= 1 << 63:
        raise _protocol_error("the highest bit of a 64-bit frame length is set (RFC 6455 §5.2)")
    return length


def _bad_text(subject: str) -> WebSocketError:
    return WebSocketError(WSCloseCode.INVALID_TEXT, f"{subject} is not valid UTF-8")


# Bytes to fragments


class FrameReader:
    """Check frames and hand on their payload as it arrives.

    A subclass gets each fragment by `_handle_frame()`: a frame, or the part of a data frame that
    has arrived; the parts after the first come as continuations, so that fragments look alike
    however they were cut.  Control frames come whole, also between the fragments of a message.
    """

    def __init__(self, max_msg_size: int, compress: bool, role: Role | None) -> None:
        # Bytes; 0: no limit.
        self._max_msg_size = max_msg_size if max_msg_size < NO_LIMIT_FROM else 0
        # permessage-deflate was negotiated.
        self._compress = compress
        self._mask_rule = EITHER
        if role is not None:
            self._mask_rule = MASKED if role is Role.SERVER else UNMASKED
        self._state = READING
        # The queue is full: nothing is parsed until it has been read from.
        self._stalled = False
        # Bytes that cannot be used yet: part of a head or of a control frame, or all, while
        # stalled.
        self._held = b""
        # The data frame that we are inside of: payload bytes to come, and those that came.
        self._frame_left = 0
        self._frame_seen = 0
        self._frame_final = False
        # CONTINUATION once a part of it has been handed on.
        self._frame_opcode = CONTINUATION
        self._frame_key: bytes | None = None
        # Takes the rest of its payload, which is handed on in one piece; None: as it comes.
        self._gathering: GatheringPy | None = None
        # The message that we are inside of, or NOTHING; its payload bytes announced so far, as on
        # the wire.
        self._opcode = NOTHING
        self._compressed = False
        self._wire_size = 0

    def _handle_frame(self, fin: bool, opcode: int, payload: bytes, compressed: bool) -> None:
        """Take a fragment; `fin`: the message ends with it."""
        raise NotImplementedError

    def _wants_whole(self) -> bool:
        """Whether the rest of a frame is to be handed on in one piece, when it is not too big."""
        return False

    # Parsing…

    def _feed_data(self, data: bytes, end: int = -1) -> None:
        """Parse what is held and ``data[:end]``, as far as they go, and hold the rest.

        Any `end` that does not lie in `data` means all of it: the compiled build reads unchecked.

        Raises:
            WebSocketError: the peer broke the protocol.
        """
        size = len(data)
        if not 0 <= end <= size:
            end = size
        buf = data
        pos = 0
        if self._held:
            data = self._held + buf[:end]
            buf = data
            end = len(data)
            self._held = b""
        while pos < end and self._state == READING and not self._stalled:
            if self._frame_left == 0:
                used = self._parse_frame(data, pos, end)
            else:
                used = self._take_part(data, pos, end)
            if used == 0:
                break
            pos += used
        if self._state == READING and pos < end:
            self._held = buf[pos:end]

    def _parse_frame(self, data: bytes, start: int, end: int) -> int:
        """Read the frame at `start` if all of it is there, else the head of a data frame.

        Return how many bytes that took; 0: there are too few yet.
        """
        buf = data
        if end - start < 2:
            return 0
        first = buf[start]
        second = buf[start + 1]
        opcode = first & 0x0F
        # A whole message that is not compressed breaks no rule but that of masks.
        plain = first in (WHOLE_TEXT, WHOLE_BINARY) and self._opcode == NOTHING
        if not plain or (self._mask_rule != EITHER and second >> 7 != self._mask_rule):
            self._check_head(first, second)
        is_masked = second >> 7
        width = 0 if second & 0x7F < 126 else 2 if second & 0x7F == 126 else 8
        pos = start + 2 + width + 4 * is_masked
        if end < pos:
            return 0
        length = second & 0x7F if width == 0 else _long_length(data, start + 2, width)
        whole = length <= end - pos
        if opcode < CLOSE:
            self._count_frame(first, opcode, length)
        elif not whole:
            return 0
        if not whole:
            self._begin_parts(first, opcode, length, buf[pos - 4 : pos] if is_masked else None)
            return pos - start
        stop = pos + length
        payload = unmasked(data, pos, stop) if is_masked else buf[pos:stop]
        self._hand_on(bool(first & FIN), opcode, payload)
        return stop - start

    def _begin_parts(self, first: int, opcode: int, length: int, key: bytes | None) -> None:
        """Note the head of a data frame whose payload is still coming."""
        self._frame_final = bool(first & FIN)
        self._frame_opcode = opcode
        self._frame_left = length
        self._frame_seen = 0
        self._frame_key = key

    def _take_part(self, data: bytes, start: int, end: int) -> int:
        """Take what there is of the open frame's payload; return how many bytes that is."""
        buf = data
        left = self._frame_left
        size = end - start
        if size > left:
            size = left
        stop = start + size
        gathering = self._gathering
        if gathering is None and size < left <= size * GATHERED_FROM and self._wants_whole():
            gathering = self._gathering = gather(left, self._frame_key, self._frame_seen)
        self._frame_left = left - size
        if gathering is None:
            if self._frame_key is None:
                piece = buf[start:stop]
            else:
                piece = masked(self._frame_key, data, start, stop, self._frame_seen)
            self._frame_seen += size
            self._hand_on_part(piece)
        elif gathering.add(data, start, stop) == 0:
            self._gathering = None
            self._hand_on_part(gathering.take())
        return size

    def _hand_on_part(self, piece: bytes) -> None:
        opcode = self._frame_opcode
        self._frame_opcode = CONTINUATION
        self._hand_on(self._frame_final and self._frame_left == 0, opcode, piece)

    def _hand_on(self, fin: bool, opcode: int, payload: bytes) -> None:
        if opcode >= CLOSE:
            self._handle_frame(True, opcode, payload, False)
        else:
            if fin:
                self._opcode = NOTHING
            self._handle_frame(fin, opcode, payload, self._compressed)

    # Checks…

    def _check_head(self, first: int, second: int) -> None:
        """Check all that the first two bytes of a frame tell."""
        opcode = first & 0x0F
        reserved = first & RESERVED
        is_masked = second >> 7
        if opcode > PONG or BINARY < opcode < CLOSE:
            raise _protocol_error(f"opcode {opcode:#x} is reserved (RFC 6455 §5.2)")
        if reserved and not (reserved == RSV1 and self._compress and opcode in (TEXT, BINARY)):
            raise _protocol_error(
                "reserved bits are set; expected RSV1 alone, on the first frame of a message, "
                f"when compression was negotiated; got {reserved >> 4:03b} on opcode {opcode:#x}"
            )
        if self._mask_rule != EITHER and is_masked != self._mask_rule:
            raise _protocol_error(
                "a client must mask its frames; got one that is not masked (RFC 6455 §5.1)"
                if self._mask_rule == MASKED
                else "a server must not mask its frames; got a masked one (RFC 6455 §5.1)"
            )
        if opcode >= CLOSE:
            if not first & FIN:
                raise _protocol_error("a control frame is fragmented (RFC 6455 §5.5)")
            if second & 0x7F > MAX_CONTROL_PAYLOAD:
                raise _protocol_error(
                    f"a control frame has more than {MAX_CONTROL_PAYLOAD} bytes (RFC 6455 §5.5)"
                )
        elif opcode == CONTINUATION:
            if self._opcode == NOTHING:
                raise _protocol_error("a continuation frame came, but no message is open")
        elif self._opcode != NOTHING:
            raise _protocol_error(
                f"a new message began (opcode {opcode:#x}) before the last one was complete"
            )

    def _count_frame(self, first: int, opcode: int, length: int) -> None:
        """Refuse a data frame that makes its message too big, before any of it is read."""
        if opcode != CONTINUATION:
            self._opcode = opcode
            self._compressed = bool(first & RSV1)
            self._wire_size = 0
        limit = self._max_msg_size
        # Data that does not compress grows: by 5 bytes for each stored block, which may have only
        # 127, or to 9 bits a byte in fixed Huffman codes (RFC 1951 §3.2.4, §3.2.6).
        allowed = limit + (limit >> 3) + 64 if self._compressed else limit
        if limit and length > allowed - self._wire_size:
            raise WebSocketError(
                WSCloseCode.MESSAGE_TOO_BIG,
                f"message size {self._wire_size + length} exceeds limit {limit}",
            )
        if limit:
            self._wire_size += length


# Fragments to messages


class WebSocketReader(FrameReader):
    """Turn what a peer sends into messages.

    Args:
        queue: where messages and errors go, usually a `WebSocketDataQueue`.
        max_msg_size: bytes of payload, after decompression; a bigger message fails with 1009. 0: no
            limit.
        compress: permessage-deflate was negotiated; without, a compressed frame fails with 1002.
        decode_text: give TEXT as str, checked for UTF-8 while it arrives; False: as bytes,
            unchecked.
        role: our side; a server refuses frames that are not masked, a client those that are. None
            takes both.
        inflater: makes a raw-deflate decompressor; None: zlib's.
    """

    def __init__(
        self,
        queue: MessageSink,
        max_msg_size: int,
        compress: bool = True,
        decode_text: bool = True,
        *,
        role: Role | None = None,
        inflater: Callable[[], Inflater] | None = None,
    ) -> None:
        if queue is None:
            # The compiled build would look for what a queue has where None has nothing.
            raise TypeError("queue expected a WebSocketDataQueue; got None")
        FrameReader.__init__(self, max_msg_size, compress, role)
        self._queue = queue
        self._decode_text = decode_text
        self._new_inflater = inflater if inflater is not None else _plain_inflater
        # Lives as long as the connection: the peer's context may reach back into earlier messages.
        self._inflater: Inflater | None = None
        # The open message: whether it is checked as text, its parts, their size, and the start of a
        # character.
        self._text = False
        self._pieces: list[bytes | bytearray] = []
        self._size = 0
        self._carry = b""
        # Deflate streams begun in the open message.
        self._streams = 0
        self._eof = False

    def feed_data(self, data: bytes | bytearray | memoryview) -> tuple[bool, bytes]:
        """Take received bytes; return (True, b"") once the peer has failed, else (False, b"").

        Nothing refers to `data` afterwards: it may be a view of a buffer that is used again.
        """
        size = len(data)
        return self.feed_first(data if type(data) is bytes else holder(data, size), size)

    def feed_first(self, data: bytes, size: int) -> tuple[bool, bytes]:
        """Do the same with ``data[:size]``."""
        on_data = self._queue.on_data
        if on_data is not None:
            on_data()
        if self._state != READING:
            return _ERROR if self._state == FAILED else _OK
        if self._stalled:
            self._held += data[:size]
            return _OK
        try:
            self._feed_data(data, size)
        except WebSocketError as exc:
            self._fail(exc)
            return _ERROR
        return _OK

    def feed_eof(self) -> None:
        """Note that the peer sends no more; messages that wait for room in the queue come first."""
        self._eof = True
        if not self._stalled:
            self._queue.feed_eof()

    def resume(self) -> None:
        """Go on with what is held; called by the queue when it has room again."""
        self._stalled = False
        if self._held and self._state == READING:
            try:
                self._feed_data(b"")
            except WebSocketError as exc:
                self._fail(exc)
        if self._eof and not self._stalled:
            self._queue.feed_eof()

    def _fail(self, exc: WebSocketError) -> None:
        self._state = FAILED
        self._pieces.clear()
        self._gathering = None
        self._held = b""
        self._queue.set_exception(exc)

    def _wants_whole(self) -> bool:
        # What is inflated or checked as text is worth more in parts.
        return not (self._compressed or (self._opcode == TEXT and self._decode_text))

    def _handle_frame(self, fin: bool, opcode: int, payload: bytes, compressed: bool) -> None:
        if opcode >= CLOSE:
            self._handle_control(opcode, payload)
        else:
            if opcode != CONTINUATION:
                self._text = opcode == TEXT
                self._size = 0
                self._streams = 0
            if compressed:
                payload = self._inflate(payload, fin)
            if fin and not self._pieces:
                # A message of one piece: nearly all of them.
                self._deliver(payload)
            else:
                self._handle_part(fin, payload)

    # Control frames…

    def _handle_control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._put(new_message(_WSMessage, (MSG_PING, payload, "")), len(payload))
        elif opcode == PONG:
            self._put(new_message(_WSMessage, (MSG_PONG, payload, "")), len(payload))
        else:
            self._handle_close(payload)

    def _handle_close(self, payload: bytes) -> None:
        """Check the body of a close frame (RFC 6455 §5.5.1)."""
        code = 0
        reason = ""
        if len(payload) == 1:
            raise _protocol_error("a close frame has a body of 1 byte; expected none or a code")
        if payload:
            code = payload[0] << 8 | payload[1]
            if not may_be_sent(code):
                raise _protocol_error(f"close code {code} must not be sent (RFC 6455 §7.4)")
            try:
                reason = payload[2:].decode("utf-8")
            except UnicodeDecodeError as exc:
                raise _bad_text("close reason") from exc
        self._state = CLOSED
        self._pieces.clear()
        self._put(new_message(_WSMessage, (MSG_CLOSE, code, reason)), 0)

    # Messages…

    def _handle_part(self, fin: bool, data: bytes) -> None:
        self._add(data)
        if fin:
            if self._carry:
                raise _bad_text("text message")
            pieces = self._pieces
            self._pieces = []
            self._deliver(b"".join(pieces))

    def _add(self, data: bytes) -> None:
        """Keep a part of the open message, its text checked as far as it goes (RFC 6455 §8.1)."""
        size = len(data)
        self._size += size
        if self._text and self._decode_text:
            self._check_text(data)
        pieces = self._pieces
        if size >= SMALL_PIECE:
            pieces.append(data)
        elif pieces and type(pieces[-1]) is bytearray:
            pieces[-1] += data
        elif size:
            pieces.append(bytearray(data))

    def _check_text(self, data: bytes) -> None:
        """Check the next part of a text for UTF-8; it may end within a character."""
        known = self._carry + data if self._carry else data
        try:
            used = utf_8_decode(known, "strict", False)[1]
        except UnicodeDecodeError as exc:
            raise _bad_text("text message") from exc
        carry = known[used:]
        # CPython waits for the third byte of what is a surrogate already.
        if len(carry) == 2 and carry[0] == 0xED and carry[1] >= 0xA0:
            raise _bad_text("text message")
        self._carry = carry

    def _deliver(self, data: bytes) -> None:
        """Put the whole message into the queue."""
        message: WSMessage | WSMessageTextBytes
        if not self._text:
            message = new_message(_WSMessage, (MSG_BINARY, data, ""))
        elif self._decode_text:
            try:
                message = new_message(_WSMessage, (MSG_TEXT, data.decode("utf-8"), ""))
            except UnicodeDecodeError as exc:
                raise _bad_text("text message") from exc
        else:
            message = new_message(_WSMessageTextBytes, (MSG_TEXT, data, ""))
        self._put(message, len(data))

    def _put(self, message: WSMessage | WSMessageTextBytes, size: int) -> None:
        if self._queue.feed_data(message, size) is True:
            self._stalled = True
            self._queue.stall(self)

    # Inflating…

    def _inflate(self, data: bytes, final: bool) -> bytes:
        """Inflate a part of a message, up to its limit (RFC 7692 §7.2.2)."""
        if final:
            data = data + WS_DEFLATE_TRAILING
        limit = self._max_msg_size
        size = self._size
        output = b""
        while data:
            inflater = self._inflater
            if inflater is None:
                inflater = self._begin_stream(output)
            try:
                # One byte more than is allowed tells "too much" from "just enough".
                piece = inflater.decompress(data, limit - size + 1 if limit else 0)
            except Exception as exc:
                # Each zlib backend has an error class of its own.  The code is that of bad text:
                # which of both is found first depends on the parts in which a message arrives.
                raise WebSocketError(
                    WSCloseCode.INVALID_TEXT, f"a compressed message cannot be inflated: {exc}"
                ) from exc
            size += len(piece)
            output = output + piece if output else piece
            if limit and size > limit:
                self._check_before_fault(output)
                raise WebSocketError(
                    WSCloseCode.MESSAGE_TOO_BIG, f"decompressed message exceeds size limit {limit}"
                )
            if not inflater.eof:
                break
            # A block said that it is the last (RFC 7692 §7.2.3.5): what follows begins anew.
            data = inflater.unused_data
            self._inflater = None
        return output

    def _begin_stream(self, output: bytes) -> Inflater:
        self._streams += 1
        if self._streams > MAX_DEFLATE_STREAMS:
            self._check_before_fault(output)
            raise _protocol_error(f"a message has more than {MAX_DEFLATE_STREAMS} deflate streams")
        self._inflater = self._new_inflater()
        return self._inflater

    def _check_before_fault(self, output: bytes) -> None:
        """Let a fault in the text come first, as it does where the frame arrives in parts."""
        if self._text and self._decode_text:
            self._check_text(output)
