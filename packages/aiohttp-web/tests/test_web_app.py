"""The application: mapping, life, signals, contexts, middlewares and sub-applications."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from aiohttp import web
from aiohttp.abc import AbstractMatchInfo, AbstractRouter
from aiohttp.test_utils import make_mocked_request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KEY = web.AppKey("KEY", int)


async def handler(request: web.Request) -> web.Response:
    return web.Response(text="handled")


async def answer(app: web.Application, path: str = "/", **kwargs: Any) -> str | None:
    response = await app._handle(make_mocked_request("GET", path, **kwargs))
    assert isinstance(response, web.Response)
    return response.text


# --- Mapping ---


def test_a_mapping_with_typed_keys() -> None:
    app = web.Application()
    app[KEY] = 1
    assert app[KEY] == 1 and KEY in app and len(app) == 1 and list(app) == [KEY]
    assert app.get(KEY) == 1 and app.get("missing", 5) == 5
    del app[KEY]
    with pytest.raises(KeyError):
        _ = app[KEY]
    assert app and app == app and app != web.Application() and hash(app) == hash(app)


def test_str_keys_warn() -> None:
    with pytest.warns(web.NotAppKeyWarning, match="AppKey"):
        web.Application()["key"] = 1


def test_a_started_application_is_not_changed() -> None:
    app = web.Application()
    app[KEY] = 1
    app.freeze()
    with pytest.warns(DeprecationWarning, match="started or joined"):
        app[KEY] = 2
    with pytest.raises(RuntimeError, match="frozen"):
        app.router.add_get("/", handler)
    with pytest.raises(RuntimeError, match="frozen"):
        app.middlewares.append(handler)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="Cannot add sub application to frozen"):
        app.add_subapp("/x", web.Application())
    with pytest.raises(RuntimeError, match="Cannot add frozen application"):
        web.Application().add_subapp("/x", app)


# --- Deprecated ways ---


@pytest.mark.parametrize("arguments", [{"debug": True}, {"router": web.UrlDispatcher()}])
def test_deprecated_arguments(arguments: dict[str, Any]) -> None:
    with pytest.warns(DeprecationWarning):
        web.Application(**arguments)


async def test_deprecated_loop() -> None:
    loop = asyncio.get_running_loop()
    with pytest.warns(DeprecationWarning):
        app = web.Application(loop=loop)
    with pytest.warns(DeprecationWarning):
        assert app.loop is loop
    with pytest.raises(RuntimeError, match="different loop"):
        app._set_loop(object())  # type: ignore[arg-type]
    with pytest.warns(DeprecationWarning):
        assert app.debug is not True


async def test_make_handler_warns() -> None:
    with pytest.warns(DeprecationWarning, match="make_handler"):
        server = web.Application().make_handler()
    assert isinstance(server, web.Server)
    with pytest.raises(TypeError, match="access_log_class"):
        web.Application()._make_handler(access_log_class=dict)  # type: ignore[arg-type]


def test_a_subclass_warns() -> None:
    with pytest.warns(DeprecationWarning, match="subclass"):

        class Sub(web.Application):
            pass


async def test_a_router_of_ones_own() -> None:
    route = web.UrlDispatcher().add_get("/", handler)

    class Router(AbstractRouter):
        async def resolve(self, request: web.Request) -> AbstractMatchInfo:
            await asyncio.sleep(0)
            return web.UrlMappingMatchInfo({"a": "b"}, route)

    with pytest.warns(DeprecationWarning, match="router"):
        app = web.Application(router=Router())  # type: ignore[call-overload]
    app.freeze()
    assert await answer(app, "/anything") == "handled"


# --- Life ---


async def test_signals_of_an_application_and_its_parts() -> None:
    seen: list[str] = []

    def note(text: str) -> Callable[[web.Application], Awaitable[None]]:
        async def receiver(app: web.Application) -> None:
            seen.append(text)

        return receiver

    app, subapp = web.Application(), web.Application()
    for name in ("startup", "shutdown", "cleanup"):
        getattr(app, f"on_{name}").append(note(f"app {name}"))
        getattr(subapp, f"on_{name}").append(note(f"sub {name}"))
    app.add_subapp("/sub", subapp)
    app.freeze()
    await app.startup()
    await app.shutdown()
    await app.cleanup()
    whats = ("startup", "shutdown", "cleanup")
    assert seen == [f"{who} {what}" for what in whats for who in ("app", "sub")]


async def test_contexts_are_left_in_reverse_order() -> None:
    seen: list[str] = []

    async def generator(app: web.Application) -> AsyncIterator[None]:
        seen.append("in 1")
        yield
        seen.append("out 1")

    @asynccontextmanager
    async def manager(app: web.Application) -> AsyncIterator[None]:
        seen.append("in 2")
        yield
        seen.append("out 2")

    app = web.Application()
    app.cleanup_ctx.append(generator)
    app.cleanup_ctx.append(manager)
    app.freeze()
    await app.startup()
    await app.cleanup()
    assert seen == ["in 1", "in 2", "out 2", "out 1"]


def failing(error: BaseException) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        yield
        raise error

    return context


async def test_one_error_at_cleanup_is_raised_and_several_are_collected() -> None:
    first, second = ValueError("1"), OSError("2")
    app = web.Application()
    app.cleanup_ctx.append(failing(first))
    app.freeze()
    await app.startup()
    with pytest.raises(ValueError, match="1"):
        await app.cleanup()

    app = web.Application()
    app.cleanup_ctx.extend([failing(first), failing(second)])
    app.freeze()
    await app.startup()
    with pytest.raises(web.CleanupError) as caught:
        await app.cleanup()
    assert caught.value.exceptions == [second, first]


async def test_a_context_yields_once() -> None:
    async def twice(app: web.Application) -> AsyncIterator[None]:
        yield
        yield

    app = web.Application()
    app.cleanup_ctx.append(twice)
    app.freeze()
    await app.startup()
    with pytest.raises(RuntimeError, match="more than one 'yield'"):
        await app.cleanup()


async def test_contexts_that_were_entered_are_left_when_startup_fails() -> None:
    seen: list[str] = []

    async def good(app: web.Application) -> AsyncIterator[None]:
        yield
        seen.append("out")

    async def bad(app: web.Application) -> AsyncIterator[None]:
        raise ValueError
        yield

    app = web.Application()
    app.cleanup_ctx.extend([good, bad])
    app.freeze()
    with pytest.raises(ValueError):
        await app.startup()
    await app.cleanup()
    assert seen == ["out"]


# --- Middlewares ---


def tagging(tag: str) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        assert isinstance(response, web.Response)
        response.text = f"{tag}({response.text})"
        return response

    return middleware


async def test_the_first_middleware_is_outermost() -> None:
    app = web.Application(middlewares=[tagging("a"), tagging("b")])
    app.router.add_get("/", handler)
    app.freeze()
    assert await answer(app) == await answer(app) == "a(b(handled))"


async def test_middlewares_of_parts_are_inside() -> None:
    app = web.Application(middlewares=[tagging("outer")])
    subapp = web.Application(middlewares=[tagging("inner")])
    subapp.router.add_get("/x", handler)
    app.add_subapp("/sub", subapp)
    app.freeze()
    assert await answer(app, "/sub/x") == "outer(inner(handled))"


async def test_each_middleware_sees_its_own_application() -> None:
    seen: list[web.Application] = []

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        seen.append(request.app)
        try:
            return await handler(request)
        finally:
            seen.append(request.app)

    async def inside(request: web.Request) -> web.Response:
        seen.append(request.app)
        return web.Response()

    app, subapp = web.Application(middlewares=[note]), web.Application(middlewares=[note])
    subapp.router.add_get("/x", inside)
    app.add_subapp("/sub", subapp)
    app.freeze()
    await answer(app, "/sub/x")
    assert seen == [app, subapp, subapp, subapp, app]


async def test_old_style_middlewares_work_and_warn() -> None:
    async def factory(app: web.Application, handler: Handler) -> Handler:
        async def wrapped(request: web.Request) -> web.StreamResponse:
            response = await handler(request)
            assert isinstance(response, web.Response)
            response.text = f"old({response.text})"
            return response

        return wrapped

    app = web.Application(middlewares=[factory])  # type: ignore[list-item]
    app.router.add_get("/", handler)
    with pytest.warns(DeprecationWarning, match="old-style middleware"):
        app.freeze()
    assert await answer(app) == "old(handled)"


async def test_middlewares_run_for_a_miss_and_nothing_is_kept_for_it() -> None:
    seen: list[int] = []

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            seen.append(error.status)
            raise

    app = web.Application(middlewares=[note])
    app.router.add_post("/", handler)
    app.freeze()
    for path in ("/", "/nope"):
        with pytest.raises(web.HTTPException):
            await answer(app, path)
    assert seen == [405, 404]
    assert all(route._pipeline is None for route in app.router.routes())


async def test_a_replaced_handler_is_used() -> None:
    app = web.Application(middlewares=[tagging("a")])
    route = app.router.add_get("/", handler)
    app.freeze()
    await answer(app)

    async def instead(request: web.Request) -> web.Response:
        return web.Response(text="replaced")

    route._handler = instead
    assert await answer(app) == "a(replaced)"


async def test_what_is_known_of_a_handler_is_known_of_the_wrapped_one() -> None:
    names: list[str] = []

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        names.append(getattr(handler, "__name__", ""))
        return await handler(request)

    app = web.Application(middlewares=[note, note])
    app.router.add_get("/", handler)
    app.freeze()
    await answer(app)
    assert names == ["handler", "handler"]


# --- Configuration of nested applications ---


async def test_config_dict_looks_outwards() -> None:
    other = web.AppKey("other", str)
    seen: list[Any] = []

    async def inside(request: web.Request) -> web.Response:
        seen.extend([request.config_dict[KEY], request.config_dict[other]])
        return web.Response()

    app, subapp = web.Application(), web.Application()
    app[KEY], app[other] = 1, "outer"
    subapp[KEY] = 2
    subapp.router.add_get("/x", inside)
    app.add_subapp("/sub", subapp)
    app.freeze()
    await answer(app, "/sub/x")
    assert seen == [2, "outer"]


@pytest.mark.parametrize(
    ("prefix", "error"), [("", ValueError), ("/", ValueError), (5, TypeError), ("x", ValueError)]
)
def test_prefixes_that_are_none(prefix: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        web.Application().add_subapp(prefix, web.Application())


def test_domains_are_text() -> None:
    with pytest.raises(TypeError, match="Domain must be str"):
        web.Application().add_domain(5, web.Application())  # type: ignore[arg-type]


async def test_the_signal_before_a_head_is_sent() -> None:
    app = web.Application()

    async def add_field(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Seen"] = request.path

    app.on_response_prepare.append(add_field)
    app.router.add_get("/a", handler)
    app.freeze()
    request = make_mocked_request("GET", "/a")
    response = await app._handle(request)
    assert response._send_whole(request) is None
    await response.prepare(request)
    assert response.headers["X-Seen"] == "/a"


def test_gunicorn_calls_it() -> None:
    app = web.Application()
    assert app() is app
    assert repr(app).startswith("<Application 0x")
