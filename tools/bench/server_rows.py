"""The rows of the server: requests by their kind, other servers, uploads, WebSockets, memory.

The server has one core, its load the other; a row that ends in the name of another server compares
with that one.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import ssl
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.measuring import (
    HERE,
    LOOPS,
    NOTHING_SET,
    PEER,
    RIVALS,
    SERVER,
    Bench,
    Measure,
    Row,
    cpu_seconds,
    running,
    told,
    wrk,
)

HTTP_RIVALS = HERE / "http_rivals.py"
UNPLUGGED = HERE / "unplugged.py"
SCRIPT = HERE / "load.lua"

# Requests that a server answers before it is measured: caches are filled, modules imported.
WARM_UP = 50

# How long a server may take to listen, in seconds.
PATIENCE = 20

# Connections that are held open while memory is measured.
IDLE = 1000

# The size of an uploaded file, in bytes.
UPLOAD = 100_000_000


@dataclass(frozen=True)
class Load:
    """What is asked of a server: the paths in turn, with a body or without."""

    paths: tuple[str, ...]
    application: str = "whole"
    body: str = ""
    connections: int = 32
    bar: str = ">2.0"

    @property
    def method(self) -> str:
        return "POST" if self.body else "GET"

    @property
    def columns(self) -> Mapping[str, tuple[str, str]]:
        """Requests a second, and CPU time of each: the ratio of one bar is the other's inverse."""
        inverse = f"<{1 / float(self.bar[1:]):.2f}" if self.bar else ""
        return {"rate": ("requests/s", self.bar), "cpu": ("CPU µs/request", inverse)}

    def put_on(self, port: int, seconds: float) -> tuple[int, float]:
        """Load a server; return requests in all, and a second."""
        url = f"{'https' if self.application == 'tls' else 'http'}://127.0.0.1:{port}"
        if len(self.paths) == 1 and not self.body:
            return wrk(url + self.paths[0], seconds, connections=self.connections)
        arguments = (self.method, self.body, *self.paths)
        return wrk(url, seconds, *arguments, connections=self.connections, script=SCRIPT)


# Every sixteenth of the 500 kinds, so that no end of a table of routes is preferred.
AMONG_ROUTES = tuple(
    path for kind in range(0, 500, 16) for path in (f"/api/v1/kind{kind}", f"/api/v1/kind{kind}/a")
)
ORDER = '{"id": 7, "name": "Ann", "numbers": [1, 2, 3], "address": {"street": "High", "no": 5}}'

# A small file is mostly the work of a thread pool, a large one that of the kernel, which are the
# same for both.
LOADS = {
    "plaintext": Load(("/plaintext",)),
    "JSON": Load(("/json",)),
    "/user/{name}": Load(("/user/ann",)),
    "1,000 routes": Load(AMONG_ROUTES, "routes"),
    "5 middlewares": Load(("/plaintext",), "middlewares"),
    "100 KB response": Load(("/100KB",)),
    "POST JSON": Load(("/orders",), body=ORDER),
    "static file, 1 KB": Load(("/files/1KB",), bar=">1.0"),
    "static file, 10 MB": Load(("/files/10MB",), connections=4, bar=">1.0"),
    "TLS plaintext": Load(("/plaintext",), "tls"),
}

# What always runs on either loop; with the others the difference is that of plaintext.
ON_BOTH_LOOPS = {"plaintext", "JSON", "/user/{name}", "static file, 10 MB", "TLS plaintext"}

# What is asked without sockets, too: the part of the work that is ours.
WITHOUT_SOCKETS = (
    "plaintext",
    "JSON",
    "/user/{name}",
    "1,000 routes",
    "5 middlewares",
    "POST JSON",
)

# The name in the table -> the name in http_rivals.py, and whether we have to be ahead on plaintext.
SERVERS = {
    "uvicorn+starlette": ("starlette", ""),
    "granian+blacksheep": ("blacksheep", ">1.0"),
    "sanic": ("sanic", ""),
}

UPLOADS = {"rate": ("MB/s", ">1.0"), "cpu": ("CPU ms/upload", "<1.0")}
MESSAGES = {"rate": ("messages/s", ">1.3"), "cpu": ("CPU µs/message", "")}


# --- Requests -------------------------------------------------------------------------------------


def server(load: Load, loop: str) -> Measure:
    """Our server, or the predecessor's, under a load."""

    def measure(python: Path, bench: Bench) -> dict[str, float]:
        return loaded(load, bench, python, SERVER, loop, load.application)

    return measure


def rival_server(load: Load, library: str) -> Measure:
    """A server of another library, in an environment of its own."""
    return lambda _, bench: loaded(load, bench, bench.rival(library), HTTP_RIVALS, library)


def bare_protocol(load: Load, loop: str) -> Measure:
    """What answers a head with the same bytes whatever it says: the limit of a loop."""
    return lambda _, bench: loaded(load, bench, bench.peer_python, PEER, "serve", loop)


def loaded(
    load: Load, bench: Bench, python: Path, program: Path, *arguments: str
) -> dict[str, float]:
    """Run a server and load it."""
    with running(python, program, *arguments, core=0) as (process, first):
        warm_up(first["port"], load)
        before = cpu_seconds(process.pid)
        requests, rate = load.put_on(first["port"], bench.seconds)
        cpu = cpu_seconds(process.pid) - before
    return {"rate": rate, "cpu": cpu / requests * 1e6}


