"""One connection of the client: what the transport delivers, turned into heads and bodies.

`ResponseHandler` adds to `_client.response_sink`, which takes in one response, the connection: who
waits for the response, what the transport tells, and what becomes of all that after an upgrade.  It
knows neither requests nor redirects nor the pool: whoever uses the connection says what to expect
(`expect_response`), awaits the head (`read`) and looks at `should_close` when the body has ended.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aiohttp._client.options import DEFAULT_READ_BUFSIZE, ResponseParams
from aiohttp._client.response_sink import Reading, ResponseSink
from aiohttp._fields.bodies import EMPTY_BODY_STATUS_CODES
from aiohttp._futures import set_exception, set_result
from aiohttp._h1.limits import Limits
from aiohttp._h1.messages import RawResponseMessage
from aiohttp._late import late_names
from aiohttp._queues import NO_CAUSE
from aiohttp._timers import BaseTimerContext
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientOSError,
    ClientPayloadError,
    ServerDisconnectedError,
    SocketTimeoutError,
)
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import client_logger
from aiohttp.streams import DEFAULT_CHUNK_SIZE, EMPTY_PAYLOAD, DataQueue, StreamReader

if TYPE_CHECKING:
    from aiohttp.http_parser import HttpResponseParser
else:
    # For those who look for it here: the inside has a parser of its own.
    __getattr__, __dir__ = late_names(__name__, {"HttpResponseParser": "aiohttp.http_parser"})

# Names that users of this module found here before; the inside uses some of them.
__all__ = (
    "DEFAULT_CHUNK_SIZE",
    "EMPTY_BODY_STATUS_CODES",
    "EMPTY_PAYLOAD",
    "BaseProtocol",
    "BaseTimerContext",
    "ClientConnectionError",
    "ClientOSError",
    "ClientPayloadError",
    "DataQueue",
    "HttpProcessingError",
    "HttpResponseParser",
    "RawResponseMessage",
    "ResponseHandler",
    "ServerDisconnectedError",
    "SocketTimeoutError",
    "StreamReader",
    "set_exception",
    "set_result",
)

# Bytes held of another protocol (after an upgrade) before somebody takes them over; what asyncio
# takes as the high-water mark of a transport.
_MAX_HELD_AFTER_UPGRADE = 64 * 1024

# Members of an enum are slow to look up on Python 3.11.
_IDLE: Final = Reading.IDLE
_HEAD: Final = Reading.HEAD
_BODY: Final = Reading.BODY


class ConnectionClosedError(ClientConnectionError, RuntimeError):
    """The session or connector was closed before the body had been read.

    A ``RuntimeError`` too, because it is the program's own doing.
    """


class ResponseHandler(ResponseSink):
    """The protocol of one connection to a server; it lives as long as the connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        # Who waits for a head; there is at most one.
        self._waiter: asyncio.Future[None] | None = None
        # Heads that came without having been asked for: see set_response_params().
        self._unasked: deque[tuple[RawResponseMessage, StreamReader]] | None = None
        # What broke the connection.
        self._exception: BaseException | None = None
        # After an upgrade: the parser of the other protocol, and who is told of each arrival.
        self._payload_parser: Any = None
        self._data_received_cb: Callable[[], None] | None = None
        # Done when the transport has gone; made only for who asks.
        self._closed: asyncio.Future[None] | None = None

    # What the pool and the response ask…

    @property
    def closed(self) -> asyncio.Future[None] | None:
        """A future that is done when the transport has gone; ``None`` when it has gone."""
        if self._closed is None and not self._connection_lost:
            self._closed = self._loop.create_future()
        return self._closed

    @property
    def upgraded(self) -> bool:
        """Whether the server switched to another protocol (101, or 2xx to CONNECT)."""
        return self._upgraded

    @property
    def held(self) -> int:
        """Bytes of that protocol that have come already."""
        return 0 if self._response_parser is None else self._response_parser.pending

    @property
    def should_close(self) -> bool:
        """Whether the connection is unfit for another request."""
        return (
            self._should_close
            or self._reading is not _IDLE
            or self._exception is not None
            or self._upgraded
            or (self._payload is not None and not self._payload.is_eof())
        )

    def exception(self) -> BaseException | None:
        """Return what broke the connection."""
        return self._exception

    def is_fit(self) -> bool:
        """Return whether another request may be sent: nothing is going on, and nobody closes."""
        transport = self.transport
        return (
            transport is not None
            and self._reading is _IDLE
            and not self._should_close
            and self._exception is None
            and not transport.is_closing()
        )

    def is_connected(self) -> bool:
        """Return whether the transport is there and not closing."""
        transport = self.transport
        return transport is not None and not transport.is_closing()

    def force_close(self) -> None:
        """Let the connection not be used again."""
        self._should_close = True

    def close(self) -> None:
        """Close the transport; what was written still goes out."""
        if self.flush_writer is not None:
            self.flush_writer()
        if (transport := self._leave_transport()) is not None:
            transport.close()

    def abort(self) -> None:
        """Close the transport at once; what was not sent is lost."""
        if (transport := self._leave_transport()) is not None:
            transport.abort()

    def _leave_transport(self) -> asyncio.Transport | None:
        self._drop_timeout()
        self._exception = None
        if self._reading is _BODY:
            # Not the end of a body that ends with the connection: it is we who close.
            self._break_body(ConnectionClosedError("Connection closed."))
            self._reading = Reading.BROKEN
        transport, self.transport = self.transport, None
        return transport

    # Asking, and waiting for the head…

    def set_response_params(
        self,
        *,
        timer: BaseTimerContext | None = None,
        skip_payload: bool = False,
        read_until_eof: bool = False,
        auto_decompress: bool = True,
        read_timeout: float | None = None,
        read_bufsize: int = DEFAULT_READ_BUFSIZE,
        timeout_ceil_threshold: float = 5,
        max_line_size: int = 8190,
        max_field_size: int = 8190,
        max_headers: int = 128,
    ) -> None:
        """Say how to read all responses to come; `expect_response` with the values one by one.

        Whoever calls this, and not `expect_response`, sends requests that the protocol does not
        know of: responses are taken as they come.
        """
        params = ResponseParams(
            limits=Limits(max_line_size, max_field_size, max_headers),
            read_bufsize=read_bufsize,
            auto_decompress=auto_decompress,
            read_until_eof=read_until_eof,
            read_timeout=read_timeout,
            ceil_threshold=timeout_ceil_threshold,
        )
        self.expect_response("HEAD" if skip_payload else "GET", params, timer)
        self._unasked = deque()

    async def read(self) -> tuple[RawResponseMessage, StreamReader]:
        """Wait for the head of the response; return it with the stream of its body.

        Raises `HttpProcessingError` for a malformed one, `ServerDisconnectedError` or
        `ClientOSError` when the connection breaks first.  Can be cancelled and called again.
        """
        if self._unasked:
            self._message = None
            return self._unasked.popleft()
        if self._message is None:
            if self._exception is not None:
                raise self._exception
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._message
        if message is None:
            raise ServerDisconnectedError()
        if self._unasked:
            self._unasked.popleft()
        self._message = None
        return message, self.take_stream()

    def ask(
        self, request: bytes, method: str, params: ResponseParams, now: float, deadline: float
    ) -> asyncio.Future[None]:
        """Send a whole request; await the result, then call `take_head`."""
        transport = self.transport
        if transport is None or self._exception is not None:
            raise ServerDisconnectedError()
        self.expect_response(method, params, None)
        self.deadline = deadline
        self.timing.request_sent = now
        waiter = self._waiter = self._loop.create_future()
        transport.write(request)
        if self._read_timeout:
            self.start_timeout()
        return waiter

    def take_head(self) -> RawResponseMessage:
        """Return the head that has come."""
        self._waiter = None
        message = self._message
        if message is None:
            raise ServerDisconnectedError()
        self._message = None
        return message

    def _head_came(self, message: RawResponseMessage) -> None:
        if self._unasked is not None:
            self._unasked.append((message, self.take_stream()))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def set_exception(self, exc: BaseException, exc_cause: BaseException = NO_CAUSE) -> None:
        """Break the connection: who waits for the head gets ``exc``."""
        self._should_close = True
        self._drop_timeout()
        if exc_cause is not NO_CAUSE and exc_cause is not exc:
            exc.__cause__ = exc_cause
        self._exception = exc
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc)

    # Another protocol on the connection…

    def set_parser(
        self,
        parser: Any,
        payload: Any,
        data_received_cb: Callable[[], None] | None = None,
    ) -> None:
        """Let ``parser`` read what comes from now on (after an upgrade).

        It has ``feed_data(bytes) -> (done, rest)`` and ``feed_eof()``; ``payload`` is told of the
        end of the connection by ``set_exception``.  ``data_received_cb`` is called at each arrival.
        """
        self._payload = payload
        self._payload_parser = parser
        self._data_received_cb = data_received_cb
        self._read_timeout = None
        self._drop_timeout()
        tail = b""
        if self._response_parser is not None and self._reading is Reading.UPGRADED:
            tail = self._response_parser.detach()
        self._reading = Reading.FOREIGN
        if self._reading_paused:
            self.resume_reading()
        if tail:
            self.data_received(tail)

    def _feed_foreign(self, data: bytes) -> None:
        if self._data_received_cb is not None:
            self._data_received_cb()
        done, rest = self._payload_parser.feed_data(data)
        if done:
            self._payload = None
            self._payload_parser = None
            self._reading = Reading.BROKEN
            if rest:
                client_logger.debug("%d bytes after the end of an upgraded connection", len(rest))

    # The transport's side…

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        super().connection_made(transport)
        self.timing.connected = self._loop.time()

    def data_received(self, data: bytes) -> None:
        """Take bytes off the wire."""
        if self._read_timeout_handle is not None:
            self._extend_deadline()
        reading = self._reading
        if reading is _HEAD or reading is _BODY:
            parser = self._response_parser
            if parser is None:
                raise AssertionError("expect_response() makes the parser")
            parser.feed(data)
            if self._reading is _IDLE and parser.pending:
                self._on_excess(parser.pending)
        elif reading is Reading.FOREIGN:
            self._feed_foreign(data)
        elif reading is _IDLE:
            if self._unasked is None:
                self._on_excess(len(data))
            else:
                self.expect_response("GET", self._params, self._timer)
                self.data_received(data)
        elif reading is Reading.UPGRADED and self._response_parser is not None:
            self._response_parser.feed(data)
            if self._response_parser.pending > _MAX_HELD_AFTER_UPGRADE:
                self.pause_reading()

    def _on_excess(self, size: int) -> None:
        # Whoever answers before being asked would have the next request take this for its answer.
        client_logger.debug("connection dropped: %d bytes that belong to no response", size)
        self._drop_connection()

    def eof_received(self) -> None:
        """Note that the peer has nothing more to say; `connection_lost` follows."""
        self._drop_timeout()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End whatever was going on."""
        super().connection_lost(exc)
        self._drop_timeout()
        reading = self._reading
        if reading is _HEAD:
            self._lost_in_head(exc)
        elif reading is _BODY:
            self._lost_in_body(exc)
        elif reading is Reading.FOREIGN:
            self._lost_in_foreign(exc)
        if self._reading is not _IDLE:
            self._reading = Reading.BROKEN
        self._should_close = True
        self._payload_parser = None
        self._data_received_cb = None
        if self.on_continue is not None:
            self.on_continue(False)
        if self._closed is not None:
            set_result(self._closed, None)

    def _lost_in_head(self, exc: BaseException | None) -> None:
        if self._exception is not None:
            return
        error: BaseException
        if exc is None:
            error = ServerDisconnectedError(self._cut_off_head())
        elif isinstance(exc, OSError):
            error = ClientOSError(*exc.args)
        else:
            error = ServerDisconnectedError(exc)
        self.set_exception(error, exc if exc is not None else NO_CAUSE)

    def _lost_in_foreign(self, exc: BaseException | None) -> None:
        if self._payload_parser is not None:
            self._payload_parser.feed_eof()
        if exc is not None and self._payload is not None:
            error = ClientOSError(*exc.args) if isinstance(exc, OSError) else exc
            set_exception(self._payload, error, exc)
