"""Messages out of a stream of bytes: head, body, next message; pushed into a sink.

    parser = RequestParser(sink)
    parser.feed(data)       # → sink.on_head(message, framing)
                            #   sink.on_body(data) …
                            #   sink.on_end(trailers)

A fault of the peer never raises here: it goes to ``sink.on_error``, once, and the stream is dead.
The sink may call `pause`, `resume`, `detach` and `feed` from inside any of its calls.

The parser knows no transport, clock or task, and not what the sink does.  This source is built
twice: as it stands, and compiled (``parser_c``); each build stands on its own neighbours.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from multidict import CIMultiDict, CIMultiDictProxy

from aiohttp._h1.head import RequestHead, ResponseHead
from aiohttp._h1.kinds import BodyKind
from aiohttp._h1.limits import Limits
from aiohttp._h1.names import HOST
from aiohttp._h1.target import check_target
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError

if not TYPE_CHECKING and __name__.endswith("_c"):
    from aiohttp._h1._head import tokenize_request, tokenize_response
    from aiohttp._h1.body_c import ChunkedBody, LengthBody, UntilCloseBody
    from aiohttp._h1.framing_c import request_framing, response_framing
    from aiohttp._h1.messages_c import RawRequestMessage, RawResponseMessage
else:
    from aiohttp._h1.body import ChunkedBody, LengthBody, UntilCloseBody
    from aiohttp._h1.framing import request_framing, response_framing
    from aiohttp._h1.head import tokenize_request, tokenize_response
    from aiohttp._h1.messages import RawRequestMessage, RawResponseMessage

if TYPE_CHECKING:
    from aiohttp._h1.body import Body
    from aiohttp._h1.framing import Framing
    from aiohttp._h1.kinds import HttpVersion
    from aiohttp._h1.section import Fields, RawFields

    # What the tokenizers of both builds return: members of RequestTokens and ResponseTokens.
    RequestTuple = tuple[str, str, HttpVersion, Fields, RawFields | bytes, int, int, int]
    ResponseTuple = tuple[HttpVersion, int, str, Fields, RawFields | bytes, int, int, int]

__all__ = ("RequestParser", "ResponseParser", "Sink")


class Sink(Protocol):
    """Where the messages go."""

    def on_head(self, message: RawRequestMessage | RawResponseMessage, framing: Framing) -> None:
        """A head is complete."""

    def on_body(self, data: bytes) -> None:
        """Some of the body; never empty; the transfer coding is off, the content coding is on."""

    def on_end(self, trailers: CIMultiDictProxy[str] | None) -> None:
        """The message is complete; called once for each `on_head`, also if there is no body."""

    def on_error(self, error: HttpProcessingError) -> None:
        """The peer broke the protocol, in the open body or else in the next head."""


@runtime_checkable
class ChunkSink(Protocol):
    """What a sink may hear besides: where the chunks of a chunked body end.

    A chunk is a unit of the transfer coding and no unit of the content (RFC 9112 §7.1), but
    ``StreamReader.readchunk`` shows them.
    """

    def on_chunk_end(self) -> None:
        """The data given to `on_body` since the last call is one chunk, complete."""


class _Reading(Enum):
    """Where in the stream the parser is."""

    HEAD = "head"
    BODY = "body"
    END = "end"  # the message is complete; the sink has not heard it yet
    FINISHED = "finished"  # after an error, the end of the stream, or detach


_HEAD: Final = _Reading.HEAD
_BODY: Final = _Reading.BODY
_END: Final = _Reading.END
_FINISHED: Final = _Reading.FINISHED

_NO_BODY: Final = BodyKind.NONE
_LENGTH: Final = BodyKind.LENGTH
_CHUNKED: Final = BodyKind.CHUNKED

_HOST: Final = HOST


class MessageParser:
    """The loop that both kinds of parser share."""

    def __init__(self, sink: Sink, limits: Limits, lenient: bool) -> None:
        self.paused = False
        self._sink = sink
        self._chunk_sink = sink if isinstance(sink, ChunkSink) else None
        self._limits = limits
        self._lenient = lenient
        self._max_line_size = limits.max_line_size
        self._max_field_size = limits.max_field_size
        self._max_headers = limits.max_headers
        self._reading = _HEAD
        # A head that is read line by line, or None.
        self._head: RequestHead | ResponseHead | None = None
        self._body: Body | None = None
        # Whether another protocol may follow this message.
        self._upgrade = False
        # What is being parsed: from `_start` on it belongs to no event yet.
        self._data = b""
        self._start = 0
        # Bytes that came while the parser was paused or busy.
        self._held = bytearray()
        # Whether the loop is on the stack, so that the sink may call anything here.
        self._running = False
        self._eof = False

    # --- What the role calls ---

    def feed(self, data: bytes) -> None:
        """Parse `data`; never raises for what the peer did.  After an error nothing is read."""
        if self._reading is _FINISHED:
            return
        if self.paused or self._running:
            self._held += data
            return
        if type(data) is not bytes:
            data = bytes(data)
        self._data = data
        self._start = 0
        self._run()

    def feed_eof(self) -> None:
        """The peer sends no more.  Takes effect when everything held has been parsed."""
        self._eof = True
        if not self.paused and not self._running:
            self._run()

    def pause(self) -> None:
        """Stop after the current event; later bytes are held."""
        self.paused = True

    def resume(self) -> None:
        """Go on with what is held.  After a message that asked for an upgrade: decline it."""
        self.paused = False
        if not self._running and self._reading is not _FINISHED:
            self._run()

    def detach(self) -> bytes:
        """End parsing and give back the bytes that were not parsed: another protocol's."""
        self._reading = _FINISHED
        self._head = None
        self._body = None
        tail = self._data[self._start :] + self._held
        self._drop()
        return tail

    @property
    def pending(self) -> int:
        """Bytes that came and belong to no event yet."""
        kept = 0 if self._head is None else self._head.pending
        return len(self._data) - self._start + len(self._held) + kept

    @property
    def in_body(self) -> bool:
        """Whether a head was delivered whose message is not complete."""
        return self._reading is _BODY or self._reading is _END

    @property
    def in_head(self) -> bool:
        """Whether a head has begun that is not complete."""
        return self._reading is _HEAD and self._head is not None and self._head.begun

    # --- The loop ---

    def _run(self) -> None:
        """Go from event to event until the bytes are used up or somebody says stop."""
        self._running = True
        try:
            while not self.paused and self._reading is not _FINISHED:
                if self._reading is _END:
                    self._end_message()
                elif self._start >= len(self._data) and not self._refill():
                    if self._eof:
                        self._finish()
                    return
                elif self._reading is _HEAD:
                    self._read_head()
                else:
                    self._read_body()
        except HttpProcessingError as error:
            self._fail(error)
        finally:
            self._running = False

    def _refill(self) -> bool:
        """Take what came while the parser was paused or busy."""
        self._start = 0
        if self._held:
            self._data = bytes(self._held)
            self._held.clear()
            return True
        self._data = b""
        return False

    def _drop(self) -> None:
        self._data = b""
        self._start = 0
        self._held.clear()

    def _read_body(self) -> None:
        body = self._body
        if body is None:
            raise AssertionError("a body is read although none is open")
        piece, self._start = body.take(self._data, self._start)
        if body.done:
            self._reading = _END
        if piece:
            self._sink.on_body(piece)
            if body.at_chunk_end and self._chunk_sink is not None:
                self._chunk_sink.on_chunk_end()

    def _end_message(self) -> None:
        body = self._body
        self._body = None
        self._reading = _HEAD
        self._message_ended()
        if self._upgrade:
            # The role accepts by detach() or declines by resume().
            self._upgrade = False
            self.paused = True
        self._sink.on_end(None if body is None else body.trailers)

    def _open(self, message: RawRequestMessage | RawResponseMessage, framing: Framing) -> None:
        """A head is complete: hear what follows it, then tell the sink."""
        kind = framing.kind
        self._upgrade = framing.upgrade
        if kind is _NO_BODY:
            self._reading = _END
        else:
            self._reading = _BODY
            if kind is _LENGTH:
                self._body = LengthBody(framing.length)
            elif kind is _CHUNKED:
                trailers = self._max_headers - len(message.headers)
                self._body = ChunkedBody(self._limits, trailers, self._lenient)
            else:
                self._body = UntilCloseBody()
        self._sink.on_head(message, framing)

    def _finish(self) -> None:
        """The end of the stream has been reached, and everything before it has been read."""
        if self._body is not None:
            self._body.end()
            self._end_message()
        elif self.in_head:
            raise BadHttpMessage(
                "Incomplete head: expected an empty line, got the end of the connection"
            )
        self._reading = _FINISHED

    def _fail(self, error: HttpProcessingError) -> None:
        self._reading = _FINISHED
        self._body = None
        self._head = None
        self._drop()
        self._sink.on_error(error)

    def _message_ended(self) -> None:
        """A message is over; a role may note that."""

    def _read_head(self) -> None:
        raise NotImplementedError


