"""A session on a transport in memory; the peer is played frame by frame."""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import Callable
from typing import Any, Literal, cast
from unittest.mock import Mock

import pytest

from aiohttp._websocket.masking import framed_py
from aiohttp._websocket.models import Role, WebSocketError, WSCloseCode, WSMessage, WSMsgType
from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
from aiohttp._websocket.session import WebSocketSession
from aiohttp._websocket.writer import WebSocketWriter
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import ClientConnectionResetError, WSMessageTypeError

TEXT, BINARY, CLOSE = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CLOSE
PING, PONG = WSMsgType.PING, WSMsgType.PONG
CLOSING, CLOSED, ERROR = WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR


class FakeTransport:
    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.ended: str | None = None

    def is_closing(self) -> bool:
        return self.ended is not None

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = self.ended or "aborted"


class Session(WebSocketSession[Literal[True]]):
    """The smallest door."""

    def __init__(
        self,
        *,
        autoclose: bool = True,
        autoping: bool = True,
        receive_timeout: float | None = None,
        close_timeout: float | None = 5.0,
        heartbeat: float | None = None,
        decode_text: bool = True,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.transport = FakeTransport()
        self.protocol = BaseProtocol(loop)
        self.protocol.transport = cast(asyncio.Transport, self.transport)
        self.queue = WebSocketDataQueue(self.protocol, 2**16, loop=loop)
        self.parser = WebSocketReader(
            self.queue, 1000, compress=False, decode_text=decode_text, role=Role.CLIENT
        )
        self._init_session(
            autoclose=autoclose,
            autoping=autoping,
            receive_timeout=receive_timeout,
            close_timeout=close_timeout,
            heartbeat=heartbeat,
        )
        writer = WebSocketWriter(self.protocol, cast(asyncio.Transport, self.transport))
        self._open_session(self.queue, writer, loop)

    def peer_sends(self, opcode: int, payload: bytes = b"") -> None:
        self.parser.feed_data(framed_py(0x80 | opcode, payload, None))

    def peer_closes(self, code: int = 1000) -> None:
        self.peer_sends(CLOSE, code.to_bytes(2, "big"))

    @property
    def sent(self) -> list[tuple[int, bytes]]:
        return [(data[0] & 0x0F, data[2:]) for data in self.transport.writes]

    async def close(self, *, code: int = 1000, message: bytes = b"", drain: bool = True) -> bool:
        return await self._close(code, message, drain=drain)

    async def _answer_close(self) -> None:
        await self.close(drain=False)

    def _drop_connection(self, *, abort: bool = False) -> None:
        if abort:
            self.transport.abort()
        self.transport.close()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# Sending…


async def test_send() -> None:
    ws = Session()
    await ws.send_str("grüße")
    await ws.send_bytes(b"\x00")
    await ws.send_bytes(bytearray(b"\x01"))
    await ws.send_json({"a": 1})
    await ws.send_json_bytes([1], dumps=lambda value: json.dumps(value).encode())
    await ws.send_frame(b"f", BINARY)
    await ws.ping()
    await ws.pong(b"p")
    assert ws.sent == [
        (TEXT, "grüße".encode()),
        (BINARY, b"\x00"),
        (BINARY, b"\x01"),
        (TEXT, b'{"a": 1}'),
        (BINARY, b"[1]"),
        (BINARY, b"f"),
        (PING, b""),
        (PONG, b"p"),
    ]


@pytest.mark.parametrize(
    ("method", "value"), [("send_str", b"a"), ("send_bytes", "a"), ("send_str", 1)]
)
async def test_send_the_wrong_type(method: str, value: Any) -> None:
    ws = Session()
    with pytest.raises(TypeError, match="data argument must be"):
        await getattr(ws, method)(value)


async def test_send_what_is_no_text() -> None:
    """RFC 6455 §5.6: a surrogate has no UTF-8."""
    ws = Session()
    with pytest.raises(UnicodeEncodeError):
        await ws.send_str("a\ud800")
    assert ws.sent == []


async def test_send_after_close() -> None:
    ws = Session()
    ws.peer_closes()
    await ws.receive()
    with pytest.raises(ClientConnectionResetError):
        await ws.send_str("a")


async def test_many_tasks_send() -> None:
    ws = Session()
    await asyncio.gather(*(ws.send_str(str(i)) for i in range(10)))
    assert sorted(int(data) for _, data in ws.sent) == list(range(10))


# Receiving…


async def test_receive() -> None:
    ws = Session()
    ws.peer_sends(TEXT, b"a")
    ws.peer_sends(BINARY, b"b")
    assert await ws.receive() == (TEXT, "a", "")
    assert await ws.receive() == (BINARY, b"b", "")
    task = asyncio.ensure_future(ws.receive())
    await settle()
    ws.peer_sends(TEXT, b"c")
    assert (await task).data == "c"


async def test_receive_typed() -> None:
    ws = Session()
    for opcode, payload in (
        (TEXT, b"a"),
        (BINARY, b"b"),
        (TEXT, b"[1]"),
        (TEXT, b"c"),
        (BINARY, b"d"),
    ):
        ws.peer_sends(opcode, payload)
    assert await ws.receive_str() == "a"
    assert await ws.receive_bytes() == b"b"
    assert await ws.receive_json() == [1]
    with pytest.raises(WSMessageTypeError, match=r"is not WSMsgType\.BINARY"):
        await ws.receive_bytes()
    with pytest.raises(WSMessageTypeError, match=r"is not WSMsgType\.TEXT"):
        await ws.receive_str()


async def test_text_as_bytes() -> None:
    ws = Session(decode_text=False)
    ws.peer_sends(TEXT, b"[1]")
    ws.peer_sends(TEXT, b"[2]")
    message = await ws.receive()
    assert (message.type, message.data, message.json()) == (TEXT, b"[1]", [1])
    assert await ws.receive_json(loads=lambda data: json.loads(data.decode())) == [2]


async def test_pings_are_answered_and_pongs_dropped() -> None:
    ws = Session()
    ws.peer_sends(PING, b"1")
    ws.peer_sends(PONG, b"2")
    ws.peer_sends(TEXT, b"3")
    assert (await ws.receive()).data == "3"
    assert ws.sent == [(PONG, b"1")]


async def test_without_autoping() -> None:
    ws = Session(autoping=False)
    ws.peer_sends(PING, b"1")
    ws.peer_sends(PONG, b"2")
    assert await ws.receive() == (PING, b"1", "")
    assert await ws.receive() == (PONG, b"2", "")
    assert ws.sent == []


async def test_one_task_receives() -> None:
    ws = Session()
    task = asyncio.ensure_future(ws.receive())
    await settle()
    with pytest.raises(RuntimeError, match="Concurrent call to receive"):
        await ws.receive()
    ws.peer_sends(TEXT, b"a")
    assert (await task).data == "a"


@pytest.mark.parametrize("options", [{"receive_timeout": 0.001}, {}])
async def test_receive_timeout(options: dict[str, Any]) -> None:
    ws = Session(**options)
    with pytest.raises(asyncio.TimeoutError):
        await ws.receive(timeout=None if options else 0.001)
    assert not ws.closed
    assert ws.close_code is None
    ws.peer_sends(TEXT, b"a")
    assert (await ws.receive()).data == "a"


async def test_receive_timeout_with_a_peer_that_only_sends() -> None:
    """It does not read the answers to its pings: who receives is not held up by them for ever."""
    ws = Session()
    ws.protocol.pause_writing()
    for _ in range(3000):
        ws.peer_sends(PING, b"p" * 125)
    with pytest.raises(asyncio.TimeoutError):
        await ws.receive(timeout=0.01)
    assert 2000 < len(ws.sent) < 3000
    ws.protocol.resume_writing()
    ws.peer_sends(TEXT, b"a")
    assert (await ws.receive()).data == "a"
    assert len(ws.sent) == 3000


async def test_cancelled_receive_loses_nothing() -> None:
    ws = Session()
    task = asyncio.ensure_future(ws.receive())
    await settle()
    ws.peer_sends(TEXT, b"a")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await ws.receive()).data == "a"


