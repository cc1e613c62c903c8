"""The client without sockets: what it asks is answered in memory, one call after the other.

    unplugged_client.py WORK SECONDS

WORK is a key of ``WORKS``.  What the kernel does for a call is the same for everybody, and on a
busy machine it is what varies.  Prints JSON: microseconds of CPU time a call, the best of slices;
turns of the event loop are among them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from tools.bench import origin
from tools.bench.telling import tell

BASE = "http://127.0.0.1:80"
MESSAGE = {"message": "Hello, World!", "numbers": [1, 2, 3]}

# Calls between two looks at the clock.
SLICE = 400


class Answering(asyncio.Transport):
    """Takes a request that is written at once, and answers it in the next turn of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: Any) -> None:
        super().__init__()
        self.loop, self.protocol = loop, protocol

    def write(self, data: Any) -> None:
        target = bytes(data[:100]).split(b" ", 2)[1]
        answer = origin.ANSWERS.get(target, origin.HELLO)
        self.loop.call_soon(self.protocol.data_received, answer)

    def writelines(self, data: Any) -> None:
        self.write(b"".join(data))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self.loop.call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Unplugged(aiohttp.TCPConnector):
    """Connections that lead nowhere; subclasses have always made them so."""

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:
        protocol = self._factory()
        protocol.connection_made(Answering(self._loop, protocol))
        return protocol


Call = Callable[[aiohttp.ClientSession], Any]

WORKS: dict[str, Call] = {
    "get": lambda session: session.get(f"{BASE}/"),
    "cookies": lambda session: session.get(f"{BASE}/"),
    "redirect": lambda session: session.get(f"{BASE}/moved"),
    "params": lambda session: session.get(f"{BASE}/", params={"a": "1"}),
    "headers": lambda session: session.get(f"{BASE}/", headers={"X-A": "1"}),
    "post-json": lambda session: session.post(f"{BASE}/take", json=MESSAGE),
    "post-bytes": lambda session: session.post(f"{BASE}/take", data=b"x" * 100),
}


async def timed(once: Callable[[], Awaitable[None]]) -> float:
    """Return the CPU time of one call, in seconds."""
    started = time.process_time()
    for _ in range(SLICE):
        await once()
    return (time.process_time() - started) / SLICE


async def measure(work: str, seconds: float) -> float:
    call = WORKS[work]
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(connector=Unplugged(), cookie_jar=jar) as session:
        if work == "cookies":
            async with session.get(f"{BASE}/cookies") as response:
                await response.read()

        async def once() -> None:
            async with call(session) as response:
                await response.read()

        best = await timed(once)
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            best = min(best, await timed(once))
    return best


def main() -> None:
    work, seconds = sys.argv[1:]
    tell(microseconds=asyncio.run(measure(work, float(seconds))) * 1e6)


if __name__ == "__main__":
    main()
