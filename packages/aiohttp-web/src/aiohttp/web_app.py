"""The application: routes, middlewares, signals and a place for shared things, put together.

Knows the router's interface and the life of an application; not how a route matches, nor how a
connection is served.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
)
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast, overload

from aiosignal import Signal
from frozenlist import FrozenList

from aiohttp import hdrs
from aiohttp._deprecations import declare, marked
from aiohttp._keys import AppKey
from aiohttp._web.pipeline import Pipeline, build_pipeline, is_new_style
from aiohttp.abc import (
    AbstractAccessLogger,
    AbstractMatchInfo,
    AbstractRouter,
    AbstractStreamWriter,
)
from aiohttp.log import web_logger
from aiohttp.streams import StreamReader
from aiohttp.typedefs import Middleware
from aiohttp.web_exceptions import NotAppKeyWarning
from aiohttp.web_log import AccessLogger
from aiohttp.web_middlewares import entering
from aiohttp.web_request import Request
from aiohttp.web_response import StreamResponse
from aiohttp.web_routedef import AbstractRouteDef
from aiohttp.web_urldispatcher import (
    AbstractResource,
    AbstractRoute,
    Domain,
    MaskDomain,
    MatchedSubAppResource,
    PrefixedSubAppResource,
    ResourceRoute,
    UrlDispatcher,
    UrlMappingMatchInfo,
)

if TYPE_CHECKING:
    from aiohttp._h1.messages import RawRequestMessage
    from aiohttp.web_protocol import RequestHandler
    from aiohttp.web_server import Server

__all__ = ("Application", "CleanupError")

_T = TypeVar("_T")
_U = TypeVar("_U")
_Resource = TypeVar("_Resource", bound=AbstractResource)

if TYPE_CHECKING:
    from typing_extensions import Unpack

    class _Options(TypedDict, total=False):
        """What an `Application` is made with."""

        logger: logging.Logger
        middlewares: Iterable[Middleware]
        handler_args: Mapping[str, Any] | None
        client_max_size: int
        client_max_fields: int

    class _OldOptions(_Options, total=False):
        """The same, beside deprecated ones."""

        debug: Any

    _AppSignal = Signal["Application"]
    _RespPrepareSignal = Signal[Request, StreamResponse]
    _Middlewares = FrozenList[Middleware]
    _CleanupContextCallable = Callable[
        ["Application"], AsyncIterator[None] | AbstractAsyncContextManager[Any]
    ]
else:
    _CleanupContextCallable = Any

_ROUTER_ARGUMENT = declare(
    "router argument of Application", since="3.3", instead="add_routes(), or app.router"
)
_LOOP_ARGUMENT = declare(
    "loop argument of Application", since="2.0", instead="nothing; the running loop is used"
)
_DEBUG_ARGUMENT = declare(
    "debug argument of Application", since="3.5", instead="asyncio's debug mode"
)
_LOOP = declare("loop property of Application", since="3.5", instead="asyncio.get_running_loop()")
_DEBUG = declare("debug property of Application", since="3.5", instead="asyncio's debug mode")
_FROZEN_STATE = declare(
    "changing the state of a started or joined application",
    since="3.0",
    instead="a value that is mutable, put in before",
    wording="Changing state of started or joined application is deprecated,"
    " use a value that is mutable, put in before",
    unmarked="whether an application has started is no matter of types",
)
_SUBCLASS = declare(
    "a subclass of web.Application",
    since="3.0",
    instead="composition: a function that makes one",
    unmarked="a class cannot be marked for those alone who inherit from it",
)
_OLD_MIDDLEWARE = declare(
    "an old-style middleware, async (app, handler)",
    since="3.0",
    instead="@web.middleware on async (request, handler)",
    unmarked="it has not the type of a middleware, and is refused if it is annotated",
)
_MAKE_HANDLER = declare(
    "Application.make_handler()", since="3.0", instead="AppRunner, which calls it for you"
)


class Application(MutableMapping[str | AppKey[Any], Any]):
    """A web application; also a mutable mapping of what its handlers share.

    Args:
        logger: gets what goes wrong.
        router: a router of one's own; deprecated.
        middlewares: coroutine functions ``(request, handler)``, the outermost first.
        handler_args: keyword arguments for the server's connections.
        client_max_size: bytes of body that ``request.read()`` and ``request.post()`` accept; 0 is
            any number.
        client_max_fields: fields of a form that ``request.post()`` accepts; 0 is any number.
        loop: deprecated.
        debug: deprecated.
    """

    ATTRS = frozenset(
        {
            "_client_max_fields",
            "_client_max_size",
            "_cleanup_ctx",
            "_debug",
            "_frozen",
            "_handler_args",
            "_loop",
            "_middlewares",
            "_on_cleanup",
            "_on_response_prepare",
            "_on_shutdown",
            "_on_startup",
            "_pre_frozen",
            "_router",
            "_state",
            "_subapps",
            "logger",
        }
    )

    @overload
    def __init__(self, **options: Unpack[_Options]) -> None: ...

    @overload
    @marked("router argument of Application: use add_routes(), or app.router")
    def __init__(
        self,
        *,
        router: UrlDispatcher | None,
        loop: asyncio.AbstractEventLoop | None = ...,
        **options: Unpack[_OldOptions],
    ) -> None: ...

    @overload
    @marked("loop argument of Application: use nothing; the running loop is used")
    def __init__(
        self, *, loop: asyncio.AbstractEventLoop | None, **options: Unpack[_OldOptions]
    ) -> None: ...

    @overload
    @marked("debug argument of Application: use asyncio's debug mode")
    def __init__(self, **options: Unpack[_OldOptions]) -> None: ...

    def __init__(
        self,
        *,
        logger: logging.Logger = web_logger,
        router: UrlDispatcher | None = None,
        middlewares: Iterable[Middleware] = (),
        handler_args: Mapping[str, Any] | None = None,
        client_max_size: int = 1024**2,
        client_max_fields: int = 1000,
        loop: asyncio.AbstractEventLoop | None = None,
        debug: Any = ...,
    ) -> None:
        if router is None:
            router = UrlDispatcher()
        else:
            _ROUTER_ARGUMENT.warn()
            if not isinstance(router, AbstractRouter):
                raise TypeError(f"router should be an AbstractRouter, got {router!r}")
        if loop is not None:
            _LOOP_ARGUMENT.warn()
        if debug is not ...:
            _DEBUG_ARGUMENT.warn()
        self._debug = debug
        self._router = router
        self._loop = loop
        self._handler_args = handler_args
        self.logger = logger
        self._client_max_size = client_max_size
        self._client_max_fields = client_max_fields

        self._middlewares: _Middlewares = FrozenList(middlewares)
        self._state: dict[AppKey[Any] | str, Any] = {}
        # Frozen in two steps: routes and middlewares when it becomes part of another application,
        # the mapping and the sub-applications when it starts.
        self._pre_frozen = False
        self._frozen = False
        self._subapps: list[Application] = []

        self._on_response_prepare: _RespPrepareSignal = Signal(self)
        self._on_startup: _AppSignal = Signal(self)
        self._on_shutdown: _AppSignal = Signal(self)
        self._on_cleanup: _AppSignal = Signal(self)
        self._cleanup_ctx = CleanupContext()
        self._on_startup.append(self._cleanup_ctx._on_startup)
        self._on_cleanup.append(self._cleanup_ctx._on_cleanup)

        router.post_init(self)

    def __init_subclass__(cls: type[Application]) -> None:
        _SUBCLASS.warn()

    # --- Mapping ---

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return True

    @overload
    def __getitem__(self, key: AppKey[_T]) -> _T: ...

    @overload
    def __getitem__(self, key: str) -> Any: ...

    def __getitem__(self, key: str | AppKey[_T]) -> Any:
        return self._state[key]

    def _check_frozen(self) -> None:
        if self._frozen:
            _FROZEN_STATE.warn(stacklevel=3)

    @overload
    def __setitem__(self, key: AppKey[_T], value: _T) -> None: ...

    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...

    def __setitem__(self, key: str | AppKey[_T], value: Any) -> None:
        self._check_frozen()
        if not isinstance(key, AppKey):
            warnings.warn(
                "It is recommended to use web.AppKey instances for keys: they carry the type of the"
                " value, and two libraries never choose the same.\n"
                "https://docs.aiohttp.org/en/stable/web_advanced.html#application-s-config",
                category=NotAppKeyWarning,
                stacklevel=2,
            )
        self._state[key] = value

    def __delitem__(self, key: str | AppKey[_T]) -> None:
        self._check_frozen()
        del self._state[key]

    def __len__(self) -> int:
        return len(self._state)

    def __iter__(self) -> Iterator[str | AppKey[Any]]:
        return iter(self._state)

    @overload  # type: ignore[override]
    def get(self, key: AppKey[_T], default: None = ...) -> _T | None: ...

    @overload
    def get(self, key: AppKey[_T], default: _U) -> _T | _U: ...

    @overload
    def get(self, key: str, default: Any = ...) -> Any: ...

    def get(self, key: str | AppKey[_T], default: Any = None) -> Any:
        """Return the value of ``key``, or ``default``."""
        return self._state.get(key, default)

    # --- Routes ---

    @property
    def router(self) -> UrlDispatcher:
        """The router."""
        return self._router

    def add_routes(self, routes: Iterable[AbstractRouteDef]) -> list[AbstractRoute]:
        """Add route definitions or a :class:`RouteTableDef`; return the routes made."""
        return self.router.add_routes(routes)

    def add_subapp(self, prefix: str, subapp: Application) -> PrefixedSubAppResource:
        """Have ``subapp`` answer everything below ``prefix``.

        Raises:
            TypeError: ``prefix`` is not a str.
            ValueError: it is empty.
            RuntimeError: one of the applications is frozen.
        """
        if not isinstance(prefix, str):
            raise TypeError("Prefix must be str")
        prefix = prefix.rstrip("/")
        if not prefix:
            raise ValueError("Prefix cannot be empty")
        return self._add_subapp(partial(PrefixedSubAppResource, prefix, subapp), subapp)

    def add_domain(self, domain: str, subapp: Application) -> MatchedSubAppResource:
        """Have ``subapp`` answer requests for a domain, or for a mask: ``*.example.com``.

        Raises:
            TypeError: ``domain`` is not a str.
            ValueError: it is no host name.
            RuntimeError: one of the applications is frozen.
        """
        if not isinstance(domain, str):
            raise TypeError("Domain must be str")
        rule = MaskDomain(domain) if "*" in domain else Domain(domain)
        return self._add_subapp(partial(MatchedSubAppResource, rule, subapp), subapp)

    def _add_subapp(
        self, resource_factory: Callable[[], _Resource], subapp: Application
    ) -> _Resource:
        if self.frozen:
            raise RuntimeError("Cannot add sub application to frozen application")
        if subapp.frozen:
            raise RuntimeError("Cannot add frozen application")
        resource = resource_factory()
        self.router.register_resource(resource)
        self._reg_subapp_signals(subapp)
        self._subapps.append(subapp)
        subapp.pre_freeze()
        if self._loop is not None:
            subapp._set_loop(self._loop)
        return resource

    def _reg_subapp_signals(self, subapp: Application) -> None:
        """Have the sub-application's signals sent when ours are."""
        for name in ("on_startup", "on_shutdown", "on_cleanup"):
            signal: _AppSignal = getattr(subapp, name)

            async def send(_: Application, signal: _AppSignal = signal) -> None:
                await signal.send(subapp)

            getattr(self, name).append(send)

    # --- Signals and middlewares ---

    @property
    def on_response_prepare(self) -> _RespPrepareSignal:
        """Sent with (request, response) before each head is sent."""
        return self._on_response_prepare

    @property
    def on_startup(self) -> _AppSignal:
        """Sent with the application when it starts."""
        return self._on_startup

    @property
    def on_shutdown(self) -> _AppSignal:
        """Sent with the application when it stops, while connections are still open."""
        return self._on_shutdown

    @property
    def on_cleanup(self) -> _AppSignal:
        """Sent with the application when it has stopped."""
        return self._on_cleanup

    @property
    def cleanup_ctx(self) -> CleanupContext:
        """Functions of the application that return an async context manager, or async generators.

        They are entered at startup, and left at cleanup in reverse order; a generator has one
        ``yield``.
        """
        return self._cleanup_ctx

    @property
    def middlewares(self) -> _Middlewares:
        """The middlewares, the outermost first."""
        return self._middlewares

    # --- Life ---

    @property
    @marked("loop property of Application: use asyncio.get_running_loop()")
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop; deprecated."""
        _LOOP.warn()
        return cast(asyncio.AbstractEventLoop, self._loop)

    @property
    @marked("debug property of Application: use asyncio's debug mode")
    def debug(self) -> bool:
        """Whether asyncio's debug mode was on at startup; deprecated."""
        _DEBUG.warn()
        return cast(bool, self._debug)

    def _set_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
        if loop is None:
            loop = asyncio.get_event_loop()
        if self._loop is not None and self._loop is not loop:
            raise RuntimeError("web.Application instance initialized with different loop")
        self._loop = loop
        if self._debug is ...:
            self._debug = loop.get_debug()
        for subapp in self._subapps:
            subapp._set_loop(loop)

    @property
    def pre_frozen(self) -> bool:
        """Whether routes and middlewares can no longer be changed."""
        return self._pre_frozen

    def pre_freeze(self) -> None:
        """Forbid changes of routes, middlewares and signals."""
        if self._pre_frozen:
            return
        self._pre_frozen = True
        self._middlewares.freeze()
        self._router.freeze()
        self._on_response_prepare.freeze()
        self._cleanup_ctx.freeze()
        self._on_startup.freeze()
        self._on_shutdown.freeze()
        self._on_cleanup.freeze()
        for middleware in self._middlewares:
            if not is_new_style(middleware):
                _OLD_MIDDLEWARE.warn()
        for subapp in self._subapps:
            subapp.pre_freeze()

    @property
    def frozen(self) -> bool:
        """Whether the application was started."""
        return self._frozen

    def freeze(self) -> None:
        """Forbid every change."""
        if self._frozen:
            return
        self.pre_freeze()
        self._frozen = True
        for subapp in self._subapps:
            subapp.freeze()

    async def startup(self) -> None:
        """Send :attr:`on_startup`; called by the runner."""
        await self.on_startup.send(self)

    async def shutdown(self) -> None:
        """Send :attr:`on_shutdown`; called by the runner."""
        await self.on_shutdown.send(self)

    async def cleanup(self) -> None:
        """Send :attr:`on_cleanup`; called by the runner, also when startup failed."""
        if self.on_cleanup.frozen:
            await self.on_cleanup.send(self)
        else:
            # Startup came not far enough for the signals, but contexts may have been entered.
            await self._cleanup_ctx._on_cleanup(self)

    def _make_handler(
        self,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        access_log_class: type[AbstractAccessLogger] = AccessLogger,
        **kwargs: Any,
    ) -> Server:
        if not issubclass(access_log_class, AbstractAccessLogger):
            raise TypeError(
                "access_log_class must be subclass of aiohttp.abc.AbstractAccessLogger,"
                f" got {access_log_class}"
            )
        # Not at the top: a program may use applications without ever running a server.
        from aiohttp.web_server import Server

        self._set_loop(loop)
        self.freeze()
        kwargs["debug"] = self._debug
        kwargs["access_log_class"] = access_log_class
        if self._handler_args:
            kwargs.update(self._handler_args)
        return Server(
            self._request_handler(),  # type: ignore[arg-type]
            request_factory=self._make_request,
            loop=self._loop,
            **kwargs,
        )

    @marked("Application.make_handler(): use AppRunner, which calls it for you")
    def make_handler(
        self,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        access_log_class: type[AbstractAccessLogger] = AccessLogger,
        **kwargs: Any,
    ) -> Server:
        """Return a protocol factory for ``loop.create_server()``; deprecated."""
        _MAKE_HANDLER.warn()
        return self._make_handler(loop=loop, access_log_class=access_log_class, **kwargs)

    # --- Serving ---

    def _make_request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
        _cls: type[Request] = Request,
    ) -> Request:
        # A server runs in one; cast() would be a call for each request.
        loop: asyncio.AbstractEventLoop = self._loop  # type: ignore[assignment]
        if _cls is Request and _cls.__init__ is _INIT:
            # Each named argument that is not given costs as much as three attributes.
            request = _NEW(_cls)
            request._take(message, payload, protocol, writer, task, loop)
        else:
            request = _cls(message, payload, protocol, writer, task, loop)
        request._client_max_size = self._client_max_size
        request._client_max_fields = self._client_max_fields
        return request

    async def _handle(self, request: Request) -> StreamResponse:
        """Route the request and have it handled."""
        match_info = await self._router.resolve(request)
        if not isinstance(match_info, AbstractMatchInfo):
            raise TypeError(f"match_info should be an AbstractMatchInfo, got {match_info!r}")
        match_info.add_app(self)
        match_info.freeze()
        request._match_info = match_info
        # A list (RFC 9110 §10.1.1): an empty one expects nothing.
        if request.headers.get(hdrs.EXPECT):
            response = await match_info.expect_handler(request)
            await request.writer.drain()
            if response is not None:
                return response
        pipeline = match_info._kept_pipeline() or _pipeline_of(match_info)
        return await pipeline.enter(request)

    def _handle_now(self, request: Request) -> Awaitable[StreamResponse]:
        """Do the same without a coroutine in between, where routing need not be awaited."""
        message = request._message
        if hdrs.EXPECT in message.headers:
            return self._handle(request)
        known = self._router._known_route(message)
        pipeline = None if known is None else known[0]._pipeline
        if (
            known is not None
            and pipeline is not None
            and pipeline.only_app is self
            and pipeline.handler is known[0]._handler
        ):
            request._found = known
        else:
            match_info = self._router._match(request, known)
            if match_info is None:
                return self._handle(request)
            request._match_info = match_info
            pipeline = match_info._belong_to(self) or _pipeline_of(match_info)
        return pipeline.wrapped(request) if pipeline.is_bare else pipeline.enter(request)

    def _request_handler(self) -> Callable[[Request], Awaitable[StreamResponse]]:
        """Return what the server is to call: the short way, unless somebody stands in it."""
        ours = type(self)._handle is _HANDLE and "_handle" not in vars(self)
        return self._handle_now if ours and _is_ours(self._router) else self._handle

    def __call__(self) -> Application:
        """Return self: Gunicorn calls what it is given."""
        return self

    def __repr__(self) -> str:
        return f"<Application 0x{id(self):x}>"


