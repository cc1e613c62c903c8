"""Handlers inside middlewares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp._web.pipeline import build_pipeline, is_new_style
from aiohttp.web_middlewares import entering


async def handler(request: web.Request) -> web.Response:
    return web.Response()


@web.middleware
async def middleware(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    return await handler(request)


def test_without_middlewares_the_handler_is_called_itself() -> None:
    pipeline = build_pipeline(handler, (web.Application(),), None, entering)
    assert pipeline.wrapped is handler
    assert not pipeline.has_prepare_hooks


def test_with_middlewares_it_is_wrapped() -> None:
    app = web.Application(middlewares=[middleware])
    pipeline = build_pipeline(handler, (app,), 5, entering)
    assert pipeline.wrapped is not handler
    assert pipeline.wrapped.__name__ == "handler"
    assert pipeline.client_max_size == 5


def test_receivers_of_the_signal_are_noted() -> None:
    async def receiver(request: web.Request, response: web.StreamResponse) -> None: ...

    app = web.Application()
    app.on_response_prepare.append(receiver)
    pipeline = build_pipeline(handler, (web.Application(), app), None, entering)
    assert pipeline.has_prepare_hooks


def test_marks() -> None:
    assert is_new_style(middleware)
    assert not is_new_style(handler)
