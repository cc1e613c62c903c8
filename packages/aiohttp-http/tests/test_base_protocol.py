"""Back-pressure between a transport and its users."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any
from unittest import mock

import pytest

from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import ClientConnectionResetError


def make(connected: bool = True) -> tuple[BaseProtocol, mock.Mock]:
    protocol = BaseProtocol(asyncio.get_running_loop())
    transport = mock.Mock()
    transport.get_extra_info.return_value = None
    if connected:
        protocol.connection_made(transport)
    return protocol, transport


async def test_connected_between_made_and_lost() -> None:
    protocol, transport = make(connected=False)
    assert not protocol.connected
    protocol.connection_made(transport)
    assert protocol.connected
    assert protocol.transport is transport
    protocol.connection_lost(None)
    assert not protocol.connected


def test_the_allocator_is_settled_once() -> None:
    """In a process of its own: other tests have connections, too."""
    program = """if True:
        import asyncio, tracemalloc
        from unittest import mock
        from aiohttp import base_protocol

        async def peak():
            tracemalloc.start()
            base_protocol.BaseProtocol(asyncio.get_running_loop()).connection_made(mock.Mock())
            try:
                return tracemalloc.get_traced_memory()[1] >= base_protocol.SETTLING_BLOCK
            finally:
                tracemalloc.stop()

        print([asyncio.run(peak()) for _ in range(2)])
    """
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "[True, False]\n", run.stderr


async def test_drain_returns_at_once_while_writing_is_allowed() -> None:
    protocol, _ = make()
    await protocol._drain_helper()


async def test_drain_without_a_connection() -> None:
    protocol, _ = make(connected=False)
    with pytest.raises(ClientConnectionResetError):
        await protocol._drain_helper()


async def test_all_waiters_wake_when_writing_goes_on() -> None:
    protocol, _ = make()
    protocol.pause_writing()
    waiters = [asyncio.ensure_future(protocol._drain_helper()) for _ in range(3)]
    await asyncio.sleep(0)
    assert protocol.writing_paused
    assert not any(waiter.done() for waiter in waiters)
    protocol.resume_writing()
    assert not protocol.writing_paused
    await asyncio.gather(*waiters)


async def test_cancelling_one_waiter_leaves_the_others() -> None:
    protocol, _ = make()
    protocol.pause_writing()
    first, second = (asyncio.ensure_future(protocol._drain_helper()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not second.done()
    protocol.resume_writing()
    await second


@pytest.mark.parametrize("exc", [None, OSError("broken pipe")])
async def test_losing_the_connection_wakes_the_waiters(exc: Exception | None) -> None:
    protocol, _ = make()
    protocol.pause_writing()
    waiter = asyncio.ensure_future(protocol._drain_helper())
    await asyncio.sleep(0)
    protocol.connection_lost(exc)
    if exc is None:
        await waiter
        return
    with pytest.raises(ConnectionError, match="Connection lost") as info:
        await waiter
    assert info.value.__cause__ is exc


async def test_reading_is_paused_and_resumed() -> None:
    protocol, transport = make()
    protocol.pause_reading()
    assert protocol._reading_paused
    transport.pause_reading.assert_called_once_with()
    protocol.resume_reading()
    assert not protocol._reading_paused
    transport.resume_reading.assert_called_once_with()


@pytest.mark.parametrize("error", [NotImplementedError, RuntimeError, AttributeError])
async def test_a_transport_that_cannot_pause(error: type[Exception]) -> None:
    protocol, transport = make()
    transport.pause_reading.side_effect = error
    transport.resume_reading.side_effect = error
    protocol.pause_reading()
    protocol.resume_reading()


async def test_pausing_before_there_is_a_transport() -> None:
    protocol, _ = make(connected=False)
    protocol.pause_reading()
    assert protocol._reading_paused
    protocol.resume_reading()
    assert not protocol._reading_paused


async def test_subclasses_stay_slotted() -> None:
    class Slotted(BaseProtocol):
        __slots__ = ()

    instance: Any = Slotted(asyncio.get_running_loop())
    with pytest.raises(AttributeError):
        instance.surprise = 1
