"""The server that clients are measured with: on uvloop, and nothing parsed that need not be.

    origin.py          HTTP
    origin.py tls      HTTP over TLS

Prints ``{"port": …}`` when it listens.  What it answers depends on the target alone:

    /                   13 bytes
    /moved              a redirect to /
    /cookies            four cookies
    /download/SIZE      SIZE bytes
    anything else       takes the body of the request, however large, and answers as /
"""

from __future__ import annotations

import asyncio
import re
import ssl
import sys

import uvloop

from tools.bench.telling import tell

# What is sent and received at a time: what a busy server's socket buffers hold.
BLOCK = 256 * 1024


def answer(status: bytes, fields: bytes, body: bytes = b"") -> bytes:
    head = (
        b"HTTP/1.1 %b\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: %d\r\n"
        b"Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
        b"Server: origin\r\n"
        b"%b"
        b"\r\n"
    )
    return head % (status, len(body), fields) + body


def download_head(size: int) -> bytes:
    return answer(b"200 OK", b"").replace(b"Length: 0", b"Length: %d" % size)


HELLO = answer(b"200 OK", b"", b"Hello, World!")
ANSWERS = {
    b"/": HELLO,
    b"/moved": answer(b"302 Found", b"Location: /\r\n"),
    b"/cookies": answer(
        b"200 OK",
        b"Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly\r\n"
        b"Set-Cookie: theme=dark; Path=/; Max-Age=86400\r\n"
        b"Set-Cookie: language=en; Path=/; Max-Age=86400\r\n"
        b"Set-Cookie: cart=42; Path=/shop\r\n",
    ),
}
DOWNLOAD = b"/download/"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Origin(asyncio.BufferedProtocol):
    """Takes a head that comes in one piece, and a body in any number of them."""

    transport: asyncio.Transport
    # All connections receive into the same memory: what is in it is used up at once.
    memory = memoryview(bytearray(BLOCK))
    zeros = bytes(BLOCK)

    def __init__(self) -> None:
        # Bytes of the request's body that are to come, and of a download that are to go.
        self.missing = 0
        self.left = 0
        self.paused = False
        self.answer = HELLO

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.set_write_buffer_limits(high=4 * BLOCK)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.memory

    def buffer_updated(self, nbytes: int) -> None:
        if self.missing:
            self.missing -= nbytes
        else:
            head, end, body = bytes(self.memory[:nbytes]).partition(b"\r\n\r\n")
            if not end:
                raise RuntimeError(f"a head did not come in one piece: {head!r}")
            method, target, _ = head.split(b" ", 2)
            if target.startswith(DOWNLOAD):
                self.left = int(target[len(DOWNLOAD) :])
                self.transport.write(download_head(self.left))
                self.send()
                return
            self.answer = ANSWERS.get(target, HELLO)
            if method != b"GET" and (length := LENGTH.search(head)):
                self.missing = int(length[1]) - len(body)
        if not self.missing:
            self.transport.write(self.answer)

    def send(self) -> None:
        while self.left and not self.paused:
            block = self.zeros if self.left >= BLOCK else bytes(self.left)
            self.left -= len(block)
            self.transport.write(block)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.send()


def tls_context() -> ssl.SSLContext:
    """Return a context with a certificate that was made for this run."""
    import trustme

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


async def serve(context: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Origin, "127.0.0.1", 0, ssl=context, backlog=1024)
    tell(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


def main() -> None:
    uvloop.run(serve(tls_context() if sys.argv[1:] == ["tls"] else None))


if __name__ == "__main__":
    main()
