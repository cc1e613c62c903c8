"""One release, and every place where another one may have been left behind."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from tools.tree import DISTRIBUTIONS
from tools.versions import MARKERS, findings, sibling_pin, wheel_findings


def test_a_tree_in_lockstep_is_silent(family: Path) -> None:
    assert not list(findings(family))


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("../VERSION", "1.2.3", "1.2", "no release like"),
        ("aiohttp-web/pyproject.toml", '"1.2.3"', '"1.2.2"', "version is 1.2.2"),
        ("aiohttp-web/pyproject.toml", "http==1.2.3", "http==1.2.2", "aiohttp-http==1.2.3"),
        ("aiohttp-web/pyproject.toml", "http==1.2.3", "http>=1.2.3", "should be pinned"),
        ("aiohttp/pyproject.toml", "[fast]==1.2.3", "[fast]==1.2.2", "should be pinned"),
        ("aiohttp-web/src/aiohttp/_web/__init__.py", "1.2.3", "1.2.2", "__version__ is 1.2.2"),
        ("aiohttp-web/src/aiohttp/_web/__init__.py", "__version__", "version", "no line"),
        ("aiohttp-web/LICENSE", "please", "must", "the licence differs"),
    ],
)  # fmt: skip
def test_a_place_left_behind_is_named(
    family: Path, path: str, old: str, new: str, expected: str
) -> None:
    file = family / "packages" / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))

    sentences = [finding.sentence for finding in findings(family)]

    assert any(expected in sentence for sentence in sentences), sentences


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("aiohttp-http==3.15.0", ("aiohttp-http", "3.15.0")),
        ("aiohttp-http[speedups]==3.15.0", ("aiohttp-http", "3.15.0")),
        ("aiohttp-http[speedups] (==3.15.0) ; extra == 'x'", ("aiohttp-http", "3.15.0")),
        ("aiohttp-http>=3.15.0", ("aiohttp-http", "")),
        ("chardet", ("chardet", "")),
    ],
)
def test_a_pin_is_read_in_every_spelling(requirement: str, expected: tuple[str, str]) -> None:
    assert sibling_pin(requirement) == expected


def make_wheels(
    folder: Path, metadata: str = "1.2.3", source: str = '__version__ = "1.2.3"\n', **requires: str
) -> None:
    for distribution in DISTRIBUTIONS:
        name = distribution.replace("-", "_")
        with zipfile.ZipFile(folder / f"{name}-1.2.3-py3-none-any.whl", "w") as wheel:
            line = requires.get(name, "chardet (>=5.0)")
            text = f"Version: {metadata}\nRequires-Dist: {line}\n"
            wheel.writestr(f"{name}-1.2.3.dist-info/METADATA", text)
            if marker := MARKERS.get(distribution):
                wheel.writestr(f"aiohttp/{marker}", source)


def test_wheels_in_lockstep_are_silent(family: Path, tmp_path: Path) -> None:
    make_wheels(tmp_path, aiohttp_web="aiohttp-http (==1.2.3)")
    assert not list(wheel_findings(tmp_path, family))


def test_a_wheel_with_another_pin_is_named(family: Path, tmp_path: Path) -> None:
    make_wheels(tmp_path, aiohttp_web="aiohttp-http (==1.2.2)")
    (finding,) = wheel_findings(tmp_path, family)
    assert "==1.2.3" in finding.sentence


def test_wheels_whose_metadata_tell_another_release_are_named(family: Path, tmp_path: Path) -> None:
    make_wheels(tmp_path, metadata="1.2.2")
    found = [finding.sentence for finding in wheel_findings(tmp_path, family)]
    assert found == ["it says 'Version: 1.2.2' instead of 1.2.3"] * len(DISTRIBUTIONS)


@pytest.mark.parametrize(
    ("source", "said"), [('__version__ = "1.2.2"\n', "1.2.2"), ("", "nothing")]
)
def test_wheels_that_say_another_release_at_run_time_are_named(
    family: Path, tmp_path: Path, source: str, said: str
) -> None:
    make_wheels(tmp_path, source=source)
    found = [finding.sentence for finding in wheel_findings(tmp_path, family)]
    assert len(found) == len(MARKERS)
    assert f"__version__ in aiohttp/_web/__init__.py is {said} instead of 1.2.3" in found


def test_a_missing_wheel_is_named(family: Path, tmp_path: Path) -> None:
    make_wheels(tmp_path)
    next(tmp_path.glob("aiohttp_web-*.whl")).unlink()
    (finding,) = wheel_findings(tmp_path, family)
    assert "aiohttp-web 1.2.3; got none" in finding.sentence
