"""Are the fragments of the changelog well formed, and does every change have one?

    python -m tools.changelog check

A change is what differs in ``packages/*/src`` from the last release: from the tag ``v*`` before
this commit, or from the commit that CHANGELOG_BASE names.  What towncrier makes of the fragments
is towncrier's business; here is what it does not mind.

While a release is prepared its fragments are in ``CHANGES.md`` already: entries there, under the
present release, count as the fragments that they were.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.finding import Finding, report
from tools.tree import DISTRIBUTIONS, ROOT, release

# Kind -> its heading in CHANGES.md, as towncrier's configuration in pyproject.toml has it.
KINDS = {
    "breaking": "Breaking changes",
    "security": "Breaking changes for the sake of security",
    "deprecation": "Deprecations",
    "feature": "Features",
    "bugfix": "Bug fixes",
    "packaging": "Packaging",
    "doc": "Documentation",
    "contrib": "For contributors",
}

# What a release of each size may not contain: see docs/stability.md.
FORBIDDEN = {
    "bugfix": frozenset({"breaking", "feature", "deprecation"}),
    "minor": frozenset({"breaking"}),
    "major": frozenset[str](),
}

# Folder below CHANGES/ -> distribution; fragments beside these folders are about all of them.
SECTIONS = {name.removeprefix("aiohttp-"): name for name in DISTRIBUTIONS if name != "aiohttp"}

FAMILY = "All distributions"  # the heading of entries about all of them

_NAME = re.compile(r"(?P<topic>[a-z0-9][a-z0-9-]*)\.(?P<kind>[a-z]+)(\.\d+)?\.md")


@dataclass(frozen=True)
class Entry:
    """What is told about the present release: in a fragment, or in ``CHANGES.md`` already."""

    path: Path
    section: str | None  # as of section_of()
    kind: str | None  # as of kind_of()
    text: str


def entries(root: Path = ROOT) -> Iterator[Entry]:
    """Yield all that is told about the present release."""
    for path in fragments(root):
        yield Entry(path, section_of(path, root), kind_of(path), path.read_text("utf-8"))
    yield from _collected(root)


def _collected(root: Path) -> Iterator[Entry]:
    """Yield what ``CHANGES.md`` tells about the present release, one entry a heading."""
    path = root / "CHANGES.md"
    told = path.read_text("utf-8") if path.is_file() else ""
    # "## release", "### section" and "#### kind", as towncrier and its template write them.
    for news in re.split(r"^## ", told, flags=re.MULTILINE)[1:]:
        if news.split(maxsplit=1)[0] != release(root):
            continue
        for part in re.split(r"^### ", news, flags=re.MULTILINE)[1:]:
            section = _known(part, {"": FAMILY, **SECTIONS})
            for text in re.split(r"^#### ", part, flags=re.MULTILINE)[1:]:
                yield Entry(path, section, _known(text, KINDS), text)


def _known(text: str, headings: Mapping[str, str]) -> str | None:
    """Return the key of the heading that a text begins with."""
    heading = text.partition("\n")[0].strip()
    return next((key for key, known in headings.items() if known == heading), None)


def fragments(root: Path = ROOT) -> list[Path]:
    folder = root / "CHANGES"
    found = [p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")]
    return sorted(path for path in found if path != folder / "README.md")


def kind_of(fragment: Path) -> str | None:
    """Return the kind of a fragment, or None where its name is not of the right form."""
    match = _NAME.fullmatch(fragment.name)
    return match["kind"] if match and match["kind"] in KINDS else None


def section_of(fragment: Path, root: Path = ROOT) -> str | None:
    """Return the folder of a fragment, "" for the family; None where there is no such section."""
    section = fragment.parent.relative_to(root / "CHANGES").as_posix().removeprefix(".")
    return section if not section or section in SECTIONS else None


def form_findings(root: Path = ROOT) -> Iterator[Finding]:
    """Find fragments with a wrong name, in a wrong folder, or that are no sentence."""
    for path in fragments(root):
        if kind_of(path) is None:
            yield Finding(
                path, 1, f"the name is not <topic>.<kind>.md with a kind of {', '.join(KINDS)}"
            )
        if section_of(path, root) is None:
            yield Finding(path, 1, f"there is no such section; expected {', '.join(SECTIONS)}")
        text = path.read_text("utf-8").strip()
        if not text or text[-1] not in ".!`)" or not (text[0].isupper() or text[0] == "`"):
            yield Finding(path, 1, "a fragment is made of whole sentences, for users")


def size_findings(previous: str, root: Path = ROOT) -> Iterator[Finding]:
    """Find entries of a kind that a release of this size may not contain."""
    size = release_size(previous, release(root))
    for entry in entries(root):
        if entry.kind in FORBIDDEN[size]:
            sentence = f"a {size} release holds no {entry.kind}: {previous} -> {release(root)}"
            yield Finding(entry.path, 1, sentence)


def release_size(previous: str, new: str) -> str:
    """Return "bugfix", "minor" or "major" for the step from one release to another."""
    old_parts, new_parts = (version.split(".")[:2] for version in (previous, new))
    if old_parts[0] != new_parts[0]:
        return "major"
    return "minor" if old_parts != new_parts else "bugfix"


def missing_findings(changed: Iterable[str], root: Path = ROOT) -> Iterator[Finding]:
    """Find distributions among whose changed files are sources, and that no entry is about."""
    told = {entry.section for entry in entries(root)}
    sources: dict[str, str] = {}
    for name in sorted(changed):
        if match := re.match(r"packages/([\w-]+)/src/", name):
            sources.setdefault(match[1], name)
    for distribution, example in sources.items():
        section = distribution.removeprefix("aiohttp-")
        if section not in told:
            yield Finding(
                root / example,
                1,
                f"{distribution} is changed since the last release, and no fragment says how: "
                f"write CHANGES/{section}/<topic>.<kind>.md (contrib, if no user can notice)",
            )


def git(*arguments: str, root: Path = ROOT) -> str | None:
    """Return what git says, None where it fails or there is none."""
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def changed_files() -> tuple[str, list[str]]:
    """Return the last release ("" if there is none) and the files that differ from it."""
    tag = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*") or ""
    base = os.environ.get("CHANGELOG_BASE") or tag
    # Before the first release everything is a change.
    if not base:
        return "", (git("ls-files") or "").splitlines()
    return tag.removeprefix("v"), differing(base)


def differing(base: str, root: Path = ROOT) -> list[str]:
    """Return the files that differ from a commit by more than the release, written everywhere.

    Otherwise every release would need a fragment for every distribution.
    """
    options = ("--no-renames", "--numstat", "--ignore-matching-lines=^__version__ = ")
    lines = git("diff", *options, base, root=root) or ""
    return [line.split("\t", 2)[2] for line in lines.splitlines()]


def main() -> int:
    if sys.argv[1:] != ["check"]:
        sys.exit("what to do? python -m tools.changelog check")
    previous, changed = changed_files()
    found = [*form_findings(), *missing_findings(changed)]
    if previous and previous != release():
        found += size_findings(previous)
    draft = ["-m", "towncrier", "build", "--draft", "--version", release()]
    done = subprocess.run(
        [sys.executable, *draft],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        found.append(Finding(ROOT / "pyproject.toml", 1, f"towncrier: {done.stdout.strip()}"))
    return report(found, "changelog")


if __name__ == "__main__":
    sys.exit(main())
