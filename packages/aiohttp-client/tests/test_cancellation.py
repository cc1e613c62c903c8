"""Cancellation at every await of a call: nothing is left behind, and the place in the pool is free.

A call is cancelled at its first suspension, in the next run at its second, and so on until it
comes through: first while what it waits for is still to come, then in the moment when it has come.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import gzip
import hashlib
import socket
import ssl
import sys
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import pytest
import trustme

from aiohttp import (
    ClientRequest,
    ClientResponse,
    ClientSession,
    DigestAuthMiddleware,
    TCPConnector,
    TraceConfig,
    UnixConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_middlewares import ClientHandlerType

T = TypeVar("T")

# More suspensions than any of the calls has.
MOST_STEPS = 200


# The moment of the cancellation…


class Cutter:
    """Cancels a task at the ``step``-th suspension of what it awaits through `through`.

    ``late``: not while the future is waited for, but when it is done and the task has not yet heard
    of it: what the future brought is lost then, unless somebody takes care of it.
    """

    def __init__(self, step: int, *, late: bool) -> None:
        self.step = step
        self.late = late
        self.fired = False
        self._count = 0

    @types.coroutine
    def through(self, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        """Await ``coroutine``."""
        task = asyncio.current_task()
        assert task is not None
        error: BaseException | None = None
        while True:
            try:
                future = coroutine.send(None) if error is None else coroutine.throw(error)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            if self._count == self.step:
                self._arm(task, future)
            self._count += 1
            error = None
            try:
                yield future
            except BaseException as thrown:
                error = thrown

    def _arm(self, task: asyncio.Task[Any], future: asyncio.Future[Any] | None) -> None:
        def cancel(_: object = None) -> None:
            self.fired = not task.done()
            task.cancel()

        if self.late and future is not None:
            future.add_done_callback(cancel)
        else:
            asyncio.get_running_loop().call_soon(cancel)


# What is asked…


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture(scope="module")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class Site:
    """Servers of one test: every connection to them has to end."""

    def __init__(self) -> None:
        self._open: set[object] = set()
        self._all_closed = asyncio.Event()

    async def all_closed(self) -> None:
        """Wait until no connection is open."""
        while self._open:
            self._all_closed.clear()
            await asyncio.wait_for(self._all_closed.wait(), 20)

    def serve(
        self, answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        """Return ``answer`` with its connections counted."""

        async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            mark = object()
            self._open.add(mark)
            try:
                with contextlib.suppress(OSError, EOFError):
                    await answer(reader, writer)
            finally:
                writer.close()
                self._open.discard(mark)
                self._all_closed.set()

        return run


async def read_head(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode("latin1")


async def read_body(reader: asyncio.StreamReader, head: str) -> bytes:
    if "chunked" in head:
        return await reader.readuntil(b"0\r\n\r\n")
    length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
    return await reader.readexactly(int(length or 0))


def ok(body: bytes, *fields: str) -> bytes:
    lines = ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *fields)
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def pages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer by the path; the body of the answer comes after its head."""
    while True:
        head = await read_head(reader)
        path = head.split()[1]
        if "100-continue" in head:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await read_body(reader, head)
        if path == "/moved":
            writer.write(b"HTTP/1.1 307 X\r\nLocation: /other\r\nContent-Length: 4\r\n\r\nmove")
        elif path == "/other":
            writer.write(b"HTTP/1.1 303 X\r\nLocation: /slow\r\nContent-Length: 0\r\n\r\n")
        elif path == "/slow":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in (b"abc", b"def", b"ghi"):
                await turns()
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await turns()
            writer.write(b"0\r\n\r\n")
        elif path == "/gzip":
            body = gzip.compress(bytes(300_000))
            writer.write(ok(body, "Content-Encoding: gzip")[:-100])
            await turns()
            writer.write(body[-100:])
        elif path == "/secret" and "Authorization" not in head:
            challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=MD5'
            writer.write(f"HTTP/1.1 401 X\r\n{challenge}\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            writer.write(ok(b"done"))


async def turns() -> None:
    """Let what was written arrive by itself."""
    for _ in range(3):
        await asyncio.sleep(0)


async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Open a tunnel to wherever it is wanted."""
    head = await read_head(reader)
    _, target, _ = head.split(" ", 2)
    host, _, port = target.rpartition(":")
    far_reader, far_writer = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 Go on\r\n\r\n")

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
        sink.close()

    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))


@asynccontextmanager
async def listening(site: Site, answer: Any, context: Any = None) -> AsyncIterator[int]:
    server = await asyncio.start_server(site.serve(answer), "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


# One call at every of its awaits…

Call = Callable[[ClientSession], Coroutine[Any, Any, Any]]
Make = Callable[[], "ClientSession"]


async def cancelled_everywhere(
    site: Site, make: Make, call: Call, check: Call, *, others: bool = False
) -> None:
    """Cancel ``call`` at each of its awaits; ``check`` asks for the one place in the pool then.

    ``others``: calls that it began, and that ``check`` waits for, have places meanwhile.
    """
    for late in (False, True):
        for step in range(MOST_STEPS):
            before = asyncio.all_tasks()
            cutter = Cutter(step, late=late)
            async with make() as session:
                task = asyncio.ensure_future(cutter.through(call(session)))
                await asyncio.gather(task, return_exceptions=True)
                if not cutter.fired:
                    task.result()
                connector = session.connector
                assert connector is not None
                if not others:
                    assert not connector._acquired, step
                await asyncio.wait_for(check(session), 20)
                assert not connector._acquired, step
            await site.all_closed()
            await no_more_than(before)
            if not cutter.fired:
                assert step > 0
                break
        else:
            raise AssertionError(f"more than {MOST_STEPS} awaits in one call")


async def no_more_than(tasks: set[asyncio.Task[Any]]) -> None:
    """Wait for the tasks that are not among ``tasks``: they are about to end."""
    added = asyncio.all_tasks() - tasks
    if added:
        _, left = await asyncio.wait(added, timeout=20)
        assert not left


def one_place(**options: Any) -> Make:
    return lambda: ClientSession(connector=TCPConnector(limit=1, **options))


async def read_it(session: ClientSession, url: str, **options: Any) -> bytes:
    async with session.get(url, **options) as response:
        return await response.read()


def asks(url: str, **options: Any) -> Call:
    async def check(session: ClientSession) -> None:
        assert await read_it(session, url, **options)

    return check


async def test_get_and_the_reading_of_its_body() -> None:
    site = Site()

    async def call(session: ClientSession) -> None:
        async with session.get(f"{url}/slow") as response:
            async for _ in response.content.iter_any():
                pass
        async with session.get(f"{url}/gzip") as response:
            async for _ in response.content.iter_chunked(100_000):
                await asyncio.sleep(0)
        assert (await read_it(session, f"{url}/slow")) == b"abcdefghi"

    async with listening(site, pages) as port:
        url = f"http://127.0.0.1:{port}"
        await cancelled_everywhere(site, one_place(), call, asks(url))


async def test_tls(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    site = Site()
    async with listening(site, pages, server_context) as port:
        url = f"https://127.0.0.1:{port}"
        make = one_place(ssl=client_context)
        await cancelled_everywhere(site, make, lambda s: read_it(s, f"{url}/slow"), asks(url))


# Python 3.10 closes the connection whose start_tls() is cancelled, but forgets what it has wrapped
# around it, which complains when it is collected.
FORGOTTEN = "ignore" if sys.version_info < (3, 11) else "error"


@pytest.mark.filterwarnings(f"{FORGOTTEN}:unclosed transport:ResourceWarning")
async def test_a_tunnel(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    site = Site()
    async with listening(site, pages, server_context) as port:
        async with listening(site, proxy) as proxy_port:
            url = f"https://127.0.0.1:{port}"
            way = {"proxy": f"http://127.0.0.1:{proxy_port}"}
            make = one_place(ssl=client_context)
            await cancelled_everywhere(
                site, make, lambda s: read_it(s, f"{url}/slow", **way), asks(url, **way)
            )
    gc.collect()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="TLS in TLS came with Python 3.11")
async def test_tls_in_tls(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    site = Site()
    async with listening(site, pages, server_context) as port:
        async with listening(site, proxy, server_context) as proxy_port:
            url = f"https://127.0.0.1:{port}"
            way = {"proxy": f"https://127.0.0.1:{proxy_port}"}
            make = one_place(ssl=client_context)
            await cancelled_everywhere(
                site, make, lambda s: read_it(s, f"{url}/slow", **way), asks(url, **way)
            )


async def test_redirects_with_a_file(tmp_path: Path) -> None:
    site = Site()
    files: list[BinaryIO] = []
    path = tmp_path / "body"
    path.write_bytes(bytes(100_000))

    async def call(session: ClientSession) -> None:
        files.append(path.open("rb"))
        async with session.post(f"{url}/moved", data=files[-1]) as response:
            assert len(response.history) == 2
            assert await response.read() == b"abcdefghi"

    async with listening(site, pages) as port:
        url = f"http://127.0.0.1:{port}"
        await cancelled_everywhere(site, one_place(), call, asks(url))
    assert files
    assert all(file.closed for file in files)


async def test_uploads() -> None:
    site = Site()
    closed: list[bool] = []

    async def body() -> AsyncIterator[bytes]:
        try:
            for _ in range(3):
                yield b"x" * 1000
                await asyncio.sleep(0)
        finally:
            closed.append(True)

    async def call(session: ClientSession) -> None:
        async with session.post(url, data=body(), expect100=True) as response:
            assert await response.read() == b"done"

    async with listening(site, pages) as port:
        url = f"http://127.0.0.1:{port}"
        await cancelled_everywhere(site, one_place(), call, asks(url))
    assert closed


async def echo_frames(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Agree to a WebSocket, and send the payload of each (small) frame back: RFC 6455 §4.2.2."""
    head = await read_head(reader)
    if "Upgrade: websocket" not in head:
        writer.write(ok(b"plain"))
        await reader.read()
        return
    key = head.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
    accept = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    writer.write(
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % base64.b64encode(accept)
    )
    while True:
        opcode, size = await reader.readexactly(2)
        mask = await reader.readexactly(4)
        masked = await reader.readexactly(size & 0x7F)
        await turns()
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked))
        writer.write(bytes((opcode, len(payload))) + payload)


