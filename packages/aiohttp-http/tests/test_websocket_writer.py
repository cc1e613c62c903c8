"""What goes out: frames, masks, compression, order, back-pressure."""

from __future__ import annotations

import asyncio
import random
import zlib
from typing import Any, cast

import pytest

from aiohttp._websocket import frame_writer, writer
from aiohttp._websocket.frame_writer import (
    DEFAULT_LIMIT,
    FRAMES_WRITTEN_AT_ONCE,
    MAX_GATHERED,
    MAX_GATHERED_PAYLOAD,
    MAX_SYNC_DEFLATE,
    MIN_SEPARATE_PAYLOAD,
    close_payload,
)
from aiohttp._websocket.frames import WebSocketReader
from aiohttp._websocket.message_queue import WebSocketDataQueue
from aiohttp._websocket.models import WSMsgType
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import ClientConnectionResetError

TEXT, BINARY, CLOSE = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CLOSE
PING, PONG = WSMsgType.PING, WSMsgType.PONG


class FakeTransport:
    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closing = False

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self) -> None:
        self.closing = True


WRITERS: dict[str, Any] = {"py": frame_writer.WebSocketWriter}
try:
    from aiohttp._websocket import frame_writer_c  # type: ignore[attr-defined]
except ImportError:
    pass
else:
    WRITERS["c"] = frame_writer_c.WebSocketWriter


class Connection:
    """A writer and what comes of it at the other end."""

    writer_class: Any

    def __init__(self, **options: Any) -> None:
        loop = asyncio.get_running_loop()
        self.protocol = BaseProtocol(loop)
        self.transport = FakeTransport()
        self.protocol.transport = cast(asyncio.Transport, self.transport)
        self.writer = self.writer_class(self.protocol, self.transport, **options)

    def received(self) -> list[tuple[int, Any]]:
        queue = WebSocketDataQueue(self.protocol, 2**30, loop=asyncio.get_running_loop())
        reader = WebSocketReader(queue, 0)
        reader.feed_data(b"".join(self.transport.writes))
        assert queue.exception() is None
        result: list[tuple[int, Any]] = []
        while (message := queue.take()) is not None:
            result.append((message.type, message.data))
        return result


@pytest.fixture(autouse=True, params=WRITERS)
def build(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "writer_class", WRITERS[request.param], raising=False)


def test_the_writer_in_use() -> None:
    assert writer.WebSocketWriter in WRITERS.values()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 300_000])
@pytest.mark.parametrize("options", [{}, {"use_mask": True}])
async def test_one_write_a_frame(size: int, options: dict[str, Any]) -> None:
    connection = Connection(**options)
    payload = bytes(i & 0xFF for i in range(size))
    await connection.writer.send_frame(payload, BINARY)
    # A big payload goes out as it is: a second write costs less than a copy.
    apart = size >= MIN_SEPARATE_PAYLOAD and not options
    assert len(connection.transport.writes) == (2 if apart else 1)
    assert connection.received() == [(BINARY, payload)]


async def test_a_client_masks_with_unpredictable_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6455 §5.3: a fresh key for each frame, of the system's entropy."""
    connection = Connection(use_mask=True)
    drawn = []

    def urandom(size: int) -> bytes:
        drawn.append(random.randbytes(size))
        return drawn[-1]

    monkeypatch.setattr("os.urandom", urandom)
    for _ in range(200):
        await connection.writer.send_frame(b"a", BINARY)
        connection.writer.flush()
    keys = {frame[2:6] for frame in connection.transport.writes}
    assert all(frame[1] & 0x80 for frame in connection.transport.writes)
    assert len(keys) > 190
    entropy = b"".join(drawn)
    assert all(key in entropy for key in keys)


async def test_keys_from_a_given_source() -> None:
    connection = Connection(use_mask=True, random=random.Random(1))
    await connection.writer.send_frame(b"\x00\x00\x00\x00", BINARY)
    key = random.Random(1).getrandbits(32).to_bytes(4, "big")
    assert connection.transport.writes == [b"\x82\x84" + key + key]


@pytest.mark.parametrize("kind", [bytearray, memoryview])
async def test_bytes_like_payload(kind: Any) -> None:
    connection = Connection()
    await connection.writer.send_frame(kind(b"abc"), BINARY)
    assert connection.received() == [(BINARY, b"abc")]


