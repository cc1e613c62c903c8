"""What comes in: every case on both builds, whole, byte by byte and split at every offset."""

from __future__ import annotations

import asyncio
import gc
import itertools
import random
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._websocket import frames, message_queue
from aiohttp._websocket.models import Role, WebSocketError, WSCloseCode, WSMsgType
from aiohttp.base_protocol import BaseProtocol

TEXT, BINARY = WSMsgType.TEXT, WSMsgType.BINARY
PING, PONG, CLOSE = WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE
PROTOCOL_ERROR = WSCloseCode.PROTOCOL_ERROR
INVALID_TEXT = WSCloseCode.INVALID_TEXT
TOO_BIG = WSCloseCode.MESSAGE_TOO_BIG

LIMIT = 4096
MASK = b"\x01\xfe\x7f\x80"


class Build(NamedTuple):
    reader: Callable[..., Any]
    queue: Callable[..., Any]


BUILDS = {"py": Build(frames.WebSocketReader, message_queue.WebSocketDataQueue)}
try:
    from aiohttp._websocket import frames_c, message_queue_c  # type: ignore[attr-defined]
except ImportError:
    pass
else:
    BUILDS["c"] = Build(frames_c.WebSocketReader, message_queue_c.WebSocketDataQueue)


@pytest.fixture(params=BUILDS)
def build(request: pytest.FixtureRequest) -> Build:
    return BUILDS[request.param]


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = None,
    width: int | None = None,
) -> bytes:
    """Make a frame, legal or not; `width`: bytes of extended length."""
    size = len(payload)
    if width is None:
        width = 0 if size < 126 else 2 if size < 65536 else 8
    marker = {0: size, 2: 126, 8: 127}[width]
    head = bytes([fin << 7 | rsv << 4 | opcode, (mask is not None) << 7 | marker])
    head += size.to_bytes(width, "big") if width else b""
    if mask is not None:
        payload = bytes(byte ^ key for byte, key in zip(payload, itertools.cycle(mask)))
        head += mask
    return head + payload


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


def deflated(*messages: bytes, takeover: bool = True, bits: int = 15) -> list[bytes]:
    """Compress as RFC 7692 §7.2.1 says, in one context."""
    result = []
    compressor = None
    for message in messages:
        if compressor is None or not takeover:
            compressor = zlib.compressobj(wbits=-bits)
        data = compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH)
        result.append(data.removesuffix(b"\x00\x00\xff\xff"))
    return result


