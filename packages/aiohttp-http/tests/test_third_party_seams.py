"""Names with an underscore that other libraries read, set or override: they stay.

Each test names who needs it.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from multidict import CIMultiDict

import aiohttp
from aiohttp import hdrs, helpers, http, payload, streams
from aiohttp._websocket import reader
from aiohttp.base_protocol import BaseProtocol


class Transport(asyncio.Transport):
    """A transport that counts pauses and keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = 0
        self.written: list[bytes] = []

    def pause_reading(self) -> None:
        self.paused += 1

    def resume_reading(self) -> None:
        self.paused -= 1

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.written.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.written.extend(bytes(data) for data in list_of_data)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0


def connected() -> tuple[BaseProtocol, Transport]:
    protocol, transport = BaseProtocol(asyncio.get_running_loop()), Transport()
    protocol.connection_made(transport)
    return protocol, transport


# --- The table: a name, who needs it, and what has to hold ---


async def reading_paused() -> None:
    protocol, transport = connected()
    assert not protocol._reading_paused
    protocol.pause_reading()
    assert protocol._reading_paused and transport.paused == 1


async def drain_helper() -> None:
    protocol, _ = connected()
    await protocol._drain_helper()  # nothing to wait for
    protocol.pause_writing()
    waiting = asyncio.ensure_future(protocol._drain_helper())
    await asyncio.sleep(0)
    assert not waiting.done()
    protocol.resume_writing()
    await waiting


async def buffer_of_a_stream() -> None:
    """Whether anything is left unread, and how much of the first piece was taken."""
    protocol, _ = connected()
    stream = streams.StreamReader(protocol, 2**16, loop=asyncio.get_running_loop())
    assert not stream._buffer
    stream.feed_data(b"abc")
    stream.feed_data(b"de")
    assert await stream.read(1) == b"a"
    assert list(stream._buffer) == [b"abc", b"de"] and stream._buffer_offset == 1
    stream.feed_eof()
    assert await stream.read() == b"bcde"
    assert not stream._buffer and stream._buffer_offset == 0


async def queue_is_overridden() -> None:
    """A queue with flow control, of which DataQueue stores and waits."""
    protocol, transport = connected()

    class Controlled(aiohttp.DataQueue[str]):
        weight = 0

        def feed_data(self, data: str, size: int = 0) -> None:
            super().feed_data(data, size)
            self.weight += size
            if self.weight > 3 and not protocol._reading_paused:
                protocol.pause_reading()

        async def read(self) -> str:
            data = await super().read()
            self.weight -= len(data)
            if self.weight <= 3 and protocol._reading_paused:
                protocol.resume_reading()
            return data

    queue = Controlled(asyncio.get_running_loop())
    queue.feed_data("abcd", 4)
    assert transport.paused == 1
    assert await queue.read() == "abcd" and transport.paused == 0
    queue.feed_eof()
    with pytest.raises(streams.EofStream):
        await queue.read()


async def buffer_of_a_websocket() -> None:
    """Messages that nobody has received yet; ccxt counts them, and their sizes, by itself."""
    protocol, _ = connected()
    queue = reader.WebSocketDataQueue(protocol, 2**16, loop=asyncio.get_running_loop())
    message = http.WSMessage(http.WSMsgType.TEXT, "hi", None)
    queue.feed_data(message, 2)
    assert len(queue._buffer) == 1 and queue._buffer[0][0] == message


async def overhead_of_a_message() -> None:
    module = importlib.import_module("aiohttp._websocket.reader_py")
    assert isinstance(module.MSG_SIZE_OVERHEAD, int)
    assert module.WebSocketDataQueue and module.WebSocketReader


async def limit_of_a_writer() -> None:
    """Bytes that are written before the writer waits for the transport."""
    protocol, transport = connected()
    writer = http.WebSocketWriter(protocol, transport, limit=2**16)
    writer._limit = 10
    protocol.pause_writing()
    await writer.send_frame(b"123", http.WSMsgType.TEXT)  # below the limit: no waiting
    waiting = asyncio.ensure_future(writer.send_frame(b"4567890123", http.WSMsgType.TEXT))
    await asyncio.sleep(0)
    assert not waiting.done()
    protocol.resume_writing()
    await waiting
    assert b"".join(transport.written) == b"\x81\x03123\x81\x0a4567890123"


