"""Has the kernel send a part of a file, on loops whose own ``sendfile()`` does not, like uvloop.

Knows a transport and a file; nothing of responses.  The loop does not let others wait for a socket
that it watches, so the socket is watched under a second descriptor.
"""

from __future__ import annotations

import asyncio
import os
from typing import IO, Any

from aiohttp._futures import set_result

# Bytes that the kernel is asked for at once: Linux takes no more than 2 GiB.
_AT_ONCE = 2**30


def can_send_by_kernel(transport: asyncio.WriteTransport) -> bool:
    """Whether bytes may go to the socket past the transport.

    Not if they have to be encrypted, nor while something that was written has not left: a peer that
    is so slow gains nothing by this anyway.
    """
    return (
        hasattr(os, "sendfile")
        and transport.get_extra_info("sslcontext") is None
        and transport.get_extra_info("socket") is not None
        and transport.get_write_buffer_size() == 0
    )


async def send_by_kernel(
    transport: asyncio.WriteTransport, file: IO[Any], offset: int, count: int
) -> int:
    """Send ``count`` bytes of the file; return how many there were.

    Nothing may be written to the transport meanwhile.

    Raises:
        ConnectionError: the peer is gone, or the transport was closed.
    """
    loop = asyncio.get_running_loop()
    source = file.fileno()
    # The description stays the same, so the new descriptor does not block either.
    descriptor = os.dup(transport.get_extra_info("socket").fileno())
    position, end = offset, offset + count
    try:
        while position < end:
            if transport.is_closing():
                raise ConnectionResetError("the connection was closed while a file was sent")
            try:
                sent = os.sendfile(descriptor, source, position, min(end - position, _AT_ONCE))
            except BlockingIOError:
                await _writable(loop, descriptor)
                continue
            if not sent:
                break  # the file was cut meanwhile
            position += sent
    finally:
        os.close(descriptor)
    return position - offset


async def _writable(loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
    waiter = loop.create_future()
    loop.add_writer(descriptor, set_result, waiter, None)
    try:
        await waiter
    finally:
        loop.remove_writer(descriptor)
