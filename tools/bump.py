"""Writes another release into ``VERSION`` and wherever it is repeated.

    python -m tools.bump 3.15.1

``tools.versions`` says where that is; a bump is done when it finds nothing.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.finding import report
from tools.tree import DISTRIBUTIONS, ROOT, folder, release, source_root
from tools.versions import MARKERS, findings


def bump(new: str, root: Path = ROOT) -> None:
    """Write ``new`` in place of whatever release is there, the same everywhere or not."""
    (root / "VERSION").write_text(f"{new}\n", "utf-8")
    siblings = "|".join(DISTRIBUTIONS)
    for distribution in DISTRIBUTIONS:
        path = folder(distribution, root) / "pyproject.toml"
        _rewrite(path, r'^(version = ")[^"]*(")', new)
        _rewrite(path, rf"""(["'](?:{siblings})(?:\[[\w,-]+\])?\s*==\s*)[^"'\s;]+(["'\s;])""", new)
    for distribution, marker in MARKERS.items():
        path = source_root(distribution, root) / "aiohttp" / marker
        _rewrite(path, r'^(__version__ = ")[^"]*(")', new)


def _rewrite(path: Path, pattern: str, new: str) -> None:
    text = path.read_text("utf-8")
    path.write_text(re.sub(pattern, rf"\g<1>{new}\g<2>", text, flags=re.MULTILINE), "utf-8")


def main() -> int:
    if len(sys.argv) != 2 or not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", sys.argv[1]):
        sys.exit("which release? python -m tools.bump 3.15.1")
    old = release()
    bump(sys.argv[1])
    print(f"{old} -> {release()}")
    return report(findings(), "versions")


if __name__ == "__main__":
    sys.exit(main())
