"""Where things are in this repository: its distributions, their sources, their release.

Everything here is read from files.  Nothing of ``aiohttp`` is imported, nothing is installed, and
nothing is written.  The standard library is enough, so that a bare Python can run it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

# In the order in which they build on each other: what comes later requires what is before.
DISTRIBUTIONS = (
    "aiohttp-http",
    "aiohttp-client",
    "aiohttp-web",
    "aiohttp-testing",
    "aiohttp-gunicorn",
    "aiohttp",
)


@dataclass(frozen=True)
class Module:
    """A Python source file of a distribution."""

    name: str  # dotted: "aiohttp._h1.parser"; a package goes by its own name, without "__init__"
    path: Path
    distribution: str

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def parts(self) -> tuple[str, ...]:
        """The name below ``aiohttp``: ``("_h1", "parser")``; empty for ``aiohttp`` itself."""
        return tuple(self.name.split(".")[1:])


def release(root: Path = ROOT) -> str:
    """Return the release that ``VERSION`` names."""
    return (root / "VERSION").read_text("utf-8").strip()


def folder(distribution: str, root: Path = ROOT) -> Path:
    return root / "packages" / distribution


def source_root(distribution: str, root: Path = ROOT) -> Path:
    """Return the folder that holds the ``aiohttp`` folder of a distribution."""
    return folder(distribution, root) / "src"


def source_roots(root: Path = ROOT) -> list[Path]:
    """Return the source roots that exist; the umbrella has none."""
    return [path for name in DISTRIBUTIONS if (path := source_root(name, root)).is_dir()]


def modules(root: Path = ROOT) -> Iterator[Module]:
    """Yield every module of every distribution, in a stable order."""
    for distribution in DISTRIBUTIONS:
        base = source_root(distribution, root)
        for path in sorted(base.rglob("*.py")):
            yield Module(module_name(path, base), path, distribution)


def module_name(path: Path, base: Path) -> str:
    parts = path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def project(distribution: str, root: Path = ROOT) -> dict[str, Any]:
    """Return the ``pyproject.toml`` of a distribution."""
    # Imported here: a bare Python 3.10 has no such module, and can do all the rest.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads((folder(distribution, root) / "pyproject.toml").read_text("utf-8"))


def requirements(root: Path = ROOT) -> list[str]:
    """Return what the distributions require of others, without extras and without each other."""
    declared = {
        requirement
        for distribution in DISTRIBUTIONS
        for requirement in project(distribution, root)["project"]["dependencies"]
    }
    return sorted(r for r in declared if r.partition("==")[0] not in DISTRIBUTIONS)


def shown(path: Path, root: Path = ROOT) -> str:
    """Return ``path`` as a reader at the top of the repository writes it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
