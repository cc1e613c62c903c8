"""Connections of a low-level server, driven byte by byte over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import logging
import sys
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any

import pytest

from aiohttp import web
from aiohttp._web.inbox import CAPACITY
from aiohttp.abc import AbstractAccessLogger, AbstractStreamWriter
from aiohttp.web_protocol import RequestHandler

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# Nothing here waits for this long; it ends a test that would hang.
PATIENCE = 10

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


class Peer:
    """The other end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def response(self) -> tuple[bytes, dict[bytes, bytes], bytes]:
        """Read one response that has a Content-Length: status line, fields, body."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        status, *lines = head[:-4].split(b"\r\n")
        fields = dict(line.split(b": ", 1) for line in lines)
        body = await self.reader.readexactly(int(fields.get(b"Content-Length", b"0")))
        return status, fields, body

    async def body(self) -> bytes:
        return (await self.response())[2]

    async def rest(self) -> bytes:
        """Read until the server closes."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE)

    async def exchange(self, data: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
        self.send(data)
        return await self.response()

    def vanish(self) -> None:
        self.writer.transport.abort()


class Place:
    """A server and the address where it listens."""

    def __init__(self, server: web.Server, port: int) -> None:
        self.server = server
        self.port = port
        self.peers: list[Peer] = []

    async def connect(self) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port))
        self.peers.append(peer)
        return peer

    async def connection(self) -> RequestHandler:
        """Return the only connection, as soon as it is there."""
        await until(lambda: self.server.connections)
        (connection,) = self.server.connections
        return connection


@asynccontextmanager
async def serving(handler: Handler, **settings: Any) -> AsyncIterator[Place]:
    server = web.Server(handler, **{"access_log": None, "shutdown_grace": 0, **settings})
    runner = web.ServerRunner(server, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    place = Place(server, site.port)
    try:
        yield place
    finally:
        await runner.cleanup()
        for peer in place.peers:
            peer.vanish()
        await asyncio.sleep(0)


async def hello(request: web.BaseRequest) -> web.Response:
    return web.Response(text=f"hello {request.path}")


async def echo(request: web.BaseRequest) -> web.Response:
    return web.Response(body=await request.read())


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until something has become true."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while not condition():
        assert loop.time() < deadline, "it did not become true"
        await asyncio.sleep(0)


# Keep-alive…


async def test_connection_is_kept() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        for _ in range(3):
            status, fields, body = await peer.exchange(GET)
            assert (status, body) == (b"HTTP/1.1 200 OK", b"hello /")
            assert b"Connection" not in fields
        assert len(place.server.connections) == 1
        assert place.server.requests_count == 3


async def test_connection_close_is_obeyed() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        _, fields, _ = await peer.response()
        assert fields[b"Connection"] == b"close"
        assert await peer.rest() == b""


async def test_http_1_0_closes_unless_asked() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        status, fields, _ = await peer.exchange(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert (status, fields[b"Connection"]) == (b"HTTP/1.0 200 OK", b"keep-alive")
        status, fields, _ = await peer.exchange(b"GET / HTTP/1.0\r\n\r\n")
        assert status == b"HTTP/1.0 200 OK"
        assert await peer.rest() == b""


async def test_a_newer_minor_version_is_answered_in_ours() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        status, fields, _ = await peer.exchange(b"GET / HTTP/1.5\r\nHost: a\r\n\r\n")
        assert status == b"HTTP/1.1 200 OK"
        assert b"Connection" not in fields
        status, fields, _ = await peer.exchange(
            b"GET / HTTP/1.5\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        assert status == b"HTTP/1.1 200 OK"
        assert fields[b"Connection"] == b"close"
        assert await peer.rest() == b""


async def test_handler_may_force_the_close() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        response = web.Response(text="bye")
        response.force_close()
        return response

    async with serving(handler) as place:
        peer = await place.connect()
        _, fields, _ = await peer.exchange(GET)
        assert fields[b"Connection"] == b"close"
        assert await peer.rest() == b""


async def test_protocol_may_be_told_not_to_keep_alive() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        request.protocol.keep_alive(False)
        return web.Response(text="bye")

    async with serving(handler) as place:
        peer = await place.connect()
        assert await peer.exchange(GET)
        assert await peer.rest() == b""


async def test_idle_connection_is_closed_in_time() -> None:
    async with serving(hello, keepalive_timeout=0.01) as place:
        peer = await place.connect()
        await peer.exchange(GET)
        assert await peer.rest() == b""


async def test_connection_without_a_request_is_closed_in_time() -> None:
    async with serving(hello, keepalive_timeout=0.01) as place:
        peer = await place.connect()
        assert await peer.rest() == b""


async def test_trickling_does_not_move_the_deadline() -> None:
    async with serving(hello, keepalive_timeout=0.05) as place:
        peer = await place.connect()
        connection = await place.connection()
        before = connection._timer.deadline
        peer.send(b"GET / HTTP/1.1\r\nX")
        await until(lambda: connection._parser.pending)
        assert connection._timer.deadline == before
        assert await peer.rest() == b""


# One context for each request, one task for all…


async def test_context_variables_do_not_leak_into_the_next_request() -> None:
    visits = ContextVar("visits", default=0)

    async def handler(request: web.BaseRequest) -> web.Response:
        visits.set(visits.get() + 1)
        return web.Response(text=str(visits.get()))

    async with serving(handler) as place:
        peer = await place.connect()
        for _ in range(3):
            assert (await peer.exchange(GET))[2] == b"1"


@pytest.mark.parametrize("wait", [False, True])
async def test_the_handler_runs_in_the_task_of_its_request(wait: bool) -> None:
    tasks = []

    async def handler(request: web.BaseRequest) -> web.Response:
        if wait:
            await asyncio.sleep(0)
        tasks.append((asyncio.current_task(), request.task))
        return web.Response()

    async with serving(handler) as place:
        peer = await place.connect()
        for _ in range(3):
            await peer.exchange(GET)
    assert all(current is own for current, own in tasks)
    assert len({current for current, _ in tasks}) == 1


async def test_a_handler_may_limit_its_own_time() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        except asyncio.TimeoutError:
            return web.Response(text="in time")
        return web.Response(text="never")

    async with serving(handler) as place:
        peer = await place.connect()
        for _ in range(3):
            assert (await peer.exchange(GET))[2] == b"in time"


# Pipelining…


async def test_pipelined_requests_are_answered_in_order() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        if request.path == "/1":
            await asyncio.sleep(0.01)
        return web.Response(text=request.path)

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(200)))
        assert [await peer.body() for _ in range(200)] == [b"/%d" % n for n in range(200)]


async def test_a_flood_of_requests_is_held_back() -> None:
    go_on = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        await go_on.wait()
        return web.Response(text=request.path)

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET * 1000)
        connection = await place.connection()
        await until(lambda: connection._reading_paused)
        assert len(connection._inbox) == CAPACITY
        go_on.set()
        for _ in range(1000):
            assert await peer.body() == b"/"


