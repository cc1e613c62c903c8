"""Fragments of the changelog: their form, and changes that have none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.changelog import (
    FAMILY,
    KINDS,
    SECTIONS,
    differing,
    entries,
    form_findings,
    git,
    missing_findings,
    release_size,
    size_findings,
)
from tools.tree import ROOT

NEWS = """\
# Changes

## 3.16.0 (2027-01-01)

### All distributions

#### Packaging

- Divided everything.

### aiohttp-web

#### Deprecations

- Deprecated `Till.open()`.

#### Bug fixes

- Fixed `Till.close()`.

## 3.15.0 (2026-12-01)

### aiohttp-client

#### Features

- Added a client.
"""


def write(root: Path, name: str, text: str = "Fixed everything.") -> None:
    (root / "VERSION").write_text("3.16.0\n")
    path = root / "CHANGES" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("name", ["all.feature.md", "web/1234.bugfix.md", "http/a-b.doc.2.md"])
def test_a_good_fragment_is_silent(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    assert not list(form_findings(tmp_path))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("all.md", "Fixed it.", "the name is not"),
        ("all.misc.md", "Fixed it.", "the name is not"),
        ("all.bugfix.rst", "Fixed it.", "the name is not"),
        ("server/all.bugfix.md", "Fixed it.", "no such section"),
        ("all.bugfix.md", "fixed it", "whole sentences"),
        ("all.bugfix.md", "", "whole sentences"),
    ],
)
def test_a_bad_fragment_is_named(tmp_path: Path, name: str, text: str, expected: str) -> None:
    write(tmp_path, name, text)
    (finding,) = form_findings(tmp_path)
    assert expected in finding.sentence


CHANGED = ["packages/aiohttp-web/src/aiohttp/web.py", "packages/aiohttp-web/README.md", "Makefile"]


def test_a_change_without_a_fragment_is_named(tmp_path: Path) -> None:
    write(tmp_path, "client/all.bugfix.md")
    (finding,) = missing_findings(CHANGED, tmp_path)
    assert "aiohttp-web is changed" in finding.sentence
    assert "CHANGES/web/" in finding.sentence


def test_a_fragment_about_the_family_does_not_excuse_each_member(tmp_path: Path) -> None:
    write(tmp_path, "all.bugfix.md")
    assert list(missing_findings(CHANGED, tmp_path))


@pytest.mark.parametrize("name", ["web/all.bugfix.md", "web/all.contrib.md"])
def test_a_change_with_a_fragment_is_silent(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    assert not list(missing_findings(CHANGED, tmp_path))


def test_entries_of_this_release_count_as_the_fragments_that_they_were(tmp_path: Path) -> None:
    write(tmp_path, "client/all.bugfix.md", "Fixed it.")
    (tmp_path / "CHANGES.md").write_text(NEWS)
    assert [(entry.section, entry.kind, entry.text.split()[-1]) for entry in entries(tmp_path)] == [
        ("client", "bugfix", "it."),
        ("", "packaging", "everything."),
        ("web", "deprecation", "`Till.open()`."),
        ("web", "bugfix", "`Till.close()`."),
    ]
    assert not list(missing_findings(CHANGED, tmp_path))
    (finding,) = size_findings("3.16.0", tmp_path)
    assert finding.path == tmp_path / "CHANGES.md"
    assert "a bugfix release holds no deprecation" in finding.sentence


def test_entries_of_another_release_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "VERSION").write_text("3.17.0\n")
    (tmp_path / "CHANGES.md").write_text(NEWS)
    assert not list(entries(tmp_path))
    assert list(missing_findings(CHANGED, tmp_path))


def test_the_headings_are_those_that_towncrier_writes() -> None:
    configuration = (ROOT / "pyproject.toml").read_text("utf-8")
    towncrier = configuration.partition("[tool.towncrier]")[2]
    for heading in (FAMILY, *SECTIONS.values(), *KINDS.values()):
        assert f'name = "{heading}"\n' in towncrier


def test_what_is_no_source_needs_no_fragment(tmp_path: Path) -> None:
    (tmp_path / "VERSION").write_text("3.16.0\n")
    assert not list(missing_findings(CHANGED[1:], tmp_path))


@pytest.mark.parametrize(
    ("previous", "new", "size"),
    [("3.15.0", "3.15.1", "bugfix"), ("3.15.2", "3.16.0", "minor"), ("3.16.0", "4.0.0", "major")],
)
def test_the_size_of_a_release(previous: str, new: str, size: str) -> None:
    assert release_size(previous, new) == size


@pytest.mark.parametrize(
    ("kind", "new", "allowed"),
    [
        ("feature", "3.15.1", False),
        ("deprecation", "3.15.1", False),
        ("breaking", "3.16.0", False),
        ("feature", "3.16.0", True),
        ("breaking", "4.0.0", True),
        ("security", "3.15.1", True),
        ("bugfix", "3.15.1", True),
    ],
)
def test_a_release_holds_what_its_size_allows(
    tmp_path: Path, kind: str, new: str, allowed: bool
) -> None:
    write(tmp_path, f"all.{kind}.md")
    (tmp_path / "VERSION").write_text(f"{new}\n")
    assert (not list(size_findings("3.15.0", tmp_path))) is allowed


def test_another_release_in_a_source_is_no_change(tmp_path: Path) -> None:
    marker, source = tmp_path / "marker.py", tmp_path / "source.py"
    for path in (marker, source):
        path.write_text('"""Something."""\n\n__version__ = "3.15.0"\n')
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "first")):
        assert git(*command, root=tmp_path) is not None
    marker.write_text('"""Something."""\n\n__version__ = "3.15.1"\n')
    source.write_text('"""Another thing."""\n\n__version__ = "3.15.1"\n')
    assert differing("HEAD", tmp_path) == ["source.py"]