async def test_iteration_ends_with_the_connection() -> None:
    ws = Session()
    ws.peer_sends(TEXT, b"a")
    ws.peer_sends(TEXT, b"b")
    ws.peer_closes()
    assert [message.data async for message in ws] == ["a", "b"]
    assert [message async for message in ws] == []


async def heard(ws: Session) -> list[Any]:
    return [message.data async for message in ws]


async def test_iteration_answers_what_is_no_data() -> None:
    ws = Session()
    task = asyncio.ensure_future(heard(ws))
    for opcode, payload in ((TEXT, b"a"), (PING, b"p"), (PONG, b""), (TEXT, b"b"), (PING, b"q")):
        await settle()
        ws.peer_sends(opcode, payload)
    ws.peer_closes()
    assert await task == ["a", "b"]
    assert ws.sent[:2] == [(PONG, b"p"), (PONG, b"q")]


async def test_iteration_gives_errors() -> None:
    ws = Session(heartbeat=0.001)
    [error] = await heard(ws)
    assert isinstance(error, asyncio.TimeoutError)


async def test_iteration_ends_when_another_task_closes() -> None:
    ws = Session()
    task = asyncio.ensure_future(heard(ws))
    await settle()
    closing = asyncio.ensure_future(ws.close())
    await settle()
    assert task.done()
    ws.peer_closes()
    assert await closing
    assert await task == []


