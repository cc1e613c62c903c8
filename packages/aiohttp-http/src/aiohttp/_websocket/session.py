"""A WebSocket connection as its user sees it: send, receive, close; the same for both roles.

`WebSocketSession` is the base of the client's and the server's door.  What differs between them
(what to say before the handshake, how the connection is dropped, which error stands for a missing
pong) are its few hooks; it knows no HTTP.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, cast, overload

from aiohttp._peers_fault import blame_peer, decode_json
from aiohttp._websocket.heartbeat import Heartbeat
from aiohttp._websocket.models import (
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
    WebSocketError,
    WSCloseCode,
    WSMessage,
    WSMessageDecodeText,
    WSMessageNoDecodeText,
    WSMsgType,
)
from aiohttp.client_exceptions import (
    ClientConnectionResetError,
    ClientError,
    WSMessageTypeError,
)
from aiohttp.streams import EofStream

# asyncio.timeout is there from 3.11 on.
if sys.version_info >= (3, 11):
    from asyncio import timeout as _timeout
else:
    from async_timeout import timeout as _timeout

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from aiohttp._websocket.reader import WebSocketDataQueue
    from aiohttp._websocket.writer import WebSocketWriter
    from aiohttp.typedefs import JSONBytesEncoder, JSONDecoder, JSONEncoder

    DecodeText = TypeVar("DecodeText", bound=bool, covariant=True, default=Literal[True])
else:
    from typing import TypeVar

    DecodeText = TypeVar("DecodeText", bound=bool, covariant=True)

TEXT: Final = WSMsgType.TEXT
BINARY: Final = WSMsgType.BINARY
CLOSE: Final = WSMsgType.CLOSE
CLOSING: Final = WSMsgType.CLOSING
CLOSED: Final = WSMsgType.CLOSED
PING: Final = WSMsgType.PING
PONG: Final = WSMsgType.PONG

# Characters or bytes of a message that an error shows.
_SHOWN: Final = 100


class State(Enum):
    """Where the closing handshake stands (RFC 6455 §7.1)."""

    # The opening handshake is not done yet.
    PENDING = "pending"
    OPEN = "open"
    # The peer's close frame has come, or `close()` made the receiver leave; ours has not been sent.
    CLOSING = "closing"
    # We have sent ours, or the connection has failed: for its user the WebSocket is closed.
    CLOSED = "closed"


# Members of an enum are slow to look up on Python 3.11.
_OPEN: Final = State.OPEN
_CLOSED: Final = State.CLOSED


class WebSocketSession(Generic[DecodeText]):
    """What both doors do."""

    # Set up by `_init_session()`, in the order of their use.
    _connection_state: State
    _autoclose: bool
    _autoping: bool
    # Seconds; None: no limit, no heartbeat.
    _receive_timeout: float | None
    _close_timeout: float | None
    _heartbeat_interval: float | None
    # None before the opening handshake.
    _reader: WebSocketDataQueue | None
    _writer: WebSocketWriter | None
    _heartbeat: Heartbeat | None
    # Somebody called `close()` when it was closed: a receiver who still has to leave hears so too.
    _found_closed: bool
    # Its close frame has come.
    _peer_has_closed: bool
    _close_code: int | None
    _exception: BaseException | None

    def _init_session(
        self,
        *,
        autoclose: bool,
        autoping: bool,
        receive_timeout: float | None,
        close_timeout: float | None,
        heartbeat: float | None,
    ) -> None:
        self._connection_state = State.PENDING
        self._autoclose = autoclose
        self._autoping = autoping
        self._receive_timeout = receive_timeout
        self._close_timeout = close_timeout
        self._heartbeat_interval = heartbeat
        self._reader = None
        self._writer = None
        self._heartbeat = None
        self._found_closed = False
        self._peer_has_closed = False
        self._close_code = None
        self._exception = None

    def _open_session(
        self, reader: WebSocketDataQueue, writer: WebSocketWriter, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Begin: the opening handshake is done."""
        self._reader = reader
        self._writer = writer
        self._enter(State.OPEN)
        if self._heartbeat_interval:
            self._heartbeat = Heartbeat(
                self._heartbeat_interval,
                loop,
                ping=writer.ping_now,
                is_held=lambda: reader.paused,
                on_silence=self._pong_not_received,
            )
            reader.on_data = self._heartbeat.heard
            self._heartbeat.start()

    def _enter(self, state: State) -> None:
        self._connection_state = state
        if self._reader is not None:
            self._reader.open = state is State.OPEN

    # What a door says to it…

    def _drop_connection(self, *, abort: bool = False) -> None:
        """Close the transport; `abort`: without sending what waits."""
        raise NotImplementedError

    def _silence_error(self, message: str) -> BaseException:
        """Return the error that stands for a missing pong."""
        return asyncio.TimeoutError(message)

    async def _answer_close(self) -> None:
        """Call the door's `close()`, which a subclass may have overridden (discord.py does)."""
        raise NotImplementedError

    def _require_writer(self) -> WebSocketWriter:
        if self._writer is None:
            raise RuntimeError("Call .prepare() first")
        return self._writer

    def _receive_after_close(self) -> WSMessage:
        """Answer a `receive()` on a closed WebSocket."""
        return WS_CLOSED_MESSAGE

    async def _receive_while_closing(self) -> WSMessage:
        """Answer a `receive()` after the peer's close frame, with autoclose off."""
        return WS_CLOSING_MESSAGE

    # Facts…

    @property
    def closed(self) -> bool:
        """True as soon as `close()` has begun, or the connection has failed."""
        return self._connection_state is State.CLOSED

    @property
    def close_code(self) -> int | None:
        """The peer's close code, 0 if it gave none; 1006 if it did not close; None while open."""
        return self._close_code

    def exception(self) -> BaseException | None:
        """Return the error that ended the connection, or None."""
        return self._exception

    # Sending…

    async def send_frame(
        self, message: bytes, opcode: WSMsgType, compress: int | None = None
    ) -> None:
        """Send one frame, as it is.

        Args:
            message: its payload.
            opcode: what it is.
            compress: window bits for this message, 9 to 15; 0: not compressed; None: as negotiated.

        Raises:
            ClientConnectionResetError: the connection is closing or lost.
        """
        waiting = self._require_writer().write(message, opcode, compress)
        if waiting is not None:
            await waiting

    async def send_str(self, data: str, compress: int | None = None) -> None:
        """Send a text message; TypeError if `data` is not str, else raises as `send_frame()`."""
        writer = self._writer or self._require_writer()
        if not isinstance(data, str):
            raise TypeError(f"data argument must be str ({type(data)!r})")
        waiting = writer.write(data.encode("utf-8"), TEXT, compress)
        if waiting is not None:
            await waiting

    async def send_bytes(
        self, data: bytes | bytearray | memoryview, compress: int | None = None
    ) -> None:
        """Send a binary message; TypeError if `data` is not bytes-like."""
        writer = self._writer or self._require_writer()
        if type(data) is not bytes and not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"data argument must be byte-ish ({type(data)!r})")
        waiting = writer.write(data, BINARY, compress)
        if waiting is not None:
            await waiting

    async def send_json(
        self, data: Any, compress: int | None = None, *, dumps: JSONEncoder = json.dumps
    ) -> None:
        """Send `data` as JSON in a text message."""
        await self.send_str(dumps(data), compress=compress)

    async def send_json_bytes(
        self, data: Any, compress: int | None = None, *, dumps: JSONBytesEncoder
    ) -> None:
        """Send `data` as JSON in a binary message; `dumps` returns bytes (as orjson's does)."""
        await self.send_bytes(dumps(data), compress=compress)

    async def ping(self, message: bytes = b"") -> None:
        """Send a ping; at most 125 bytes."""
        await self.send_frame(_payload(message), PING)

    async def pong(self, message: bytes = b"") -> None:
        """Send a pong that was not asked for; at most 125 bytes."""
        await self.send_frame(_payload(message), PONG)

    # Receiving…

    @overload
    async def receive(
        self: WebSocketSession[Literal[True]], timeout: float | None = None
    ) -> WSMessageDecodeText: ...

    @overload
    async def receive(
        self: WebSocketSession[Literal[False]], timeout: float | None = None
    ) -> WSMessageNoDecodeText: ...

    @overload
    async def receive(
        self: WebSocketSession[DecodeText], timeout: float | None = None
    ) -> WSMessageDecodeText | WSMessageNoDecodeText: ...

    async def receive(
        self, timeout: float | None = None
    ) -> WSMessageDecodeText | WSMessageNoDecodeText:
        """Wait for the next message.

        Pings are answered and pongs dropped unless autoping is off.  A close frame is answered
        unless autoclose is off, and given as a CLOSE message; a peer's error as an ERROR one; after
        the end CLOSED comes.
        Cancelling is safe: no message is lost.

        Args:
            timeout: seconds; None or 0: the receive timeout of the connection.

        Raises:
            asyncio.TimeoutError: nothing came in time; the connection stays open.
            RuntimeError: another task receives already.
        """
        reader = self._reader
        if reader is None:
            raise RuntimeError("Call .prepare() first")
        if timeout or self._receive_timeout:
            return await self._receive_after(None, timeout or self._receive_timeout)
        return await reader.next_data(self._receive_after)

    async def _receive_after(
        self, message: WSMessage | WSMessageNoDecodeText | None, limit: float | None = None
    ) -> WSMessageDecodeText | WSMessageNoDecodeText:
        """Do what `message` asks for, and return what its receiver gets: the next one, mostly.

        Args:
            message: what came; None: nothing has been taken yet.
            limit: seconds to wait for each message, and for a peer who does not read; None: any
                time.
        """
        reader = cast("WebSocketDataQueue", self._reader)
        while True:
            if message is None:
                if reader.reading:
                    raise RuntimeError("Concurrent call to receive() is not allowed")
                if self._connection_state is not _OPEN:
                    if self._connection_state is _CLOSED:
                        return self._receive_after_close()
                    return await self._receive_while_closing()
                message = reader.take() or await self._wait_for_message(reader, limit)
            kind = message.type
            if kind is TEXT or kind is BINARY:
                return message
            answer = await self._handle_event(message, limit)
            if answer is not None:
                return answer
            message = None

    async def _wait_for_message(
        self, reader: WebSocketDataQueue, limit: float | None
    ) -> WSMessage | WSMessageNoDecodeText:
        reader.reading = True
        try:
            async with _timeout(limit):
                return await reader.read()
        except asyncio.TimeoutError:
            raise
        except Exception as exc:
            return await self._ended(exc)
        finally:
            reader.leave()

    async def _handle_event(
        self, message: WSMessage | WSMessageNoDecodeText, limit: float | None
    ) -> WSMessage | None:
        """Do what a message without data asks for; return what its receiver gets, if anything.

        Args:
            message: what came.
            limit: seconds that a peer who does not read may hold up who receives; None: any time.
        """
        kind = message.type
        if self._autoping and kind is PING:
            # If it cannot be sent, the end of the connection is the next thing that is received.
            async with _timeout(limit):
                with suppress(ConnectionError):
                    await self.pong(message.data)
            return None
        if self._autoping and kind is PONG:
            return None
        if kind is CLOSING:
            return self._interrupted()
        if kind is CLOSE:
            await self._peer_closed(message.data)
        return cast(WSMessage, message)

    async def _ended(self, exc: Exception) -> WSMessage:
        """Return the message that stands for the end of the connection by `exc`."""
        if isinstance(exc, WebSocketError):
            await self._fail(exc)
            return WSMessage(WSMsgType.ERROR, exc, None)
        if isinstance(exc, EofStream):
            exc = ClientConnectionResetError("Connection lost")
        self._finish(WSCloseCode.ABNORMAL_CLOSURE, exc)
        if isinstance(exc, (ClientError, ConnectionError)):
            return WS_CLOSED_MESSAGE
        return WSMessage(WSMsgType.ERROR, exc, None)

    @overload
    async def receive_str(
        self: WebSocketSession[Literal[True]], *, timeout: float | None = None
    ) -> str: ...

    @overload
    async def receive_str(
        self: WebSocketSession[Literal[False]], *, timeout: float | None = None
    ) -> bytes: ...

    @overload
    async def receive_str(
        self: WebSocketSession[DecodeText], *, timeout: float | None = None
    ) -> str | bytes: ...

    async def receive_str(self, *, timeout: float | None = None) -> str | bytes:
        """Wait for a text message and return its data: str, or bytes with ``decode_text=False``.

        Raises:
            WSMessageTypeError: another message came.
        """
        message = await self.receive(timeout)
        if message.type is not TEXT:
            raise _wrong_type(message, TEXT)
        return cast("str | bytes", message.data)

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:
        """Wait for a binary message and return its data.

        Raises:
            WSMessageTypeError: another message came.
        """
        message = await self.receive(timeout)
        if message.type is not BINARY:
            raise _wrong_type(message, BINARY)
        return cast(bytes, message.data)

    async def receive_json(
        self,
        *,
        loads: JSONDecoder | Callable[[bytes], Any] = json.loads,
        timeout: float | None = None,
    ) -> Any:
        """Wait for a text message and return it decoded from JSON by `loads`.

        Raises:
            WSMessageTypeError: another message came.
            ValueError: it is not JSON; whatever `loads` raises.
        """
        return decode_json(await self.receive_str(timeout=timeout), loads)

    @overload
    def __aiter__(
        self: WebSocketSession[Literal[True]],
    ) -> AsyncIterator[WSMessageDecodeText]: ...

    @overload
    def __aiter__(
        self: WebSocketSession[Literal[False]],
    ) -> AsyncIterator[WSMessageNoDecodeText]: ...

    @overload
    def __aiter__(
        self: WebSocketSession[DecodeText],
    ) -> AsyncIterator[WSMessageDecodeText | WSMessageNoDecodeText]: ...

    def __aiter__(self) -> AsyncIterator[WSMessageDecodeText | WSMessageNoDecodeText]:
        """Iterate over the messages until the connection is closed."""
        # First of all: a class for tests may have methods of its own, and nothing that we set up.
        if not self._iteration_is_ours():
            return self
        reader = self._reader
        return self if reader is None or self._receive_timeout else reader.messages(self._next)

    def _iteration_is_ours(self) -> bool:
        """Whether nobody wants each message to come by a method of theirs."""
        # Asked of the class: a wrapper that wrapt made claims the `__func__` of what it wraps.
        kind = type(self)
        return (
            kind.receive is WebSocketSession.receive
            and kind.__anext__ is WebSocketSession.__anext__
            and "receive" not in self.__dict__
        )

    @overload
    async def __anext__(self: WebSocketSession[Literal[True]]) -> WSMessageDecodeText: ...

    @overload
    async def __anext__(self: WebSocketSession[Literal[False]]) -> WSMessageNoDecodeText: ...

    @overload
    async def __anext__(
        self: WebSocketSession[DecodeText],
    ) -> WSMessageDecodeText | WSMessageNoDecodeText: ...

    async def __anext__(self) -> WSMessageDecodeText | WSMessageNoDecodeText:
        return await self._next(None)

    async def _next(
        self, message: WSMessage | WSMessageNoDecodeText | None
    ) -> WSMessageDecodeText | WSMessageNoDecodeText:
        """Return the next message of an iteration; `message`: one that was taken, but is no data.

        Raises:
            StopAsyncIteration: the connection is closing or closed.
        """
        if message is None:
            answer = await self.receive()
        else:
            answer = await self._receive_after(message)
        kind = answer.type
        if kind is CLOSE or kind is CLOSING or kind is CLOSED:
            raise StopAsyncIteration
        return answer

    # Closing (RFC 6455 §7)…

    async def _close(self, code: int, message: bytes, *, drain: bool = True) -> bool:
        """Do the closing handshake; return False if it was begun before."""
        # Loaded with the first writer: a client without WebSockets does without.
        from aiohttp._websocket.writer import close_payload

        writer = self._require_writer()
        if self._connection_state is State.CLOSED:
            self._found_closed = True
            return False
        close_payload(code, message)  # raises for the caller's mistakes before anything is done
        # From here on this is the close: the task that receives may call close() as it leaves.
        self._enter(State.CLOSED)
        self._stop_heartbeat()
        if self._reader is not None:
            self._reader.interrupt(WS_CLOSING_MESSAGE)
        stuck = drain
        try:
            queued = writer.begin_close(code, message)
            if queued is not None:
                async with _timeout(self._close_timeout):
                    await queued
            if self._peer_has_closed:
                self._finish(self._close_code)
                return True
            if self._reader is not None:
                await self._reader.reader_leaves()
            async with _timeout(self._close_timeout):
                if drain:
                    await writer.drain()
                    stuck = False
                self._finish(await self._read_close_code())
        except asyncio.CancelledError:
            self._finish(WSCloseCode.ABNORMAL_CLOSURE)
            raise
        except asyncio.TimeoutError as exc:
            # What the peer has not taken by now, it never will: who still sends is let go.
            self._finish(WSCloseCode.ABNORMAL_CLOSURE, exc, abort=stuck)
        except Exception as exc:
            self._finish(WSCloseCode.ABNORMAL_CLOSURE, exc)
        return True

    async def _read_close_code(self) -> int:
        """Drop what comes until the peer answers our close frame."""
        reader = self._reader
        if reader is None:
            raise AssertionError("a session that is open has a reader")
        while True:
            message = await reader.read()
            if message.type is CLOSE:
                return cast(int, message.data)

    def _interrupted(self) -> WSMessage:
        """Answer a `receive()` that `close()` interrupted."""
        if self._found_closed:
            return WS_CLOSED_MESSAGE
        if self._connection_state is State.OPEN:
            self._enter(State.CLOSING)
        return WS_CLOSING_MESSAGE

    async def _peer_closed(self, code: int) -> None:
        """Note the peer's close frame, and answer it unless autoclose is off (RFC 6455 §5.5.1)."""
        if self._connection_state is not State.OPEN:
            return
        self._enter(State.CLOSING)
        self._peer_has_closed = True
        self._close_code = code
        if self._autoclose:
            await self._answer_close()

    async def _fail(self, exc: WebSocketError) -> None:
        """Fail the connection: say why, and drop it (RFC 6455 §7.1.7)."""
        try:
            if self._connection_state is not State.CLOSED:
                self._enter(State.CLOSED)
                with suppress(ConnectionError):
                    await self._require_writer().close(exc.code)
        finally:
            # Also when whoever receives is cancelled meanwhile: nobody else will drop it.
            self._finish(exc.code, exc)

    def _finish(
        self, code: int | None, exc: BaseException | None = None, *, abort: bool = False
    ) -> None:
        """Be closed: keep why, and drop the connection."""
        self._enter(State.CLOSED)
        self._close_code = code
        if exc is not None:
            self._exception = exc
        self._stop_heartbeat()
        self._drop_connection(abort=abort)

    def _stop_heartbeat(self) -> None:
        heartbeat, self._heartbeat = self._heartbeat, None
        if heartbeat is not None:
            heartbeat.stop()
        if self._reader is not None:
            # It refers to us by the heartbeat: who is closed goes without the collector.
            self._reader.on_data = None

    def _pong_not_received(self, seconds: float) -> None:
        """Give a peer up that has not answered a ping."""
        if self._connection_state is State.CLOSED:
            return
        exc = self._silence_error(f"No PONG received after {seconds} seconds")
        self._enter(State.CLOSED)
        self._close_code = WSCloseCode.ABNORMAL_CLOSURE
        self._exception = exc
        self._stop_heartbeat()
        if self._reader is not None and self._reader.reading:
            self._reader.feed_data(WSMessage(WSMsgType.ERROR, exc, None), 0)
        self._drop_connection(abort=True)


def _payload(message: bytes | str) -> bytes:
    return message.encode("utf-8") if isinstance(message, str) else message


def _wrong_type(message: WSMessage | WSMessageNoDecodeText, wanted: WSMsgType) -> Exception:
    data = message.data
    if isinstance(data, (str, bytes)) and len(data) > _SHOWN:
        data = data[:_SHOWN]  # the peer chose how long it is
    error = WSMessageTypeError(
        f"Received message {message.type}:{data!r} is not WSMsgType.{wanted.name}"
    )
    # A handler that was not prepared for it has seen no fault of the server.
    blame_peer(error, f"a message was not of type {wanted.name}")
    return error