@pytest.mark.parametrize("opcode", [PING, PONG])
async def test_control_frames_are_short(opcode: int) -> None:
    connection = Connection(compress=15)
    await connection.writer.send_frame(b"a" * 125, opcode)
    assert connection.received() == [(opcode, b"a" * 125)]
    with pytest.raises(ValueError, match="125"):
        await connection.writer.send_frame(b"a" * 126, opcode)


async def test_a_closing_transport_is_refused() -> None:
    connection = Connection()
    connection.transport.closing = True
    with pytest.raises(ClientConnectionResetError):
        await connection.writer.send_frame(b"a", TEXT)


# Frames in a row…


class Row(Connection):
    """A connection on which so many frames were sent that the next ones are gathered."""

    sent: list[tuple[int, bytes]]

    @classmethod
    async def begun(cls, **options: Any) -> Row:
        row = cls(**options)
        row.sent = []
        for number in range(FRAMES_WRITTEN_AT_ONCE):
            await row.send(b"%d" % number)
        assert len(row.transport.writes) == FRAMES_WRITTEN_AT_ONCE
        return row

    async def send(self, payload: bytes, opcode: int = BINARY) -> None:
        self.sent.append((opcode, payload))
        await self.writer.send_frame(payload, opcode)

    @property
    def writes(self) -> int:
        """How often was written since the row had begun."""
        return len(self.transport.writes) - FRAMES_WRITTEN_AT_ONCE


@pytest.mark.parametrize("options", [{}, {"use_mask": True}, {"compress": 15}])
async def test_a_row_of_frames_leaves_in_one_write(options: dict[str, Any]) -> None:
    row = await Row.begun(**options)
    for number in range(10):
        await row.send(b"more %d" % number)
    assert row.writes == 0
    await asyncio.sleep(0)
    assert row.writes == 1
    assert row.received() == row.sent


async def test_a_row_that_is_long_does_not_wait_for_the_loop() -> None:
    row = await Row.begun()
    while row.writes == 0:
        await row.send(b"a" * 1000)
    assert MAX_GATHERED <= len(row.transport.writes[-1]) < MAX_GATHERED + 1100
    await row.send(b"b")
    await asyncio.sleep(0)
    assert row.received() == row.sent


@pytest.mark.parametrize(
    ("payload", "opcode"),
    [
        (b"ping", PING),
        (b"a" * (MAX_GATHERED_PAYLOAD + 1), BINARY),
        (b"a" * MIN_SEPARATE_PAYLOAD, BINARY),
    ],
)
async def test_what_ends_a_row(payload: bytes, opcode: int) -> None:
    row = await Row.begun()
    await row.send(b"gathered")
    assert row.writes == 0
    await row.send(payload, opcode)
    assert row.received() == row.sent


async def test_a_close_frame_comes_after_a_row() -> None:
    row = await Row.begun()
    await row.send(b"gathered")
    await row.writer.close(1000)
    assert row.received() == [*row.sent, (CLOSE, 1000)]


async def test_who_waits_for_the_transport_has_the_row_written() -> None:
    row = await Row.begun()
    await row.send(b"gathered")
    await row.writer.drain()
    assert row.received() == row.sent


async def test_who_closes_the_connection_has_the_row_written() -> None:
    row = await Row.begun()
    await row.send(b"gathered")
    row.protocol._close_transport()
    assert row.received() == row.sent
    assert row.transport.closing


async def test_frames_with_turns_between_them_are_no_row() -> None:
    row = await Row.begun()
    await row.send(b"taken for one of a row")
    await asyncio.sleep(0)
    await row.send(b"alone")
    assert row.writes == 2
    assert row.received() == row.sent


async def test_a_row_on_a_transport_that_closes() -> None:
    row = await Row.begun()
    await row.send(b"gathered")
    row.transport.closing = True
    await asyncio.sleep(0)
    assert row.writes == 0
    with pytest.raises(ClientConnectionResetError):
        await row.send(b"refused")


# Closing…


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        (1000, b"", b"\x03\xe8"),
        (1000, b"bye", b"\x03\xe8bye"),
        (1001, "grüße", b"\x03\xe9gr\xc3\xbc\xc3\x9fe"),
        (4999, b"", b"\x13\x87"),
        (0, b"ignored", b""),
        (1005, b"", b""),
        (1000, b"a" * 200, b"\x03\xe8" + b"a" * 123),
        (1000, "a" + "ä" * 100, b"\x03\xe8a" + "ä".encode() * 61),
    ],
)
async def test_close(code: int, reason: Any, expected: bytes) -> None:
    connection = Connection()
    await connection.writer.close(code, reason)
    assert connection.transport.writes == [bytes([0x88, len(expected)]) + expected]
    assert connection.writer.closing


