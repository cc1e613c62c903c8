"""What differs between two public interfaces, as sentences.  Whether it may is another matter."""

from __future__ import annotations

import ast
import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.policy.surface import Entry, Parameter, Surface

CALLED_BY_USERS = frozenset({"__init__", "__call__"})


class What(enum.Enum):
    """Kinds of change; the value says whether code that worked may fail."""

    ADDED = ("added", False)
    PARAMETER_ADDED = ("parameter added", False)
    PARAMETER_FREED = ("parameter freed", False)
    DEFAULT_GAINED = ("default gained", False)
    TYPE_WIDENED = ("type widened", False)
    BASE_GAINED = ("base gained", False)
    REMOVED = ("removed", True)
    KIND = ("kind changed", True)
    BASE_LOST = ("base lost", True)
    PARAMETER_REMOVED = ("parameter removed", True)
    PARAMETER_MOVED = ("parameter moved", True)
    PARAMETER_REQUIRED = ("parameter required", True)
    DEFAULT_CHANGED = ("default changed", True)
    TYPE_NARROWED = ("type narrowed", True)

    @property
    def breaks(self) -> bool:
        return self.value[1]


@dataclass(frozen=True)
class Change:
    what: What
    path: str  # public, of the thing or of the function whose parameter it is
    sentence: str
    parameter: str = ""


def changes(old: Surface, new: Surface) -> Iterator[Change]:
    """Yield what ``new`` lacks, has otherwise, and has in addition, in order of paths."""
    gone: set[str] = set()
    for path in sorted(old.paths()):
        before, after = old.resolve(path), new.resolve(path)
        if before is None:
            continue
        if after is None:
            gone.add(path)
            # What was in a class or module that is gone goes without saying.
            if path.rpartition(".")[0] not in gone:
                yield Change(What.REMOVED, path, f"{path} is gone")
        elif path in old.entries:
            yield from _altered(path, before, after)
    for path in sorted(new.paths()):
        owner, _, name = path.rpartition(".")
        # Every class can be called; a constructor without parameters is nothing new.
        if name == "__init__" and not new.entries[path].parameters:
            continue
        if old.resolve(path) is None and (not owner or old.resolve(owner) is not None):
            yield Change(What.ADDED, path, f"{path} is new")


def _altered(path: str, before: Entry, after: Entry) -> Iterator[Change]:
    if before.kind != after.kind:
        # A function may become a class: it is called like one.  An attribute may be anything.
        if before.kind != "attribute" and (before.kind, after.kind) != ("function", "class"):
            told = f"{path} was a {before.kind} and is a {after.kind}"
            yield Change(What.KIND, path, told)
        return
    for base in before.bases:
        if base not in after.bases and base != path.rpartition(".")[2]:
            yield Change(What.BASE_LOST, path, f"{path} is no {base} any more")
    for base in after.bases:
        if base not in before.bases and base != path.rpartition(".")[2]:
            yield Change(What.BASE_GAINED, path, f"{path} is a {base} now")
    # The interpreter calls special methods, and does so by place.
    name = path.rpartition(".")[2]
    if before.kind == "function" and (not name.startswith("__") or name in CALLED_BY_USERS):
        yield from _parameters(path, before.parameters, after.parameters)


def _parameters(
    path: str, before: Sequence[Parameter], after: Sequence[Parameter]
) -> Iterator[Change]:
    """Compare parameters: each call that worked has to work, and to mean the same."""
    known = {p.name: p for p in after}
    open_ended = {p.kind for p in after} & {"*", "**"}
    for parameter in before:
        name, there = parameter.name, known.get(parameter.name)
        if parameter.kind in ("*", "**"):
            if parameter.kind not in open_ended:
                told = f"{path} takes no {parameter.kind}{name} any more"
                yield Change(What.PARAMETER_REMOVED, path, told, name)
        elif there is None:
            if not _absorbed(parameter, open_ended):
                told = f"{path} has no parameter {name} any more"
                yield Change(What.PARAMETER_REMOVED, path, told, name)
        else:
            yield from _parameter(path, parameter, there)
    yield from _order(path, before, after)
    yield from _added(path, before, after)


