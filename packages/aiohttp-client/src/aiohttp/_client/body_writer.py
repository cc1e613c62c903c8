"""The task that sends the body of a request which cannot leave in one piece with its head.

I/O: takes the payload, the writer and the connection that it drives.  Whatever goes wrong is told
to whoever waits for the response, because nobody awaits this task.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientOSError,
    UploadAbortedError,
)

if TYPE_CHECKING:
    from yarl import URL

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.payload import Payload

# Seconds to wait for 100 Continue before the body is sent all the same: RFC 9110 §10.1.1 forbids
# waiting for ever; curl and Go wait this long.
CONTINUE_PATIENCE = 1.0


class _Connection(Protocol):
    @property
    def protocol(self) -> Any: ...

    def close(self) -> None: ...


async def continue_allowed(decision: asyncio.Future[bool]) -> bool:
    """Wait for the server's word on the body; return whether to send it.

    False: a final response came instead, and the body need not be sent (RFC 9110 §10.1.1).
    """
    done, _ = await asyncio.wait({decision}, timeout=CONTINUE_PATIENCE)
    return decision.result() if done else True


async def write_body(
    payload: Payload | None,
    writer: AbstractStreamWriter,
    *,
    url: URL,
    conn: _Connection,
    decision: asyncio.Future[bool] | None,
    content_length: int | None,
) -> BaseException | None:
    """Send ``payload``; at most ``content_length`` bytes of it (``None``: all).

    Returns ``None`` when it was sent, or else why not; that was told to ``conn.protocol`` then.
    When cancelled, closes ``conn``: a body that stopped half-way leaves it unusable.
    """
    protocol = conn.protocol
    try:
        if decision is not None:
            writer.send_headers()
            await writer.drain()
            if not await continue_allowed(decision):
                protocol.force_close()
                return UploadAbortedError("the server answered before it saw the body")
        if payload is not None:
            await payload.write_with_length(writer, content_length)
        await writer.write_eof()
    except asyncio.CancelledError:
        conn.close()
        raise
    except Exception as error:
        failure = _named(error, url, conn)
        protocol.set_exception(failure, error)
        return failure
    protocol.start_timeout()
    return None


def _named(error: Exception, url: URL, conn: _Connection) -> Exception:
    """Return ``error`` as the caller of a request shall see it."""
    if isinstance(error, asyncio.TimeoutError):
        return error  # the caller's own timer: it must stay recognizable
    if isinstance(error, OSError):
        return ClientOSError(error.errno, f"Can not write request body for {url}: {error}")
    return ClientConnectionError(
        f"Failed to send bytes into the underlying connection {conn!r}: {error!r}"
    )
