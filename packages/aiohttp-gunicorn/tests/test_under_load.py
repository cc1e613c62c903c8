"""Two workers of a real gunicorn under wrk, while one is killed, or all are replaced or stopped."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attr
import pytest
from tools.programs import SEARCH, missing, unused_ports

pytest.importorskip("gunicorn.arbiter", reason="gunicorn runs on POSIX only")
pytestmark = pytest.mark.skipif(bool(missing("wrk")), reason=missing("wrk"))

PATIENCE = 30.0  # seconds; a test that works needs a fraction of it
CONNECTIONS = 16

# What wrk prints at the end; errors only if there are any.
COUNTED = {
    "answers": r"(\d+) requests in",
    "bad answers": r"Non-2xx or 3xx responses: (\d+)",
    "connect": r"connect (\d+)",
    "read": r"read (\d+)",
    "write": r"write (\d+)",
    "timeout": r"timeout (\d+)",
}

APP = """
import asyncio, os
from aiohttp import web

async def slow(request):
    await asyncio.sleep(0.01)  # so that requests are under way when something happens
    return web.Response(text=str(os.getpid()))

app = web.Application()
app.add_routes([web.get("/", slow)])

def patient():
    # Who asks may be slow on a busy machine.
    return web.AppRunner(app, shutdown_grace=10)
"""


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Master:
    """gunicorn with two workers."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int

    def workers(self) -> list[int]:
        return [int(pid) for pid in re.findall(r"Booting worker with pid: (\d+)", self.said())]

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def until(self, wanted: str, times: int) -> None:
        """Wait until gunicorn has said something, so many times."""
        end = time.monotonic() + PATIENCE
        while len(re.findall(wanted, self.said())) < times:
            assert time.monotonic() < end, f"gunicorn did not say {wanted!r}:\n{self.said()}"
            time.sleep(0.01)


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Master]:
    (folder / "served.py").write_text(APP, "utf-8")
    (port,) = unused_ports(1)
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "aiohttp.GunicornWebWorker"]
    command += ["--workers", "2", "--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", str(folder)]
    log = folder / "gunicorn.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, *options, "served:patient"],
            cwd=folder,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        master = Master(process, log, port)
        master.until("Booting worker", 2)
        yield master
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert process.returncode == 0
    assert "Traceback" not in master.said()


@contextlib.contextmanager
def load(port: int, seconds: int) -> Iterator[dict[str, int]]:
    """Ask without pause; afterwards the yielded dict has what wrk counted."""
    # A request may wait for a worker that starts on a busy machine; wrk's own patience is 2 s.
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"--timeout={PATIENCE:.0f}s"]
    command.append(f"http://127.0.0.1:{port}/")
    environ = {**os.environ, "PATH": SEARCH}
    wrk = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
    counted: dict[str, int] = {}
    try:
        yield counted
        told = wrk.communicate(timeout=PATIENCE)[0]
    finally:
        wrk.kill()
        wrk.wait()
    for name, pattern in COUNTED.items():
        found = re.search(pattern, told)
        counted[name] = int(found[1]) if found else 0


def lost(counted: dict[str, int]) -> dict[str, int]:
    """Return what failed."""
    return {name: count for name, count in counted.items() if count and name != "answers"}


def test_a_killed_worker_loses_only_what_it_was_answering(tmp_path: Path) -> None:
    with running(tmp_path) as master:
        with load(master.port, 3) as counted:
            os.kill(master.workers()[0], signal.SIGKILL)
            master.until("Booting worker", 3)
        with load(master.port, 1) as afterwards:
            pass
    # Each connection has one request under way.
    assert sum(lost(counted).values()) <= CONNECTIONS
    assert counted["bad answers"] == 0
    assert counted["answers"] > 0
    assert afterwards["answers"] > 0
    assert lost(afterwards) == {}


@pytest.mark.parametrize("options", [(), ("--preload",)], ids=["plain", "preload"])
def test_a_reload_loses_nothing(tmp_path: Path, options: tuple[str, ...]) -> None:
    with running(tmp_path, *options) as master, load(master.port, 3) as counted:
        master.process.send_signal(signal.SIGHUP)
        master.until("Worker exiting", 2)
    assert counted["answers"] > 0
    assert lost(counted) == {}


def test_workers_that_end_by_max_requests_lose_nothing(tmp_path: Path) -> None:
    options = ("--max-requests", "50", "--max-requests-jitter", "50")
    with running(tmp_path, *options) as master, load(master.port, 3) as counted:
        master.until("Max requests, shutting down", 2)
    assert counted["answers"] > 0
    assert lost(counted) == {}


def ask_until_told_to_close(port: int, answered: threading.Semaphore) -> int:
    """Ask on one connection until a response is the last; return how many there were."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        for count in itertools.count(1):
            connection.request("GET", "/")
            response = connection.getresponse()
            assert (response.status, bool(response.read())) == (200, True)
            answered.release()
            if response.headers["Connection"] == "close":
                return count
    raise AssertionError("unreachable")


def test_term_loses_no_request_that_was_accepted(tmp_path: Path) -> None:
    """Every connection is told which response is its last, and gets each one before it."""
    answered = threading.Semaphore(0)
    with running(tmp_path) as master, ThreadPoolExecutor(CONNECTIONS) as peers:
        asking = [
            peers.submit(ask_until_told_to_close, master.port, answered) for _ in range(CONNECTIONS)
        ]
        for _ in range(10 * CONNECTIONS):
            assert answered.acquire(timeout=PATIENCE)
        master.process.terminate()
        assert all(one.result(PATIENCE) for one in asking)
        master.process.wait(PATIENCE)
