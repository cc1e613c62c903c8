"""Many connections, many requests, and handlers that do wrong.

The numbers are small enough for every run of the tests. AIOHTTP_TEST_CONNECTIONS (10000, say; mind
`ulimit -Hn`) and AIOHTTP_TEST_REQUESTS (1000000, say) are for longer ones; `-rP` shows the memory.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aiohttp import web
from aiohttp._web.inbox import CAPACITY

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

CONNECTIONS = int(os.environ.get("AIOHTTP_TEST_CONNECTIONS", "500"))
# Connections that send a byte now and then; both of their ends are in one process.
TRICKLING = min(1000, CONNECTIONS * 2)
REQUESTS = int(os.environ.get("AIOHTTP_TEST_REQUESTS", "20000"))

# Nothing here waits for this long; it ends a test that would hang. In seconds.
PATIENCE = 30 + REQUESTS / 1000

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

Handler = Callable[[web.Request], Awaitable[Any]]


@asynccontextmanager
async def serving(*routes: web.RouteDef, **settings: Any) -> AsyncIterator[int]:
    """Serve an application; give its port."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, **{"access_log": None, "shutdown_timeout": 0, **settings})
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def response(self) -> tuple[int, bytes]:
        """Read a response that has a Content-Length: status and body."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        length = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
        return int(head[9:12]), await self.reader.readexactly(int(length))

    async def ask(self, request: bytes = GET) -> tuple[int, bytes]:
        self.writer.write(request)
        return await self.response()


async def connect(port: int) -> Peer:
    return Peer(*await asyncio.open_connection("127.0.0.1", port))


async def hang_up(*peers: Peer) -> None:
    for peer in peers:
        peer.writer.transport.abort()
    await asyncio.sleep(0)


def get(path: str) -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode()


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


@pytest.fixture(autouse=True)
def descriptors() -> Iterator[int]:
    """How many a process may have, and lets it have as many as are needed here, if it may."""
    if resource is None:
        yield 512
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, 2 * max(CONNECTIONS, TRICKLING) + 500)
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# Many connections…

SERVER = """
import asyncio, gc, resource, sys
from pathlib import Path
from aiohttp import web

async def hello(request):
    return web.Response(text="hello")

async def memory(request):
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return web.Response(text=str(pages * resource.getpagesize()))

