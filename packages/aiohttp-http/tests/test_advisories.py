"""Known weaknesses of parsers, tried on those of the wire.

Each id names the advisory or the class of weakness; ``docs/security.md`` maps them to tests. What
a single message may look like is the corpus's part (``corpus/*.md``); here are the properties that
no single message shows: agreement with other parsers, linear time, bounded memory, sources without
certain mistakes.
"""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import random
import re
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aiohttp
from aiohttp._fields import auth, cookies, etag, forwarded, grammar, link, media_type, ranges
from aiohttp._fields.dates import parse_cookie_date, parse_http_date
from aiohttp._multipart import disposition
from aiohttp._multipart.part_head import PartHead
from aiohttp._websocket import handshake
from aiohttp._websocket.frames import WebSocketReader
from aiohttp._websocket.message_queue import WebSocketDataQueue
from aiohttp._websocket.models import WSHandshakeError
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import BadMultipart
from aiohttp.multipart import BodyPartReader, MultipartReader
from aiohttp.streams import StreamReader

HERE = Path(__file__).parent

# Tests are not a package; what they share is loaded by its path.
_spec = importlib.util.spec_from_file_location("wire_events", HERE / "wire_events.py")
assert _spec is not None and _spec.loader is not None
wire_events = sys.modules.setdefault("wire_events", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(wire_events)

BUILDS = sorted(wire_events.BUILDS)

# --- Sources ---


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the family that is installed."""
    ours = [path for path in aiohttp.__path__ if (Path(path) / "hdrs.py").exists()]
    for path in sorted({*ours, *aiohttp.__path__}):
        for file in sorted(Path(path).rglob("*.py")):
            yield file, ast.parse(file.read_text("utf-8"))


def test_cve_2025_69227_no_check_disappears_under_optimization() -> None:
    """``python -O`` drops assert statements: the distributions have none."""
    found = [
        f"{file.name}:{node.lineno}"
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_cve_2025_69225_classes_of_regular_expressions_are_ascii() -> None:
    r"""In a str pattern ``\d`` and ``\w`` match digits and letters of all scripts."""
    found = []
    for file, tree in sources():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"):
                continue
            pattern, *flags = [ast.unparse(each) for each in (*node.args, *node.keywords)] or [""]
            is_text = not pattern.startswith(("b", "rb"))
            if is_text and re.search(r"\\+[dws]", pattern) and "ASCII" not in " ".join(flags):
                found.append(f"{file.name}:{node.lineno} {pattern}")
    # White space and what is none, in text that has been split already.
    assert [each for each in found if not re.search(r"[^\\]\\+s", each)] == []


# --- An independent, strict parser has to hear the same (smuggling needs two that do not) ---

CHUNKS = b"5\r\nhello\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"
MESSAGES = [
    b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    b"PUT /4 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: te\r\n\r\n" + CHUNKS,
]
TOKENS = [
    *(bytes([byte]) for byte in b'\r\n \t\0\x0b\x0c\x1c:;,05-+_="\x7f'),
    *(b"\r\n ", b"\r\n\t", b"\n\n", b"\r\r", b"0x", b"\r\n\r\n", b"0\r\n\r\n", b"chunked"),
    *(b"Transfer-Encoding: chunked\r\n", b"transfer-encoding: Chunked\r\n", b"identity"),
    *(b"Content-Length: 3\r\n", b"Content-Length: 5\r\n", b"Connection: close\r\n", b"Host: b\r\n"),
    *(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b" Content-Length: 5\r\n"),
]


def damaged(rng: random.Random) -> bytes:
    """A pipeline of right messages, with some mistakes in it."""
    data = bytearray(b"".join(rng.choice(MESSAGES) for _ in range(rng.randint(1, 3))))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(data))
        kind = rng.randrange(3)
        if kind == 0:
            data[at:at] = rng.choice(TOKENS)
        elif kind == 1:
            data[at : at + 1] = rng.choice(TOKENS)
        else:
            del data[at : at + rng.randint(1, 3)]
    return bytes(data)


class Strict:
    """h11's events, up to what it refuses."""

    def __init__(self, data: bytes) -> None:
        self.events: list[tuple[str, bytes]] = []
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(data)
        with suppress(h11.RemoteProtocolError):
            while self._take(connection, connection.next_event()):
                pass

    def _take(self, connection: h11.Connection, event: Any) -> bool:
        if isinstance(event, h11.Request):
            self.events.append(("head", bytes(event.method) + b" " + bytes(event.target)))
        elif isinstance(event, h11.Data):
            _add_data(self.events, bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self.events.append(("end", b""))
        elif event is h11.PAUSED and connection.our_state is h11.SEND_RESPONSE:
            fields = [("Content-Length", "0")]
            connection.send(h11.Response(status_code=200, headers=fields))
            connection.send(h11.EndOfMessage())
            if {connection.our_state, connection.their_state} != {h11.DONE}:
                return False
            connection.start_next_cycle()
        else:
            return False
        return True


def _add_data(events: list[tuple[str, bytes]], data: bytes) -> None:
    if events and events[-1][0] == "data":
        events[-1] = ("data", events[-1][1] + data)
    elif data:
        events.append(("data", data))


class Ours:
    """What our parser tells up to the last message that the connection would carry."""

    def __init__(self, build: str, data: bytes) -> None:
        self.events: list[tuple[str, bytes]] = []
        self._last = False
        self._parser = wire_events.request_parser(build, self)
        self._parser.feed(data)

    def on_head(self, message: Any, framing: Any) -> None:
        self._last = not framing.keep_alive
        self.events.append(("head", f"{message.method} {message.path}".encode()))

    def on_body(self, data: bytes) -> None:
        _add_data(self.events, data)

    def on_end(self, trailers: object) -> None:
        self.events.append(("end", b""))
        if self._last:
            self._parser.pause()

    def on_error(self, error: Exception) -> None:
        """Compared is what came before."""


@pytest.mark.parametrize("build", BUILDS)
@given(st.integers(0, 2**32))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_http_garden_no_two_readings(build: str, seed: int) -> None:
    """What we accept, h11 hears alike as far as it goes: the same messages, the same bodies."""
    rng = random.Random(seed)
    for _ in range(40):
        data = damaged(rng)
        ours, strict = Ours(build, data), Strict(data)
        common = min(len(ours.events), len(strict.events))
        for mine, other in zip(ours.events[:common], strict.events, strict=False):
            # A body that is refused half way may have been told up to another point.
            assert mine == other or (
                mine[0] == other[0] == "data"
                and (mine[1].startswith(other[1]) or other[1].startswith(mine[1]))
            ), data


# --- Linear time: four times as much takes about four times as long, not sixteen ---


def assert_linear(run: Callable[[Any], object], make: Callable[[int], Any], n: int) -> None:
    def seconds(size: int) -> float:
        value = make(size)
        best = 1e9
        # The least of some runs: others use the machine, too.
        for _ in range(4):
            begun = time.process_time()
            run(value)
            best = min(best, time.process_time() - begun)
        return best

    few, many = seconds(n), seconds(4 * n)
    assert many < 9 * few + 0.005, (few, many)


def feed_request(build: str) -> Callable[[list[bytes]], None]:
    def run(pieces: list[bytes]) -> None:
        parser = wire_events.request_parser(build, wire_events.Recorder())
        for piece in pieces:
            parser.feed(piece)

    return run


def feed_response(build: str) -> Callable[[list[bytes]], None]:
    def run(pieces: list[bytes]) -> None:
        parser = wire_events.response_parser(build, wire_events.Recorder())
        for piece in pieces:
            parser.feed(piece)

    return run


def singly(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


_POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
_OK = b"HTTP/1.1 200 OK\r\n"

REQUESTS: dict[str, tuple[Callable[[int], list[bytes]], int]] = {
    "CVE-2025-69229 tiny chunks": (lambda n: [_CHUNKED + b"1\r\nx\r\n" * n], 4000),
    "CVE-2025-69229 tiny chunks, byte by byte": (
        lambda n: singly(_CHUNKED + b"1\r\nx\r\n" * n),
        2000,
    ),
    "node CVE-2024-22019 extensions": (
        lambda n: [_CHUNKED + (b"1;" + b'a="\\"";' * 500 + b"a\r\nx\r\n") * n],
        20,
    ),
    "a long field, byte by byte": (lambda n: singly(_POST + b"X: " + b"y" * n), 2000),
    "a long line, byte by byte": (lambda n: singly(b"GET /" + b"y" * n), 2000),
    "a long extension, byte by byte": (lambda n: singly(_CHUNKED + b"1;" + b"y" * n), 2000),
    "a long trailer, byte by byte": (lambda n: singly(_CHUNKED + b"0\r\nX: " + b"y" * n), 2000),
    "white space in a field": (lambda n: [_POST + b"X:" + b" " * n + b"y" + b" " * n + b"z"], 1000),
    "white space in an extension": (lambda n: [_CHUNKED + b"1" + b" " * n + b"x\r\n"], 2000),
    "requests": (lambda n: [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * n], 1000),
    "empty lines between requests": (
        lambda n: [(b"\r\n" * 100 + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") * n],
        50,
    ),
}

RESPONSES: dict[str, tuple[Callable[[int], list[bytes]], int]] = {
    "folded lines": (lambda n: [_OK + b"X: y\r\n" + b" z\r\n" * n + b"\r\n"], 500),
    "folded lines, byte by byte": (lambda n: singly(_OK + b"X: y\r\n" + b" z\r\n" * n), 500),
    "interim responses": (lambda n: [b"HTTP/1.1 102 P\r\n\r\n" * n], 1000),
    "lone line feeds": (lambda n: [_OK.replace(b"\r", b"") + b"X: y\n" * n + b"\n"], 30),
    "lengths": (lambda n: [_OK + b"Content-Length: " + b"0," * n + b"0\r\n\r\n"], 900),
}


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(("make", "n"), REQUESTS.values(), ids=REQUESTS)
def test_requests_cost_linear_time(build: str, make: Callable[[int], list[bytes]], n: int) -> None:
    assert_linear(feed_request(build), make, n)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(("make", "n"), RESPONSES.values(), ids=RESPONSES)
def test_responses_cost_linear_time(build: str, make: Callable[[int], list[bytes]], n: int) -> None:
    assert_linear(feed_response(build), make, n)


def _part_head(text: str) -> object:
    head = PartHead(2**20, 128)
    head.add(b"X: " + text.encode())
    return head.finish()


FIELDS: dict[str, Callable[[str], object]] = {
    "auth parameters": auth.parse_auth_parameters,
    "challenges": auth.parse_challenges,
    "Content-Disposition": disposition.read_content_disposition,
    "Content-Range": ranges.parse_content_range,
    "Content-Type": media_type.parse_content_type,
    "Cookie": cookies.parse_cookie_header,
    "date": parse_http_date,
    "date of a cookie": parse_cookie_date,
    "ETags": etag.parse_etag_list,
    "extensions": lambda text: list(handshake.parse_extensions(text)),
    "Forwarded": lambda text: forwarded.parse_forwarded([text]),
    "Link": link.parse_links,
    "list": lambda text: list(grammar.split_list(text)),
    "parameters": lambda text: list(grammar.parse_parameters(text)),
    "part head": _part_head,
    "Range": ranges.parse_range,
    "Set-Cookie": lambda text: cookies.parse_set_cookie_headers([text]),
}
BEGINNINGS = ["", "a; ", 'a;b="', "form-data; ", 'Digest a="', "bytes=", 'W/"', "<", 'for="']
UNITS = [
    *' \ta09;,="\\<>',
    *('\\"', "a=", "=a", ";a=b", ",a=b", " ;", ", ", "a ", '"a",', '"a" ', "''", 'a*0="b;', "<a>;"),
    *("; ;", "a/b;", '";"', '" ', "; a", "; a ", "W/", "0-,", "*", "%", "\u00e9"),
]
ENDINGS = ["", "x", '"', "=", "\x7f", "!x", ";", "\u00e9"]


def _try_field(read: Callable[[str], object], text: str) -> float:
    # What else the machine does can only add to it: the best of ten tells what it takes.
    best = 1e9
    for _ in range(10):
        begun = time.process_time()
        with suppress(ValueError, LookupError, WSHandshakeError):
            read(text)
        best = min(best, time.process_time() - begun)
        if best < 0.004:
            break
    return best


@pytest.mark.parametrize("read", FIELDS.values(), ids=FIELDS)
def test_cpython_cve_2024_7592_fields_cost_linear_time(read: Callable[[str], object]) -> None:
    """None of many monotonous values takes long; of quadratic time these would take 20 ms."""
    for beginning in BEGINNINGS:
        for unit in UNITS:
            for ending in ENDINGS:
                text = beginning + unit * (4000 // len(unit)) + ending
                seconds = _try_field(read, text)
                if seconds < 0.012:
                    continue
                half = beginning + unit * (1000 // len(unit)) + ending
                assert seconds < 9 * _try_field(read, half) + 0.01, text[:40]


# --- Multipart ---


class Trickle:
    """A stream of pieces, as they are."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    async def read(self, n: int, /) -> bytes:
        return next(self._pieces, b"")


HEADERS = {"Content-Type": "multipart/form-data; boundary=B"}


async def _walk(reader: MultipartReader) -> None:
    async for part in reader:
        if isinstance(part, BodyPartReader):
            _ = part.name, part.filename
            await part.text()
        elif part is not None:
            await _walk(part)


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    b"--B",
                    b"--B\r\n",
                    b"--B--",
                    b"\r\n",
                    b"\r\n--B",
                    b"\n",
                    b"\r",
                    b"--",
                    b"x",
                    b" ",
                ),
                *(b"--I", b"\r\n--I\r\n", b"--I--\r\n", b"\0", b"\xff", b"Content-Length: 3\r\n"),
                b"Content-Type: multipart/mixed; boundary=I\r\n\r\n",
                b'Content-Disposition: form-data; name="_charset_"\r\n\r\n',
                b"Content-Disposition: form-data; name=a; filename*=utf-8''%ff\r\n\r\n",
                b"Content-Transfer-Encoding: base64\r\n\r\n",
                b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=",
                b"Content-Encoding: gzip\r\n\r\n\x1f\x8b",
                b"Content-Type: text/plain; charset=hex\r\n\r\n",
            ]
        ),
        max_size=14,
    )
)
@settings(derandomize=True, max_examples=400, deadline=None)
def test_cve_2024_30251_garbage_ends(pieces: list[bytes]) -> None:
    """Whatever comes: parts, or the one documented error, and always an end."""

    async def read(body: list[bytes]) -> str:
        try:
            await asyncio.wait_for(_walk(MultipartReader(HEADERS, Trickle(body))), 5)
        except BadMultipart:
            return "refused"
        return "read"

    data = b"--B\r\n" + b"".join(pieces)
    assert asyncio.run(read([data])) == asyncio.run(read(singly(data)))


def test_nothing_nests_for_ever() -> None:
    """Multipart in multipart is refused long before the interpreter's stack ends."""

    async def walk(depth: int) -> int:
        head = b"--%d\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n"
        data = b"".join(head % (level, level + 1) for level in range(depth))
        part: Any = MultipartReader(
            {"Content-Type": "multipart/mixed; boundary=0"}, Trickle([data])
        )
        levels = 0
        while isinstance(part, MultipartReader):
            part = await part.next()
            levels += 1
        return levels

    with pytest.raises(BadMultipart, match="nest too deep"):
        asyncio.run(walk(2000))


# --- WebSocket ---


def _reader(max_msg_size: int = 2**20) -> WebSocketReader:
    loop = asyncio.new_event_loop()
    try:
        queue = WebSocketDataQueue(BaseProtocol(loop), 2**16, loop=loop)
        return WebSocketReader(queue, max_msg_size)
    finally:
        loop.close()


def test_websockets_cve_2018_1000518_fragments_without_data_cost_no_memory() -> None:
    reader = _reader()
    reader.feed_data(b"\x01\x00")
    tracemalloc.start()
    try:
        for _ in range(20):
            reader.feed_data(b"\x00\x00" * 5000)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 200_000


WS_FRAMES: dict[str, Callable[[int], list[bytes]]] = {
    "tiny messages": lambda n: [b"\x81\x01x" * n],
    "tiny fragments": lambda n: [b"\x01\x01x" + b"\x00\x01x" * n],
    "tiny fragments, byte by byte": lambda n: singly(b"\x01\x01x" + b"\x00\x01x" * n),
    "one message, byte by byte": lambda n: singly(
        b"\x82\x7e" + (4 * n).to_bytes(2, "big") + b"x" * n
    ),
    "pings": lambda n: [b"\x89\x00" * n],
    "text that splits characters": lambda n: [b"\x01\x01\xc3" + b"\x00\x02\xa9\xc3" * n],
}


@pytest.mark.parametrize("make", WS_FRAMES.values(), ids=WS_FRAMES)
def test_frames_cost_linear_time(make: Callable[[int], list[bytes]]) -> None:
    def run(pieces: list[bytes]) -> None:
        reader = _reader()
        for piece in pieces:
            reader.feed_data(piece)

    assert_linear(run, make, 3000)


# --- Streams ---


async def test_cve_2026_54276_one_read_is_bounded_by_the_water_mark() -> None:
    """What `readany` joins is what was buffered, and that pauses the connection."""

    class Connection(BaseProtocol):
        def pause_reading(self) -> None:
            self._reading_paused = True

    loop = asyncio.get_running_loop()
    connection = Connection(loop)
    reader = StreamReader(connection, 2**10, loop=loop)
    fed = 0
    while not connection._reading_paused:
        reader.feed_data(b"x")
        fed += 1
        assert fed < 10_000
    assert len(await reader.readany()) == fed <= 2 * 2**10 + 1
