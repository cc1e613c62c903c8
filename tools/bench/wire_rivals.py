"""The wire of other libraries, without sockets: the same pieces of work as in ``wire``.

    wire_rivals.py WORK SECONDS

A WORK is the name of a library, one of the works of ``wire``, and what stands behind its colon, as
in ``picows-read-binary:4096``.  Each library gives what its user would get: a request's method,
target and fields; a message as str or bytes; a frame as bytes for the transport.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tools.bench.peer import HANDSHAKE
from tools.bench.wire import (
    REQUESTS,
    Once,
    data_frame,
    deflated_frame,
    json_text,
    main,
    work,
)

# --- httptools ------------------------------------------------------------------------------------


@work
def httptools_request(name: str) -> Once:
    """A request, through its callbacks."""
    import httptools  # type: ignore[import-not-found,unused-ignore]

    class Message:
        def __init__(self) -> None:
            self.headers: list[tuple[bytes, bytes]] = []

        def on_url(self, url: bytes) -> None:
            self.url = url

        def on_header(self, name: bytes, value: bytes) -> None:
            self.headers.append((name.lower(), value))

        def on_body(self, body: bytes) -> None: ...

        def on_message_complete(self) -> None:
            self.headers = []

    parser = httptools.HttpRequestParser(Message())
    data = REQUESTS[name]
    return lambda: (parser.feed_data(data), parser.get_method())


# --- websockets, by the layer that does no I/O ----------------------------------------------------


def websockets_protocol(role: str, *, deflate: bool = False) -> Any:
    from websockets.client import ClientProtocol  # type: ignore[import-not-found,unused-ignore]
    from websockets.extensions.permessage_deflate import (  # type: ignore[import-not-found,unused-ignore]
        PerMessageDeflate,
    )
    from websockets.protocol import State  # type: ignore[import-not-found,unused-ignore]
    from websockets.server import ServerProtocol  # type: ignore[import-not-found,unused-ignore]
    from websockets.uri import parse_uri  # type: ignore[import-not-found,unused-ignore]

    protocol: Any
    if role == "server":
        protocol = ServerProtocol(state=State.OPEN, max_size=None)
    else:
        protocol = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    if deflate:
        protocol.extensions = [PerMessageDeflate(False, False, 15, 15)]
    return protocol


def websockets_reading(protocol: Any, data: bytes, size: int, *, text: bool) -> Once:
    def once() -> None:
        protocol.receive_data(data)
        [frame] = protocol.events_received()
        message = frame.data.decode() if text else frame.data
        if len(message) != size:
            raise RuntimeError("the message is not what was sent")

    return once


@work
def websockets_read_text(size: str) -> Once:
    """A text message from a client."""
    data = data_frame(1, b"x" * int(size), masked=True)
    return websockets_reading(websockets_protocol("server"), data, int(size), text=True)


@work
def websockets_read_binary(size: str) -> Once:
    """A binary message from a server."""
    data = data_frame(2, b"x" * int(size))
    return websockets_reading(websockets_protocol("client"), data, int(size), text=False)


@work
def websockets_read_deflated(size: str) -> Once:
    """A compressed text message from a server."""
    protocol = websockets_protocol("client", deflate=True)
    return websockets_reading(protocol, deflated_frame(int(size)), int(size), text=True)


def websockets_writing(protocol: Any, size: str) -> Once:
    payload = json_text(int(size))
    return lambda: (protocol.send_binary(payload), protocol.data_to_send())


@work
def websockets_write(size: str) -> Once:
    """A frame from a server."""
    return websockets_writing(websockets_protocol("server"), size)


@work
def websockets_write_masked(size: str) -> Once:
    """A frame from a client."""
    return websockets_writing(websockets_protocol("client"), size)


@work
def websockets_write_deflated(size: str) -> Once:
    """A compressed frame from a server."""
    return websockets_writing(websockets_protocol("server", deflate=True), size)


# --- picows, whose protocol comes with a connection -----------------------------------------------


async def picows_reading(data: bytes, size: int, *, text: bool) -> Once:
    """A message, put into the buffer that its transport reads into."""
    import picows  # type: ignore[import-not-found,unused-ignore]

    class Listener(picows.WSListener):  # type: ignore[misc,unused-ignore]
        def on_ws_connected(self, transport: Any) -> None:
            self.protocol = transport.underlying_transport.get_protocol()
            self.size = -1

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            message = frame.get_payload_as_utf8_text() if text else frame.get_payload_as_bytes()
            self.size = len(message)

    listener = Listener()
    server = await picows.ws_create_server(lambda request: listener, "127.0.0.1", 0)
    reader, listener.client = await asyncio.open_connection(*server.sockets[0].getsockname())
    listener.client.write(HANDSHAKE % b"echo")
    await reader.readuntil(b"\r\n\r\n")
    get_buffer, buffer_updated = listener.protocol.get_buffer, listener.protocol.buffer_updated

    def once() -> None:
        done = 0
        while done < len(data):
            buffer = get_buffer(-1)
            part = min(len(buffer), len(data) - done)
            buffer[:part] = data[done : done + part]
            buffer_updated(part)
            done += part
        if listener.size != size:
            raise RuntimeError("the message is not what was sent")

    return once


@work
async def picows_read_text(size: str) -> Once:
    """A text message from a client."""
    data = data_frame(1, b"x" * int(size), masked=True)
    return await picows_reading(data, int(size), text=True)


@work
async def picows_read_binary(size: str) -> Once:
    """A binary message from a client: as a server is what it is here, it wants a mask."""
    data = data_frame(2, b"x" * int(size), masked=True)
    return await picows_reading(data, int(size), text=False)


if __name__ == "__main__":
    main()
