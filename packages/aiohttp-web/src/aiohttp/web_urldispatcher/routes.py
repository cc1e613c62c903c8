"""Routes: a method, a handler, and what a look-up says about them.

Knows nothing of paths: those belong to the resources.
"""

from __future__ import annotations

import abc
import asyncio
import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from yarl import URL

from aiohttp import hdrs
from aiohttp._deprecations import declare
from aiohttp.abc import AbstractMatchInfo, AbstractView
from aiohttp.typedefs import Handler
from aiohttp.web_exceptions import HTTPException, HTTPExpectationFailed

if TYPE_CHECKING:
    from aiohttp._web.pipeline import Pipeline
    from aiohttp.web_app import Application
    from aiohttp.web_request import Request
    from aiohttp.web_response import StreamResponse
    from aiohttp.web_urldispatcher.resources import AbstractResource

    ExpectHandler = Callable[[Request], Awaitable["StreamResponse | None"]]
    # What introspection tells: keys depend on the kind of the resource.
    InfoDict = dict[str, Any]

# method = token (RFC 9110 §5.6.2, §9.1); "*" is a token, and stands for every method.
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_NO_OPTIONS: Mapping[Any, Any] = MappingProxyType({})

_BARE_FUNCTION = declare(
    "a route handler that is neither a coroutine function nor a view",
    since="3.0",
    instead="an async def function",
    wording="Bare functions are deprecated, use async ones",
    unmarked="how a function is made is no part of its type; what returns no awaitable is refused",
)
_GENERATOR = declare(
    "a route handler that is a generator",
    since="3.0",
    instead="an async def function",
    unmarked="how a function is made is no part of its type; what returns no awaitable is refused",
)


class AbstractRoute(abc.ABC):
    """One method of one resource, and who handles it."""

    # Per-route settings, given as `options={...}`; `client_max_size` is understood by the server.
    options: Mapping[Any, Any] = _NO_OPTIONS
    # The handler inside its middlewares, kept by Application.
    _pipeline: Pipeline | None = None

    def __init__(
        self,
        method: str,
        handler: Handler | type[AbstractView],
        *,
        expect_handler: ExpectHandler | None = None,
        resource: AbstractResource | None = None,
    ) -> None:
        """Create a route.

        Args:
            method: the request method, in any case; ``"*"`` is every method.
            handler: a coroutine function, or a subclass of :class:`aiohttp.abc.AbstractView`.
            expect_handler: a coroutine function that answers ``Expect`` (RFC 9110 §10.1.1); None
                sends ``100 Continue``.
            resource: whose route this is.

        Raises:
            ValueError: ``method`` is no token.
            TypeError: a handler is of another kind.
        """
        method = method.upper()
        if not _METHOD.fullmatch(method):
            raise ValueError(f"{method} is not allowed HTTP method")
        if expect_handler is None:
            expect_handler = _continue
        elif not inspect.iscoroutinefunction(expect_handler):
            raise InvalidHandler(
                f"Coroutine is expected, got {expect_handler!r} as the expect handler;"
                " declare it with async def"
            )
        self._method = method
        self._handler: Handler = _handler_from(handler)
        self._expect_handler = expect_handler
        self._resource = resource

    @property
    def method(self) -> str:
        """The request method in upper case, ``"*"`` for all."""
        return self._method

    @property
    def handler(self) -> Handler:
        """Who handles the request."""
        return self._handler

    @property
    @abc.abstractmethod
    def name(self) -> str | None:
        """The name of the resource, if it has one."""

    @property
    def resource(self) -> AbstractResource | None:
        """Whose route this is."""
        return self._resource

    @abc.abstractmethod
    def get_info(self) -> InfoDict:
        """Facts about the path, for introspection."""

    @abc.abstractmethod
    def url_for(self, *args: str, **kwargs: str) -> URL:
        """Build the URL of the route; the arguments are those of its resource."""

    async def handle_expect_header(self, request: Request) -> StreamResponse | None:
        """Answer the ``Expect`` field: a response ends the exchange, None lets it go on."""
        return await self._expect_handler(request)