class Receiver:
    """A reader, the queue that it feeds, and what came of it."""

    def __init__(
        self,
        build: Build,
        *,
        limit: int = LIMIT,
        compress: bool = True,
        decode_text: bool = True,
        role: Role | None = None,
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self.protocol = BaseProtocol(self.loop)
        self.queue = build.queue(self.protocol, 2**22, loop=self.loop)
        self.reader = build.reader(self.queue, limit, compress, decode_text, role=role)
        self.loop.close()

    def feed(self, pieces: Iterator[Any] | list[Any]) -> list[Any]:
        """Feed, and return messages as tuples, and last the close code of an error."""
        for piece in pieces:
            failed, rest = self.reader.feed_data(piece)
            assert rest == b""
            assert failed == (self.queue.exception() is not None)
        return self.events()

    def events(self) -> list[Any]:
        result: list[Any] = []
        while (message := self.queue.take()) is not None:
            result.append((message.type, message.data, message.extra))
        error = self.queue.exception()
        if error is not None:
            assert isinstance(error, WebSocketError)
            result.append(error.code)
        return result


class Case(NamedTuple):
    name: str
    data: bytes
    expected: list[Any]
    options: dict[str, Any] = {}  # noqa: RUF012


def text(value: str) -> tuple[Any, ...]:
    return (TEXT, value, "")


def binary(value: bytes) -> tuple[Any, ...]:
    return (BINARY, value, "")


HELLO, WORLD = deflated(b"Hello", b"Hello world")
SERVER, CLIENT = {"role": Role.SERVER}, {"role": Role.CLIENT}
ALL_UTF8 = "Hello-µ@ßöäüàá-UTF-8!! κόσμε \U0001f600"

# Numbers are sections of the Autobahn test suite, the customary list of what to try.
CASES = [
    # 1: framing
    Case("1.1.1 empty text", frame(TEXT), [text("")]),
    Case("1.1.2 125 bytes", frame(TEXT, b"*" * 125), [text("*" * 125)]),
    Case("1.1.3 126 bytes", frame(TEXT, b"*" * 126), [text("*" * 126)]),
    Case("1.1.4 127 bytes", frame(TEXT, b"*" * 127), [text("*" * 127)]),
    Case("1.2.1 empty binary", frame(BINARY), [binary(b"")]),
    Case("1.2.4 binary", frame(BINARY, b"\xfe" * 128), [binary(b"\xfe" * 128)]),
    Case(
        "length that is not minimal, 16 bit",
        frame(BINARY, b"a" * 125, width=2),
        [PROTOCOL_ERROR],
    ),
    Case(
        "length that is not minimal, 64 bit",
        frame(BINARY, b"a" * 200, width=8),
        [PROTOCOL_ERROR],
    ),
    Case("highest bit of the length", b"\x82\x7f" + b"\xff" * 8, [PROTOCOL_ERROR], {"limit": 0}),
    Case("huge length", b"\x82\x7f\x7f" + b"\xff" * 7, [TOO_BIG]),
    # 2: pings and pongs
    Case("2.1 ping", frame(PING), [(PING, b"", "")]),
    Case("2.4 ping of 125", frame(PING, b"\xfe" * 125), [(PING, b"\xfe" * 125, "")]),
    Case("2.5 ping of 126", frame(PING, b"\xfe" * 126), [PROTOCOL_ERROR]),
    Case("2.7 unsolicited pong", frame(PONG), [(PONG, b"", "")]),
    Case("2.8 pong with payload", frame(PONG, b"x"), [(PONG, b"x", "")]),
    Case(
        "2.10 many pings",
        b"".join(frame(PING, bytes([i])) for i in range(10)),
        [(PING, bytes([i]), "") for i in range(10)],
    ),
    # 3: reserved bits
    *(
        Case(
            f"3 rsv {rsv} on {op.name}",
            frame(TEXT, b"a") + frame(op, rsv=rsv),
            [text("a"), PROTOCOL_ERROR],
        )
        for rsv, op in itertools.product((1, 2, 3, 5, 6, 7), (TEXT, BINARY, PING, CLOSE))
    ),
    Case(
        "3 rsv 4, not negotiated", frame(TEXT, HELLO, rsv=4), [PROTOCOL_ERROR], {"compress": False}
    ),
    *(
        Case(f"rsv 4 on {op.name}", frame(op, rsv=4), [PROTOCOL_ERROR])
        for op in (PING, PONG, CLOSE)
    ),
    # 4: reserved opcodes
    *(
        Case(f"4 opcode {op}", frame(BINARY, b"a") + frame(op), [binary(b"a"), PROTOCOL_ERROR])
        for op in (*range(3, 8), *range(11, 16))
    ),
    # 5: fragmentation
    Case("5.1 fragmented ping", frame(PING, fin=False) + frame(0), [PROTOCOL_ERROR]),
    Case("5.2 fragmented pong", frame(PONG, fin=False) + frame(0), [PROTOCOL_ERROR]),
    Case("fragmented close", frame(CLOSE, fin=False), [PROTOCOL_ERROR]),
    Case("5.3 two fragments", frame(TEXT, b"a", fin=False) + frame(0, b"b"), [text("ab")]),
    Case(
        "5.6 ping between",
        frame(TEXT, b"a", fin=False) + frame(PING, b"p") + frame(0, b"b"),
        [(PING, b"p", ""), text("ab")],
    ),
    Case("5.9 continuation of nothing", frame(0, b"a"), [PROTOCOL_ERROR]),
    Case("5.10 and not final", frame(0, b"a", fin=False), [PROTOCOL_ERROR]),
    Case(
        "5.15 continuation of what is complete",
        frame(TEXT, b"a", fin=False) + frame(0, b"b") + frame(0, b"c"),
        [text("ab"), PROTOCOL_ERROR],
    ),
    Case("5.18 text in text", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), [PROTOCOL_ERROR]),
    Case("binary in text", frame(TEXT, b"a", fin=False) + frame(BINARY, b"b"), [PROTOCOL_ERROR]),
    Case(
        "5.19 many fragments and pings",
        frame(BINARY, b"1", fin=False)
        + frame(0, b"2", fin=False)
        + frame(PING, b"a")
        + frame(0, b"3", fin=False)
        + frame(0, b"", fin=False)
        + frame(PING, b"b")
        + frame(0, b"4"),
        [(PING, b"a", ""), (PING, b"b", ""), binary(b"1234")],
    ),
    Case("empty fragments", frame(TEXT, fin=False) + frame(0, fin=False) + frame(0), [text("")]),
    # 6: UTF-8
    Case("6.2.1 valid", frame(TEXT, ALL_UTF8.encode()), [text(ALL_UTF8)]),
    Case(
        "6.2.3 a fragment a byte",
        frame(TEXT, fin=False)
        + b"".join(frame(0, bytes([byte]), fin=False) for byte in ALL_UTF8.encode())
        + frame(0),
        [text(ALL_UTF8)],
    ),
    *(
        Case(f"6 invalid {bad!r}", frame(TEXT, b"ok" + bad), [INVALID_TEXT])
        for bad in (
            b"\x80",  # continuation
            b"\xff",
            b"\xc3",  # ends too early
            b"\xe2\x82",
            b"\xf0\x9f\x98",
            b"\xc0\xaf",  # overlong
            b"\xe0\x80\xaf",
            b"\xed\xa0\x80",  # surrogate
            b"\xf4\x90\x80\x80",  # above U+10FFFF
            b"\xf8\x88\x80\x80\x80",
        )
    ),
    Case(
        "6.3 invalid in fragments",
        frame(TEXT, b"\xce\xba\xe1", fin=False)
        + frame(0, b"\xbd\xb9\xed", fin=False)
        + frame(0, b"\xa0\x80"),
        [INVALID_TEXT],
    ),
    Case(
        "unfinished character in fragments",
        frame(TEXT, b"\xe2", fin=False) + frame(0, b"\x82"),
        [INVALID_TEXT],
    ),
    Case(
        "noncharacters are valid", frame(TEXT, b"\xef\xbf\xbe\xef\xbf\xbf"), [text("\ufffe\uffff")]
    ),
    Case(
        "bytes are not checked",
        frame(TEXT, b"\xff", fin=False) + frame(0, b"\xfe"),
        [(TEXT, b"\xff\xfe", "")],
        {"decode_text": False},
    ),
    # 7: close
    Case("7.1 nothing after close", close_frame(1000) + frame(TEXT, b"a"), [(CLOSE, 1000, "")]),
    Case("7.1 not even errors", close_frame(1000) + frame(3), [(CLOSE, 1000, "")]),
    Case(
        "close in a message", frame(TEXT, b"a", fin=False) + close_frame(1001), [(CLOSE, 1001, "")]
    ),
    Case("7.3.1 no body", frame(CLOSE), [(CLOSE, 0, "")]),
    Case("7.3.2 body of 1 byte", frame(CLOSE, b"a"), [PROTOCOL_ERROR]),
    Case("7.3.4 reason", close_frame(1000, b"Hello World!"), [(CLOSE, 1000, "Hello World!")]),
    Case("7.3.5 longest reason", close_frame(1000, b"*" * 123), [(CLOSE, 1000, "*" * 123)]),
    Case("7.3.6 longer reason", close_frame(1000, b"*" * 124), [PROTOCOL_ERROR]),
    Case("7.5.1 reason is no UTF-8", close_frame(1000, b"\xce\xba\xff"), [INVALID_TEXT]),
    *(
        Case(f"7.7 code {code}", close_frame(code, b"r"), [(CLOSE, code, "r")])
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014)
    ),
    *(
        Case(f"7.7 code {code}", close_frame(code), [(CLOSE, code, "")])
        for code in (3000, 3999, 4000, 4999)
    ),
    *(
        Case(f"7.9 code {code}", close_frame(code, b"r"), [PROTOCOL_ERROR])
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
    ),
    # 9: limits
    Case("9 exactly the limit", frame(BINARY, b"a" * LIMIT), [binary(b"a" * LIMIT)]),
    Case("9 one more", frame(BINARY, b"a" * (LIMIT + 1)), [TOO_BIG]),
    Case(
        "9 in fragments",
        frame(BINARY, b"a" * 4000, fin=False) + frame(0, b"b" * 96, fin=False) + frame(0, b"c"),
        [TOO_BIG],
    ),
    Case(
        "9 the limit is for a message",
        frame(BINARY, b"a" * 4000) + frame(BINARY, b"b" * 4000),
        [binary(b"a" * 4000), binary(b"b" * 4000)],
    ),
    Case("9 no limit", frame(BINARY, b"a" * 9000), [binary(b"a" * 9000)], {"limit": 0}),
    # Masks (RFC 6455 §5.1)
    Case("server, masked", frame(TEXT, b"Hello", mask=MASK), [text("Hello")], SERVER),
    Case("server, masked ping", frame(PING, b"Hello", mask=MASK), [(PING, b"Hello", "")], SERVER),
    Case("server, not masked", frame(TEXT, b"Hello"), [PROTOCOL_ERROR], SERVER),
    Case("server, empty and not masked", frame(PING), [PROTOCOL_ERROR], SERVER),
    Case("client, masked", frame(TEXT, b"Hello", mask=MASK), [PROTOCOL_ERROR], CLIENT),
    Case("client, not masked", frame(TEXT, b"Hello"), [text("Hello")], CLIENT),
    Case(
        "no role takes both",
        frame(TEXT, b"a", mask=MASK) + frame(TEXT, b"b"),
        [text("a"), text("b")],
    ),
    Case(
        "RFC 6455 §5.7 masked",
        bytes.fromhex("818537fa213d7f9f4d5158"),
        [text("Hello")],
        SERVER,
    ),
    Case(
        "masked fragments",
        frame(TEXT, b"Hello w", fin=False, mask=MASK) + frame(0, b"orld", mask=b"abcd"),
        [text("Hello world")],
        SERVER,
    ),
    # 12, 13: compression
    Case("RFC 7692 §7.2.3.1", frame(TEXT, bytes.fromhex("f248cdc9c90700"), rsv=4), [text("Hello")]),
    Case(
        "RFC 7692 §7.2.3.1 fragmented",
        frame(TEXT, bytes.fromhex("f248cd"), fin=False, rsv=4)
        + frame(0, bytes.fromhex("c9c90700")),
        [text("Hello")],
    ),
    Case(
        "RFC 7692 §7.2.3.2 context",
        frame(TEXT, bytes.fromhex("f248cdc9c90700"), rsv=4)
        + frame(TEXT, bytes.fromhex("f200110000"), rsv=4),
        [text("Hello"), text("Hello")],
    ),
    Case(
        "RFC 7692 §7.2.3.3 stored",
        frame(TEXT, bytes.fromhex("000500faff48656c6c6f00"), rsv=4),
        [text("Hello")],
    ),
    Case(
        "RFC 7692 §7.2.3.4 final block",
        frame(TEXT, bytes.fromhex("f348cdc9c9070000"), rsv=4) * 2,
        [text("Hello"), text("Hello")],
    ),
    Case(
        "RFC 7692 §7.2.3.5 two blocks",
        frame(TEXT, bytes.fromhex("f248050000 00ffff cac9c90700".replace(" ", "")), rsv=4),
        [text("Hello")],
    ),
    Case("RFC 7692 §7.2.3.6 empty", frame(TEXT, b"\x00", rsv=4), [text("")]),
    Case("compressed, empty payload", frame(TEXT, b"", rsv=4), [text("")]),
    Case(
        "compressed and not, in turn",
        frame(TEXT, HELLO, rsv=4) + frame(BINARY, b"plain") + frame(TEXT, WORLD, rsv=4),
        [text("Hello"), binary(b"plain"), text("Hello world")],
    ),
    Case(
        "ping in a compressed message",
        frame(TEXT, HELLO[:3], fin=False, rsv=4) + frame(PING) + frame(0, HELLO[3:]),
        [(PING, b"", ""), text("Hello")],
    ),
    Case(
        "compressed, masked",
        frame(TEXT, HELLO, rsv=4, mask=MASK),
        [text("Hello")],
        SERVER,
    ),
    Case(
        "rsv 1 on a continuation",
        frame(TEXT, HELLO[:3], fin=False, rsv=4) + frame(0, HELLO[3:], rsv=4),
        [PROTOCOL_ERROR],
    ),
    Case("not deflate", frame(TEXT, b"\xff\xff\xff", rsv=4), [INVALID_TEXT]),
    Case("not deflate, binary", frame(BINARY, b"\xff\xff\xff", rsv=4), [INVALID_TEXT]),
    Case("deflated, not UTF-8", frame(TEXT, deflated(b"\xff")[0], rsv=4), [INVALID_TEXT]),
    Case("deflated bytes", frame(BINARY, deflated(b"\xff")[0], rsv=4), [binary(b"\xff")]),
    Case("bomb", frame(BINARY, deflated(b"a" * 1_000_000)[0], rsv=4), [TOO_BIG]),
    Case(
        "deflated, the limit",
        frame(BINARY, deflated(b"a" * LIMIT)[0], rsv=4),
        [binary(b"a" * LIMIT)],
    ),
    Case("deflated, one more", frame(BINARY, deflated(b"a" * (LIMIT + 1))[0], rsv=4), [TOO_BIG]),
    # Which fault comes first does not depend on the parts in which they come.
    Case(
        "not UTF-8, then too much",
        frame(TEXT, deflated(b"\xff" + b"a" * LIMIT)[0], rsv=4),
        [INVALID_TEXT],
    ),
    Case(
        "not UTF-8, then not deflate",
        frame(TEXT, deflated(b"\xff" + b"a" * 99)[0] + b"\xff\xff", rsv=4),
        [INVALID_TEXT],
    ),
    Case(
        "too much, then not UTF-8",
        frame(TEXT, deflated(b"a" * (LIMIT + 1) + b"\xff")[0], rsv=4),
        [TOO_BIG],
    ),
    Case(
        "too much, then not deflate",
        frame(BINARY, deflated(b"a" * (LIMIT + 1))[0] + b"\xff\xff", rsv=4),
        [TOO_BIG],
    ),
    Case(
        "not UTF-8, then a stream a byte",
        frame(TEXT, b"\xfb\x0f\x00" + b"\x03\x00" * 99, rsv=4),
        [INVALID_TEXT],
    ),
    Case("a stream a byte", frame(BINARY, b"\x03\x00" * 1000, rsv=4), [PROTOCOL_ERROR]),
    Case(
        "no context takeover",
        b"".join(
            frame(TEXT, data, rsv=4) for data in deflated(b"ab" * 50, b"ab" * 50, takeover=False)
        ),
        [text("ab" * 50)] * 2,
    ),
    Case(
        "a window of 2**9",
        b"".join(frame(TEXT, data, rsv=4) for data in deflated(b"ab" * 1000, b"ab" * 1000, bits=9)),
        [text("ab" * 1000)] * 2,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
class TestCases:
    def test_whole(self, build: Build, case: Case) -> None:
        assert Receiver(build, **case.options).feed([case.data]) == case.expected

    def test_byte_by_byte(self, build: Build, case: Case) -> None:
        pieces = [case.data[i : i + 1] for i in range(len(case.data))]
        assert Receiver(build, **case.options).feed(pieces) == case.expected

    def test_split_at_every_offset(self, build: Build, case: Case) -> None:
        # Long payloads are all alike in the middle.
        offsets = [
            i for i in range(len(case.data)) if i < 150 or i > len(case.data) - 20 or i % 97 == 0
        ]
        for offset in offsets:
            pieces = [case.data[:offset], case.data[offset:]]
            assert Receiver(build, **case.options).feed(pieces) == case.expected, offset


@pytest.mark.parametrize(
    "data",
    [
        b"\xf4\x90",  # Autobahn 6.4.1: more than U+10FFFF can come of it
        b"\xed\xa0",
        b"\xc0",
        b"ab\x80",
    ],
)
def test_invalid_text_fails_as_soon_as_it_is_known(build: Build, data: bytes) -> None:
    """RFC 6455 §8.1: not only when the message, or even the frame, is complete."""
    whole = frame(TEXT, data + b"c" * 20)
    receiver = Receiver(build)
    assert receiver.feed([whole[: 2 + len(data)]]) == [INVALID_TEXT]
    receiver = Receiver(build)
    assert receiver.feed([frame(TEXT, data, fin=False)]) == [INVALID_TEXT]


@pytest.mark.parametrize("strategy", [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED])
def test_data_that_grows_by_deflating_has_the_whole_limit(build: Build, strategy: int) -> None:
    data = random.Random(1).randbytes(LIMIT)
    # The least memory: the shortest blocks, so that most is added.
    compressor = zlib.compressobj(1, zlib.DEFLATED, -9, 1, strategy)
    coded = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
    assert len(coded) > 1.03 * LIMIT
    receiver = Receiver(build)
    assert receiver.feed([frame(BINARY, coded[:-4], rsv=4)]) == [binary(data)]


def test_the_whole_window_is_kept(build: Build) -> None:
    """RFC 7692 §7.2.2: 2**15 bytes, over messages; zlib refers back over nearly as many."""
    noise = random.Random(1).randbytes(32_400)
    first, second = deflated(noise, noise[:200])
    assert len(second) < 50
    receiver = Receiver(build, limit=0)
    data = frame(BINARY, first, rsv=4) + frame(BINARY, second, rsv=4)
    assert receiver.feed([data]) == [binary(noise), binary(noise[:200])]


def test_too_big_a_frame_is_refused_by_its_head(build: Build) -> None:
    receiver = Receiver(build)
    assert receiver.feed([frame(BINARY, b"a" * 5000)[:4]]) == [TOO_BIG]


def test_a_compressed_frame_is_refused_by_its_size(build: Build) -> None:
    """Nothing is inflated that cannot fit."""
    receiver = Receiver(build)
    assert receiver.feed([frame(BINARY, b"a" * 5000, rsv=4)[:4]]) == [TOO_BIG]


def test_a_bad_head_is_refused_before_its_length_has_come(build: Build) -> None:
    receiver = Receiver(build)
    assert receiver.feed([frame(3, b"a" * 300)[:2]]) == [PROTOCOL_ERROR]


def test_bytes_like_input(build: Build) -> None:
    receiver = Receiver(build)
    data = frame(TEXT, b"ab")
    assert receiver.feed([bytearray(data), memoryview(data)]) == [text("ab")] * 2


def test_input_after_an_error_is_dropped(build: Build) -> None:
    receiver = Receiver(build)
    assert receiver.feed([frame(3)]) == [PROTOCOL_ERROR]
    assert receiver.reader.feed_data(frame(TEXT, b"a")) == (True, b"")
    assert receiver.queue.take() is None


def test_eof_follows_the_messages(build: Build) -> None:
    receiver = Receiver(build)
    receiver.reader.feed_data(frame(TEXT, b"a"))
    receiver.reader.feed_eof()
    assert receiver.queue.is_eof()
    assert receiver.events() == [text("a")]


def test_arrivals_are_told(build: Build) -> None:
    receiver = Receiver(build)
    heard: list[int] = []
    receiver.queue.on_data = lambda: heard.append(1)
    receiver.feed([b"\x81", b"\x01a"])
    assert len(heard) == 2


def test_many_small_pieces_cost_linear_memory(build: Build) -> None:
    receiver = Receiver(build, limit=0)
    receiver.reader.feed_data(b"\x82\x7e\xff\xff")
    for _ in range(65535):
        receiver.reader.feed_data(b"a")
    assert receiver.events() == [binary(b"a" * 65535)]


def test_the_masking_key_goes_on_over_pieces(build: Build) -> None:
    payload = bytes(range(256)) * 8
    data = frame(BINARY, payload, mask=MASK)
    for size in (1, 3, 5, 7, 64, 1023):
        receiver = Receiver(build)
        pieces = [data[i : i + size] for i in range(0, len(data), size)]
        assert receiver.feed(pieces) == [binary(payload)]


# Back-pressure…


class FakeProtocol:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")


def test_the_reader_stops_while_the_queue_is_full(build: Build) -> None:
    """One read of compressed frames may inflate to thousands of times its size."""
    loop = asyncio.new_event_loop()
    loop.close()
    protocol = FakeProtocol()
    queue = build.queue(protocol, 10_000, loop=loop)
    reader = build.reader(queue, 100_000)
    # Without context takeover, so that all messages are alike.
    (message,) = deflated(b"a" * 50_000, takeover=False)
    reader.feed_data(frame(BINARY, message, rsv=4) * 5 + frame(TEXT, b"end"))
    reader.feed_eof()
    assert protocol.calls == ["pause"]
    assert queue.paused
    assert len(queue) == 1
    assert not queue.is_eof()
    seen = []
    while (taken := queue.take()) is not None:
        seen.append(len(taken.data))
        assert len(queue) <= 2
    assert seen == [50_000] * 5 + [3]
    assert protocol.calls == ["pause", "resume"]
    assert queue.is_eof()


def test_an_error_in_what_was_held_back_comes_in_order(build: Build) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    queue = build.queue(FakeProtocol(), 1000, loop=loop)
    reader = build.reader(queue, 100_000)
    assert reader.feed_data(frame(BINARY, b"a" * 3000) + frame(3)) == (False, b"")
    assert reader.feed_data(frame(TEXT, b"later")) == (False, b"")
    assert queue.exception() is None
    assert len(queue.take().data) == 3000
    assert queue.exception().code == PROTOCOL_ERROR
    assert queue.take() is None


# Round trips and garbage…

_messages = st.lists(
    st.tuples(
        st.sampled_from([TEXT, BINARY]),
        st.text(max_size=300),
        st.booleans(),  # compressed
        st.lists(st.integers(0, 300), max_size=3),  # where it is cut into fragments
        st.none() | st.binary(min_size=4, max_size=4),
    ),
    max_size=5,
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(messages=_messages, cuts=st.lists(st.integers(0, 3000), max_size=6))
@pytest.mark.parametrize("name", BUILDS)
def test_round_trip(name: str, messages: list[Any], cuts: list[int]) -> None:
    """However messages are compressed, fragmented, masked and cut, they come out as they were."""
    data, expected = b"", []
    compressor = zlib.compressobj(wbits=-15)
    for opcode, value, compressed, marks, mask in messages:
        payload = value.encode()
        expected.append(text(value) if opcode == TEXT else binary(payload))
        if compressed:
            payload = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
            payload = payload.removesuffix(b"\x00\x00\xff\xff")
        bounds = [0, *sorted(min(mark, len(payload)) for mark in marks), len(payload)]
        for i, (start, stop) in enumerate(itertools.pairwise(bounds)):
            data += frame(
                opcode if i == 0 else 0,
                payload[start:stop],
                fin=i == len(bounds) - 2,
                rsv=4 if compressed and i == 0 else 0,
                mask=mask,
            )
    bounds = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:stop] for start, stop in itertools.pairwise(bounds)]
    assert Receiver(BUILDS[name]).feed(pieces) == expected


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(
                lambda opcode, payload, fin, rsv: frame(opcode, payload, fin=fin, rsv=rsv),
                st.integers(0, 15),
                st.binary(max_size=130),
                st.booleans(),
                st.sampled_from([0, 0, 0, 4]),
            ),
        ),
        max_size=8,
    )
)
def test_garbage_gets_one_verdict(pieces: list[bytes]) -> None:
    """Any build, any segmentation: the same messages and the same error; nothing is raised."""
    data = b"".join(pieces)
    verdicts = []
    for build in BUILDS.values():
        verdicts.append(Receiver(build).feed([data]))
        verdicts.append(Receiver(build).feed(pieces))
        verdicts.append(Receiver(build).feed([data[i : i + 1] for i in range(len(data))]))
    assert all(verdict == verdicts[0] for verdict in verdicts)


