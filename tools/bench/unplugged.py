"""The server without sockets: requests handed to its protocol one after the other.

    unplugged.py APPLICATION SECONDS METHOD BODY PATH...

What the kernel does for a request is the same for everybody, and on a busy machine it is what
varies.  Prints JSON: microseconds of CPU time a request, the best of slices; a turn of the event
loop is among them.  Only public interface of 3.14 is used.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from aiohttp import web
from tools.bench.server import APPLICATIONS
from tools.bench.telling import tell

# Requests between two looks at the clock.
SLICE = 1000


class Unplugged(asyncio.Transport):
    """Takes everything at once; whoever waits is told of the first bytes."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.head = b""
        self.answered: asyncio.Future[None] | None = None

    def write(self, data: Any) -> None:
        if self.answered is not None and not self.answered.done():
            self.head = data
            self.answered.set_result(None)

    def writelines(self, data: Any) -> None:
        self.write(b"".join(data))

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


def requests(method: str, body: str, paths: list[str]) -> list[bytes]:
    """Return the bytes of a request for each path."""
    fields = "Host: 127.0.0.1:8080\r\n"
    if body:
        fields += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return [f"{method} {path} HTTP/1.1\r\n{fields}\r\n{body}".encode() for path in paths]


async def ask(protocol: Any, transport: Unplugged, heads: Iterator[bytes], count: int) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(count):
        transport.answered = loop.create_future()
        # As a loop does it: by no task.
        loop.call_soon(protocol.data_received, next(heads))
        await transport.answered
    if not transport.head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the server did not answer 200: {transport.head!r}")


async def measure(name: str, seconds: float, heads: Iterator[bytes]) -> float:
    """Return the CPU time of a request in seconds."""
    runner = web.AppRunner(APPLICATIONS[name](), access_log=None)
    await runner.setup()
    if runner.server is None:
        raise RuntimeError("setup() makes a server")
    protocol, transport = runner.server(), Unplugged()
    protocol.connection_made(transport)
    await ask(protocol, transport, heads, SLICE)
    best = float("inf")
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        started = time.process_time()
        await ask(protocol, transport, heads, SLICE)
        best = min(best, (time.process_time() - started) / SLICE)
    protocol.connection_lost(None)
    await runner.cleanup()
    return best


def main() -> None:
    name, seconds, method, body, *paths = sys.argv[1:]
    heads = cycle(requests(method, body, paths))
    tell(microseconds=asyncio.run(measure(name, float(seconds), heads)) * 1e6)


if __name__ == "__main__":
    main()
