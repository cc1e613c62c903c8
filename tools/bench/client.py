"""The client that is measured: the same work for every library.

    client.py LIBRARY LOOP WORK PORT CONNECTIONS SECONDS

LIBRARY is aiohttp (whatever its interpreter has), httpx, niquests, or bare: a protocol that knows
which bytes to send and how many to await, which is the limit of what a library can reach.  WORK is
a key of ``WORKS``.  Prints what was done a second (calls, or MiB), and the CPU time of each in
microseconds.

Certificates are not verified: the key exchange is the same without.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import ssl
import sys
import tempfile
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import IO, Any

from tools.bench import origin
from tools.bench.telling import run, tell

MIB = 1024 * 1024

# What a small POST carries.
MESSAGE = {"message": "Hello, World!", "numbers": [1, 2, 3]}

# Bytes that a streamed body is read and made in at a time: what aiohttp's own examples use.
PIECE = 64 * 1024


class Library(ABC):
    """A session of some library, with connections to one origin."""

    def __init__(self, base: str, connections: int) -> None:
        self.base, self.connections = base, connections

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold the session open."""
        yield

    @abstractmethod
    async def get(self, target: str) -> int:
        """GET with the whole body read, redirects followed; return the size of the body."""

    @abstractmethod
    async def post(self, target: str, value: Any) -> None:
        """POST ``value`` as JSON; read the answer."""

    @abstractmethod
    async def stream(self, target: str) -> int:
        """GET with the body taken piece by piece; return its size."""

    @abstractmethod
    async def put(self, target: str, body: bytes) -> None:
        """PUT the bytes; read the answer."""

    @abstractmethod
    async def put_file(self, target: str, file: IO[bytes], size: int) -> None:
        """PUT an open file of that size; read the answer."""


class Aiohttp(Library):
    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        import aiohttp

        connector = aiohttp.TCPConnector(limit=self.connections, ssl=False)
        # The origin has no name but its address.
        jar = aiohttp.CookieJar(unsafe=True)
        timeout = aiohttp.ClientTimeout(total=300)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=jar, timeout=timeout
        ) as self.session:
            yield

    async def get(self, target: str) -> int:
        async with self.session.get(self.base + target) as response:
            return len(await response.read())

    async def post(self, target: str, value: Any) -> None:
        async with self.session.post(self.base + target, json=value) as response:
            await response.read()

    async def stream(self, target: str) -> int:
        size = 0
        async with self.session.get(self.base + target) as response:
            async for piece in response.content.iter_chunked(PIECE):
                size += len(piece)
        return size

    async def put(self, target: str, body: bytes) -> None:
        async with self.session.put(self.base + target, data=body) as response:
            await response.read()

    async def put_file(self, target: str, file: IO[bytes], size: int) -> None:
        async with self.session.put(self.base + target, data=file) as response:
            await response.read()


class Httpx(Library):
    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        import httpx  # type: ignore[import-not-found,unused-ignore]

        limits = httpx.Limits(
            max_connections=self.connections, max_keepalive_connections=self.connections
        )
        async with httpx.AsyncClient(
            verify=False,
            limits=limits,
            timeout=300,
            follow_redirects=True,
            trust_env=False,
        ) as self.session:
            yield

    async def get(self, target: str) -> int:
        return len((await self.session.get(self.base + target)).content)

    async def post(self, target: str, value: Any) -> None:
        await self.session.post(self.base + target, json=value)

    async def stream(self, target: str) -> int:
        size = 0
        async with self.session.stream("GET", self.base + target) as response:
            async for piece in response.aiter_bytes(PIECE):
                size += len(piece)
        return size

    async def put(self, target: str, body: bytes) -> None:
        await self.session.put(self.base + target, content=body)

    async def put_file(self, target: str, file: IO[bytes], size: int) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            while piece := file.read(PIECE):
                yield piece

        # It takes no file in its asynchronous form.
        headers = {"Content-Length": str(size)}
        await self.session.put(self.base + target, content=pieces(), headers=headers)


class Niquests(Library):
    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        import niquests  # type: ignore[import-not-found,unused-ignore]

        warnings.filterwarnings("ignore", message="Unverified HTTPS request")
        async with niquests.AsyncSession(
            pool_maxsize=self.connections, disable_http2=True, disable_http3=True, timeout=300
        ) as self.session:
            self.session.verify = False
            self.session.trust_env = False
            yield

    async def get(self, target: str) -> int:
        return len((await self.session.get(self.base + target)).content)

    async def post(self, target: str, value: Any) -> None:
        await self.session.post(self.base + target, json=value)

    async def stream(self, target: str) -> int:
        size = 0
        response = await self.session.get(self.base + target, stream=True)
        async for piece in await response.iter_content(PIECE):
            size += len(piece)
        return size

    async def put(self, target: str, body: bytes) -> None:
        await self.session.put(self.base + target, data=body)

    async def put_file(self, target: str, file: IO[bytes], size: int) -> None:
        await self.session.put(self.base + target, data=file)


class Asking(asyncio.BufferedProtocol):
    """Sends bytes, and counts those that come."""

    transport: asyncio.Transport
    memory = memoryview(bytearray(origin.BLOCK))

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.missing = 0
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.memory

    def buffer_updated(self, nbytes: int) -> None:
        self.missing -= nbytes
        if not self.missing:
            self.answered.set_result(None)

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def ask(self, request: bytes, expected: int) -> asyncio.Future[None]:
        self.missing = expected
        self.answered: asyncio.Future[None] = self.loop.create_future()
        self.transport.write(request)
        return self.answered


