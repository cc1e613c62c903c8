"""The client's WebSocket over a real connection; the server is played byte by byte."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
import socket
import ssl
import string
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import attrs
import pytest
import trustme
from yarl import URL

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientSession,
    ClientWSTimeout,
    HttpVersion10,
    InvalidURL,
    NonHttpUrlClientError,
    WSMsgType,
    WSServerHandshakeError,
)
from aiohttp._websocket.masking import framed_py, masked_py
from aiohttp.client_exceptions import ClientConnectionResetError, ServerTimeoutError
from aiohttp.client_ws import DEFAULT_WS_CLIENT_TIMEOUT, ClientWebSocketResponse

TEXT, BINARY, CLOSE, PING, PONG = (
    WSMsgType.TEXT,
    WSMsgType.BINARY,
    WSMsgType.CLOSE,
    WSMsgType.PING,
    WSMsgType.PONG,
)
QUICK = ClientWSTimeout(ws_close=0.01)


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
    return framed_py(0x80 | rsv << 4 | opcode, payload, None)


class Peer:
    """The server's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = b""

    async def shake_hands(
        self,
        fields: bytes = b"",
        early: bytes = b"",
        *,
        start: bytes = b"HTTP/1.1 101 Switching Protocols",
        upgrade: bytes = b"Upgrade: websocket\r\nConnection: upgrade\r\n",
        accept: bytes | None = None,
    ) -> None:
        self.head = await self.reader.readuntil(b"\r\n\r\n")
        key = self.head.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        guid = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        if accept is None:
            accept = base64.b64encode(hashlib.sha1(key + guid).digest())
        self.writer.write(
            start + b"\r\n" + upgrade + b"Sec-WebSocket-Accept: " + accept + b"\r\n"
            b"" + fields + b"\r\n" + early
        )

    def send(self, opcode: int, payload: bytes = b"", rsv: int = 0) -> None:
        self.writer.write(frame(opcode, payload, rsv))

    async def frame(self) -> tuple[int, bytes]:
        """Read a frame of a client: it is masked."""
        first, size = await self.reader.readexactly(2)
        assert size & 0x80
        key = await self.reader.readexactly(4)
        payload = await self.reader.readexactly(size & 0x7F)
        return first & 0x0F, masked_py(key, payload, 0, len(payload))


@asynccontextmanager
async def connected(
    script: Callable[[Peer], Awaitable[None]],
    *,
    fields: bytes = b"",
    early: bytes = b"",
    **options: Any,
) -> AsyncIterator[tuple[ClientWebSocketResponse[Any], Peer]]:
    """Connect to a server that shakes hands and then runs `script`."""
    peers: list[Peer] = []
    tasks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        peers.append(peer)
        try:
            await peer.shake_hands(fields, early)
            await script(peer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with ClientSession() as session:
            async with session.ws_connect(f"http://127.0.0.1:{port}/", **options) as ws:
                yield ws, peers[0]
        await asyncio.wait_for(asyncio.gather(*tasks), 5)
    finally:
        for task in tasks:
            task.cancel()
        server.close()
        await server.wait_closed()


class Recorder:
    """A server that keeps each request, and answers it as it is told."""

    def __init__(self, **answer: Any) -> None:
        self.answer = answer
        self.heads: list[bytes] = []
        # What followed a handshake that did not succeed.
        self.rests: list[bytes] = []
        self.ended = asyncio.Event()
        self.url = URL()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        await peer.shake_hands(**self.answer)
        self.heads.append(peer.head)
        first = await reader.read(1)
        if first == bytes([0x80 | CLOSE]):
            peer.send(CLOSE)
        else:
            self.rests.append(first)
        writer.close()
        self.ended.set()

    def fields(self, name: bytes) -> list[bytes]:
        """Values of a field in the last request."""
        lines = self.heads[-1].split(b"\r\n")[1:]
        return [line[len(name) + 2 :] for line in lines if line.startswith(name + b": ")]

    @classmethod
    @asynccontextmanager
    async def running(cls, *, tls: ssl.SSLContext | None = None, **answer: Any) -> Any:
        self = cls(**answer)
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=tls)
        self.url = URL.build(
            scheme="wss" if tls else "ws",
            host="localhost" if tls else "127.0.0.1",
            port=server.sockets[0].getsockname()[1],
        )
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()


async def answer_close(peer: Peer) -> None:
    """Wait for the client's close frame and answer it."""
    while True:
        opcode, payload = await peer.frame()
        if opcode == CLOSE:
            peer.send(CLOSE, payload)
            return


