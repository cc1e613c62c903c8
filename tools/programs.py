"""Programs of others that tests talk to: nginx and tinyproxy, each for the time of a test.

Both run in the foreground, in a folder of the test, on 127.0.0.1 only.  A program counts as ready
when a connection to its port is accepted.  Knows how to start and stop them; what they are told to
do is the tests' business.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

# Seconds that a program may take to start, or to stop; it needs a fraction of one.
PATIENCE = 20.0

# Debian keeps servers where a user's PATH does not look.
SEARCH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))

# Around the part of a configuration that a test is about.  As root, nginx would give up the rights
# to the test's folder.
NGINX = """\
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; text/plain txt; application/json json; text/css css; }}
    default_type application/octet-stream;
{http}
}}
"""


def missing(program: str) -> str:
    """Return why a test with this program has to be skipped; "" if it is there."""
    if shutil.which(program, path=SEARCH):
        return ""
    return f"{program} is not installed: apt-get install {program}"


def unused_ports(number: int) -> list[int]:
    """Return free ports, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def nginx(folder: Path, http: str, port: int) -> Iterator[Path]:
    """Run nginx.

    Args:
        folder: an existing one, for all that it writes.
        http: what belongs into the block ``http { }``.
        port: one that ``http`` listens on.

    Yields the file of its error log.
    """
    user = "user root;" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(user=user, folder=folder, http=http), "utf-8")
    log = folder / "error.log"
    options = ["-p", str(folder), "-c", str(configuration), "-e", str(log), "-g", "daemon off;"]
    with _running(["nginx", *options], port, log):
        yield log


@contextlib.contextmanager
def tinyproxy(folder: Path, *settings: str) -> Iterator[int]:
    """Run tinyproxy with further lines of configuration; yields its port."""
    (port,) = unused_ports(1)
    log = folder / "tinyproxy.log"
    lines = [f"Port {port}", "Listen 127.0.0.1", "Timeout 60", f'LogFile "{log}"', "LogLevel Info"]
    configuration = folder / "tinyproxy.conf"
    configuration.write_text("\n".join([*lines, *settings, ""]), "utf-8")
    with _running(["tinyproxy", "-d", "-c", str(configuration)], port, log):
        yield port


@contextlib.contextmanager
def _running(command: Sequence[str], port: int, log: Path) -> Iterator[None]:
    program = shutil.which(command[0], path=SEARCH) or command[0]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([program, *command[1:]], stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        _until_ready(process, port, log)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    said = log.read_text("utf-8") if log.exists() else "nothing"
    raise RuntimeError(f"{process.args!r} did not start on port {port}; it said: {said}")