def _absorbed(parameter: Parameter, open_ended: set[str]) -> bool:
    """Say whether ``*args`` and ``**kwargs`` take what the parameter took."""
    needed = {"k": {"**"}, "p": {"*"}, "n": {"*", "**"}}[parameter.kind]
    return needed <= open_ended


def _parameter(path: str, before: Parameter, after: Parameter) -> Iterator[Change]:
    name = before.name
    if not before.required and after.required:
        told = f"{path} requires {name}, which had the default {before.default}"
        yield Change(What.PARAMETER_REQUIRED, path, told, name)
    elif before.required and not after.required:
        told = f"{path} does without {name} now, which it required"
        yield Change(What.DEFAULT_GAINED, path, told, name)
    elif before.default != after.default and not {None, "…"} & {before.default, after.default}:
        told = f"{path} has {name}={after.default}, and had {name}={before.default}"
        yield Change(What.DEFAULT_CHANGED, path, told, name)
    if before.kind != after.kind and {before.kind, after.kind} <= _WAYS.keys():
        told = f"{path} takes {name} {_WAYS[after.kind]}, and took it {_WAYS[before.kind]}"
        what = What.PARAMETER_FREED if after.kind == "n" else What.PARAMETER_MOVED
        yield Change(what, path, told, name)
    if lost := narrowed(before.type, after.type):
        told = f"{path} accepts no {', '.join(sorted(lost))} as {name} any more"
        yield Change(What.TYPE_NARROWED, path, told, name)
    if won := narrowed(after.type, before.type):
        told = f"{path} accepts {', '.join(sorted(won))} as {name} now"
        yield Change(What.TYPE_WIDENED, path, told, name)


_WAYS = {"n": "by place or name", "k": "by name only", "p": "by place only"}


def _order(path: str, before: Sequence[Parameter], after: Sequence[Parameter]) -> Iterator[Change]:
    """Find the first parameter given by place that has another place now."""
    places = [p.name for p in after if p.kind in ("p", "n")]
    for place, parameter in enumerate(p for p in before if p.kind in ("p", "n")):
        if parameter.name in places and places.index(parameter.name) != place:
            told = f"{path} takes {parameter.name} in another place than before"
            yield Change(What.PARAMETER_MOVED, path, told, parameter.name)
            return


def _added(path: str, before: Sequence[Parameter], after: Sequence[Parameter]) -> Iterator[Change]:
    names = {p.name for p in before}
    taken = {p.kind for p in before} & {"*", "**"}
    for parameter in after:
        if parameter.name in names or parameter.kind in taken:
            continue
        if parameter.required:
            told = f"{path} requires {parameter.name}, which it did not have"
            yield Change(What.PARAMETER_REQUIRED, path, told, parameter.name)
        else:
            told = f"{path} takes {parameter.kind.strip('nkp')}{parameter.name}, which is new"
            yield Change(What.PARAMETER_ADDED, path, told, parameter.name)


# --- Types ----------------------------------------------------------------------------------------


def narrowed(before: str, after: str) -> set[str]:
    """Return the members of a union that a type has lost without getting others for them.

    Types that are told in other words cannot be compared as text, and are let pass.
    """
    old, new = members(before), members(after)
    return old - new if new and new < old and "Any" not in new else set()


def members(text: str) -> set[str]:
    """Return the members of ``A | B``, ``Union[A, B]`` and ``Optional[A]``."""
    try:
        return _members(ast.parse(text, mode="eval").body) if text else set()
    except SyntaxError:  # a type variable is shown as ~T
        return {text}


def _members(node: ast.expr) -> set[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _members(node.left) | _members(node.right)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if node.value.id == "Union":
            return set().union(*map(_members, inner))
        if node.value.id == "Optional":
            return set().union({"None"}, *map(_members, inner))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return members(node.value)
    return {re.sub(r"\bNoneType\b", "None", ast.unparse(node))}
