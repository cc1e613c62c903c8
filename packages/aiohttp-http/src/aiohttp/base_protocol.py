"""Back-pressure between one transport and the code that reads from and writes to it.

This file knows the asyncio flow control callbacks. It does not know HTTP, nor which role the
connection has.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from aiohttp._futures import set_exception, set_result
from aiohttp.client_exceptions import ClientConnectionResetError
from aiohttp.tcp_helpers import tcp_nodelay

if TYPE_CHECKING:
    from aiohttp._h1 import RequestParser
    from aiohttp.http_parser import HttpParser

# What pausing raises on a transport that is closing, cannot pause at all, or is a bare mock of one.
PAUSE_RESUME_READING_ERRORS = (AttributeError, NotImplementedError, RuntimeError)

# Before Python 3.11, asyncio calls a TLS transport unclosed if it was the peer that closed it.
_WARNS_OF_TRANSPORTS_THAT_THE_PEER_CLOSED = sys.version_info < (3, 11)

# Bytes; far more than asyncio asks for at once.
SETTLING_BLOCK: Final = 4 * 1024 * 1024


@functools.cache
def settle_allocator() -> None:
    """Have the allocator keep what asyncio asks for at each read; once for a process is enough.

    That is 256 KiB, however little comes.  The GNU allocator gives what is free at the end of its
    memory back to the system as soon as that is twice the biggest block that it ever got back,
    128 KiB at first; every page of the next one would have to be found anew, which may take longer
    than all the rest of a request.
    """
    bytes(SETTLING_BLOCK)  # never touched, so that it takes no memory, and dropped at once


class BaseProtocol(asyncio.Protocol):
    """Keep the flow control state of one connection.

    Args:
        loop: the loop that drives the transport.
        parser: what consumes received bytes, kept for the subclass that feeds it.
    """

    __slots__ = (
        "_connection_lost",
        "_drain_waiters",
        "_loop",
        "_parser",
        "_paused",
        "_reading_paused",
        "_upgraded",
        "flush_writer",
        "transport",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        parser: HttpParser[Any] | RequestParser | None = None,
    ) -> None:
        self._loop = loop
        self._parser: Any = parser
        # True once another protocol than HTTP/1.1 is spoken on the connection.
        self._upgraded = False
        # The transport's write buffer is above its high-water mark.
        self._paused = False
        # Somebody asked to receive no more for now; also kept while no transport is there yet.
        self._reading_paused = False
        self._connection_lost = False
        # A future for each coroutine that waits until writing goes on; not shared, so that
        # cancelling one leaves the others waiting. Empty tuple: costs nothing while nobody waits.
        self._drain_waiters: tuple[asyncio.Future[None], ...] = ()
        # Writes what a writer still gathers; called before the transport is closed. None: nobody
        # gathers anything.
        self.flush_writer: Callable[[], None] | None = None
        # None before connection_made() and after connection_lost().
        self.transport: asyncio.Transport | None = None

    @property
    def connected(self) -> bool:
        """Tell whether there is a transport."""
        return self.transport is not None

    @property
    def writing_paused(self) -> bool:
        """Tell whether the transport asked to write no more for now."""
        return self._paused

    # Writing…

    def pause_writing(self) -> None:
        """Note that the transport's buffer is full (called by the transport)."""
        self._paused = True

    def resume_writing(self) -> None:
        """Wake the writers: the transport's buffer has drained (called by the transport)."""
        self._paused = False
        waiters, self._drain_waiters = self._drain_waiters, ()
        for waiter in waiters:
            set_result(waiter, None)

    async def _drain_helper(self) -> None:
        """Wait until the transport takes more data.

        Any number of coroutines may wait; cancelling one leaves the others waiting.

        Raises:
            ClientConnectionResetError: there is no connection.
            ConnectionError: the connection broke during the wait.
        """
        if self.transport is None:
            raise ClientConnectionResetError("Connection lost")
        if not self._paused:
            return
        waiter = self._loop.create_future()
        self._drain_waiters += (waiter,)
        await waiter

    # Reading…

    def pause_reading(self) -> None:
        """Receive no more until `resume_reading()`; a parser that can hold data back does."""
        self._reading_paused = True
        hold = getattr(self._parser, "pause_reading", None)
        if hold is not None and not self._upgraded:
            hold()
        self._pause_transport_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Receive again after `pause_reading()`.

        Args:
            resume_parser: whether a parser that holds data back goes on first; if that fills a
                reader, reading stays paused.
        """
        self._reading_paused = False
        go_on = getattr(self._parser, "resume_reading", None) if resume_parser else None
        if go_on is not None and not self._upgraded:
            go_on()
        if not self._reading_paused:
            self._resume_transport_reading()

    def _pause_transport_reading(self) -> None:
        if self.transport is not None:
            with suppress(
                *PAUSE_RESUME_READING_ERRORS
            ):  # a closing transport delivers nothing more anyway
                self.transport.pause_reading()

    def _resume_transport_reading(self) -> None:
        if self.transport is not None:
            with suppress(*PAUSE_RESUME_READING_ERRORS):
                self.transport.resume_reading()

    # The connection…

    def _close_transport(self) -> None:
        """Close the transport, if there is one; what was written is still sent."""
        if self.flush_writer is not None:
            self.flush_writer()
        if self.transport is not None:
            self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, without Nagle's delay."""
        settle_allocator()
        tr = cast(asyncio.Transport, transport)
        tcp_nodelay(tr, True)
        self.transport = tr

    def _close_tls(self) -> None:
        transport = self.transport
        if transport is not None and transport.get_extra_info("sslcontext") is not None:
            transport.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the transport and wake who waits for it to drain.

        The waiters see an error only if there was one; otherwise the next write tells them.
        """
        if _WARNS_OF_TRANSPORTS_THAT_THE_PEER_CLOSED:
            self._close_tls()
        self.transport = None
        self.flush_writer = None
        self._connection_lost = True
        waiters, self._drain_waiters = self._drain_waiters, ()
        for waiter in waiters:
            if exc is None:
                set_result(waiter, None)
            else:
                set_exception(waiter, ConnectionError("Connection lost"), exc)