async def test_an_iteration_that_begins_while_closing() -> None:
    """Its messages would be taken from the task that waits for the peer's close frame."""
    ws = Session()
    messages = aiter(ws)
    closing = asyncio.ensure_future(ws.close())
    await settle()
    with pytest.raises(StopAsyncIteration):
        await anext(messages)
    ws.peer_sends(TEXT, b"late")
    ws.peer_closes()
    assert await closing
    assert ws.close_code == 1000


async def test_one_task_iterates() -> None:
    ws = Session()
    task = asyncio.ensure_future(heard(ws))
    await settle()
    for another in (heard(ws), ws.receive(), anext(ws)):
        with pytest.raises(RuntimeError, match="Concurrent"):
            await another
    ws.peer_sends(TEXT, b"a")
    ws.peer_closes()
    assert await task == ["a"]


async def test_iteration_step_by_step() -> None:
    ws = Session()
    ws.peer_sends(TEXT, b"a")
    ws.peer_sends(TEXT, b"b")
    assert (await ws.__anext__()).data == "a"
    assert (await anext(ws)).data == "b"


async def test_iteration_with_a_timeout() -> None:
    ws = Session(receive_timeout=0.001)
    with pytest.raises(asyncio.TimeoutError):
        await heard(ws)


async def test_iteration_goes_by_methods_of_others() -> None:
    """discord.py and tests replace them: in a class of their own, or in one object."""

    class Receiving(Session):
        async def receive(self, timeout: float | None = None) -> Any:
            message = await super().receive(timeout)
            return message._replace(data=message.data * 2) if message.type is TEXT else message

    class Iterating(Session):
        async def __anext__(self) -> Any:
            message = await super().__anext__()
            return message._replace(data=message.data * 2)

    patched = Session()

    async def receive(timeout: float | None = None) -> Any:
        message = await Session.receive(patched, timeout)
        return message._replace(data=message.data * 2) if message.type is TEXT else message

    patched.receive = receive  # type: ignore[method-assign]

    class Bound:
        """As wrapt binds a method: it looks like what it wraps, and is called itself."""

        def __init__(self, method: Any) -> None:
            self._method = method

        def __getattr__(self, name: str) -> Any:
            return getattr(self._method, name)

        async def __call__(self) -> Any:
            message = await self._method()
            return message._replace(data=message.data * 2) if message.type is TEXT else message

    class Wrapped(Session):
        receive = property(lambda self: Bound(super().receive))

    for ws in (Receiving(), Iterating(), patched, Wrapped()):
        ws.peer_sends(TEXT, b"a")
        ws.peer_closes()
        assert await heard(ws) == ["aa"]


async def test_iteration_of_a_class_that_has_only_methods_of_its_own() -> None:
    """jsonrpc-websocket is tested so."""

    class Imitation(WebSocketSession[Literal[True]]):
        def __init__(self) -> None:
            self.coming = [WSMessage(TEXT, "a", ""), WSMessage(CLOSED, None, None)]

        async def receive(self, timeout: float | None = None) -> Any:
            return self.coming.pop(0)

    assert [message.data async for message in Imitation()] == ["a"]


# The peer ends it…


