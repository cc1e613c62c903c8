"""The public interface of a release: names, bases, parameters.  No text, no code.

An interface is taken from importable modules by griffe, and kept as compact JSON.  Nothing here
judges one.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import griffe

# Special methods that are interface: what an object can be used for.
PROTOCOLS = frozenset(
    {
        *(
            "__aenter__",
            "__aexit__",
            "__aiter__",
            "__anext__",
            "__await__",
            "__enter__",
            "__exit__",
        ),
        *("__bool__", "__call__", "__contains__", "__delitem__", "__eq__", "__getitem__"),
        *("__init__", "__iter__", "__len__", "__lt__", "__next__", "__setitem__"),
    }
)

# Bases that say how a class is made, not what it is.
NO_PROMISE = frozenset({"ABC", "Generic", "Protocol", "object"})

KINDS = {
    "positional-only": "p",
    "positional or keyword": "n",
    "variadic positional": "*",
    "keyword-only": "k",
    "variadic keyword": "**",
}

_PLAIN = re.compile(r"None|True|False|-?\d+(\.\d+)?|b?'[^']*'|b?\"[^\"]*\"|\(\)")


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: str  # one of KINDS' values
    default: str | None  # None: none; "…": one that is not plain
    type: str = ""

    @property
    def required(self) -> bool:
        return self.default is None and self.kind not in ("*", "**")


@dataclass
class Entry:
    """A public thing: module, class, function or attribute."""

    kind: str
    bases: tuple[str, ...] = ()  # of a class, nearest first, those of bases too
    parameters: tuple[Parameter, ...] = ()  # of a function, without self


@dataclass
class Surface:
    """The interface of one release; a thing that has several public names is told under one."""

    release: str
    entries: dict[str, Entry] = field(default_factory=dict)  # public path -> what it is
    aliases: dict[str, str] = field(default_factory=dict)  # other public path -> public path
    deprecations: list[dict[str, Any]] = field(default_factory=list)
    # Class that is not public -> the public ones that have its members, without those that inherit
    # from another of them.  Not kept: it is for reading what the code declares.
    heirs: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)
    _classes: dict[str, str] | None = field(default=None, repr=False, compare=False)

    def resolve(self, path: str) -> Entry | None:
        """Return what a public path means, by whatever name it is told here."""
        for head, tail in _splits(path):
            if head in self.aliases:
                return self.entries.get(self.aliases[head] + tail)
        return self.entries.get(path)

    def names(self, path: str, parameter: str = "") -> set[str]:
        """Return how a public thing is spoken of: ``Till.open``, ``Box.open`` after a base that
        has it; ``sell``, and with a parameter ``sell(to)``.
        """
        owner, _, name = path.rpartition(".")
        cls = self.resolve(owner)
        owners = (owner.rpartition(".")[2], *cls.bases) if cls and cls.kind == "class" else ()
        names = {f"{one}.{name}" for one in owners} or {name}
        return {f"{one}({parameter})" for one in names} if parameter else names

    def things(self) -> set[str]:
        """Return all names of all that is public."""
        return {
            name
            for path, entry in self.entries.items()
            for parameter in ("", *(p.name for p in entry.parameters))
            for name in self.names(path, parameter)
        }

    def paths(self) -> set[str]:
        """Return all public paths but those of members of aliases."""
        return {*self.entries, *self.aliases}

    # --- JSON -------------------------------------------------------------------------------------

    def dump(self) -> str:
        """Return JSON with one thing a line, so that a change is a line.

        What a class inherits unchanged from another public class is left out.
        """
        kept = {path: entry for path, entry in self.entries.items() if not self._inherits(path)}
        entries = [
            f"  {json.dumps(path)}: {json.dumps(_packed(entry), ensure_ascii=False)}"
            for path, entry in sorted(kept.items())
        ]
        aliases = [f"  {json.dumps(a)}: {json.dumps(b)}" for a, b in sorted(self.aliases.items())]
        declared = [f"  {json.dumps(d, ensure_ascii=False)}" for d in self.deprecations]
        return (
            f'{{\n "release": {json.dumps(self.release)},\n'
            f' "entries": {{\n{_lines(entries)}}},\n "aliases": {{\n{_lines(aliases)}}},\n'
            f' "deprecations": [\n{_lines(declared)}]\n}}\n'
        )

    @classmethod
    def load(cls, path: Path) -> Surface:
        raw = json.loads(path.read_text("utf-8"))
        entries = {name: _unpacked(entry) for name, entry in raw["entries"].items()}
        surface = cls(raw["release"], entries, raw["aliases"], raw["deprecations"])
        surface._inherit()
        return surface

    def _inherits(self, path: str) -> bool:
        """Say whether a member is the same as that of the nearest public base that has it."""
        owner, _, name = path.rpartition(".")
        for base in self._bases(owner):
            if f"{base}.{name}" in self.entries:
                return self.entries[f"{base}.{name}"] == self.entries[path]
        return False

    def _inherit(self) -> None:
        """Give each class what was left out."""
        members: dict[str, dict[str, Entry]] = {}
        for path, entry in self.entries.items():
            owner, _, name = path.rpartition(".")
            members.setdefault(owner, {})[name] = entry
        for path in [path for path, entry in self.entries.items() if entry.kind == "class"]:
            for base in self._bases(path):
                for name, entry in members.get(base, {}).items():
                    self.entries.setdefault(f"{path}.{name}", entry)

    def _bases(self, path: str) -> list[str]:
        """Return the public paths of the bases of a class, nearest first."""
        entry = self.entries.get(path)
        if entry is None or entry.kind != "class":
            return []
        if self._classes is None:
            names = sorted(p for p, e in self.entries.items() if e.kind == "class")
            self._classes = {p.rpartition(".")[2]: p for p in reversed(names)}
        found = (self._classes.get(name) for name in entry.bases)
        return [base for base in found if base is not None and base != path]


def _lines(lines: list[str]) -> str:
    return ",\n".join(lines) + ("\n" if lines else "")


def _splits(path: str) -> Iterator[tuple[str, str]]:
    """Yield ("a.b.c", ""), ("a.b", ".c"), ("a", ".b.c")."""
    parts = path.split(".")
    for n in range(len(parts), 0, -1):
        yield ".".join(parts[:n]), "".join(f".{part}" for part in parts[n:])


def _packed(entry: Entry) -> list[Any]:
    parameters = [[p.kind, p.name, p.default, p.type] for p in entry.parameters]
    if entry.kind == "class":
        return [entry.kind, list(entry.bases)]
    return [entry.kind, parameters] if entry.kind == "function" else [entry.kind]


def _unpacked(raw: list[Any]) -> Entry:
    if raw[0] == "class":
        return Entry("class", bases=tuple(raw[1]))
    if raw[0] == "function":
        parameters = (Parameter(name, kind, default, t) for kind, name, default, t in raw[1])
        return Entry("function", parameters=tuple(parameters))
    return Entry(raw[0])


# --- From modules ---------------------------------------------------------------------------------


def take(package: str, release: str, search: list[Path] | None = None) -> Surface:
    """Return the interface of an importable package; it is imported."""
    import griffe

    with warnings.catch_warnings():
        # Asking for a deprecated name warns, as it should.
        warnings.simplefilter("ignore")
        root = griffe.load(
            package,
            # While griffe imports, there is no path but this.
            search_paths=[*(search or []), *sys.path],
            force_inspection=True,
            resolve_aliases=False,
        )
    taker = _Taker(Surface(release), root)
    taker.module(root)
    taker.settle()
    return taker.surface


class _Taker:
    """Walks griffe's tree of a package and writes down what is public."""

    def __init__(self, surface: Surface, root: griffe.Object | griffe.Alias) -> None:
        self.surface = surface
        self.root = root
        self.told: dict[str, str] = {}  # griffe's path of a thing -> the public path it has here
        self.classes: dict[str, type] = {}  # public path -> class

    def settle(self) -> None:
        """Tell the bases of classes, now that it is known which of them are public."""
        heirs: dict[str, dict[str, tuple[str, ...]]] = {}
        for public, live in self.classes.items():
            bases = [b for b in live.__mro__[1:] if is_public(b.__name__)]
            names = [b.__name__ for b in bases if self._is_promised(b)]
            entry = Entry("class", bases=tuple(dict.fromkeys(names)))
            self.surface.entries[public] = entry
            for base in bases:
                if not self._is_promised(base) and base.__name__ not in NO_PROMISE:
                    heirs.setdefault(base.__name__, {})[live.__name__] = entry.bases
        for name, those in heirs.items():
            self.surface.heirs[name] = [c for c, b in those.items() if those.keys().isdisjoint(b)]

    def _is_promised(self, base: type) -> bool:
        """Say whether users may rely on this base: whether it is another project's, or at a door.

        It may be there without being told: ``aiohttp.helpers.HeadersMixin`` is in no ``__all__``.
        """
        if base.__name__ in NO_PROMISE:
            return False
        if base.__module__.partition(".")[0] != self.root.path:
            return True
        doors = (path for path, entry in self.surface.entries.items() if entry.kind == "module")
        return any(vars(sys.modules[d]).get(base.__name__) is base for d in doors)

    def module(self, module: Any) -> None:
        """Tell a module, what it names, and then its public modules."""
        self.surface.entries[module.path] = Entry("module")
        inner = []
        for name in sorted(public_names(module)):
            member = self._behind(module.members[name])
            if member is None:
                self.surface.entries[f"{module.path}.{name}"] = Entry("attribute")
            elif member.is_module:
                inner.append(member)
            else:
                self._thing(member, f"{module.path}.{name}")
        for member in inner:
            if member.path.rpartition(".")[0] == module.path:
                self.module(member)

    def _behind(self, member: Any) -> Any:
        """Return what an alias of ours stands for, None for what is another project's."""
        if not member.is_alias:
            return member
        return self._find(member.target_path)

    def _thing(self, thing: Any, public: str) -> None:
        if thing.path in self.told:
            self.surface.aliases[public] = self.told[thing.path]
            return
        self.told[thing.path] = public
        self.surface.entries[public] = _entry(thing, bound=False)
        if thing.is_class:
            self._class(thing, public)

    def _class(self, cls: Any, public: str) -> None:
        """Tell a class with everything that it has from bases of this package."""
        live = getattr(sys.modules[cls.parent.path], cls.name)
        self.classes[public] = live
        for base in reversed(live.__mro__):
            found = self._find(f"{base.__module__}.{base.__qualname__}")
            for name, member in found.members.items() if found is not None else ():
                if is_public(name) or name in PROTOCOLS:
                    behind = self._behind(member)
                    entry = _entry(behind, bound=True) if behind else Entry("attribute")
                    self.surface.entries[f"{public}.{name}"] = entry
            for name in instance_attributes(base) if found is not None else ():
                self.surface.entries.setdefault(f"{public}.{name}", Entry("attribute"))

    def _find(self, path: str) -> Any:
        """Return the thing of this package that griffe has at a path, or None."""
        first, *rest = path.split(".")
        found: Any = self.root if first == self.root.path else None
        for part in rest:
            found = found.members.get(part) if found is not None else None
            if found is not None and found.is_alias:
                found = self._behind(found)
        return found


