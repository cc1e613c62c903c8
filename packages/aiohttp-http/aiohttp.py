"""Read only where the package ``aiohttp`` has lost its files: says so, and how to get them back.

Python takes a package before a module of the same name, so this is what ``import aiohttp`` finds
when ``aiohttp/__init__.py`` is not there any more.  pip and Poetry leave it like that when they put
this release over an aiohttp before 3.15: they write the files of the new distributions first, and
then remove those of the old one, which have the same names.  It knows no module of aiohttp, and the
standard library has to be enough.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, distributions
from pathlib import Path

HERE = Path(__file__).resolve().parent

INCOMPLETE = """\
aiohttp is installed incompletely: of {names}, {count} files are missing, like {example}.
That is so after an aiohttp older than 3.15 was removed from under it.  Repair:

    {python} -m pip install --force-reinstall --no-deps {requirements}

or make the environment anew."""


def lost(distribution: Distribution) -> list[str]:
    """Return which modules of a distribution are not there any more."""
    # Not Distribution.files: since Python 3.12 those that are missing are missing there, too.
    record = csv.reader((distribution.read_text("RECORD") or "").splitlines())
    modules = [row[0] for row in record if row and row[0].endswith(".py")]
    return [name for name in modules if not Path(str(distribution.locate_file(name))).is_file()]


def explain() -> str:
    """Return what is wrong, and what to do."""
    found = {d.metadata["Name"]: d for d in distributions(path=[str(HERE)])}
    ours = {name: found[name] for name in sorted(found) if name.startswith("aiohttp-")}
    missing = {name: gone for name, d in ours.items() if (gone := lost(d))}
    pairs = [(name, ours[name].version) for name in missing]
    examples = sorted(file for gone in missing.values() for file in gone)
    return INCOMPLETE.format(
        names=", ".join(f"{name} {version}" for name, version in pairs),
        count=len(examples),
        example=examples[0] if examples else "aiohttp/__init__.py",
        python=sys.executable,
        requirements=" ".join(f"{name}=={version}" for name, version in pairs),
    )


# A package further on the path is the one that was meant: this file lies in the way of it when
# Python runs in the folder of the sources.
spec = PathFinder.find_spec(
    "aiohttp", [entry for entry in sys.path if Path(entry).resolve() != HERE]
)
if spec is None or spec.loader is None:
    raise ImportError(explain(), name="aiohttp")
sys.modules[__name__] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules[__name__])