async def test_pipelined_bodies_reach_their_own_handlers() -> None:
    request = POST + b"Content-Length: %d\r\n\r\n%s"
    async with serving(echo) as place:
        peer = await place.connect()
        for body in (b"one", b"twotwo", b"3"):
            peer.send(request % (len(body), body))
        assert [await peer.body() for _ in range(3)] == [b"one", b"twotwo", b"3"]


async def test_bodies_ahead_of_their_handlers_are_bounded_together() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        begun.set()
        await go_on.wait()
        return web.Response(text=str(len(await request.read())))

    # Each is below what one reader may hold, so that none of them stops the peer by itself.
    bufsize, size, number = 4096, 8000, 30
    async with serving(handler, read_bufsize=bufsize) as place:
        peer = await place.connect()
        peer.send(b"%bContent-Length: %d\r\n\r\n%b" % (POST, size, b"x" * size) * number)
        await begun.wait()
        connection = await place.connection()
        await until(lambda: connection._reading_paused)
        ahead = sum(payload.buffered for _, payload, _ in connection._inbox)
        assert 0 < ahead <= 2 * bufsize + 2 * size
        assert len(connection._inbox) < number - 1
        go_on.set()
        assert [await peer.body() for _ in range(number)] == [b"%d" % size] * number


async def test_who_waits_behind_bodies_that_nobody_reads_is_served() -> None:
    size = 8000
    async with serving(hello, read_bufsize=4096) as place:
        peer = await place.connect()
        peer.send(b"%bContent-Length: %d\r\n\r\n%b" % (POST, size, b"x" * size) * 40)
        assert [await peer.body() for _ in range(40)] == [b"hello /"] * 40


# Faults of the peer…


@pytest.mark.parametrize(
    "garbage",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: a\r\nA B: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"X" * 9000,
        b"GET / RTSP/1.0\r\n\r\n",
        b"GET /\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_garbage_is_a_bad_request(garbage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aiohttp.server")
    async with serving(hello) as place:
        peer = await place.connect()
        peer.send(garbage)
        answer = await peer.rest()
    assert answer.startswith(b"HTTP/1.0 400 Bad Request\r\n")
    assert answer.partition(b"\r\n\r\n")[2]  # the reason
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert record.exc_info is None


@pytest.mark.parametrize(
    ("head", "answered"),
    [
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"414 "),
        (b"GET /" + b"x" * 9000, b"414 "),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 9000 + b"\r\n\r\n", b"431 "),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 9000, b"431 "),
    ],
)
async def test_what_is_too_long_is_told(head: bytes, answered: bytes) -> None:
    """RFC 9112 §3: a target; RFC 6585 §5: a field."""
    async with serving(hello) as place:
        peer = await place.connect()
        peer.send(head)
        assert (await peer.rest()).startswith(b"HTTP/1.0 " + answered)


