"""The server's WebSocket over a real connection; the peer is played byte by byte."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import string
import weakref
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import trustme

from aiohttp import WSCloseCode, WSMessageTypeError, WSMsgType, web
from aiohttp._websocket.masking import framed_py

TEXT, BINARY, CLOSE, PING, PONG = (
    WSMsgType.TEXT,
    WSMsgType.BINARY,
    WSMsgType.CLOSE,
    WSMsgType.PING,
    WSMsgType.PONG,
)
MASK = b"\x12\x34\x56\x78"
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
Handler = Callable[[web.WebSocketResponse[bool], list[Any]], Awaitable[None]]


def string_of(size: int) -> str:
    """Make a text that deflates only by what is repeated of it."""
    return "".join(random.Random(0).choices(string.printable, k=size))


def inflated(data: bytes, bits: int) -> bytes:
    """Inflate a message alone; in small steps, as zlib finds all that it has in the output."""
    inflater = zlib.decompressobj(wbits=-bits)
    data += b"\x00\x00\xff\xff"
    result = b""
    while step := inflater.decompress(data, 64):
        data = inflater.unconsumed_tail
        result += step
    return result


def frame(opcode: int, payload: bytes = b"", rsv: int = 0) -> bytes:
    return framed_py(0x80 | rsv << 4 | opcode, payload, MASK)


class Peer:
    """A client that speaks bytes, and what the handler noted."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, runner: web.AppRunner
    ) -> None:
        self.reader, self.writer, self.runner = reader, writer, runner
        self.notes: list[Any] = []
        self.done = asyncio.Event()

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def frame(self) -> tuple[int, bytes]:
        first, size = await self.reader.readexactly(2)
        return first & 0x0F, await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self.reader.read(), 5)