async def test_send_and_receive() -> None:
    async def script(peer: Peer) -> None:
        assert await peer.frame() == (TEXT, b"a")
        peer.send(PING, b"p")
        peer.send(TEXT, b"b")
        assert await peer.frame() == (PONG, b"p")
        await answer_close(peer)

    async with connected(script) as (ws, _):
        await ws.send_str("a")
        assert await ws.receive_str() == "b"
        assert await ws.close(code=4000, message=b"why")
        assert ws.closed
        assert ws.close_code == 4000
        assert not await ws.close()
        with pytest.raises(ClientConnectionResetError):
            await ws.send_str("a")
        assert (await ws.receive()).type is WSMsgType.CLOSED


async def test_frames_that_come_with_the_response() -> None:
    async with connected(answer_close, early=frame(TEXT, b"early")) as (ws, _):
        assert await ws.receive_str() == "early"


async def test_iteration_until_the_server_closes() -> None:
    async def script(peer: Peer) -> None:
        peer.send(TEXT, b"a")
        peer.send(TEXT, b"b")
        peer.send(CLOSE, b"\x0f\xa1bye")
        assert await peer.frame() == (CLOSE, b"\x03\xe8")

    async with connected(script) as (ws, _):
        assert [message.data async for message in ws] == ["a", "b"]
        assert ws.close_code == 4001


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (framed_py(0x81, b"a", b"mask"), 1002),
        (frame(3), 1002),
        (frame(TEXT, b"a", rsv=4), 1002),  # compression was not agreed on
        (frame(TEXT, b"\xff"), 1007),
        (frame(BINARY, b"a" * 101), 1009),
    ],
)
async def test_the_servers_errors(data: bytes, code: int) -> None:
    async def script(peer: Peer) -> None:
        peer.writer.write(data)
        assert await peer.frame() == (CLOSE, code.to_bytes(2, "big"))

    async with connected(script, max_msg_size=100) as (ws, _):
        message = await ws.receive()
        assert (message.type, message.data.code) == (WSMsgType.ERROR, code)
        assert ws.close_code == code
        assert ws.exception() is message.data


async def test_the_connection_is_lost() -> None:
    async def script(peer: Peer) -> None:
        pass

    async with connected(script) as (ws, _):
        assert (await ws.receive()).type is WSMsgType.CLOSED
        assert ws.close_code == 1006


async def test_without_autoclose() -> None:
    async def script(peer: Peer) -> None:
        peer.send(CLOSE, b"\x03\xe9")
        assert await peer.frame() == (CLOSE, b"\x03\xe8")

    async with connected(script, autoclose=False) as (ws, _):
        assert (await ws.receive()).type is CLOSE
        assert not ws.closed
        assert (await ws.receive()).type is WSMsgType.CLOSED
        assert ws.closed
        assert ws.close_code == 1001


async def test_the_server_does_not_answer_the_close() -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.read()

    async with connected(script, timeout=QUICK) as (ws, _):
        assert await ws.close()
        assert ws.close_code == 1006
        assert isinstance(ws.exception(), asyncio.TimeoutError)


async def test_receive_timeout() -> None:
    async with connected(answer_close, timeout=ClientWSTimeout(0.001, 5.0)) as (ws, _):
        with pytest.raises(asyncio.TimeoutError):
            await ws.receive()
        assert not ws.closed


async def test_heartbeat() -> None:
    async def script(peer: Peer) -> None:
        assert await peer.frame() == (PING, b"")
        await peer.reader.read()

    async with connected(script, heartbeat=0.02) as (ws, _):
        message = await ws.receive()
        assert message.type is WSMsgType.ERROR
        assert isinstance(message.data, ServerTimeoutError)
        assert ws.exception() is message.data


async def test_facts() -> None:
    fields = (
        b"Sec-WebSocket-Protocol: b\r\nSec-WebSocket-Extensions: permessage-deflate; "
        b"client_no_context_takeover; client_max_window_bits=10\r\n"
    )
    async with connected(answer_close, fields=fields, protocols=("a", "b"), compress=15) as (
        ws,
        peer,
    ):
        assert b"\r\nSec-WebSocket-Protocol: a,b\r\n" in peer.head
        assert b"permessage-deflate; client_max_window_bits\r\n" in peer.head
        assert (ws.protocol, ws.compress, ws.client_notakeover) == ("b", 10, True)
        assert ws.get_extra_info("peername")[0] == "127.0.0.1"
        assert ws.get_extra_info("nothing", "default") == "default"
        assert "open" in repr(ws)
    assert ws.get_extra_info("peername") is None


