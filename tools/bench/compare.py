"""Runs the benchmarks on two interpreters in turn and prints a table of ratios.

    python -m tools.bench.compare OURS THEIRS [--rival NAME=PYTHON]... [--rounds N] [--seconds S]
                                  [--only WORD] [--all]

OURS and THEIRS are interpreters whose environments hold this tree's wheels and aiohttp 3.14.  Each
row is measured on one right after the other, in changing order, so that a busy machine spoils both
alike; a ratio is of two neighbours.  A row that ends in the name of another library compares with
that one; where it is not installed, the row says so and the rest is measured.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.bench.measuring import CORES, Bench, Missing, Row
from tools.bench.rows import rows

# --- The table ------------------------------------------------------------------------------------


@dataclass
class Line:
    """What a line of the table shows of several rounds."""

    name: str
    unit: str
    bar: str
    ours: list[float]
    theirs: list[float]

    @property
    def ratios(self) -> list[float]:
        return [mine / other for mine, other in zip(self.ours, self.theirs, strict=True)]

    @property
    def passes(self) -> str:
        """Say whether the median ratio reaches the bar; nothing where there is no bar."""
        if not self.bar:
            return ""
        ratio, limit = statistics.median(self.ratios), float(self.bar[1:])
        return "yes" if (ratio >= limit if self.bar[0] == ">" else ratio <= limit) else "NO"

    def __str__(self) -> str:
        mine, other = statistics.median(self.ours), statistics.median(self.theirs)
        low, middle, high = min(self.ratios), statistics.median(self.ratios), max(self.ratios)
        return (
            f"{self.name:44} {self.unit:15} {other:12,.1f} {mine:12,.1f}"
            f" {low:7.2f} {middle:7.2f} {high:7.2f}  {self.bar:6} {self.passes}"
        )


HEADINGS = (
    f"{'':44} {'':15} {'aiohttp 3.14':>12} {'this tree':>12} {'ratio: ':>8}{'':15}  must\n"
    f"{'':44} {'unit':15} {'median':>12} {'median':>12} {'min':>7} {'median':>7} {'max':>7}"
)


def compare(row: Row, ours: Path, theirs: Path, bench: Bench, rounds: int) -> list[Line]:
    """Measure a row in turn, theirs first and ours first by turns."""
    lines = {key: Line(row.name, *column, [], []) for key, column in row.columns.items()}
    pair = (ours, row.measure), (theirs, row.rival or row.measure)
    for number in range(rounds):
        first, second = reversed(pair) if number % 2 else pair
        measures = [measure(python, bench) for python, measure in (first, second)]
        mine, other = reversed(measures) if number % 2 else measures
        for key, line in lines.items():
            line.ours.append(mine[key])
            line.theirs.append(other[key])
    return list(lines.values())


def main() -> int:
    options = arguments()
    if shutil.which("wrk") is None:
        sys.exit("the load comes from wrk, which is not installed; on Debian: apt-get install wrk")
    # What was started is in sessions of its own, and has to be ended by us.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    bench = Bench(options.seconds, options.ours, dict(options.rival))
    print(HEADINGS, flush=True)
    failed = 0
    for row in rows():
        if not wanted(row, options.only, options.all):
            continue
        try:
            for line in compare(row, options.ours, options.theirs, bench, options.rounds):
                print(line, flush=True)
        except Missing as missing:
            print(f"{row.name:44} left out: {missing}", flush=True)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            failed += 1
            print(f"{row.name:44} could not be measured: {error}", flush=True)
    print(f"\n{machine()}")
    return 1 if failed else 0


def wanted(row: Row, word: str, everything: bool) -> bool:
    """Say whether a row is measured: one that is a detail has to be asked for."""
    return word in row.name if word else everything or not row.detail


def machine() -> str:
    """Return what a reader of the figures has to know about where they come from."""
    load = (
        f"; load of the last minute {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    )
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {platform.machine()}, {len(CORES)} cores{load}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="ours and theirs in turn: a table of ratios")
    parser.add_argument("ours", type=Path, help="interpreter with the wheels of this tree")
    parser.add_argument("theirs", type=Path, help="interpreter with aiohttp 3.14")
    parser.add_argument("--rounds", type=int, default=3, help="how often each row (default: 3)")
    parser.add_argument("--seconds", type=float, default=1, help="load of a row (default: 1)")
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose name has this word")
    parser.add_argument("--all", action="store_true", help="rows of detail, too")
    parser.add_argument(
        "--rival",
        type=named_interpreter,
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="interpreter with another server",
    )
    return parser.parse_args()


def named_interpreter(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if not path:
        raise argparse.ArgumentTypeError(f"expected NAME=PYTHON; got {text!r}")
    return name, Path(path)


if __name__ == "__main__":
    sys.exit(main())