def instance_attributes(cls: type) -> set[str]:
    """Return what a class annotates, and what its methods set on ``self``."""
    names = set(inspect.get_annotations(cls))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError):  # compiled, or made at run time
        tree = ast.Module([], [])
    for node in ast.walk(tree):
        stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if stored and ast.unparse(node).startswith("self."):
            names.add(ast.unparse(node).split(".")[1])
    return {name for name in names if is_public(name)}


def public_names(module: Any) -> list[str]:
    """Return what a module offers: ``__all__``, else what it defines and does not hide."""
    exports = _exports(module)
    if exports is not None:
        return [name for name in exports if name in module.members and is_public(name)]
    return [name for name, m in module.members.items() if is_public(name) and not m.is_alias]


def _exports(module: Any) -> list[str] | None:
    """Return ``__all__`` as it is at run time; the root has its public modules, too.

    A package further in is a door like a module: what it is made of behind that is its own affair.
    """
    live = sys.modules.get(module.path)
    names = getattr(live, "__all__", None)
    if names is None:
        return None
    if module.parent is not None:
        return sorted(names)
    inner = (n for n, m in module.members.items() if not m.is_alias and m.is_module)
    return sorted({*names, *inner})


def is_public(name: str) -> bool:
    # What a __future__ import and typing leave behind in a module without __all__ is nobody's.
    return not name.startswith("_") and name not in ("annotations", "TYPE_CHECKING")


def _entry(thing: Any, *, bound: bool) -> Entry:
    if not thing.is_function:
        return Entry(str(thing.kind.value))
    given = list(thing.parameters)
    if bound and given and given[0].name in ("self", "cls", "mcs"):
        given = given[1:]
    # A parameter that begins with an underscore is no interface, unless it stands for many.
    return Entry("function", parameters=tuple(p for p in map(_parameter, given) if _is_given(p)))


def _is_given(parameter: Parameter) -> bool:
    return parameter.kind in ("*", "**") or not parameter.name.startswith("_")


def _parameter(parameter: Any) -> Parameter:
    kind = KINDS[parameter.kind.value]
    default = None if kind in ("*", "**") or parameter.default is None else str(parameter.default)
    if default is not None and not _PLAIN.fullmatch(default):
        default = "…"
    return Parameter(parameter.name.lstrip("*"), kind, default, _type(parameter.annotation))


def _type(annotation: Any) -> str:
    """Return a type without the modules of its names: they are where a thing is, not what."""
    text = "" if annotation is None else str(annotation)
    text = re.sub(r"ForwardRef\('?([^()']*)'?\)", r"\1", text)
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text)
