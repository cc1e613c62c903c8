"""The workers under real gunicorn processes, asked over real sockets.

No test sleeps for a fixed time: each waits for what gunicorn logs, or for an answer.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme

import aiohttp
from aiohttp import web

pytest.importorskip("gunicorn.arbiter", reason="gunicorn runs on POSIX only")

PATIENCE = 30.0  # seconds; a test that works needs a fraction of it

APP = """
import asyncio, os
from aiohttp import web

async def hello(request):
    return web.Response(text=f"{os.getpid()} {request.scheme}")

async def slow(request):
    print("slow begun", flush=True)
    await asyncio.sleep(0.5)
    return web.Response(text="done")

async def upload(request):
    print("upload begun", flush=True)
    return web.Response(text=str(len(await request.read())))

async def loop_kind(request):
    return web.Response(text=type(asyncio.get_running_loop()).__module__)

def build():
    app = web.Application()
    app.add_routes([web.get("/", hello), web.get("/slow", slow), web.post("/upload", upload),
                    web.get("/loop", loop_kind)])
    return app

app = build()

async def factory():
    return build()

async def runner_factory():
    return web.AppRunner(build(), shutdown_timeout=3)

def wrong():
    return 42

async def broken():
    raise RuntimeError("the database is not there")
"""


class Gunicorn:
    """One gunicorn master with its workers."""

    def __init__(self, folder: Path, target: str, *options: str) -> None:
        (folder / "served.py").write_text(textwrap.dedent(APP))
        self.log: list[str] = []
        self._news = threading.Condition()
        # As a program, not as a module: its own re-execution (USR2) works for that only.
        program = Path(sys.executable).with_name("gunicorn")
        command = [sys.executable, str(program), "--chdir", str(folder)]
        command += ["--worker-tmp-dir", str(folder), "--log-level", "debug", *options, target]
        # Python 3.12 warns of gunicorn's master: it has a thread, and forks its workers.
        warnings = "default,ignore:This process:DeprecationWarning"
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": warnings}
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=folder,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.log.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def until(self, wanted: str, times: int = 1) -> list[str]:
        """Wait until the log has ``times`` lines that match, and return these."""

        def found() -> list[str]:
            return [line for line in self.log if re.search(wanted, line)]

        with self._news:
            arrived = self._news.wait_for(lambda: len(found()) >= times, PATIENCE)
        assert arrived, f"gunicorn never said {wanted!r}:\n{''.join(self.log)}"
        return found()

    @property
    def port(self) -> int:
        match = re.search(
            r"Listening at: https?://127\.0\.0\.1:(\d+)", self.until("Listening at")[0]
        )
        assert match is not None
        return int(match[1])

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for the master to exit; return its exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join()
        return code

    def stop(self) -> str:
        """Stop by TERM; return the whole log."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        self.wait()
        return "".join(self.log)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


Start = Callable[..., Gunicorn]


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[Start]:
    started: list[Gunicorn] = []

    def start(
        *options: str, target: str = "served:app", kind: str = "GunicornWebWorker"
    ) -> Gunicorn:
        bind = () if "--bind" in options else ("--bind", "127.0.0.1:0")
        process = Gunicorn(tmp_path, target, "--worker-class", f"aiohttp.{kind}", *bind, *options)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


