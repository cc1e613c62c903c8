"""What is measured besides client and server: on whatever aiohttp its interpreter has.

    subject.py echo LOOP PORT CONNECTIONS SECONDS
    subject.py parse HEADS SECONDS               a request head, "minimal" or "browser"
    subject.py imports                           of ClientSession, beyond asyncio
    subject.py first PORT                        the same, and a first call

Prints JSON: the measures when done.  Rates are per second, times in microseconds.  Only public
interface of 3.14 is used.  The server is another program: ``server.py``.
"""

from __future__ import annotations

import sys
import time

if sys.argv[1] in ("imports", "first"):
    # Before anything else is loaded: what does a client pay beyond asyncio?
    import asyncio

    started = time.process_time()
    import aiohttp

    session = aiohttp.ClientSession  # a lazy name has to be asked for

    async def call(port: str) -> None:
        async with session() as client, client.get(f"http://127.0.0.1:{port}/") as response:
            await response.read()

    if sys.argv[1] == "first":
        asyncio.run(call(sys.argv[2]))
    print(f'{{"milliseconds": {(time.process_time() - started) * 1e3}}}')
    sys.exit()

import asyncio

import aiohttp
from tools.bench.client import repeat
from tools.bench.telling import run, tell

MINIMAL = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"

BROWSER = (
    b"GET /articles/2024/06/a-title?utm_source=feed&page=2 HTTP/1.1\r\n"
    b"Host: www.example.com\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n"
    b"Accept-Language: en-US,en;q=0.5\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
    b"Referer: https://www.example.com/articles/\r\n"
    b"Connection: keep-alive\r\n"
    b"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; seen=1\r\n"
    b"Upgrade-Insecure-Requests: 1\r\n"
    b"Sec-Fetch-Dest: document\r\n"
    b"Sec-Fetch-Mode: navigate\r\n"
    b"Sec-Fetch-Site: same-origin\r\n"
    b"Priority: u=0, i\r\n"
    b"Pragma: no-cache\r\n"
    b"Cache-Control: no-cache\r\n"
    b"\r\n"
)


# --- WebSocket ------------------------------------------------------------------------------------


async def talk(port: int, connections: int, seconds: float) -> None:
    url = f"http://127.0.0.1:{port}/echo"
    async with aiohttp.ClientSession() as session:
        idle = [await session.ws_connect(url) for _ in range(connections)]
        text = "x" * 100

        async def once() -> None:
            socket = idle.pop()
            await socket.send_str(text)
            if await socket.receive_str() != text:
                raise RuntimeError("the echo differs from what was sent")
            idle.append(socket)

        await repeat(once, connections, seconds)


# --- Parser ---------------------------------------------------------------------------------------


async def parse(head: bytes, seconds: float) -> None:
    """Feed heads to the public request parser; tell microseconds a head, the best of slices."""
    from aiohttp.base_protocol import BaseProtocol
    from aiohttp.http_parser import HttpRequestParser

    loop = asyncio.get_running_loop()
    parser = HttpRequestParser(BaseProtocol(loop), loop, 2**16)
    best = float("inf")
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        started = time.perf_counter()
        for _ in range(500):
            messages, _, _ = parser.feed_data(head)
        best = min(best, (time.perf_counter() - started) / 500)
    if len(messages) != 1:
        raise RuntimeError(f"expected one message from one head; got {len(messages)}")
    tell(microseconds=best * 1e6)


async def parse_pushed(head: bytes, seconds: float) -> None:
    """The same through the parser that the server uses, where that is another one."""
    try:
        from aiohttp._h1 import RequestParser  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        await parse(head, seconds)
        return

    class Sink:
        heads = 0

        def on_head(self, message: object, framing: object) -> None:
            self.heads += 1

        def on_body(self, data: bytes) -> None:
            raise RuntimeError("a GET without a body has none")

        def on_end(self, trailers: object) -> None: ...

        def on_error(self, error: Exception) -> None:
            raise error

    sink = Sink()
    parser = RequestParser(sink)
    best = float("inf")
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        started = time.perf_counter()
        for _ in range(500):
            parser.feed(head)
        best = min(best, (time.perf_counter() - started) / 500)
    if not sink.heads or sink.heads % 500:
        raise RuntimeError(f"expected 500 messages a slice; got {sink.heads} in all")
    tell(microseconds=best * 1e6)


def main() -> None:
    command, *arguments = sys.argv[1:]
    if command == "echo":
        loop, port, connections, seconds = arguments
        run(loop, talk(int(port), int(connections), float(seconds)))
    elif command in ("parse", "parse-pushed"):
        head = {"minimal": MINIMAL, "browser": BROWSER}[arguments[0]]
        parser = parse if command == "parse" else parse_pushed
        asyncio.run(parser(head, float(arguments[1])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
