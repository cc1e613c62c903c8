"""What an environment is made of, and which tests a command names."""

from __future__ import annotations

from tools.environments import GROUPS, dependency_groups, pytest_command, variant_of
from tools.tree import ROOT
from tools.wheelhouse import Variant


def test_each_environment_is_made_of_groups_that_there_are() -> None:
    text = dependency_groups()
    named = {name for names in GROUPS.values() for name in names}
    assert all(f"\n{name} = [" in f"\n{text}" for name in named)
    assert "[tool." not in text


def test_without_paths_all_tests_are_run() -> None:
    command = pytest_command("-k", "cookie")
    assert command[-1] == str(ROOT / "tools" / "tests")
    assert command[command.index("-k") + 1] == "cookie"


def test_paths_are_meant_from_the_top_of_the_repository() -> None:
    name = "tools/tests/test_environments.py::test_x"
    assert pytest_command("-q", name)[-2:] == ["-q", str(ROOT / name)]


def test_pure_is_taken_from_the_arguments() -> None:
    assert variant_of(["-q", "--pure"]) == (Variant.PURE, ["-q"])
    assert variant_of(["-q"]) == (Variant.COMPILED, ["-q"])
