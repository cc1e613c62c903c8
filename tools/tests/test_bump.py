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
