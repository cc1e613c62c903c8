"""One connection of the client, with a transport that only remembers."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from aiohttp._client.options import ResponseParams
from aiohttp._h1.limits import Limits
from aiohttp._timers import TimerNoop
from aiohttp.client_exceptions import (
    ClientOSError,
    ClientPayloadError,
    ServerDisconnectedError,
    SocketTimeoutError,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.streams import EMPTY_PAYLOAD

PARAMS = ResponseParams()


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.closed = False
        self.reading = True

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def connection() -> tuple[ResponseHandler, Wire]:
    protocol = ResponseHandler(asyncio.get_running_loop())
    wire = Wire()
    protocol.connection_made(wire)
    return protocol, wire


def expect(protocol: ResponseHandler, method: str = "GET", **params: Any) -> None:
    value = ResponseParams(**params) if params else PARAMS
    protocol.expect_response(method, value, TimerNoop())


async def test_a_response_at_once_and_byte_by_byte() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    for size in (len(data), 1):
        protocol, wire = connection()
        expect(protocol)
        for start in range(0, len(data), size):
            protocol.data_received(data[start : start + size])
        message, body = await protocol.read()
        assert message.code == 200
        assert await body.read() == b"ok"
        assert not protocol.should_close
        assert not wire.closed


async def test_a_connection_serves_many_responses() -> None:
    protocol, _ = connection()
    for number in range(3):
        expect(protocol)
        protocol.data_received(b"HTTP/1.1 20%d OK\r\nContent-Length: 0\r\n\r\n" % number)
        message, body = await protocol.read()
        assert message.code == 200 + number
        assert body.at_eof()
    assert protocol.timing.responses == 3


async def test_timing_points() -> None:
    protocol, _ = connection()
    timing = protocol.timing
    assert timing.created <= timing.connected
    assert timing.head_received == timing.body_end == 0.0
    expect(protocol)
    protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    assert timing.connected <= timing.head_received
    assert timing.body_end == 0.0
    protocol.data_received(b"ok")
    assert timing.head_received <= timing.body_end
    assert "responses=1" in repr(timing)


async def test_the_answer_to_head_has_no_body() -> None:
    protocol, _ = connection()
    expect(protocol, "HEAD")
    protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n")
    _, body = await protocol.read()
    assert body is EMPTY_PAYLOAD
    assert not protocol.should_close


async def test_interim_responses_are_passed_over() -> None:
    protocol, _ = connection()
    wanted: list[bool] = []
    protocol.on_continue = wanted.append
    expect(protocol)
    protocol.data_received(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 C\r\n\r\n")
    assert wanted == [True]
    protocol.data_received(b"HTTP/1.1 204 None\r\n\r\n")
    message, _ = await protocol.read()
    assert message.code == 204
    assert wanted == [True, False]


async def test_a_flood_of_interim_responses() -> None:
    protocol, wire = connection()
    expect(protocol)
    protocol.data_received(b"HTTP/1.1 102 Wait\r\n\r\n" * 100)
    with pytest.raises(BadHttpMessage, match="too many interim responses"):
        await protocol.read()
    assert wire.closed


async def test_a_body_until_the_end_of_the_connection() -> None:
    protocol, _ = connection()
    expect(protocol)
    protocol.data_received(b"HTTP/1.0 200 OK\r\n\r\nall")
    _, body = await protocol.read()
    assert protocol.should_close
    protocol.connection_lost(None)
    assert await body.read() == b"all"


async def test_closing_it_ourselves_is_not_the_end_of_such_a_body() -> None:
    protocol, wire = connection()
    expect(protocol)
    protocol.data_received(b"HTTP/1.0 200 OK\r\n\r\npart")
    _, body = await protocol.read()
    protocol.close()
    assert wire.closed
    protocol.connection_lost(None)
    with pytest.raises(RuntimeError, match="Connection closed") as caught:
        await body.read()
    assert caught.value.__cause__ is None


async def test_a_connection_is_not_used_again_before_its_body_is_whole() -> None:
    """RFC 9112 §9.3."""
    protocol, _ = connection()
    expect(protocol)
    protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    assert protocol.should_close
    protocol.data_received(b"cd")
    assert not protocol.should_close


async def test_the_connection_breaks_in_a_body() -> None:
    protocol, _ = connection()
    expect(protocol)
    protocol.data_received(b"HTTP/1.1 200 OK\r\n\r\npart")
    _, body = await protocol.read()
    protocol.connection_lost(ConnectionResetError(104, "reset"))
    with pytest.raises(ClientPayloadError):
        await body.read()


async def test_the_connection_breaks_before_the_head() -> None:
    protocol, _ = connection()
    expect(protocol)
    waiting = asyncio.ensure_future(protocol.read())
    await asyncio.sleep(0)
    protocol.connection_lost(OSError(104, "reset"))
    with pytest.raises(ClientOSError) as caught:
        await waiting
    assert caught.value.errno == 104
    assert protocol.closed is None


async def test_a_head_that_is_cut_off_is_told() -> None:
    protocol, _ = connection()
    expect(protocol)
    protocol.data_received(b"HTTP/1.1 301 Moved\r\nLocation: http://a/")
    protocol.connection_lost(None)
    with pytest.raises(ServerDisconnectedError) as caught:
        await protocol.read()
    assert caught.value.message.headers["Location"] == "http://a/"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_bytes_without_a_request(when: str) -> None:
    protocol, wire = connection()
    if when == "after":
        expect(protocol)
        protocol.data_received(b"HTTP/1.1 204 OK\r\n\r\n")
        await protocol.read()
    protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert wire.closed
    assert protocol.should_close


async def test_bytes_after_the_body() -> None:
    protocol, wire = connection()
    expect(protocol)
    protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokEXCESS")
    _, body = await protocol.read()
    assert await body.read() == b"ok"
    assert wire.closed


_LAX = b"HTTP/1.1 200 OK\nX: a\n b\nContent-Length: 2\n\nok"


async def test_what_many_servers_get_wrong_is_forgiven() -> None:
    protocol, _ = connection()
    expect(protocol)
    protocol.data_received(_LAX)
    message, body = await protocol.read()
    assert message.headers["X"] == "a b"
    assert await body.read() == b"ok"


async def test_nothing_is_forgiven_in_development_mode() -> None:
    script = (
        "import asyncio\n"
        "from aiohttp.client_proto import ResponseHandler\n"
        "from aiohttp._client.options import ResponseParams\n"
        "async def main():\n"
        "    protocol = ResponseHandler(asyncio.get_running_loop())\n"
        "    protocol.expect_response('GET', ResponseParams(), None)\n"
        f"    protocol.data_received({_LAX!r})\n"
        "    print(protocol.exception())\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "dev", "-c", script, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert b"Bare LF: expected CRLF" in told


async def test_limits_of_a_call() -> None:
    protocol, _ = connection()
    expect(protocol, limits=Limits(max_field_size=20))
    protocol.data_received(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 30 + b"\r\n\r\n")
    with pytest.raises(BadHttpMessage):
        await protocol.read()


async def test_chunks_and_trailers_are_shown() -> None:
    protocol, _ = connection()
    expect(protocol)
    protocol.data_received(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-After: 1\r\n\r\n"
    )
    _, body = await protocol.read()
    assert [chunk async for chunk in body.iter_chunks()] == [(b"abc", True), (b"de", True)]
    assert body.trailers is not None
    assert body.trailers["X-After"] == "1"


async def test_a_full_buffer_pauses_the_transport() -> None:
    protocol, wire = connection()
    expect(protocol, read_bufsize=10)
    protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 50)
    _, body = await protocol.read()
    assert not wire.reading
    assert await body.read(45) == b"x" * 45
    assert wire.reading


async def test_silence_while_we_are_paused_is_not_the_peer_s() -> None:
    protocol, _ = connection()
    expect(protocol, read_bufsize=1, read_timeout=0.01)
    protocol.start_timeout()
    protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc")
    _, body = await protocol.read()
    await asyncio.sleep(0.03)
    assert await body.read(3) == b"abc"
    with pytest.raises(SocketTimeoutError):
        await body.read(1)


async def test_another_protocol_gets_what_came_with_the_head() -> None:
    class Parser:
        data = b""
        ended = False

        def feed_data(self, data: bytes) -> tuple[bool, bytes]:
            self.data += data
            return False, b""

        def feed_eof(self) -> None:
            self.ended = True

    protocol, _ = connection()
    expect(protocol)
    protocol.data_received(
        b"HTTP/1.1 101 Switch\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\nfirst "
    )
    message, _ = await protocol.read()
    assert message.code == 101
    assert protocol.upgraded
    protocol.data_received(b"second ")
    parser = Parser()
    protocol.set_parser(parser, EMPTY_PAYLOAD)
    protocol.data_received(b"third")
    assert parser.data == b"first second third"
    protocol.connection_lost(None)
    assert parser.ended


async def test_closed_is_done_when_the_transport_has_gone() -> None:
    protocol, _ = connection()
    closed = protocol.closed
    assert closed is not None
    protocol.connection_lost(None)
    await closed