async def test_compressed_messages() -> None:
    hello = bytes.fromhex("f248cdc9c90700")

    async def script(peer: Peer) -> None:
        peer.send(TEXT, hello, rsv=4)
        assert (await peer.reader.readexactly(1)) == b"\xc1"
        await peer.reader.readexactly(5 + len(hello))
        await answer_close(peer)

    fields = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
    async with connected(script, fields=fields, compress=15) as (ws, _):
        assert await ws.receive_str() == "Hello"
        await ws.send_str("Hello")


async def test_the_agreement_on_compression_holds() -> None:
    """RFC 7692 §7.1.1.2, §7.1.2.2: each message stands alone, in the window that was asked for."""
    noise = "".join(random.Random(0).choices(string.printable, k=2000))
    # The first repeats itself beyond the window, the last repeats the one before it.
    texts = [noise * 2, noise[:200], noise[:200]]

    async def script(peer: Peer) -> None:
        for text in texts:
            first, marker = await peer.reader.readexactly(2)
            assert (first, marker) == (0xC1, 0x80 | 126)
            size = int.from_bytes(await peer.reader.readexactly(2), "big")
            key = await peer.reader.readexactly(4)
            data = masked_py(key, await peer.reader.readexactly(size), 0, size)
            assert inflated(data, bits=9) == text.encode()
        await answer_close(peer)

    fields = (
        b"Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; "
        b"client_max_window_bits=9\r\n"
    )
    async with connected(script, fields=fields, compress=15) as (ws, _):
        for text in texts:
            await ws.send_str(text)


async def test_an_overridden_close_answers_the_server() -> None:
    """discord.py has a close code of its own."""

    class Own(ClientWebSocketResponse[Any]):
        async def close(self, *, code: int = 4000, message: bytes = b"") -> bool:
            return await super().close(code=code, message=message)

    answers: list[tuple[int, bytes]] = []

    async def script(peer: Peer) -> None:
        peer.send(CLOSE, b"\x03\xe8")
        answers.append(await peer.frame())

    tasks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        await peer.shake_hands()
        await script(peer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(
        lambda r, w: tasks.append(asyncio.ensure_future(serve(r, w))), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    async with ClientSession(ws_response_class=Own) as session:
        async with session.ws_connect(f"http://127.0.0.1:{port}/") as ws:
            assert isinstance(ws, Own)
            assert (await ws.receive()).type is CLOSE
    await asyncio.wait_for(asyncio.gather(*tasks), 5)
    assert answers == [(CLOSE, b"\x0f\xa0")]
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"fields": b"Sec-WebSocket-Extensions: permessage-deflate\r\n"}, "none were offered"),
        ({"fields": b"Sec-WebSocket-Extensions: x-unknown\r\n"}, "none were offered"),
        ({"start": b"HTTP/1.1 200 OK"}, "expected 101; got 200"),
        ({"upgrade": b"Connection: upgrade\r\n"}, "upgrade header"),
        ({"upgrade": b"Upgrade: h2c\r\nConnection: upgrade\r\n"}, "upgrade header"),
        ({"upgrade": b"Upgrade: websocket\r\n"}, "connection header"),
        (
            {"upgrade": b"Upgrade: websocket\r\nConnection: keep-alive\r\n"},
            "connection header",
        ),
        ({"accept": b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, "challenge response"),
        ({"accept": b""}, "challenge response"),
    ],
)
async def test_a_bad_handshake(answer: dict[str, Any], message: str) -> None:
    """RFC 6455 §4.1, §7.1.7: the connection is closed, and nothing is sent on it any more."""
    async with Recorder.running(**answer) as server, ClientSession() as session:
        with pytest.raises(WSServerHandshakeError, match=message) as caught:
            await session.ws_connect(server.url)
        # The error keeps the response from being collected, which would close the connection, too.
        assert caught.tb is not None
        await asyncio.wait_for(server.ended.wait(), 5)
        assert server.rests == [b""]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", b"/"),
        ("/chat?a=1&b=%23#part", b"/chat?a=1&b=%23"),  # fragments are not for the server
        ("/sm%C3%B6r%23g", b"/sm%C3%B6r%23g"),
    ],
)
async def test_the_request(path: str, target: bytes) -> None:
    """RFC 6455 §3, §4.1."""
    async with Recorder.running() as server, ClientSession() as session:
        keys = []
        for _ in range(2):
            async with session.ws_connect(str(server.url).rstrip("/") + path):
                pass
            assert server.heads[-1].startswith(b"GET " + target + b" HTTP/1.1\r\n")
            assert server.fields(b"Host") == [f"127.0.0.1:{server.url.port}".encode()]
            assert server.fields(b"Upgrade") == [b"websocket"]
            assert server.fields(b"Connection") == [b"Upgrade"]
            assert server.fields(b"Sec-WebSocket-Version") == [b"13"]
            assert server.fields(b"Sec-WebSocket-Extensions") == []
            assert server.fields(b"Sec-WebSocket-Protocol") == []
            keys += server.fields(b"Sec-WebSocket-Key")
    assert [len(base64.b64decode(key, validate=True)) for key in keys] == [16, 16]
    assert keys[0] != keys[1]