async def test_the_peer_closes() -> None:
    ws = Session()
    ws.peer_sends(CLOSE, b"\x0f\xa1why")
    assert await ws.receive() == (CLOSE, 4001, "why")
    assert ws.closed
    assert ws.close_code == 4001
    assert ws.exception() is None
    assert ws.sent == [(CLOSE, b"\x03\xe8")]
    assert ws.transport.ended == "closed"
    assert (await ws.receive()).type is CLOSED
    assert not await ws.close()


async def test_the_peer_closes_without_a_code() -> None:
    ws = Session()
    ws.peer_sends(CLOSE)
    assert await ws.receive() == (CLOSE, 0, "")
    assert ws.close_code == 0
    assert ws.transport.ended == "closed"


async def test_the_peer_closes_and_is_gone() -> None:
    """The message has its code; the connection ended abnormally, as it could not be answered."""
    ws = Session()
    ws.peer_closes(4001)
    ws.transport.close()
    assert await ws.receive() == (CLOSE, 4001, "")
    assert ws.closed
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert isinstance(ws.exception(), ClientConnectionResetError)


async def test_without_autoclose() -> None:
    ws = Session(autoclose=False)
    ws.peer_closes(1001)
    assert (await ws.receive()).type is CLOSE
    assert not ws.closed
    assert ws.sent == []
    assert (await ws.receive()).type is CLOSING
    assert await ws.close()
    assert ws.close_code == 1001
    assert ws.sent == [(CLOSE, b"\x03\xe8")]


async def test_the_connection_is_lost() -> None:
    ws = Session()
    ws.peer_sends(TEXT, b"a")
    ws.parser.feed_eof()
    assert (await ws.receive()).data == "a"
    assert (await ws.receive()).type is CLOSED
    assert ws.closed
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert isinstance(ws.exception(), ClientConnectionResetError)


@pytest.mark.parametrize(
    ("error", "kind"), [(ConnectionResetError("x"), CLOSED), (ValueError("x"), ERROR)]
)
async def test_the_connection_breaks(error: Exception, kind: WSMsgType) -> None:
    ws = Session()
    ws.queue.set_exception(error)
    message = await ws.receive()
    assert message.type is kind
    assert ws.exception() is error
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda ws: ws.peer_sends(3), 1002),
        (lambda ws: ws.peer_sends(TEXT, b"\xff"), 1007),
        (lambda ws: ws.parser.feed_data(framed_py(0x82, b"a" * 1001, None)), 1009),
    ],
)
async def test_the_peer_breaks_the_protocol(break_it: Callable[[Session], None], code: int) -> None:
    """RFC 6455 §7.1.7: tell why, and close."""
    ws = Session()
    break_it(ws)
    message = await ws.receive()
    assert message.type is ERROR
    assert isinstance(message.data, WebSocketError)
    assert message.data.code == code
    assert ws.exception() is message.data
    assert ws.close_code == code
    assert ws.sent == [(CLOSE, code.to_bytes(2, "big"))]
    assert ws.transport.ended == "closed"
    assert (await ws.receive()).type is CLOSED


async def test_cancelled_while_the_peer_is_told_what_it_broke() -> None:
    """The connection was left open: the session was closed, and nobody else closes it then."""
    ws = Session()
    queued = asyncio.get_running_loop().create_future()

    ws._writer = Mock(close=lambda code: queued)
    receiving = asyncio.ensure_future(ws.receive())
    await settle()
    ws.peer_sends(3)
    await settle()
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    assert ws.transport.ended == "closed"
    assert ws.close_code == WSCloseCode.PROTOCOL_ERROR


async def test_a_ping_that_cannot_be_answered() -> None:
    ws = Session()
    ws.peer_sends(PING)
    ws.parser.feed_eof()
    ws.transport.close()
    assert (await ws.receive()).type is CLOSED


# We end it…


async def test_close() -> None:
    ws = Session()
    task = asyncio.ensure_future(ws.close(code=4001, message=b"why"))
    await settle()
    assert ws.closed
    assert ws.sent == [(CLOSE, b"\x0f\xa1why")]
    assert ws.transport.ended is None
    with pytest.raises(ClientConnectionResetError):
        await ws.send_str("late")
    ws.peer_sends(TEXT, b"dropped")
    ws.peer_sends(PING, b"not answered")
    ws.peer_closes(4002)
    assert await task is True
    assert ws.close_code == 4002
    assert ws.exception() is None
    assert ws.transport.ended == "closed"
    assert len(ws.sent) == 1
    assert await ws.close() is False


