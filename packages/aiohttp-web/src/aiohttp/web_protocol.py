"""One connection of the server: bytes come in, requests are answered one after another.

`RequestHandler` adds to `_web.incoming` the serving half: one task that answers the requests in
their order. What happens to one request is told in `_web.exchange`; this file knows when to wait,
what answers a fault, and when to close.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiohttp import hdrs
from aiohttp._h1.messages import RawRequestMessage
from aiohttp._peers_fault import peers_fault
from aiohttp._web.error_page import encodable, error_page
from aiohttp._web.exchange import InOwnContext, Outcome, exchange
from aiohttp._web.inbox import CAPACITY
from aiohttp._web.incoming import Due, Entry, Incoming, Reading
from aiohttp._web.lingering import RestOfBody
from aiohttp._web.settings import ConnectionSettings, connection_settings
from aiohttp.abc import AbstractAccessLogger, AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong, PayloadEncodingError
from aiohttp.http_writer import StreamWriter
from aiohttp.log import access_logger, server_logger
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.tcp_helpers import tcp_keepalive
from aiohttp.web_exceptions import HTTPException, HTTPInternalServerError
from aiohttp.web_log import AccessLogger
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_response.stream import AlreadyAnswered

if TYPE_CHECKING:
    import ssl

    from aiohttp.web_server import Server

__all__ = ("PayloadAccessError", "RequestHandler", "RequestPayloadError")

RequestFactory = Callable[
    [
        RawRequestMessage,
        StreamReader,
        "RequestHandler",
        AbstractStreamWriter,
        "asyncio.Task[None]",
    ],
    BaseRequest,
]
HandlerFunction = Callable[[BaseRequest], Awaitable[StreamResponse]]

# An exchange as far as it goes without waiting.
Turn = Outcome | InOwnContext[Outcome]

# The names that pytest-aiohttp and others annotate with.
_RequestFactory = RequestFactory
_RequestHandler = HandlerFunction

# Requests kept for one connection; the name that tests of pipelining look for.
MAX_MSG_QUEUE_SIZE = CAPACITY

# How long a peer that sent nonsense may go on sending before the connection is closed on it, in
# seconds: a moment is enough for it to read why (RFC 9112 §9.6).
_FAREWELL = 1.0

# How long a cancelled handler has for its own clearing up when the server shuts down, in seconds.
# Most need none; one that needs more than this will not end by being waited for.
_LAST_WORDS = 2.0


class RequestPayloadError(Exception):
    """The body of a request is cut short, malformed, or not encoded as declared."""


class PayloadAccessError(Exception):
    """The body of a request was read after its response had been sent."""


# What a handler meets, or does, once its peer has gone; that is nobody's fault.
_AFTER_THE_PEER = (OSError, RequestPayloadError, AlreadyAnswered)


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


class RequestHandler(Incoming):
    """Serve the requests of one connection.

    Made by a `Server` for each connection that it accepts. The keyword arguments are those of
    `connection_settings()`; a server passes them as one value, `settings`, that all share.
    """

    __slots__ = (
        # Made only if somebody hangs an attribute of their own on a connection, as always worked.
        "__dict__",
        "__weakref__",
        "_current_request",
        "_keep_alive",
        "_manager",
        "_payload",
        "_shutdown_callback",
        "_task",
        "_turn",
        "_waiter",
        "_writing",
        "access_logger",
        "peername",
    )

    def __init__(
        self,
        manager: Server,
        *,
        loop: asyncio.AbstractEventLoop,
        settings: ConnectionSettings | None = None,
        keepalive_timeout: float = 3630,
        tcp_keepalive: bool = True,
        logger: logging.Logger = server_logger,
        access_log_class: type[AbstractAccessLogger] = AccessLogger,
        access_log: logging.Logger | None = access_logger,
        access_log_format: str = AccessLogger.LOG_FORMAT,
        debug: bool = False,
        max_line_size: int = 8190,
        max_headers: int = 128,
        max_field_size: int = 8190,
        lingering_time: float = 10.0,
        read_bufsize: int = 2**18,
        auto_decompress: bool = True,
        timeout_ceil_threshold: float = 5,
    ) -> None:
        if settings is None:
            settings = connection_settings(
                keepalive_timeout=keepalive_timeout,
                tcp_keepalive=tcp_keepalive,
                logger=logger,
                access_log_class=access_log_class,
                access_log=access_log,
                access_log_format=access_log_format,
                debug=debug,
                max_line_size=max_line_size,
                max_headers=max_headers,
                max_field_size=max_field_size,
                lingering_time=lingering_time,
                read_bufsize=read_bufsize,
                auto_decompress=auto_decompress,
                timeout_ceil_threshold=timeout_ceil_threshold,
            )
        super().__init__(loop, settings)
        self._manager: Server | None = manager
        # None where no line is wanted.
        log = settings.access_logger
        self.access_logger = log if log is not None and log.enabled else None
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

    def __repr__(self) -> str:
        request = self._current_request
        busy = "" if request is None else f" {request.method} {request.path!r}"
        return (
            f"<{type(self).__name__}{busy} reading={self._reading.value}"
            f" writing={self._writing.value} keep_alive={self._keep_alive.value}"
            f" waiting={len(self._inbox)}>"
        )

    # What third parties read…

    @property
    def access_log(self) -> logging.Logger | None:
        """Gets one line a request."""
        return None if self.access_logger is None else self.access_logger.logger

    @property
    def sockname(self) -> Any:
        """Address of this side; None after the connection is lost."""
        return None if self.transport is None else self.transport.get_extra_info("sockname")

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        """The TLS context of the connection, None where there is none."""
        return None if self.transport is None else self.transport.get_extra_info("sslcontext")

    @property
    def task_at_work(self) -> asyncio.Task[None] | None:
        """The serving task while a handler is at work, else None."""
        return None if self._current_request is None else self._task

    # The connection…

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.peername = transport.get_extra_info("peername")
        if self._settings.tcp_keepalive and self.transport is not None:
            tcp_keepalive(self.transport)
        self._expect(_REQUEST, self._settings.keepalive_timeout)
        if self._manager is not None and self.transport is not None:
            self._manager.connection_made(self, self.transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell all who wait for the peer that it is gone."""
        manager, self._manager = self._manager, None
        if manager is None:
            return
        manager.connection_lost(self, exc)
        super().connection_lost(exc)
        self._keep_alive = KeepAlive.CLOSED
        self._stream_ended(exc or ConnectionResetError("Connection lost"))
        self._shutdown_callback = None
        task = self.task_at_work
        if manager.handler_cancellation and task is not None:
            task.cancel()

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

    def _body_error(self, error: Exception) -> Exception:
        named = RequestPayloadError(getattr(error, "message", "") or str(error))
        named.__cause__ = error
        return named

    def _event(self) -> asyncio.Future[None]:
        """Return what the serving task awaits until something has happened on the connection."""
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def start(self) -> None:
        """Serve the requests of this connection, one after another: the body of its one task."""
        try:
            if self._task is None:
                # An eager task factory runs this inside of the parser's call, and before there is
                # a task that could be given to a request.
                await asyncio.sleep(0)
            while (turn := await self._next_turn()) is not None:
                outcome = turn if isinstance(turn, Outcome) else await turn
                if self._body is not None and self._body_reader is self._payload:
                    await self._linger()
                if not (outcome.keep_alive and self._may_go_on()):
                    break
            self._finish_request()
            await self._part()
        except asyncio.CancelledError:
            if self._current_request is not None:
                self.logger.debug("Ignored premature client disconnection")
            raise
        except Exception:
            self.logger.exception("Unhandled exception while serving %s", self.peername)
        except (SystemExit, KeyboardInterrupt):
            # They end the loop, which raises them: asyncio need not complain of them, too.
            if self._task is not None:
                self._task.add_done_callback(_look_at)
            raise
        finally:
            self._finish_request()
            self._writing = Writing.CLOSED
            self._timer.cancel()
            self.force_close()

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

    def _begin(self, entry: Entry) -> Turn:
        """Make a request, and begin to have it answered."""
        manager, task = self._manager, self._task
        if manager is None or task is None:
            raise RuntimeError("an exchange needs a connection that is served")
        message, self._payload, fault = entry
        request = manager.request_factory(
            message, self._payload, self, StreamWriter(self, self._loop), task
        )
        handler = manager.request_handler if fault is None else partial(self._refuse, fault)
        manager.requests_count += 1
        self._current_request = request
        if self._keep_alive is not _OPEN and not self._inbox:
            request._close_after()
        start_time = None if self.access_logger is None else self._loop.time()
        return exchange(self, request, handler, start_time)

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
        self._body_reader.set_exception(
            PayloadAccessError("The body of the request was read after its response had been sent")
        )
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

    # Responses…

    async def finish_response(
        self, request: BaseRequest, resp: StreamResponse, start_time: float | None
    ) -> tuple[StreamResponse, bool]:
        """Send a response and log it.

        Returns:
            The response that was sent, which is another one if *resp* is none; and whether the
            peer was gone before it was complete.
        """
        if not isinstance(resp, StreamResponse):
            resp = self._instead_of(resp)
        lost = False
        try:
            if resp._send_whole(request) is None:
                resp._check_same_exchange(request)
                await resp.prepare(request)
                await resp.write_eof()
        except ConnectionError:
            if not self._peer_is_lost():
                raise
            lost = True
            self.logger.debug("%s disconnected before the response was sent", self.peername)
        if start_time is not None:
            self.log_access(request, resp, start_time)
        return resp, lost

    def ask_nobody(self, request: BaseRequest) -> None:
        """Send the response to a request without asking receivers of `on_response_prepare`."""
        request._asks_nobody = True

    def failed(self, request: BaseRequest, error: Exception) -> StreamResponse | Outcome:
        """Return the response that tells of an error, or how things end without one."""
        if self._peer_is_lost() and isinstance(error, _AFTER_THE_PEER):
            self.logger.debug("%s disconnected while its request was handled", self.peername)
            return Outcome.PEER_LOST
        begun = request.writer.output_size > 0
        if not isinstance(error, HTTPException):
            response: StreamResponse = self._page_for(request, error)
        elif not begun:
            return error._copied()
        else:
            self.log_exception("%r was raised after the response had begun", error, exc_info=error)
        if begun:
            self.force_close()
            return Outcome.BROKEN_OFF
        return response

    def _page_for(self, request: BaseRequest, error: Exception) -> StreamResponse:
        if isinstance(error, RequestPayloadError):
            cause = error.__cause__
            status = cause.code if isinstance(cause, HttpProcessingError) else 400
            return self._bad_request(request, status, str(error))
        if isinstance(error, PayloadEncodingError):
            return self._bad_request(request, error.code, error.message)
        if (explanation := peers_fault(error)) is not None:
            return self._bad_request(request, 400, explanation)
        if isinstance(error, asyncio.TimeoutError):
            self.logger.debug("Request handler timed out.", exc_info=error)
            return self.handle_error(request, 504, error)
        return self.handle_error(request, 500, error)

    async def _refuse(self, fault: HttpProcessingError, request: BaseRequest) -> StreamResponse:
        """Answer a request that could not be read."""
        status = fault.answer if isinstance(fault, LineTooLong) else fault.code
        return self._bad_request(request, status, fault.message)

    def _bad_request(self, request: BaseRequest, status: int, message: str) -> StreamResponse:
        shown = encodable(message)
        self.logger.debug("Bad request from %s: %d, %s", self.peername, status, shown)
        return _error_response(request, status, message=message)

    def _instead_of(self, result: object) -> StreamResponse:
        if result is None:
            self.log_exception("Missing return statement on request handler")
        else:
            self.log_exception(f"Web-handler should return a response instance, got {result!r}")
        return HTTPInternalServerError()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """Log an error of a handler and return the page that answers it and closes.

        Args:
            request: what was being handled.
            status: of the response.
            exc: what was raised.
            message: what the peer may know of it.

        Raises:
            ConnectionError: a response was already begun.
        """
        self.log_exception("Error handling request from %s", request.remote, exc_info=exc)
        shown = None
        if self.debug and exc is not None:
            shown = "".join(traceback.format_exception(type(exc), exc, exc.__traceback__))
        return _error_response(request, status, message=message, traceback=shown)

    def _peer_is_lost(self) -> bool:
        return self.transport is None or self.transport.is_closing()

    # Logs…

    def log_access(
        self, request: BaseRequest, response: StreamResponse, time: float | None
    ) -> None:
        """Write a line of the access log for a request that began at *time* (of the loop)."""
        if self.access_logger is not None and time is not None:
            try:
                self.access_logger.log(request, response, self._loop.time() - time)
            except Exception:
                # The response is out; its peer has no part in this.
                self.log_exception("Error in the access log's %r", self.access_logger)

    def log_debug(self, *args: Any, **kw: Any) -> None:
        """Log a line when debugging."""
        if self.debug:
            self.logger.debug(*args, **kw)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log an error with its traceback."""
        self.logger.exception(*args, **kw)

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


def _look_at(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()


async def end_task(task: asyncio.Task[None], timeout: float | None) -> None:
    """Wait for a serving task, cancel it when the time is over, and leave it its last words."""
    if not task.done():
        await asyncio.wait([task], timeout=timeout)
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_LAST_WORDS)


def _error_response(
    request: BaseRequest,
    status: int,
    *,
    message: str | None = None,
    traceback: str | None = None,
) -> Response:
    """Return the page for an error, in what the peer accepts; the connection closes after it."""
    accept = request.headers.get(hdrs.ACCEPT, "")
    page = error_page(status, message=message, traceback=traceback, accept=accept)
    response = Response(status=status, text=page.text, content_type=page.content_type)
    response.force_close()
    return response
