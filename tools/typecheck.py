"""mypy, strict, over the sources, then over each folder of tests.

    python -m tools.typecheck [arguments of mypy]

Several runs, because test modules of two distributions may have the same name, and mypy knows a
module by its name alone.  The source roots come first on its path: nothing need be installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.tree import ROOT, shown, source_roots


def groups(root: Path = ROOT) -> Iterator[list[Path]]:
    """Yield what is checked in one run each."""
    yield [*source_roots(root), root / "tools"]
    for pattern in ("packages/*/tests", "docs/tests", "docs/examples/*"):
        for folder in sorted(root.glob(pattern)):
            if any(folder.rglob("*.py")):
                yield [folder]


def main() -> int:
    examples = sorted((ROOT / "docs" / "examples").glob("*/"))
    roots = [*source_roots(), ROOT / "docs" / "tests", *examples]
    environ = {**os.environ, "MYPYPATH": os.pathsep.join(map(str, roots))}
    failed = 0
    for group in groups():
        names = [shown(folder) for folder in group]
        print(f"{' '.join(names)}: ", end="", flush=True)
        command = [sys.executable, "-m", "mypy", *sys.argv[1:], *names]
        failed |= subprocess.run(command, cwd=ROOT, env=environ).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
