"""normalize_path_middleware: similar paths, and none on another host."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp import web
from aiohttp.test_utils import make_mocked_request


async def handler(request: web.Request) -> web.Response:
    return web.Response(text=request.path)


async def redirection(path: str, **options: Any) -> str | None:
    """Return where a request of ``path`` is sent, None if it is answered here."""
    app = web.Application(middlewares=[web.normalize_path_middleware(**options)])
    for route in ("/plain", "/slash/", "/a/b", "/{tail:.*}.evil/"):
        app.router.add_get(route, handler)
    app.freeze()
    try:
        await app._handle(make_mocked_request("GET", path))
    except web.HTTPMove as move:
        return move.headers["Location"]
    except web.HTTPNotFound:
        return "404"
    return None


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/plain", None),
        ("/slash", "/slash/"),
        ("/slash?a=1&b=%20", "/slash/?a=1&b=%20"),
        ("/plain/", "404"),
        ("//plain", "/plain"),
        ("/a//b", "/a/b"),
        ("/a///b?x", "/a/b?x"),
        ("//slash", "/slash/"),
        ("/nope", "404"),
    ],
)
async def test_slashes_are_appended_and_merged(path: str, location: str | None) -> None:
    assert await redirection(path) == location


@pytest.mark.parametrize(
    ("path", "location"), [("/plain/", "/plain"), ("//plain//", "/plain"), ("/slash/", None)]
)
async def test_slashes_are_removed(path: str, location: str | None) -> None:
    assert await redirection(path, append_slash=False, remove_slash=True) == location


@pytest.mark.parametrize(
    "options", [{}, {"merge_slashes": False}, {"append_slash": False, "remove_slash": True}]
)
@pytest.mark.parametrize("path", ["//host.evil", "//host.evil/", "///host.evil", "////host.evil//"])
async def test_no_redirect_to_another_host(path: str, options: dict[str, Any]) -> None:
    location = await redirection(path, **options)
    assert not (location or "").startswith("//")


async def test_the_redirect_is_of_the_class_asked_for() -> None:
    app = web.Application(
        middlewares=[web.normalize_path_middleware(redirect_class=web.HTTPTemporaryRedirect)]
    )
    app.router.add_get("/a/", handler)
    app.freeze()
    with pytest.raises(web.HTTPTemporaryRedirect):
        await app._handle(make_mocked_request("GET", "/a"))


def test_contradictory_options() -> None:
    with pytest.raises(ValueError, match="Cannot both remove and append slash"):
        web.normalize_path_middleware(append_slash=True, remove_slash=True)
