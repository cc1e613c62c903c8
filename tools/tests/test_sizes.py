"""What counts as a line of code."""

from __future__ import annotations

from pathlib import Path

from tools.sizes import sizes_of

SOURCE = '''\
"""Docstring."""

# comment
class A:
    """Docstring
    of two lines."""

    def f(self) -> str:
        # comment

        return """text
of three
lines"""
'''


def test_comments_blank_lines_and_docstrings_are_free(tmp_path: Path) -> None:
    path = tmp_path / "sample.py"
    path.write_text(SOURCE)

    found = {(size.kind, size.name): size.lines for size in sizes_of(path)}

    assert found == {("module", "sample"): 5, ("class", "A"): 5, ("function", "A.f"): 4}
