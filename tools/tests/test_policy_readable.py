"""Trees that cannot be imported are told of in sentences."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tools.finding import Finding
from tools.policy.readable import import_findings
from tools.tree import Module

Find = Callable[..., list[Finding]]


@pytest.fixture
def findings_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Find]:
    """Return a function that imports a package ``stall`` with these modules."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "stall"
    folder.mkdir()

    def find(**sources: str) -> list[Finding]:
        (folder / "__init__.py").write_text("")
        modules = []
        for name, source in sources.items():
            path = folder / f"{name}.py"
            path.write_text(source)
            modules.append(Module(f"stall.{name}", path, "aiohttp-web"))
        return list(import_findings(modules))

    yield find
    for name in [name for name in sys.modules if name.partition(".")[0] == "stall"]:
        del sys.modules[name]


def test_a_tree_that_can_be_imported_is_let_pass(findings_of: Find) -> None:
    assert findings_of(till="import json\n", box="from stall import till\n") == []


def test_what_cannot_be_parsed_is_named_once_with_its_line(findings_of: Find) -> None:
    (found,) = findings_of(box="from stall import till\n", till="import json\ndef open(:\n")
    assert (found.path.name, found.line) == ("till.py", 2)
    assert found.sentence.startswith("it cannot be parsed (invalid syntax")
    assert "repair it" in found.sentence


def test_a_missing_requirement_is_named_with_where_to_require_it(findings_of: Find) -> None:
    (found,) = findings_of(till="import json\nimport no_such_thing\n")
    assert (found.path.name, found.line) == ("till.py", 2)
    assert "it imports no_such_thing, which is not installed" in found.sentence
    assert "packages/aiohttp-web/pyproject.toml" in found.sentence


def test_a_missing_module_of_ours_is_no_requirement(findings_of: Find) -> None:
    (found,) = findings_of(till="import stall.box\n")
    assert "ModuleNotFoundError (No module named 'stall.box')" in found.sentence


def test_any_other_failure_is_named_with_its_line(findings_of: Find) -> None:
    (found,) = findings_of(till="def open():\n    1 / 0\nopen()\n", box="import stall.till\n")
    assert (found.path.name, found.line) == ("till.py", 2)
    assert "importing it ends with ZeroDivisionError (division by zero)" in found.sentence


def test_a_module_that_leaves_is_named(findings_of: Find) -> None:
    (found,) = findings_of(till="raise SystemExit(3)\n")
    assert "importing it ends with SystemExit (3)" in found.sentence
