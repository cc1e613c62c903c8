"""gunicorn's workers behind a real nginx, both configured as the deployment guide prints it."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attr
import pytest
import trustme
from tools.programs import missing, nginx, unused_ports
from tools.snippets import block
from tools.tree import ROOT

pytest.importorskip("gunicorn.arbiter", reason="gunicorn runs on POSIX only")
pytestmark = pytest.mark.skipif(bool(missing("nginx")), reason=missing("nginx"))

GUIDE = ROOT / "docs" / "deployment.md"
PATIENCE = 30.0  # seconds; a test that works needs a fraction of it

APP = """
import os
from aiohttp import web

async def who(request):
    text = f"{os.getpid()} {request.headers['X-Forwarded-Proto']}"
    return web.Response(text=text)

async def count(request):
    return web.Response(text=str(len(await request.read())))

async def make_app():
    app = web.Application(client_max_size=2**24)
    app.add_routes([web.get("/", who), web.put("/upload", count)])
    return app
"""


def adapted(text: str, changes: dict[str, str]) -> str:
    """Put the test's places where the guide's are; each of them has to be there."""
    for old, new in changes.items():
        assert old in text, f"the guide has no {old!r}"
        text = text.replace(old, new)
    return text


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Site:
    """nginx, seen by a client that trusts it, and gunicorn behind it."""

    port: int
    trust: ssl.SSLContext
    process: subprocess.Popen[bytes]
    # What gunicorn says.
    log: Path

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=PATIENCE, context=self.trust
        )

    def ask(self, method: str = "GET", path: str = "/", body: bytes | None = None) -> str:
        """Ask once, on a connection of its own; return the text of a good answer."""
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body)
            response = connection.getresponse()
            text = response.read().decode()
            assert response.status == 200, text
            return text

    def until(self, wanted: str, times: int = 1) -> list[str]:
        """Wait until gunicorn has said something, so many times; return the matches."""
        return said(self.process, self.log, wanted, times)


def said(process: subprocess.Popen[bytes], log: Path, wanted: str, times: int) -> list[str]:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        found = re.findall(wanted, log.read_text("utf-8"))
        if len(found) >= times:
            return found
        time.sleep(0.01)
    raise AssertionError(f"gunicorn did not say {wanted!r}:\n{log.read_text('utf-8')}")


@contextlib.contextmanager
def gunicorn(folder: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run gunicorn by the guide's ``gunicorn.conf.py``."""
    settings = adapted(
        block(GUIDE, "python", "# gunicorn.conf.py"), {"unix:/run/hello/": f"unix:{folder}/"}
    )
    settings = adapted(settings, {"workers = 4": "workers = 2", "umask = 0o007": "umask = 0"})
    (folder / "gunicorn.conf.py").write_text(settings, "utf-8")
    (folder / "hello.py").write_text(APP, "utf-8")
    command = [sys.executable, "-m", "gunicorn", "--worker-tmp-dir", str(folder)]
    environ = {**os.environ, "PYTHONWARNINGS": "default,ignore:This process:DeprecationWarning"}
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, stdout=file, stderr=subprocess.STDOUT, env=environ
        )
    try:
        said(process, log, "Booting worker", 2)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "certificate.pem"))
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    plain, secure = unused_ports(2)
    places = {
        # All of gunicorn's workers share one socket.
        "    server unix:/run/hello/2.sock fail_timeout=0;\n": "",
        "unix:/run/hello/": f"unix:{tmp_path}/",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
        "/etc/ssl/hello/": f"{tmp_path}/",
    }
    configuration = adapted(block(GUIDE, "nginx", "upstream hello"), places)
    log = tmp_path / "gunicorn.log"
    with gunicorn(tmp_path, log) as process, nginx(tmp_path, configuration, secure):
        yield Site(secure, trust, process, log)
    assert process.returncode == 0
    assert "Traceback" not in log.read_text("utf-8")
    assert "Warning" not in log.read_text("utf-8")


def test_requests(site: Site) -> None:
    worker, scheme = site.ask().split()
    assert scheme == "https"
    assert worker in site.until(r"Booting worker with pid: (\d+)", 2)
    assert site.ask("PUT", "/upload", bytes(2**22)) == str(2**22)
    site.until(r'"GET / HTTP/1\.1" 200')


def test_a_reload_loses_no_request(site: Site) -> None:
    """Requests go on while all workers are replaced, and none fails."""
    failed: list[BaseException] = []
    workers: set[str] = set()
    enough = threading.Event()

    def ask_on() -> None:
        try:
            while not enough.is_set():
                with contextlib.closing(site.connect()) as connection:
                    for _ in range(10):
                        connection.request("GET", "/")
                        response = connection.getresponse()
                        text = response.read().decode()
                        assert response.status == 200, text
                        workers.add(text.split()[0])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        site.process.send_signal(signal.SIGHUP)
        site.until("Booting worker", 4)
        site.until("Worker exiting", 2)
        new = set(site.until(r"Booting worker with pid: (\d+)", 4)[2:])
        end = time.monotonic() + PATIENCE
        while not workers & new and not failed and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        enough.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert workers & new
