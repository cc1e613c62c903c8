"""The names that ``import aiohttp`` gives: one list, told in four places that have to agree.

    python -m tools.exports

The table of homes, its twin for type checkers, ``__all__``, and what the home modules define.  All
of it is read from syntax trees, so that it is told even of a tree that cannot be imported.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.finding import Finding, report
from tools.imports import absolute
from tools.tree import ROOT, Module, modules

# Modules that are public names of ``aiohttp`` themselves.
PUBLIC_MODULES = frozenset({"hdrs"})


@dataclass
class Table:
    """What ``aiohttp/__init__.py`` says."""

    path: Path
    homes: Mapping[str, str]  # public name -> module below aiohttp
    borrowed: Mapping[str, str]  # public name -> module of another project
    doors: Mapping[str, str]  # public module -> distribution
    twin: dict[str, str] = field(default_factory=dict)  # public name -> module, for type checkers
    exported: tuple[str, ...] = ()  # __all__ for type checkers

    @property
    def names(self) -> set[str]:
        return {*self.homes, *self.borrowed, *PUBLIC_MODULES}


def read_table(path: Path) -> Table:
    """Return the tables of an ``__init__.py``, which are literals."""
    tree = ast.parse(path.read_text("utf-8"))
    literals: dict[str, Any] = {}
    table = Table(path, {}, {}, {})
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            literals.setdefault(node.targets[0].id, node.value)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            table.twin = dict(_twin(node))
    table.homes = ast.literal_eval(literals["_HOMES"])
    table.borrowed = ast.literal_eval(literals["_BORROWED"])
    table.doors = ast.literal_eval(literals["_DOORS"])
    table.exported = tuple(ast.literal_eval(literals["__all__"]))
    return table


def _twin(block: ast.If) -> Iterator[tuple[str, str]]:
    for node in block.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, absolute(node.module or "", node.level, "aiohttp")


def findings(root: Path = ROOT) -> Iterator[Finding]:
    known = {module.name: module for module in modules(root)}
    table = read_table(known["aiohttp"].path)
    sentences = [
        *_lists_differ(table),
        *_twin_differs(table),
        *_homes_lack(table, known),
        *_doors_differ(table, known),
    ]
    for sentence in sentences:
        yield Finding(table.path, 1, sentence)
    for module in known.values():
        for name in _promised(module) - bound_names(module.path):
            yield Finding(module.path, 1, f"__all__ names {name}, which is not there")


def _lists_differ(table: Table) -> Iterator[str]:
    for place, names in (("the typed twin", set(table.twin)), ("__all__", set(table.exported))):
        for name in sorted(table.names - names):
            yield f"{name} is in the table and not in {place}"
        for name in sorted(names - table.names):
            yield f"{name} is in {place} and not in the table"
    if len(table.exported) != len(set(table.exported)):
        yield "__all__ names something twice"


def _twin_differs(table: Table) -> Iterator[str]:
    for name, home in sorted(table.homes.items()):
        told = table.twin.get(name, f"aiohttp.{home}")
        if told != f"aiohttp.{home}":
            yield f"{name} is of aiohttp.{home} in the table and of {told} in the typed twin"


def _homes_lack(table: Table, known: Mapping[str, Module]) -> Iterator[str]:
    for name, home in sorted(table.homes.items()):
        module = known.get(f"aiohttp.{home}")
        if module is None:
            yield f"{name} should be in aiohttp.{home}: there is no such module"
        elif name not in defined_names(module):
            yield f"{name} should be in aiohttp.{home}, which does not define it"


def _doors_differ(table: Table, known: Mapping[str, Module]) -> Iterator[str]:
    there = {
        module.parts[0]: module.distribution
        for module in known.values()
        if len(module.parts) == 1 and not module.parts[0].startswith("_")
    }
    for name in sorted(there.keys() | table.doors.keys()):
        told, true = table.doors.get(name), there.get(name)
        if told != true:
            yield f"the table of doors says {name} is of {told}, and it is of {true}"


def bound_names(path: Path) -> set[str]:
    """Return the names that a module binds at its top level, imports included."""
    return {name for name, _ in _bindings(ast.parse(path.read_text("utf-8")).body)}


def defined_names(module: Module) -> set[str]:
    """Return what a module defines, has from a room, or passes on from another project.

    What a door does may be kept in a room; a type of another project is shown by ``__all__``.
    """
    names = set()
    shown = _all_of(module)
    package = module.name if module.is_package else module.name.rpartition(".")[0]
    for name, node in _bindings(ast.parse(module.path.read_text("utf-8")).body):
        if isinstance(node, ast.ImportFrom):
            origin = absolute(node.module or "", node.level, package)
            inner = module.is_package and origin.startswith(f"{module.name}.")
            foreign = origin.partition(".")[0] != "aiohttp" and name in shown
            if inner or foreign or origin.startswith("aiohttp._"):
                names.add(name)
        elif not isinstance(node, ast.Import):
            names.add(name)
    return names


def _all_of(module: Module) -> set[str]:
    """Return the ``__all__`` of a module, as far as it is a literal."""
    for node in ast.parse(module.path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def _bindings(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Yield names with the statements that bind them, also those under ``if`` and ``try``."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield (alias.asname or alias.name).partition(".")[0], node
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.For)):
            for block in ("body", "orelse", "finalbody"):
                yield from _bindings(getattr(node, block, []))
            for handler in getattr(node, "handlers", []):
                yield from _bindings(handler.body)
        else:
            for target in ast.walk(node):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    yield target.id, node


def _promised(module: Module) -> set[str]:
    """Return the ``__all__`` of a module, as far as it is a literal or a sum of literals."""
    if module.name == "aiohttp":
        return set()
    names: set[str] = set()
    for node in ast.parse(module.path.read_text("utf-8")).body:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
                names |= {
                    part.value
                    for part in ast.walk(node.value)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                }
    return names


def main() -> int:
    return report(findings(), "exports")


if __name__ == "__main__":
    sys.exit(main())
