"""Bodies written by a coroutine."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp.payload import get_payload
from aiohttp.payload_streamer import streamer


class Writer:
    def __init__(self) -> None:
        self.data = b""

    async def write(self, chunk: bytes) -> None:
        self.data += chunk


async def test_streamer() -> None:
    with pytest.warns(DeprecationWarning, match="async generator"):

        @streamer
        async def body(writer: Any, count: int = 2) -> None:
            for _ in range(count):
                await writer.write(b"x")

    for value, expected in ((body, b"xx"), (body(3), b"xxx")):
        writer: Any = Writer()
        made = get_payload(value)
        assert made.size is None
        await made.write(writer)
        assert writer.data == expected
        with pytest.raises(TypeError, match="only writes"):
            made.decode()
