"""The door: its names, `run_app()` and the command line, in processes of their own."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from aiohttp import web

PATIENCE = 30

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stops processes by SIGTERM")


def test_every_public_name_is_there() -> None:
    assert [name for name in web.__all__ if not hasattr(web, name)] == []


SERVER = """
import asyncio
import itertools
from aiohttp import web

numbers = itertools.count()

async def hello(request):
    # Some are answered at once, some when their task has woken.
    if next(numbers) % 2:
        await asyncio.sleep(0.001)
    return web.Response(text="hello")

async def slow(request):
    print("begun", flush=True)
    await asyncio.sleep(0.3)
    return web.Response(body=await request.read())

async def hang(request):
    print("begun", flush=True)
    await asyncio.Event().wait()

app = web.Application()
app.router.add_get("/", hello)
app.router.add_post("/slow", slow)
app.router.add_get("/hang", hang)

def tell(text):
    print(text, flush=True)

loop = __import__("uvloop").new_event_loop() if {uvloop} else None
web.run_app(
    app,
    host="127.0.0.1",
    port={port},
    print=tell,
    shutdown_timeout={timeout},
    shutdown_grace={grace},
    loop=loop,
)
print("ended", flush=True)
"""


class Process:
    """A Python program that says when it is ready."""

    def __init__(self, *arguments: str, cwd: Path | None = None) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
        )

    def line(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().rstrip()

    def stop(self) -> str:
        """Send SIGTERM; return what is said from there on."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.communicate(timeout=PATIENCE)[0]

    def kill(self) -> None:
        self.popen.kill()
        self.popen.communicate()


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def run(timeout: float = 10, grace: float = 0.25, uvloop: bool = False) -> tuple[Process, int]:
    port = unused_port()
    source = SERVER.format(port=port, timeout=timeout, grace=grace, uvloop=uvloop)
    process = Process("-c", source)
    assert process.line() == f"======== Running on http://127.0.0.1:{port} ========"
    assert process.line() == "(Press CTRL+C to quit)"
    return process, port


def test_sigterm_ends_it_in_order() -> None:
    process, port = run()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hello"
        assert process.stop() == "ended\n"
        assert process.popen.returncode == 0
        connection.close()
    finally:
        process.kill()


def keep_asking(port: int, log: list[str]) -> None:
    """Send request after request over a connection for as long as the server keeps it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        while True:
            connection.request("GET", "/")
            response = connection.getresponse()
            log.append(response.read().decode())
            if response.getheader("Connection") == "close":
                log.append("last")
                break
    except Exception as error:
        log.append(repr(error))
    finally:
        connection.close()


@pytest.mark.parametrize("uvloop", [False, True])
def test_sigterm_under_load_loses_no_request(uvloop: bool) -> None:
    if uvloop:
        pytest.importorskip("uvloop")
    # On a busy machine those who ask may be slow.
    process, port = run(uvloop=uvloop, grace=PATIENCE)
    try:
        logs: list[list[str]] = [[] for _ in range(8)]
        threads = [threading.Thread(target=keep_asking, args=(port, log)) for log in logs]
        for thread in threads:
            thread.start()
        while not all(len(log) > 5 for log in logs):
            time.sleep(0.01)
        assert process.stop() == "ended\n"
        for thread in threads:
            thread.join(PATIENCE)
    finally:
        process.kill()
    assert [log[-1] for log in logs] == ["last"] * len(logs)
    assert {answer for log in logs for answer in log[:-1]} == {"hello"}


def test_an_upload_in_flight_is_completed() -> None:
    process, port = run()
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
            sock.sendall(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
            assert process.line() == "begun"
            process.popen.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            sock.sendall(b"world")
            answer = b""
            while piece := sock.recv(1000):
                answer += piece
        assert process.popen.communicate(timeout=PATIENCE)[0] == "ended\n"
    finally:
        process.kill()
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\nhelloworld")


def test_the_exit_is_within_the_timeout() -> None:
    process, port = run(timeout=0.2)
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
            sock.sendall(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")
            assert process.line() == "begun"
            # Which waits for less than the handler would have without that timeout.
            assert process.stop() == "ended\n"
    finally:
        process.kill()


LEAVING = """
import asyncio
import gc
import sys
from aiohttp import web

async def slow(request):
    print("begun", flush=True)
    return web.Response(body=await request.read())

async def leave(request):
    if request.query:
        await asyncio.sleep(0)
    raise {leave}

async def clean(app):
    print("cleaned", flush=True)

app = web.Application()
app.on_cleanup.append(clean)
app.router.add_post("/slow", slow)
app.router.add_get("/leave", leave)
web.run_app(app, host="127.0.0.1", port={port}, print=lambda _: print("ready", flush=True))
gc.collect()
print("ended", flush=True)
"""


@pytest.mark.parametrize("query", ["", "?later"])
@pytest.mark.parametrize(
    ("leave", "said", "status"),
    [
        ("web.GracefulExit", "cleaned\nended\n", 0),
        ("KeyboardInterrupt", "cleaned\nended\n", 0),
        ("SystemExit(3)", "cleaned\n", 3),
    ],
)
def test_a_handler_that_leaves_the_program(leave: str, said: str, status: int, query: str) -> None:
    """Others get their answers, the application is cleaned up, and asyncio does not complain."""
    port = unused_port()
    process = Process("-c", LEAVING.format(leave=leave, port=port))
    try:
        assert process.line() == "ready"
        with (
            socket.create_connection(("127.0.0.1", port), PATIENCE) as slow,
            socket.create_connection(("127.0.0.1", port), PATIENCE) as leaving,
        ):
            slow.sendall(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
            assert process.line() == "begun"
            leaving.sendall(b"GET /leave%b HTTP/1.1\r\nHost: a\r\n\r\n" % query.encode())
            assert leaving.recv(1000) == b""
            slow.sendall(b"hello")
            answer = b""
            while piece := slow.recv(1000):
                answer += piece
        assert answer.endswith(b"\r\n\r\nhello")
        assert process.popen.communicate(timeout=PATIENCE)[0] == said
        assert process.popen.returncode == status
    finally:
        process.kill()


# The command line…

COMMAND = """
import os
from aiohttp import web

async def hello(request):
    return web.Response(text="hello")

def make(argv):
    print("arguments", *argv, flush=True)
    app = web.Application()
    app.router.add_get("/", hello)
    return app
"""


def test_command_line(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(COMMAND)
    port = unused_port()
    process = Process(
        "-u", "-m", "aiohttp.web", "-P", str(port), "program:make", "--own", cwd=tmp_path
    )
    try:
        while not process.line().startswith("(Press"):
            pass
        connection = http.client.HTTPConnection("localhost", port, timeout=PATIENCE)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hello"
        connection.close()
        said = process.stop()
    finally:
        process.kill()
    assert '"GET / HTTP/1.1" 200' in said
    assert said.endswith("Stopped\n")
    assert process.popen.returncode == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("program", "not in 'module:function' syntax"),
        (".program:make", "relative module names not supported"),
        ("no_such_module:make", "unable to import no_such_module"),
        ("os:no_such_name", "module 'os' has no attribute 'no_such_name'"),
    ],
)
def test_command_line_mistakes(name: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        web.main([name])
    assert exit_info.value.code == 2
    assert reason in capsys.readouterr().err
