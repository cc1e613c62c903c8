"""The live feed: everybody who looks at a question sees each vote as it comes in."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from aiohttp import WSCloseCode, web
from polls.store import Question


class Feed:
    """The WebSockets that watch each question."""

    def __init__(self) -> None:
        self._watchers: defaultdict[int, set[web.WebSocketResponse]] = defaultdict(set)

    async def watch(self, request: web.Request, question: Question) -> web.WebSocketResponse:
        """Serve one watcher until it leaves."""
        websocket = web.WebSocketResponse(heartbeat=30)
        await websocket.prepare(request)
        watchers = self._watchers[question.id]
        watchers.add(websocket)
        try:
            await websocket.send_json(question.as_json())
            async for _ in websocket:
                pass  # a watcher has nothing to say
        finally:
            watchers.discard(websocket)
        return websocket

    async def publish(self, question: Question) -> None:
        """Send the new state of a question to all who watch it; a slow one holds up nobody else."""
        news = question.as_json()
        await asyncio.gather(
            *(websocket.send_json(news) for websocket in self._watchers[question.id]),
            return_exceptions=True,  # one that has just left is no error
        )

    async def close(self) -> None:
        """Tell all watchers that the server goes away (RFC 6455 §7.4.1: code 1001)."""
        everybody = [websocket for group in self._watchers.values() for websocket in group]
        await asyncio.gather(
            *(
                websocket.close(code=WSCloseCode.GOING_AWAY, message=b"server shutdown")
                for websocket in everybody
            )
        )
