"""What every row is made of: the row itself, programs on cores, and load from wrk.

The program that is measured has one core, its peer another.  Knows nothing of ratios, nor of what
the rows are.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

# The programs: all but the last three run on either aiohttp.
SUBJECT = HERE / "subject.py"
SERVER = HERE / "server.py"
WIRE = HERE / "wire.py"
PEER = HERE / "peer.py"
RIVALS = HERE / "rivals.py"
WIRE_RIVALS = HERE / "wire_rivals.py"

NOTHING_SET: Mapping[str, str] = {}
# What makes either side run without its compiled modules.
PURE: Mapping[str, str] = {"AIOHTTP_NO_EXTENSIONS": "1"}

LOOPS = ("asyncio", "uvloop")

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


class Missing(Exception):
    """A row cannot be measured here, because something that it compares with is not installed."""


@dataclass(frozen=True)
class Bench:
    """What a measure needs to know: how long, and with what at the other end."""

    seconds: float
    peer_python: Path
    # Interpreters by the name of the library that is in their environment and not in the peer's.
    rivals: Mapping[str, Path] = field(default_factory=dict)

    def rival(self, library: str) -> Path:
        if library not in self.rivals:
            raise Missing(f"{library} is not installed")
        return self.rivals[library]


Measure = Callable[[Path, Bench], dict[str, float]]


@dataclass(frozen=True)
class Row:
    """One line of the table, or several that one run measures."""

    name: str
    measure: Measure
    # Key of what was measured -> (unit, bar).  A bar ">2" is for what should be high, "<0.6" for
    # what should be low; it is what the ratio ours/theirs must reach.
    columns: Mapping[str, tuple[str, str]]
    # Measures another library in place of the predecessor; its name stands in the row's.
    rival: Measure | None = None
    # Only measured when it, or everything, is asked for: a default run has to end soon.
    detail: bool = False


# --- Processes ------------------------------------------------------------------------------------


def start(
    python: Path,
    program: Path,
    *arguments: object,
    core: int,
    environment: Mapping[str, str] = NOTHING_SET,
) -> subprocess.Popen[str]:
    """Start a program on one core; it tells JSON lines."""
    module = f"tools.bench.{program.stem}"
    command = on_core(core, str(python), "-m", module, *map(str, arguments))
    variables = {**os.environ, **environment}
    # A session of its own, so that it can be ended together with what it has started.
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=variables,
        start_new_session=True,
    )


def on_core(core: int, *command: str) -> list[str]:
    """Return the command that runs another on one core, where that can be asked for."""
    if len(CORES) > 1 and shutil.which("taskset"):
        return ["taskset", "-c", str(CORES[core % len(CORES)]), *command]
    return list(command)


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
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def measured(python: Path, *arguments: object) -> dict[str, float]:
    """Run the subject to its end and return what it tells."""
    with running(python, SUBJECT, *arguments, core=0) as (_, measures):
        return dict(measures)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, its threads, and the processes it started, in seconds."""
    total = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        # The kernel's documentation, "Scheduler Statistics": nanoseconds on a core come first.
        total += int((task / "schedstat").read_text().split()[0]) / 1e9
        for child in (task / "children").read_text().split():
            total += cpu_seconds(int(child))
    return total


# --- Load -----------------------------------------------------------------------------------------


def wrk(
    url: str, seconds: float, *arguments: str, connections: int = 32, script: Path | None = None
) -> tuple[int, float]:
    """Load a server from another core; return requests in all, and a second.

    ``arguments`` are those of the script.
    """
    command = on_core(1, "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s")
    if script is not None:
        command += ["-s", str(script)]
    command += [url, "--", *arguments]
    return load_told(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def load_told(out: str) -> tuple[int, float]:
    """Read requests in all, and a second, from what wrk prints; refuse errors among them."""
    if bad := re.search(r"Non-2xx.*|Socket errors: .*", out):
        raise RuntimeError(f"not every request was answered: {bad[0]}")
    count = re.search(r"(\d+) requests in", out)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", out)
    if count is None or rate is None:
        raise RuntimeError(f"wrk told something else than expected: {out}")
    return int(count[1]), float(rate[1])
