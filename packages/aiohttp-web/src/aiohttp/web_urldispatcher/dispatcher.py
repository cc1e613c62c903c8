"""The dispatcher: all resources of an application, and the look-up.

Knows how resources are filed, not how one matches.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Mapping, Sized
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs
from aiohttp._web.path_patterns import check_route_name, has_variables
from aiohttp._web.routing_index import RoutingIndex
from aiohttp.abc import AbstractRouter, AbstractView
from aiohttp.typedefs import Handler, PathLike
from aiohttp.web_exceptions import HTTPMethodNotAllowed, HTTPNotFound
from aiohttp.web_urldispatcher.resources import (
    AbstractResource,
    DynamicResource,
    PlainResource,
    Resource,
)
from aiohttp.web_urldispatcher.routes import (
    AbstractRoute,
    MatchInfoError,
    ResourceRoute,
    UrlMappingMatchInfo,
)
from aiohttp.web_urldispatcher.static import StaticResource
from aiohttp.web_urldispatcher.subapps import MatchedSubAppResource

if TYPE_CHECKING:
    from aiohttp._h1.messages import RawRequestMessage
    from aiohttp.web_request import Request
    from aiohttp.web_response import StreamResponse
    from aiohttp.web_routedef import AbstractRouteDef

    ExpectHandler = Callable[[Request], Awaitable["StreamResponse | None"]]


_NO_VARIABLES: dict[str, str] = {}

# A segment that says what it says, and ends the path.
_IS_PLAIN_SEGMENT = re.compile(r"[0-9A-Za-z._~!$&'()*+,;=:@-]+").fullmatch

# unreserved and sub-delims of RFC 3986 §3.3, and slashes
_UNENCODED = re.compile(r"[/0-9A-Za-z._~!$&'()*+,;=:@-]+")


class ResourcesView(Sized, Iterable[AbstractResource], Container[AbstractResource]):
    """The resources of a dispatcher, in order of registration; it follows later changes of none."""

    def __init__(self, resources: list[AbstractResource]) -> None:
        self._resources = resources

    def __len__(self) -> int:
        return len(self._resources)

    def __iter__(self) -> Iterator[AbstractResource]:
        return iter(self._resources)

    def __contains__(self, resource: object) -> bool:
        return resource in self._resources


class RoutesView(Sized, Iterable[AbstractRoute], Container[AbstractRoute]):
    """The routes of all resources, in order."""

    def __init__(self, resources: list[AbstractResource]) -> None:
        self._routes = [route for resource in resources for route in resource]

    def __len__(self) -> int:
        return len(self._routes)

    def __iter__(self) -> Iterator[AbstractRoute]:
        return iter(self._routes)

    def __contains__(self, route: object) -> bool:
        return route in self._routes


class UrlDispatcher(AbstractRouter, Mapping[str, AbstractResource]):
    """Finds the resource for a request; a mapping of the named resources."""

    NAME_SPLIT_RE = re.compile(r"[.:-]")

    def __init__(self) -> None:
        super().__init__()
        # Every resource, in order of registration.
        self._resources: list[AbstractResource] = []
        self._named_resources: dict[str, AbstractResource] = {}
        # Those that have a path, by it; and those that ask something else of a request.
        self._index: RoutingIndex[AbstractResource] = RoutingIndex()
        self._matched_sub_app_resources: list[MatchedSubAppResource] = []
        # Request target -> method -> route, where nothing else needs to be looked at; made when the
        # router is frozen.
        self._fixed: dict[str, dict[str, ResourceRoute]] = {}
        # The same for paths that end with a variable: everything before its slash -> name of the
        # variable, and method -> route.
        self._last_segments: dict[str, tuple[str, dict[str, ResourceRoute]]] = {}

    # --- Look-up ---

    async def resolve(self, request: Request) -> UrlMappingMatchInfo:
        """Return who handles ``request``.

        Applications for a domain come first.  Then the resource with the longest fixed path wins,
        of equal ones the first registered.  A miss is a match info whose handler raises 404, or 405
        if only the method differs (RFC 9110 §15.5.6).
        """
        found = self._resolve_now(request)
        return found if found is not None else await self._resolve_awaiting(request)

    def _resolve_now(self, request: Request) -> UrlMappingMatchInfo | None:
        """Do what resolve() does; None if a resource of somebody's own has to be awaited."""
        return self._match(request, self._known_route(request._message))

    def _match(
        self, request: Request, known: tuple[ResourceRoute, dict[str, str]] | None
    ) -> UrlMappingMatchInfo | None:
        """Do the same; ``known`` is what `_known_route` says."""
        return self._search(request) if known is None else UrlMappingMatchInfo(known[1], known[0])

    def _known_route(
        self, message: RawRequestMessage
    ) -> tuple[ResourceRoute, dict[str, str]] | None:
        """Return route and variables, if the target tells them without a search."""
        target = message.path
        routes = self._fixed.get(target)
        if routes is not None and (route := routes.get(message.method)) is not None:
            return route, _NO_VARIABLES
        parent, _, segment = target.rpartition("/")
        last = self._last_segments.get(parent)
        if (
            last is not None
            and (route := last[1].get(message.method)) is not None
            and target not in self._index.buckets
            and (segment.isalnum() or _IS_PLAIN_SEGMENT(segment))
        ):
            return route, {last[0]: segment}
        return None

    def _search(self, request: Request) -> UrlMappingMatchInfo | None:
        path = request._routing_path()
        for subapp in self._matched_sub_app_resources:
            resolution = subapp._resolve_now(request, path)
            if resolution is None or resolution[0] is not None:
                return None if resolution is None else resolution[0]
        allowed: set[str] | None = None
        buckets = self._index.buckets
        step = path
        # RoutingIndex.candidates(), inlined: this loop runs for many requests.
        while step:
            for resource in buckets.get(step, ()):
                resolution = resource._resolve_now(request, path)
                if resolution is None:
                    return None
                match_info, methods = resolution
                if match_info is not None:
                    return match_info
                if methods:
                    allowed = methods if allowed is None else allowed | methods
            if step == "/":
                break
            step = step.rpartition("/")[0] or "/"
        return _missed(request, allowed)

    async def _resolve_awaiting(self, request: Request) -> UrlMappingMatchInfo:
        path = request._routing_path()
        for subapp in self._matched_sub_app_resources:
            match_info, _ = await subapp.resolve(request)
            if match_info is not None:
                return match_info
        allowed: set[str] = set()
        for resource in self._index.candidates(path):
            match_info, methods = await resource.resolve(request)
            if match_info is not None:
                return match_info
            allowed |= methods
        return _missed(request, allowed)

    # --- The mapping of names ---

    def __iter__(self) -> Iterator[str]:
        return iter(self._named_resources)

    def __len__(self) -> int:
        return len(self._named_resources)

    def __contains__(self, resource: object) -> bool:
        return resource in self._named_resources

    def __getitem__(self, name: str) -> AbstractResource:
        return self._named_resources[name]

    def resources(self) -> ResourcesView:
        """All resources."""
        return ResourcesView(self._resources)

    def routes(self) -> RoutesView:
        """All routes of all resources."""
        return RoutesView(self._resources)

    def named_resources(self) -> Mapping[str, AbstractResource]:
        """The named resources, read-only."""
        return MappingProxyType(self._named_resources)

    # --- Registration ---

    def register_resource(self, resource: AbstractResource) -> None:
        """Add a resource, which may be of a class of one's own.

        Raises:
            TypeError: it is no AbstractResource.
            RuntimeError: the router is frozen.
            ValueError: its name is taken, or is not a name.
        """
        if not isinstance(resource, AbstractResource):
            raise TypeError(f"Instance of AbstractResource class is required, got {resource!r}")
        if self.frozen:
            raise RuntimeError("Cannot register a resource into frozen router.")
        name = resource.name
        if name is not None:
            check_route_name(name)
            if name in self._named_resources:
                raise ValueError(
                    f"Duplicate {name!r}, already handled by {self._named_resources[name]!r}"
                )
            self._named_resources[name] = resource
        self._resources.append(resource)
        if isinstance(resource, MatchedSubAppResource):
            self._matched_sub_app_resources.append(resource)
        else:
            self.index_resource(resource)

    def index_resource(self, resource: AbstractResource) -> None:
        """File the resource under its path as it is now."""
        if not isinstance(resource, MatchedSubAppResource):
            self._index.add(resource._index_key(), resource)

    def unindex_resource(self, resource: AbstractResource) -> None:
        """Take the resource out of the file; needed around a change of its path."""
        if not isinstance(resource, MatchedSubAppResource):
            self._index.remove(resource._index_key(), resource)

    def add_resource(self, path: str, *, name: str | None = None) -> Resource:
        """Add a path and return its resource, to which routes can be added.

        The last resource is returned again when path and name are the same.

        Raises:
            ValueError: ``path`` does not start with a slash, or is no valid template.
        """
        if path and not path.startswith("/"):
            raise ValueError("path should be started with / or be empty")
        if self._resources:
            last = self._resources[-1]
            if last.name == name and last.raw_match(path) and isinstance(last, Resource):
                return last
        resource: Resource
        if has_variables(path):
            resource = DynamicResource(path, name=name)
        else:
            resource = PlainResource(path, name=name)
        self.register_resource(resource)
        return resource

    def add_route(
        self,
        method: str,
        path: str,
        handler: Handler | type[AbstractView],
        *,
        name: str | None = None,
        expect_handler: ExpectHandler | None = None,
        options: Mapping[Any, Any] | None = None,
    ) -> AbstractRoute:
        """Add a route: :meth:`add_resource` and :meth:`Resource.add_route` in one."""
        resource = self.add_resource(path, name=name)
        return resource.add_route(method, handler, expect_handler=expect_handler, options=options)

    def add_static(
        self,
        prefix: str,
        path: PathLike,
        *,
        name: str | None = None,
        expect_handler: ExpectHandler | None = None,
        chunk_size: int = 256 * 1024,
        show_index: bool = False,
        follow_symlinks: bool = False,
        append_version: bool = False,
    ) -> AbstractResource:
        """Serve the files of a directory; for development, and where no web server stands in front.

        Args:
            prefix: the URL path of the directory.
            path: the directory.
            name: the name of the resource.
            expect_handler: who answers ``Expect``.
            chunk_size: bytes read at once where sendfile cannot be used.
            show_index: list directories instead of answering 403.
            follow_symlinks: follow symbolic links that lead out of the directory.
            append_version: have ``url_for()`` add a hash of the content, so that caches notice
                changes.
        """
        if not prefix.startswith("/"):
            raise ValueError(f"prefix should start with /, got {prefix!r}")
        resource = StaticResource(
            prefix.removesuffix("/"),
            path,
            name=name,
            expect_handler=expect_handler,
            chunk_size=chunk_size,
            show_index=show_index,
            follow_symlinks=follow_symlinks,
            append_version=append_version,
        )
        self.register_resource(resource)
        return resource

    def add_head(self, path: str, handler: Handler, **kwargs: Any) -> AbstractRoute:
        """Add a route for HEAD."""
        return self.add_route(hdrs.METH_HEAD, path, handler, **kwargs)

    def add_options(self, path: str, handler: Handler, **kwargs: Any) -> AbstractRoute:
        """Add a route for OPTIONS."""
        return self.add_route(hdrs.METH_OPTIONS, path, handler, **kwargs)

    def add_get(
        self,
        path: str,
        handler: Handler,
        *,
        name: str | None = None,
        allow_head: bool = True,
        **kwargs: Any,
    ) -> AbstractRoute:
        """Add a route for GET, and one for HEAD with it unless ``allow_head`` is false."""
        resource = self.add_resource(path, name=name)
        if allow_head:
            resource.add_route(hdrs.METH_HEAD, handler, **kwargs)
        return resource.add_route(hdrs.METH_GET, handler, **kwargs)

    def add_post(self, path: str, handler: Handler, **kwargs: Any) -> AbstractRoute:
        """Add a route for POST."""
        return self.add_route(hdrs.METH_POST, path, handler, **kwargs)

    def add_put(self, path: str, handler: Handler, **kwargs: Any) -> AbstractRoute:
        """Add a route for PUT."""
        return self.add_route(hdrs.METH_PUT, path, handler, **kwargs)

    def add_patch(self, path: str, handler: Handler, **kwargs: Any) -> AbstractRoute:
        """Add a route for PATCH."""
        return self.add_route(hdrs.METH_PATCH, path, handler, **kwargs)

    def add_delete(self, path: str, handler: Handler, **kwargs: Any) -> AbstractRoute:
        """Add a route for DELETE."""
        return self.add_route(hdrs.METH_DELETE, path, handler, **kwargs)

    def add_view(self, path: str, handler: type[AbstractView], **kwargs: Any) -> AbstractRoute:
        """Add a view for every method."""
        return self.add_route(hdrs.METH_ANY, path, handler, **kwargs)

    def add_routes(self, routes: Iterable[AbstractRouteDef]) -> list[AbstractRoute]:
        """Add route definitions, or a whole :class:`RouteTableDef`; return the routes made."""
        return [route for definition in routes for route in definition.register(self)]

    def freeze(self) -> None:
        super().freeze()
        for resource in self._resources:
            resource.freeze()
        self._learn_targets()

    def _learn_targets(self) -> None:
        """Note which targets tell their route without a search; once more if paths change."""
        if not self._matched_sub_app_resources:
            self._fixed = self._fixed_targets()
            self._last_segments = self._targets_with_last_segment()

    def _fixed_targets(self) -> dict[str, dict[str, ResourceRoute]]:
        """Return the routes of paths that are found first, and look the same decoded."""
        return {
            path: bucket[0]._routes
            for path, bucket in self._index.buckets.items()
            if type(bucket[0]) is PlainResource
            and bucket[0]._decoded == path
            and _UNENCODED.fullmatch(path)
        }

    def _targets_with_last_segment(self) -> dict[str, tuple[str, dict[str, ResourceRoute]]]:
        """Return the routes of paths that end with a variable, and are found first, too."""
        found = {}
        for bucket in self._index.buckets.values():
            resource = bucket[0]
            if type(resource) is DynamicResource and (name := resource.last_segment) is not None:
                prefix = resource.fixed_prefix
                if _UNENCODED.fullmatch(prefix):
                    found[prefix[:-1]] = name, resource._routes
        return found


def _missed(request: Request, allowed: set[str] | None) -> MatchInfoError:
    if allowed:
        return MatchInfoError(HTTPMethodNotAllowed(request.method, allowed))
    return MatchInfoError(HTTPNotFound())