async def test_close_while_another_task_receives() -> None:
    ws = Session()
    receiving = asyncio.ensure_future(ws.receive())
    await settle()
    closing = asyncio.ensure_future(ws.close())
    assert (await receiving).type is CLOSING
    await settle()
    ws.peer_closes()
    assert await closing
    assert ws.close_code == 1000


async def test_close_by_many_tasks_while_another_receives() -> None:
    ws = Session()
    receiving = asyncio.ensure_future(ws.receive())
    await settle()
    closing = [asyncio.ensure_future(ws.close()) for _ in range(2)]
    assert (await receiving).type is CLOSED
    await settle()
    ws.peer_closes()
    assert await asyncio.gather(*closing) == [True, False]


async def test_close_by_many_tasks() -> None:
    ws = Session()
    tasks = [asyncio.ensure_future(ws.close()) for _ in range(3)]
    await settle()
    ws.peer_closes()
    assert await asyncio.gather(*tasks) == [True, False, False]


async def test_the_peer_does_not_answer_the_close() -> None:
    ws = Session(close_timeout=0.001)
    assert await ws.close()
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert isinstance(ws.exception(), asyncio.TimeoutError)
    assert ws.transport.ended == "closed"


async def test_a_close_frame_that_does_not_get_its_turn() -> None:
    """It is queued behind a message that is being compressed, and every thread is busy."""
    ws = Session(close_timeout=0.001)
    turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    class BusyWriter:
        def begin_close(self, code: int, message: bytes) -> asyncio.Future[None]:
            return turn

    ws._writer = cast(WebSocketWriter, BusyWriter())
    assert await ws.close()
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert isinstance(ws.exception(), asyncio.TimeoutError)
    assert ws.transport.ended == "aborted"


async def test_a_peer_that_does_not_read_is_given_up() -> None:
    """Else the connection would stay, and with it whoever waits to send."""
    ws = Session(close_timeout=0.001)
    ws.protocol.pause_writing()
    assert await ws.close()
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert ws.transport.ended == "aborted"


async def test_the_connection_is_lost_while_closing() -> None:
    ws = Session()
    task = asyncio.ensure_future(ws.close())
    await settle()
    ws.parser.feed_eof()
    assert await task
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE


async def test_close_on_a_lost_connection() -> None:
    ws = Session()
    ws.transport.close()
    assert await ws.close()
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert isinstance(ws.exception(), ClientConnectionResetError)


async def test_cancelled_close() -> None:
    ws = Session()
    task = asyncio.ensure_future(ws.close())
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ws.closed
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert ws.transport.ended == "closed"


@pytest.mark.parametrize("arguments", [{"code": 1006}, {"message": b"\xff"}])
async def test_a_mistake_in_close_changes_nothing(arguments: dict[str, Any]) -> None:
    ws = Session()
    with pytest.raises(ValueError, match="close"):
        await ws.close(**arguments)
    assert not ws.closed
    assert ws.sent == []


# Heartbeat…


async def test_heartbeat() -> None:
    ws = Session(heartbeat=0.02)
    receiving = asyncio.ensure_future(ws.receive())
    message = await receiving
    assert message.type is ERROR
    assert str(message.data) == "No PONG received after 0.01 seconds"
    assert ws.exception() is message.data
    assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert ws.sent == [(PING, b"")]
    assert ws.transport.ended == "aborted"
    assert (await ws.receive()).type is CLOSED


async def test_heartbeat_while_nobody_receives() -> None:
    ws = Session(heartbeat=0.02)
    await asyncio.sleep(0.06)
    assert (await ws.receive()).type is CLOSED


async def test_the_heartbeat_ends_with_the_session() -> None:
    ws = Session(heartbeat=0.01)
    ws.peer_closes()
    await ws.receive()
    await asyncio.sleep(0.03)
    assert ws.sent == [(CLOSE, b"\x03\xe8")]


@pytest.mark.parametrize("silent", [True, False])
async def test_who_is_closed_goes_without_the_collector(silent: bool) -> None:
    ws = Session(heartbeat=0.01 if silent else 60.0)
    if silent:
        assert (await ws.receive()).type is ERROR
    else:
        ws.peer_closes()
        assert (await ws.receive()).type is CLOSE
    left = weakref.ref(ws)
    del ws
    await settle()
    assert left() is None
