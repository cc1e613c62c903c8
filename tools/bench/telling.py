"""How the programs of a benchmark speak to what started them: JSON lines on standard output.

The standard library, and uvloop where it is asked for: this runs in every environment, and is no
part of what is measured.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Coroutine
from typing import Any


def tell(**facts: float) -> None:
    print(json.dumps(facts), flush=True)


def run(loop: str, main: Coroutine[Any, Any, None]) -> None:
    """Run a program to its end on the loop of that name, "asyncio" or "uvloop"."""
    if loop == "uvloop":
        import uvloop

        uvloop.run(main)
    else:
        asyncio.run(main)


async def serve_until_stopped(port: int) -> None:
    """Tell the port; when SIGTERM comes, the CPU time since, in seconds, and end at once.

    How a server with open connections stops is not what is measured.
    """
    tell(port=port)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    started = time.process_time()
    await stopped.wait()
    tell(cpu=time.process_time() - started)
    sys.stdout.flush()
    signal.raise_signal(signal.SIGKILL)
