"""Resources: paths with their routes.

A resource answers two questions: does it match this request, and what is its URL.  It does not know
    the
other resources, nor where the dispatcher files it.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sized
from typing import TYPE_CHECKING, Any

from yarl import URL

from aiohttp import hdrs
from aiohttp._web.path_patterns import (
    PATH_SEPARATOR,
    SEGMENT,
    compile_template,
    decode_path,
    requote_path,
)
from aiohttp._web.routing_index import key_of_fixed_path, key_of_prefix
from aiohttp.abc import AbstractView
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher.routes import AbstractRoute, ResourceRoute, UrlMappingMatchInfo

if TYPE_CHECKING:
    from aiohttp.web_request import Request
    from aiohttp.web_response import StreamResponse
    from aiohttp.web_urldispatcher.routes import InfoDict

    ExpectHandler = Callable[[Request], Awaitable["StreamResponse | None"]]
    # What a resource says about a request: the match, and the methods that would have matched.
    Resolution = tuple[UrlMappingMatchInfo | None, set[str]]
    IterableRoutes = Iterable[AbstractRoute]
else:
    IterableRoutes = Iterable

PATH_SEP = PATH_SEPARATOR

_NO_METHODS: set[str] = set()
_MISS: Resolution = (None, _NO_METHODS)


class AbstractResource(Sized, IterableRoutes):
    """Something with a path: it may match a request, and has a URL."""

    def __init__(self, *, name: str | None = None) -> None:
        self._name = name

    @property
    def name(self) -> str | None:
        """The name to build URLs by, or None."""
        return self._name

    @property
    @abc.abstractmethod
    def canonical(self) -> str:
        """The path as it was registered, for people: ``/user/{name}``."""

    @abc.abstractmethod
    def url_for(self, **kwargs: str) -> URL:
        """Build the URL, without a query."""

    @abc.abstractmethod
    async def resolve(self, request: Request) -> Resolution:
        """Return (match info, allowed methods); no match info if the request is not ours."""

    @abc.abstractmethod
    def add_prefix(self, prefix: str) -> None:
        """Put ``prefix``, percent-encoded, before the path: its application joined another one."""

    @abc.abstractmethod
    def get_info(self) -> InfoDict:
        """Facts about the path, for introspection."""

    def freeze(self) -> None:
        """Called when no more routes will come."""

    @abc.abstractmethod
    def raw_match(self, path: str) -> bool:
        """Whether ``path`` is, to the letter, the one that was registered."""

    def _index_key(self) -> str:
        """Return where the dispatcher files the resource; by default, from its canonical path."""
        canonical = self.canonical
        if "{" in canonical:
            return key_of_prefix(canonical.partition("{")[0])
        return key_of_fixed_path(canonical)

    def _resolve_now(self, request: Request, path: str) -> Resolution | None:
        """Resolve without waiting; None says that :meth:`resolve` has to be awaited.

        ``path`` is the decoded path of the request.
        """
        return None


class Resource(AbstractResource):
    """A path with one route a method."""

    # Whether resolve() is ours, so that _resolve_now() says the same.
    _immediate = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._immediate = cls.resolve is Resource.resolve

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        # Method -> route, "*" included.
        self._routes: dict[str, ResourceRoute] = {}
        self._any_route: ResourceRoute | None = None
        self._allowed_methods: set[str] = set()

    def add_route(
        self,
        method: str,
        handler: type[AbstractView] | Handler,
        *,
        expect_handler: ExpectHandler | None = None,
        options: Mapping[Any, Any] | None = None,
    ) -> ResourceRoute:
        """Add a route and return it.

        Args:
            method: the request method; ``"*"`` is every method that has no route of its own.
            handler: a coroutine function or a view class.
            expect_handler: who answers ``Expect``; None sends ``100 Continue``.
            options: settings of this route, as :attr:`AbstractRoute.options`; the server
                understands ``client_max_size``.

        Raises:
            RuntimeError: the method, or ``"*"``, has a route already.
        """
        taken = self._any_route or self._routes.get(method.upper())
        if taken is not None:
            raise RuntimeError(
                f"Added route will never be executed, method {taken.method} is already registered"
            )
        route = ResourceRoute(method, handler, self, expect_handler=expect_handler, options=options)
        self.register_route(route)
        return route

    def register_route(self, route: ResourceRoute) -> None:
        """Add a route that is made already."""
        if not isinstance(route, ResourceRoute):
            raise TypeError(f"Instance of ResourceRoute class is required, got {route!r}")
        if route.method == hdrs.METH_ANY:
            self._any_route = route
        self._allowed_methods.add(route.method)
        self._routes[route.method] = route

    async def resolve(self, request: Request) -> Resolution:
        return self._match_request(request, request.rel_url.path_safe)

    def _resolve_now(self, request: Request, path: str) -> Resolution | None:
        return self._match_request(request, path) if self._immediate else None

    def _match_request(self, request: Request, path: str) -> Resolution:
        variables = self._match(path)
        if variables is None:
            return _MISS
        route = self._routes.get(request._message.method) or self._any_route
        if route is None:
            return None, self._allowed_methods
        return UrlMappingMatchInfo(variables, route), self._allowed_methods

    @abc.abstractmethod
    def _match(self, path: str) -> dict[str, str] | None:
        """Return the variables if the decoded ``path`` matches, else None."""

    def __len__(self) -> int:
        return len(self._routes)

    def __iter__(self) -> Iterator[ResourceRoute]:
        return iter(self._routes.values())

    def _named(self) -> str:
        return f"'{self.name}' " if self.name is not None else ""


class PlainResource(Resource):
    """A path without variables.

    It is written decoded, ``/a b``; of percent-encoded octets only ``%2F`` and ``%25`` mean what
    they say.
    """

    def __init__(self, path: str, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._path = path
        # What is compared: below an application's prefix, which is encoded, the two differ.
        self._decoded = path

    @property
    def canonical(self) -> str:
        return self._path

    def freeze(self) -> None:
        if not self._path:
            self._path = self._decoded = "/"

    def add_prefix(self, prefix: str) -> None:
        _check_prefix(prefix)
        self._path = prefix + self._path
        self._decoded = decode_path(prefix) + self._decoded

    def _index_key(self) -> str:
        return key_of_fixed_path(self._decoded)

    def _match(self, path: str) -> dict[str, str] | None:
        return {} if path == self._decoded else None

    def raw_match(self, path: str) -> bool:
        return self._path == path

    def get_info(self) -> InfoDict:
        return {"path": self._path}

    def url_for(self) -> URL:  # type: ignore[override]
        return URL.build(path=requote_path(self._path), encoded=True)

    def __repr__(self) -> str:
        return f"<PlainResource {self._named()} {self._path}>"


class DynamicResource(Resource):
    """A path with variables: ``{name}`` is one segment, ``{name:regex}`` what the pattern says."""

    DYN = re.compile(r"\{(?P<var>[_a-zA-Z][_a-zA-Z0-9]*)\}")
    DYN_WITH_RE = re.compile(r"\{(?P<var>[_a-zA-Z][_a-zA-Z0-9]*):(?P<re>.+)\}")
    GOOD = SEGMENT

    def __init__(self, path: str, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._orig_path = path
        self._pattern = compile_template(path)

    @property
    def canonical(self) -> str:
        return self._pattern.formatter

    @property
    def fixed_prefix(self) -> str:
        """What stands before the first variable, decoded."""
        return self._pattern.fixed_prefix

    @property
    def last_segment(self) -> str | None:
        """The name of the only variable, if it is the whole last segment, whatever that is."""
        return self._pattern.last_segment

    def add_prefix(self, prefix: str) -> None:
        _check_prefix(prefix)
        self._pattern = self._pattern.with_prefix(prefix)

    def _index_key(self) -> str:
        return key_of_prefix(self._pattern.fixed_prefix)

    def _match(self, path: str) -> dict[str, str] | None:
        return self._pattern.match(path)

    def raw_match(self, path: str) -> bool:
        return self._orig_path == path

    def get_info(self) -> InfoDict:
        return {"formatter": self._pattern.formatter, "pattern": self._pattern.pattern}

    def url_for(self, **parts: str) -> URL:
        return self._pattern.build(parts)

    def __repr__(self) -> str:
        return f"<DynamicResource {self._named()} {self._pattern.formatter}>"


class PrefixResource(AbstractResource):
    """A path, and everything below it."""

    def __init__(self, prefix: str, *, name: str | None = None) -> None:
        """Create the resource; ``prefix`` is "" or starts, but does not end, with a slash."""
        if prefix and not prefix.startswith("/"):
            raise ValueError(f"prefix should be empty or start with /, got {prefix!r}")
        if prefix.endswith("/"):
            raise ValueError(f"prefix should not end with /, got {prefix!r}")
        super().__init__(name=name)
        self._set_prefix(requote_path(prefix))

    def _set_prefix(self, prefix: str) -> None:
        self._prefix = prefix
        self._decoded_prefix = decode_path(prefix)

    @property
    def canonical(self) -> str:
        return self._prefix

    def add_prefix(self, prefix: str) -> None:
        _check_prefix(prefix)
        self._set_prefix(prefix + self._prefix)

    def _index_key(self) -> str:
        return key_of_fixed_path(self._decoded_prefix)

    def raw_match(self, prefix: str) -> bool:
        return False


def _check_prefix(prefix: str) -> None:
    if len(prefix) < 2 or not prefix.startswith("/") or prefix.endswith("/"):
        raise ValueError(
            f"prefix should start with / and go on, but not end with it; got {prefix!r}"
        )
