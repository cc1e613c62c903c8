"""Run one application in a loop of its own until it is told to stop.

This file knows the order of start and end: places to listen, the loop, signals, what is left over.
It is given the runner and the sites, and knows no requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import attr

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = ("Places", "run_until_told", "serve_forever")

_T = TypeVar("_T")


@attr.s(auto_attribs=True, frozen=True, slots=True, kw_only=True)
class Places:
    """Where an application is to listen."""

    hosts: tuple[str | None, ...]
    port: int | None
    paths: tuple[str | os.PathLike[str], ...]
    sockets: tuple[socket.socket, ...]
    ssl_context: SSLContext | None
    backlog: int
    reuse_address: bool | None
    reuse_port: bool | None

    @classmethod
    def chosen(
        cls,
        host: str | Iterable[str] | None,
        port: int | None,
        path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None,
        sock: socket.socket | Iterable[socket.socket] | None,
        **options: Any,
    ) -> Places:
        """Read the arguments of `run_app()`: each may be one thing, several or None.

        All interfaces are the default when no place is given, and when only a port is.
        """
        hosts: tuple[str | None, ...] = _several(host, str)
        paths = _several(path, (str, bytes, bytearray, memoryview, os.PathLike))
        sockets = _several(sock, socket.socket)
        if host is None and (port is not None or (path is None and sock is None)):
            hosts = (None,)
        return cls(hosts=hosts, port=port, paths=paths, sockets=sockets, **options)


def _several(value: Any, single: type[Any] | tuple[type[Any], ...]) -> tuple[Any, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, single) else tuple(value)


async def serve_forever(
    runner: Any, make_sites: Callable[[Any], Iterable[Any]], announce: Callable[..., None] | None
) -> None:
    """Set a runner up, listen at its sites, and clean up when cancelled.

    Args:
        announce: called with the text that tells where the application runs; None for silence.
    """
    await runner.setup()
    try:
        for site in make_sites(runner):
            await site.start()
        if announce is not None:
            names = ", ".join(sorted(site.name for site in runner.sites))
            announce(f"======== Running on {names} ========\n(Press CTRL+C to quit)")
        await asyncio.get_running_loop().create_future()
    finally:
        await runner.cleanup()


def run_until_told(
    loop: asyncio.AbstractEventLoop,
    main: Coroutine[Any, Any, None],
    stops: tuple[type[BaseException], ...],
) -> None:
    """Run *main* until it ends or one of the exceptions *stops* is raised; then wind the loop up.

    Whatever is left in the loop is cancelled, and the loop is closed.
    """
    task = loop.create_task(main)
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(task)
    except stops:
        pass
    finally:
        try:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        finally:
            _cancel_tasks(asyncio.all_tasks(loop), loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
            asyncio.set_event_loop(None)


def _cancel_tasks(tasks: set[asyncio.Task[Any]], loop: asyncio.AbstractEventLoop) -> None:
    """Cancel tasks, wait for their end, and report what they raise instead of ending quietly."""
    if not tasks:
        return
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            loop.call_exception_handler(
                {
                    "message": "unhandled exception during asyncio.run() shutdown",
                    "exception": task.exception(),
                    "task": task,
                }
            )
