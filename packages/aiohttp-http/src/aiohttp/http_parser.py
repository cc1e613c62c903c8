"""The parsers as public classes: fed with bytes, they return messages and body streams.

Adapters over `aiohttp._h1`: they make a `StreamReader` for each body, undo its content coding and
turn the events of the sans-I/O parser into return values and exceptions.  Client and server do not
pass through here; they are sinks of `_h1` themselves.  This file knows no transport.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from multidict import CIMultiDict, CIMultiDictProxy

from aiohttp._body_feed import BodyFeed, open_body_feed
from aiohttp._h1 import messages, parser
from aiohttp._h1.body import Body, ChunkedBody, LengthBody, UntilCloseBody
from aiohttp._h1.build import COMPILED
from aiohttp._h1.kinds import BodyKind
from aiohttp._h1.limits import Limits
from aiohttp._h1.section import FieldLines
from aiohttp._switches import DEBUG
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

if TYPE_CHECKING:
    from aiohttp._h1.framing import Framing
    from aiohttp._timers import BaseTimerContext

__all__ = (
    "HeadersParser",
    "HttpParser",
    "HttpRequestParser",
    "HttpResponseParser",
    "RawRequestMessage",
    "RawResponseMessage",
)

RawHeaders = tuple[tuple[bytes, bytes], ...]
_Message = TypeVar("_Message", messages.RawRequestMessage, messages.RawResponseMessage)

# A low-water mark of the body streams, in bytes.
_DEFAULT_LIMIT: Final = 2**16

# Protocols to which a parser hands over the bytes that follow a request; others are declined, so
# that what follows is the next request (RFC 9110 §7.8: a server may ignore Upgrade).
_SUPPORTED_UPGRADES: Final = frozenset({"websocket", "tcp"})


class HeadersParser:
    """Parse the lines of a field section, as in a head, in trailers and in a multipart part.

    Args:
        max_line_size: not used; a field is one line.
        max_headers: most fields.
        max_field_size: most bytes of one field, name and value together.
        lax: forgive obsolete folding and controls in values (RFC 9112 §5.2).
    """

    def __init__(
        self,
        max_line_size: int = 8190,
        max_headers: int = 32768,
        max_field_size: int = 8190,
        lax: bool = False,
    ) -> None:
        self.max_line_size = max_line_size
        self.max_headers = max_headers
        self.max_field_size = max_field_size
        self._lax = lax
        self._limits = Limits(max_line_size, max_field_size, max_headers)

    def parse_headers(self, lines: Sequence[bytes]) -> tuple[CIMultiDictProxy[str], RawHeaders]:
        """Parse lines without their ends, up to the first empty one.

        Raises:
            InvalidHeader: a line is not a field.
            LineTooLong: a field exceeds `max_field_size`.
            BadHttpMessage: there are more than `max_headers`.
        """
        section = FieldLines(self._limits, lenient=self._lax, most=self.max_headers)
        for line in lines:
            if not line:
                break
            section.add(line)
        section.close()
        return CIMultiDictProxy(CIMultiDict(section.fields)), tuple(section.raw)


class HttpParser(ABC, Generic[_Message]):
    """Base of the parsers of requests and of responses.

    Args:
        protocol: owns the connection; its reading is paused when a body stream is full.
        loop: event loop for the body streams; None takes the protocol's at first use.
        limit: low-water mark of a body stream in bytes.
        max_line_size: longest start line or chunk-size line, in bytes.
        max_headers: most fields of a message, head and trailers together.
        max_field_size: longest field, name and value together, in bytes.
        timer: guards the reads of a body stream.
        code: ignored; the status is in the response.
        method: method of the request that a response answers.
        payload_exception: class of what the body stream raises for a broken body; None leaves the
            error as it is.
        response_with_body: False if no response has a body, as after HEAD.
        read_until_eof: whether a response without a length has the rest of the connection as body.
        auto_decompress: whether to undo Content-Encoding.
        max_msg_queue_size: messages to return before `message_consumed` is called; 0: no bound.
    """

    # Whether the class forgives what common servers get wrong.
    lax: ClassVar[bool] = False

    def __init__(
        self,
        protocol: BaseProtocol | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        limit: int = _DEFAULT_LIMIT,
        max_line_size: int = 8190,
        max_headers: int = 128,
        max_field_size: int = 8190,
        timer: BaseTimerContext | None = None,
        code: int | None = None,
        method: str | None = None,
        payload_exception: type[BaseException] | None = None,
        response_with_body: bool = True,
        read_until_eof: bool = False,
        auto_decompress: bool = True,
        max_msg_queue_size: int = 0,
    ) -> None:
        self.protocol = protocol
        self.loop = loop
        self.timer = timer
        self.code = code
        self.method = method
        self.payload_exception = payload_exception
        self.response_with_body = response_with_body
        self.read_until_eof = read_until_eof
        self.max_line_size = max_line_size
        self.max_headers = max_headers
        self.max_field_size = max_field_size
        self._limit = limit
        self._auto_decompress = auto_decompress
        self._max_queued = max_msg_queue_size
        # Messages returned and not reported as consumed.
        self._queued = 0
        # Messages for the next return.
        self._messages: list[tuple[_Message, StreamReader]] = []
        # The stream of the body that is being received.
        self._feed: BodyFeed | None = None
        # What the current message asks for.
        self._wants_upgrade = False
        self._upgraded = False
        # An error in a head that came after complete messages: raised when those were returned.
        self._error: HttpProcessingError | None = None
        self._parser = self._make_parser()

    @abstractmethod
    def _make_parser(self) -> parser.MessageParser:
        """A sans-I/O parser whose sink is this object."""

    @abstractmethod
    def _accepts_upgrade(self, message: _Message, framing: Framing) -> bool:
        """Whether the bytes after the message are left to the caller."""

    # --- What the caller does ---

    def feed_data(
        self, data: bytes, *args: object, **kwargs: object
    ) -> tuple[Sequence[tuple[_Message, StreamReader]], bool, bytes]:
        """Parse `data`.

        Returns:
            the messages whose heads are complete, each with the stream of its body; whether the
            connection now belongs to another protocol; and the bytes for that protocol.

        Raises:
            BadHttpMessage: the peer broke the protocol.  Requests that were complete before that
                are returned first, and the error is raised by the next call.
        """
        if self._upgraded:
            return [], True, data
        if self._error is None:
            if self._parser.paused and not self._is_full():
                self._parser.resume()
            if data:
                self._parser.feed(data)
        return self._result()

    def feed_eof(self) -> _Message | None:
        """The peer sends no more.

        Raises:
            BadHttpMessage: a message is incomplete; if it is a body, its stream raises, too.
        """
        # No more will come, so holding back saves nothing: the streams get what there is.
        while self._parser.paused and not self._upgraded and not self._is_full():
            self._parser.resume()
        self._parser.feed_eof()
        if self._error is not None:
            raise self._error
        return None

    def pause_reading(self) -> None:
        """Hold bytes back from now on; the next `feed_data` goes on with them."""
        self._parser.pause()

    def resume_reading(self) -> None:
        """Go on with the bytes that are held.

        Messages that they complete are returned by the next `feed_data`.
        """
        idle = self._upgraded or self._error is not None or self._is_full()
        if self._parser.paused and not idle:
            self._parser.resume()

    def message_consumed(self) -> None:
        """One of the returned messages has been handled (see `max_msg_queue_size`)."""
        if self._queued:
            self._queued -= 1

    def set_upgraded(self, val: bool) -> None:
        """Set whether the connection belongs to another protocol."""
        if self._upgraded and not val:
            self._parser = self._make_parser()
        self._upgraded = val

    def _is_full(self) -> bool:
        return bool(self._max_queued) and self._queued >= self._max_queued

    def _result(self) -> tuple[Sequence[tuple[_Message, StreamReader]], bool, bytes]:
        complete, self._messages = self._messages, []
        if self._error is not None and not complete:
            raise self._error
        tail = self._parser.detach() if self._upgraded else b""
        return complete, self._upgraded, tail

    # --- What the sans-I/O parser tells ---

    def on_head(self, message: _Message, framing: Framing) -> None:
        """A head is complete."""
        self._wants_upgrade = framing.upgrade and self._accepts_upgrade(message, framing)
        payload = EMPTY_PAYLOAD
        if framing.kind is not BodyKind.NONE:
            payload = self._open_body(framing)
        self._messages.append((message, payload))
        if self._max_queued:
            self._queued += 1

    def _open_body(self, framing: Framing) -> StreamReader:
        if self.protocol is None:
            raise ValueError("A parser of messages with a body needs a protocol, got None")
        payload = StreamReader(
            self.protocol,
            self._limit,
            timer=self.timer,
            loop=self.loop or asyncio.get_event_loop(),
        )
        coding = framing.compression if self._auto_decompress else None
        self._feed = open_body_feed(payload, coding, map_error=self._map_error)
        if framing.kind is BodyKind.CHUNKED:
            self._feed.begin_chunk()
        return payload

    def _map_error(self, error: Exception) -> BaseException:
        if self.payload_exception is None:
            return error
        return self.payload_exception(str(error))

    def on_body(self, data: bytes) -> None:
        """Some of the body."""
        if self._feed is not None:
            self._feed.feed(data)

    def on_chunk_end(self) -> None:
        """A chunk is complete."""
        if self._feed is not None:
            self._feed.end_chunk()

    def on_end(self, trailers: CIMultiDictProxy[str] | None) -> None:
        """The message is complete."""
        if self._feed is not None:
            self._feed.finish(trailers)
            self._feed = None
        if self._wants_upgrade:
            self._upgraded = True
        elif self._is_full():
            self._parser.pause()
        elif self._parser.paused:
            self._parser.resume()

    def on_error(self, error: HttpProcessingError) -> None:
        """The peer broke the protocol."""
        self._error = error
        if self._feed is not None:
            self._feed.fail(error)
            self._feed = None
            # The message was not complete, and its stream has heard of the error.
            self._messages.clear()


class HttpRequestParserPy(HttpParser[messages.RawRequestMessage]):
    """Parser of requests, in Python."""

    def _make_parser(self) -> parser.MessageParser:
        limits = Limits(self.max_line_size, self.max_field_size, self.max_headers)
        return parser.RequestParser(self, limits)  # type: ignore[arg-type]

    def _accepts_upgrade(self, message: messages.RawRequestMessage, framing: Framing) -> bool:
        if message.method == "CONNECT":
            return True
        return message.headers.get("Upgrade", "").lower() in _SUPPORTED_UPGRADES


class HttpResponseParserPy(HttpParser[messages.RawResponseMessage]):
    """Parser of responses, in Python.  Lenient, unless Python runs in development mode."""

    lax = not DEBUG

    def _make_parser(self) -> parser.MessageParser:
        limits = Limits(self.max_line_size, self.max_field_size, self.max_headers)
        made = parser.ResponseParser(self, limits, lenient=self.lax)  # type: ignore[arg-type]
        self._expect(made)
        return made

    def _expect(self, made: parser.ResponseParser) -> None:
        method = "HEAD" if not self.response_with_body else self.method or "GET"
        made.expect(method, read_until_eof=self.read_until_eof)

    def _accepts_upgrade(self, message: messages.RawResponseMessage, framing: Framing) -> bool:
        return message.upgrade

    def on_error(self, error: HttpProcessingError) -> None:
        """The peer broke the protocol: which response that spoils cannot be told."""
        super().on_error(error)
        self._messages.clear()

    def on_end(self, trailers: CIMultiDictProxy[str] | None) -> None:
        """The message is complete; another may follow."""
        self._expect(self._parser)  # type: ignore[arg-type]
        super().on_end(trailers)


if TYPE_CHECKING or not COMPILED:
    HttpRequestParserC = HttpRequestParserPy
    HttpResponseParserC = HttpResponseParserPy
    RawRequestMessageC = messages.RawRequestMessage
    RawResponseMessageC = messages.RawResponseMessage
else:
    from aiohttp._h1 import parser_c
    from aiohttp._h1.messages_c import RawRequestMessage as RawRequestMessageC
    from aiohttp._h1.messages_c import RawResponseMessage as RawResponseMessageC

    class HttpRequestParserC(HttpRequestParserPy):
        """Parser of requests, compiled."""

        # Says which build it stands for: the two twins have the same behaviour and members.
        __module__ = "aiohttp._h1.parser_c"

        def _make_parser(self):
            limits = Limits(self.max_line_size, self.max_field_size, self.max_headers)
            return parser_c.RequestParser(self, limits)

    class HttpResponseParserC(HttpResponseParserPy):
        """Parser of responses, compiled."""

        __module__ = "aiohttp._h1.parser_c"

        def _make_parser(self):
            limits = Limits(self.max_line_size, self.max_field_size, self.max_headers)
            made = parser_c.ResponseParser(self, limits, lenient=self.lax)
            self._expect(made)
            return made


RawRequestMessagePy = messages.RawRequestMessage
RawResponseMessagePy = messages.RawResponseMessage

HttpRequestParser = HttpRequestParserC
HttpResponseParser = HttpResponseParserC
RawRequestMessage = RawRequestMessageC
RawResponseMessage = RawResponseMessageC


# --- Bodies alone ---


class PayloadState(Enum):
    """How far a `HttpPayloadParser` is."""

    PAYLOAD_COMPLETE = 0
    PAYLOAD_NEEDS_INPUT = 1
    PAYLOAD_HAS_PENDING_INPUT = 2


class HttpPayloadParser:
    """Parse one body into a stream.

    Args:
        payload: gets the body.
        length: bytes of it; None if something else ends it.
        chunked: whether it comes in chunks.
        compression: content coding to undo.
        code: status of the response that has the body, if it is one.
        method: method of the request.
        response_with_body: False if there is no body whatever the fields say.
        auto_decompress: whether `compression` is undone.
        lax: forgive what `HeadersParser` forgives, in trailers.
        headers_parser: not used; the trailers have the limits below.
        max_line_size: longest chunk-size line, in bytes.
        max_field_size: longest trailer, in bytes.
        max_trailers: most trailers.
        limit: bytes that one decoding step may produce.
    """

    def __init__(
        self,
        payload: StreamReader,
        length: int | None = None,
        chunked: bool = False,
        compression: str | None = None,
        code: int | None = None,
        method: str | None = None,
        response_with_body: bool = True,
        auto_decompress: bool = True,
        lax: bool = False,
        *,
        headers_parser: HeadersParser,
        max_line_size: int = 8190,
        max_field_size: int = 8190,
        max_trailers: int = 128,
        limit: int = 2**18,
    ) -> None:
        self.payload = payload
        self.done = False
        self._feed = open_body_feed(payload, compression if auto_decompress else None, limit=limit)
        self._paused = False
        # Bytes that came while the parser was paused.
        self._held = b""
        limits = Limits(max_line_size, max_field_size, max_trailers)
        self._body: Body
        if not response_with_body:
            self._body = LengthBody(0)
        elif chunked:
            self._body = ChunkedBody(limits, max_trailers, lax)
            self._feed.begin_chunk()
        elif length is not None:
            self._body = LengthBody(length)
        else:
            self._body = UntilCloseBody()
        if self._body.done:
            self._complete()

    def pause_reading(self) -> None:
        """Hold bytes back from now on; the next `feed_data` goes on with them."""
        self._paused = True

    def feed_data(self, chunk: bytes, *args: object) -> tuple[PayloadState, bytes]:
        """Take bytes of the body.

        Returns:
            the state, and what does not belong to the body if it is complete.

        Raises:
            PayloadEncodingError: the body is broken; its stream raises the same.
        """
        data, self._held = self._held + chunk, b""
        start = 0
        try:
            while not self.done and start < len(data) and not self._paused:
                start = self._step(data, start)
        except HttpProcessingError as error:
            self._feed.fail(error)
            raise
        finally:
            self._paused = False
        if self.done:
            return PayloadState.PAYLOAD_COMPLETE, data[start:]
        if start < len(data):
            self._held = data[start:]
            return PayloadState.PAYLOAD_HAS_PENDING_INPUT, b""
        return PayloadState.PAYLOAD_NEEDS_INPUT, b""

    def feed_eof(self) -> None:
        """The peer sends no more.

        Raises:
            PayloadEncodingError: the body is incomplete.
        """
        while self._held and not self.done:
            self.feed_data(b"")
        if self.done:
            return
        self._body.end()
        self._complete()

    def _step(self, data: bytes, start: int) -> int:
        piece, start = self._body.take(data, start)
        if piece:
            self._feed.feed(piece)
            if self._body.at_chunk_end:
                self._feed.end_chunk()
        if self._body.done:
            self._complete()
        return start

    def _complete(self) -> None:
        self.done = True
        self._feed.finish(self._body.trailers)


class DeflateBuffer:
    """A stream in front of a stream: what is fed into it is decoded first.

    Args:
        out: gets the decoded bytes.
        encoding: content coding to undo.
        max_decompress_size: bytes that one decoding step may produce.
    """

    def __init__(
        self, out: StreamReader, encoding: str | None, max_decompress_size: int = 2**18
    ) -> None:
        self.out = out
        self.encoding = encoding
        self._feed = open_body_feed(out, encoding, limit=max_decompress_size)

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """Break the stream behind."""
        if exc_cause is None:
            self.out.set_exception(exc)
        else:
            self.out.set_exception(exc, exc_cause)

    def feed_data(self, chunk: bytes, size: int = 0) -> bool:
        """Decode `chunk`; whether the stream is full, so that coded bytes may be held back.

        Raises:
            ContentEncodingError: the bytes are not what the coding says.
        """
        if chunk:
            self._feed.feed(chunk)
        self._raise_broken()
        return self.out.buffered >= self.out.get_read_buffer_limits()[1]

    def feed_eof(self) -> None:
        """End the stream.

        Raises:
            ContentEncodingError: the coded bytes are not complete.
        """
        self._feed.finish()
        self._raise_broken()

    def begin_http_chunk_receiving(self) -> None:
        """See `StreamReader.begin_http_chunk_receiving`."""
        self._feed.begin_chunk()

    def end_http_chunk_receiving(self) -> None:
        """See `StreamReader.end_http_chunk_receiving`."""
        self._feed.end_chunk()

    def _raise_broken(self) -> None:
        error = self.out.exception()
        if isinstance(error, HttpProcessingError):
            raise error
