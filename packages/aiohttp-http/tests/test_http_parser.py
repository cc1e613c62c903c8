"""The public parsers: what is returned, what is raised, and when."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import pytest

from aiohttp import http_parser
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import ClientPayloadError
from aiohttp.http_exceptions import (
    BadHttpMessage,
    BadHttpMethod,
    ContentEncodingError,
    ContentLengthError,
    InvalidHeader,
    TransferEncodingError,
)
from aiohttp.http_parser import (
    DeflateBuffer,
    HeadersParser,
    HttpPayloadParser,
    PayloadState,
)
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: %b\r\n\r\n"


@pytest.fixture(params=["Py", "C"])
def build(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make(kind: str, build: str, **options: Any) -> Any:
    loop = asyncio.get_running_loop()
    return getattr(http_parser, f"Http{kind}Parser{build}")(BaseProtocol(loop), loop, **options)


async def test_a_message_and_its_body(build: str) -> None:
    parser = make("Request", build)
    messages, upgraded, tail = parser.feed_data(CHUNKED + b"2\r\nhi\r\n0\r\nX: y\r\n\r\n")
    ((message, payload),) = messages
    assert (message.method, message.path, message.chunked) == ("POST", "/", True)
    assert await payload.read() == b"hi"
    assert payload.trailers == {"X": "y"}
    assert (upgraded, tail) == (False, b"")


async def test_no_body(build: str) -> None:
    ((_, payload),), _, _ = make("Request", build).feed_data(GET)
    assert payload is EMPTY_PAYLOAD


async def test_chunks_can_be_told_apart(build: str) -> None:
    parser = make("Request", build)
    ((_, payload),), _, _ = parser.feed_data(CHUNKED + b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
    assert [chunk async for chunk in payload.iter_chunks()] == [(b"a", True), (b"bc", True)]


async def test_content_coding_is_undone(build: str) -> None:
    coded = zlib.compress(b"hello")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n"
    ((_, payload),), _, _ = make("Response", build).feed_data(head % len(coded) + coded)
    assert await payload.read() == b"hello"


async def test_content_coding_is_left(build: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 2\r\n\r\n"
    parser = make("Response", build, auto_decompress=False)
    ((_, payload),), _, _ = parser.feed_data(head + b"xx")
    assert await payload.read() == b"xx"


async def test_complete_requests_are_returned_before_an_error_is_raised(build: str) -> None:
    parser = make("Request", build)
    messages, _, _ = parser.feed_data(GET + b"\x00")
    assert len(messages) == 1
    with pytest.raises(BadHttpMethod):
        parser.feed_data(b"")


async def test_a_broken_body_fails_at_once_where_it_is_read(build: str) -> None:
    parser = make("Request", build, payload_exception=ClientPayloadError)
    ((_, payload),), _, _ = parser.feed_data(CHUNKED)
    with pytest.raises(TransferEncodingError):
        parser.feed_data(b"zz")
    with pytest.raises(ClientPayloadError, match="Invalid character in chunk size"):
        await payload.read()


async def test_a_body_that_ends_early(build: str) -> None:
    parser = make("Response", build)
    ((_, payload),), _, _ = parser.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
    with pytest.raises(ContentLengthError, match="received 3 of 5 bytes"):
        parser.feed_eof()
    with pytest.raises(ContentLengthError):
        await payload.read()


@pytest.mark.parametrize("protocol", [b"websocket", b"tcp"])
async def test_upgrade_hands_the_rest_over(build: str, protocol: bytes) -> None:
    parser = make("Request", build)
    messages, upgraded, tail = parser.feed_data(UPGRADE % protocol + b"\x81")
    assert messages[0][0].upgrade
    assert (upgraded, tail) == (True, b"\x81")
    assert parser.feed_data(b"\x00") == ([], True, b"\x00")
    parser.set_upgraded(False)
    assert len(parser.feed_data(GET)[0]) == 1


async def test_an_upgrade_that_nobody_speaks_is_declined(build: str) -> None:
    messages, upgraded, _ = make("Request", build).feed_data(UPGRADE % b"h2c" + GET)
    assert [message.upgrade for message, _ in messages] == [True, False]
    assert not upgraded


async def test_no_more_messages_than_the_queue_takes(build: str) -> None:
    parser = make("Request", build, max_msg_queue_size=2)
    assert len(parser.feed_data(GET * 5)[0]) == 2
    assert parser.feed_data(GET)[0] == []
    parser.message_consumed()
    assert len(parser.feed_data(b"")[0]) == 1
    for _ in range(9):
        parser.message_consumed()
    assert len(parser.feed_data(b"")[0]) == 2


async def test_reading_is_paused_for_one_call(build: str) -> None:
    parser = make("Request", build)
    parser.pause_reading()
    assert len(parser.feed_data(GET)[0]) == 1


async def test_who_reads_gets_what_is_held(build: str) -> None:
    """All bytes have come already: nobody will call `feed_data` again."""
    parser = make("Request", build, limit=10)
    protocol = parser.protocol
    protocol._parser = parser
    chunk = b"20\r\n" + b"a" * 32 + b"\r\n"
    ((_, payload),), _, _ = parser.feed_data(CHUNKED + chunk * 10 + b"0\r\n\r\n" + GET)
    assert protocol._reading_paused
    assert await payload.read() == b"a" * 320
    assert not protocol._reading_paused
    assert len(parser.feed_data(b"")[0]) == 1


async def test_the_end_while_reading_is_paused(build: str) -> None:
    parser = make("Request", build)
    ((_, payload),), _, _ = parser.feed_data(CHUNKED)
    parser.pause_reading()
    parser._parser.feed(b"2\r\nhi\r\n0\r\n\r\n")
    parser.feed_eof()
    assert await payload.read() == b"hi"


async def test_a_response_without_a_body(build: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    for options in ({"method": "HEAD"}, {"response_with_body": False}):
        ((_, payload),), _, _ = make("Response", build, **options).feed_data(head)
        assert payload is EMPTY_PAYLOAD


async def test_a_parser_without_a_protocol_reads_heads_only(build: str) -> None:
    parser = getattr(http_parser, f"HttpRequestParser{build}")()
    assert len(parser.feed_data(GET)[0]) == 1
    with pytest.raises(ValueError, match="needs a protocol"):
        parser.feed_data(CHUNKED)


# --- Fields alone ---


def test_lines_of_a_field_section() -> None:
    headers, raw = HeadersParser().parse_headers([b"A: b", b"host:  c ", b"", b"ignored"])
    assert list(headers.items()) == [("A", "b"), ("Host", "c")]
    assert raw == ((b"A", b"b"), (b"host", b"c"))


def test_folded_lines() -> None:
    lines = [b"A: b", b" c"]
    with pytest.raises(InvalidHeader, match="no obsolete line folding"):
        HeadersParser().parse_headers(lines)
    assert HeadersParser(lax=True).parse_headers(lines)[0] == {"A": "b c"}


def test_too_many_lines() -> None:
    with pytest.raises(BadHttpMessage, match="Too many headers received: expected at most 2"):
        HeadersParser(max_headers=2).parse_headers([b"A: b"] * 3)


# --- Bodies alone ---


async def body(**options: Any) -> tuple[HttpPayloadParser, StreamReader]:
    loop = asyncio.get_running_loop()
    payload = StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    return HttpPayloadParser(payload, headers_parser=HeadersParser(), **options), payload


async def test_body_with_a_length() -> None:
    parser, payload = await body(length=3)
    assert parser.feed_data(b"ab") == (PayloadState.PAYLOAD_NEEDS_INPUT, b"")
    assert parser.feed_data(b"cde") == (PayloadState.PAYLOAD_COMPLETE, b"de")
    assert parser.done
    assert await payload.read() == b"abc"


async def test_body_that_is_paused() -> None:
    parser, payload = await body(length=3)
    parser.pause_reading()
    assert parser.feed_data(b"abc") == (PayloadState.PAYLOAD_HAS_PENDING_INPUT, b"")
    assert parser.feed_data(b"d") == (PayloadState.PAYLOAD_COMPLETE, b"d")
    assert await payload.read() == b"abc"


async def test_body_until_the_end() -> None:
    parser, payload = await body()
    parser.feed_data(b"abc")
    parser.feed_eof()
    assert await payload.read() == b"abc"


async def test_body_that_is_broken() -> None:
    parser, payload = await body(chunked=True)
    with pytest.raises(TransferEncodingError):
        parser.feed_data(b"x\r\n")
    assert isinstance(payload.exception(), TransferEncodingError)


async def test_body_that_is_not_there() -> None:
    parser, payload = await body(length=9, response_with_body=False)
    assert parser.done
    assert await payload.read() == b""


async def test_stream_in_front_of_a_stream() -> None:
    loop = asyncio.get_running_loop()
    out = StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    buffer = DeflateBuffer(out, "gzip")
    with pytest.raises(ContentEncodingError):
        buffer.feed_data(b"not gzip", 8)
