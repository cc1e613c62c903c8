"""One release everywhere: ``VERSION``, each ``pyproject.toml``, each pin, each ``__version__``.

    python -m tools.versions                    check the sources
    python -m tools.versions dist/cpython-311   check the wheels in a folder, too

Also: every distribution carries the licence, and builds against the same range of poetry-core.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.finding import Finding, report
from tools.tree import DISTRIBUTIONS, ROOT, folder, project, release, source_root

# Distribution -> the file below ``aiohttp/`` that says ``__version__`` at run time.
MARKERS = {
    "aiohttp-http": "__init__.py",
    "aiohttp-client": "_client/__init__.py",
    "aiohttp-web": "_web/__init__.py",
    "aiohttp-testing": "_testing/__init__.py",
    "aiohttp-gunicorn": "_gunicorn/__init__.py",
}

_ASSIGNMENT = re.compile(r'^__version__(?::\s*\w+)?\s*=\s*"([^"]*)"', re.MULTILINE)
_RELEASE = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")


def findings(root: Path = ROOT) -> Iterator[Finding]:
    wanted = release(root)
    if not _RELEASE.fullmatch(wanted):
        yield Finding(root / "VERSION", 1, f"{wanted!r} is no release like 3.15.0 or 3.15.0rc1")
    for distribution in DISTRIBUTIONS:
        yield from _project_findings(distribution, wanted, root)
        if distribution in MARKERS:
            yield from _marker_findings(distribution, wanted, root)
        yield from _licence_findings(distribution, root)


def _project_findings(distribution: str, wanted: str, root: Path) -> Iterator[Finding]:
    path = folder(distribution, root) / "pyproject.toml"
    described = project(distribution, root)["project"]
    if described["version"] != wanted:
        yield Finding(path, 1, f"version is {described['version']}, and VERSION says {wanted}")
    for requirement in requirements_of(described):
        name, pinned = sibling_pin(requirement)
        if name in DISTRIBUTIONS and pinned != wanted:
            yield Finding(path, 1, f"{requirement!r} should be pinned: {name}=={wanted}")


def requirements_of(described: dict[str, Any]) -> Iterator[str]:
    """Yield all requirements of a ``[project]`` table, those of its extras too."""
    yield from described.get("dependencies", [])
    for extra in described.get("optional-dependencies", {}).values():
        yield from extra


def sibling_pin(requirement: str) -> tuple[str, str]:
    """Split ``"name[extra]==1.2.3"`` into ``("name", "1.2.3")``; no ``==``, no release."""
    name = re.split(r"[\s\[=<>!~;(]", requirement, maxsplit=1)[0]
    pinned = re.fullmatch(r"[\w-]+(?:\[[\w,-]+\])?\s*\(?==\s*([^\s;)]+)\)?\s*(?:;.*)?", requirement)
    return name, pinned[1] if pinned else ""


def _marker_findings(distribution: str, wanted: str, root: Path) -> Iterator[Finding]:
    path = source_root(distribution, root) / "aiohttp" / MARKERS[distribution]
    found = _ASSIGNMENT.search(path.read_text("utf-8")) if path.is_file() else None
    if found is None:
        yield Finding(path, 1, f'there is no line __version__ = "{wanted}"')
    elif found[1] != wanted:
        yield Finding(path, 1, f"__version__ is {found[1]}, and VERSION says {wanted}")


def _licence_findings(distribution: str, root: Path) -> Iterator[Finding]:
    path = folder(distribution, root) / "LICENSE"
    if not path.is_file() or path.read_bytes() != (root / "LICENSE").read_bytes():
        yield Finding(path, 1, "the licence differs from the LICENSE at the top: copy that one")


def wheel_findings(wheels: Path, root: Path = ROOT) -> Iterator[Finding]:
    """Find wheels that are missing, of another release, or that pin another one."""
    wanted = release(root)
    for distribution in DISTRIBUTIONS:
        prefix = distribution.replace("-", "_")
        found = sorted(wheels.glob(f"{prefix}-*.whl"))
        if [wheel.name.split("-")[1] for wheel in found] != [wanted]:
            names = ", ".join(wheel.name for wheel in found) or "none"
            yield Finding(wheels, 1, f"expected a wheel of {distribution} {wanted}; got {names}")
        for wheel in found:
            yield from _inside_findings(wheel, MARKERS.get(distribution), wanted)


def _inside_findings(wheel: Path, marker: str | None, wanted: str) -> Iterator[Finding]:
    """Find what a wheel says of another release: in its metadata, and at run time."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
        path = f"aiohttp/{marker}"
        source = archive.read(path).decode() if path in archive.namelist() else ""
    for line in metadata.splitlines():
        sibling, pinned = sibling_pin(line.removeprefix("Requires-Dist: ").replace(" (", "("))
        if line.startswith("Requires-Dist: ") and sibling in DISTRIBUTIONS and pinned != wanted:
            yield Finding(wheel, 1, f"it says {line!r} instead of =={wanted}")
        if line.startswith("Version: ") and line != f"Version: {wanted}":
            yield Finding(wheel, 1, f"it says {line!r} instead of {wanted}")
    said = _ASSIGNMENT.search(source)
    if marker and (said is None or said[1] != wanted):
        got = said[1] if said else "nothing"
        yield Finding(wheel, 1, f"__version__ in {path} is {got} instead of {wanted}")


def main() -> int:
    found = [*findings()]
    for argument in sys.argv[1:]:
        found += wheel_findings(Path(argument))
    return report(found, "versions")


if __name__ == "__main__":
    sys.exit(main())