async def test_websocket() -> None:
    site = Site()

    async def call(session: ClientSession) -> None:
        async with session.ws_connect(url, heartbeat=1000, autoclose=False) as ws:
            for text in ("one", "two"):
                await ws.send_str(text)
                assert await ws.receive_str() == text

    async with listening(site, echo_frames) as port:
        url = f"http://127.0.0.1:{port}"
        await cancelled_everywhere(site, one_place(), call, asks(url))


class SlowResolver(AbstractResolver):
    """Finds every name on this machine, after some turns of the loop."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        for _ in range(3):
            await turns()
        found = ResolveResult(
            hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
        )
        return [found]

    async def close(self) -> None:
        pass


async def test_one_of_two_who_look_up_the_same_name() -> None:
    site = Site()

    def make() -> ClientSession:
        return ClientSession(connector=TCPConnector(limit=2, resolver=SlowResolver()))

    async def call(session: ClientSession) -> None:
        other = asyncio.ensure_future(read_it(session, url))
        others.append(other)
        assert await read_it(session, url)

    async def check(session: ClientSession) -> None:
        for other in others:
            assert await other == b"done"  # whoever else asked is not disturbed
        others.clear()
        assert await read_it(session, url)

    others: list[asyncio.Future[bytes]] = []
    async with listening(site, pages) as port:
        url = f"http://some.name:{port}/"
        await cancelled_everywhere(site, make, call, check, others=True)


async def test_a_look_up_that_nobody_waits_for_ends_with_the_connector() -> None:
    class NeverFinds(SlowResolver):
        async def resolve(self, *args: Any, **kwargs: Any) -> list[ResolveResult]:
            await asyncio.Event().wait()
            return []

    before = asyncio.all_tasks()
    async with ClientSession(connector=TCPConnector(resolver=NeverFinds())) as session:
        task = asyncio.ensure_future(read_it(session, "http://some.name/"))
        await turns()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert asyncio.all_tasks() == before


async def test_unix_socket(tmp_path: Path) -> None:
    site = Site()
    path = str(tmp_path / "socket")
    server = await asyncio.start_unix_server(site.serve(pages), path)
    await cancelled_everywhere(
        site,
        lambda: ClientSession(connector=UnixConnector(path, limit=1)),
        lambda session: read_it(session, "http://host/slow"),
        asks("http://host/"),
    )
    server.close()


async def test_waiting_for_a_place() -> None:
    site = Site()

    async def call(session: ClientSession) -> None:
        async with contextlib.AsyncExitStack() as stack:
            response = await stack.enter_async_context(session.get(f"{url}/slow"))
            waits = asyncio.ensure_future(cutter_free(session))
            try:
                await response.read()
                await read_it(session, url)
            finally:
                assert await waits == b"done"  # behind us in the queue

    async def cutter_free(session: ClientSession) -> bytes:
        return await read_it(session, url)

    async with listening(site, pages) as port:
        url = f"http://127.0.0.1:{port}"
        await cancelled_everywhere(site, one_place(), call, asks(url))


async def test_tracers_and_middlewares_that_wait() -> None:
    site = Site()

    async def pause(*_: object) -> None:
        await asyncio.sleep(0)

    async def around(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await asyncio.sleep(0)
        response = await handler(request)
        try:
            await asyncio.sleep(0)
        except BaseException:
            response.close()
            raise
        return response

    def make() -> ClientSession:
        config = TraceConfig()
        for name in dir(config):
            if name.startswith("on_"):
                getattr(config, name).append(pause)
        return ClientSession(
            connector=TCPConnector(limit=1, resolver=SlowResolver()),
            trace_configs=[config],
            middlewares=[DigestAuthMiddleware("login", "password"), around],
        )

    async def call(session: ClientSession) -> None:
        async with session.post(f"{url}/secret", data=b"x" * 100_000) as response:
            assert await response.read() == b"done"
        assert await read_it(session, f"{url}/slow")
        async with session.post(f"{url}/moved", data=b"x") as response:
            assert await response.read()

    async with listening(site, pages) as port:
        url = f"http://some.name:{port}"
        await cancelled_everywhere(site, make, call, asks(url))