async def test_a_request_before_garbage_is_served() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        peer.send(GET + b"GARBAGE\r\n\r\n")
        assert (await peer.response())[0] == b"HTTP/1.1 200 OK"
        assert (await peer.response())[0] == b"HTTP/1.0 400 Bad Request"
        assert await peer.rest() == b""


@pytest.mark.parametrize("split", [True, False])
async def test_malformed_chunk_fails_the_body(
    split: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "aiohttp.server")
    seen: list[Exception] = []
    begun = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        begun.set()
        try:
            await request.read()
        except Exception as error:
            seen.append(error)
            raise
        return web.Response()

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(CHUNKED + b"3\r\nabc\r\n")
        if split:
            await begun.wait()
        peer.send(b"zz\r\n")
        status, fields, body = await peer.response()
        assert (status, fields[b"Connection"]) == (b"HTTP/1.1 400 Bad Request", b"close")
        assert b"zz" in body
        assert await peer.rest() == b""
    assert [type(error) for error in seen] == [web.RequestPayloadError]
    assert [record.exc_info for record in caplog.records] == [None]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not gzip at all", b"HTTP/1.1 400 Bad Request"),
        (gzip.compress(b"hello")[:-3], b"HTTP/1.1 400 Bad Request"),
    ],
)
async def test_corrupt_encoding_is_a_bad_request(body: bytes, status: bytes) -> None:
    async with serving(echo) as place:
        peer = await place.connect()
        peer.send(POST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert (await peer.response())[0] == status


async def test_encoding_is_undone_unless_told_not_to() -> None:
    body = zlib.compress(b"hello")
    message = POST + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    for decompress, seen in ((True, b"hello"), (False, body)):
        async with serving(echo, auto_decompress=decompress) as place:
            peer = await place.connect()
            assert (await peer.exchange(message))[2] == seen


# Peers that vanish…


async def test_vanishing_before_a_head_is_complete() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        peer.send(b"GET / HTTP/1.1\r\nHo")
        connection = await place.connection()
        await until(lambda: connection._parser.pending)
        peer.vanish()
        await until(lambda: not place.server.connections)


async def test_vanishing_before_a_body_is_complete(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aiohttp.server")
    seen: list[Exception] = []
    begun = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        begun.set()
        try:
            await request.read()
        except Exception as error:
            seen.append(error)
            raise
        return web.Response()

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(POST + b"Content-Length: 10\r\n\r\nabc")
        await begun.wait()
        peer.vanish()
        await until(lambda: caplog.records)
    assert isinstance(seen[0], ConnectionResetError)
    assert [(r.levelno, r.exc_info) for r in caplog.records] == [(logging.DEBUG, None)]


async def test_vanishing_while_a_handler_works() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    ended = []

    async def handler(request: web.BaseRequest) -> web.Response:
        begun.set()
        await go_on.wait()
        ended.append(request.transport)
        return web.Response()

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        await begun.wait()
        peer.vanish()
        await until(lambda: not place.server.connections)
        go_on.set()
        await until(lambda: ended)
    assert ended == [None]


async def test_vanishing_cancels_the_handler_if_asked() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return web.Response()

    async with serving(handler, handler_cancellation=True) as place:
        peer = await place.connect()
        peer.send(GET)
        await begun.wait()
        peer.vanish()
        await asyncio.wait_for(cancelled.wait(), PATIENCE)


async def test_vanishing_while_a_response_is_written() -> None:
    errors: list[Exception] = []

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 2**16)
        except ConnectionError as error:
            errors.append(error)
            raise

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        await peer.reader.read(1)
        peer.vanish()
        await until(lambda: errors)
        await until(lambda: not place.server.connections)


# Mistakes of handlers…


async def test_none_is_no_response(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: web.BaseRequest) -> Any:
        return None

    async with serving(handler) as place:
        peer = await place.connect()
        assert (await peer.exchange(GET))[0] == b"HTTP/1.1 500 Internal Server Error"
    assert "Missing return statement on request handler" in caplog.text


@pytest.mark.parametrize("result", ["text", web.Response])
async def test_something_else_is_no_response(
    result: object, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: web.BaseRequest) -> Any:
        return result

    async with serving(handler) as place:
        peer = await place.connect()
        assert (await peer.exchange(GET))[0] == b"HTTP/1.1 500 Internal Server Error"
    assert f"should return a response instance, got {result!r}" in caplog.text


async def test_a_response_sent_twice_says_so(caplog: pytest.LogCaptureFixture) -> None:
    only = web.Response(text="only")

    async def handler(request: web.BaseRequest) -> web.Response:
        return only

    async with serving(handler) as place:
        peer = await place.connect()
        assert (await peer.exchange(GET))[2] == b"only"
        assert (await peer.exchange(GET))[0] == b"HTTP/1.1 500 Internal Server Error"
    assert "was sent already" in caplog.text


async def boom(request: web.BaseRequest) -> web.Response:
    raise ValueError("boom <b>")


async def test_an_error_is_logged_once_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(boom) as place:
        peer = await place.connect()
        status, fields, body = await peer.exchange(GET)
        assert await peer.rest() == b""
    assert (status, fields[b"Connection"]) == (b"HTTP/1.1 500 Internal Server Error", b"close")
    assert b"boom" not in body
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


@pytest.mark.parametrize(
    ("accept", "shown"),
    [(b"*/*", b"ValueError: boom <b>"), (b"text/html", b"ValueError: boom &lt;b&gt;")],
)
async def test_an_error_is_shown_when_debugging(accept: bytes, shown: bytes) -> None:
    async with serving(boom, debug=True) as place:
        peer = await place.connect()
        body = (await peer.exchange(GET[:-2] + b"Accept: %s\r\n\r\n" % accept))[2]
    assert shown in body


async def test_an_error_after_the_head_breaks_the_response_off() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"some")
        raise ValueError("boom")

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        answer = await peer.rest()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n4\r\nsome\r\n")


