"""The serving half of a connection: requests leave the inbox, and are answered one after another.

Knows the steps of the serve loop: when a request is begun, in which task, what is waited for, and
when there are no more. Does not know the server, how a request is made or answered, nor who is told
of faults: that is a subclass's, and so is the loop itself, by whose name the task is known.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from aiohttp._web.exchange import InOwnContext, Outcome
from aiohttp._web.incoming import Due, Entry, Incoming, Reading
from aiohttp._web.lingering import RestOfBody
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.tcp_helpers import tcp_keepalive

if TYPE_CHECKING:
    from aiohttp._web.settings import ConnectionSettings
    from aiohttp.web_request import BaseRequest

__all__ = ("KeepAlive", "Serving", "Turn", "Writing", "end_task")

# An exchange as far as it goes without waiting.
Turn = Outcome | InOwnContext[Outcome]

# How long a peer that sent nonsense may go on sending before the connection is closed on it, in
# seconds: a moment is enough for it to read why (RFC 9112 §9.6).
_FAREWELL = 1.0

# How long a cancelled handler has for its own clearing up when the server shuts down, in seconds.
# Most need none; one that needs more than this will not end by being waited for.
_LAST_WORDS = 2.0


class Writing(Enum):
    """What the serving task is at."""

    IDLE = "idle"  # waits for a request
    ANSWERING = "answering"  # a handler works, or its response is on its way
    LINGERING = "lingering"  # the response is out, the rest of the request's body is not in
    CLOSED = "closed"  # there will be no more responses


class KeepAlive(Enum):
    """Whether one more request may be taken."""

    OPEN = "open"  # as long as both sides like
    LAST = "last"  # the server shuts down: what has come is answered, then the connection closes
    CLOSED = "closed"  # no more


# Looked up once: asking an enumeration costs more than the comparison that follows.
_IDLE: Final = Writing.IDLE
_ANSWERING: Final = Writing.ANSWERING
_OPEN: Final = KeepAlive.OPEN
_MESSAGES: Final = Reading.MESSAGES
_UPGRADED: Final = Reading.UPGRADED
_NOTHING: Final = Due.NOTHING
_REQUEST: Final = Due.REQUEST
_ANSWERED: Final = Outcome.ANSWERED


class Serving(Incoming):
    """Have what one peer asks for answered, in its order, by one task."""

    __slots__ = (
        "_current_request",
        "_keep_alive",
        "_payload",
        "_shutdown_callback",
        "_task",
        "_turn",
        "_waiter",
        "_writing",
        "peername",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, settings: ConnectionSettings) -> None:
        super().__init__(loop, settings)
        self._writing = _IDLE
        self._keep_alive = _OPEN
        # The one task; made with the first request.
        self._task: asyncio.Task[None] | None = None
        # Resolved at every event that the task may wait for, while it waits.
        self._waiter: asyncio.Future[None] | None = None
        # An exchange that was begun before the task was woken, or what came of it.
        self._turn: Turn | BaseException | None = None
        # What a handler works at, and its body.
        self._payload: StreamReader = EMPTY_PAYLOAD
        self._current_request: BaseRequest | None = None
        # Called when the server shuts down: an upgraded connection says goodbye in its own way.
        self._shutdown_callback: Callable[[], None] | None = None
        # Address of the peer as the socket tells it; kept after the connection is lost.
        self.peername: Any = None

    # What the subclass says…

    async def start(self) -> None:
        """Take one turn after the other, then part: the body of the one task."""
        raise NotImplementedError

    def _begin(self, entry: Entry) -> Turn:
        """Make a request, and begin to have it answered; set what a handler works at."""
        raise NotImplementedError

    def _unread_error(self) -> Exception:
        """Return what a handler gets that reads a body after its response was sent."""
        raise NotImplementedError

    # The connection…

    @property
    def task_at_work(self) -> asyncio.Task[None] | None:
        """The serving task while a handler is at work, else None."""
        return None if self._current_request is None else self._task

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.peername = transport.get_extra_info("peername")
        if self._settings.tcp_keepalive and self.transport is not None:
            tcp_keepalive(self.transport)
        self._expect(_REQUEST, self._settings.keepalive_timeout)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell all who wait for the peer that it is gone."""
        super().connection_lost(exc)
        self._keep_alive = KeepAlive.CLOSED
        self._stream_ended(exc or ConnectionResetError("Connection lost"))
        self._shutdown_callback = None

    # Requests are served…

    def data_received(self, data: bytes) -> None:
        """Take bytes from the transport; a request that they complete is begun at once.

        A handler that need not wait has answered when this returns, and the task was never woken.
        """
        waiter = self._waiter
        if waiter is None or self._writing is not _IDLE:
            if self._reading is _UPGRADED:
                self._feed_upgraded(data)
            else:
                super().data_received(data)
            return
        # Nobody is to be woken by what is fed here: it is served at once.
        self._waiter = None
        message = self._parser.take_whole(data)
        if message is not None:
            self._writing = _ANSWERING
            self._due = _NOTHING
            self._serve_at_once((message, EMPTY_PAYLOAD, None), waiter)
        elif self._writing is not _IDLE:
            self._serve_at_once(self._inbox.take(), waiter)
        else:
            self._waiter = waiter
            if self._settings.head_timeout is not None:
                self._watch_head()

    def _serve_at_once(self, entry: Entry, waiter: asyncio.Future[None]) -> None:
        """Begin to serve a request; the task goes on with what has to wait.

        Handlers must not notice: whoever asks for the current task is told the one that serves
        this connection, although it sleeps, on *waiter*, and has to be woken for the rest.
        """
        loop = self._loop
        # There is one as long as there is a connection; cast() would be a call for each request.
        task: asyncio.Task[None] = self._task  # type: ignore[assignment]
        try:
            _enter_task(loop, task)
        except RuntimeError:
            # Another task feeds us, as a test may: ours has to do it all.
            self._inbox.appendleft(entry)
        else:
            try:
                turn = self._begin(entry)
                if turn is _ANSWERED and not waiter.done() and self._is_settled():
                    self._writing = _IDLE
                    self._due = _REQUEST
                    self._timer.set(self._settings.keepalive_timeout)
                    self._waiter = waiter
                    if self._settings.head_timeout is not None:
                        # The next one may have begun behind this.
                        self._watch_head()
                    return
                self._turn = turn
            except BaseException as error:
                self._turn = error
            finally:
                _leave_task(loop, task)
        if not waiter.done():
            waiter.set_result(None)

    def _is_settled(self) -> bool:
        """Whether nothing is left to do but to wait for the next request."""
        if (
            self._inbox
            or self._body is not None
            or self._reading_paused
            or self._reading is not _MESSAGES
            or self._keep_alive is not _OPEN
        ):
            return False
        request, self._current_request = self._current_request, None
        if request is not None and request._post is not None:
            request._finish()
        return True

    def _arrived(self) -> None:
        """Have a request that is about to be put into the inbox served."""
        if self._writing is _IDLE:
            self._writing = _ANSWERING
            self._due = _NOTHING
            if self._task is None:
                self._task = self._loop.create_task(self.start())
            elif self._waiter is not None:
                self._wake()

    def _give_up(self) -> None:
        self._keep_alive = KeepAlive.CLOSED
        if self._task is None:
            self.force_close()
        self._wake()

    def _event(self) -> asyncio.Future[None]:
        """Return what the serving task awaits until something has happened on the connection."""
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _next_turn(self) -> Turn | None:
        """Wait for the next request and begin with it; return None when there will be none."""
        while not self._inbox and self._turn is None:
            if self._reading is Reading.ENDED or self._keep_alive is KeepAlive.CLOSED:
                return None
            self._rest()
            try:
                await self._event()
            except asyncio.CancelledError as error:
                if not isinstance(self._turn, InOwnContext):
                    raise
                # It was begun already: its handler is who has to hear of it.
                self._turn.interrupt(error)
        turn, self._turn = self._turn, None
        if turn is None:
            return self._begin(self._inbox.take())
        if isinstance(turn, BaseException):
            raise turn
        return turn

    def _rest(self) -> None:
        """Wait for a request from here on."""
        self._writing = _IDLE
        settings = self._settings
        last = self._keep_alive is KeepAlive.LAST
        self._expect(_REQUEST, settings.shutdown_grace if last else settings.keepalive_timeout)
        if settings.head_timeout is not None:
            self._watch_head()

    def _finish_request(self) -> None:
        request = self._current_request
        if request is not None:
            self._current_request = None
            request._finish()

    def _may_go_on(self) -> bool:
        """Set things up for the next exchange, if there may be one."""
        self._finish_request()
        if self._keep_alive is KeepAlive.CLOSED or self._upgraded:
            return False
        if self._task is not None:
            _forget_cancellations(self._task)
        if not self._inbox and self._reading is Reading.UNDECIDED:
            self._decline_upgrade()
        elif self._reading_paused:
            self._resume_reading_if_drained()
        return True

    async def _linger(self) -> None:
        """Receive what is left of the body of a request that was answered (RFC 9112 §9.6)."""
        seconds = self._settings.lingering_time
        self._body_reader.set_exception(self._unread_error())
        self._body = rest = RestOfBody()
        if not seconds or self._reading is Reading.ENDED:
            self._keep_alive = KeepAlive.CLOSED
            return
        self._writing = Writing.LINGERING
        self._expect(Due.REST, seconds)
        self.resume_reading()
        # A later request's body may begin before this task has woken.
        while self._body is rest and self._keep_alive is not KeepAlive.CLOSED:
            await self._event()
        self._due = _NOTHING
        self._watch_body()
        self._writing = _ANSWERING

    async def _part(self) -> None:
        """Close, but not before a peer that goes on sending could read the last response."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        unheard = self._reading is Reading.ENDED and not self._upgraded
        if unheard and transport.can_write_eof():
            self._writing = Writing.LINGERING
            try:
                transport.write_eof()
            except OSError:
                return  # the peer has reset the connection, and the transport has not noticed yet
            self._resume_transport_reading()
            self._expect(Due.FAREWELL, _FAREWELL)
            await self._event()

    # The end…

    def keep_alive(self, val: bool) -> None:
        """Choose whether another request may come after the current one."""
        if self._keep_alive is not KeepAlive.LAST or not val:
            self._keep_alive = _OPEN if val else KeepAlive.CLOSED

    def on_shutdown(self, callback: Callable[[], None]) -> None:
        """Have an upgraded connection told, before its handler is waited for, of the shutdown."""
        self._shutdown_callback = callback

    def close(self) -> None:
        """Begin to close: what has come is answered, and the last response says so.

        An idle connection is kept for the grace time: a request may be on its way.
        """
        if self._due is Due.FAREWELL:
            self._give_up()
        if self._keep_alive is not _OPEN:
            return
        self._keep_alive = KeepAlive.LAST
        if self._writing is _IDLE:
            self._expect(_REQUEST, self._settings.shutdown_grace)
        elif self._current_request is not None and not self._inbox:
            self._current_request._close_after()

    def force_close(self) -> None:
        """Close now; what was written is still sent."""
        self._keep_alive = KeepAlive.CLOSED
        self._inbox.clear()
        self._close_transport()
        self._wake()

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """Close, when the handler at work is done or the time is over.

        Args:
            timeout: seconds that the handler has before it is cancelled; None: no limit.
        """
        self.close()
        if self._shutdown_callback is not None:
            self._shutdown_callback()
        if self._task is None and self._keep_alive is KeepAlive.LAST:
            # Nothing has come yet on this connection: it has the grace time as every idle one.
            self._task = self._loop.create_task(self.start())
        if self._task is not None:
            await end_task(self._task, timeout)
        self.force_close()


def _forget_cancellations(task: asyncio.Task[None]) -> None:
    """Have those that a handler has caught not count for the next one: task groups would differ."""
    if sys.version_info >= (3, 11):
        while task.cancelling():
            task.uncancel()


async def end_task(task: asyncio.Task[None], timeout: float | None) -> None:
    """Wait for a serving task, cancel it when the time is over, and leave it its last words."""
    if not task.done():
        await asyncio.wait([task], timeout=timeout)
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_LAST_WORDS)
