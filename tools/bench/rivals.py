"""WebSocket servers on other libraries: what ``subject.py`` serves under /websocket/.

    rivals.py picows LOOP         callbacks, no task for each message
    rivals.py websockets LOOP     tasks and awaits, as here
    rivals.py bare LOOP           no WebSocket at all: as many bytes, which the peer takes for it

Prints and obeys the same as the server of ``subject.py``.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

from tools.bench.telling import run, serve_until_stopped


async def serve_picows() -> None:
    import picows  # type: ignore[import-not-found,unused-ignore]

    binary, text = picows.WSMsgType.BINARY, picows.WSMsgType.TEXT

    class Listener(picows.WSListener):  # type: ignore[misc,unused-ignore]
        def __init__(self, flow: bytes) -> None:
            self.flow = flow

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            # The others hand out messages that can be kept, so this does.
            payload = frame.get_payload_as_bytes()
            if self.flow == b"/websocket/echo":
                transport.send(binary, payload)
            elif frame.msg_type == text:
                self.on_text(transport, payload)

        def on_text(self, transport: Any, payload: bytes) -> None:
            if self.flow == b"/websocket/up":
                transport.send(text, payload)
                return
            count, size = map(int, payload.split())
            message = b"x" * size
            for _ in range(count):
                transport.send(binary, message)

    def listener(request: Any) -> Listener:
        return Listener(request.path)

    server = await picows.ws_create_server(listener, "127.0.0.1", 0)
    await serve_until_stopped(server.sockets[0].getsockname()[1])


async def serve_websockets() -> None:
    from websockets.asyncio import server as library  # type: ignore[import-not-found,unused-ignore]

    # The load leaves without a word when its time is over.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)

    async def handle(socket: Any) -> None:
        flow = socket.request.path if socket.request else ""
        async for message in socket:
            is_text = isinstance(message, str)
            if flow == "/websocket/echo" or (is_text and flow == "/websocket/up"):
                await socket.send(message)
            elif is_text:
                count, size = map(int, message.split())
                payload = b"x" * size
                for _ in range(count):
                    await socket.send(payload)

    server = await library.serve(handle, "127.0.0.1", 0, compression=None, max_size=None)
    await serve_until_stopped(next(iter(server.sockets)).getsockname()[1])


# What all connections read into.
BUFFER = memoryview(bytearray(512 * 1024))


class Bare(asyncio.BufferedProtocol):
    """Reads and writes what the others do, and looks at nothing: that much is not theirs.

    What is left of the time is the loop's and the system's, which copies a big message at the speed
    of memory; no server can be faster than this one.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.flow = b""
        # Bytes until a message has come; frames still to be written.
        self.missing = self.left = 0
        self.size_in = 0
        self.frame = b""
        self.paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def get_buffer(self, sizehint: int) -> memoryview:
        return BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        data = BUFFER[:nbytes]
        if not self.flow:
            self.flow = bytes(data).split(b" ", 2)[1].rpartition(b"/")[2]
            self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        elif self.flow == b"up":
            if bytes(data[-6:]) == b"\x81\x80\0\0\0\0":
                self.transport.write(b"\x81\0")
        elif self.flow == b"down":
            # A masked text, whose key is zero.
            self.left, size = map(int, bytes(data[6:]).split())
            self.frame = self.frame or unmasked(size)
            self.write()
        else:
            self.echo(data)

    def echo(self, data: memoryview) -> None:
        if not self.size_in:
            width = {126: 2, 127: 8}.get(data[1] & 0x7F, 0)
            size = int.from_bytes(data[2 : 2 + width], "big") if width else data[1] & 0x7F
            self.frame = unmasked(size)
            self.missing = self.size_in = len(self.frame) + 4
        self.missing -= len(data)
        if self.missing <= 0:
            self.missing += self.size_in
            self.left = 1
            self.write()

    def write(self) -> None:
        while self.left and not self.paused:
            self.left -= 1
            self.transport.write(self.frame)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.write()


def unmasked(size: int) -> bytes:
    """Return a binary frame (RFC 6455 §5.2)."""
    if size < 126:
        head = bytes((0x82, size))
    elif size < 65536:
        head = b"\x82\x7e" + size.to_bytes(2, "big")
    else:
        head = b"\x82\x7f" + size.to_bytes(8, "big")
    return head + b"x" * size


async def serve_bare() -> None:
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
    await serve_until_stopped(server.sockets[0].getsockname()[1])


SERVERS = {"picows": serve_picows, "websockets": serve_websockets, "bare": serve_bare}


def main() -> None:
    library, loop = sys.argv[1:]
    run(loop, SERVERS[library]())


if __name__ == "__main__":
    main()