async def test_a_timeout_is_a_gateway_timeout() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        raise asyncio.TimeoutError

    async with serving(handler) as place:
        peer = await place.connect()
        assert (await peer.exchange(GET))[0] == b"HTTP/1.1 504 Gateway Timeout"


async def test_an_http_exception_may_be_raised_again_and_again() -> None:
    missing = web.HTTPNotFound(text="nothing", headers={"X-Why": "gone"})
    missing.set_cookie("a", "b")

    async def handler(request: web.BaseRequest) -> web.Response:
        raise missing

    async with serving(handler) as place:
        peer = await place.connect()
        for _ in range(2):
            status, fields, body = await peer.exchange(GET)
            assert (status, body) == (b"HTTP/1.1 404 Not Found", b"nothing")
            assert fields[b"X-Why"] == b"gone"
            assert fields[b"Set-Cookie"].startswith(b"a=b")


async def test_an_http_exception_is_sent_as_the_response_that_it_is() -> None:
    class Denied(web.HTTPForbidden):
        async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
            self.headers["X-Prepared"] = "yes"
            return await super().prepare(request)

    denied = Denied(text="no")
    denied.force_close()
    denied.enable_compression(web.ContentCoding.gzip)

    async def handler(request: web.BaseRequest) -> web.Response:
        raise denied

    async with serving(handler) as place:
        for _ in range(2):
            peer = await place.connect()
            _, fields, body = await peer.exchange(GET)
            assert fields[b"Connection"] == b"close"
            assert fields[b"Content-Encoding"] == b"gzip"
            assert fields[b"X-Prepared"] == b"yes"
            assert gzip.decompress(body) == b"no"
            assert await peer.rest() == b""
    assert "X-Prepared" not in denied.headers


async def test_an_http_exception_is_raised_after_it_was_returned() -> None:
    error = web.HTTPGone(text="gone")

    async def handler(request: web.BaseRequest) -> web.Response:
        if request.path == "/raise":
            raise error
        return error

    async with serving(handler) as place:
        peer = await place.connect()
        for path in (b" / ", b" /raise ", b" /raise "):
            status, _, body = await peer.exchange(GET.replace(b" / ", path))
            assert (status, body) == (b"HTTP/1.1 410 Gone", b"gone")


async def test_a_handler_that_cancels_itself_gets_no_answer() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        raise asyncio.CancelledError

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        assert await peer.rest() == b""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="cancellations are counted since 3.11")
async def test_a_cancellation_that_was_caught_does_not_count_for_the_next_request() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        task: Any = request.task
        earlier = task.cancelling()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(PATIENCE)
        return web.Response(text=str(earlier))

    async with serving(handler) as place:
        peer = await place.connect()
        for _ in range(3):
            assert (await peer.exchange(GET))[2] == b"0"


# Bodies that nobody reads…


async def test_the_body_of_a_later_request_is_no_rest() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        assert (await peer.exchange(POST + b"Content-Length: 3\r\n\r\n"))[2] == b"hello /"
        peer.send(b"abc" + GET + POST + b"Content-Length: 3\r\n\r\n")
        assert [await peer.body(), await peer.body()] == [b"hello /", b"hello /"]


async def test_the_rest_of_a_body_is_received_and_the_connection_kept() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        assert (await peer.exchange(CHUNKED + b"3\r\nabc\r\n"))[2] == b"hello /"
        peer.send(b"3\r\ndef\r\n0\r\n\r\n" + GET)
        assert await peer.body() == b"hello /"