def unplugged(load: Load) -> Measure:
    """The same requests without sockets."""

    def measure(python: Path, bench: Bench) -> dict[str, float]:
        seconds = min(1.0, bench.seconds)
        arguments = (load.application, seconds, load.method, load.body, *load.paths)
        with running(python, UNPLUGGED, *arguments, core=0) as (_, measures):
            return dict(measures)

    return measure


def warm_up(port: int, load: Load) -> None:
    """Wait until a server listens, and have it answer some requests."""
    connection = connected_to(port, load)
    headers = {"Content-Type": "application/json"} if load.body else {}
    for number in range(WARM_UP):
        path = load.paths[number % len(load.paths)]
        connection.request(load.method, path, load.body or None, headers)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} was answered {response.status}; expected 200")
    connection.close()


def connected_to(port: int, load: Load) -> http.client.HTTPConnection:
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        if load.application == "tls":
            # The certificate was made a moment ago, for this run.
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
        try:
            connection.connect()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the server did not listen after {PATIENCE} s") from None
            time.sleep(0.05)
        else:
            return connection


# --- Uploads --------------------------------------------------------------------------------------


def upload(path: str, loop: str) -> Measure:
    """Forms with one large file, one after the other."""

    def measure(python: Path, bench: Bench) -> dict[str, float]:
        with running(python, SERVER, loop, core=0) as (process, first):
            before = cpu_seconds(process.pid)
            arguments = ("upload", first["port"], path, UPLOAD, bench.seconds)
            with running(bench.peer_python, PEER, *arguments, core=1) as (_, measures):
                cpu = cpu_seconds(process.pid) - before
        return {"rate": measures["rate"], "cpu": cpu / measures["files"] * 1e3}

    return measure


# --- WebSockets -----------------------------------------------------------------------------------


def websocket_stream(
    flow: str,
    size: int,
    program: Path,
    *server: str,
    connections: int = 8,
    environment: Mapping[str, str] = NOTHING_SET,
) -> Measure:
    """WebSocket messages to or from a server, whose CPU time is what counts."""

    def measure(python: Path, bench: Bench) -> dict[str, float]:
        # A rival is in the environment of the peers.
        interpreter = bench.peer_python if program is RIVALS else python
        served = running(interpreter, program, *server, core=0, environment=environment)
        with served as (process, first):
            seconds = min(1.0, bench.seconds)
            load = (PEER, "websocket", first["port"], flow, size, connections, seconds)
            with running(bench.peer_python, *load, core=1) as (_, told_by_load):
                process.send_signal(signal.SIGTERM)
                cpu = told(process)["cpu"] / told_by_load["messages"]
        return {"rate": told_by_load["rate"], "cpu": cpu * 1e6}

    return measure


# --- Memory ---------------------------------------------------------------------------------------


def idle(python: Path, bench: Bench) -> dict[str, float]:
    """Resident memory that each connection adds which has been used once and is kept."""
    server = running(python, SERVER, "asyncio", core=0)
    with server as (_, first), connected(bench, first["port"], 20):
        before = resident(first["port"])
        with connected(bench, first["port"], IDLE):
            return {"bytes": (resident(first["port"]) - before) / IDLE}


def connected(bench: Bench, port: int, connections: int) -> contextlib.AbstractContextManager[Any]:
    return running(bench.peer_python, PEER, "idle", port, connections, core=1)


def resident(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/memory") as response:
        return int(json.load(response))


# --- The rows -------------------------------------------------------------------------------------


def server_rows() -> Iterator[Row]:
    """Yield the rows of the server in the order of the table."""
    for name, load in LOADS.items():
        for loop in LOOPS:
            detail = loop != "asyncio" and name not in ON_BOTH_LOOPS
            yield Row(f"server {name}, {loop}", server(load, loop), load.columns, detail=detail)
    for name in WITHOUT_SOCKETS:
        columns = {"microseconds": ("CPU µs/request", "<0.50")}
        yield Row(f"server {name}, no sockets", unplugged(LOADS[name]), columns)
    yield from rival_rows()
    for kind, path in {"spooled": "/upload", "in parts": "/upload-in-parts"}.items():
        for loop in LOOPS:
            name = f"server upload 100 MB, {kind}, {loop}"
            yield Row(name, upload(path, loop), UPLOADS, detail=loop != "asyncio")
    for connections in (1, 64):
        for loop in LOOPS:
            name = f"server WebSocket echo, {connections} conn., {loop}"
            echo = websocket_stream("echo", 64, SERVER, loop, connections=connections)
            yield Row(name, echo, MESSAGES)
    yield Row("server idle keep-alive connection", idle, {"bytes": ("bytes", "<0.8")})


def rival_rows() -> Iterator[Row]:
    """Yield our server against others, and against one that does nothing."""
    for name in ("plaintext", "JSON"):
        load = LOADS[name]
        for other, (library, bar) in SERVERS.items():
            columns = without_bars(load)
            if name == "plaintext":
                columns["rate"] = ("requests/s", bar)
            row = f"server {name}, uvloop, {other}"
            yield Row(row, server(load, "uvloop"), columns, rival_server(load, library))
    load = LOADS["plaintext"]
    for loop in LOOPS:
        row = f"server plaintext, {loop}, bare protocol"
        yield Row(row, server(load, loop), without_bars(load), bare_protocol(load, loop))


def without_bars(load: Load) -> dict[str, tuple[str, str]]:
    return {key: (unit, "") for key, (unit, _) in load.columns.items()}