class Bare(Library):
    """No library: it knows beforehand what is said."""

    cookies = b""

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        scheme, _, authority = self.base.partition("://")
        host, _, port = authority.partition(":")
        context = None
        if scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        self.idle = []
        for _ in range(self.connections):
            _, protocol = await loop.create_connection(
                lambda: Asking(loop), host, int(port), ssl=context
            )
            self.idle.append(protocol)
        yield
        for protocol in self.idle:
            protocol.transport.abort()

    def head(self, method: bytes, target: str, fields: bytes = b"") -> bytes:
        return (
            b"%b %b HTTP/1.1\r\n"
            b"Host: 127.0.0.1\r\n"
            b"Accept: */*\r\n"
            b"Accept-Encoding: gzip, deflate\r\n"
            b"User-Agent: bare\r\n"
            b"%b%b\r\n" % (method, target.encode(), self.cookies, fields)
        )

    async def ask(self, request: bytes, expected: int) -> None:
        protocol = self.idle.pop()
        await protocol.ask(request, expected)
        self.idle.append(protocol)

    async def get(self, target: str) -> int:
        if target == "/cookies":
            self.cookies = b"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
        if target.startswith("/download/"):
            return await self.stream(target)
        answer = origin.ANSWERS[target.encode()]
        await self.ask(self.head(b"GET", target), len(answer))
        if b"Location:" in answer:
            return await self.get("/")
        return len(answer.partition(b"\r\n\r\n")[2])

    async def post(self, target: str, value: Any) -> None:
        body = json.dumps(value).encode()
        fields = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        await self.ask(self.head(b"POST", target, fields) + body, len(origin.HELLO))

    async def stream(self, target: str) -> int:
        size = int(target.rpartition("/")[2])
        await self.ask(self.head(b"GET", target), len(origin.download_head(size)) + size)
        return size

    async def put(self, target: str, body: bytes) -> None:
        await self.put_file(target, io.BytesIO(body), len(body))

    async def put_file(self, target: str, file: IO[bytes], size: int) -> None:
        protocol = self.idle.pop()
        head = self.head(b"PUT", target, b"Content-Length: %d\r\n" % size)
        answered = protocol.ask(head, len(origin.HELLO))
        # Piece by piece: what the socket does not take at once, asyncio copies.
        while piece := file.read(PIECE):
            await protocol.writable.wait()
            protocol.transport.write(piece)
        await answered
        self.idle.append(protocol)


LIBRARIES: dict[str, type[Library]] = {
    "aiohttp": Aiohttp,
    "httpx": Httpx,
    "niquests": Niquests,
    "bare": Bare,
}

# --- Work -----------------------------------------------------------------------------------------


async def repeat(once: Callable[[], Awaitable[object]], workers: int, seconds: float) -> None:
    """Do ``once`` over and over in several tasks; tell how often a second, at what CPU time."""
    for _ in range(max(2, 20 // workers)):
        await asyncio.gather(*(once() for _ in range(workers)))
    count = 0
    deadline = time.perf_counter() + seconds

    async def work() -> None:
        nonlocal count
        while time.perf_counter() < deadline:
            await once()
            count += 1

    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(workers)))
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    tell(rate=count / elapsed, cpu=cpu / count * 1e6)


async def get(library: Library, seconds: float) -> None:
    await repeat(lambda: library.get("/"), library.connections, seconds)


async def get_with_cookies(library: Library, seconds: float) -> None:
    await library.get("/cookies")
    await repeat(lambda: library.get("/"), library.connections, seconds)


async def follow(library: Library, seconds: float) -> None:
    await repeat(lambda: library.get("/moved"), library.connections, seconds)


async def post(library: Library, seconds: float) -> None:
    await repeat(lambda: library.post("/take", MESSAGE), library.connections, seconds)


def mebibytes(seconds: float) -> int:
    """Return the size of a large body: 1 GiB when ``seconds`` is its default, 1."""
    return max(16, round(seconds * 1024))


async def transfer(once: Callable[[], Awaitable[object]], size: int) -> None:
    """Move a large body of so many MiB; tell MiB a second, and CPU time of one."""
    started, cpu = time.perf_counter(), time.process_time()
    await once()
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    tell(rate=size / elapsed, cpu=cpu / size * 1e6)


async def read(library: Library, seconds: float) -> None:
    size = mebibytes(seconds)
    await library.get("/")
    await transfer(lambda: library.get(f"/download/{size * MIB}"), size)


async def stream(library: Library, seconds: float) -> None:
    size = mebibytes(seconds)
    await library.get("/")
    await transfer(lambda: library.stream(f"/download/{size * MIB}"), size)


async def upload(library: Library, seconds: float) -> None:
    size = mebibytes(seconds)
    body = b"x" * (size * MIB)
    await library.get("/")
    await transfer(lambda: library.put("/take", body), size)


async def upload_file(library: Library, seconds: float) -> None:
    size = mebibytes(seconds)
    await library.get("/")
    with tempfile.NamedTemporaryFile() as file:
        # Written, so that it is in memory: no disk is measured.
        for _ in range(size):
            file.write(b"x" * MIB)
        file.seek(0)
        await transfer(lambda: library.put_file("/take", file.file, size * MIB), size)


WORKS = {
    "get": get,
    "cookies": get_with_cookies,
    "redirect": follow,
    "post": post,
    "tls": get,
    "read": read,
    "stream": stream,
    "upload": upload,
    "upload-file": upload_file,
}


async def measure(library: str, work: str, port: int, connections: int, seconds: float) -> None:
    scheme = "https" if work == "tls" else "http"
    session = LIBRARIES[library](f"{scheme}://127.0.0.1:{port}", connections)
    async with session.opened():
        await WORKS[work](session, seconds)


def main() -> None:
    library, loop, work, port, connections, seconds = sys.argv[1:]
    run(loop, measure(library, work, int(port), int(connections), float(seconds)))


if __name__ == "__main__":
    main()
