"""What the code declares as deprecated: read by the checker, and shown in the documentation.

Deprecations are declared through ``aiohttp._deprecations``; nothing else is looked for.
"""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.finding import Finding
from tools.policy.marks import things
from tools.tree import ROOT, modules

TABLE = Path("docs") / "deprecations.md"

HEAD = """\
# Deprecations

What works, warns with `DeprecationWarning`, and will be removed.  Made from what the code declares
by `make deprecations`; [stability](stability.md) says when a removal is allowed.

Type checkers show it without running anything: `mypy --enable-error-code deprecated`, and
`reportDeprecated` of pyright, but for what
[they cannot be told](#what-type-checkers-cannot-be-told).  Arguments of a session's calls, like
`session.get(url, verify_ssl=False)`, have no types for them; those of connectors have.

| deprecated | since | removed in | use |
|---|---|---|---|
"""


UNMARKED = """
## What type checkers cannot be told

| deprecated | why no checker shows it |
|---|---|
"""


Declared = dict[str, Any]


def declared() -> list[Declared]:
    """Return all deprecations, each with the things that go with it.

    Every module is imported for it.
    """
    from aiohttp import _deprecations

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in modules():
            importlib.import_module(module.name)
    marked = things()
    return [_told(one, marked.get(one.mark, [])) for one in _deprecations.REGISTRY]


def _told(deprecation: Any, marked: list[str]) -> Declared:
    names = ("subject", "since", "removed_in", "instead", "why", "unmarked")
    told = {name: getattr(deprecation, name) for name in names}
    return {**told, "things": [*marked, *deprecation.removes]}


def table(deprecations: Iterable[Mapping[str, str]]) -> str:
    """Return the page of the documentation, newest first."""
    lines, unmarked = [], []
    for one in sorted(deprecations, key=lambda d: (_order(d["since"]), d["subject"])):
        why = f" ({one['why']})" if one["why"] else ""
        lines.append(_row(one["subject"] + why, one["since"], one["removed_in"], one["instead"]))
        if one["unmarked"]:
            unmarked.append(_row(one["subject"], one["unmarked"]))
    return "".join([HEAD, *lines, UNMARKED, *unmarked])


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _order(release: str) -> list[int]:
    return [-int(part) for part in release.split(".")]


def table_findings(
    deprecations: Iterable[Mapping[str, str]], root: Path = ROOT
) -> Iterator[Finding]:
    path = root / TABLE
    if not path.is_file() or path.read_text("utf-8") != table(deprecations):
        yield Finding(path, 1, "the table is not what the code declares; run: make deprecations")


def silent_findings(root: Path = ROOT) -> Iterator[Finding]:
    """Find deprecations that are declared under a name which nobody uses: they warn nobody."""
    for module in modules(root):
        tree = ast.parse(module.path.read_text("utf-8"))
        names = _declaring_names(tree)
        used = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        for name, line in names.items():
            if name not in used:
                yield Finding(
                    module.path, line, f"{name} is declared and never warns: call {name}.warn()"
                )


def _declaring_names(tree: ast.Module) -> dict[str, int]:
    """Return the names of constants whose value calls ``declare``."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            calls = (n.func for n in ast.walk(node.value) if isinstance(n, ast.Call))
            if any(ast.unparse(call).rpartition(".")[2] == "declare" for call in calls):
                names[node.targets[0].id] = node.lineno
    return names
