"""One connection of the server: requests are made, answered one after another, and logged.

`RequestHandler` adds to `_web.serving`, which knows when to wait, to begin and to close, the server
and its responses: how a request is made, how a response is sent, and which one tells of a fault.
What happens to one request is told in `_web.exchange`. This file does not know how bytes become
messages, nor what wakes the serving task.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiohttp import hdrs
from aiohttp._h1.messages import RawRequestMessage
from aiohttp._peers_fault import peers_fault
from aiohttp._web.error_page import encodable, error_page
from aiohttp._web.exchange import Outcome, exchange
from aiohttp._web.inbox import CAPACITY
from aiohttp._web.incoming import Entry
from aiohttp._web.serving import KeepAlive, Serving, Turn, Writing
from aiohttp._web.settings import ConnectionSettings, connection_settings
from aiohttp.abc import AbstractAccessLogger, AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong, PayloadEncodingError
from aiohttp.http_writer import StreamWriter
from aiohttp.log import access_logger, server_logger
from aiohttp.streams import StreamReader
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

# The names that pytest-aiohttp and others annotate with.
_RequestFactory = RequestFactory
_RequestHandler = HandlerFunction

# Requests kept for one connection; the name that tests of pipelining look for.
MAX_MSG_QUEUE_SIZE = CAPACITY


class RequestPayloadError(Exception):
    """The body of a request is cut short, malformed, or not encoded as declared."""


class PayloadAccessError(Exception):
    """The body of a request was read after its response had been sent."""


# What a handler meets, or does, once its peer has gone; that is nobody's fault.
_AFTER_THE_PEER = (OSError, RequestPayloadError, AlreadyAnswered)

# Looked up once: asking an enumeration costs more than the comparison that follows.
_OPEN: Final = KeepAlive.OPEN


class RequestHandler(Serving):
    """Serve the requests of one connection.

    Made by a `Server` for each connection that it accepts. The keyword arguments are those of
    `connection_settings()`; a server passes them as one value, `settings`, that all share.
    """

    __slots__ = (
        # Made only if somebody hangs an attribute of their own on a connection, as always worked.
        "__dict__",
        "__weakref__",
        "_manager",
        "access_logger",
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
        # Writes a line for each request; None where no line is wanted.
        log = settings.access_logger
        self.access_logger = log if log is not None and log.enabled else None

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

    # The connection…

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request, and have the server know."""
        super().connection_made(transport)
        if self._manager is not None and self.transport is not None:
            self._manager.connection_made(self, self.transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell the server, and all who wait for the peer, that it is gone."""
        manager, self._manager = self._manager, None
        if manager is None:
            return
        manager.connection_lost(self, exc)
        super().connection_lost(exc)
        task = self.task_at_work
        if manager.handler_cancellation and task is not None:
            task.cancel()

    # Requests…

    async def start(self) -> None:
        """Serve the requests of this connection, one after another: the body of its one task.

        It has to be in this class: who lists tasks knows these as `RequestHandler.start`.
        """
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

    def _body_error(self, error: Exception) -> Exception:
        named = RequestPayloadError(getattr(error, "message", "") or str(error))
        named.__cause__ = error
        return named

    def _unread_error(self) -> Exception:
        return PayloadAccessError(
            "The body of the request was read after its response had been sent"
        )

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


def _look_at(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()


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