class RequestParser(MessageParser):
    """Requests, for a server.  Always strict (RFC 9112 §2.2, §11.2).

    Args:
        sink: where the messages go.
        limits: bounds of a head.
    """

    def __init__(self, sink: Sink, limits: Limits | None = None) -> None:
        super().__init__(sink, limits or Limits(), False)
        # Whether a message that is all there is goes to who called `take_whole`; and that message.
        self._takes_whole = False
        self._whole: RawRequestMessage | None = None

    def take_whole(self, data: bytes) -> RawRequestMessage | None:
        """Parse `data` as `feed` does; if it ends one request and says no more, return that.

        As most reads do: the request has no body and asks for no other protocol, nothing is open
        before it and nothing comes behind it. The sink does not hear of it.
        """
        self._takes_whole = self._reading is _HEAD
        try:
            self.feed(data)
        finally:
            self._takes_whole = False
        message, self._whole = self._whole, None
        return message

    def _read_head(self) -> None:
        if self._head is None:
            tokens = tokenize_request(
                self._data,
                self._start,
                self._max_line_size,
                self._max_field_size,
                self._max_headers,
            )
            if tokens is not None:
                self._deliver(tokens)
                return
            self._head = RequestHead(self._limits)
        head = self._head
        if not isinstance(head, RequestHead):
            raise AssertionError("a request parser reads request heads")
        read, self._start = head.read(self._data, self._start)
        if read is not None:
            self._head = None
            self._deliver(read)

    def _deliver(self, tokens: RequestTuple) -> None:
        method, target, version, fields, raw, seen, repeated, self._start = tokens
        if target[0] != "/" or method == "CONNECT":
            check_target(method, target)
        headers = CIMultiDictProxy(CIMultiDict(fields))
        framing = request_framing(method, version, seen, repeated, headers)
        message = RawRequestMessage(
            method,
            target,
            version,
            headers,
            raw,
            not framing.keep_alive,
            framing.compression,
            framing.upgrade,
            framing.kind is _CHUNKED,
            None,
        )
        if (
            self._takes_whole
            and framing.kind is _NO_BODY
            and not framing.upgrade
            and self._start == len(self._data)
        ):
            self._whole = message
        else:
            self._takes_whole = False
            self._open(message, framing)


