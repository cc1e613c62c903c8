"""What is measured, one row of the table each, on whatever interpreter a row is given.

The program that is measured has one core, its peer another.  Knows nothing of ratios.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUBJECT = Path(__file__).with_name("subject.py")
PEER = Path(__file__).with_name("peer.py")
RIVALS = Path(__file__).with_name("rivals.py")
WIRE = Path(__file__).with_name("wire.py")

# Connections that are held open while memory is measured.
IDLE = 1000

NOTHING_SET: Mapping[str, str] = {}
# What makes either side run without its compiled modules.
PURE: Mapping[str, str] = {"AIOHTTP_NO_EXTENSIONS": "1"}

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


@dataclass(frozen=True)
class Bench:
    """What a measure needs to know: how long, and with what at the other end."""

    seconds: float
    peer_python: Path


Measure = Callable[[Path, Bench], dict[str, float]]


@dataclass(frozen=True)
class Row:
    """One line of the table, or several that one run measures."""

    name: str
    measure: Measure
    # Key of what was measured -> (unit, bar).  A bar ">2" is for what should be high, "<0.6" for
    # what should be low; it is what the ratio ours/theirs must reach.
    columns: dict[str, tuple[str, str]]
    # Measures another library in place of the predecessor; its name stands in the row's.
    rival: Measure | None = None


# --- Processes ------------------------------------------------------------------------------------


def start(
    python: Path,
    program: Path,
    *arguments: object,
    core: int,
    environment: Mapping[str, str] = NOTHING_SET,
) -> subprocess.Popen[str]:
    """Start a program on one core; it tells JSON lines."""
    command = [str(python), str(program), *map(str, arguments)]
    if len(CORES) > 1 and shutil.which("taskset"):
        command = ["taskset", "-c", str(CORES[core % len(CORES)]), *command]
    variables = {**os.environ, **environment}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables)


def told(process: subprocess.Popen[str]) -> Any:
    """Return the next JSON line of a program."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{process.args!r} ended with {process.wait()} and told nothing")
    return json.loads(line)


@contextlib.contextmanager
def running(
    python: Path,
    program: Path,
    *arguments: object,
    core: int,
    environment: Mapping[str, str] = NOTHING_SET,
) -> Iterator[Any]:
    """Run a program until the block ends; give the process and the first thing it tells."""
    process = start(python, program, *arguments, core=core, environment=environment)
    try:
        yield process, told(process)
    finally:
        process.kill()
        process.wait()


def measured(python: Path, *arguments: object) -> dict[str, float]:
    """Run the subject to its end and return what it tells."""
    with running(python, SUBJECT, *arguments, core=0) as (_, measures):
        return dict(measures)


# --- Rows -----------------------------------------------------------------------------------------


def server(path: str, loop: str) -> Measure:
    def measure(python: Path, bench: Bench) -> dict[str, float]:
        with running(python, SUBJECT, "serve", loop, core=0) as (process, first):
            url = f"http://127.0.0.1:{first['port']}{path}"
            wrk(url, 0.5)
            requests, rate = wrk(url, bench.seconds)
            process.send_signal(signal.SIGTERM)
            # The short run before the measured one is in the time as well as in the count.
            cpu = told(process)["cpu"]
        return {"rate": rate, "cpu": cpu / (requests + rate * 0.5) * 1e6}

    return measure


def wrk(url: str, seconds: float) -> tuple[int, float]:
    """Load a server from another core; return requests in all, and a second."""
    command = ["wrk", "-t1", "-c32", f"-d{max(1, round(seconds))}s", url]
    if len(CORES) > 1 and shutil.which("taskset"):
        command = ["taskset", "-c", str(CORES[1]), *command]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    if bad := re.search(r"Non-2xx.*|Socket errors: .*", out):
        raise RuntimeError(f"{url}: {bad[0]}")
    count = re.search(r"(\d+) requests in", out)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", out)
    if count is None or rate is None:
        raise RuntimeError(f"wrk told something else than expected: {out}")
    return int(count[1]), float(rate[1])


def client(connections: int, loop: str) -> Measure:
    def measure(python: Path, bench: Bench) -> dict[str, float]:
        with running(bench.peer_python, PEER, "serve", core=1) as (_, first):
            return measured(python, "get", loop, first["port"], connections, bench.seconds)

    return measure


def websocket(connections: int, loop: str) -> Measure:
    def measure(python: Path, bench: Bench) -> dict[str, float]:
        with running(python, SUBJECT, "serve", loop, core=1) as (_, first):
            return measured(python, "echo", loop, first["port"], connections, bench.seconds)

    return measure


def stream(
    flow: str, size: int, program: Path, *server: str, environment: Mapping[str, str] = NOTHING_SET
) -> Measure:
    """WebSocket messages to or from a server, whose CPU time is what counts."""

    def measure(python: Path, bench: Bench) -> dict[str, float]:
        # A rival is in the environment of the peers.
        interpreter = bench.peer_python if program is RIVALS else python
        served = running(interpreter, program, *server, core=0, environment=environment)
        with served as (process, first):
            load = (PEER, "websocket", first["port"], flow, size, 8, min(1.0, bench.seconds))
            with running(bench.peer_python, *load, core=1) as (_, told_by_load):
                process.send_signal(signal.SIGTERM)
                cpu = told(process)["cpu"] / told_by_load["messages"]
        return {"rate": told_by_load["rate"], "cpu": cpu * 1e6}

    return measure


