"""Where to listen, and the end of a loop."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from aiohttp._web.running import Places, run_until_told


def chosen(**places: Any) -> Places:
    arguments = {"host": None, "port": None, "path": None, "sock": None, **places}
    return Places.chosen(
        **arguments, ssl_context=None, backlog=128, reuse_address=None, reuse_port=None
    )


@pytest.mark.parametrize(
    ("places", "hosts", "paths"),
    [
        ({}, (None,), ()),
        ({"port": 80}, (None,), ()),
        ({"host": "a"}, ("a",), ()),
        ({"host": ["a", "b"]}, ("a", "b"), ()),
        ({"path": "/s"}, (), ("/s",)),
        ({"path": Path("/s")}, (), (Path("/s"),)),
        ({"path": ["/s", "/t"]}, (), ("/s", "/t")),
        ({"path": "/s", "port": 80}, (None,), ("/s",)),
        ({"path": "/s", "host": "a"}, ("a",), ("/s",)),
    ],
)
def test_places(places: dict[str, Any], hosts: tuple[Any, ...], paths: tuple[Any, ...]) -> None:
    result = chosen(**places)
    assert (result.hosts, result.paths) == (hosts, paths)


def test_sockets_are_places() -> None:
    with socket.socket() as sock:
        result = chosen(sock=sock)
        assert (result.hosts, result.sockets) == ((), (sock,))
        assert chosen(sock=[sock, sock]).sockets == (sock, sock)


class Stop(SystemExit):
    pass


def test_what_is_left_over_is_cancelled_and_the_loop_closed() -> None:
    log: list[str] = []

    async def left_over() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("left over")

    async def main() -> None:
        task = asyncio.ensure_future(left_over())
        asyncio.get_running_loop().call_soon(stop)
        try:
            await task
        finally:
            log.append("main")

    def stop() -> None:
        raise Stop

    loop = asyncio.new_event_loop()
    run_until_told(loop, main(), (Stop,))
    assert sorted(log) == ["left over", "main"]
    assert loop.is_closed()


def test_other_errors_come_out() -> None:
    async def main() -> None:
        raise ValueError("boom")

    loop = asyncio.new_event_loop()
    with pytest.raises(ValueError, match="boom"):
        run_until_told(loop, main(), (Stop,))
    assert loop.is_closed()
