"""Value objects: immutable, slotted; equal when their fields are, and ordered as these are.

To whoever looks they are classes of attrs: ``attr.evolve()``, ``attr.fields()``, ``attr.asdict()``
work on them, and type checkers take `value_object` for ``attr.frozen``.  They are made without it:
loading attrs, and making classes by it, was a third of the time in which a client is imported.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

__all__ = ("value_object",)

if TYPE_CHECKING:
    from attr import frozen as value_object
else:

    def value_object(cls):
        """Make a value object of a class that has annotated fields, with defaults or without."""
        # "ClassVar[…]" is the only annotation of what is no field.
        fields = tuple(n for n, a in cls.__annotations__.items() if not a.startswith("ClassVar"))
        body = {name: thing for name, thing in vars(cls).items() if name not in _OF_EVERY_CLASS}
        defaults = {name: body.pop(name) for name in fields if name in body}
        body.update(
            __slots__=(*fields, "__weakref__"),
            __match_args__=fields,
            __qualname__=cls.__qualname__,
            __annotations__=cls.__annotations__,
            __attrs_attrs__=_Attributes(defaults),
            __init__=_initializer(cls, fields, defaults),
            **_BEHAVIOUR,
        )
        return type(cls)(cls.__name__, cls.__bases__, body)


_OF_EVERY_CLASS = frozenset({"__dict__", "__weakref__"})


def _initializer(cls: type, fields: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    """Return the ``__init__`` of a value: compiled, because a loop over the fields is slow."""
    parameters = ", ".join(f"{name}=_{name}" if name in defaults else name for name in fields)
    lines = [f"def __init__(self, {parameters}):"]
    lines += [f"    _set(self, {name!r}, {name})" for name in fields]
    names: dict[str, Any] = {f"_{name}": default for name, default in defaults.items()}
    names["_set"] = object.__setattr__
    exec("\n".join(lines), names)
    initialize = names["__init__"]
    initialize.__qualname__ = f"{cls.__qualname__}.__init__"
    initialize.__module__ = cls.__module__
    annotations = {name: cls.__annotations__[name] for name in fields}
    initialize.__annotations__ = {**annotations, "return": None}
    return initialize


class _Attributes:
    """What attrs keeps in a class of its own; made when somebody asks, who has loaded attrs."""

    def __init__(self, defaults: dict[str, Any]) -> None:
        self._defaults = defaults

    def __get__(self, instance: object, owner: type) -> Any:
        import attr

        like = {
            name: attr.ib(
                default=self._defaults.get(name, attr.NOTHING), type=owner.__annotations__[name]
            )
            for name in owner.__match_args__  # type: ignore[attr-defined]
        }
        attributes = attr.fields(attr.make_class(owner.__name__, like, frozen=True))
        owner.__attrs_attrs__ = attributes  # type: ignore[attr-defined]
        return attributes


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__match_args__])


def _equal(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _values(self) == _values(other)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, object], Any]:
    def ordered(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compare(_values(self), _values(other))

    return ordered


def _hash(self: Any) -> int:
    return hash((self.__class__, _values(self)))


def _repr(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{self.__class__.__qualname__.rpartition('>.')[2]}({fields})"


def _refuse(self: Any, *change: Any) -> None:
    from attr.exceptions import FrozenInstanceError

    raise FrozenInstanceError


def _state(self: Any) -> dict[str, Any]:
    return dict(zip(self.__match_args__, _values(self), strict=True))


def _restore(self: Any, state: dict[str, Any]) -> None:
    for name in self.__match_args__:
        object.__setattr__(self, name, state[name])


def _replaced(self: Any, **changes: Any) -> Any:
    return self.__class__(**{**_state(self), **changes})


_BEHAVIOUR: dict[str, Any] = {
    "__eq__": _equal,
    "__lt__": _ordered(operator.lt),
    "__le__": _ordered(operator.le),
    "__gt__": _ordered(operator.gt),
    "__ge__": _ordered(operator.ge),
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _state,
    "__setstate__": _restore,
    # What copy.replace() calls, from Python 3.13 on.
    "__replace__": _replaced,
}
