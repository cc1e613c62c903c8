"""The pure build of the reader, under the name that third-party code imports.

ccxt asks for MSG_SIZE_OVERHEAD here.
"""

from __future__ import annotations

from aiohttp._websocket.frames import WebSocketReader
from aiohttp._websocket.message_queue import MSG_SIZE_OVERHEAD, WebSocketDataQueue

__all__ = ("MSG_SIZE_OVERHEAD", "WebSocketDataQueue", "WebSocketReader")
