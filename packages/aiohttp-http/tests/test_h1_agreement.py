"""The wire against others and against itself: h11, the other build, its own serializer, garbage.

``HYPOTHESIS_EXAMPLES`` in the environment asks for more examples than the few hundred of a run.
"""

from __future__ import annotations

import importlib.util
import os
import random
import sys
from pathlib import Path
from typing import Any

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._h1.kinds import HttpVersion11
from aiohttp._h1.serialize import (
    LAST_CHUNK,
    chunk_head,
    request_head,
    response_head,
    trailer_section,
)

_spec = importlib.util.spec_from_file_location(
    "wire_events", Path(__file__).with_name("wire_events.py")
)
assert _spec is not None and _spec.loader is not None
wire_events = sys.modules.setdefault("wire_events", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(wire_events)

pytestmark = pytest.mark.fuzz

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "200"))
often = settings(max_examples=EXAMPLES, derandomize=EXAMPLES <= 200, deadline=None)

BUILDS = list(wire_events.BUILDS)

# --- What valid messages are made of ---

tokens = st.text("!#$%&'*+-.^_`|~0123456789abcXYZ", min_size=1, max_size=12)
targets = st.text("abcXYZ0123456789-._~!$&'()*+,;=:@/?%", max_size=30).map(lambda text: f"/{text}")
values = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30).map(
    lambda text: text.strip(" \t")
)
plain_values = st.text("abc XYZ0123456789;=,\"'<>", max_size=30).map(str.strip)

# Fields that say nothing about the body or the connection.
_OWN = st.text("abcXYZ0123456789-", min_size=1, max_size=10).map(lambda text: f"X-{text}")
fields = st.lists(st.tuples(_OWN, values), max_size=6)
plain_fields = st.lists(st.tuples(_OWN, plain_values), max_size=6)
chunks = st.lists(st.binary(min_size=1, max_size=40), max_size=5)


class Multi(dict[str, str]):
    """Enough of a multidict for the serializer."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        self.pairs = pairs

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def items(self) -> Any:
        return self.pairs


def cut(data: bytes, rng: random.Random) -> list[bytes]:
    """The same bytes in pieces of random sizes."""
    pieces = []
    at = 0
    while at < len(data):
        size = rng.choice((1, 2, 3, 7, 20, 100, 1000))
        pieces.append(data[at : at + size])
        at += size
    return pieces


def hear(parser: Any, sink: Any, pieces: list[bytes], *, eof: bool = False) -> Any:
    for piece in pieces:
        parser.feed(piece)
        if parser.paused:
            parser.resume()
    if eof:
        parser.feed_eof()
    return sink.events


# --- Round trips ---


@pytest.mark.parametrize("build", BUILDS)
@often
@given(method=tokens, target=targets, pairs=fields, seed=st.integers(0, 2**32))
def test_what_is_serialized_as_a_request_is_parsed_as_it(
    build: str, method: str, target: str, pairs: list[tuple[str, str]], seed: int
) -> None:
    if method == "CONNECT":
        target = "host:1"
    data = request_head(method, target, HttpVersion11, Multi([("Host", "a"), *pairs]))
    for pieces in ([data], cut(data, random.Random(seed))):
        sink = wire_events.Recorder()
        hear(wire_events.request_parser(build, sink), sink, pieces)
        (message,) = sink.messages
        assert (message.method, message.path) == (method, target)
        assert list(message.headers.items()) == [("Host", "a"), *pairs]
        assert message.raw_headers == tuple(
            (name.encode(), value.encode()) for name, value in [("Host", "a"), *pairs]
        )


@pytest.mark.parametrize("build", BUILDS)
@often
@given(
    status=st.integers(200, 999).filter(lambda code: code not in (204, 304)),
    reason=values,
    pairs=fields,
    body=chunks,
    trailers=fields,
    seed=st.integers(0, 2**32),
)
def test_what_is_serialized_as_a_chunked_response_is_parsed_as_it(
    build: str,
    status: int,
    reason: str,
    pairs: list[tuple[str, str]],
    body: list[bytes],
    trailers: list[tuple[str, str]],
    seed: int,
) -> None:
    head = response_head(
        HttpVersion11, status, reason, Multi([("Transfer-Encoding", "chunked"), *pairs])
    )
    sent = b"".join(b"".join((chunk_head(len(piece)), piece, b"\r\n")) for piece in body)
    data = head + sent + trailer_section(Multi(trailers))
    for pieces in ([data], cut(data, random.Random(seed))):
        sink = wire_events.Recorder()
        hear(wire_events.response_parser(build, sink, lenient=False), sink, pieces)
        (message,) = sink.messages
        assert (message.code, message.reason) == (status, reason)
        assert list(message.headers.items())[1:] == pairs
        listed = "; ".join(f"{name}: {value}" for name, value in trailers)
        assert sink.events[-1] == f"end {listed}".rstrip()
        heard = [event[5:] for event in sink.events if event.startswith("body ")]
        assert "".join(heard).encode("latin-1") == b"".join(body)


def test_the_last_chunk_is_what_no_trailers_leave() -> None:
    assert trailer_section({}) == LAST_CHUNK


# --- An independent strict parser ---


def h11_events(data: bytes) -> list[str]:
    """What h11 hears in the bytes of one request, in our words."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    events: list[str] = []
    body = b""
    while True:
        event = connection.next_event()
        if type(event) is h11.Request:
            events.append(f"{event.method.decode()} {event.target.decode()}")
            events += [f"{n.decode().lower()}: {v.decode('latin-1')}" for n, v in event.headers]
        elif type(event) is h11.Data:
            body += bytes(event.data)
        elif type(event) is h11.EndOfMessage:
            return [*events, f"body {body.decode('latin-1')}"]
        else:
            return [*events, "incomplete"]


