"""Routes as values: made first, registered later.

Knows the names of a router's ``add_*`` methods; not how routes are looked up.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

import attr

from aiohttp import hdrs
from aiohttp.abc import AbstractView
from aiohttp.typedefs import Handler, PathLike

if TYPE_CHECKING:
    from aiohttp.web_urldispatcher import AbstractRoute, UrlDispatcher

__all__ = (
    "AbstractRouteDef",
    "RouteDef",
    "RouteTableDef",
    "StaticDef",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "route",
    "static",
    "view",
)

_AnyHandler = TypeVar("_AnyHandler", bound=Callable[..., Any])


class _Decorator(Protocol):
    """Takes a handler and returns it as it is."""

    def __call__(self, handler: _AnyHandler, /) -> _AnyHandler: ...


# Methods that have an `add_*` of their own, with their own defaults: GET brings HEAD with it.
_METHODS_WITH_SHORTCUT = frozenset(
    {
        hdrs.METH_GET,
        hdrs.METH_HEAD,
        hdrs.METH_POST,
        hdrs.METH_PUT,
        hdrs.METH_PATCH,
        hdrs.METH_DELETE,
        hdrs.METH_OPTIONS,
    }
)


class AbstractRouteDef(abc.ABC):
    """Something that can register routes."""

    __slots__ = ()

    @abc.abstractmethod
    def register(self, router: UrlDispatcher) -> list[AbstractRoute]:
        """Register with ``router`` and return the routes made."""


def _shown_options(kwargs: dict[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in sorted(kwargs.items()))


@attr.s(auto_attribs=True, frozen=True, repr=False, slots=True)
class RouteDef(AbstractRouteDef):
    """A method, a path, a handler, and the options of ``add_route()``."""

    method: str
    path: str
    handler: type[AbstractView] | Handler
    kwargs: dict[str, Any]

    def __repr__(self) -> str:
        name = getattr(self.handler, "__name__", repr(self.handler))
        return f"<RouteDef {self.method} {self.path} -> {name!r}{_shown_options(self.kwargs)}>"

    def register(self, router: UrlDispatcher) -> list[AbstractRoute]:
        if self.method in _METHODS_WITH_SHORTCUT:
            add = getattr(router, f"add_{self.method.lower()}")
            return [add(self.path, self.handler, **self.kwargs)]
        return [router.add_route(self.method, self.path, self.handler, **self.kwargs)]


@attr.s(auto_attribs=True, frozen=True, repr=False, slots=True)
class StaticDef(AbstractRouteDef):
    """A URL path, a directory, and the options of ``add_static()``."""

    prefix: str
    path: PathLike
    kwargs: dict[str, Any]

    def __repr__(self) -> str:
        return f"<StaticDef {self.prefix} -> {self.path!s}{_shown_options(self.kwargs)}>"

    def register(self, router: UrlDispatcher) -> list[AbstractRoute]:
        resource = router.add_static(self.prefix, self.path, **self.kwargs)
        return list(resource)


# --- Functions that make definitions ---


def route(method: str, path: str, handler: Handler | type[AbstractView], **kwargs: Any) -> RouteDef:
    """Define a route; the options are those of :meth:`UrlDispatcher.add_route`."""
    return RouteDef(method, path, handler, kwargs)


def head(path: str, handler: Handler | type[AbstractView], **kwargs: Any) -> RouteDef:
    """Define a route for HEAD."""
    return route(hdrs.METH_HEAD, path, handler, **kwargs)


def options(path: str, handler: Handler | type[AbstractView], **kwargs: Any) -> RouteDef:
    """Define a route for OPTIONS."""
    return route(hdrs.METH_OPTIONS, path, handler, **kwargs)


def get(
    path: str,
    handler: Handler | type[AbstractView],
    *,
    name: str | None = None,
    allow_head: bool = True,
    **kwargs: Any,
) -> RouteDef:
    """Define a route for GET, and with ``allow_head`` for HEAD."""
    return route(hdrs.METH_GET, path, handler, name=name, allow_head=allow_head, **kwargs)


def post(path: str, handler: Handler | type[AbstractView], **kwargs: Any) -> RouteDef:
    """Define a route for POST."""
    return route(hdrs.METH_POST, path, handler, **kwargs)


def put(path: str, handler: Handler | type[AbstractView], **kwargs: Any) -> RouteDef:
    """Define a route for PUT."""
    return route(hdrs.METH_PUT, path, handler, **kwargs)


def patch(path: str, handler: Handler | type[AbstractView], **kwargs: Any) -> RouteDef:
    """Define a route for PATCH."""
    return route(hdrs.METH_PATCH, path, handler, **kwargs)


def delete(path: str, handler: Handler | type[AbstractView], **kwargs: Any) -> RouteDef:
    """Define a route for DELETE."""
    return route(hdrs.METH_DELETE, path, handler, **kwargs)


def view(path: str, handler: type[AbstractView], **kwargs: Any) -> RouteDef:
    """Define a view for every method."""
    return route(hdrs.METH_ANY, path, handler, **kwargs)


def static(prefix: str, path: PathLike, **kwargs: Any) -> StaticDef:
    """Define a directory of files; the options are those of :meth:`UrlDispatcher.add_static`."""
    return StaticDef(prefix, path, kwargs)


class RouteTableDef(Sequence[AbstractRouteDef]):
    """A list of definitions, filled by its decorators: ``@routes.get("/")``."""

    def __init__(self) -> None:
        self._items: list[AbstractRouteDef] = []

    def __repr__(self) -> str:
        return f"<RouteTableDef count={len(self._items)}>"

    @overload
    def __getitem__(self, index: int) -> AbstractRouteDef: ...

    @overload
    def __getitem__(self, index: slice) -> list[AbstractRouteDef]: ...

    def __getitem__(self, index: int | slice) -> AbstractRouteDef | list[AbstractRouteDef]:
        return self._items[index]

    def __iter__(self) -> Iterator[AbstractRouteDef]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def route(self, method: str, path: str, **kwargs: Any) -> _Decorator:
        """Decorate a handler."""

        def register(handler: _AnyHandler) -> _AnyHandler:
            self._items.append(RouteDef(method, path, handler, kwargs))
            return handler

        return register

    def head(self, path: str, **kwargs: Any) -> _Decorator:
        """Decorate a handler of HEAD."""
        return self.route(hdrs.METH_HEAD, path, **kwargs)

    def get(self, path: str, **kwargs: Any) -> _Decorator:
        """Decorate a handler of GET; HEAD comes with it unless ``allow_head=False``."""
        return self.route(hdrs.METH_GET, path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> _Decorator:
        """Decorate a handler of POST."""
        return self.route(hdrs.METH_POST, path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> _Decorator:
        """Decorate a handler of PUT."""
        return self.route(hdrs.METH_PUT, path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> _Decorator:
        """Decorate a handler of PATCH."""
        return self.route(hdrs.METH_PATCH, path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> _Decorator:
        """Decorate a handler of DELETE."""
        return self.route(hdrs.METH_DELETE, path, **kwargs)

    def options(self, path: str, **kwargs: Any) -> _Decorator:
        """Decorate a handler of OPTIONS."""
        return self.route(hdrs.METH_OPTIONS, path, **kwargs)

    def view(self, path: str, **kwargs: Any) -> _Decorator:
        """Decorate a view class."""
        return self.route(hdrs.METH_ANY, path, **kwargs)

    def static(self, prefix: str, path: PathLike, **kwargs: Any) -> None:
        """Add a directory of files."""
        self._items.append(StaticDef(prefix, path, kwargs))
