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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUBJECT = Path(__file__).with_name("subject.py")
PEER = Path(__file__).with_name("peer.py")

# Connections that are held open while memory is measured.
IDLE = 1000

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


# --- Processes ------------------------------------------------------------------------------------


def start(python: Path, program: Path, *arguments: object, core: int) -> subprocess.Popen[str]:
    """Start a program on one core; it tells JSON lines."""
    command = [str(python), str(program), *map(str, arguments)]
    if len(CORES) > 1 and shutil.which("taskset"):
        command = ["taskset", "-c", str(CORES[core % len(CORES)]), *command]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> Any:
    """Return the next JSON line of a program."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{process.args!r} ended with {process.wait()} and told nothing")
    return json.loads(line)


@contextlib.contextmanager
def running(python: Path, program: Path, *arguments: object, core: int) -> Iterator[Any]:
    """Run a program until the block ends; give the process and the first thing it tells."""
    process = start(python, program, *arguments, core=core)
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
            columns = {"microseconds": ("µs/head", "<0.6")}
            yield Row(f"request head, {head}, {kind}", parser(command, head), columns)
    yield Row("WebSocket echo, 16 connections, uvloop", websocket(16, "uvloop"), MESSAGES)
    yield Row("import ClientSession beyond asyncio", imports, {"milliseconds": ("ms", "<0.5")})
    yield Row("idle keep-alive connection", idle, {"bytes": ("bytes", "<0.8")})
