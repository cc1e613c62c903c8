"""Are deprecations marked for type checkers (PEP 702), in the words of what is declared?

A checker reads ``@marked("…")`` in the sources, and no text but a literal one; so this reads the
sources as well, and imports nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.finding import Finding
from tools.tree import ROOT, modules


@dataclass(frozen=True)
class Declaration:
    """A call of ``declare``; what is not literal in it is None."""

    path: Path
    line: int
    subject: str | None
    instead: str | None
    is_unmarked: bool  # it says why checkers cannot be told

    @property
    def mark(self) -> str:
        return f"{self.subject}: use {self.instead}"

    @property
    def is_literal(self) -> bool:
        return self.subject is not None and self.instead is not None


@dataclass(frozen=True)
class Mark:
    """A call of ``marked``; the text is None where it is not literal."""

    path: Path
    line: int
    text: str | None


def mark_findings(root: Path = ROOT) -> Iterator[Finding]:
    """Find deprecations that checkers are not told of, and marks that tell something else."""
    declarations, marks = read_marks(root)
    told = {mark.text for mark in marks}
    for declared in declarations:
        if sentence := _judge(declared, told):
            yield Finding(declared.path, declared.line, sentence)
    known = {declared.mark for declared in declarations if declared.is_literal}
    for mark in marks:
        if mark.text not in known:
            yield Finding(mark.path, mark.line, _MISTAKEN if mark.text else _NOT_LITERAL)


_MISTAKEN = (
    "the mark says what no declaration says: a mark repeats its declaration, letter for letter; "
    'write @marked("<subject>: use <instead>")'
)
_NOT_LITERAL = (
    "the mark has no literal text: type checkers read no other (PEP 702); write the text itself"
)


def _judge(declared: Declaration, told: set[str | None]) -> str | None:
    """Return what is wrong with a declaration, None if nothing is."""
    if declared.is_unmarked:
        return _CONTRADICTION.format(declared) if declared.mark in told else None
    if not declared.is_literal:
        return _UNREADABLE
    return None if declared.mark in told else _UNMARKED.format(declared)


_UNMARKED = (
    "{0.subject} is deprecated, and type checkers are not told: what is deprecated is marked; put "
    '@marked("{0.mark}") on it (on an overload, for an argument), or, if nothing can be marked, '
    'say why: declare(…, unmarked="…")'
)
_CONTRADICTION = (
    "{0.subject} is said to be unmarked, and is marked: what is marked needs no excuse; remove "
    "unmarked= from its declaration"
)
_UNREADABLE = (
    "a deprecation whose subject is put together cannot be found among the marks: what is "
    'deprecated is marked; declare it literally, or say why not: declare(…, unmarked="…")'
)


def read_marks(root: Path = ROOT) -> tuple[list[Declaration], list[Mark]]:
    """Return what the sources of a tree declare and mark."""
    declarations, marks = [], []
    for module in modules(root):
        tree = ast.parse(module.path.read_text("utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            if ast.unparse(node.func).rpartition(".")[2] == "declare":
                declarations.append(_declaration(module.path, node))
            elif isinstance(node.func, ast.Name) and node.func.id == "marked":
                text = _literal(node.args[0]) if node.args else None
                marks.append(Mark(module.path, node.lineno, text))
    return declarations, marks


def _declaration(path: Path, call: ast.Call) -> Declaration:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    subject = call.args[0] if call.args else given.get("subject")
    is_unmarked = _literal(given.get("unmarked")) not in (None, "")
    return Declaration(
        path, call.lineno, _literal(subject), _literal(given.get("instead")), is_unmarked
    )


def _literal(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None