class InvalidHandler(TypeError, AssertionError):
    """A handler of the wrong kind.  Also an AssertionError, which earlier versions raised."""


def _handler_from(handler: Handler | type[AbstractView]) -> Handler:
    """Return a callable that gives an awaitable, whatever kind of handler was registered."""
    if isinstance(handler, type):
        if issubclass(handler, AbstractView):
            return handler
    elif asyncio.iscoroutinefunction(_unwrapped(handler)):
        return handler
    elif inspect.isgeneratorfunction(handler):
        _GENERATOR.warn(stacklevel=4)
        return _as_coroutine_function(handler)
    elif callable(handler):
        if inspect.iscoroutinefunction(getattr(handler, "__call__", None)):  # noqa: B004
            return handler
        _BARE_FUNCTION.warn(stacklevel=4)
        return _as_coroutine_function(handler)
    raise InvalidHandler(
        "Only async functions are allowed as web-handlers,"
        f" got {handler!r}; expected a coroutine function or a subclass of AbstractView"
    )


def _unwrapped(handler: Any) -> Any:
    while isinstance(handler, functools.partial):
        handler = handler.func
    return handler


def _as_coroutine_function(function: Callable[[Request], Any]) -> Handler:
    @functools.wraps(function)
    async def handler(request: Request) -> StreamResponse:
        result = function(request)
        if inspect.isawaitable(result):
            result = await result
        return result  # type: ignore[no-any-return]

    return handler


async def _continue(request: Request) -> None:
    """Tell the peer to send its body (RFC 9110 §10.1.1).

    Raises:
        HTTPExpectationFailed: something else than ``100-continue`` is expected.
    """
    expect = ", ".join(request.headers.getall(hdrs.EXPECT, ()))
    # Empty members of a list say nothing (§5.6.1.2).
    expected = {member.strip(" \t").lower() for member in expect.split(",")} - {""}
    if request.version < (1, 1) or not expected:
        return  # §10.1.1: an HTTP/1.0 peer's expectation is ignored
    if expected != {"100-continue"}:
        # The field may hold bytes that are no text: they cannot be sent back as they came.
        shown = expect.encode("ascii", "backslashreplace").decode("ascii")
        raise HTTPExpectationFailed(text=f"Unknown Expect: {shown}")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # The interim response is no part of the final one's size.
    request.writer.output_size = 0  # type: ignore[misc]


class ResourceRoute(AbstractRoute):
    """A route of a resource."""

    def __init__(
        self,
        method: str,
        handler: Handler | type[AbstractView],
        resource: AbstractResource,
        *,
        expect_handler: ExpectHandler | None = None,
        options: Mapping[Any, Any] | None = None,
    ) -> None:
        super().__init__(method, handler, expect_handler=expect_handler, resource=resource)
        self._home = resource
        if options:
            self.options = MappingProxyType(dict(options))

    def __repr__(self) -> str:
        return f"<ResourceRoute [{self.method}] {self._resource} -> {self.handler!r}"

    @property
    def name(self) -> str | None:
        return self._home.name

    def url_for(self, *args: str, **kwargs: str) -> URL:
        return self._home.url_for(*args, **kwargs)

    def get_info(self) -> InfoDict:
        return self._home.get_info()

    def _matched(self, variables: dict[str, str]) -> UrlMappingMatchInfo:
        """Return the match info of a request that was routed here without one."""
        match_info = UrlMappingMatchInfo(variables, self)
        if self._pipeline is not None:
            match_info._belong_to(self._pipeline.apps[0])
        return match_info