async def test_a_body_much_larger_than_the_buffer_is_received() -> None:
    async with serving(hello, read_bufsize=1024) as place:
        peer = await place.connect()
        peer.send(POST + b"Content-Length: 1000000\r\n\r\n" + bytes(1_000_000) + GET)
        assert await peer.body() == b"hello /"
        assert await peer.body() == b"hello /"


async def test_the_rest_of_a_body_is_not_waited_for_for_ever() -> None:
    async with serving(hello, lingering_time=0.01) as place:
        peer = await place.connect()
        await peer.exchange(CHUNKED + b"3\r\nabc\r\n")
        assert await peer.rest() == b""


async def test_without_lingering_the_connection_is_closed_at_once() -> None:
    async with serving(hello, lingering_time=0) as place:
        peer = await place.connect()
        await peer.exchange(CHUNKED)
        assert await peer.rest() == b""


async def test_reading_after_the_response_is_an_error() -> None:
    late: list[web.BaseRequest] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        late.append(request)
        return web.Response()

    async with serving(handler) as place:
        peer = await place.connect()
        await peer.exchange(CHUNKED + b"3\r\nabc\r\n")
        with pytest.raises(web.PayloadAccessError):
            await late[0].read()


async def test_a_slow_reader_makes_the_peer_wait() -> None:
    go_on = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        await go_on.wait()
        return web.Response(text=str(len(await request.read())))

    async with serving(handler, read_bufsize=1024) as place:
        peer = await place.connect()
        peer.send(POST + b"Content-Length: 1000000\r\n\r\n" + bytes(1_000_000))
        connection = await place.connection()
        await until(lambda: connection._reading_paused)
        go_on.set()
        assert await peer.body() == b"1000000"


# What operators limit…


async def test_a_head_that_comes_too_slowly() -> None:
    async with serving(hello, head_timeout=0.02) as place:
        peer = await place.connect()
        peer.send(b"GET / HTTP/1.1\r\n")
        assert (await peer.response())[0] == b"HTTP/1.0 408 Request Timeout"
        assert await peer.rest() == b""


async def test_a_head_that_begins_behind_another_request_and_comes_too_slowly() -> None:
    async with serving(hello, head_timeout=0.02) as place:
        peer = await place.connect()
        assert (await peer.exchange(GET))[0] == b"HTTP/1.1 200 OK"
        peer.send(GET + b"GET / HTTP/1.1\r\n")
        assert (await peer.response())[0] == b"HTTP/1.1 200 OK"
        assert (await peer.response())[0] == b"HTTP/1.0 408 Request Timeout"
        assert await peer.rest() == b""


async def test_a_body_that_stands_still() -> None:
    async with serving(echo, body_timeout=0.02) as place:
        peer = await place.connect()
        peer.send(POST + b"Content-Length: 10\r\n\r\nabc")
        assert (await peer.response())[0] == b"HTTP/1.1 408 Request Timeout"
        assert await peer.rest() == b""


async def test_a_body_that_stands_still_in_a_later_request() -> None:
    async with serving(echo, body_timeout=0.02) as place:
        peer = await place.connect()
        assert (await peer.exchange(GET))[0] == b"HTTP/1.1 200 OK"
        peer.send(POST + b"Content-Length: 10\r\n\r\nabc")
        assert (await peer.response())[0] == b"HTTP/1.1 408 Request Timeout"
        assert await peer.rest() == b""


async def test_the_handler_is_not_taken_for_a_slow_peer() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(0.1)
        return web.Response(text=str(len(await request.read())))

    async with serving(handler, body_timeout=0.05, read_bufsize=1024) as place:
        peer = await place.connect()
        peer.send(POST + b"Content-Length: 100000\r\n\r\n" + bytes(100_000))
        assert await peer.body() == b"100000"


async def test_one_connection_too_many() -> None:
    async with serving(hello, max_connections=1) as place:
        first = await place.connect()
        await first.exchange(GET)
        second = await place.connect()
        assert (await second.rest()).startswith(b"HTTP/1.1 503 Service Unavailable")
        assert (await first.exchange(GET))[0] == b"HTTP/1.1 200 OK"


# Another protocol…


class Recorder:
    """Speak a protocol that answers each piece with itself."""

    def __init__(self, protocol: RequestHandler) -> None:
        self.protocol = protocol
        self.data = b""
        self.ended = asyncio.Event()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        self.ended.set()


UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"


async def test_an_upgrade_gets_the_tail_and_what_follows() -> None:
    recorders: list[Recorder] = []

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        recorder = Recorder(request.protocol)
        recorders.append(recorder)
        response = web.StreamResponse(status=101)
        await response.prepare(request)
        request.protocol.set_parser(recorder)
        await recorder.ended.wait()
        return response

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(UPGRADE + b"tail")
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.send(b", more")
        await until(lambda: recorders and recorders[0].data == b"tail, more")
        peer.vanish()
        await asyncio.wait_for(recorders[0].ended.wait(), PATIENCE)


