"""Runs a program in the folder of each distribution.

python -m tools.each_project poetry check
"""

from __future__ import annotations

import subprocess
import sys

from tools.tree import DISTRIBUTIONS, folder


def main() -> int:
    failed = 0
    for distribution in DISTRIBUTIONS:
        print(f"{distribution}: ", end="", flush=True)
        command = [sys.executable, "-m", *sys.argv[1:]]
        failed |= subprocess.run(command, cwd=folder(distribution)).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
