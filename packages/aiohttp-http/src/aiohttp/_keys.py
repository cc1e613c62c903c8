"""Typed keys of applications, requests and responses, and the chained view of nested applications.

Keys compare by identity: two libraries never share a slot by choosing the same name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, overload

if TYPE_CHECKING:
    from types import FrameType

_T = TypeVar("_T")


class BaseKey(Generic[_T]):
    """A key that carries the type of its value; the name serves ``repr`` alone.

    Args:
        name: short name; the name of the module being imported or run is put before it.
        t: type of the value, for people and type checkers.
    """

    # typing stores BaseKey[int] in __orig_class__.
    __slots__ = ("__orig_class__", "_name", "_t")

    __orig_class__: type[object]

    def __init__(self, name: str, t: type[_T] | None = None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"name of {type(self).__name__}; expected str; got {name!r}")
        self._name = f"{_calling_module()}.{name}"
        self._t = t

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self._name}, type={self._type_name()})>"

    def _type_name(self) -> str:
        t: Any = self._t
        if t is None:
            arguments = get_args(getattr(self, "__orig_class__", None))
            if not arguments:
                return "<<Unknown>>"
            t = arguments[0]
        if not isinstance(t, type) or get_args(t):
            return repr(t)
        return t.__qualname__ if t.__module__ == "builtins" else f"{t.__module__}.{t.__qualname__}"


def _calling_module() -> str:
    """Return the module whose import, or whose run as a program, made the key."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            name: str = frame.f_globals.get("__name__", "")
            return name
        frame = frame.f_back
    return ""


class AppKey(BaseKey[_T]):
    """Key of an application."""

    __slots__ = ()


class RequestKey(BaseKey[_T]):
    """Key of a request."""

    __slots__ = ()


class ResponseKey(BaseKey[_T]):
    """Key of a response."""

    __slots__ = ()


class ChainMapProxy(Mapping["str | AppKey[Any]", Any]):
    """Read-only view of several mappings, the first that has a key wins."""

    __slots__ = ("_maps",)

    def __init__(self, maps: Iterable[Mapping[str | AppKey[Any], Any]]) -> None:
        self._maps = tuple(maps)

    def __init_subclass__(cls) -> None:
        raise TypeError(f"Inheritance class {cls.__name__} from ChainMapProxy is forbidden")

    @overload
    def __getitem__(self, key: AppKey[_T]) -> _T: ...

    @overload
    def __getitem__(self, key: str) -> Any: ...

    def __getitem__(self, key: str | AppKey[_T]) -> Any:
        for mapping in self._maps:
            # Not `in`: a mapping with __missing__ has a say.
            try:
                return mapping[key]
            except KeyError:
                continue
        raise KeyError(key)

    @overload  # type: ignore[override]
    def get(self, key: AppKey[_T], default: _S) -> _T | _S: ...

    @overload
    def get(self, key: AppKey[_T], default: None = ...) -> _T | None: ...

    @overload
    def get(self, key: str, default: Any = ...) -> Any: ...

    def get(self, key: str | AppKey[_T], default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __len__(self) -> int:
        return len(self._merged())

    def __iter__(self) -> Iterator[str | AppKey[Any]]:
        return iter(self._merged())

    def __contains__(self, key: object) -> bool:
        return any(key in mapping for mapping in self._maps)

    def __bool__(self) -> bool:
        return any(self._maps)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._maps))})"

    def _merged(self) -> dict[str | AppKey[Any], None]:
        # Outermost last, so that the order is that of collections.ChainMap.
        return {key: None for mapping in reversed(self._maps) for key in mapping}


_S = TypeVar("_S")