class SystemRoute(AbstractRoute):
    """The route of a request that has none: its handler raises the error."""

    def __init__(self, http_exception: HTTPException) -> None:
        # Not super().__init__: one is made for each miss, and all of its checks would pass.
        self._method = hdrs.METH_ANY
        self._handler = self._handle
        self._expect_handler = _continue
        self._resource = None
        self._http_exception = http_exception

    def __repr__(self) -> str:
        return f"<SystemRoute {self.status}: {self.reason}>"

    def url_for(self, *args: str, **kwargs: str) -> NoReturn:
        raise RuntimeError(".url_for() is not allowed for SystemRoute")

    @property
    def name(self) -> str | None:
        return None

    def get_info(self) -> InfoDict:
        return {"http_exception": self._http_exception}

    async def _handle(self, request: Request) -> StreamResponse:
        raise self._http_exception

    @property
    def status(self) -> int:
        """The status of the error."""
        return self._http_exception.status

    @property
    def reason(self) -> str:
        """The reason phrase of the error."""
        return self._http_exception.reason


class UrlMappingMatchInfo(dict[str, str], AbstractMatchInfo):
    """What matched: a dict of the path's variables, and the route."""

    __slots__ = ("_apps", "_current_app", "_frozen", "_route")

    def __init__(self, match_dict: Mapping[str, str], route: AbstractRoute) -> None:
        if match_dict:
            self.update(match_dict)
        self._route = route
        # Outermost first.
        self._apps: tuple[Application, ...] = ()
        self._current_app: Application | None = None
        self._frozen = False

    @property
    def handler(self) -> Handler:
        return self._route.handler

    @property
    def route(self) -> AbstractRoute:
        """The route that matched."""
        return self._route

    @property
    def expect_handler(self) -> ExpectHandler:
        return self._route.handle_expect_header

    @property
    def http_exception(self) -> HTTPException | None:
        return None

    def get_info(self) -> InfoDict:
        return self._route.get_info()

    @property
    def apps(self) -> tuple[Application, ...]:
        return self._apps

    def add_app(self, app: Application) -> None:
        """Put ``app`` in front of :attr:`apps`.

        Raises:
            RuntimeError: the match info is frozen.
        """
        if self._frozen:
            raise RuntimeError("Cannot change apps stack after .freeze() call")
        if self._current_app is None:
            self._current_app = app
        self._apps = (app, *self._apps) if self._apps else (app,)

    @property
    def current_app(self) -> Application:
        """The application that handles the request at this moment.

        Raises:
            RuntimeError: no application was added.
        """
        if self._current_app is None:
            raise RuntimeError("The match info belongs to no application; call add_app() first")
        return self._current_app

    @current_app.setter
    def current_app(self, app: Application) -> None:
        if app not in self._apps:
            raise RuntimeError(f"Expected one of the following apps {self._apps!r}, got {app!r}")
        self._current_app = app

    def freeze(self) -> None:
        self._frozen = True

    def _belong_to(self, app: Application) -> Pipeline | None:
        """Do what add_app(), freeze() and _kept_pipeline() do, for the outermost application."""
        if not self._apps:
            self._current_app = app
        self._apps = apps = (app, *self._apps)
        self._frozen = True
        route = self._route
        kept = route._pipeline
        if kept is not None and kept.handler is route._handler and kept.apps == apps:
            return kept
        return None

    def _kept_pipeline(self) -> Pipeline | None:
        """Return the pipeline that the route keeps, unless it was made of something else."""
        route = self._route
        kept = route._pipeline
        if kept is not None and kept.handler is route._handler and kept.apps == self._apps:
            return kept
        return None

    def __repr__(self) -> str:
        return f"<MatchInfo {super().__repr__()}: {self._route}>"


class MatchInfoError(UrlMappingMatchInfo):
    """Nothing matched: the handler raises an HTTP exception."""

    __slots__ = ("_exception",)

    def __init__(self, http_exception: HTTPException) -> None:
        self._exception = http_exception
        super().__init__({}, SystemRoute(http_exception))

    @property
    def http_exception(self) -> HTTPException | None:
        return self._exception

    def __repr__(self) -> str:
        return f"<MatchInfoError {self._exception.status}: {self._exception.reason}>"