@asynccontextmanager
async def served(
    handler: Handler,
    *,
    fields: bytes = b"",
    early: bytes = b"",
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | tuple[None, None] = (None, None),
    **options: Any,
) -> AsyncIterator[Peer]:
    """Serve one WebSocket and connect to it.

    Args:
        early: sent with the request.
        tls: contexts of the server and of the client.
    """
    peer: Peer

    async def handle(request: web.Request) -> web.StreamResponse:
        ws: web.WebSocketResponse[bool] = web.WebSocketResponse(**options)
        await ws.prepare(request)
        try:
            await handler(ws, peer.notes)
        finally:
            peer.done.set()
        return ws

    app = web.Application()
    app.router.add_route("*", "/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls[0]).start()
        host, port = runner.addresses[0][:2]
        name = "localhost" if tls[1] else None
        reader, writer = await asyncio.open_connection(host, port, ssl=tls[1], server_hostname=name)
        peer = Peer(reader, writer, runner)
        writer.write(REQUEST + fields + b"\r\n" + early)
        try:
            yield peer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    finally:
        await runner.cleanup()


async def echo(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
    async for message in ws:
        notes.append(message.type)
        if message.type is TEXT:
            await ws.send_str(message.data)
        elif message.type is BINARY:
            await ws.send_bytes(message.data)
    notes.append(ws.close_code)


async def test_echo() -> None:
    async with served(echo) as peer:
        head = await peer.head()
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
        assert b"Content-" not in head
        assert b"Transfer-Encoding" not in head
        peer.writer.write(frame(TEXT, b"a") + frame(PING, b"p") + frame(BINARY, b"b"))
        assert await peer.frame() == (TEXT, b"a")
        assert await peer.frame() == (PONG, b"p")
        assert await peer.frame() == (BINARY, b"b")
        peer.writer.write(frame(CLOSE, b"\x0f\xa1bye"))
        assert await peer.frame() == (CLOSE, b"\x03\xe8")
        assert await peer.rest() == b""
        assert peer.notes == [TEXT, BINARY, 4001]


async def test_the_body_of_the_request_comes_before_the_frames() -> None:
    """RFC 9110 §7.8: also where it is still coming when the answer has left."""
    async with served(echo, fields=b"Content-Length: 6\r\n", early=b"\x82\x80\0") as peer:
        await peer.head()
        peer.writer.write(b"\0\0\0" + frame(TEXT, b"a"))
        assert await peer.frame() == (TEXT, b"a")
        peer.writer.write(frame(CLOSE))
        assert await peer.frame() == (CLOSE, b"\x03\xe8")
        assert peer.notes == [TEXT, 0]


async def test_frames_sent_with_the_request() -> None:
    """A client may not wait for the answer; nothing of what it sent is lost."""
    async with served(echo, early=frame(TEXT, b"early") + frame(CLOSE)) as peer:
        await peer.head()
        assert await peer.frame() == (TEXT, b"early")
        assert await peer.frame() == (CLOSE, b"\x03\xe8")
        await peer.rest()
        assert peer.notes == [TEXT, 0]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (framed_py(0x81, b"a", None), 1002),
        (frame(3), 1002),
        (frame(TEXT, b"a", rsv=4), 1002),
        (frame(CLOSE, b"\x03\xee"), 1002),
        (frame(TEXT, b"\xff"), 1007),
        (frame(BINARY, b"a" * 101), 1009),
    ],
)
async def test_the_peers_errors(data: bytes, code: int, caplog: pytest.LogCaptureFixture) -> None:
    async def receive(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        message = await ws.receive()
        notes.extend(
            [message.type, message.data.code, ws.close_code, ws.exception() is message.data]
        )

    async with served(receive, max_msg_size=100) as peer:
        await peer.head()
        peer.writer.write(data)
        assert await peer.frame() == (CLOSE, code.to_bytes(2, "big"))
        assert await peer.rest() == b""
        assert peer.notes == [WSMsgType.ERROR, code, code, True]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_the_peer_is_lost() -> None:
    async def receive(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        notes.extend([(await ws.receive()).type, ws.close_code])

    async with served(receive) as peer:
        await peer.head()
        peer.writer.close()
        await asyncio.wait_for(peer.done.wait(), 5)
        assert peer.notes == [WSMsgType.CLOSED, WSCloseCode.ABNORMAL_CLOSURE]


async def test_a_handler_that_ignores_the_end_is_stopped() -> None:
    async def receive(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        while True:
            try:
                notes.append((await ws.receive()).type)
            except RuntimeError as exc:
                notes.append(str(exc))
                return

    async with served(receive) as peer:
        await peer.head()
        peer.writer.write(frame(CLOSE))
        await asyncio.wait_for(peer.done.wait(), 5)
        assert peer.notes == [CLOSE, *[WSMsgType.CLOSED] * 4, "WebSocket connection is closed."]


async def test_returning_closes() -> None:
    async def nothing(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        pass

    async with served(nothing) as peer:
        await peer.head()
        assert await peer.frame() == (CLOSE, b"\x03\xe8")
        peer.writer.write(frame(CLOSE, b"\x03\xe8"))
        assert await peer.rest() == b""


@pytest.mark.parametrize("by_peer", [True, False])
async def test_the_connection_is_closed_before_the_handler_returns(by_peer: bool) -> None:
    """RFC 6455 §5.5.1: immediately, when both close frames were sent."""
    closed = asyncio.Event()

    async def handler(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        if by_peer:
            await ws.receive()
        else:
            await ws.close()
        await closed.wait()

    async with served(handler) as peer:
        await peer.head()
        peer.writer.write(frame(CLOSE, b"\x03\xe8"))
        assert await peer.frame() == (CLOSE, b"\x03\xe8")
        assert await peer.rest() == b""
        assert not peer.done.is_set()
        closed.set()


async def test_close_from_another_task() -> None:
    async def handler(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        task = asyncio.ensure_future(ws.close(code=4000, message=b"why"))
        notes.append((await ws.receive()).type)
        notes.append(await task)
        notes.append(ws.close_code)

    async with served(handler) as peer:
        await peer.head()
        assert await peer.frame() == (CLOSE, b"\x0f\xa0why")
        peer.writer.write(frame(CLOSE, b"\x0f\xa1"))
        await peer.rest()
        assert peer.notes in ([WSMsgType.CLOSING, True, 4001], [WSMsgType.CLOSED, True, 4001])


async def test_the_server_shuts_down() -> None:
    """Open WebSockets get 1001, and their handlers end, well before the shutdown timeout."""

    async with served(echo) as peer:
        await peer.head()
        peer.writer.write(frame(TEXT, b"a"))
        assert await peer.frame() == (TEXT, b"a")
        cleanup = asyncio.ensure_future(peer.runner.cleanup())
        assert await asyncio.wait_for(peer.frame(), 5) == (CLOSE, b"\x03\xe9")
        peer.writer.write(frame(CLOSE, b"\x03\xe9"))
        await asyncio.wait_for(cleanup, 5)
        assert await peer.rest() == b""
        assert peer.done.is_set()


async def test_heartbeat() -> None:
    async def handler(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        message = await ws.receive()
        notes.extend([message.type, str(message.data), ws.close_code])

    async with served(handler, heartbeat=0.02) as peer:
        await peer.head()
        assert await peer.frame() == (PING, b"")
        assert await peer.rest() == b""
        assert peer.notes == [
            WSMsgType.ERROR,
            "No PONG received after 0.01 seconds",
            WSCloseCode.ABNORMAL_CLOSURE,
        ]


async def test_facts() -> None:
    async def handler(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        notes.extend([ws.ws_protocol, ws.compress, ws.prepared, ws.status, ws.closed])
        notes.append(ws.get_extra_info("peername")[0])

    fields = (
        b"Sec-WebSocket-Protocol: b, a\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=11\r\n"
    )
    async with served(handler, fields=fields, protocols=("a", "b")) as peer:
        head = await peer.head()
        assert b"\r\nSec-WebSocket-Protocol: b\r\n" in head
        assert (
            b"\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=11\r\n"
            in head
        )
        await peer.frame()
        assert peer.notes == ["b", 11, True, 101, False, "127.0.0.1"]


async def test_compressed_messages() -> None:
    fields = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
    async with served(echo, fields=fields) as peer:
        await peer.head()
        hello = bytes.fromhex("f248cdc9c90700")
        peer.writer.write(frame(TEXT, hello, rsv=4))
        assert await peer.reader.readexactly(2 + len(hello)) == b"\xc1\x07" + hello


async def test_the_agreement_on_compression_holds() -> None:
    """RFC 7692 §7.1.1.1, §7.1.2.1: each message stands alone, in the window that was asked for."""
    # The first repeats itself beyond the window, the last repeats the one before it.
    texts = [string_of(2000) * 2, string_of(200), string_of(200)]

    async def send(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        for text in texts:
            await ws.send_str(text)

    fields = (
        b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; "
        b"server_no_context_takeover\r\n"
    )
    async with served(send, fields=fields) as peer:
        assert fields in await peer.head()
        for text in texts:
            first, marker = await peer.reader.readexactly(2)
            assert (first, marker) == (0xC1, 126)
            size = int.from_bytes(await peer.reader.readexactly(2), "big")
            assert inflated(await peer.reader.readexactly(size), bits=9) == text.encode()


async def test_tls() -> None:
    """RFC 6455 §4.2.2 (1), §10.6."""
    authority = trustme.CA()
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    async with served(echo, tls=(theirs, ours), early=frame(TEXT, b"a") + frame(CLOSE)) as peer:
        assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
        assert await peer.frame() == (TEXT, b"a")
        assert await peer.frame() == (CLOSE, b"\x03\xe8")


# Requests that do not become a WebSocket…


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"Upgrade: websocket", b"Upgrade: h2c", b"Upgrade header expected websocket"),
        (b"Connection: Upgrade", b"Connection: keep-alive", b"Connection header expected"),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"abc", b"Sec-WebSocket-Key expected"),
        (b"Host: a\r\n", b"", b"Host"),
        (b"Version: 13", b"Version: 12", b"\r\nSec-WebSocket-Version: 13, 8, 7\r\n"),
    ],
)
async def test_a_bad_handshake(old: bytes, new: bytes, expected: bytes) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        ws: web.WebSocketResponse[bool] = web.WebSocketResponse()
        assert not ws.can_prepare(request)
        await ws.prepare(request)
        return ws

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
        writer.write(REQUEST.replace(old, new) + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.split(b" ")[1] == b"400"
        size = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        assert expected in head + await reader.readexactly(size)
        writer.close()
        await writer.wait_closed()
    finally:
        await runner.cleanup()


def test_ready() -> None:
    assert web.WebSocketReady(True, "a")
    assert not web.WebSocketReady(False, None)
    assert repr(web.WebSocketReady(ok=True, protocol="a")) == (
        "WebSocketReady(ok=True, protocol='a')"
    )


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("receive", ()),
        ("receive_str", ()),
        ("send_str", ("a",)),
        ("send_bytes", (b"a",)),
        ("send_frame", (b"a", TEXT)),
        ("ping", ()),
        ("close", ()),
    ],
)
async def test_nothing_works_before_prepare(method: str, arguments: tuple[Any, ...]) -> None:
    ws: web.WebSocketResponse[bool] = web.WebSocketResponse()
    with pytest.raises(RuntimeError, match="prepare"):
        await getattr(ws, method)(*arguments)
    assert not ws.prepared
    assert not ws.closed
    assert ws.get_extra_info("peername", "none") == "none"


async def test_it_has_no_body() -> None:
    ws: web.WebSocketResponse[bool] = web.WebSocketResponse()
    with pytest.raises(RuntimeError, match="websocket"):
        await ws.write(b"a")
    with pytest.raises(RuntimeError, match="not been started"):
        await ws.write_eof()


async def test_the_first_close_decides_the_code(aiohttp_client: Any) -> None:
    """A handler that returns because it was interrupted does not overtake the close()."""
    opened: list[web.WebSocketResponse] = []

    async def handler(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        opened.append(websocket)
        await websocket.send_str("ready")
        async for _ in websocket:
            pass
        return websocket

    app = web.Application()
    app.router.add_get("/", handler)
    client = await aiohttp_client(app)
    peer = await client.ws_connect("/")
    await peer.receive_str()
    closing = asyncio.ensure_future(opened[0].close(code=WSCloseCode.GOING_AWAY))
    assert (await peer.receive()).data == WSCloseCode.GOING_AWAY
    assert await closing


@pytest.mark.parametrize(
    ("receive", "data"),
    [
        (web.WebSocketResponse.receive_str, frame(BINARY, b"x" * 5_000)),
        (web.WebSocketResponse.receive_bytes, frame(TEXT, b"text")),
        (web.WebSocketResponse.receive_str, frame(CLOSE, b"\x03\xe8")),
        (web.WebSocketResponse.receive_json, frame(TEXT, b"{")),
    ],
)
async def test_what_a_handler_did_not_expect_is_the_peers_affair(
    receive: Callable[[web.WebSocketResponse[bool]], Awaitable[Any]],
    data: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handle(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        try:
            await receive(ws)
        except (WSMessageTypeError, ValueError) as error:
            notes.append(len(str(error)))
            raise

    caplog.set_level(logging.DEBUG)
    async with served(handle) as peer:
        await peer.head()
        peer.writer.write(data)
        await peer.rest()
        # Not as long as the peer likes.
        assert peer.notes[0] < 200
    records = [record for record in caplog.records if record.name == "aiohttp.server"]
    assert [(record.levelno, record.exc_info) for record in records] == [(logging.DEBUG, None)]


async def test_foreign_subprotocols_are_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with served(echo, fields=b"Sec-WebSocket-Protocol: a, b\r\n", protocols=["c"]) as peer:
        assert b"Sec-WebSocket-Protocol" not in await peer.head()
        peer.writer.write(frame(CLOSE))
        await peer.rest()
    records = [record for record in caplog.records if record.name == "aiohttp.websocket"]
    assert [record.levelno for record in records] == [logging.DEBUG]
    assert "overlap" in records[0].getMessage()


async def test_the_method_is_the_routes_affair() -> None:
    async with served(echo) as peer:
        peer.writer.write(frame(CLOSE))
        await peer.rest()
        reader, writer = await asyncio.open_connection(*peer.runner.addresses[0][:2])
        writer.write(REQUEST.replace(b"GET", b"POST", 1) + b"\r\n" + frame(CLOSE))
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 101 ")


async def test_what_nobody_has_read_goes_with_its_reader() -> None:
    """Without the collector: a busy server would hold the last messages of many peers."""

    async def handler(ws: web.WebSocketResponse[bool], notes: list[Any]) -> None:
        notes.append(weakref.ref(ws))
        await ws.receive()

    async with served(handler, heartbeat=60.0) as peer:
        await peer.head()
        peer.writer.write(frame(TEXT, b"a") + frame(TEXT, b"b") + frame(CLOSE, b"\x03\xe8"))
        await peer.rest()
    assert [left() for left in peer.notes] == [None]
