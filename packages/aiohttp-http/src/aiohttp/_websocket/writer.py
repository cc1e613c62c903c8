"""The writer that is in use: the compiled build where there is one, else the pure one.

Nothing is defined here; ``frame_writer`` is what both builds are made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp._switches import NO_EXTENSIONS

if TYPE_CHECKING or NO_EXTENSIONS:
    from aiohttp._websocket.frame_writer import DEFAULT_LIMIT, WebSocketWriter, close_payload
else:
    try:
        from aiohttp._websocket.frame_writer_c import DEFAULT_LIMIT, WebSocketWriter, close_payload
    except ImportError:  # a pure wheel, or no compiler
        from aiohttp._websocket.frame_writer import DEFAULT_LIMIT, WebSocketWriter, close_payload

__all__ = ("DEFAULT_LIMIT", "WebSocketWriter", "close_payload")
