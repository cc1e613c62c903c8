"""A bump leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

from tools.bump import bump
from tools.tree import project, release
from tools.versions import findings


def test_everything_follows(family: Path) -> None:
    bump("1.3.0", family)

    assert release(family) == "1.3.0"
    assert not list(findings(family))


def test_the_requirements_of_others_stay(family: Path) -> None:
    bump("5.0", family)

    assert "chardet>=5.0" in project("aiohttp-client", family)["project"]["dependencies"]


def test_a_tree_that_disagrees_is_made_to_agree(family: Path) -> None:
    bump("2.0.0", family)
    (family / "VERSION").write_text("1.9.0\n")
    bump("2.0.1", family)
    assert not list(findings(family))