async def value_of_a_payload() -> None:
    assert payload.StringPayload("hé")._value == "hé".encode()
    assert payload.BytesPayload(b"x")._value == b"x"


async def content_headers_are_mixed_in() -> None:
    """The headers may be a property; what was parsed is kept by the raw value."""

    class Cached(helpers.HeadersMixin):
        raw = ((b"Content-Type", b"text/plain; charset=koi8-r"), (b"Content-Length", b"7"))

        @property
        def _headers(self) -> CIMultiDict[str]:  # type: ignore[override]
            return CIMultiDict((name.decode(), value.decode()) for name, value in self.raw)

    cached = Cached()
    assert (cached.content_type, cached.charset) == ("text/plain", "koi8-r")
    assert cached.content_length == 7
    assert cached._stored_content_type == "text/plain; charset=koi8-r"


async def content_type_was_stored() -> None:
    """What the mixin has parsed is looked up by this; a new header is parsed anew."""

    class Message(helpers.HeadersMixin):
        def __init__(self) -> None:
            self._headers = CIMultiDict({hdrs.CONTENT_TYPE: "a/b"})

    message = Message()
    assert message.content_type == "a/b" and message._stored_content_type == "a/b"
    message._headers[hdrs.CONTENT_TYPE] = "c/d"  # type: ignore[index]
    assert message.content_type == "c/d" and message._stored_content_type == "c/d"


async def payloads_are_made_by_others() -> None:
    class Own(aiohttp.Payload):
        def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
            return "own"

        async def write(self, writer: Any) -> None:
            await writer.write(b"own")

    writer = mock.Mock(write=mock.AsyncMock())
    own = Own("ignored", content_type="text/x")
    await own.write(writer)
    await own.write_with_length(writer, None)
    assert writer.write.await_args_list == [mock.call(b"own")] * 2
    assert own.decode() == "own" and own.content_type == "text/x"


async def zlib_is_replaced() -> None:
    calls: list[str] = []
    import zlib

    class Backend:
        def __getattr__(self, name: str) -> Any:
            calls.append(name)
            return getattr(zlib, name)

    aiohttp.set_zlib_backend(Backend())
    try:
        compressor = importlib.import_module("aiohttp.compression_utils").ZLibCompressor("gzip")
        packed = await compressor.compress(b"x" * 50) + compressor.flush()
    finally:
        aiohttp.set_zlib_backend(zlib)  # type: ignore[arg-type]
    assert zlib.decompress(packed, 31) == b"x" * 50
    assert "compressobj" in calls


SEAMS: list[tuple[str, str, Callable[[], Any]]] = [
    ("BaseProtocol._reading_paused", "aiodocker", reading_paused),
    ("BaseProtocol._drain_helper", "aiodocker", drain_helper),
    ("StreamReader._buffer, _buffer_offset", "litellm", buffer_of_a_stream),
    ("DataQueue.feed_data, read", "aiodocker", queue_is_overridden),
    ("WebSocketDataQueue._buffer", "ccxt", buffer_of_a_websocket),
    ("_websocket.reader_py.MSG_SIZE_OVERHEAD", "ccxt", overhead_of_a_message),
    ("WebSocketWriter._limit", "homeassistant", limit_of_a_writer),
    ("StringPayload._value", "homeassistant", value_of_a_payload),
    ("HeadersMixin._headers", "aiohttp_client_cache", content_headers_are_mixed_in),
    ("HeadersMixin._stored_content_type", "homeassistant", content_type_was_stored),
    ("Payload.decode, write", "hikari", payloads_are_made_by_others),
    ("set_zlib_backend", "aiohttp_fast_zlib", zlib_is_replaced),
]


@pytest.mark.parametrize(("name", "who", "check"), SEAMS, ids=[name for name, *_ in SEAMS])
async def test_seam(name: str, who: str, check: Callable[[], Any]) -> None:
    await check()