# The buffer that bytes come in


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_buffer_that_is_used_again(build: Build, case: Case) -> None:
    """Whatever was read into it before is not referred to any more."""
    buffer = bytearray(64)
    view = memoryview(buffer)
    receiver = Receiver(build, **case.options)

    def read() -> Iterator[memoryview]:
        for start in range(0, len(case.data), len(buffer)):
            piece = case.data[start : start + len(buffer)]
            buffer[:] = b"\xff" * len(buffer)
            buffer[: len(piece)] = piece
            yield view[: len(piece)]

    assert receiver.feed(read()) == case.expected


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("first", [1, 100, 20_000, 99_999])
@pytest.mark.parametrize("fin", [True, False])
def test_a_frame_in_parts(build: Build, mask: bytes | None, first: int, fin: bool) -> None:
    payload = random.Random(0).randbytes(100_000)
    data = frame(BINARY, payload, mask=mask, fin=fin)
    head = len(data) - len(payload)
    receiver = Receiver(build, limit=0)
    pieces = [data[: head + first], data[head + first :][:-10], data[head + first :][-10:]]
    if not fin:
        pieces += [frame(PING), frame(0, b"end")]
    ping = [] if fin else [(PING, b"", "")]
    assert receiver.feed(pieces) == [*ping, binary(payload if fin else payload + b"end")]