async def test_an_upgrade_that_is_declined_goes_on_in_http() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        peer.send(UPGRADE + GET)
        assert await peer.body() == b"hello /"
        assert await peer.body() == b"hello /"


async def test_the_body_of_an_upgrade_comes_before_the_other_protocol() -> None:
    recorders: list[Recorder] = []
    begun = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        recorder = Recorder(request.protocol)
        recorders.append(recorder)
        response = web.StreamResponse(status=101)
        await response.prepare(request)
        request.protocol.set_parser(recorder)
        begun.set()
        assert await request.read() == b"body"
        await recorder.ended.wait()
        return response

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(UPGRADE[:-2] + b"Content-Length: 4\r\n\r\n")
        await begun.wait()
        peer.send(b"bodytail")
        await until(lambda: recorders[0].data == b"tail")
        peer.vanish()
        await asyncio.wait_for(recorders[0].ended.wait(), PATIENCE)


# The shutdown…


async def test_a_request_on_its_way_is_served_within_the_grace() -> None:
    async with serving(hello, shutdown_grace=PATIENCE) as place:
        peer = await place.connect()
        await peer.exchange(GET)
        place.server.pre_shutdown()
        _, fields, body = await peer.exchange(GET)
        assert (fields[b"Connection"], body) == (b"close", b"hello /")
        assert await peer.rest() == b""


async def test_an_idle_connection_is_closed_after_the_grace() -> None:
    async with serving(hello, shutdown_grace=0.01) as place:
        peer = await place.connect()
        await peer.exchange(GET)
        place.server.pre_shutdown()
        assert await peer.rest() == b""


async def test_a_body_in_flight_goes_on_arriving() -> None:
    begun = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        begun.set()
        return web.Response(body=await request.read())

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(POST + b"Content-Length: 10\r\n\r\nhello")
        await begun.wait()
        place.server.pre_shutdown()
        ending = asyncio.ensure_future(place.server.shutdown(PATIENCE))
        peer.send(b"world")
        _, fields, body = await peer.response()
        assert (fields[b"Connection"], body) == (b"close", b"helloworld")
        assert await peer.rest() == b""
        await ending


async def test_pipelined_requests_are_answered_before_the_end() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        begun.set()
        await go_on.wait()
        return web.Response()

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET * 3)
        await begun.wait()
        place.server.pre_shutdown()
        go_on.set()
        said = [(await peer.response())[1].get(b"Connection") for _ in range(3)]
        assert said == [None, None, b"close"]
        assert await peer.rest() == b""


async def test_a_handler_that_hangs_is_cancelled_when_time_is_up() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return web.Response()

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        await begun.wait()
        await place.server.shutdown(0.01)
        assert cancelled.is_set()
        assert await peer.rest() == b""


async def test_a_handler_whose_peer_has_gone_is_waited_for() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    ended = []

    async def handler(request: web.BaseRequest) -> web.Response:
        begun.set()
        await go_on.wait()
        ended.append(True)
        return web.Response()

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        await begun.wait()
        peer.vanish()
        await until(lambda: not place.server.connections)
        asyncio.get_running_loop().call_soon(go_on.set)
        await place.server.shutdown(PATIENCE)
    assert ended == [True]


async def test_websockets_are_told_that_the_server_goes_away() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for _ in ws:
            pass
        return ws

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await peer.reader.readuntil(b"\r\n\r\n")
        place.server.pre_shutdown()
        ending = asyncio.ensure_future(place.server.shutdown(PATIENCE))
        frame = await asyncio.wait_for(peer.reader.readexactly(4), PATIENCE)
        assert frame[0] == 0x88
        assert frame[2:] == (1001).to_bytes(2, "big")
        peer.send(b"\x88\x82\0\0\0\0" + (1001).to_bytes(2, "big"))
        await ending


# What it tells of itself…


async def test_repr_tells_the_state() -> None:
    async with serving(hello) as place:
        peer = await place.connect()
        await peer.exchange(GET)
        connection = await place.connection()
        assert repr(connection) == (
            "<RequestHandler reading=messages writing=idle keep_alive=open waiting=0>"
        )


async def test_facts_for_third_parties() -> None:
    async with serving(hello, max_line_size=100, max_headers=10, max_field_size=50) as place:
        peer = await place.connect()
        connection = await place.connection()
        assert connection.peername == peer.writer.get_extra_info("sockname")
        assert connection.sockname == peer.writer.get_extra_info("peername")
        assert connection.ssl_context is None
        assert connection.keepalive_timeout == 3630
        assert (connection.max_line_size, connection.max_headers) == (100, 10)
        assert connection.max_field_size == 50
        assert not connection.debug
        peer.vanish()
        await until(lambda: not place.server.connections)
        assert connection.peername is not None
        assert connection.sockname is None


# Exceptions that are none of a handler's…