def get(port: int, path: str = "/", **options: Any) -> tuple[int, str, Any]:
    """Ask once, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, **options)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(), response.headers
    finally:
        connection.close()


@pytest.mark.parametrize("target", ["app", "build()", "build", "factory", "runner_factory"])
def test_serves_and_stops(gunicorn: Start, target: str) -> None:
    process = gunicorn(target=f"served:{target}")
    status, text, _ = get(process.port)
    assert (status, text.split()[1]) == (200, "http")
    log = process.stop()
    assert process.wait() == 0
    assert "Traceback" not in log
    assert "Warning" not in log


def test_uvloop(gunicorn: Start) -> None:
    pytest.importorskip("uvloop")
    process = gunicorn(kind="GunicornUVLoopWebWorker")
    assert get(process.port, "/loop")[1].startswith("uvloop")
    assert "Traceback" not in process.stop()


def test_plain_worker_runs_on_asyncio(gunicorn: Start) -> None:
    assert get(gunicorn().port, "/loop")[1].startswith("asyncio")


def test_term_lets_a_handler_finish(gunicorn: Start) -> None:
    process = gunicorn()
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=PATIENCE)
    connection.request("GET", "/slow")
    process.until("slow begun")
    process.signal(signal.SIGTERM)
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"done")
    assert response.headers["Connection"] == "close"
    connection.close()
    assert process.wait() == 0


def test_term_lets_an_upload_arrive(gunicorn: Start) -> None:
    process = gunicorn()
    with socket.create_connection(("127.0.0.1", process.port), PATIENCE) as peer:
        peer.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        process.until("upload begun")
        process.signal(signal.SIGTERM)
        process.until("Handling signal: term")
        peer.sendall(b"67890")
        with peer.makefile("rb") as stream:
            answer = stream.read()
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n10")


def test_hup_replaces_the_workers(gunicorn: Start) -> None:
    process = gunicorn()
    before = get(process.port)[1].split()[0]
    process.signal(signal.SIGHUP)
    process.until("Booting worker", times=2)
    process.until("Worker exiting")
    after = get(process.port)[1].split()[0]
    assert before != after
    assert "Traceback" not in process.stop()


def test_preloaded_application(gunicorn: Start) -> None:
    """The application is made once, in the master; every worker serves it on a loop of its own."""
    process = gunicorn("--preload", "--workers", "2")
    process.until("Booting worker", times=2)
    assert get(process.port)[0] == 200
    process.signal(signal.SIGHUP)
    process.until("Booting worker", times=4)
    process.until("Worker exiting", times=2)
    assert get(process.port)[0] == 200
    assert "Traceback" not in process.stop()


def touch(path: Path, process: Gunicorn) -> None:
    """Change a file until gunicorn sees it."""
    # Later each time: the first one may be what gunicorn sees first, and compares with.
    later = time.time() + 10
    end = time.monotonic() + PATIENCE
    while not any("Worker reloading" in line for line in process.log) and time.monotonic() < end:
        later += 1
        os.utime(path, (later, later))
        time.sleep(0.05)


def test_a_changed_file_reloads(gunicorn: Start, tmp_path: Path) -> None:
    process = gunicorn("--reload", "--reload-engine", "poll")
    before = get(process.port)[1].split()[0]
    touch(tmp_path / "served.py", process)
    process.until("Worker reloading: .*served.py")
    process.until("Booting worker", times=2)
    assert get(process.port)[1].split()[0] != before
    assert "Traceback" not in process.stop()


def test_a_module_that_does_not_parse_is_shown_until_it_does(
    gunicorn: Start, tmp_path: Path
) -> None:
    module = tmp_path / "torn.py"
    module.write_text("from served import app\napp = app app\n")
    process = gunicorn("--reload", "--reload-engine", "poll", target="torn:app")
    status, text, _ = get(process.port, "/some/where")
    assert status == 500
    assert "app = app app" in text
    module.write_text("from served import app\n")
    touch(module, process)
    process.until("Booting worker", times=2)
    assert get(process.port)[0] == 200
    process.stop()


def test_a_module_that_does_not_parse_stops_the_master(gunicorn: Start, tmp_path: Path) -> None:
    (tmp_path / "torn.py").write_text("app = app app\n")
    process = gunicorn(target="torn:app")
    assert process.wait() == 3
    assert "SyntaxError" in "".join(process.log)


def test_usr1_reopens_the_logs(gunicorn: Start, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    process = gunicorn("--access-logfile", str(log), "--access-logformat", "%r")
    get(process.port, "/first")
    log.rename(tmp_path / "access.log.1")
    process.signal(signal.SIGUSR1)
    process.until("Handling signal: usr1")
    end = time.monotonic() + PATIENCE
    while (not log.exists() or not log.read_text()) and time.monotonic() < end:
        assert get(process.port, "/second")[0] == 404
    assert "GET /second" in log.read_text()
    assert "GET /first" in (tmp_path / "access.log.1").read_text()


def test_usr2_starts_a_master_beside_this_one(gunicorn: Start, tmp_path: Path) -> None:
    pid = tmp_path / "gunicorn.pid"
    process = gunicorn("--pid", str(pid))
    assert get(process.port)[0] == 200
    process.signal(signal.SIGUSR2)
    process.until("Booting worker", times=2)
    second = int((tmp_path / "gunicorn.pid.2").read_text())
    try:
        process.signal(signal.SIGTERM)
        process.process.wait(PATIENCE)
        assert get(process.port)[0] == 200
    finally:
        os.kill(second, signal.SIGTERM)
    assert "Traceback" not in process.stop()


def test_statsd_is_told_and_changes_nothing(gunicorn: Start) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as statsd:
        statsd.bind(("127.0.0.1", 0))
        statsd.settimeout(PATIENCE)
        process = gunicorn("--statsd-host", f"127.0.0.1:{statsd.getsockname()[1]}")
        assert get(process.port)[0] == 200
        assert b"gunicorn.workers" in statsd.recv(1000)
    assert "Traceback" not in process.stop()


def test_a_killed_worker_is_replaced(gunicorn: Start) -> None:
    process = gunicorn("--workers", "1")
    os.kill(int(get(process.port)[1].split()[0]), signal.SIGKILL)
    process.until("Booting worker", times=2)
    assert get(process.port)[0] == 200


def test_max_requests(gunicorn: Start) -> None:
    process = gunicorn("--max-requests", "3")
    seen: set[str] = set()
    end = time.monotonic() + PATIENCE
    while len(seen) < 2 and time.monotonic() < end:
        status, text, _ = get(process.port)
        assert status == 200
        seen.add(text)
    assert len(seen) == 2
    process.until("Max requests, shutting down")


def test_max_requests_differ_by_their_jitter() -> None:
    """The limits of workers are drawn, so that they do not all end at once."""
    workers = [worker(max_requests=100, max_requests_jitter=100) for _ in range(50)]
    limits = {one.max_requests for one in workers}
    for one in workers:
        one.tmp.close()
    assert len(limits) > 1
    assert limits <= set(range(100, 201))


def test_quit_stops_at_once(gunicorn: Start) -> None:
    process = gunicorn()
    assert get(process.port)[0] == 200
    process.signal(signal.SIGQUIT)
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("target", "reason"),
    [("broken", "the database is not there"), ("wrong", "web.Application"), ("nothing", "nothing")],
)
def test_a_worker_that_cannot_boot_stops_the_master(
    gunicorn: Start, target: str, reason: str
) -> None:
    process = gunicorn(target=f"served:{target}")
    assert process.wait() != 0
    log = "".join(process.log)
    assert reason in log
    assert log.count("Booting worker") == 1


def test_access_log(gunicorn: Start) -> None:
    process = gunicorn("--access-logfile", "-", "--access-logformat", 'seen "%r" %s')
    get(process.port, "/nowhere")
    process.until(r'seen "GET /nowhere HTTP/1.1" 404')


def test_default_access_log(gunicorn: Start) -> None:
    process = gunicorn("--access-logfile", "-")
    get(process.port)
    process.until(r'127\.0\.0\.1 \[.*\] "GET / HTTP/1.1" 200')


def test_gunicorn_style_log_format_is_refused(gunicorn: Start) -> None:
    process = gunicorn("--access-logfile", "-", "--access-logformat", "%(h)s")
    assert process.wait() != 0
    assert "gunicorn's style" in "".join(process.log)


def test_unix_socket(gunicorn: Start, tmp_path: Path) -> None:
    path = tmp_path / "s"
    process = gunicorn("--bind", f"unix:{path}")
    process.until("Booting worker")
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(PATIENCE)
        peer.connect(str(path))
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with peer.makefile("rb") as stream:
            assert stream.read().startswith(b"HTTP/1.1 200")


def test_tls(gunicorn: Start, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    process = gunicorn(
        "--keyfile", str(tmp_path / "key.pem"), "--certfile", str(tmp_path / "cert.pem")
    )
    context = ssl.create_default_context()
    authority.configure_trust(context)
    connection = http.client.HTTPSConnection(
        "127.0.0.1", process.port, timeout=PATIENCE, context=context
    )
    connection.request("GET", "/")
    assert connection.getresponse().read().decode().split()[1] == "https"
    connection.close()


def test_no_client_needed(gunicorn: Start) -> None:
    """The worker stands on the server alone."""
    code = "import sys, aiohttp; aiohttp.GunicornWebWorker; print('aiohttp.client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr


# Log formats, without a process


def worker(
    kind: type = aiohttp.GunicornWebWorker, max_requests: int = 0, max_requests_jitter: int = 0
) -> Any:
    settings = SimpleNamespace(worker_tmp_dir=None, umask=0)
    settings.max_requests, settings.max_requests_jitter = max_requests, max_requests_jitter
    settings.uid, settings.gid = os.geteuid(), os.getegid()
    return kind(0, os.getpid(), [], None, 30, settings, None)


def test_log_format_default() -> None:
    made = worker()
    assert made._get_valid_log_format(made.DEFAULT_GUNICORN_LOG_FORMAT) == (
        web.AccessLogger.LOG_FORMAT
        if hasattr(web, "AccessLogger")
        else made.DEFAULT_AIOHTTP_LOG_FORMAT
    )
    made.tmp.close()


def test_log_format_of_aiohttp_passes() -> None:
    made = worker()
    assert made._get_valid_log_format("%a %{Referer}i") == "%a %{Referer}i"
    made.tmp.close()


def test_log_format_of_gunicorn_is_explained() -> None:
    made = worker()
    with pytest.raises(ValueError, match="gunicorn's style"):
        made._get_valid_log_format("%(h)s %(l)s")
    made.tmp.close()