def test_a_size_that_is_announced_takes_no_memory(build: Build) -> None:
    """Only what has come does, and a few times that."""
    size = 1 << 40
    receiver = Receiver(build, limit=0)
    head = b"\x82\x7f" + size.to_bytes(8, "big")
    assert receiver.feed([head, b"a", b"b" * 1000]) == []


@pytest.mark.parametrize("limit", [2**62 - 1, sys.maxsize, 2**64])
def test_a_limit_that_no_message_reaches(build: Build, limit: int) -> None:
    """What is computed from it overflowed: compressed messages were too big for any of these."""
    receiver = Receiver(build, limit=limit)
    pieces = [frame(BINARY, data, rsv=4) for data in deflated(b"a" * 100)] + [frame(BINARY, b"b")]
    assert receiver.feed(pieces) == [binary(b"a" * 100), binary(b"b")]


def test_a_queue_is_needed(build: Build) -> None:
    with pytest.raises(TypeError, match="queue expected"):
        build.reader(None, LIMIT)


@pytest.mark.parametrize("size", [-1, 100, 2**62])
def test_only_what_is_there_is_read(build: Build, size: int) -> None:
    """A transport that miscounts must not make us read the memory behind its buffer."""
    receiver = Receiver(build)
    for data in (frame(BINARY, b"a") + b"\x82\x7d", bytearray(b"b" * 9)):
        assert receiver.reader.feed_first(data, size) == (False, b"")
    assert receiver.feed([b"c" * 116]) == [binary(b"a"), binary(b"b" * 9 + b"c" * 116)]


def test_messages_are_not_looked_at_by_the_collector(build: Build) -> None:
    """A flood of them would have it run, again and again; nothing in them leads back to them."""
    if build is BUILDS["py"]:
        pytest.skip("only the compiled build can have that")
    receiver = Receiver(build)
    receiver.reader.feed_data(
        frame(TEXT, b"a") + frame(BINARY, b"b") + frame(PING) + close_frame(1000)
    )
    messages = [receiver.queue.take() for _ in range(4)]
    assert [message.data for message in messages] == ["a", b"b", b"", 1000]
    assert not any(map(gc.is_tracked, messages))
