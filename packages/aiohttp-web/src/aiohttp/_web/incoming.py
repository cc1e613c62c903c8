"""The receiving half of a connection: bytes come in, requests lie in the inbox.

Knows the parser, whose sink it is, the readers of bodies, and what the peer has to do by when. Does
not know who serves the requests, nor what is sent back: that is the other half's, a subclass.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol, cast

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiohttp._body_feed import BodyFeed, open_body_feed
from aiohttp._h1 import RequestParser
from aiohttp._h1.kinds import BodyKind, HttpVersion10
from aiohttp._h1.messages import RawRequestMessage
from aiohttp._web.inbox import CAPACITY, Inbox
from aiohttp._web.keepalive import CoarseTimer
from aiohttp._web.lingering import RestOfBody
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

if TYPE_CHECKING:
    import logging

    from aiohttp._h1.framing import Framing
    from aiohttp._h1.parser import Sink
    from aiohttp._web.settings import ConnectionSettings

__all__ = ("Due", "Entry", "Incoming", "Reading", "UpgradedParser")

# A request as far as it is known when its turn comes: message, body, and what was wrong with it if
# no message could be read.
Entry = tuple[RawRequestMessage, StreamReader, "HttpProcessingError | None"]

# What stands for a request whose head cannot be read.
_NO_FIELDS = CIMultiDictProxy(CIMultiDict[str]())
_UNREADABLE = RawRequestMessage(
    "UNKNOWN", "/", HttpVersion10, _NO_FIELDS, (), True, None, False, False, URL("/")
)


class Reading(Enum):
    """What becomes of the bytes that the peer sends."""

    MESSAGES = "messages"  # they are HTTP
    UNDECIDED = "undecided"  # an upgrade was asked for; they are kept until its handler decides
    UPGRADED = "upgraded"  # they belong to another protocol
    ENDED = "ended"  # nobody wants them: the peer said its last, or made no sense


class Due(Enum):
    """What the peer has to do before the timer goes off."""

    NOTHING = "nothing"
    REQUEST = "request"  # send a request, whole as far as its head goes
    HEAD = "head"  # complete the head that it has begun
    BODY = "body"  # go on with the body
    REST = "rest"  # send what is left of a body that nobody reads
    FAREWELL = "farewell"  # read the last response and close


# Looked up once: asking an enumeration costs more than the comparison that follows.
_MESSAGES: Final = Reading.MESSAGES
_NOTHING: Final = Due.NOTHING
_NO_BODY: Final = BodyKind.NONE


class UpgradedParser(Protocol):
    """Another protocol's reader of bytes, such as WebSocket's."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes; return whether that was all, and what is left over."""

    def feed_eof(self) -> None:
        """Note that there are no more bytes."""


