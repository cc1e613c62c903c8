"""The pure build of the reader under the name that third-party code imports (ccxt: MSG_SIZE_OVERHEAD)."""

from __future__ import annotations

from aiohttp._websocket.frames import WebSocketReader
from aiohttp._websocket.message_queue import MSG_SIZE_OVERHEAD, WebSocketDataQueue

__all__ = ("MSG_SIZE_OVERHEAD", "WebSocketDataQueue", "WebSocketReader")