def wire(work: str, environment: Mapping[str, str] = NOTHING_SET) -> Measure:
    def measure(python: Path, bench: Bench) -> dict[str, float]:
        arguments = (work, min(0.3, bench.seconds))
        with running(python, WIRE, *arguments, core=0, environment=environment) as (_, measures):
            return dict(measures)

    return measure


def rival_wire(work: str) -> Measure:
    return lambda python, bench: wire(work)(bench.peer_python, bench)


def parser(command: str, head: str) -> Measure:
    return lambda python, bench: measured(python, command, head, min(1.0, bench.seconds))


def imports(python: Path, bench: Bench) -> dict[str, float]:
    """The best of some fresh interpreters: the rest is what else the machine did."""
    best = min(measured(python, "imports")["milliseconds"] for _ in range(5))
    return {"milliseconds": best}


def idle(python: Path, bench: Bench) -> dict[str, float]:
    """Resident memory that each connection adds which has been used once and is kept."""
    server = running(python, SUBJECT, "serve", "asyncio", core=0)
    with server as (_, first), connected(bench, first["port"], 20):
        before = resident(first["port"])
        with connected(bench, first["port"], IDLE):
            return {"bytes": (resident(first["port"]) - before) / IDLE}


def connected(bench: Bench, port: int, connections: int) -> contextlib.AbstractContextManager[Any]:
    return running(bench.peer_python, PEER, "idle", port, connections, core=1)


def resident(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/memory") as response:
        return int(json.load(response))


RATE = {"rate": ("requests/s", ">2.0"), "cpu": ("CPU µs/request", "<0.5")}
PATHS = {"plaintext": "/plaintext", "JSON": "/json", "/user/{name}": "/user/ann"}
LOOPS = ("asyncio", "uvloop")

# The client has no bar on one connection: that is a matter of latency.
CLIENT = {
    1: {"rate": ("requests/s", ""), "cpu": ("CPU µs/request", "")},
    32: {"rate": ("requests/s", ">1.8"), "cpu": ("CPU µs/request", "<0.56")},
}
PARSERS = {"public parser": "parse", "server's parser": "parse-pushed"}
MESSAGES = {"rate": ("messages/s", ">1.3"), "cpu": ("CPU µs/message", "")}

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
FLOWS = {"echo": "echo", "up": "received", "down": "sent"}


def wire_rows() -> Iterator[Row]:
    """Yield the rows of the wire: each build against the same of the predecessor."""
    for name, (work, bar) in WORKS.items():
        yield Row(f"{name}, compiled", wire(work), {"microseconds": ("CPU µs", bar)})
        pure = {"microseconds": ("CPU µs", "<1.1")}
        yield Row(f"{name}, pure", wire(work, PURE), pure)
    for name in ("minimal", "browser", "post", "chunked"):
        columns = {"microseconds": ("CPU µs", "")}
        ours, theirs = wire(f"pushed-request:{name}"), rival_wire(f"httptools-request:{name}")
        yield Row(f"parse {name}, httptools", ours, columns, theirs)


def stream_rows() -> Iterator[Row]:
    """Yield WebSocket rows: the server in a process of its own, the load as bare as can be."""
    for flow, verb in FLOWS.items():
        for unit, size in SIZES.items():
            for loop in LOOPS:
                name = f"WebSocket {verb} {unit}, {loop}"
                ours = stream(flow, size, SUBJECT, "serve", loop)
                yield Row(name, ours, MESSAGES)
                for library in ("picows", "websockets"):
                    columns = {key: (unit, "") for key, (unit, _) in MESSAGES.items()}
                    theirs = stream(flow, size, RIVALS, library, loop)
                    yield Row(f"{name}, {library}", ours, columns, theirs)
            name = f"WebSocket {verb} {unit}, asyncio, pure"
            pure = stream(flow, size, SUBJECT, "serve", "asyncio", environment=PURE)
            yield Row(name, pure, {"rate": ("messages/s", ">1"), "cpu": ("CPU µs/message", "<1")})


def rows() -> Iterator[Row]:
    """Yield all rows in the order of the table."""
    for name, path in PATHS.items():
        for loop in LOOPS:
            yield Row(f"server {name}, {loop}", server(path, loop), RATE)
    for connections, columns in CLIENT.items():
        for loop in LOOPS:
            name = f"client GET, {connections} connections, {loop}"
            yield Row(name, client(connections, loop), columns)
    for head in ("minimal", "browser"):
        for kind, command in PARSERS.items():
            # The public one is an adapter for those who know it; nothing of ours stands on it.
            columns = {"microseconds": ("µs/head", "<0.6" if kind != "public parser" else "")}
            yield Row(f"request head, {head}, {kind}", parser(command, head), columns)
    yield Row("WebSocket echo, 16 connections, uvloop", websocket(16, "uvloop"), MESSAGES)
    yield from stream_rows()
    yield from wire_rows()
    yield Row("import ClientSession beyond asyncio", imports, {"milliseconds": ("ms", "<0.5")})
    yield Row("idle keep-alive connection", idle, {"bytes": ("bytes", "<0.8")})
