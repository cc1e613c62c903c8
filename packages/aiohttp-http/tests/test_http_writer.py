"""What bytes leave, in which writes, for one message."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import Any
from unittest import mock

import pytest
from multidict import CIMultiDict

from aiohttp import http_writer
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import ClientConnectionResetError
from aiohttp.http_writer import StreamWriter

HEAD = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"


class Transport(asyncio.Transport):
    """Keeps each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        # The sizes of buffers that were handed over without joining them.
        self.scattered: list[list[int]] = []
        self.closing = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        pieces = list(list_of_data)
        self.scattered.append([len(piece) for piece in pieces])
        self.writes.append(b"".join(pieces))

    def is_closing(self) -> bool:
        return self.closing


def make(**options: Any) -> tuple[StreamWriter, Transport]:
    loop = asyncio.get_running_loop()
    protocol = BaseProtocol(loop)
    transport = Transport()
    protocol.connection_made(transport)
    return StreamWriter(protocol, loop, **options), transport


async def begun(**options: Any) -> tuple[StreamWriter, Transport]:
    writer, transport = make(**options)
    await writer.write_headers("HTTP/1.1 200 OK", CIMultiDict(A="b"))
    return writer, transport


async def test_head_and_first_piece_leave_together() -> None:
    writer, transport = await begun()
    assert transport.writes == []
    await writer.write(b"one")
    await writer.write(b"two")
    await writer.write_eof()
    assert transport.writes == [HEAD + b"one", b"two"]
    assert writer.output_size == len(HEAD) + 6


async def test_head_and_whole_body_leave_together() -> None:
    writer, transport = await begun()
    await writer.write_eof(b"body")
    assert transport.writes == [HEAD + b"body"]
    await writer.write_eof(b"again")
    assert transport.writes == [HEAD + b"body"]


async def test_a_head_alone() -> None:
    writer, transport = await begun()
    await writer.write_eof()
    assert transport.writes == [HEAD]


async def test_an_interim_head_goes_before_the_final_one() -> None:
    """RFC 9110 §15.2."""
    writer, transport = make()
    await writer.write_headers("HTTP/1.1 103 Early Hints", CIMultiDict(Link="a"))
    await writer.write_headers("HTTP/1.1 200 OK", CIMultiDict(A="b"))
    await writer.write_eof(b"body")
    assert transport.writes == [b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + HEAD + b"body"]


async def test_send_headers() -> None:
    writer, transport = await begun()
    writer.send_headers()
    writer.send_headers()
    assert transport.writes == [HEAD]


@pytest.mark.parametrize(("chunked", "expected"), [(False, HEAD), (True, HEAD + b"0\r\n\r\n")])
async def test_set_eof_ends_the_message(chunked: bool, expected: bytes) -> None:
    writer, transport = await begun()
    if chunked:
        writer.enable_chunking()
    writer.set_eof()
    writer.set_eof()
    await writer.write_eof(b"late")
    assert transport.writes == [expected]


async def test_a_message_serialized_elsewhere() -> None:
    writer, transport = make()
    writer.write_message(HEAD, b"body")
    assert transport.writes == [HEAD + b"body"]
    await writer.write_eof()
    assert writer.output_size == len(HEAD) + 4
    assert len(transport.writes) == 1


async def test_writing_after_the_end() -> None:
    writer, _ = await begun()
    await writer.write_eof()
    with pytest.raises(RuntimeError, match="the body has ended"):
        await writer.write(b"x")


async def test_content_length_is_never_exceeded() -> None:
    writer, transport = await begun()
    writer.length = 5
    await writer.write(b"abc")
    await writer.write(b"defg")
    await writer.write(b"h")
    await writer.write_eof(b"i")
    assert b"".join(transport.writes) == HEAD + b"abcde"


async def test_chunked() -> None:
    writer, transport = await begun()
    writer.enable_chunking()
    await writer.write(b"abc")
    await writer.write(b"")
    await writer.write(memoryview(b"x" * 16))
    await writer.write_eof(b"end")
    assert transport.writes == [
        HEAD + b"3\r\nabc\r\n",
        b"10\r\n" + b"x" * 16 + b"\r\n",
        b"3\r\nend\r\n0\r\n\r\n",
    ]


async def test_trailers() -> None:
    writer, transport = await begun()
    writer.enable_chunking()
    await writer.write_eof(b"abc", trailers=CIMultiDict(Digest="x"))
    assert transport.writes == [HEAD + b"3\r\nabc\r\n0\r\nDigest: x\r\n\r\n"]


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "HOST", "Trailer"])
async def test_fields_that_are_no_trailers(name: str) -> None:
    writer, transport = await begun()
    writer.enable_chunking()
    with pytest.raises(ValueError, match="not allowed in trailers"):
        await writer.write_eof(trailers={name: "x"})
    assert transport.writes == []


async def test_trailers_need_chunks() -> None:
    writer, _ = await begun()
    with pytest.raises(RuntimeError, match="enable_chunking"):
        await writer.write_eof(trailers={"A": "b"})


