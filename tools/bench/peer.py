"""The other end of what is measured: bytes made beforehand, and nothing parsed that need not be.

    peer.py serve [LOOP]                answer each request with the same bytes; until SIGTERM
    peer.py idle PORT CONNECTIONS       connect, ask once each, and stay; until SIGTERM
    peer.py websocket PORT FLOW SIZE CONNECTIONS SECONDS
                                        binary messages of SIZE bytes: FLOW is echo, up or down
    peer.py upload PORT PATH SIZE SECONDS
                                        a form with a file of SIZE bytes, over and over

The standard library, and uvloop.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import socket
import sys
import time

import uvloop

from tools.bench.telling import run, serve_until_stopped

ANSWER = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 13\r\n"
    b"Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
    b"Server: peer\r\n"
    b"\r\n"
    b"Hello, World!"
)


class Answering(asyncio.Protocol):
    """Takes whatever ends like a head for one, and answers it."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self.transport.write(ANSWER)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=4096)
    async with server:
        await serve_until_stopped(server.sockets[0].getsockname()[1])


async def idle(port: int, connections: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    kept = []
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(b"GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
            raise RuntimeError("the server did not answer 200")
        kept.append(connection)
    print(json.dumps({"connections": len(kept)}), flush=True)
    await asyncio.Event().wait()


# --- Upload ---------------------------------------------------------------------------------------

BOUNDARY = b"0123456789abcdef0123456789abcdef"
PART = (
    b"--" + BOUNDARY + b"\r\n"
    b'Content-Disposition: form-data; name="file"; filename="file.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n"
    b"\r\n"
)


def upload(port: int, path: str, size: int, seconds: float) -> None:
    """Send the form until the time is over, at least twice; tell megabytes of files a second."""
    end = b"\r\n--" + BOUNDARY + b"--\r\n"
    head = (
        f"POST {path} HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n"
        f"Content-Length: {len(PART) + size + len(end)}\r\n\r\n"
    ).encode()
    # Like a picture or an archive: no byte is rarer than another.
    request = memoryview(head + PART + random.Random(0).randbytes(size) + end)
    count, started = 0, time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        while count < 2 or time.perf_counter() < started + seconds:
            connection.sendall(request)
            check_answer(connection, b"\r\n\r\n%d" % size)
            count += 1
    rate = count * size / 1e6 / (time.perf_counter() - started)
    print(json.dumps({"rate": rate, "files": count}), flush=True)


def check_answer(connection: socket.socket, end: bytes) -> None:
    """Read an answer to its end; raise if it is another one."""
    answer = b""
    while not answer.endswith(end):
        more = connection.recv(4096)
        answer += more
        if not more or not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the server did not answer 200 and the size: {answer!r}")


# --- WebSocket ------------------------------------------------------------------------------------

HANDSHAKE = (
    b"GET /websocket/%s HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"\r\n"
)

# Bytes of payload between two looks at the clock, in a flow of one direction.
BATCH = 256 * 1024


def frame(opcode: int, payload: bytes, key: bytes = b"") -> bytes:
    """Return a frame (RFC 6455 §5.2); all keys are zero, so that masking changes nothing."""
    size, mask = len(payload), 0x80 if key else 0
    if size < 126:
        head = bytes((0x80 | opcode, mask | size))
    elif size < 65536:
        head = bytes((0x80 | opcode, mask | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, mask | 127)) + size.to_bytes(8, "big")
    return head + key + payload


class Talking(asyncio.Protocol):
    """Sends `block`, waits until it has received `expected` bytes, and does that again.

    That is an echo with one message in flight, and a flow of one direction with what asks for it.
    """

    transport: asyncio.Transport

    def __init__(self, flow: str, block: bytes, expected: int, deadline: float) -> None:
        self.handshake = HANDSHAKE % flow.encode()
        self.block, self.expected, self.deadline = block, expected, deadline
        self.missing = 0
        self.rounds = 0
        self.open = False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.write(self.handshake)

    def data_received(self, data: bytes) -> None:
        if not self.open:
            if not data.startswith(b"HTTP/1.1 101 ") or not data.endswith(b"\r\n\r\n"):
                raise RuntimeError(f"the server did not agree to a WebSocket: {data!r}")
            self.open = True
        else:
            self.missing -= len(data)
            if self.missing > 0:
                return
            if self.missing < 0:
                raise RuntimeError(f"the server sent {-self.missing} bytes too many")
            self.rounds += 1
            if time.perf_counter() > self.deadline:
                self.transport.abort()
                self.done.set_result(None)
                return
        self.missing = self.expected
        self.transport.write(self.block)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))


async def talk(port: int, flow: str, size: int, connections: int, seconds: float) -> None:
    key, payload = bytes(4), b"x" * size
    count = 1 if flow == "echo" else max(16, BATCH // size)
    if flow == "down":
        block = frame(1, f"{count} {size}".encode(), key)
        expected = count * len(frame(2, payload))
    elif flow == "up":
        # The server answers the text behind the messages with the same.
        block = frame(2, payload, key) * count + frame(1, b"", key)
        expected = len(frame(1, b""))
    else:
        block, expected = frame(2, payload, key), len(frame(2, payload))
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    talks = [Talking(flow, block, expected, started + seconds) for _ in range(connections)]
    for one in talks:
        await loop.create_connection(lambda one=one: one, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(one.done for one in talks))
    elapsed = time.perf_counter() - started
    messages = count * sum(one.rounds for one in talks)
    print(json.dumps({"messages": messages, "rate": messages / elapsed}), flush=True)


def main() -> None:
    command, *arguments = sys.argv[1:]
    if command == "serve":
        run(arguments[0] if arguments else "uvloop", serve())
    elif command == "idle":
        uvloop.run(idle(*map(int, arguments)))
    elif command == "upload":
        port, path, size, seconds = arguments
        upload(int(port), path, int(size), float(seconds))
    elif command == "websocket":
        port, flow, size, connections, seconds = arguments
        uvloop.run(talk(int(port), flow, int(size), int(connections), float(seconds)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