async def main():
    app = web.Application()
    app.add_routes([web.get("/", hello), web.get("/memory", memory)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()

if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""

# Bytes that an idle connection may cost, the loop's part included: twice of what it does.
MOST_FOR_A_CONNECTION = 8 * 1024


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_idle_connections_cost_little(loop: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    command = [sys.executable, "-c", SERVER, loop]
    # Nothing else is going on in this loop yet.
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        peers = [await connect(port) for _ in range(20)]
        for peer in peers:
            assert await peer.ask() == (200, b"hello")
        before = int((await peers[0].ask(get("/memory")))[1])
        for _ in range(CONNECTIONS):
            peers.append(await connect(port))
            assert await peers[-1].ask() == (200, b"hello")
        each = (int((await peers[0].ask(get("/memory")))[1]) - before) / CONNECTIONS
        print(f"{CONNECTIONS} idle connections on {loop}: {each:,.0f} bytes each")  # noqa: T201
        # All of them are still there.
        for peer in peers[:: max(1, CONNECTIONS // 50)]:
            assert await peer.ask() == (200, b"hello")
        await hang_up(*peers)
    finally:
        server.kill()
        server.communicate()
    assert each < MOST_FOR_A_CONNECTION


async def test_normal_requests_are_served_while_others_trickle(descriptors: int) -> None:
    trickling = min(TRICKLING, descriptors // 3)
    async with serving(web.get("/", hello), web.get("/user/{name}", hello)) as port:
        slow = [await connect(port) for _ in range(trickling)]
        normal = [await connect(port) for _ in range(5)]
        loop = asyncio.get_running_loop()
        longest = 0.0
        for position in range(len(GET) - 1):
            for peer in slow:
                peer.writer.write(GET[position : position + 1])
            for peer in normal:
                begun = loop.time()
                assert await peer.ask(get("/user/ann")) == (200, b"hello")
                longest = max(longest, loop.time() - begun)
        # Not asserted: the peers run in the same thread, and the machine may be busy.
        print(f"beside {trickling} that trickle: {1000 * longest:.1f} ms at most")  # noqa: T201
        # And those who trickled get their answers.
        for peer in slow:
            peer.writer.write(GET[-1:])
        for peer in slow:
            assert await peer.response() == (200, b"hello")
        await hang_up(*slow, *normal)


async def test_who_trickles_too_slowly_is_dropped_and_the_others_are_not() -> None:
    async with serving(web.get("/", hello), head_timeout=0.05) as port:
        slow = [await connect(port) for _ in range(50)]
        normal = await connect(port)
        for peer in slow:
            peer.writer.write(GET[:20])
        for peer in slow:
            assert (await peer.response())[0] == 408
        assert await normal.ask() == (200, b"hello")
        await hang_up(*slow, normal)


# Many requests…


class Wire(asyncio.Transport):
    """A transport that counts what is written, and knows no socket."""

    def __init__(self) -> None:
        super().__init__()
        self.responses = 0
        self.closed = False
        self.wanted = 0
        self.reached = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.responses += bytes(data).startswith(b"HTTP/1.1 ")
        if self.responses >= self.wanted:
            self.reached.set()

    async def have(self, responses: int) -> None:
        """Wait until so many responses were written."""
        if self.responses < responses:
            self.wanted = responses
            self.reached.clear()
            await asyncio.wait_for(self.reached.wait(), PATIENCE)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


async def post(request: web.Request) -> web.Response:
    return web.json_response({"size": len(await request.read())})


async def wait(request: web.Request) -> web.Response:
    await asyncio.sleep(0)
    request["seen"] = request
    response = web.Response(text=request.match_info["name"])
    response["request"] = request
    return response


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"hello")
    return response


async def forbid(request: web.Request) -> web.Response:
    raise web.HTTPForbidden(text="no")


KINDS = [
    GET,
    get("/user/ann?a=b"),
    get("/nowhere"),
    get("/forbidden"),
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
]


async def test_memory_is_flat() -> None:
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_get("/user/{name}", wait)
    app.router.add_get("/forbidden", forbid)
    app.router.add_post("/", post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    connection = runner.server()
    assert isinstance(connection, asyncio.Protocol)
    wire = Wire()
    connection.connection_made(wire)
    loop = asyncio.get_running_loop()

    async def have_served(count: int) -> int:
        """Feed so many requests from callbacks, as a transport does; return the blocks in use."""
        fed = wire.responses
        for number in range(count):
            loop.call_soon(connection.data_received, KINDS[number % len(KINDS)])
            await wire.have(fed + number - 10)
        await wire.have(fed + count)
        gc.collect()
        return sys.getallocatedblocks()

    before = await asyncio.wait_for(have_served(2_000), PATIENCE)
    after = await asyncio.wait_for(have_served(REQUESTS), PATIENCE)
    print(f"{REQUESTS} requests: {after - before} blocks of memory more")  # noqa: T201
    connection.connection_lost(None)
    await runner.cleanup()
    # A block for each request, or for one of their kinds, would be thousands.
    assert after - before < 1_000


async def test_requests_leave_no_garbage() -> None:
    """What a request needed is freed by the end of the request, not by the collector."""
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_get("/user/{name}", hello)
    app.router.add_get("/stream", stream)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    connection = runner.server()
    assert isinstance(connection, asyncio.Protocol)
    wire = Wire()
    connection.connection_made(wire)
    loop = asyncio.get_running_loop()
    loop.call_soon(connection.data_received, GET)
    await wire.have(1)

    def receive() -> None:
        gc.collect()
        for _ in range(100):
            connection.data_received(GET)
            connection.data_received(get("/user/ann"))
            connection.data_received(get("/stream"))

    gc.collect()
    gc.disable()
    try:
        loop.call_soon(receive)
        await wire.have(301)
        found = gc.collect()
    finally:
        gc.enable()
    connection.connection_lost(None)
    await runner.cleanup()
    assert found < 100


async def test_a_flood_of_requests_is_answered_in_order() -> None:
    at_work = set()

    async def number(request: web.Request) -> web.Response:
        assert request.protocol not in at_work
        at_work.add(request.protocol)
        if request.match_info["number"].endswith("7"):
            await asyncio.sleep(0)
        at_work.remove(request.protocol)
        # More than the sockets' buffers hold while the peer does not read.
        return web.Response(body=request.match_info["number"].encode() + b" " * 4096)

    async with serving(web.get("/{number}", number)) as port:
        flood, other = await connect(port), await connect(port)
        flood.writer.write(b"".join(get(f"/{n}") for n in range(2_000)))
        # The flood does not keep the others waiting…
        for n in range(10):
            assert (await other.ask(get(f"/{n}")))[1].strip() == b"%d" % n
        # …and is answered when its sender reads.
        for n in range(2_000):
            status, body = await flood.response()
            assert (status, body.strip()) == (200, b"%d" % n)
        await hang_up(flood, other)


async def test_a_flood_fills_no_inbox() -> None:
    go_on = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        await go_on.wait()
        return web.Response(text="hello")

    server = web.Server(handler, access_log=None)
    connection = server()
    wire = Wire()
    connection.connection_made(wire)
    connection.data_received(GET * 1_000)
    await asyncio.sleep(0)
    assert f"waiting={CAPACITY - 1}>" in repr(connection)
    go_on.set()
    await wire.have(1_000)
    connection.connection_lost(None)
    await server.shutdown(0)


# Handlers that do wrong…


async def raise_something(request: web.Request) -> web.Response:
    raise RuntimeError("boom")


async def return_nothing(request: web.Request) -> None:
    return None


async def return_text(request: web.Request) -> str:
    return "text"


async def write_after_the_end(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "5"})
    await response.prepare(request)
    await response.write_eof(b"hello")
    await response.write(b"more")
    return response


async def write_too_much(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "5"})
    await response.prepare(request)
    await response.write(b"hello, and more than that")
    return response


async def return_a_used_response(request: web.Request) -> web.StreamResponse:
    return USED[0]


USED: list[web.Response] = []


@pytest.mark.parametrize(
    ("handler", "status", "body", "records"),
    [
        (raise_something, 500, None, 1),
        (return_nothing, 500, None, 1),
        (return_text, 500, None, 1),
        # The response was complete: its peer has it, and the log has the mistake.
        (write_after_the_end, 200, b"hello", 1),
        (write_too_much, 200, b"hello", 0),
        (return_a_used_response, 500, None, 1),
    ],
)
async def test_a_handler_that_does_wrong_hurts_nobody_else(
    handler: Handler,
    status: int,
    body: bytes | None,
    records: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def once(request: web.Request) -> web.Response:
        return USED[0]

    USED[:] = [web.Response(text="once")]
    routes = (web.get("/", hello), web.get("/wrong", handler), web.get("/once", once))
    async with serving(*routes) as port:
        good = await connect(port)
        assert await good.ask(get("/once")) == (200, b"once")
        for _ in range(5):
            bad = await connect(port)
            bad.writer.write(get("/wrong"))
            answer = await bad.response()
            assert answer[0] == status
            assert body is None or answer[1] == body
            assert b"boom" not in answer[1]
            assert await good.ask() == (200, b"hello")
            await hang_up(bad)
        await hang_up(good)
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 5 * records


async def test_a_handler_that_hangs_keeps_nobody_waiting() -> None:
    cancelled = 0

    async def hang(request: web.Request) -> web.Response:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise
        return web.Response()

    async with serving(web.get("/", hello), web.get("/hang", hang)) as port:
        stuck = [await connect(port) for _ in range(20)]
        for peer in stuck:
            peer.writer.write(get("/hang"))
        good = await connect(port)
        for _ in range(20):
            assert await good.ask() == (200, b"hello")
        await hang_up(good, *stuck)
    # The server did not end before they had.
    assert cancelled == 20
