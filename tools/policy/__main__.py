"""The policy of versions, checked.

    python -m tools.policy check            this tree against the last recorded release
    python -m tools.policy record           keep the interface of this tree, at its release
    python -m tools.policy deprecations     write docs/deprecations.md

Runs where the sources can be imported, without the compiled extensions: those have no signatures.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.changelog import entries
from tools.finding import Finding, report
from tools.merged import merge
from tools.policy.deprecations import (
    TABLE,
    Declared,
    declared,
    silent_findings,
    table,
    table_findings,
)
from tools.policy.marks import mark_findings
from tools.policy.readable import import_findings
from tools.policy.rules import Fragment, judge
from tools.policy.surface import Surface, take
from tools.tree import ROOT, modules, release

RECORDS = ROOT / "tools" / "api"


def order(version: str) -> tuple[int, ...]:
    """Return what releases are ordered by; 3.16.0rc1 is in the place of 3.16.0."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def last_record(before: str, folder: Path = RECORDS) -> tuple[Path, Surface]:
    """Return the interface of the latest recorded release before one.

    A release like 3.16.0rc1 promises nothing: its record is passed over.
    """
    records = ((path, Surface.load(path)) for path in folder.glob("*.json"))
    final = ((p, s) for p, s in records if re.fullmatch(r"[\d.]+", s.release))
    earlier = [(p, s) for p, s in final if order(s.release) < order(before)]
    if not earlier:
        raise FileNotFoundError(f"no interface of a release before {before} is in tools/api/")
    return max(earlier, key=lambda found: order(found[1].release))


def present() -> Surface:
    # griffe looks for the modules of a package in one folder.
    surface = take("aiohttp", release(), [merge()])
    surface.deprecations = [_public(one, surface) for one in declared()]
    return surface


def _public(declared: Declared, surface: Surface) -> Declared:
    """Tell the things of a deprecation by the public classes that have them."""
    things = []
    for thing in declared["things"]:
        owner, dot, member = thing.partition(".")
        things += [f"{heir}{dot}{member}" for heir in surface.heirs.get(owner, [owner])]
    return {**declared, "things": things}


def unreadable() -> list[Finding]:
    """Return what keeps the interface of this tree from being read."""
    if importlib.util.find_spec("griffe") is None:
        told = "griffe, which reads interfaces, is not installed here: run make policy"
        return [Finding(ROOT / "pyproject.toml", 1, told)]
    # Of all trees that this interpreter may know, this one.
    sys.path.insert(0, str(merge()))
    return list(import_findings(modules()))


def waivers(path: Path, version: str) -> list[str]:
    """Return the patterns that are waived for one release: lines "release pattern: reason"."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    told = (line.partition(":")[0].split() for line in lines if not line.startswith("#"))
    return [words[1] for words in told if len(words) == 2 and words[0] == version]


def findings() -> Iterator[Finding]:
    try:
        path, old = last_record(release())
    except FileNotFoundError as error:
        yield Finding(RECORDS, 1, f"{error}: record the interface of that release there")
        return
    new = present()
    told = [Fragment(entry.kind or "", entry.text) for entry in entries()]
    for sentence in judge(old, new, told, waivers(RECORDS / "waived.txt", new.release)):
        yield Finding(path, 1, sentence)
    yield from silent_findings()
    yield from mark_findings()
    yield from table_findings(new.deprecations)


def record() -> None:
    surface = present()
    path = RECORDS / f"aiohttp-{surface.release}.json"
    path.write_text(surface.dump(), "utf-8")
    print(f"recorded {len(surface.entries)} things of aiohttp {surface.release}")


def main() -> int:
    os.environ["AIOHTTP_NO_EXTENSIONS"] = "1"
    command = sys.argv[1:]
    if command not in (["check"], ["record"], ["deprecations"]):
        sys.exit(__doc__)
    if broken := unreadable():
        return report(broken, "policy")
    if command == ["check"]:
        return report(findings(), "policy")
    if command == ["record"]:
        record()
    else:
        (ROOT / TABLE).write_text(table(declared()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
