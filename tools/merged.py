"""One tree of links, ``merged/aiohttp/``, to the modules of all distributions.

    python -m tools.merged

For what cannot look into several folders for one package: editors, pyright, Sphinx.  The tree is
ignored by git; it is made anew each time.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tools.tree import ROOT, shown, source_roots

_LEFT_OUT = frozenset({"__pycache__"})


def merge(root: Path = ROOT) -> Path:
    """Make the tree; a file that two distributions ship is an error."""
    merged = root / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    for base in source_roots(root):
        for path in sorted(base.rglob("*")):
            if path.is_dir() or _LEFT_OUT.intersection(path.parts):
                continue
            link = merged / path.relative_to(base)
            link.parent.mkdir(parents=True, exist_ok=True)
            if link.is_symlink():
                raise FileExistsError(
                    f"{shown(path, root)} is shipped by another distribution as well: "
                    f"{shown(link.resolve(), root)}"
                )
            link.symlink_to(os.path.relpath(path, link.parent))
    return merged


def main() -> int:
    print(shown(merge()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
