"""The reader that is in use: the compiled build where there is one, else the pure one.

Nothing is defined here; ``frames`` and ``message_queue`` are what both builds are made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp._switches import NO_EXTENSIONS

if TYPE_CHECKING or NO_EXTENSIONS:
    from aiohttp._websocket.frames import WebSocketReader
    from aiohttp._websocket.message_queue import WebSocketDataQueue
else:
    try:
        from aiohttp._websocket.frames_c import WebSocketReader
        from aiohttp._websocket.message_queue_c import WebSocketDataQueue
    except ImportError:  # a pure wheel, or no compiler
        from aiohttp._websocket.frames import WebSocketReader
        from aiohttp._websocket.message_queue import WebSocketDataQueue

__all__ = ("WebSocketDataQueue", "WebSocketReader")