@pytest.mark.parametrize("waits", [False, True])
async def test_cancelling_oneself_closes_without_an_answer(
    waits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        if request.path == "/":
            if waits:
                await asyncio.sleep(0)
            raise asyncio.CancelledError
        return await hello(request)

    async with serving(handler) as place:
        peer, other = await place.connect(), await place.connect()
        peer.send(GET)
        assert await peer.rest() == b""
        assert (await other.exchange(GET.replace(b"/ ", b"/other ", 1)))[2] == b"hello /other"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_an_access_log_that_fails_takes_no_answer_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing(AbstractAccessLogger):
        def log(self, request: web.BaseRequest, response: Any, time: float) -> None:
            raise ValueError("disk full")

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/":
            return web.Response(text="whole")
        response = web.StreamResponse(headers={"Content-Length": "6"})
        await response.prepare(request)
        await response.write(b"stream")
        return response

    log = logging.getLogger("aiohttp.access")
    async with serving(handler, access_log=log, access_log_class=Failing) as place:
        peer = await place.connect()
        assert (await peer.exchange(GET))[2] == b"whole"
        assert (await peer.exchange(GET.replace(b"/ ", b"/stream ", 1)))[2] == b"stream"
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage().partition("%")[0][:25] for record in errors] == [
        "Error in the access log's"
    ] * 2


@pytest.mark.parametrize("value", ["close", "Close", "x, close"])
@pytest.mark.parametrize("kind", ["whole", "length", "stream", "signal"])
async def test_a_response_that_says_close_is_the_last(kind: str, value: str) -> None:
    fields = {} if kind == "signal" else {"Connection": value}

    async def handler(request: web.Request) -> web.StreamResponse:
        if kind != "stream":
            length = {"Content-Length": "5"} if kind == "length" else {}
            return web.Response(body=b"hello", headers={**fields, **length})
        response = web.StreamResponse(headers=fields)
        await response.prepare(request)
        await response.write(b"hello")
        return response

    async def say_close(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Connection"] = value

    app = web.Application()
    app.router.add_get("/", handler)
    if kind == "signal":
        app.on_response_prepare.append(say_close)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, shutdown_grace=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peer = Peer(*await asyncio.open_connection("127.0.0.1", site.port))
    peer.send(GET * 2)
    answer = await peer.rest()
    peer.vanish()
    await runner.cleanup()
    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert b"hello" in answer


async def test_a_head_without_a_body_has_one_length() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"hello", headers={"Transfer-Encoding": "chunked"})

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET.replace(b"GET", b"HEAD", 1) + GET)
        head = await peer.reader.readuntil(b"\r\n\r\n")
        assert b"Transfer-Encoding" not in head
        assert await peer.body() == b"hello"


# A request has one response…


async def stream_begun(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"begun")
    return response


async def another_is_returned(request: web.BaseRequest) -> web.StreamResponse:
    await stream_begun(request)
    return web.Response(text="another")


async def another_is_prepared(request: web.BaseRequest) -> web.StreamResponse:
    await stream_begun(request)
    return await stream_begun(request)


async def another_is_raised(request: web.BaseRequest) -> web.StreamResponse:
    await stream_begun(request)
    raise web.HTTPForbidden


async def none_is_returned(request: web.BaseRequest) -> web.StreamResponse:
    await stream_begun(request)
    return None  # type: ignore[return-value]


