"""The reader that is in use: the compiled build where there is one, else the pure one.

Nothing is defined here; ``frames``, ``message_queue`` and ``receive_buffer`` are what both builds
are made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp._switches import NO_EXTENSIONS

if TYPE_CHECKING or NO_EXTENSIONS:
    from aiohttp._websocket.frames import WebSocketReader
    from aiohttp._websocket.message_queue import WebSocketDataQueue
    from aiohttp._websocket.receive_buffer import ReceiveBuffer
else:
    try:
        from aiohttp._websocket.frames_c import WebSocketReader
        from aiohttp._websocket.message_queue_c import WebSocketDataQueue
        from aiohttp._websocket.receive_buffer_c import ReceiveBuffer
    except ImportError:  # a pure wheel, or no compiler
        from aiohttp._websocket.frames import WebSocketReader
        from aiohttp._websocket.message_queue import WebSocketDataQueue
        from aiohttp._websocket.receive_buffer import ReceiveBuffer

__all__ = ("ReceiveBuffer", "WebSocketDataQueue", "WebSocketReader")