def our_events(build: str, data: bytes) -> list[str]:
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    parser.feed(data)
    if not sink.messages:
        return ["incomplete" if sink.error is None else "error"]
    message = sink.messages[0]
    events = [f"{message.method} {message.path}"]
    events += [
        f"{name.decode().lower()}: {value.decode('latin-1')}" for name, value in message.raw_headers
    ]
    body = next((event for event in sink.events if event.startswith("body ")), "body ")
    return [*events, body]


@pytest.mark.parametrize("build", BUILDS)
@often
@given(target=targets, pairs=plain_fields, body=chunks, chunked=st.booleans())
def test_h11_hears_the_same_in_valid_requests(
    build: str, target: str, pairs: list[tuple[str, str]], body: list[bytes], chunked: bool
) -> None:
    whole = b"".join(body)
    framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(whole)))
    head = request_head("POST", target, HttpVersion11, Multi([("Host", "a"), framing, *pairs]))
    sent = b"".join(chunk_head(len(piece)) + piece + b"\r\n" for piece in body) + LAST_CHUNK
    data = head + (sent if chunked else whole)
    assert our_events(build, data) == h11_events(data)


# What h11 refuses and RFC 9112 calls an error, one of each kind.
_BAD = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
]


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("data", _BAD)
def test_what_h11_refuses_is_refused(build: str, data: bytes) -> None:
    with pytest.raises(h11.RemoteProtocolError):
        h11_events(data)
    sink = wire_events.Recorder()
    wire_events.request_parser(build, sink).feed(data)
    assert sink.error is not None


# --- Garbage ---

_PARTS = [
    b"GET", b"POST", b" ", b"  ", b"/", b"*", b"HTTP/1.1", b"HTTP/1.0", b"\r\n", b"\r\n\r\n",
    b"\n", b"\r", b"Host: a", b"Host: ", b":", b"Content-Length: ", b"5", b"0", b"-1", b"ff",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Connection: close", b";", b"=",
    b"Connection: upgrade\r\nUpgrade: websocket", b"\x00", b"\xff", b"\t", b"hello", b"\x7f",
    b"200 OK", b"204", b"X: y", b"Content-Length: 5\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b'"',
    b"a" * 70, b"Expect: 100-continue\r\n", b"Host: a\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n",
    b"HTTP/1.1 200 OK\r\n", b"\xc3\xbc", b"Sec-Fetch-Mode: x\r\n", b"user-agent:y\r\n",
]  # fmt: skip


@st.composite
def garbage(draw: st.DrawFn) -> bytes:
    """Bytes that look a little like HTTP."""
    parts = draw(st.lists(st.sampled_from(_PARTS) | st.binary(max_size=4), max_size=25))
    beginning = draw(
        st.sampled_from(
            [
                b"",
                b"GET / HTTP/1.1\r\nHost: a\r\n",
                b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            ]
        )
    )
    return beginning + b"".join(parts)


def verdicts(data: bytes, rng: random.Random, kind: str) -> list[list[str]]:
    """What each build hears, whole and in pieces."""
    found = []
    for build in BUILDS:
        for pieces in ([data], cut(data, rng), [data[i : i + 1] for i in range(len(data))]):
            sink = wire_events.Recorder(with_fields=True)
            if kind == "request":
                parser = wire_events.request_parser(build, sink)
            else:
                parser = wire_events.response_parser(build, sink, lenient=kind == "lenient")
            found.append(hear(parser, sink, pieces, eof=True))
    return found


@pytest.mark.parametrize("kind", ["request", "lenient", "strict"])
@often
@given(data=garbage(), seed=st.integers(0, 2**32))
def test_both_builds_hear_the_same_in_garbage_however_it_is_cut(
    kind: str, data: bytes, seed: int
) -> None:
    first, *others = verdicts(data, random.Random(seed), kind)
    assert all(heard == first for heard in others)


@pytest.mark.parametrize("kind", ["request", "lenient"])
@often
@given(data=st.binary(max_size=300), seed=st.integers(0, 2**32))
def test_noise_never_raises(kind: str, data: bytes, seed: int) -> None:
    verdicts(data, random.Random(seed), kind)


@pytest.mark.parametrize("kind", ["request", "lenient"])
@often
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), seed=st.integers(0, 2**32))
def test_one_wrong_byte_is_heard_alike(kind: str, place: int, byte: int, seed: int) -> None:
    """The neighbourhood of what is right: where smuggling lives."""
    right = (
        b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        b"POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
        if kind == "request"
        else b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n z\r\n\r\n"
        b"3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n"
    )
    at = place % len(right)
    data = right[:at] + bytes([byte]) + right[at + 1 :]
    first, *others = verdicts(data, random.Random(seed), kind)
    assert all(heard == first for heard in others)