async def test_the_key_is_random(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6455 §4.1 (7): from the system's entropy."""
    monkeypatch.setattr("os.urandom", lambda size: bytes(range(size)))
    async with Recorder.running() as server, ClientSession() as session:
        async with session.ws_connect(server.url):
            pass
        assert server.fields(b"Sec-WebSocket-Key") == [base64.b64encode(bytes(range(16)))]


@pytest.mark.parametrize(
    ("protocols", "sent"),
    [(("b", "a"), [b"b,a"]), (("a", "b", "a"), [b"a,b"]), (("a", ""), [b"a"]), (("",), [])],
)
async def test_offered_protocols(protocols: tuple[str, ...], sent: list[bytes]) -> None:
    """RFC 6455 §4.1 (10): the favourite first, each once, none empty."""
    async with Recorder.running() as server, ClientSession() as session:
        async with session.ws_connect(server.url, protocols=protocols):
            pass
        assert server.fields(b"Sec-WebSocket-Protocol") == sent


@pytest.mark.parametrize("by_session", [True, False])
async def test_an_offer_of_the_programs_own(by_session: bool) -> None:
    """Fields that were taken from a browser offer compression: it may be agreed to."""
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    answer = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\n"
    hello = frame(TEXT, bytes.fromhex("f248cdc9c90700"), rsv=4)
    async with (
        Recorder.running(fields=answer, early=hello) as server,
        ClientSession(headers=offer if by_session else None) as session,
        session.ws_connect(server.url, headers=None if by_session else offer) as ws,
    ):
        assert await ws.receive_str() == "Hello"
        assert ws.compress == 10


async def test_http_1_0_has_no_websockets() -> None:
    """RFC 6455 §4.1 (2)."""
    async with ClientSession(version=HttpVersion10) as session:
        with pytest.raises(ValueError, match=r"expected HTTP/1\.1"):
            await session.ws_connect("ws://127.0.0.1/")


@pytest.mark.parametrize(
    ("url", "error"),
    [("ws://", InvalidURL), ("ftp://127.0.0.1/", NonHttpUrlClientError)],
)
async def test_what_is_no_uri_of_a_websocket(url: str, error: type[Exception]) -> None:
    """RFC 6455 §4.1 (1)."""
    async with ClientSession() as session:
        with pytest.raises(error):
            await session.ws_connect(url)


async def test_a_connection_that_cannot_be_opened() -> None:
    """RFC 6455 §4.1 (4)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        async with ClientSession() as session:
            with pytest.raises(ClientConnectorError):
                await session.ws_connect(f"ws://127.0.0.1:{port}/")


async def test_tls() -> None:
    """RFC 6455 §4.1 (5): the handshake is inside, the server's name is indicated and checked."""
    authority = trustme.CA()
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(theirs)
    names: list[str | None] = []
    theirs.sni_callback = lambda connection, name, context: names.append(name)
    ours = ssl.create_default_context()
    async with Recorder.running(tls=theirs, early=frame(TEXT, b"a")) as server:
        async with ClientSession() as session:
            with pytest.raises(ClientConnectorCertificateError):
                await session.ws_connect(server.url, ssl=ours)
            assert server.heads == []
            authority.configure_trust(ours)
            async with session.ws_connect(server.url, ssl=ours) as ws:
                assert await ws.receive_str() == "a"
    assert names == ["localhost", "localhost"]
    assert len(server.heads) == 1


def test_timeouts() -> None:
    assert ClientWSTimeout(ws_receive=None, ws_close=10.0) == DEFAULT_WS_CLIENT_TIMEOUT
    assert attrs.evolve(ClientWSTimeout(), ws_close=1.0) == ClientWSTimeout(None, 1.0)
