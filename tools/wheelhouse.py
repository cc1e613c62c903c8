"""Builds the wheels of all distributions, each out of its own sdist, and keeps them in ``dist/``.

Tests install what users install, so they begin here.  Builds are kept for as long as the sources
stay the same, for each interpreter and with or without extensions.  The standard library is enough.
"""

from __future__ import annotations

import email
import enum
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from tools.tree import DISTRIBUTIONS, ROOT, folder, shown

# An interpreter and its build: wheels for "cpython-313" and "cpython-313t" are two kinds.
INTERPRETER = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"

# What is made from the sources, or beside them, and changes no wheel.
_PRODUCTS = frozenset({".c", ".html", ".pyc", ".pyd", ".so"})


class Variant(enum.Enum):
    """How the extensions are built; the value is the end of a folder's name."""

    COMPILED = ""
    PURE = "-pure"
    SANITIZED = "-asan"

    @property
    def environ(self) -> dict[str, str]:
        """What a build of this kind, and a run of it, has in its environment."""
        return _ENVIRON[self]


_SANITIZE = "-fsanitize=address -fno-omit-frame-pointer -g -O1"

_ENVIRON = {
    Variant.COMPILED: {},
    Variant.PURE: {"AIOHTTP_NO_EXTENSIONS": "1"},
    Variant.SANITIZED: {"AIOHTTP_EXTENSION_CFLAGS": _SANITIZE},
}


@dataclass(frozen=True)
class Wheelhouse:
    """A folder with one wheel and one sdist of each distribution."""

    path: Path

    @property
    def wheels(self) -> list[Path]:
        return [self.wheel(name) for name in DISTRIBUTIONS]

    def wheel(self, distribution: str) -> Path:
        return self._only(f"{distribution.replace('-', '_')}-*.whl")

    def sdist(self, distribution: str) -> Path:
        return self._only(f"{distribution.replace('-', '_')}-*.tar.gz")

    def _only(self, pattern: str) -> Path:
        found = sorted(self.path.glob(pattern))
        if len(found) != 1:
            raise FileNotFoundError(
                f"{shown(self.path)} should hold one file {pattern}, and holds {len(found)}"
            )
        return found[0]

    def closure(self, names: Iterable[str]) -> list[Path]:
        """Return the wheels of ``names`` and of what they require of ours, by their metadata.

        Files, not names and releases: an index may know a distribution of the same name.
        """
        wanted: dict[str, Path] = {}
        todo = list(names)
        while todo:
            name, _, extras = todo.pop().partition("[")
            if name not in wanted or extras:
                wanted[name] = self.wheel(name)
                todo += siblings(wanted[name], set(extras.rstrip("]").split(",")))
        return [wanted[name] for name in DISTRIBUTIONS if name in wanted]


def siblings(wheel: Path, extras: Set[str] = frozenset()) -> Iterator[str]:
    """Yield which of our distributions a wheel requires, with the given extras."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    for requirement in metadata.get_all("Requires-Dist", []):
        required, _, marker = requirement.partition(";")
        extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", marker)
        sibling = re.split(r"[ (=<>!~]", required.strip())[0]
        if sibling.partition("[")[0] in DISTRIBUTIONS and (not extra or extra[1] in extras):
            yield sibling


def fingerprint() -> str:
    """Return a digest of everything that goes into the wheels."""
    seed = hashlib.sha256()
    for distribution in DISTRIBUTIONS:
        base = folder(distribution)
        for path in sorted(base.rglob("*")):
            built = path.relative_to(base).parts[0] in ("build", "dist")
            if path.is_file() and path.suffix not in _PRODUCTS and not built:
                seed.update(f"{path.relative_to(ROOT)}\0".encode())
                seed.update(path.read_bytes())
    return seed.hexdigest()


def build(python: Path, variant: Variant = Variant.COMPILED) -> Wheelhouse:
    """Build all distributions with ``python``, unless they are built already.

    ``python`` must have the dependency group "build"; its version is that of this program.
    """
    house = Wheelhouse(ROOT / "dist" / f"{INTERPRETER}{variant.value}")
    stamp = house.path / "built-from"
    wanted = fingerprint()
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return house
    shutil.rmtree(house.path, ignore_errors=True)
    for distribution in DISTRIBUTIONS:
        build_one(python, distribution, house.path, variant)
    stamp.write_text(wanted, "utf-8")
    return house


def build_one(python: Path, distribution: str, target: Path, variant: Variant) -> None:
    """Build one sdist and out of it one wheel; print the log and leave if that fails."""
    print(f"building {distribution} for {INTERPRETER}{variant.value}", file=sys.stderr)
    command = [str(python), "-m", "build", "--no-isolation", "--outdir", str(target)]
    environ = {k: v for k, v in os.environ.items() if k != "AIOHTTP_NO_EXTENSIONS"}
    done = subprocess.run(
        [*command, str(folder(distribution))],
        env={**environ, **variant.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in done.stdout.splitlines():
        if done.returncode or "warning" in line.lower():
            print(f"  {line}", file=sys.stderr)
    if done.returncode:
        sys.exit(f"building {distribution} failed")


def files(house: Wheelhouse, names: Sequence[str]) -> list[str]:
    """Return what to give to pip for ``names``, extras allowed, and all of ours that they require.

    By their files, which pip then takes for whatever requires them: an index has no say.
    """
    extras = {name: f"[{rest}" for name, _, rest in (n.partition("[") for n in names) if rest}
    return [f"{wheel}{extras.get(_distribution(wheel), '')}" for wheel in house.closure(names)]


def install(house: Wheelhouse, names: Sequence[str]) -> None:
    """Install ``names`` and what they require into the running environment."""
    command = [sys.executable, "-m", "pip", "install", "--quiet"]
    wanted = files(house, names)
    subprocess.run([*command, "--force-reinstall", "--no-deps", *wanted], check=True)
    # And once more for what they require of others, which need not be installed anew.
    subprocess.run([*command, *wanted], check=True)


def _distribution(wheel: Path) -> str:
    return wheel.name.partition("-")[0].replace("_", "-")
