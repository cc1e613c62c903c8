"""Routing: registration, look-up, URLs, sub-applications, views and static resources."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from multidict import CIMultiDict
from yarl import URL

from aiohttp import HttpVersion, HttpVersion10, HttpVersion11, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from aiohttp.web_urldispatcher import (
    Domain,
    MaskDomain,
    ResourceRoute,
    StaticResource,
    SystemRoute,
    UrlMappingMatchInfo,
)


async def handler(request: web.Request) -> web.Response:
    return web.Response(text="handled")


async def other(request: web.Request) -> web.Response:
    return web.Response(text="other")


async def find(
    router: web.UrlDispatcher, method: str, path: str, host: str = "h"
) -> UrlMappingMatchInfo:
    return await router.resolve(make_mocked_request(method, path, headers={"Host": host}))


# --- Look-up ---


async def test_fixed_paths_before_variables_and_longer_prefixes_first() -> None:
    router = web.UrlDispatcher()
    router.add_get("/{a}/{b}", handler, name="two")
    router.add_get("/x/{b}", handler, name="one")
    router.add_get("/x/y", handler, name="none")
    for path, name in [("/x/y", "none"), ("/x/z", "one"), ("/w/z", "two")]:
        for frozen in (False, True):
            if frozen:
                router.freeze()
            assert (await find(router, "GET", path)).route.name == name


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/a", True),
        ("/a?x=1", True),
        ("/%61", True),
        ("/a/", False),
        ("//a", False),
        ("/b c", True),
        ("/b%20c", True),
        ("/caf%C3%A9", True),
        ("/caf%c3%a9", True),
        ("/x%2Fy", True),
        ("/x/y", False),
    ],
)
async def test_paths_are_matched_decoded(path: str, found: bool, frozen: bool) -> None:
    router = web.UrlDispatcher()
    for template in ("/a", "/b c", "/café", "/x%2Fy"):
        router.add_get(template, handler)
    if frozen:
        router.freeze()
    match_info = await find(router, "GET", path)
    assert (match_info.http_exception is None) is found


async def test_head_comes_with_get() -> None:
    router = web.UrlDispatcher()
    router.add_get("/a", handler)
    router.add_get("/b", handler, allow_head=False)
    assert (await find(router, "HEAD", "/a")).http_exception is None
    assert (await find(router, "HEAD", "/b")).http_exception is not None


async def test_a_miss_says_404_or_405_with_allow() -> None:
    router = web.UrlDispatcher()
    router.add_post("/a", handler)
    router.add_put("/{x}", handler)
    missing = await find(router, "GET", "/nope/nope")
    assert isinstance(missing.http_exception, web.HTTPNotFound)
    assert isinstance(missing.route, SystemRoute)
    with pytest.raises(web.HTTPNotFound):
        await missing.handler(make_mocked_request("GET", "/"))
    refused = (await find(router, "GET", "/a")).http_exception
    assert isinstance(refused, web.HTTPMethodNotAllowed)
    assert refused.headers["Allow"] == "POST,PUT"
    assert refused.method == "GET"


async def test_any_method() -> None:
    router = web.UrlDispatcher()
    resource = router.add_resource("/a")
    resource.add_route("GET", handler)
    resource.add_route("*", other)
    for frozen in (False, True):
        if frozen:
            router.freeze()
        assert (await find(router, "GET", "/a")).handler is handler
        assert (await find(router, "FANCY", "/a")).handler is other
    with pytest.raises(RuntimeError, match="never be executed"):
        resource.add_route("POST", handler)


async def test_lookup_touches_only_resources_below_the_path() -> None:
    router = web.UrlDispatcher()
    looked_at: list[str] = []

    class Counting(web.DynamicResource):
        def _match(self, path: str) -> dict[str, str] | None:
            looked_at.append(self.canonical)
            return super()._match(path)

    for number in range(1000):
        resource = Counting(f"/r{number}/{{x}}")
        router.register_resource(resource)
        resource.add_route("GET", handler)
    match_info = await find(router, "GET", "/r500/v")
    assert match_info == {"x": "v"}
    assert looked_at == ["/r500/{x}"]


async def test_a_resource_of_ones_own_is_awaited() -> None:
    class Odd(web.AbstractResource):
        canonical = "/odd"

        def url_for(self, **kwargs: str) -> URL:
            return URL("/odd")

        async def resolve(
            self, request: web.Request
        ) -> tuple[UrlMappingMatchInfo | None, set[str]]:
            await asyncio.sleep(0)
            return UrlMappingMatchInfo({"odd": "yes"}, route), {"GET"}

        def add_prefix(self, prefix: str) -> None: ...

        def get_info(self) -> dict[str, Any]:
            return {}

        def raw_match(self, path: str) -> bool:
            return False

        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Iterator[web.AbstractRoute]:
            return iter([route])

    odd = Odd()
    route = ResourceRoute("GET", handler, odd)
    router = web.UrlDispatcher()
    router.register_resource(odd)
    router.add_get("/odd", other)
    router.freeze()
    assert await find(router, "GET", "/odd") == {"odd": "yes"}


# --- Registration ---


def test_same_path_and_name_is_the_same_resource() -> None:
    router = web.UrlDispatcher()
    assert router.add_resource("/a") is router.add_resource("/a")
    assert router.add_resource("/a", name="n") is not router.add_resource("/a")


@pytest.mark.parametrize(
    ("path", "message"), [("a", "path should be started"), ("/{", "Invalid path")]
)
def test_paths_that_are_none(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        web.UrlDispatcher().add_resource(path)


def test_methods_are_tokens() -> None:
    router = web.UrlDispatcher()
    assert router.add_route("get", "/", handler).method == "GET"
    for method in ("", "G T", 'G"T', "GÉT"):
        with pytest.raises(ValueError, match="not allowed HTTP method"):
            router.add_route(method, "/x", handler)


def test_names_are_unique_and_mapped() -> None:
    router = web.UrlDispatcher()
    resource = router.add_get("/a/{b}", handler, name="n").resource
    assert router["n"] is resource
    assert list(router) == ["n"] and len(router) == 1 and "n" in router
    assert router.named_resources() == {"n": resource}
    assert router["n"].url_for(b="c d") == URL("/a/c%20d")
    with pytest.raises(ValueError, match="Duplicate 'n'"):
        router.add_get("/b", handler, name="n")
    with pytest.raises(ValueError, match="Incorrect route name"):
        router.add_get("/c", handler, name="not a name")


def test_views_of_resources_and_routes() -> None:
    router = web.UrlDispatcher()
    route = router.add_post("/a", handler)
    assert list(router.resources()) == [route.resource] and len(router.resources()) == 1
    assert list(router.routes()) == [route] and route in router.routes()


def test_a_frozen_router_takes_no_more() -> None:
    router = web.UrlDispatcher()
    router.freeze()
    with pytest.raises(RuntimeError, match="frozen router"):
        router.add_get("/", handler)


@pytest.mark.parametrize("bad", [None, 1, "handler", object])
def test_handlers_are_callable(bad: Any) -> None:
    with pytest.raises(TypeError, match="Only async functions"):
        web.UrlDispatcher().add_get("/", bad)


async def test_a_plain_function_still_handles_with_a_warning() -> None:
    def plain(request: web.Request) -> web.Response:
        return web.Response(text="plain")

    with pytest.warns(DeprecationWarning, match="Bare functions are deprecated"):
        route = web.UrlDispatcher().add_get("/", plain, allow_head=False)  # type: ignore[arg-type]
    response = await route.handler(make_mocked_request("GET", "/"))
    assert isinstance(response, web.Response) and response.text == "plain"


def test_bound_methods_and_objects_handle() -> None:
    class Handlers:
        async def method(self, request: web.Request) -> web.Response:
            return web.Response()

        async def __call__(self, request: web.Request) -> web.Response:
            return web.Response()

    handlers = Handlers()
    web.UrlDispatcher().add_get("/", handlers.method)
    web.UrlDispatcher().add_get("/", handlers)


def test_options_of_a_route() -> None:
    route = web.UrlDispatcher().add_post("/", handler, options={"client_max_size": 5, "x": 1})
    assert route.options == {"client_max_size": 5, "x": 1}
    assert web.UrlDispatcher().add_post("/", handler).options == {}
    with pytest.raises(TypeError):
        route.options["x"] = 2  # type: ignore[index]


async def test_a_route_may_bound_its_body() -> None:
    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    app.add_routes([web.post("/small", read, options={"client_max_size": 5}), web.post("/", read)])
    async with TestClient(TestServer(app)) as client:
        async with client.post("/small", data=b"123456") as response:
            assert response.status == 413
        async with client.post("/", data=b"123456") as response:
            assert await response.read() == b"123456"


# --- Sub-applications ---


async def test_a_subapp_answers_everything_below_its_prefix() -> None:
    subapp = web.Application()
    subapp.router.add_post("/{x}", handler)
    subapp.router.add_get("", handler)
    app = web.Application()
    resource = app.add_subapp("/sub", subapp)
    app.router.add_get("/sub/{x}/y", handler)
    app.freeze()
    assert (await find(app.router, "POST", "/sub/v")).apps == (subapp,)
    refused = await find(app.router, "GET", "/sub/v")
    assert isinstance(refused.http_exception, web.HTTPMethodNotAllowed)
    missing = await find(app.router, "GET", "/sub/nope/nope")
    assert isinstance(missing.http_exception, web.HTTPNotFound) and missing.apps == (subapp,)
    assert (await find(app.router, "GET", "/subway")).apps == ()
    assert (await find(app.router, "GET", "/sub")).http_exception is None
    assert resource.get_info() == {"app": subapp, "prefix": "/sub"}
    with pytest.raises(RuntimeError, match="not supported"):
        resource.url_for()


async def test_prefixes_add_up() -> None:
    inner, middle, outer = web.Application(), web.Application(), web.Application()
    route = inner.router.add_get("/x y/{a}", handler, name="deep")
    fixed = inner.router.add_get("/fixed", handler)
    middle.add_subapp("/b", inner)
    outer.add_subapp("/a c", middle)
    outer.freeze()
    assert str(route.url_for(a="1")) == "/a%20c/b/x%20y/1"
    assert (await find(outer.router, "GET", "/a%20c/b/x%20y/1")).apps == (middle, inner)
    assert (await find(outer.router, "GET", "/a%20c/b/fixed")).route is fixed


async def test_a_prefix_that_comes_later_leaves_no_shorter_paths_behind() -> None:
    inner, middle, outer = web.Application(), web.Application(), web.Application()
    inner.router.add_get("/a/x", handler)
    inner.router.add_get("/a/v/{v}", handler)
    middle.add_subapp("/a", inner)
    outer.add_subapp("/a", middle)
    outer.freeze()
    for path in ("/a/x", "/a/v/1"):
        assert (await find(outer.router, "GET", "/a/a" + path)).http_exception is None
        shorter = await find(outer.router, "GET", "/a" + path)
        assert isinstance(shorter.http_exception, web.HTTPNotFound)


@pytest.mark.parametrize(
    ("host", "body"), [("sub.example.com", "sub"), ("SUB.example.com:80", "sub"), ("x", "main")]
)
async def test_an_app_for_a_domain_comes_first(host: str, body: str) -> None:
    async def sub(request: web.Request) -> web.Response:
        return web.Response(text="sub")

    async def main(request: web.Request) -> web.Response:
        return web.Response(text="main")

    app, subapp = web.Application(), web.Application()
    app.router.add_get("/", main)
    subapp.router.add_get("/", sub)
    app.add_domain("*.example.com" if body == "sub" else "y", subapp)
    app.freeze()
    response = await app._handle(make_mocked_request("GET", "/", headers={"Host": host}))
    assert isinstance(response, web.Response) and response.text == body


@pytest.mark.parametrize(
    ("domain", "host", "matches"),
    [
        ("example.com", "example.com", True),
        ("example.com", "Example.com:8080", True),
        ("example.com:81", "example.com:81", True),
        ("example.com:81", "example.com", False),
        ("*.example.com", "a.example.com:80", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.example.com.evil", False),
    ],
)
def test_domains(domain: str, host: str, matches: bool) -> None:
    rule = MaskDomain(domain) if "*" in domain else Domain(domain)
    assert rule.match_domain(host) is matches


@pytest.mark.parametrize("domain", ["", "http://x", "-a", "a_b c"])
def test_domains_that_are_none(domain: str) -> None:
    with pytest.raises(ValueError):
        Domain(domain)


# --- Match info ---


def test_match_info_is_a_dict_of_variables() -> None:
    route = web.UrlDispatcher().add_get("/{a}", handler)
    info = UrlMappingMatchInfo({"a": "b"}, route)
    app = web.Application()
    with pytest.raises(RuntimeError, match="no application"):
        _ = info.current_app
    info.add_app(app)
    info.freeze()
    assert info == {"a": "b"} and info.apps == (app,) and info.current_app is app
    with pytest.raises(RuntimeError, match="Cannot change apps stack"):
        info.add_app(app)
    with pytest.raises(RuntimeError, match="Expected one of"):
        info.current_app = web.Application()
    assert info.get_info()["formatter"] == "/{a}"


# --- Views ---


async def test_a_view_has_a_method_for_each_method() -> None:
    class Page(web.View):
        async def get(self) -> web.Response:
            return web.Response(text=self.request.path)

        post = get

    router = web.UrlDispatcher()
    router.add_view("/page", Page)
    view = (await find(router, "GET", "/page")).handler
    response = await view(make_mocked_request("GET", "/page"))
    assert isinstance(response, web.Response) and response.text == "/page"
    for method in ("PUT", "FANCY"):
        with pytest.raises(web.HTTPMethodNotAllowed) as caught:
            await view(make_mocked_request(method, "/page"))
        assert caught.value.headers["Allow"] == "GET,POST"


async def test_a_look_up_tries_few_resources_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def counted(match: Any) -> Any:
        def counting(self: web.Resource, path: str) -> Any:
            tried.append(self.canonical)
            return match(self, path)

        return counting

    monkeypatch.setattr(web.PlainResource, "_match", counted(web.PlainResource._match))
    monkeypatch.setattr(web.DynamicResource, "_match", counted(web.DynamicResource._match))
    app = web.Application()
    for number in range(500):
        app.router.add_get(f"/fixed/{number}", handler)
        app.router.add_get(f"/{number}/{{name}}/end", handler)
    app.freeze()
    for path, variables in (("/fixed/499", {}), ("/499/ann/end", {"name": "ann"})):
        tried.clear()
        found = await app.router.resolve(make_mocked_request("GET", path))
        assert dict(found) == variables and found.http_exception is None
        assert len(tried) <= 1
    for path in ("/nowhere", "/fixed/500", "/500/ann/end", "/fixed/499/more", "/499/ann/other"):
        tried.clear()
        missed = await app.router.resolve(make_mocked_request("GET", path))
        assert isinstance(missed.http_exception, web.HTTPNotFound)
        assert len(tried) <= 1


# --- Expectations ---


async def test_an_expect_handler_may_answer() -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise web.HTTPRequestEntityTooLarge(1, 2)

    app = web.Application()
    app.router.add_post("/", handler, expect_handler=refuse)
    app.freeze()
    request = make_mocked_request("POST", "/", headers={"Expect": "100-continue"})
    with pytest.raises(web.HTTPRequestEntityTooLarge):
        await app._handle(request)


async def test_an_unknown_expectation_fails() -> None:
    app = web.Application()
    app.router.add_post("/", handler)
    app.freeze()
    with pytest.raises(web.HTTPExpectationFailed, match="Expectation Failed"):
        await app._handle(make_mocked_request("POST", "/", headers={"Expect": "x"}))


@pytest.mark.parametrize(
    ("values", "version", "said"),
    [
        (["100-continue"], HttpVersion11, True),
        (["100-CONTINUE"], HttpVersion11, True),
        ([", 100-continue ,"], HttpVersion11, True),
        (["100-continue", "100-continue"], HttpVersion11, True),
        ([","], HttpVersion11, False),
        (["100-continue"], HttpVersion10, False),
        (["x"], HttpVersion10, False),
        (["100-continue, x"], HttpVersion11, None),
        (["100-continue", "x"], HttpVersion11, None),
        (["100-continue;x"], HttpVersion11, None),
    ],
)
async def test_what_an_expectation_is_answered(
    values: list[str], version: HttpVersion, said: bool | None
) -> None:
    """RFC 9110 §10.1.1: 100 (Continue) goes before the handler's response; None is 417."""
    app = web.Application()
    app.router.add_post("/", handler)
    app.freeze()
    request = make_mocked_request(
        "POST", "/", headers=CIMultiDict([("Expect", v) for v in values]), version=version
    )
    write = mock.AsyncMock()
    with mock.patch.object(request.writer, "write", write):
        if said is None:
            with pytest.raises(web.HTTPExpectationFailed):
                await app._handle(request)
        else:
            await app._handle(request)
    assert write.await_args_list == [mock.call(b"HTTP/1.1 100 Continue\r\n\r\n")] * bool(said)


