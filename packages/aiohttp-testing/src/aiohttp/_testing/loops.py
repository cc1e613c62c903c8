"""Event loops for tests that are plain functions.  Knows nothing of HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def setup_test_loop(
    loop_factory: LoopFactory = asyncio.new_event_loop,
) -> asyncio.AbstractEventLoop:
    """Make a loop and set it as the thread's current one.

    The caller hands it to :func:`teardown_test_loop` when the test is over.
    """
    loop = loop_factory()
    asyncio.set_event_loop(loop)
    return loop


def teardown_test_loop(loop: asyncio.AbstractEventLoop, fast: bool = False) -> None:
    """Close a loop made by :func:`setup_test_loop`.

    Unless ``fast``, garbage is collected first, so that a resource that the test forgot warns in
    this test and not in a later one.
    """
    closed = loop.is_closed()
    if not closed:
        # Two rounds: one for callbacks that are due, one for what these schedule.
        for _ in range(2):
            loop.call_soon(loop.stop)
            loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    if not fast:
        gc.collect()
    asyncio.set_event_loop(None)


@contextlib.contextmanager
def loop_context(
    loop_factory: LoopFactory = asyncio.new_event_loop, fast: bool = False
) -> Iterator[asyncio.AbstractEventLoop]:
    """Give a fresh current loop for the time of a ``with`` block, and close it after."""
    loop = setup_test_loop(loop_factory)
    try:
        yield loop
    finally:
        teardown_test_loop(loop, fast=fast)
