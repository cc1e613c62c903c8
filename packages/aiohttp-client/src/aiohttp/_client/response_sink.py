"""The sink of the response parser: one response after another becomes a head and a body.

I/O: bodies are streams, and what makes no sense closes the transport.  Knows the parser that it is
the sink of, what the body is kept in, and when the patience with the server is at an end.  Does not
know who asks and waits, nor how bytes come off the wire, nor what other protocols say: that is the
connection's, a subclass.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from aiohttp._body_feed import BodyFeed, open_body_feed
from aiohttp._client.options import ResponseParams
from aiohttp._client.silence import SilenceWatch
from aiohttp._client.timing import Timing
from aiohttp._h1 import ResponseParser
from aiohttp._h1.kinds import BodyKind
from aiohttp._h1.messages import RawResponseMessage
from aiohttp._switches import DEBUG
from aiohttp._timers import BaseTimerContext
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientPayloadError,
    SocketTimeoutError,
)
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

    from aiohttp._h1.framing import Framing

__all__ = ("MAX_INTERIM_RESPONSES", "Reading", "ResponseSink")

# Interim responses (RFC 9110 §15.2) before the final one; a peer could send them for ever.
# Go's net/http allowed five for years; early hints may need a few more.
MAX_INTERIM_RESPONSES = 32


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
_IDLE: Final = Reading.IDLE
_HEAD: Final = Reading.HEAD
_BODY: Final = Reading.BODY

_NO_BODY: Final = BodyKind.NONE
_LENGTH: Final = BodyKind.LENGTH
_CHUNKED: Final = BodyKind.CHUNKED

_NEVER: Final = float("inf")

_DEFAULT_PARAMS: Final = ResponseParams()


class ResponseSink(SilenceWatch):
    """Take in one response after another.

    The parser is made at the first response and serves all of them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.timing = Timing(loop.time())
        self._reading = _IDLE
        self._response_parser: ResponseParser | None = None
        # How to read the response, and what stops those who wait for its body for too long.
        self._params = _DEFAULT_PARAMS
        self._timer: BaseTimerContext | None = None
        # The time when the call has taken too long; whoever has lent the connection watches it.
        self.deadline = _NEVER
        self._interim_responses = 0
        # Told when the server wants the body of the request (100 Continue), or not (False).
        self.on_continue: Callable[[bool], None] | None = None
        # The head of the response, from its coming until somebody takes it.
        self._message: RawResponseMessage | None = None
        # The body of the response, and what takes its decoded bytes while it is coming.
        self._payload: StreamReader | None = None
        self._feed: Callable[[bytes], object] | None = None
        self._decoder: BodyFeed | None = None
        # A body of a known length may come in one piece with its head: its stream is made only if
        # it does not, or when somebody asks.  _piece: the first piece, or the whole body.
        self._awaits_piece = False
        self._piece: bytes | None = None
        self._is_whole = False
        # The connection must not be used for another request.
        self._should_close = False

    def expect_response(
        self, method: str, params: ResponseParams, timer: BaseTimerContext | None
    ) -> None:
        """Get ready for the response to a request of ``method``; call this before it is sent."""
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

    # What the connection hears…

    def _head_came(self, message: RawResponseMessage) -> None:
        """The head of a final response is here: whoever waits for it goes on."""
        raise NotImplementedError

    def set_exception(self, exc: BaseException) -> None:
        """No head will come: whoever waits for it gets ``exc``."""
        raise NotImplementedError

    # A head…

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
        self._head_came(message)

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

    def _cut_off_head(self) -> RawResponseMessage | None:
        """Return the head as far as it came before the connection was lost.

        ``None`` if that cannot be read as a head.
        """
        parser = self._response_parser
        if parser is None or not parser.in_head:
            return None
        self._reading = Reading.CUT_OFF
        parser.feed(b"\r\n\r\n")
        cut_off, self._message = self._message, None
        return cut_off

    # …its body…

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

    # …its end…

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

    # …taken whole, or as a stream

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

    # What goes wrong…

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

    def _lost_in_body(self, exc: BaseException | None) -> None:
        """The connection has gone, which may have been the end of the body."""
        if exc is None and self._response_parser is not None:
            # RFC 9112 §6.3, item 8.
            self._response_parser.feed_eof()
        if self._reading is _BODY:
            lost = ClientConnectionError("Connection lost")
            lost.__cause__ = exc
            self._fail_body(lost)

    # Patience…

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Receive again; silence counts again if there is something to be said."""
        super().resume_reading(resume_parser)
        if self._reading in (_HEAD, _BODY):
            self.start_timeout()

    def expire(self) -> None:
        """Note that the call has taken too long: whoever waits gets ``TimeoutError``."""
        self.deadline = _NEVER
        self._should_close = True
        if self._reading is _HEAD:
            self.set_exception(asyncio.TimeoutError())
        elif self._reading is _BODY:
            self._break_body(asyncio.TimeoutError())

    def _fall_silent(self) -> None:
        error = SocketTimeoutError("Timeout on reading data from socket")
        self.set_exception(error)
        if self._awaits_piece:
            self._open_late()
        payload = self._payload
        if payload is not None and not payload.is_eof():
            payload.set_exception(error)
        self._feed = None
        self._reading = Reading.BROKEN
