"""Middlewares: the marker of new-style ones, and the one that comes with the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_exceptions import HTTPMove, HTTPPermanentRedirect
from aiohttp.web_request import Request
from aiohttp.web_response import StreamResponse
from aiohttp.web_urldispatcher import SystemRoute

if TYPE_CHECKING:
    from aiohttp.web_app import Application

__all__ = ("middleware", "normalize_path_middleware")

_Func = TypeVar("_Func")

_SLASHES = re.compile(r"//+")
_LEADING_SLASHES = re.compile(r"^//+")


def middleware(f: _Func) -> _Func:
    """Mark a coroutine function ``async (request, handler)`` as a middleware."""
    f.__middleware_version__ = 1  # type: ignore[attr-defined]
    return f


class ContradictoryOptions(ValueError, AssertionError):
    """Options exclude each other.  Also an AssertionError, which earlier versions raised."""


def normalize_path_middleware(
    *,
    append_slash: bool = True,
    remove_slash: bool = False,
    merge_slashes: bool = True,
    redirect_class: type[HTTPMove] = HTTPPermanentRedirect,
) -> Middleware:
    """Return a middleware that redirects a path without a route to a similar one that has a route.

    Args:
        append_slash: try the path with a slash at its end.
        remove_slash: try the path without the slash at its end; not together with the other.
        merge_slashes: try the path with runs of slashes made one.
        redirect_class: what is raised.

    Raises:
        ValueError: a slash is to be both appended and removed.
    """
    if append_slash and remove_slash:
        raise ContradictoryOptions("Cannot both remove and append slash")

    @middleware
    async def normalize(request: Request, handler: Handler) -> StreamResponse:
        if isinstance(request.match_info.route, SystemRoute):
            path, question_mark, query = request.raw_path.partition("?")
            for candidate in _similar_paths(path, append_slash, remove_slash, merge_slashes):
                resolves, request = await _check_request_resolves(request, candidate)
                if resolves:
                    raise redirect_class(request.raw_path + question_mark + query)
        return await handler(request)

    return normalize


def _similar_paths(path: str, append: bool, remove: bool, merge: bool) -> Iterator[str]:
    """Yield paths to try, the most similar first.

    None starts with two slashes: ``//host/x`` would be a redirect to another host (CVE-2021-21330).
    """
    slash = path.endswith("/")
    if merge:
        yield _SLASHES.sub("/", path)
    if append and not slash:
        yield _LEADING_SLASHES.sub("/", path + "/")
        if merge:
            yield _SLASHES.sub("/", path + "/")
    if remove and slash:
        yield _LEADING_SLASHES.sub("/", path[:-1])
        if merge:
            yield _SLASHES.sub("/", path)[:-1]


async def _check_request_resolves(request: Request, path: str) -> tuple[bool, Request]:
    """Return whether ``path`` has a route, and the request with that path if it has."""
    other = request.clone(rel_url=path)
    match_info = await request.app.router.resolve(other)
    other._match_info = match_info
    return (True, other) if match_info.http_exception is None else (False, request)


def entering(app: Application) -> Any:
    """Return a middleware that makes ``app`` the current application for what it wraps."""

    @middleware
    async def enter(request: Request, handler: Handler) -> StreamResponse:
        match_info = request.match_info
        previous = match_info.current_app
        match_info.current_app = app
        try:
            return await handler(request)
        finally:
            match_info.current_app = previous

    return enter
