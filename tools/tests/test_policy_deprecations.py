"""Deprecations that nobody is warned of, and the page that shows them."""

from __future__ import annotations

from pathlib import Path

from tools.policy.deprecations import TABLE, silent_findings, table, table_findings

ONE = {
    "subject": "Till.open()",
    "since": "3.9",
    "removed_in": "4.0",
    "instead": "unlock()",
    "why": "",
    "unmarked": "",
}
TWO = {**ONE, "subject": "a|b", "since": "3.15", "why": "it is slow"}


def write(root: Path, source: str) -> None:
    (root / "packages/aiohttp-client/src/aiohttp/client.py").write_text(source)


def test_a_deprecation_that_warns_is_silent_here(family: Path) -> None:
    write(family, "_OLD = declare('old', since='1.0')\ndef f():\n    _OLD.warn()\n")
    assert not list(silent_findings(family))


def test_a_deprecation_that_never_warns_is_named(family: Path) -> None:
    write(family, "_OLD = declare('old', since='1.0')\n")
    (finding,) = silent_findings(family)
    assert finding.sentence == "_OLD is declared and never warns: call _OLD.warn()"


def test_the_table_is_newest_first_and_escaped() -> None:
    rows = table([ONE, TWO]).partition("\n\n##")[0].splitlines()[-2:]
    assert rows == [
        r"| a\|b (it is slow) | 3.15 | 4.0 | unlock() |",
        "| Till.open() | 3.9 | 4.0 | unlock() |",
    ]


def test_what_no_checker_can_be_told_has_a_table_of_its_own() -> None:
    excused = {**ONE, "unmarked": "it is told apart by its value"}
    _, _, rest = table([excused, TWO]).partition("## What type checkers cannot be told")
    assert rest.splitlines()[-1] == "| Till.open() | it is told apart by its value |"
    assert "unlock" not in rest


def test_a_table_that_is_not_what_the_code_declares_is_named(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / TABLE).write_text(table([ONE]))
    assert not list(table_findings([ONE], tmp_path))
    (finding,) = table_findings([ONE, TWO], tmp_path)
    assert finding.sentence.endswith("run: make deprecations")