async def test_an_empty_list_of_expectations_expects_nothing() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="handled")

    app = web.Application()
    app.router.add_post("/", handler)
    response = await app._handle(make_mocked_request("POST", "/", headers={"Expect": ""}))
    assert isinstance(response, web.Response) and response.text == "handled"


def test_expect_handlers_are_coroutine_functions() -> None:
    def plain(request: web.Request) -> None: ...

    with pytest.raises(TypeError, match="Coroutine is expected"):
        web.UrlDispatcher().add_get("/", handler, expect_handler=plain)


# --- Static resources ---


@pytest.fixture
def static(tmp_path: Path) -> StaticResource:
    """A directory with one file, under /static."""
    (tmp_path / "a b.txt").write_text("content")
    (tmp_path / "sub").mkdir()
    return StaticResource("/static", tmp_path)


def test_urls_of_files(static: StaticResource) -> None:
    assert str(static.url_for(filename="/a b.txt")) == "/static/a%20b.txt"
    assert str(static.url_for(filename="100%.txt")) == "/static/100%25.txt"
    versioned = static.url_for(filename="a b.txt", append_version=True)
    assert len(versioned.query["v"]) == 44
    for missing in ("nope", "../secret", "sub"):
        assert not static.url_for(filename=missing, append_version=True).query