@pytest.mark.parametrize("code", [-1, 1, 999, 1004, 1006, 1015, 1016, 2999, 5000, 70000])
def test_codes_that_must_not_be_sent(code: int) -> None:
    """RFC 6455 §7.4."""
    with pytest.raises(ValueError, match="close code"):
        close_payload(code)


def test_a_reason_is_utf8() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        close_payload(1000, b"\xff")


async def test_no_data_after_close() -> None:
    """RFC 6455 §5.5.1."""
    connection = Connection()
    await connection.writer.close()
    with pytest.raises(ClientConnectionResetError):
        await connection.writer.send_frame(b"a", TEXT)
    assert len(connection.transport.writes) == 1


# Compression…


async def test_deflate_with_context() -> None:
    connection = Connection(compress=15)
    for _ in range(2):
        await connection.writer.send_frame(b"Hello" * 20, TEXT)
    first, second = connection.transport.writes
    assert first[0] == second[0] == 0xC1
    assert len(second) < len(first)
    assert connection.received() == [(TEXT, "Hello" * 20)] * 2


async def test_deflate_without_context() -> None:
    connection = Connection(compress=15, notakeover=True)
    for _ in range(2):
        await connection.writer.send_frame(b"Hello" * 20, TEXT)
    first, second = connection.transport.writes
    # The second can be read alone.
    assert zlib.decompress(second[2:] + b"\x00\x00\xff\xff\x03\x00", wbits=-15) == b"Hello" * 20
    assert len(first) == len(second)
    assert connection.received() == [(TEXT, "Hello" * 20)] * 2


async def test_an_empty_message_has_a_block() -> None:
    """RFC 7692 §7.2.3.6."""
    connection = Connection(compress=15)
    for _ in range(3):
        await connection.writer.send_frame(b"", TEXT)
    assert connection.transport.writes == [b"\xc1\x01\x00"] * 3
    assert connection.received() == [(TEXT, "")] * 3


async def test_a_message_may_stay_uncompressed() -> None:
    connection = Connection(compress=15)
    await connection.writer.send_frame(b"Hello", TEXT, compress=0)
    assert connection.transport.writes == [b"\x81\x05Hello"]


async def test_nothing_is_compressed_that_was_not_negotiated() -> None:
    """RFC 7692 §6: RSV1 must stay 0."""
    connection = Connection()
    await connection.writer.send_frame(b"Hello", TEXT, compress=15)
    assert connection.transport.writes == [b"\x81\x05Hello"]


@pytest.mark.parametrize("bits", [-1, 1, 8, 16])
async def test_impossible_window_bits(bits: int) -> None:
    connection = Connection(compress=15)
    with pytest.raises(ValueError, match="window bits"):
        await connection.writer.send_frame(b"Hello", TEXT, compress=bits)


async def test_window_bits_of_one_message() -> None:
    """The context before it is not used after it: the peer's window holds the message."""
    connection = Connection(compress=15)
    parts = [bytes(random.Random(i).choices(b"abcdef", k=3000)) for i in range(3)]
    sent = [parts[0], parts[1], parts[0], parts[2], parts[0]]
    for message, bits in zip(sent, (None, 9, None, 15, None), strict=True):
        await connection.writer.send_frame(message, BINARY, compress=bits)
    assert connection.received() == [(BINARY, message) for message in sent]


async def test_never_more_window_bits_than_negotiated() -> None:
    connection = Connection(compress=9)
    block = bytes(random.Random(0).choices(range(256), k=2000))
    await connection.writer.send_frame(block * 2, BINARY, compress=15)
    (frame,) = connection.transport.writes
    data = zlib.decompressobj(wbits=-9).decompress(frame[4:] + b"\x00\x00\xff\xff")
    assert data == block * 2
    # A window of 2**9 cannot refer back over 2000 bytes.
    assert len(frame) > 4000