@pytest.mark.parametrize("where", ["status", "name", "value"])
@pytest.mark.parametrize("text", ["\r", "\n", "\0", "\x1f", "\x7f"])
async def test_control_characters_never_leave(where: str, text: str) -> None:
    writer, transport = make()
    status = "HTTP/1.1 200 OK" + (text if where == "status" else "")
    headers = CIMultiDict({"A" + text * (where == "name"): "b" + text * (where == "value")})
    with pytest.raises(ValueError):
        await writer.write_headers(status, headers)
    assert transport.writes == []


@pytest.mark.parametrize("chunked", [True, False])
async def test_compression(chunked: bool) -> None:
    writer, transport = await begun()
    writer.enable_compression("gzip")
    if chunked:
        writer.enable_chunking()
    pieces = [b"small", b"x" * 100_000, b"end"]
    await writer.write(pieces[0])
    await writer.write(pieces[1])
    await writer.write_eof(pieces[2])
    body = b"".join(transport.writes)[len(HEAD) :]
    if chunked:
        body = unchunk(body)
    assert gzip.decompress(body) == b"".join(pieces)


async def test_compression_is_deflate_by_default() -> None:
    writer, transport = await begun()
    writer.enable_compression()
    await writer.write_eof(b"abc")
    assert zlib.decompress(transport.writes[0][len(HEAD) :]) == b"abc"


async def test_an_unknown_coding() -> None:
    writer, _ = make()
    with pytest.raises(ValueError, match="unknown content coding"):
        writer.enable_compression("lzma")


def unchunk(data: bytes) -> bytes:
    blocks: list[bytes] = []
    while True:
        size, data = data.split(b"\r\n", 1)
        if size == b"0":
            return b"".join(blocks)
        n = int(size, 16)
        blocks.append(data[:n])
        data = data[n + 2 :]


async def test_views_are_written_as_octets() -> None:
    writer, transport = await begun()
    writer.enable_chunking()
    await writer.write(memoryview(b"abcdefgh").cast("H"))
    await writer.write(memoryview(b"abcdefgh").cast("B", (2, 4)))
    await writer.write(memoryview(b"a-b-c-d-")[::2])
    assert unchunk(b"".join(transport.writes)[len(HEAD) :] + b"0\r\n\r\n") == (
        b"abcdefghabcdefghabcd"
    )


async def test_big_pieces_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, transport = await begun()
    monkeypatch.setattr(http_writer, "SKIP_WRITELINES", True)
    await writer.write(b"x" * 100_000)
    assert [len(data) for data in transport.writes] == [len(HEAD), 100_000]
    assert transport.scattered == []

    writer, transport = await begun()
    monkeypatch.setattr(http_writer, "SKIP_WRITELINES", False)
    writer.enable_chunking()
    await writer.write(b"x" * 3000)
    await writer.write(b"x" * 2)
    assert transport.scattered == [[len(HEAD), 5, 3000, 2]]
    assert transport.writes[1:] == [b"2\r\nxx\r\n"]


async def test_back_pressure() -> None:
    writer, transport = await begun()
    writer.protocol.pause_writing()
    await writer.write(b"x" * 10)
    await writer.write(b"x" * 70_000, drain=False)
    task = asyncio.ensure_future(writer.write(b"x"))
    await asyncio.sleep(0)
    assert not task.done()
    assert transport.writes[-1] == b"x"
    writer.protocol.resume_writing()
    await task
    assert writer.buffer_size == 0


async def test_write_eof_waits_for_the_transport() -> None:
    writer, _ = await begun()
    writer.protocol.pause_writing()
    task = asyncio.ensure_future(writer.write_eof(b"x"))
    await asyncio.sleep(0)
    assert not task.done()
    writer.protocol.resume_writing()
    await task


@pytest.mark.parametrize("lost", [True, False])
async def test_a_closed_connection(lost: bool) -> None:
    writer, transport = await begun()
    if lost:
        writer.protocol.connection_lost(None)
    else:
        transport.closing = True
    with pytest.raises(ClientConnectionResetError, match="Cannot write to closing transport"):
        await writer.write(b"x")
    with pytest.raises(ClientConnectionResetError, match="Cannot write to closing transport"):
        await writer.write_eof(b"x")
    await writer.drain()


async def test_callbacks() -> None:
    on_chunk, on_headers = mock.AsyncMock(), mock.AsyncMock()
    writer, _ = await begun(on_chunk_sent=on_chunk, on_headers_sent=on_headers)
    counts: list[tuple[int, int]] = []
    writer.on_body_write = lambda *args: counts.append(args)
    writer.length = 5
    await writer.write(b"abc")
    await writer.write_eof(b"def")
    on_headers.assert_awaited_once_with(CIMultiDict(A="b"))
    assert [call.args for call in on_chunk.await_args_list] == [(b"abc",), (b"def",)]
    assert counts == [(3, len(HEAD) + 3), (2, len(HEAD) + 5)]