async def test_static_files_over_http(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "<b>.txt").write_text("y")
    app = web.Application()
    app.router.add_static("/closed", tmp_path)
    app.router.add_static("/open/", tmp_path, show_index=True, name="open")
    async with TestClient(TestServer(app)) as client:
        answers = {}
        for path in ("/closed", "/closed/sub", "/closed/index", "/open/sub", "/closed/nope"):
            async with client.get(path) as response:
                answers[path] = response.status, await response.text()
        async with client.post("/closed/index") as response:
            assert response.status == 405 and response.headers["Allow"] == "GET,HEAD"
        for outside in ("/closed/%2e%2e/etc/passwd", "/closed/..%2f..%2fetc", "/closed/..%2fnope"):
            async with client.get(URL(outside, encoded=True)) as response:
                assert response.status == 404
        async with client.get(URL("/closed//etc/passwd", encoded=True)) as response:
            assert response.status == 403
    assert answers["/closed"][0] == answers["/closed/sub"][0] == 403
    assert answers["/closed/index"] == (200, "x")
    assert answers["/closed/nope"][0] == 404
    assert answers["/open/sub"][0] == 200 and "&lt;b&gt;.txt" in answers["/open/sub"][1]


def test_one_options_route(static: StaticResource) -> None:
    static.set_options_route(handler)
    assert len(static) == 3
    with pytest.raises(RuntimeError, match="OPTIONS route was set already"):
        static.set_options_route(handler)
