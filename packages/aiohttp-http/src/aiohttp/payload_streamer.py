"""Bodies written by a coroutine that gets the writer (deprecated: an async generator does it).

This file knows payloads; nothing in the project uses it.
"""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp._deprecations import declare, marked
from aiohttp.payload import Payload, payload_type

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

__all__ = ("streamer",)

_STREAMER = declare("@streamer", since="3.5", instead="an async generator as the body")


class _stream_wrapper:
    """A call of a streamer, with its arguments but without the writer."""

    def __init__(
        self,
        coro: Callable[..., Awaitable[None]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.coro = types.coroutine(coro)
        self.args = args
        self.kwargs = kwargs

    async def __call__(self, writer: AbstractStreamWriter) -> None:
        await self.coro(writer, *self.args, **self.kwargs)


@marked("@streamer: use an async generator as the body")
class streamer:
    """Make a body of a coroutine function whose first argument is the writer (deprecated)."""

    def __init__(self, coro: Callable[..., Awaitable[None]]) -> None:
        _STREAMER.warn(stacklevel=2)
        self.coro = coro

    def __call__(self, *args: Any, **kwargs: Any) -> _stream_wrapper:
        return _stream_wrapper(self.coro, args, kwargs)


@payload_type(_stream_wrapper)
class StreamWrapperPayload(Payload):
    """The body that a called streamer writes."""

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the body."""
        await self._value(writer)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Refuse.

        Raises:
            TypeError: always.
        """
        raise TypeError("Unable to decode: a streamer only writes")


@payload_type(streamer)
class StreamPayload(StreamWrapperPayload):
    """The body that a streamer writes which takes no arguments."""

    def __init__(self, value: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(value(), *args, **kwargs)