class Incoming(BaseProtocol):
    """Receive what one peer sends."""

    __slots__ = (
        "_body",
        "_body_reader",
        "_due",
        "_inbox",
        "_reading",
        "_settings",
        "_timer",
        "_upgrade_asked",
        "_upgraded_data_cb",
        "_upgraded_parser",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, settings: ConnectionSettings) -> None:
        super().__init__(loop, RequestParser(cast("Sink", self), settings.limits))
        self._settings = settings
        self._reading = _MESSAGES
        # Requests that wait for their turn.
        self._inbox: Inbox[Entry] = Inbox()
        # What the peer has to do, and by when.
        self._due = _NOTHING
        self._timer = CoarseTimer(loop, self._too_late, settings.timeout_ceil_threshold)
        # Where the bytes of the body that comes in go, None between bodies; and who reads them.
        self._body: BodyFeed | RestOfBody | None = None
        self._body_reader: StreamReader = EMPTY_PAYLOAD
        # The message that comes in asks for another protocol.
        self._upgrade_asked = False
        # Who takes the bytes after an upgrade, and who is told of them.
        self._upgraded_parser: UpgradedParser | None = None
        self._upgraded_data_cb: Callable[[], None] | None = None

    # What the operator chose…

    @property
    def logger(self) -> logging.Logger:
        """Gets what goes wrong."""
        return self._settings.logger

    @property
    def debug(self) -> bool:
        """Whether error pages show tracebacks."""
        return self._settings.debug

    @property
    def keepalive_timeout(self) -> float:
        """How long the connection waits for its next request, in seconds."""
        return self._settings.keepalive_timeout

    @property
    def max_line_size(self) -> int:
        """Longest request line, in bytes."""
        return self._settings.limits.max_line_size

    @property
    def max_field_size(self) -> int:
        """Longest field of a head, in bytes."""
        return self._settings.limits.max_field_size

    @property
    def max_headers(self) -> int:
        """Most fields of a head."""
        return self._settings.limits.max_headers

    # What the other half hears…

    def _arrived(self) -> None:
        """A request is about to be put into the inbox."""
        raise NotImplementedError

    def _wake(self) -> None:
        """Something else has happened: a body has ended, or time is up."""
        raise NotImplementedError

    def _give_up(self) -> None:
        """The peer has not done in time what was due."""
        raise NotImplementedError

    def _body_error(self, error: Exception) -> Exception:
        """Name a fault of the body as handlers know it."""
        raise NotImplementedError

    # Bytes…

    def data_received(self, data: bytes) -> None:
        """Take bytes from the transport."""
        reading = self._reading
        if reading is _MESSAGES:
            self._parser.feed(data)
            if self._settings.head_timeout is not None:
                self._watch_head()
        elif reading is Reading.UPGRADED:
            self._feed_upgraded(data)
        elif reading is Reading.UNDECIDED:
            self._parser.feed(data)
            if self._parser.pending > self._settings.read_bufsize:
                self.pause_reading()

    def eof_received(self) -> None:
        """Close: a peer that sends no more is taken for gone, as it mostly is."""

    def _stream_ended(self, error: BaseException) -> None:
        """The connection is lost: tell who reads from it."""
        self._timer.cancel()
        self._inbox.clear()
        reading, self._reading = self._reading, Reading.ENDED
        body, self._body = self._body, None
        if body is not None:
            self._body_reader.set_exception(error)
        if reading is not Reading.ENDED:
            self._end_upgraded()
        # It refers to us, and to messages that nobody takes any more: let both go without the
        # collector.
        self._upgraded_parser = None
        self._upgraded_data_cb = None
        self._wake()

    # …become messages

    def on_head(self, message: RawRequestMessage, framing: Framing) -> None:
        """Take a request whose head is complete."""
        self._arrived()
        payload = EMPTY_PAYLOAD if framing.kind is _NO_BODY else self._open_body(message)
        self._upgrade_asked = framing.upgrade
        inbox = self._inbox
        inbox.put((message, payload, None))
        if len(inbox) >= CAPACITY:
            self.pause_reading()

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._body is not None:
            self._body.feed(data)
            if self._settings.body_timeout is not None:
                self._watch_body()

    def on_end(self, trailers: CIMultiDictProxy[str] | None) -> None:
        """Note that the message is complete."""
        body = self._body
        if body is not None:
            self._body = None
            if self._due is Due.BODY:
                self._due = _NOTHING
            body.finish(trailers)
            if len(self._inbox) > 1 and self._read_too_far():
                self.pause_reading()
            self._wake()
        if self._upgrade_asked:
            self._reading = Reading.UNDECIDED
            if self._upgraded_parser is not None:
                self._hand_over()

    def on_error(self, error: HttpProcessingError) -> None:
        """Note that what comes makes no sense; the body's reader or the peer hears of it."""
        self._reading = Reading.ENDED
        body = self._body
        if body is None:
            self._arrived()
            self._inbox.put((_UNREADABLE, EMPTY_PAYLOAD, error))
        else:
            self._body = None
            body.fail(error)
            self._end_upgraded()
            self._wake()

    def _open_body(self, message: RawRequestMessage) -> StreamReader:
        settings = self._settings
        reader = StreamReader(self, settings.read_bufsize, loop=self._loop)
        coding = message.compression if settings.auto_decompress else None
        self._body = open_body_feed(reader, coding, map_error=self._body_error)
        self._body_reader = reader
        if settings.body_timeout is not None:
            self._watch_body()
        return reader

    # Back-pressure…

    def pause_reading(self) -> None:
        """Read no more for now: a body's reader or the inbox is full, or bodies that wait are."""
        super().pause_reading()
        if self._reading is _MESSAGES:
            self._parser.pause()
            if self._due is Due.BODY:
                self._due = _NOTHING  # it is not the peer who makes the body wait

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on reading, unless the inbox, or what lies in it, is still too much."""
        if self._inbox.full or self._read_too_far():
            return
        super().resume_reading()
        if resume_parser and self._reading is _MESSAGES:
            self._watch_body()
            self._parser.resume()

    def _resume_reading_if_drained(self) -> None:
        if (
            self._reading_paused
            and self._inbox.drained
            and self._read_ahead() <= self._settings.read_bufsize
        ):
            self.resume_reading()

    def _read_too_far(self) -> bool:
        """Whether more than the high-water mark of one body waits."""
        return self._read_ahead() > 2 * self._settings.read_bufsize

    def _read_ahead(self) -> int:
        """Bytes of bodies whose requests wait for their turn: a body's reader bounds only one."""
        return sum(payload.buffered for _, payload, _ in self._inbox)

    # Another protocol…

    def set_parser(
        self, parser: UpgradedParser, data_received_cb: Callable[[], None] | None = None
    ) -> bool:
        """Speak another protocol from here on.

        What the peer has sent after its request is given to *parser* at once; if the body of the
        request is still coming, as soon as it has ended (RFC 9110 §7.8).

        Args:
            parser: takes all bytes by `feed_data()`, and `feed_eof()` when the connection is lost.
            data_received_cb: called after each piece.

        Returns:
            Whether all that comes from now on is the parser's.
        """
        self._upgraded_parser = parser
        self._upgraded_data_cb = data_received_cb
        if self._body is not None:
            self._upgrade_asked = True
        elif self._reading is not Reading.ENDED:
            self._hand_over()
        else:
            # Nothing will come: the body of the request made no sense, or its time was up.
            parser.feed_eof()
        return self._reading is Reading.UPGRADED

    def _hand_over(self) -> None:
        self._reading = Reading.UPGRADED
        self._upgraded = True
        self._inbox.clear()
        tail = self._parser.detach()
        if self._reading_paused:
            self.resume_reading()
        if tail:
            self._feed_upgraded(tail)

    def _decline_upgrade(self) -> None:
        """Go on in HTTP: the handler answered and did not call `set_parser()`."""
        self._reading = _MESSAGES
        self._upgrade_asked = False
        if self._reading_paused:
            # That resumes the parser, which then may have met the next upgrade already.
            self._resume_reading_if_drained()
        else:
            self._parser.resume()

    def _feed_upgraded(self, data: bytes) -> None:
        if self._upgraded_parser is None:
            return
        finished, _ = self._upgraded_parser.feed_data(data)
        if self._upgraded_data_cb is not None:
            self._upgraded_data_cb()
        if finished:
            self._reading = Reading.ENDED

    def _end_upgraded(self) -> None:
        """Tell the other protocol that nothing will come, also if it still waited for its turn."""
        if self._upgraded_parser is not None:
            self._upgraded_parser.feed_eof()

    # Deadlines…

    def _expect(self, due: Due, seconds: float) -> None:
        self._due = due
        self._timer.set(seconds)

    def _watch_head(self) -> None:
        seconds = self._settings.head_timeout
        if seconds is not None and self._due is Due.REQUEST and self._parser.in_head:
            self._expect(Due.HEAD, seconds)

    def _watch_body(self) -> None:
        seconds = self._settings.body_timeout
        if seconds is None or self._body is None or self._reading_paused:
            return
        if self._due is not Due.REST:
            self._expect(Due.BODY, seconds)

    def _too_late(self) -> None:
        due, self._due = self._due, _NOTHING
        if due is _NOTHING:
            return  # it was done; moving the timer for that would have cost more than this
        if due is Due.HEAD:
            self.on_error(HttpProcessingError(code=408, message="The head came too slowly"))
        elif due is Due.BODY:
            self._reading = Reading.ENDED
            self._body = None
            stalled = HttpProcessingError(code=408, message="The body stopped coming")
            self._body_reader.set_exception(self._body_error(stalled))
            self._end_upgraded()
        else:
            self._reading = Reading.ENDED
            self._give_up()
