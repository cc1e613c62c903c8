"""One connection of the client: what the transport delivers, turned into heads and bodies.

It is the sink of the HTTP/1.1 parser.  It knows neither requests nor redirects nor the pool:
whoever uses the connection says what to expect (`expect_response`), awaits the head (`read`) and
looks at `should_close` when the body has ended.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from aiohttp._body_feed import BodyFeed, open_body_feed
from aiohttp._client.options import DEFAULT_READ_BUFSIZE, ResponseParams
from aiohttp._client.silence import SilenceWatch
from aiohttp._client.timing import Timing
from aiohttp._fields.bodies import EMPTY_BODY_STATUS_CODES
from aiohttp._futures import set_exception, set_result
from aiohttp._h1 import ResponseParser
from aiohttp._h1.kinds import BodyKind
from aiohttp._h1.limits import Limits
from aiohttp._h1.messages import RawResponseMessage
from aiohttp._late import late_names
from aiohttp._switches import DEBUG
from aiohttp._timers import BaseTimerContext
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientOSError,
    ClientPayloadError,
    ServerDisconnectedError,
    SocketTimeoutError,
)
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError
from aiohttp.log import client_logger
from aiohttp.streams import DEFAULT_CHUNK_SIZE, EMPTY_PAYLOAD, DataQueue, StreamReader

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

    from aiohttp._h1.framing import Framing
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

# Interim responses (RFC 9110 §15.2) before the final one; a peer could send them for ever.
# Go's net/http allowed five for years; early hints may need a few more.
MAX_INTERIM_RESPONSES = 32

# Bytes held of another protocol (after an upgrade) before somebody takes them over; what asyncio
# takes as the high-water mark of a transport.
_MAX_HELD_AFTER_UPGRADE = 64 * 1024

_NO_CAUSE = BaseException()


class Reading(Enum):
    """What the next bytes from the peer are."""

    IDLE = "idle"  # nothing was asked: whatever comes is a fault
    HEAD = "head"  # the head of the response
    BODY = "body"  # its body
    UPGRADED = "upgraded"  # another protocol, not yet taken over
    FOREIGN = "foreign"  # another protocol, read by a parser of its own
    CUT_OFF = "cut off"  # the connection was lost in a head, which is read as far as it came
    BROKEN = "broken"  # nothing is readable any more


# Members of an enum are slow to look up on Python 3.11.
_IDLE = Reading.IDLE
_HEAD = Reading.HEAD
_BODY = Reading.BODY

_NO_BODY = BodyKind.NONE
_LENGTH = BodyKind.LENGTH
_CHUNKED = BodyKind.CHUNKED

_NEVER = float("inf")


class ConnectionClosedError(ClientConnectionError, RuntimeError):
    """The session or connector was closed before the body had been read.

    A ``RuntimeError`` too, because it is the program's own doing.
    """


class ResponseHandler(SilenceWatch):
    """The protocol of one connection to a server; it lives as long as the connection.

    The parser is made at the first response and serves all of them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.timing = Timing(loop.time())
        self._reading = _IDLE
        self._response_parser: ResponseParser | None = None
        self._params = _DEFAULT_PARAMS
        self._timer: BaseTimerContext | None = None
        # The head of the response, from its coming until somebody takes it by read().
        self._message: RawResponseMessage | None = None
        self._interim_responses = 0
        # Who waits in read(); there is at most one.
        self._waiter: asyncio.Future[None] | None = None
        # Told when the server wants the body of the request (100 Continue), or not (False).
        self.on_continue: Callable[[bool], None] | None = None
        # Heads that came without having been asked for: see set_response_params().
        self._unasked: deque[tuple[RawResponseMessage, StreamReader]] | None = None
        # What broke the connection.
        self._exception: BaseException | None = None
        # The body of the response, and what takes its decoded bytes while it is coming.
        self._payload: StreamReader | None = None
        self._feed: Callable[[bytes], object] | None = None
        self._decoder: BodyFeed | None = None
        # A body of a known length may come in one piece with its head: its stream is made only if
        # it does not, or when somebody asks.  _piece: the first piece, or the whole body.
        self._awaits_piece = False
        self._piece: bytes | None = None
        self._is_whole = False
        # The time when the call has taken too long; whoever has lent the connection watches it.
        self.deadline = _NEVER
        # The connection must not be used for another request.
        self._should_close = False
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

    # Expecting a response…

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

    def expect_response(
        self, method: str, params: ResponseParams, timer: BaseTimerContext | None
    ) -> None:
        """Get ready for the response to a request of ``method``; then send it and call `read`."""
        if self._reading_paused:
            # The reader of the body before was thrown away while it held too much.
            self.resume_reading()
        parser = self._response_parser
        if parser is None or params.limits is not self._params.limits:
            parser = ResponseParser(self, params.limits, lenient=not DEBUG)
            self._response_parser = parser
        parser.expect(method, read_until_eof=params.read_until_eof)
        self._params = params
        self._timer = timer
        self._message = None
        self._interim_responses = 0
        self._payload = None
        self._piece = None
        self._is_whole = False
        self.deadline = _NEVER
        self._reading = _HEAD
        self._read_timeout = params.read_timeout
        self._ceil_threshold = params.ceil_threshold

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

    def take_whole(self) -> bytes | None:
        """Return the body if it is here, whole; else it is taken as a stream."""
        return self._piece if self._is_whole else None

    def take_stream(self) -> StreamReader:
        """Return the stream of the body."""
        if self._awaits_piece or (self._piece and self._payload is None):
            self._open_late()
        return self._payload or EMPTY_PAYLOAD

    def _open_late(self) -> None:
        """Make the stream of a body that was expected in one piece."""
        piece, self._piece = self._piece, None
        self._awaits_piece = False
        self._open_body(None)
        if piece and self._payload is not None:
            self._payload.feed_data(piece)
        if self._is_whole and self._payload is not None:
            self._is_whole = False
            self._feed = None
            self._payload.feed_eof()
            if self._reading_paused:
                self.resume_reading()

    def expire(self) -> None:
        """Note that the call has taken too long: whoever waits gets ``TimeoutError``."""
        self.deadline = _NEVER
        self._should_close = True
        if self._reading is _HEAD:
            self.set_exception(asyncio.TimeoutError())
        elif self._reading is _BODY:
            self._break_body(asyncio.TimeoutError())

    # The sink of the parser…

    def on_head(self, message: Any, framing: Framing) -> None:
        """Take a head."""
        if self._reading is not _HEAD:
            if self._reading is Reading.CUT_OFF:
                self._message = message
            return
        if 100 <= message.code < 200 and message.code != 101:
            self._on_interim(message)
            return
        timing = self.timing
        timing.head_received = self._loop.time()
        timing.responses += 1
        if not framing.keep_alive:
            self._should_close = True
        if self.on_continue is not None:
            self.on_continue(False)
        self._message = message
        self._reading = _BODY
        self._expect_body(framing)
        if self._unasked is not None:
            self._unasked.append((message, self.take_stream()))
        self._wake()

    def _on_interim(self, message: RawResponseMessage) -> None:
        self._interim_responses += 1
        if self._interim_responses > MAX_INTERIM_RESPONSES:
            self._fail_head(
                BadHttpMessage(
                    f"too many interim responses; expected at most {MAX_INTERIM_RESPONSES} "
                    "before the final one"
                )
            )
        elif message.code == 100 and self.on_continue is not None:
            self.on_continue(True)

    def _expect_body(self, framing: Framing) -> None:
        kind = framing.kind
        if kind is _NO_BODY:
            self._piece = b""
            return
        compression = framing.compression
        if kind is _LENGTH and (compression is None or not self._params.auto_decompress):
            self._awaits_piece = True
            return
        self._open_body(compression)
        if kind is _CHUNKED and self._payload is not None:
            self._payload.begin_http_chunk_receiving()

    def _open_body(self, compression: str | None) -> None:
        params = self._params
        payload = StreamReader(self, params.read_bufsize, timer=self._timer, loop=self._loop)
        self._payload = payload
        if compression is not None and params.auto_decompress:
            self._decoder = open_body_feed(payload, compression, map_error=self._as_payload_error)
            self._feed = self._decoder.feed
        else:
            self._feed = payload.feed_data

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._awaits_piece:
            if self._piece is None:
                self._piece = data
                return
            self._open_late()
        if self._feed is not None:
            self._feed(data)

    def on_chunk_end(self) -> None:
        """Take the end of an HTTP chunk: `StreamReader.readchunk` shows it."""
        if self._decoder is not None:
            self._decoder.end_chunk()
        elif self._feed is not None and self._payload is not None:
            self._payload.end_http_chunk_receiving()

    def on_end(self, trailers: CIMultiDictProxy[str] | None) -> None:
        """Take the end of the message."""
        if self._reading is not _BODY:
            return  # of an interim response
        timing = self.timing
        if self._read_timeout_handle is not None:
            self._drop_timeout()
        if self._response_parser is not None and self._response_parser.paused:
            self._upgraded = True
            self._reading = Reading.UPGRADED
        else:
            self._reading = _IDLE
        if self._payload is None and self._piece is not None and not self._upgraded:
            # What came in one piece came, but for the odd microsecond, with its head.
            timing.body_end = timing.head_received
            self._awaits_piece = False
            self._is_whole = True
            return
        timing.body_end = self._loop.time()
        self._feed = None
        decoder, self._decoder = self._decoder, None
        if decoder is not None:
            decoder.finish(trailers)
            if self._payload is not None and self._payload.exception() is not None:
                self._should_close = True
        elif self._payload is not None:
            self._payload.feed_eof(trailers)
        if self._reading is _IDLE and self._reading_paused:
            # The body is here whole: what its reader left unread holds nothing back any more.
            self.resume_reading()

    def on_error(self, error: HttpProcessingError) -> None:
        """Take the news that the peer speaks no HTTP; the connection is useless from here."""
        if self._reading is _BODY:
            self._fail_body(error)
            self._drop_connection()
        elif self._reading is _HEAD:
            self._fail_head(error)
        else:
            self._drop_connection()

    def _fail_head(self, error: BaseException) -> None:
        self.set_exception(error)
        self._drop_connection()

    def _fail_body(self, error: BaseException) -> None:
        self._break_body(self._as_payload_error(error))

    def _break_body(self, error: BaseException) -> None:
        if self._awaits_piece:
            self._open_late()
        self._feed = None
        self._decoder = None
        self._should_close = True
        payload = self._payload
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            payload.set_exception(error)

    def _as_payload_error(self, error: BaseException) -> ClientPayloadError:
        self._should_close = True
        failure = ClientPayloadError(f"Response payload is not completed: {error!r}")
        failure.__cause__ = error
        return failure

    def _drop_connection(self) -> None:
        self._should_close = True
        self._reading = Reading.BROKEN
        self._drop_timeout()
        if self.transport is not None:
            self.transport.close()

    def set_exception(self, exc: BaseException, exc_cause: BaseException = _NO_CAUSE) -> None:
        """Break the connection: who waits for the head gets ``exc``."""
        self._should_close = True
        self._drop_timeout()
        if exc_cause is not _NO_CAUSE and exc_cause is not exc:
            exc.__cause__ = exc_cause
        self._exception = exc
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

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
            error = ServerDisconnectedError(self._partial_head())
        elif isinstance(exc, OSError):
            error = ClientOSError(*exc.args)
        else:
            error = ServerDisconnectedError(exc)
        self.set_exception(error, exc if exc is not None else _NO_CAUSE)

    def _partial_head(self) -> RawResponseMessage | None:
        """Return the head as far as it came, if that can be read as one."""
        parser = self._response_parser
        if parser is None or not parser.in_head:
            return None
        self._reading = Reading.CUT_OFF
        parser.feed(b"\r\n\r\n")
        cut_off, self._message = self._message, None
        return cut_off

    def _lost_in_body(self, exc: BaseException | None) -> None:
        if exc is None and self._response_parser is not None:
            # The end of the connection may be the end of the body (RFC 9112 §6.3, item 8).
            self._response_parser.feed_eof()
        if self._reading is _BODY:
            lost = ClientConnectionError("Connection lost")
            lost.__cause__ = exc
            self._fail_body(lost)

    def _lost_in_foreign(self, exc: BaseException | None) -> None:
        if self._payload_parser is not None:
            self._payload_parser.feed_eof()
        if exc is not None and self._payload is not None:
            error = ClientOSError(*exc.args) if isinstance(exc, OSError) else exc
            set_exception(self._payload, error, exc)

    # Flow control and silence…

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Receive again."""
        super().resume_reading(resume_parser)
        if self._reading in (_HEAD, _BODY):
            self.start_timeout()

    def _fall_silent(self) -> None:
        error = SocketTimeoutError("Timeout on reading data from socket")
        self.set_exception(error)
        if self._awaits_piece:
            self._open_late()
        payload = self._payload
        if payload is not None and not payload.is_eof():
            set_exception(payload, error)
        self._feed = None
        self._reading = Reading.BROKEN


_DEFAULT_PARAMS = ResponseParams()
