"""Requests that are begun before the serving task has woken: nobody must notice the difference."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Wire(asyncio.Transport):
    """A transport that keeps what is written; it loses its connection when it is closed."""

    def __init__(self, protocol: RequestHandler) -> None:
        super().__init__()
        self.protocol = protocol
        self.written: list[bytes] = []
        self.closed = False

    @property
    def bodies(self) -> list[bytes]:
        return [data.partition(b"\r\n\r\n")[2] for data in self.written]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        """Tell of the loss at once, as some transports do."""
        self.closed = True
        self.protocol.connection_lost(None)

    def can_write_eof(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


async def turn_of_the_loop(turns: int = 1) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


class Peer:
    def __init__(self, handler: Handler) -> None:
        self.first = True

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            if self.first:
                self.first = False
                return web.Response(body=b"first")
            return await handler(request)

        self.server = web.Server(handle, access_log=None)
        self.protocol = self.server()
        self.wire = Wire(self.protocol)

    async def connect(self) -> None:
        """Have the first request served, so that the task is there and waits."""
        self.protocol.connection_made(self.wire)
        self.protocol.data_received(GET)
        await turn_of_the_loop(5)
        assert self.wire.bodies == [b"first"]
        self.wire.written.clear()

    async def ask(self, and_then: Callable[[], object] | None = None) -> None:
        """Have a request received by a callback of the loop, as transports do."""
        received = asyncio.Event()

        def receive() -> None:
            self.protocol.data_received(GET)
            if and_then is not None:
                and_then()
            received.set()

        asyncio.get_running_loop().call_soon(receive)
        await received.wait()

    async def answers(self, count: int = 1) -> list[bytes]:
        deadline = asyncio.get_running_loop().time() + 10
        while len(self.wire.written) < count:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0)
        return self.wire.bodies

    async def close(self) -> None:
        await self.server.shutdown(0)
        await turn_of_the_loop(3)
        assert self.wire.closed


async def serve(handler: Handler) -> Peer:
    peer = Peer(handler)
    await peer.connect()
    return peer


def body(text: object) -> web.Response:
    return web.Response(body=str(text).encode())


async def test_answered_before_anybody_wakes() -> None:
    done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    done.set_result("done")

    async def nothing() -> None: ...

    async def handler(request: web.BaseRequest) -> web.Response:
        await nothing()
        return body(await done)

    peer = await serve(handler)
    answered: list[int] = []
    await peer.ask(lambda: answered.append(len(peer.wire.written)))
    assert answered == [1]
    assert peer.wire.bodies == [b"done"]
    await peer.close()


async def test_the_current_task_is_the_one_of_the_request() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        before = asyncio.current_task()
        await asyncio.sleep(0)
        return body(before is request.task is asyncio.current_task())

    peer = await serve(handler)
    outside: list[object] = []
    await peer.ask(lambda: outside.append(asyncio.current_task()))
    assert await peer.answers() == [b"True"]
    assert outside == [None]
    await peer.close()


async def test_a_variable_is_reset_with_its_token_after_a_wait() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="unset")

    async def handler(request: web.BaseRequest) -> web.Response:
        token = variable.set("set")
        child = asyncio.ensure_future(seen())
        await asyncio.sleep(0)
        inherited = await child
        variable.reset(token)
        return body(f"{inherited}, {variable.get()}")

    async def seen() -> str:
        return variable.get()

    peer = await serve(handler)
    await peer.ask()
    assert await peer.answers() == [b"set, unset"]
    await peer.close()


# Time and cancellation…


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout() came with 3.11")
@pytest.mark.parametrize("seconds", [0, 0.001, -1])
async def test_a_timeout_of_the_standard_library(seconds: float) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        try:
            async with getattr(asyncio, "timeout")(seconds):  # noqa: B009 - not on 3.10
                await asyncio.Event().wait()
        except TimeoutError:
            await asyncio.sleep(0)
            cancelling = getattr(request.task, "cancelling")  # noqa: B009
            return body(f"too late, {cancelling()}")
        return body("in time")

    peer = await serve(handler)
    for count in (1, 2):
        await peer.ask()
        assert await peer.answers(count) == [b"too late, 0"] * count
    await peer.close()


@pytest.mark.parametrize("seconds", [0, 0.001])
async def test_scopes_of_anyio(seconds: float) -> None:
    anyio = pytest.importorskip("anyio")

    async def handler(request: web.BaseRequest) -> web.Response:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 0)
            with anyio.move_on_after(seconds) as scope:
                await anyio.sleep(100)
        return body(scope.cancelled_caught)

    peer = await serve(handler)
    for count in (1, 2):
        await peer.ask()
        assert await peer.answers(count) == [b"True"] * count
    await peer.close()


async def test_a_handler_cancels_its_own_task() -> None:
    log = []

    async def handler(request: web.BaseRequest) -> web.Response:
        request.task.cancel()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        return body("not cancelled")

    peer = await serve(handler)
    await peer.ask()
    await turn_of_the_loop(5)
    assert log == ["cancelled"]
    assert peer.wire.closed and peer.wire.written == []


async def test_a_handler_cancels_its_own_task_and_answers() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        request.task.cancel()
        return body("the last")

    peer = await serve(handler)
    await peer.ask(lambda: peer.protocol.data_received(GET))
    await turn_of_the_loop(5)
    assert peer.wire.bodies == [b"the last"]
    assert peer.wire.closed


async def test_cancelled_before_the_task_wakes() -> None:
    """What the handler waits for is cancelled, too, as it is when a task waits for it."""
    log = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("inner")
            raise

    async def handler(request: web.BaseRequest) -> web.Response:
        try:
            await inner
        finally:
            log.append(f"outer, {inner.cancelled()}")
        return body("not cancelled")

    inner = asyncio.ensure_future(wait())
    peer = await serve(handler)
    (task,) = (task for task in asyncio.all_tasks() if "start" in repr(task.get_coro()))
    await peer.ask(task.cancel)
    await turn_of_the_loop(8)
    assert log == ["inner", "outer, True"]
    assert peer.wire.closed


async def test_a_handler_raises_what_ends_tasks() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        raise asyncio.CancelledError

    peer = await serve(handler)
    await peer.ask()
    await turn_of_the_loop(5)
    assert peer.wire.closed and peer.wire.written == []


# The connection meanwhile…


@pytest.mark.parametrize("waits", [False, True])
async def test_the_connection_is_lost_inside_of_the_handler(
    waits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        peer.wire.abort()
        if waits:
            await asyncio.sleep(0)
        return body("for nobody")

    peer = await serve(handler)
    await peer.ask()
    await turn_of_the_loop(5)
    assert peer.wire.written == []
    assert peer.server.connections == []
    assert caplog.records == []


async def test_the_handler_closes_the_connection() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        peer.protocol.force_close()
        return body("for nobody")

    peer = await serve(handler)
    await peer.ask()
    await turn_of_the_loop(5)
    assert peer.wire.closed and peer.wire.written == []


@pytest.mark.parametrize("waits", [False, True])
async def test_bytes_that_come_inside_of_the_handler(waits: bool) -> None:
    count = 0

    async def handler(request: web.BaseRequest) -> web.Response:
        nonlocal count
        count += 1
        mine = count
        if mine == 1:
            peer.protocol.data_received(GET + GET)
        if waits:
            await asyncio.sleep(0)
        return body(mine)

    peer = await serve(handler)
    await peer.ask()
    assert await peer.answers(3) == [b"1", b"2", b"3"]
    await peer.close()


async def test_bytes_that_come_before_the_task_has_woken() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(0)
        return body("late")

    peer = await serve(handler)
    await peer.ask(lambda: peer.protocol.data_received(GET))
    assert await peer.answers(2) == [b"late", b"late"]
    await peer.close()


async def test_bytes_that_another_task_feeds() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return body(asyncio.current_task() is request.task)

    peer = await serve(handler)
    peer.protocol.data_received(GET)
    assert peer.wire.written == []
    assert await peer.answers() == [b"True"]
    await peer.close()


# Tools…


async def check_a_connection() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        same = asyncio.current_task() is request.task
        if len(peer.wire.written) % 2:
            await asyncio.sleep(0)
        return body(same and asyncio.current_task() is request.task)

    peer = await serve(handler)
    for count in range(1, 5):
        await peer.ask()
        assert await peer.answers(count) == [b"True"] * count
    await peer.close()


async def test_a_task_factory_sees_one_task_a_connection() -> None:
    loop = asyncio.get_running_loop()
    names = []

    def factory(
        loop: asyncio.AbstractEventLoop, steps: Coroutine[Any, Any, Any], **kwargs: Any
    ) -> asyncio.Task[Any]:
        names.append(repr(steps))
        return asyncio.Task(steps, loop=loop, **kwargs)

    loop.set_task_factory(factory)  # type: ignore[arg-type,unused-ignore]
    try:
        await check_a_connection()
    finally:
        loop.set_task_factory(None)
    assert sum("RequestHandler.start" in name for name in names) == 1


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
async def test_an_eager_task_factory() -> None:
    loop = asyncio.get_running_loop()
    loop.set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009 - not on 3.11
    try:
        await check_a_connection()
    finally:
        loop.set_task_factory(None)


async def test_debug_mode() -> None:
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    try:
        await check_a_connection()
    finally:
        loop.set_debug(False)


def test_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")
    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(check_a_connection())
    finally:
        loop.close()


async def test_who_stands_in_the_short_way_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """sentry_sdk and newrelic put their own functions on these classes."""
    log = []
    handle, resolve = web.Application._handle, web.UrlDispatcher.resolve

    async def traced_handle(self: Any, request: Any) -> web.StreamResponse:
        log.append("handle")
        return await handle(self, request)

    async def traced_resolve(self: Any, request: Any) -> Any:
        log.append("resolve")
        return await resolve(self, request)

    async def hello(request: web.Request) -> web.Response:
        return body("hello")

    for traced in (
        {"handle": traced_handle, "resolve": resolve},
        {"handle": handle, "resolve": traced_resolve},
    ):
        monkeypatch.setattr(web.Application, "_handle", traced["handle"])
        monkeypatch.setattr(web.UrlDispatcher, "resolve", traced["resolve"])
        app = web.Application()
        app.router.add_get("/", hello)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        assert runner.server is not None
        protocol = runner.server()
        assert isinstance(protocol, RequestHandler)
        wire = Wire(protocol)
        protocol.connection_made(wire)
        protocol.data_received(GET)
        await turn_of_the_loop(5)
        assert wire.bodies == [b"hello"]
        await runner.cleanup()
        await turn_of_the_loop(3)
    assert log == ["handle", "resolve"]
