"""What a checker found: a place and a sentence, printed so that editors can jump to it.

Knows nothing of what is checked.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.tree import ROOT, shown


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: where, what, and which rule says so."""

    path: Path
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.sentence}"


def report(findings: Iterable[Finding], subject: str) -> int:
    """Print the findings in order of place, then a count; return the exit status."""
    found = sorted(set(findings))
    for finding in found:
        print(finding)
    print(
        f"{subject}: {len(found) or 'no'} finding{'' if len(found) == 1 else 's'}", file=sys.stderr
    )
    return 1 if found else 0


def in_file(path: Path, sentence: str, line: int = 1) -> Finding:
    return Finding(path if path.is_absolute() else ROOT / path, line, sentence)
