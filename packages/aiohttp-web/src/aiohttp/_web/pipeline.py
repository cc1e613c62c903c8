"""A route's handler inside the middlewares of its applications.

It is put together once for each route and kept there; not by path, of which a peer can make up any
number (CVE-2024-52303).  Knows middlewares; not how a route was found.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any, cast

import attr

from aiohttp.typedefs import Handler

if TYPE_CHECKING:
    from aiohttp.web_app import Application
    from aiohttp.web_request import Request
    from aiohttp.web_response import StreamResponse


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Pipeline:
    """What handling a request of a route takes."""

    # What it was made of; another handler, or other applications, need another pipeline.
    handler: Handler
    apps: tuple[Application, ...]
    # The handler in its middlewares.
    wrapped: Handler
    # The route's own bound of a body in bytes, None if it has none.
    client_max_size: int | None
    # Whether somebody wants to be told before a head is sent.
    has_prepare_hooks: bool
    # Whether nothing but calling `wrapped` has to be done.
    is_bare: bool = attr.ib(init=False)
    # The application, if there is but one.
    only_app: Application | None = attr.ib(init=False)

    def __attrs_post_init__(self) -> None:
        bare = self.client_max_size is None and not self.has_prepare_hooks
        object.__setattr__(self, "is_bare", bare)
        object.__setattr__(self, "only_app", self.apps[0] if len(self.apps) == 1 else None)

    def enter(self, request: Request) -> Awaitable[StreamResponse]:
        """Have the request handled, with what the route says of it."""
        if self.has_prepare_hooks:
            request._hooked = True
        if self.client_max_size is not None:
            request._client_max_size = self.client_max_size
        return self.wrapped(request)


def build_pipeline(
    handler: Handler,
    apps: tuple[Application, ...],
    client_max_size: int | None,
    enter: Callable[[Application], Any],
) -> Pipeline:
    """Put a pipeline together.

    Args:
        handler: the route's handler.
        apps: the applications around it, the outermost first.
        client_max_size: the route's own bound, if any.
        enter: makes a middleware that has an application be the current one.
    """
    wrapped = handler
    if any(app.middlewares for app in apps):
        for app in reversed(apps):
            wrapped = _wrapped(wrapped, app, enter(app) if len(apps) > 1 else None)
    hooks = any(app.on_response_prepare for app in apps)
    return Pipeline(handler, apps, wrapped, client_max_size, hooks)


def is_new_style(middleware: Any) -> bool:
    """Whether a middleware is ``async (request, handler)``, as ``@web.middleware`` says."""
    return getattr(middleware, "__middleware_version__", None) == 1


def _wrapped(handler: Handler, app: Application, enter: Any) -> Handler:
    for middleware in reversed(app.middlewares):
        if is_new_style(middleware):
            wrapped: Any = partial(middleware, handler=handler)
        else:
            wrapped = partial(_call_old_style, middleware, app, handler)
        # What tools look for on a handler, they find on what wraps it.
        handler = update_wrapper(wrapped, handler)
    if enter is not None:
        handler = update_wrapper(partial(enter, handler=handler), handler)
    return handler


async def _call_old_style(
    factory: Any, app: Application, handler: Handler, request: Request
) -> StreamResponse:
    return cast("StreamResponse", await (await factory(app, handler))(request))
