"""What is measured, one row of the table each.

The rows of the server are in ``server_rows``, those of the client in ``client_rows``; here are
those of the wire, and the order of the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.bench.client_rows import client_rows
from tools.bench.measuring import (
    LOOPS,
    NOTHING_SET,
    PURE,
    RIVALS,
    SERVER,
    WIRE,
    WIRE_RIVALS,
    Bench,
    Measure,
    Row,
    measured,
    running,
)
from tools.bench.server_rows import MESSAGES, server_rows, websocket_stream


def websocket(connections: int, loop: str) -> Measure:
    def measure(python: Path, bench: Bench) -> dict[str, float]:
        with running(python, SERVER, loop, core=1) as (_, first):
            return measured(python, "echo", loop, first["port"], connections, bench.seconds)

    return measure


def wire(work: str, environment: Mapping[str, str] = NOTHING_SET, program: Path = WIRE) -> Measure:
    def measure(python: Path, bench: Bench) -> dict[str, float]:
        arguments = (work, min(0.3, bench.seconds))
        with running(python, program, *arguments, core=0, environment=environment) as (_, told):
            return dict(told)

    return measure


def rival_wire(work: str) -> Measure:
    return lambda python, bench: wire(work, program=WIRE_RIVALS)(bench.peer_python, bench)


def parser(command: str, head: str) -> Measure:
    return lambda python, bench: measured(python, command, head, min(1.0, bench.seconds))


PARSERS = {"public parser": "parse", "server's parser": "parse-pushed"}

# The wire alone: name of the row -> work of wire.py, and the bar of the compiled build.  The pure
# build has one bar: not to be slower.
SIZES = {"64 B": 64, "4 KiB": 4096, "256 KiB": 262144}
WORKS = {
    "parse GET, minimal": ("pushed-request:minimal", "<0.6"),
    "parse GET, browser, 9 fields": ("pushed-request:browser", "<0.6"),
    "parse POST with body": ("pushed-request:post", "<0.6"),
    "parse POST, chunked": ("pushed-request:chunked", "<0.6"),
    "parse response, public parser": ("response", ""),
    "serialize and write a response": ("serialize", "<1.0"),
    "multipart part, 256 KiB": ("multipart:262144", "<1.0"),
    "gzip body, 256 KiB": ("gzip:262144", "<1.1"),
    **{
        f"WebSocket {name}, {unit}": (f"{work}:{size}", "<1.0")
        for work, name in (
            ("read-text", "read, masked text"),
            ("read-binary", "read, binary"),
            ("read-deflated", "read, deflated text"),
            ("write", "write"),
            ("write-masked", "write, masked"),
            ("write-deflated", "write, deflated"),
        )
        for unit, size in SIZES.items()
        # A big message is deflated by the executor, which is not what is measured here.
        if (work, size) != ("write-deflated", SIZES["256 KiB"])
    },
}
# Other libraries that do the same.  What picows writes goes to a socket, or not at all.
RIVALS_OF = {
    "pushed-request": ("httptools",),
    "read-text": ("picows", "websockets"),
    "read-binary": ("picows", "websockets"),
    "read-deflated": ("websockets",),
    "write": ("websockets",),
    "write-masked": ("websockets",),
    "write-deflated": ("websockets",),
}
FLOWS = {"echo": "echo", "up": "received", "down": "sent"}


def wire_rows() -> Iterator[Row]:
    """Yield the rows of the wire: each build against the same of the predecessor."""
    for name, (work, bar) in WORKS.items():
        yield Row(f"{name}, compiled", wire(work), {"microseconds": ("CPU µs", bar)})
        pure = {"microseconds": ("CPU µs", "<1.1")}
        yield Row(f"{name}, pure", wire(work, PURE), pure, detail=True)
        kind, _, argument = work.partition(":")
        for library in RIVALS_OF.get(kind, ()):
            columns = {"microseconds": ("CPU µs", "")}
            theirs = rival_wire(f"{library}-{kind.removeprefix('pushed-')}:{argument}")
            yield Row(f"{name}, {library}", wire(work), columns, theirs, detail=True)


# Sending big messages is copying, by the system, and little else: the bare server is not a fifth
# faster than aiohttp 3.14.
BIG_SENT = {**MESSAGES, "rate": ("messages/s", ">1")}


def stream_rows() -> Iterator[Row]:
    """Yield WebSocket rows: the server in a process of its own, the load as bare as can be."""
    for flow, verb in FLOWS.items():
        for unit, size in SIZES.items():
            for loop in LOOPS:
                name = f"WebSocket {verb} {unit}, {loop}"
                ours = websocket_stream(flow, size, SERVER, loop)
                big_sent = (flow, unit) == ("down", "256 KiB")
                yield Row(name, ours, BIG_SENT if big_sent else MESSAGES)
                # The bare one shows how much of the time is anybody's own.
                for library in ("picows", "websockets", "bare"):
                    columns = {key: (unit, "") for key, (unit, _) in MESSAGES.items()}
                    theirs = websocket_stream(flow, size, RIVALS, library, loop)
                    yield Row(f"{name}, {library}", ours, columns, theirs, detail=True)
            name = f"WebSocket {verb} {unit}, asyncio, pure"
            pure = websocket_stream(flow, size, SERVER, "asyncio", environment=PURE)
            bars = {"rate": ("messages/s", ">1"), "cpu": ("CPU µs/message", "<1")}
            yield Row(name, pure, bars, detail=True)


def rows() -> Iterator[Row]:
    """Yield all rows in the order of the table."""
    yield from server_rows()
    yield from client_rows()
    for head in ("minimal", "browser"):
        for kind, command in PARSERS.items():
            # The public one is an adapter for those who know it; nothing of ours stands on it.
            columns = {"microseconds": ("µs/head", "<0.6" if kind != "public parser" else "")}
            yield Row(f"request head, {head}, {kind}", parser(command, head), columns)
    yield Row("WebSocket echo, 16 connections, uvloop", websocket(16, "uvloop"), MESSAGES)
    yield from stream_rows()
    yield from wire_rows()
