"""The buffer of a loop, and what stands between a transport, its protocol and the reader."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from aiohttp._websocket import receiver
from aiohttp._websocket.models import Role, WebSocketError
from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
from aiohttp.base_protocol import BaseProtocol


class Recording(asyncio.Protocol):
    def __init__(self) -> None:
        self.events: list[Any] = []

    def data_received(self, data: bytes) -> None:
        self.events.append(bytes(data))

    def eof_received(self) -> bool | None:
        self.events.append("eof")
        return True

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append(exc)


# A message from a server, and what no server may send: a frame that is masked.
HELLO = b"\x82\x05hello"
MASKED = b"\x82\x80\0\0\0\0"


def make_reader() -> tuple[WebSocketReader, WebSocketDataQueue]:
    loop = asyncio.get_running_loop()
    queue = WebSocketDataQueue(BaseProtocol(loop), 2**16, loop=loop)
    return WebSocketReader(queue, 0, role=Role.CLIENT), queue


def make_receiver() -> tuple[receiver.Receiver, Recording, WebSocketDataQueue]:
    reader, queue = make_reader()
    protocol = Recording()
    return receiver.Receiver(protocol, reader, asyncio.get_running_loop()), protocol, queue


def received(between: receiver.Receiver, data: bytes) -> None:
    between.get_buffer(-1)[: len(data)] = data
    between.buffer_updated(len(data))


async def test_data_is_read_and_all_else_passed_on() -> None:
    between, protocol, queue = make_receiver()
    received(between, HELLO[:4])
    received(between, HELLO[4:])
    assert (await queue.read()).data == b"hello"
    between.pause_writing()
    between.resume_writing()
    assert between.eof_received() is True
    error = OSError()
    between.connection_lost(error)
    assert protocol.events == ["pause", "resume", "eof", error]


async def test_the_buffer_can_be_filled_in_parts() -> None:
    """asyncio's TLS reads record by record, into slices of what it was given."""
    between, _, queue = make_receiver()
    buffer = between.get_buffer(-1)
    buffer[:4] = HELLO[:4]
    buffer[4:][:3] = HELLO[4:]
    between.buffer_updated(len(HELLO))
    assert (await queue.read()).data == b"hello"


async def test_the_protocol_is_told_of_a_failure() -> None:
    between, protocol, queue = make_receiver()
    received(between, MASKED)
    assert isinstance(queue.exception(), WebSocketError)
    assert protocol.events == [b""]


async def test_a_loop_has_one_buffer() -> None:
    one, other = (make_receiver()[0].get_buffer(-1) for _ in range(2))
    assert one.obj is other.obj is receiver.buffer_of(asyncio.get_running_loop())
    elsewhere = asyncio.new_event_loop()
    assert receiver.buffer_of(elsewhere) is not one
    elsewhere.close()


async def test_a_transport_reads_into_the_buffer() -> None:
    class Echoing(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.Transport, transport)

        def data_received(self, data: bytes) -> None:
            self.transport.write(data)

    loop = asyncio.get_running_loop()
    lost = asyncio.Event()
    reader, queue = make_reader()

    class Heard(Recording):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    server = await loop.create_server(Echoing, "127.0.0.1", 0)
    transport, protocol = await loop.create_connection(Heard, *server.sockets[0].getsockname())
    receiver.receive_by_buffer(transport, protocol, reader, loop)
    transport.write(HELLO)
    assert (await queue.read()).data == b"hello"
    assert bytes(receiver.buffer_of(loop)[: len(HELLO)]) == HELLO
    transport.close()
    await lost.wait()
    assert protocol.events == [None]
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("between", [Recording(), None])
async def test_who_stands_between_stays(between: Any) -> None:
    """A transport that does not talk to the protocol itself is left as it is."""

    class Transport(asyncio.Transport):
        def get_protocol(self) -> Any:
            return between

    reader, _ = make_reader()
    receiver.receive_by_buffer(Transport(), Recording(), reader, asyncio.get_running_loop())


async def test_a_transport_that_does_not_tell_its_protocol() -> None:
    """One of a program's own need not: aiohttp has never asked."""
    reader, _ = make_reader()
    loop = asyncio.get_running_loop()
    receiver.receive_by_buffer(asyncio.Transport(), Recording(), reader, loop)
