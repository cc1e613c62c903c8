"""Which modules a source file imports: at the top, inside functions, or for annotations alone.

Reads syntax trees.  What an import means, and whether it is allowed, others decide.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """``import target``, or ``from target import name``."""

    target: str  # dotted and absolute
    name: str | None
    line: int
    annotation_only: bool  # below ``if TYPE_CHECKING:``


def imports_of(source: str, module: str, *, is_package: bool) -> Iterator[Import]:
    """Yield the imports of Python source in the order of its text; lazy ones are no different."""
    package = module if is_package else module.rpartition(".")[0]
    yield from _walk(ast.parse(source), package, annotation_only=False)


def _walk(node: ast.AST, package: str, *, annotation_only: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, None, node.lineno, annotation_only)
    elif isinstance(node, ast.ImportFrom):
        origin = absolute(node.module or "", node.level, package)
        for alias in node.names:
            yield Import(origin, alias.name, node.lineno, annotation_only)
    elif isinstance(node, ast.Call) and (target := _imported_by_call(node, package)):
        yield Import(target, None, node.lineno, annotation_only)
    if isinstance(node, ast.If) and _is_type_checking(node.test):
        for inner in node.body:
            yield from _walk(inner, package, annotation_only=True)
        for other in node.orelse:
            yield from _walk(other, package, annotation_only=annotation_only)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _walk(child, package, annotation_only=annotation_only)


def absolute(target: str, level: int, package: str) -> str:
    """Return the absolute name of a relative import: as many dots as ``level``, less one, go up."""
    if not level:
        return target
    base = package.split(".")[: len(package.split(".")) - level + 1]
    return ".".join([*base, *([target] if target else [])])


def _imported_by_call(node: ast.Call, package: str) -> str | None:
    """Return the module that ``import_module("literal")`` or ``__import__("literal")`` names."""
    called = ast.unparse(node.func).rpartition(".")[2]
    if called not in ("import_module", "__import__") or not node.args:
        return None
    first = node.args[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    dots = len(first.value) - len(first.value.lstrip("."))
    return absolute(first.value.lstrip("."), dots, package)


def _is_type_checking(test: ast.expr) -> bool:
    if isinstance(test, ast.Attribute):
        return test.attr == "TYPE_CHECKING"
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


_CYTHON_IMPORT = re.compile(r"^\s*(?:from\s+(\.*[\w.]*)\s+c?import\s+(\w+)|c?import\s+([\w.]+))")


def imports_of_cython(path: Path, package: str) -> Iterator[Import]:
    """Yield the imports of a Cython source, as far as one line shows one."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if found := _CYTHON_IMPORT.match(line):
            target = found[1] or found[3]
            dots = len(target) - len(target.lstrip("."))
            yield Import(absolute(target.lstrip("."), dots, package), found[2], number, False)
