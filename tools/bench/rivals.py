"""WebSocket servers on other libraries: what ``subject.py`` serves under /websocket/.

    rivals.py picows LOOP         callbacks, no task for each message
    rivals.py websockets LOOP     tasks and awaits, as here

Prints and obeys the same as the server of ``subject.py``.
"""

from __future__ import annotations

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


SERVERS = {"picows": serve_picows, "websockets": serve_websockets}


def main() -> None:
    library, loop = sys.argv[1:]
    run(loop, SERVERS[library]())


if __name__ == "__main__":
    main()
