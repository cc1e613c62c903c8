"""Rows of the client: what is measured asks, and a server answers that does as little as it can.

A row without a name of another library compares with the predecessor.  The last word of a row may
be a library to compare with, or ``bare``: what a protocol reaches that knows every byte beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.bench.measuring import HERE, LOOPS, Bench, Measure, Row, measured, running

CLIENT = HERE / "client.py"
ORIGIN = HERE / "origin.py"
UNPLUGGED = HERE / "unplugged_client.py"

# Unit and bar of what is told.  Latency has its limits, so one connection has no bar.
CALLS = {"rate": ("requests/s", ">1.8"), "cpu": ("CPU µs/request", "<0.56")}
UNBARRED = {"rate": ("requests/s", ""), "cpu": ("CPU µs/request", "")}
BYTES = {"rate": ("MiB/s", ">1.0"), "cpu": ("CPU µs/MiB", "")}

# Name of a row -> work of client.py, connections, and columns.
WORKS = {
    "GET, 1 connection": ("get", 1, UNBARRED),
    "GET, 32 connections": ("get", 32, CALLS),
    "GET, 256 connections": ("get", 256, CALLS),
    "POST of small JSON": ("post", 32, CALLS),
    "GET over TLS": ("tls", 32, CALLS),
    "GET after a redirect": ("redirect", 32, CALLS),
    "GET with cookies": ("cookies", 32, CALLS),
    "download 1 GiB, read": ("read", 1, BYTES),
    "download 1 GiB, streamed": ("stream", 1, BYTES),
    "upload 1 GiB of bytes": ("upload", 1, BYTES),
    "upload a file of 1 GiB": ("upload-file", 1, BYTES),
}

RIVALS = ("httpx", "niquests", "bare")

# Name of a row -> work of unplugged_client.py.
UNPLUGGED_WORKS = {
    "GET": "get",
    "GET with cookies": "cookies",
    "GET with params": "params",
    "GET with headers": "headers",
    "GET after a redirect": "redirect",
    "POST of small JSON": "post-json",
    "POST of bytes": "post-bytes",
}


def client(library: str, work: str, connections: int, loop: str) -> Measure:
    """Measure ``library``: of the interpreter given, if that is aiohttp."""

    def measure(python: Path, bench: Bench) -> dict[str, float]:
        if library == "bare":
            python = bench.peer_python
        elif library != "aiohttp":
            python = bench.rival(library)
        scheme = ("tls",) if work == "tls" else ()
        with running(bench.peer_python, ORIGIN, *scheme, core=1) as (_, first):
            arguments = (library, loop, work, first["port"], connections, bench.seconds)
            with running(python, CLIENT, *arguments, core=0) as (_, measures):
                return dict(measures)

    return measure


def unplugged(work: str) -> Measure:
    def measure(python: Path, bench: Bench) -> dict[str, float]:
        with running(python, UNPLUGGED, work, min(0.5, bench.seconds), core=0) as (_, measures):
            return dict(measures)

    return measure


def imports(python: Path, bench: Bench) -> dict[str, float]:
    """The best of some fresh interpreters: the rest is what else the machine did."""
    best = min(measured(python, "imports")["milliseconds"] for _ in range(5))
    return {"milliseconds": best}


def first_call(python: Path, bench: Bench) -> dict[str, float]:
    """The same with a session and a call: what an import puts off is not saved."""
    with running(bench.peer_python, ORIGIN, core=1) as (_, first):
        told = [measured(python, "first", first["port"])["milliseconds"] for _ in range(5)]
    return {"milliseconds": min(told)}


def client_rows() -> Iterator[Row]:
    """Yield the rows of the client in the order of the table."""
    for name, (work, connections, columns) in WORKS.items():
        for loop in LOOPS:
            row = f"client {name}, {loop}"
            ours = client("aiohttp", work, connections, loop)
            # One loop is enough for those that are not often called.
            yield Row(row, ours, columns, detail=loop != "asyncio" and work != "get")
            for library in RIVALS:
                theirs = client(library, work, connections, loop)
                units = {key: (unit, "") for key, (unit, _) in columns.items()}
                yield Row(f"{row}, {library}", ours, units, theirs, detail=True)
    for name, work in UNPLUGGED_WORKS.items():
        columns = {"microseconds": ("CPU µs/call", "<0.56")}
        yield Row(f"client {name}, no sockets", unplugged(work), columns)
    cpu = {"milliseconds": ("CPU ms", "<0.5")}
    yield Row("import ClientSession beyond asyncio", imports, cpu)
    yield Row(
        "import ClientSession, and a first call", first_call, {"milliseconds": ("CPU ms", "")}
    )
