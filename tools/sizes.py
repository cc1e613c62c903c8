"""The longest functions, classes and modules: to look at, not a gate.

    python -m tools.sizes [how many of each]

A line counts when it holds code: blank lines, comments and docstrings are free.
"""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.tree import ROOT, modules, shown

# Where to look for the second thing that it does.
WALLS = {"function": 40, "class": 300, "module": 450}

_NOT_CODE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
)


@dataclass(frozen=True, order=True)
class Size:
    lines: int
    kind: str
    name: str
    path: Path
    first: int


def sizes_of(path: Path) -> Iterator[Size]:
    """Yield the sizes of a module, its classes and its functions."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    code = code_lines(source, tree)
    yield Size(len(code), "module", path.stem, path, 1)
    for kind, name, node in _definitions(tree, ""):
        last = node.end_lineno or node.lineno
        lines = sum(node.lineno <= line <= last for line in code)
        yield Size(lines, kind, name, path, node.lineno)


def code_lines(source: str, tree: ast.Module) -> set[int]:
    """Return the numbers of the lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NOT_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, str, _Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            kind = "class" if isinstance(child, ast.ClassDef) else "function"
            yield kind, f"{prefix}{child.name}", child
            yield from _definitions(child, f"{prefix}{child.name}.")
        else:
            yield from _definitions(child, prefix)


def main(root: Path = ROOT) -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    found = [size for module in modules(root) for size in sizes_of(module.path)]
    for kind, wall in WALLS.items():
        of_kind = sorted((s for s in found if s.kind == kind), reverse=True)
        lines = [size.lines for size in of_kind] or [0]
        beyond = sum(n > wall for n in lines)
        print(
            f"{kind}: {len(of_kind)}, median {statistics.median(lines):g}, {beyond} beyond {wall}"
        )
        for size in of_kind[:count]:
            print(f"  {size.lines:5}  {size.name}  {shown(size.path, root)}:{size.first}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
