"""The buffer of a loop, and what stands between a transport and its protocol."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from aiohttp._websocket import receiver


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


async def test_everything_is_passed_on() -> None:
    protocol = Recording()
    between = receiver.Receiver(protocol, asyncio.get_running_loop())
    buffer = between.get_buffer(-1)
    buffer[:5] = b"hello"
    between.buffer_updated(5)
    between.pause_writing()
    between.resume_writing()
    assert between.eof_received() is True
    error = OSError()
    between.connection_lost(error)
    assert protocol.events == [b"hello", "pause", "resume", "eof", error]


async def test_a_loop_has_one_buffer() -> None:
    one, other = (
        receiver.Receiver(Recording(), asyncio.get_running_loop()).get_buffer(-1) for _ in range(2)
    )
    assert one is other
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

    class Heard(Recording):
        def data_received(self, data: bytes) -> None:
            assert isinstance(data, memoryview) and data.obj is receiver.buffer_of(loop).obj
            super().data_received(data)
            transport.close()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    server = await loop.create_server(Echoing, "127.0.0.1", 0)
    transport, protocol = await loop.create_connection(Heard, *server.sockets[0].getsockname())
    receiver.receive_by_buffer(transport, protocol, loop)
    transport.write(b"hello")
    await lost.wait()
    assert protocol.events == [b"hello", None]
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("between", [Recording(), None])
def test_who_stands_between_stays(between: Any) -> None:
    """A transport that does not talk to the protocol itself is left as it is."""

    class Transport(asyncio.Transport):
        def get_protocol(self) -> Any:
            return between

    loop = asyncio.new_event_loop()
    receiver.receive_by_buffer(Transport(), Recording(), loop)
    loop.close()