class ResponseParser(MessageParser):
    """Responses, for a client.

    Args:
        sink: where the messages go.
        limits: bounds of a head.
        lenient: forgive what many servers get wrong and what cannot be misunderstood: lone LF,
            obsolete folding, repeated fields, controls in values.
        method: method of the request that the first response answers; see `expect`.
    """

    def __init__(
        self,
        sink: Sink,
        limits: Limits | None = None,
        *,
        lenient: bool,
        method: str = "GET",
        read_until_eof: bool = True,
    ) -> None:
        super().__init__(sink, limits or Limits(), lenient)
        self._method = method
        self._until_close = read_until_eof
        # Whether the response to come, or the one being read, answers a request.
        self._expected = True
        self._interim = False

    def expect(self, method: str, *, read_until_eof: bool = True) -> None:
        """Announce the response to a request; called before its first byte can come.

        Args:
            method: method of the request; a response to HEAD or CONNECT has no body.
            read_until_eof: whether a body without a length lasts until the connection closes.
        """
        self._method = method
        self._until_close = read_until_eof
        self._expected = True

    def _message_ended(self) -> None:
        if self._interim:
            self._interim = False
        else:
            self._expected = False

    def _read_head(self) -> None:
        if not self._expected:
            raise BadHttpMessage(
                f"Unexpected bytes after a response: expected none, got {self.pending}"
            )
        if self._head is None:
            tokens = tokenize_response(
                self._data,
                self._start,
                self._max_line_size,
                self._max_field_size,
                self._max_headers,
            )
            if tokens is not None:
                self._deliver(tokens)
                return
            self._head = ResponseHead(self._limits, lenient=self._lenient)
        head = self._head
        if not isinstance(head, ResponseHead):
            raise AssertionError("a response parser reads response heads")
        read, self._start = head.read(self._data, self._start)
        if read is not None:
            self._head = None
            self._deliver(read)

    def _deliver(self, tokens: ResponseTuple) -> None:
        version, code, reason, fields, raw, seen, repeated, self._start = tokens
        headers = CIMultiDictProxy(CIMultiDict(fields))
        framing = response_framing(
            self._method,
            version,
            code,
            seen,
            repeated,
            headers,
            self._lenient,
            self._until_close,
        )
        # RFC 9110 §15.2: any number of 1xx comes before the response; 101 is the last of its kind.
        self._interim = code < 200 and code != 101
        message = RawResponseMessage(
            version,
            code,
            reason,
            headers,
            raw,
            not framing.keep_alive,
            framing.compression,
            framing.upgrade,
            framing.kind is _CHUNKED,
        )
        self._open(message, framing)
