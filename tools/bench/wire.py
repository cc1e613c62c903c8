"""The wire alone, without sockets: one piece of work, over and over, on whatever is installed.

    wire.py WORK SECONDS

Works are the functions below marked with `@work`, some with a size after a colon, as in
``read-binary:4096``.  Prints JSON: microseconds a piece, the median of slices.  Only names of 3.14
are used, but where a work says so.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import statistics
import sys
import time
import zlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

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
    b"Cache-Control: no-cache\r\n"
    b"\r\n"
)
POST = (
    b"POST /things HTTP/1.1\r\n"
    b"Host: 127.0.0.1:8080\r\n"
    b"Content-Type: application/json\r\n"
    b"Content-Length: 13\r\n"
    b"\r\n"
    b"Hello, World!"
)
CHUNKED = (
    b"POST /things HTTP/1.1\r\n"
    b"Host: 127.0.0.1:8080\r\n"
    b"Transfer-Encoding: chunked\r\n"
    b"\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 13\r\n"
    b"Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
    b"Server: Python/3.13 aiohttp/3.14\r\n"
    b"\r\n"
    b"Hello, World!"
)
REQUESTS = {"minimal": MINIMAL, "browser": BROWSER, "post": POST, "chunked": CHUNKED}

BOUNDARY = b"0123456789abcdef0123456789abcdef"

Once = Callable[[], object]
Made = TypeVar("Made", Once, Awaitable[Once])
WORKS: dict[str, Callable[[str], Any]] = {}


def work(function: Callable[[str], Made]) -> Callable[[str], Made]:
    """Have a function make a piece of work of what stands behind the colon."""
    WORKS[function.__name__.replace("_", "-")] = function
    return function


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine that need not wait."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("something waited that should not")


class NoTransport(asyncio.Transport):
    """Takes everything at once."""

    def write(self, data: object) -> None: ...

    def writelines(self, data: object) -> None: ...

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def connection() -> Any:
    from aiohttp.base_protocol import BaseProtocol

    protocol = BaseProtocol(asyncio.get_running_loop())
    protocol.connection_made(NoTransport())
    return protocol


# --- HTTP -----------------------------------------------------------------------------------------


@work
def request(name: str) -> Once:
    """A request, through the public parser."""
    from aiohttp.http_parser import HttpRequestParser

    parser = HttpRequestParser(connection(), asyncio.get_running_loop(), 2**16)
    data = REQUESTS[name]

    def once() -> None:
        messages, _, _ = parser.feed_data(data)
        if len(messages) != 1:
            raise RuntimeError(f"expected one message; got {len(messages)}")

    return once


@work
def pushed_request(name: str) -> Once:
    """The same through the parser that the server uses, where that is another one."""
    try:
        from aiohttp._h1 import RequestParser  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return request(name)
    sink = Counting()
    parser = RequestParser(sink)
    data = REQUESTS[name]
    return lambda: parser.feed(data)


class Counting:
    """The sink of a parser; the least that one can do."""

    def on_head(self, message: object, framing: object) -> None: ...

    def on_body(self, data: bytes) -> None: ...

    def on_end(self, trailers: object) -> None: ...

    def on_error(self, error: Exception) -> None:
        raise error


@work
def response(name: str) -> Once:
    """A response with a small body, through the public parser."""
    from aiohttp.http_parser import HttpResponseParser

    parser = HttpResponseParser(connection(), asyncio.get_running_loop(), 2**16)

    def once() -> None:
        messages, _, _ = parser.feed_data(RESPONSE)
        if len(messages) != 1:
            raise RuntimeError(f"expected one message; got {len(messages)}")

    return once


@work
def serialize(name: str) -> Once:
    """The head of a small response and its body, out through a stream writer."""
    from multidict import CIMultiDict

    from aiohttp.http_writer import StreamWriter

    loop = asyncio.get_running_loop()
    protocol = connection()
    headers = CIMultiDict(
        {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": "13",
            "Date": "Mon, 01 Jan 2024 00:00:00 GMT",
            "Server": "Python/3.13 aiohttp/3.14",
        }
    )

    def once() -> None:
        writer = StreamWriter(protocol, loop)
        writer.length = 13
        finished(writer.write_headers("HTTP/1.1 200 OK", headers))
        finished(writer.write_eof(b"Hello, World!"))

    return once


@work
def multipart(size: str) -> Once:
    """A part of so many bytes, read whole."""
    from multidict import CIMultiDict

    from aiohttp.multipart import MultipartReader
    from aiohttp.streams import StreamReader

    head = b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    payload = b"x" * 62 + b"\r\n"
    payload *= int(size) // len(payload)
    body = b"--%s\r\n%s%s\r\n--%s--\r\n" % (BOUNDARY, head, payload, BOUNDARY)
    content_type = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    fields = CIMultiDict({"Content-Type": content_type})
    loop = asyncio.get_running_loop()
    protocol = connection()

    async def read() -> None:
        # High limit: nobody reads while it comes in.
        stream = StreamReader(protocol, 2**26, loop=loop)
        for start in range(0, len(body), 2**16):
            stream.feed_data(body[start : start + 2**16])
        stream.feed_eof()
        reader = MultipartReader(fields, stream)
        part: Any = await reader.next()
        if len(await part.read()) != len(payload) or await reader.next() is not None:
            raise RuntimeError("the part is not what was sent")

    return lambda: finished(read())


@work
def gzip(size: str) -> Once:
    """A gzip body of so many bytes decoded, through the public parser."""
    from aiohttp.http_parser import HttpResponseParser

    plain = b"".join(b"line %d of something that compresses\n" % i for i in range(int(size) // 36))
    coder = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    body = coder.compress(plain) + coder.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    loop = asyncio.get_running_loop()
    protocol = connection()

    def once() -> None:
        # High limit: nobody reads while it comes in.
        parser = HttpResponseParser(protocol, loop, 2**26)
        messages, _, _ = parser.feed_data(head + body)
        if len(finished(messages[0][1].read())) != len(plain):
            raise RuntimeError("the body is not what was sent")

    return once


# --- WebSocket ------------------------------------------------------------------------------------


def data_frame(opcode: int, payload: bytes, *, rsv1: bool = False, masked: bool = False) -> bytes:
    """Return a frame (RFC 6455 §5.2) with a key of zeros."""
    first, mask, size = 0x80 | rsv1 << 6 | opcode, masked << 7, len(payload)
    if size < 126:
        head = bytes((first, mask | size))
    elif size < 65536:
        head = bytes((first, mask | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, mask | 127)) + size.to_bytes(8, "big")
    return head + bytes(4 * masked) + payload


def deflated_frame(size: int) -> bytes:
    coder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    payload = coder.compress(json_text(size)) + coder.flush(zlib.Z_FULL_FLUSH)
    return data_frame(1, payload.removesuffix(b"\x00\x00\xff\xff"), rsv1=True)


def json_text(size: int) -> bytes:
    text = b'{"number": 12345, "name": "abcdefgh", "flag": true}'
    return (text * (size // len(text) + 1))[:size]


def reading(data: bytes, size: int, compress: bool) -> Once:
    from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader

    queue = WebSocketDataQueue(connection(), 2**22, loop=asyncio.get_running_loop())
    reader = WebSocketReader(queue, 0, compress, True)

    def once() -> None:
        reader.feed_data(data)
        if len(finished(queue.read()).data) != size:
            raise RuntimeError("the message is not what was sent")

    return once


@work
def read_text(size: str) -> Once:
    """A text message from a client."""
    return reading(data_frame(1, b"x" * int(size), masked=True), int(size), False)


@work
def read_binary(size: str) -> Once:
    """A binary message from a server."""
    return reading(data_frame(2, b"x" * int(size)), int(size), False)


@work
def read_deflated(size: str) -> Once:
    """A compressed text message from a server, without context takeover."""
    return reading(deflated_frame(int(size)), int(size), True)


def writing(size: str, *, use_mask: bool = False, compress: int = 0) -> Once:
    """Messages as programs send them: by the door, which does not go about it alike everywhere."""
    from aiohttp import web
    from aiohttp.http_websocket import WebSocketWriter

    door: Any = web.WebSocketResponse()
    door._writer = WebSocketWriter(
        connection(), NoTransport(), use_mask=use_mask, limit=2**60, compress=compress
    )
    payload = json_text(int(size))
    return lambda: finished(door.send_bytes(payload))


@work
def write(size: str) -> Once:
    """A frame from a server."""
    return writing(size)


@work
def write_masked(size: str) -> Once:
    """A frame from a client."""
    return writing(size, use_mask=True)


@work
def write_deflated(size: str) -> Once:
    """A compressed frame from a server."""
    return writing(size, compress=15)


# --- Time -----------------------------------------------------------------------------------------


async def measure(once: Once, seconds: float) -> float:
    """Return microseconds of CPU time a piece: the median of slices of about 10 ms."""
    started = time.process_time()
    once()
    count = 1
    while (spent := time.process_time() - started) < 0.01:
        once()
        count += 1
    each = max(1, round(count * 0.01 / spent))
    slices = []
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        started = time.process_time()
        for _ in range(each):
            once()
        slices.append((time.process_time() - started) / each)
        await asyncio.sleep(0)
    return statistics.median(slices) * 1e6


async def run(name: str, seconds: float) -> None:
    kind, _, argument = name.partition(":")
    made = WORKS[kind](argument)
    once = await made if inspect.isawaitable(made) else made
    print(json.dumps({"microseconds": await measure(once, seconds)}), flush=True)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    asyncio.run(run(sys.argv[1], float(sys.argv[2])))


if __name__ == "__main__":
    main()
