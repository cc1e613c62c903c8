"""The other end of what is measured: a server that parses nothing, and idle connections.

    peer.py serve                       answer each request with the same bytes; until SIGTERM
    peer.py idle PORT CONNECTIONS       connect, ask once each, and stay; until SIGTERM

The standard library, and uvloop.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import sys

import uvloop

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
    server = await loop.create_server(Answering, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


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


def main() -> None:
    command, *arguments = sys.argv[1:]
    if command == "serve":
        uvloop.run(serve())
    elif command == "idle":
        uvloop.run(idle(*map(int, arguments)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