_NEW = object.__new__

# As they are here; tools put theirs in the place of these, on the class or on one object, as
# sentry_sdk does.
_INIT = Request.__init__
_HANDLE = Application._handle
_RESOLVE = UrlDispatcher.resolve


def _is_ours(router: AbstractRouter) -> bool:
    """Whether nobody has put a look-up of their own in the place of ours."""
    return type(router).resolve is _RESOLVE and "resolve" not in vars(router)


# --- The handler in its middlewares ---


def _pipeline_of(match_info: UrlMappingMatchInfo) -> Pipeline:
    """Return the pipeline of what matched: the one that its route keeps, or a new one."""
    route = match_info.route if isinstance(match_info, UrlMappingMatchInfo) else None
    pipeline = build_pipeline(
        match_info.handler,
        match_info.apps,
        None if route is None else route.options.get("client_max_size"),
        entering,
    )
    if isinstance(route, ResourceRoute) and all(app.pre_frozen for app in match_info.apps):
        route._pipeline = pipeline
    return pipeline


# --- Contexts of an application's life ---


class CleanupError(RuntimeError):
    """Several contexts failed at cleanup."""

    @property
    def exceptions(self) -> list[BaseException]:
        """What they raised."""
        return cast("list[BaseException]", self.args[1])


if TYPE_CHECKING:
    _CleanupContextBase = FrozenList[_CleanupContextCallable]
else:
    _CleanupContextBase = FrozenList


class CleanupContext(_CleanupContextBase):
    """Contexts that are entered at startup and left at cleanup."""

    def __init__(self) -> None:
        super().__init__()
        self._entered: list[AsyncIterator[None] | AbstractAsyncContextManager[Any]] = []

    async def _on_startup(self, app: Application) -> None:
        for callback in self:
            context = callback(app)
            if isinstance(context, AbstractAsyncContextManager):
                await context.__aenter__()
            else:
                context = context.__aiter__()
                await context.__anext__()
            self._entered.append(context)

    async def _on_cleanup(self, app: Application) -> None:
        errors: list[BaseException] = []
        for context in reversed(self._entered):
            try:
                await _leave(context)
            except (Exception, asyncio.CancelledError) as error:
                errors.append(error)
        self._entered.clear()
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise CleanupError("Multiple errors on cleanup stage", errors)


async def _leave(context: AsyncIterator[None] | AbstractAsyncContextManager[Any]) -> None:
    if isinstance(context, AbstractAsyncContextManager):
        await context.__aexit__(None, None, None)
        return
    try:
        await context.__anext__()
    except StopAsyncIteration:
        return
    raise RuntimeError(f"{context!r} has more than one 'yield'")