@pytest.mark.parametrize("notakeover", [False, True])
async def test_big_messages_keep_their_order(notakeover: bool) -> None:
    """They are deflated in the executor; what is sent meanwhile comes after them."""
    connection = Connection(compress=15, notakeover=notakeover)
    big = bytes(random.Random(0).choices(b"abcdef", k=4 * MAX_SYNC_DEFLATE))
    messages = [big, b"small", big[::-1], b"x" * 10, big]
    sends = [
        asyncio.ensure_future(
            connection.writer.send_frame(message, BINARY, 0 if message == b"small" else None)
        )
        for message in messages
    ]
    await asyncio.sleep(0)
    assert not connection.transport.writes
    await connection.writer.send_frame(b"p", PING)
    await connection.writer.close()
    await asyncio.gather(*sends)
    assert connection.received() == [
        (PING, b"p"),
        *((BINARY, message) for message in messages),
        (CLOSE, 1000),
    ]


async def test_a_cancelled_sender_does_not_break_the_context() -> None:
    connection = Connection(compress=15)
    big = bytes(random.Random(0).choices(b"abcdef", k=4 * MAX_SYNC_DEFLATE))
    task = asyncio.ensure_future(connection.writer.send_frame(big, BINARY))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await connection.writer.send_frame(big, BINARY)
    assert connection.received() == [(BINARY, big)] * 2


async def test_an_error_of_a_queued_frame_goes_to_its_sender() -> None:
    connection = Connection(compress=15)
    big = b"a" * 4 * MAX_SYNC_DEFLATE
    first = asyncio.ensure_future(connection.writer.send_frame(big, BINARY))
    second = asyncio.ensure_future(connection.writer.send_frame(b"b", BINARY))
    await asyncio.sleep(0)
    connection.transport.closing = True
    for task in (first, second):
        with pytest.raises(ClientConnectionResetError):
            await task


@pytest.mark.parametrize("options", [{}, {"use_mask": True}])
@pytest.mark.parametrize("size", [10, 300_000])
async def test_what_is_sent_may_be_changed_by_its_sender(
    size: int, options: dict[str, Any]
) -> None:
    """RFC 6455 §10.3: not on the wire, though the transport has not taken all of it yet."""
    connection = Connection(**options)
    data = bytearray(b"a" * size)
    waiting = connection.writer.write(data, BINARY)
    data[:] = b"b" * size
    if waiting is not None:
        await waiting
    assert connection.received() == [(BINARY, b"a" * size)]


async def test_what_is_queued_may_be_changed_by_its_sender() -> None:
    connection = Connection(compress=15)
    data = bytearray(b"a" * 4 * MAX_SYNC_DEFLATE)
    task = asyncio.ensure_future(connection.writer.send_frame(data, BINARY))
    await asyncio.sleep(0)
    data[:] = b"b" * len(data)
    await task
    assert connection.received() == [(BINARY, b"a" * len(data))]


# Back-pressure…


async def test_a_message_of_the_limit_waits_for_the_transport() -> None:
    connection = Connection()
    waiting = connection.writer.write(b"a" * DEFAULT_LIMIT, BINARY)
    assert waiting is not None
    await waiting


async def test_a_sender_waits_for_the_transport() -> None:
    connection = Connection(limit=99)
    connection.protocol.pause_writing()
    await connection.writer.send_frame(b"a" * 50, BINARY)
    task = asyncio.ensure_future(connection.writer.send_frame(b"b" * 50, BINARY))
    await asyncio.sleep(0)
    assert not task.done()
    assert len(connection.transport.writes) == 2
    connection.protocol.resume_writing()
    await task


async def test_what_is_queued_waits_for_the_transport_after_it_is_written() -> None:
    """Who sent it does; what is behind it does not, and least of all a close frame."""
    connection = Connection(limit=99, compress=15)
    connection.protocol.pause_writing()
    big = random.Random(0).randbytes(2 * MAX_SYNC_DEFLATE)
    sender = asyncio.ensure_future(connection.writer.send_frame(big, BINARY))
    await asyncio.sleep(0)
    await connection.writer.close()
    assert connection.received() == [(BINARY, big), (CLOSE, 1000)]
    assert not sender.done()
    connection.protocol.resume_writing()
    await sender


async def test_the_heartbeats_ping_never_waits() -> None:
    connection = Connection(limit=0)
    connection.protocol.pause_writing()
    connection.writer.ping_now()
    assert connection.transport.writes == [b"\x89\x00"]
