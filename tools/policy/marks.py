"""Are deprecations marked for type checkers (PEP 702), in the words of what is declared?

A checker reads ``@marked("…")`` in the sources, and no text but a literal one; so this reads the
sources as well, and imports nothing.  What is marked is what a deprecation is about: the things
that go when it ends.
"""

from __future__ import annotations

import ast
import re
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
    thing: str = ""  # what it is on: "Till", "Till.open", "sell(to)"; "": nothing that can go


def things(root: Path = ROOT) -> dict[str, list[str]]:
    """Return what goes when a deprecation ends: the text of its mark -> things."""
    found: dict[str, list[str]] = {}
    for mark in read_marks(root)[1]:
        if mark.text and mark.thing:
            found.setdefault(mark.text, []).append(mark.thing)
    return {text: sorted(set(those)) for text, those in found.items()}


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
    declarations: list[Declaration] = []
    marks: list[Mark] = []
    for module in modules(root):
        tree = ast.parse(module.path.read_text("utf-8"))
        marks += _marks(module.path, tree, "")
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node) == "declare":
                declarations.append(_declaration(module.path, node))
    return declarations, marks


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _marks(path: Path, node: ast.AST, owner: str) -> Iterator[Mark]:
    """Yield the marks below a node; ``owner`` is the class around it, with a dot."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _marks(path, child, owner)
            continue
        decorators = [ast.unparse(decorator) for decorator in child.decorator_list]
        for call in child.decorator_list:
            if isinstance(call, ast.Call) and _called(call) == "marked":
                text = _literal(call.args[0]) if call.args else None
                thing = _thing(f"{owner}{child.name}", decorators, text or "")
                yield Mark(path, call.lineno, text, thing)
        if isinstance(child, ast.ClassDef):
            yield from _marks(path, child, f"{child.name}.")


def _thing(name: str, decorators: list[str], text: str) -> str:
    """Return what goes with a mark: of an overload an argument, of a setter nothing."""
    if "overload" in decorators:
        # Of what is deprecated for some values alone nothing goes.
        argument = re.match(r"(\w+) argument\b", text)
        return f"{name}({argument[1]})" if argument else ""
    return "" if any(one.endswith(".setter") for one in decorators) else name


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