async def a_clone_is_answered(request: web.BaseRequest) -> web.StreamResponse:
    await stream_begun(request.clone())
    return web.Response(text="another")


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (another_is_returned, "of a StreamResponse with status 200 a part was sent"),
        (another_is_prepared, "of a StreamResponse with status 200 a part was sent"),
        (a_clone_is_answered, "of a StreamResponse with status 200 a part was sent"),
        (none_is_returned, "of a StreamResponse with status 200 a part was sent"),
        (another_is_raised, "Forbidden"),
    ],
)
async def test_a_second_response_is_refused_and_ends_the_connection(
    handler: Handler, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        answer = await peer.rest()
    # One head, and a body that is seen to be incomplete.
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.endswith(b"\r\n\r\n5\r\nbegun\r\n")
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert said in str(errors[-1].exc_info and errors[-1].exc_info[1])


@pytest.mark.parametrize("kind", ["stream", "websocket"])
async def test_a_response_under_way_is_not_taken_by_another_request(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    shared: list[web.StreamResponse] = []
    go_on = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if not shared:
            shared.append(web.WebSocketResponse() if kind == "websocket" else web.StreamResponse())
            await shared[0].prepare(request)
            await go_on.wait()
        return shared[0]

    upgrade = (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    async with serving(handler) as place:
        first, second = await place.connect(), await place.connect()
        first.send(upgrade if kind == "websocket" else GET)
        head = await first.reader.readuntil(b"\r\n\r\n")
        assert (await second.exchange(GET))[0] == b"HTTP/1.1 500 Internal Server Error"
        go_on.set()
        rest = b"\x88\x02\x03\xe8" if kind == "websocket" else b"0\r\n\r\n"
        assert await first.reader.readexactly(len(rest)) == rest
    assert head.startswith(b"HTTP/1.1 101" if kind == "websocket" else b"HTTP/1.1 200")
    assert "was sent already" in caplog.text


async def test_another_response_behind_a_complete_one_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        response = web.Response(text="first")
        await response.prepare(request)
        await response.write_eof()
        return web.Response(text="second")

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        answer = await peer.rest()
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.endswith(b"\r\n\r\nfirst")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_response_that_is_not_sent_yet_gives_way() -> None:
    """Its head waits for its body; what was set for that body is forgotten, too."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"never sent"

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        await web.Response(body=chunks()).prepare(request)
        if request.path == "/raise":
            raise web.HTTPForbidden(text="raised")
        return web.Response(text="returned")

    async with serving(handler) as place:
        peer = await place.connect()
        for path, status, body in (
            (b"/", b"HTTP/1.1 200 OK", b"returned"),
            (b"/raise", b"HTTP/1.1 403 Forbidden", b"raised"),
        ):
            answer = await peer.exchange(GET.replace(b"/", path, 1))
            assert (answer[0], answer[2]) == (status, body)
            assert b"Transfer-Encoding" not in answer[1]


async def test_a_body_that_fails_before_its_first_byte_gives_way_to_the_page() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        raise ValueError("early")
        yield b""

    async def mark(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Marked"] = "1"

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=chunks())

    app = web.Application()
    app.router.add_get("/", handler)
    # Who wants to be asked has even the page prepared step by step.
    app.on_response_prepare.append(mark)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(GET)
    status, fields, body = await (peer := Peer(reader, writer)).response()
    peer.vanish()
    await runner.cleanup()
    assert status == b"HTTP/1.1 500 Internal Server Error"
    assert fields[b"X-Marked"] == b"1" and b"Transfer-Encoding" not in fields
    assert body.startswith(b"500 Internal Server Error")


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError, b"500 Internal Server Error"), (web.HTTPForbidden, b"403 Forbidden")],
)
async def test_a_receiver_that_fails_about_every_head_does_not_keep_the_peer_waiting(
    error: type[Exception], status: bytes
) -> None:
    async def refuse(request: web.Request, response: web.StreamResponse) -> None:
        raise error

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="never sent")

    app = web.Application()
    app.router.add_get("/", handler)
    app.on_response_prepare.append(refuse)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peer = Peer(*await asyncio.open_connection("127.0.0.1", site.port))
    assert (await peer.exchange(GET))[0] == b"HTTP/1.1 " + status
    peer.vanish()
    await runner.cleanup()


async def hint_early(request: web.BaseRequest) -> web.Response:
    hints = web.StreamResponse(status=103, headers={"Link": "</style.css>; rel=preload"})
    await hints.prepare(request)
    return web.Response(text="final")


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
async def test_http_1_0_gets_no_interim_response(connection: bytes) -> None:
    """RFC 9110 §15.2."""
    async with serving(hint_early) as place:
        peer = await place.connect()
        peer.send(b"GET / HTTP/1.0\r\nConnection: %b\r\n\r\n" % connection)
        status, fields, body = await peer.response()
        assert (status, body) == (b"HTTP/1.0 200 OK", b"final")
        assert b"Link" not in fields


async def test_interim_responses_are_followed_by_another() -> None:
    async with serving(hint_early) as place:
        peer = await place.connect()
        peer.send(GET)
        assert (await peer.response())[0] == b"HTTP/1.1 103 Early Hints"
        assert (await peer.response())[2] == b"final"


async def test_another_response_for_a_peer_that_is_gone_is_nobodys_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        await stream_begun(request)
        begun.set()
        await until(lambda: request.transport is None)
        ended.set()
        return web.Response(text="another")

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        await begun.wait()
        peer.vanish()
        await ended.wait()
        await until(lambda: not place.server.connections)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("fails", [False, True])
async def test_a_response_that_is_not_all_ends_the_connection(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "10"})
        await response.prepare(request)
        await response.write(b"begun")
        if fails:
            raise RuntimeError("boom")
        return response

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET)
        answer = await peer.rest()
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.endswith(b"\r\n\r\nbegun")
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == fails


async def test_a_field_that_is_no_text_can_be_echoed() -> None:
    """A handler that repeats an `Origin` must not be what a peer fills the log with."""

    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(headers={"X-Origin": request.headers["Origin"]})

    async with serving(handler) as place:
        peer = await place.connect()
        peer.send(GET[:-2] + b"Origin: a\xffb\r\n\r\n")
        status, fields, _ = await peer.response()
        assert (status, fields[b"X-Origin"]) == (b"HTTP/1.1 200 OK", b"a\xffb")
