"""Calls without particulars over a connection that was kept: the same as others, but short."""

from __future__ import annotations

import asyncio
import gc
import gzip
import itertools
import json
import os
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http.cookies import BaseCookie, SimpleCookie
from types import MappingProxyType
from typing import Any

import pytest
from multidict import CIMultiDict
from yarl import URL

import aiohttp
from aiohttp import (
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    CookieJar,
    DummyCookieJar,
    HttpVersion,
    TCPConnector,
    web,
)
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.test_utils import RawTestServer

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def warm(handler: Handler, **options: Any) -> AsyncIterator[tuple[ClientSession, str]]:
    """A session that has a connection to a server, and the URL of that."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="warm") if request.path == "/warm" else await handler(request)

    async with RawTestServer(answer) as server, ClientSession(**options) as session:
        url = str(server.make_url("/"))
        await (await session.get(url + "warm")).read()
        yield session, url


def in_use(session: ClientSession) -> int:
    connector = session.connector
    assert connector is not None
    return len(connector._acquired)


async def hello(request: web.BaseRequest) -> web.Response:
    return web.Response(text=f"{request.method} {request.headers.get('X-A', '')}")


async def test_the_body_came_with_the_head() -> None:
    async with warm(hello) as (session, url), session.get(url + "#part") as response:
        assert response.status == 200
        assert response.connection is None
        assert response.closed
        assert in_use(session) == 0
        assert await response.text() == "GET "
        assert await response.read() == b"GET "
        assert response.content.at_eof()
        assert str(response.url) == url
        assert str(response.real_url) == url + "#part"
        info = response.request_info
        assert (info.method, info.url, info.real_url) == ("GET", response.url, response.real_url)
        assert info.headers["Accept"] == "*/*"
        assert response.history == ()
        assert dict(response.raw_headers)[b"Content-Length"] == b"4"


async def test_a_whole_body_as_a_stream() -> None:
    async with warm(hello) as (session, url), session.get(url) as response:
        assert await response.content.read(2) == b"GE"
        assert await response.read() == b"T "


async def test_an_unread_body_is_gone_with_its_response() -> None:
    async with warm(hello) as (session, url):
        response = await session.get(url)
        response.release()
        with pytest.raises(aiohttp.ClientConnectionError, match="Connection closed"):
            await response.read()


async def test_the_fields_of_the_session_may_change() -> None:
    async with warm(hello) as (session, url):
        for value in ("1", "2"):
            session.headers["X-A"] = value
            async with session.get(url) as response:
                assert await response.text() == f"GET {value}"
        async with session.request("post", url) as response:
            assert await response.text() == "POST 2"


async def cookies_sent(request: web.BaseRequest) -> web.Response:
    return web.Response(text=request.headers.get("Cookie", ""))


async def test_cookies_are_those_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    jar = CookieJar(unsafe=True)
    async with warm(cookies_sent, cookie_jar=jar) as (session, url):

        async def sent() -> str:
            # Twice: the second time nothing has changed since the first.
            async with session.get(url) as first, session.get(url) as second:
                assert await first.text() == await second.text()
                return await first.text()

        assert await sent() == ""
        jar.update_cookies({"a": "1", "b": "2"}, URL(url))
        assert await sent() == "a=1; b=2"
        jar.update_cookies({"a": "3"}, URL(url))
        assert await sent() == "a=3; b=2"
        jar.update_cookies_from_headers(["b=2; Max-Age=60"], URL(url))
        assert await sent() == "a=3; b=2"
        now += 61
        assert await sent() == "a=3"
        jar.update_cookies_from_headers(["a=3; Secure"], URL(url))
        assert await sent() == ""
        jar.clear()
        assert await sent() == ""


async def test_a_jar_of_its_own_kind_is_asked_each_time() -> None:
    class Counting(CookieJar):
        def filter_cookies(self, request_url: Any = None) -> BaseCookie[str]:
            return SimpleCookie(f"n={next(numbers)}")

    numbers = itertools.count()  # the call that warms the session gets n=0
    jar = Counting(unsafe=True)
    async with warm(cookies_sent, cookie_jar=jar) as (session, url):
        jar.update_cookies({"a": "1"})
        for number in (1, 2):
            async with session.get(url) as response:
                assert await response.text() == f"n={number}"


async def test_a_jar_that_counts_nothing_is_asked_too() -> None:
    class Empty(DummyCookieJar):
        def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
            return SimpleCookie(f"n={next(numbers)}")

    numbers = itertools.count()  # the call that warms the session gets n=0
    async with warm(cookies_sent, cookie_jar=Empty()) as (session, url):
        for number in (1, 2):
            async with session.get(url) as response:
                assert await response.text() == f"n={number}"
        async with session.get(url, cookies={"a": "b"}) as response:
            assert await response.text() == "n=3; a=b"


async def test_another_jar_in_its_place_has_cookies_of_its_own() -> None:
    async with warm(cookies_sent) as (session, url):
        for user in ("alice", "bob"):
            session._cookie_jar = CookieJar(unsafe=True)
            session.cookie_jar.update_cookies({"user": user}, URL(url))
            async with session.get(url) as response:
                assert await response.text() == f"user={user}"


@pytest.mark.parametrize("kind", [MappingProxyType, dict])
async def test_fields_in_a_mapping_of_another_kind(kind: Callable[..., Any]) -> None:
    """homeassistant puts one that cannot be changed in the place of the session's."""

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/again":
            return web.Response(status=302, headers={"Location": "/"})
        return web.Response(text=f"{request.method} {request.headers['X-A']}")

    async with warm(answer) as (session, url):
        for value in ("1", "2"):
            session._default_headers = kind({"X-A": value})
            for method in ("GET", "POST"):
                async with session.request(method, url) as response:
                    assert await response.text() == f"{method} {value}"
                async with session.request(method, url + "again") as response:
                    assert await response.text() == f"GET {value}"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("_auto_decompress", False, (HttpVersion(1, 1), "x", gzip.compress(b"body", mtime=0))),
        ("_version", HttpVersion(1, 0), (HttpVersion(1, 0), "x", b"body")),
        ("_skip_auto_headers", frozenset({"Accept"}), (HttpVersion(1, 1), None, b"body")),
    ],
)
async def test_what_is_set_after_all_holds(
    name: str, value: object, expected: tuple[object, ...]
) -> None:
    """google_auth sets _auto_decompress of a session that is made."""
    seen: list[tuple[Any, Any]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append((request.version, "x" if "Accept" in request.headers else None))
        packed = gzip.compress(b"body", mtime=0)
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with warm(answer) as (session, url):
        assert await (await session.get(url)).read() == b"body"
        setattr(session, name, value)
        for _ in range(2):
            async with session.get(url) as response:
                assert (*seen[-1], await response.read()) == expected


async def test_what_is_put_in_the_place_of_ours_after_all_is_used() -> None:
    class Response(aiohttp.ClientResponse):
        pass

    async with warm(hello) as (session, url):
        assert type(await session.get(url)) is aiohttp.ClientResponse
        session._response_class = Response
        assert type(await session.get(url)) is Response
        session._response_class = aiohttp.ClientResponse
        session._prepare_headers = lambda headers: CIMultiDict({"X-A": "own"})  # type: ignore[method-assign]
        async with session.get(url) as response:
            assert await response.text() == "GET own"
        session._timeout = ClientTimeout(sock_read=7)
        assert session._response_params.read_timeout == 7


async def test_what_a_call_carried_is_not_remembered() -> None:
    secret = "a secret that only this call has"

    async with warm(hello) as (session, url):
        for _ in range(2):
            await (await session.post(url, json=secret)).read()
        (kept,) = session._plain_requests._by_question.values()
        assert secret.encode() not in kept.wire


async def test_json_of_any_length() -> None:
    async def echo(request: web.BaseRequest) -> web.Response:
        declared = request.headers["Content-Length"], request.headers["Content-Type"]
        return web.json_response([*declared, await request.text()])

    serialized: list[Any] = []

    def dumps(value: Any) -> str:
        serialized.append(value)
        return json.dumps(value)

    async with warm(echo, json_serialize=dumps) as (session, url):
        values: list[Any] = [{"a": 1}, [], "ä" * 10, ["x" * 70_000], {"b": [2, 3]}, 0]
        for value in values:
            async with session.post(url, json=value) as response:
                text = json.dumps(value)
                assert await response.json() == [str(len(text)), "application/json", text]
                info = response.request_info
                assert info.headers["Content-Length"] == str(len(text))
                assert (info.method, str(info.url)) == ("POST", url)
        # A long one is serialized once, be it the first of its kind or not.
        async with session.put(url, json=["y" * 70_000]) as response:
            assert (await response.json())[0] == "70004"
        assert serialized == [*values, ["y" * 70_000]]
        with pytest.raises(TypeError, match="not JSON serializable"):
            await session.post(url, json=object())
        # A length that the program gives is its own business.
        fields = {"content-length": "3"}
        async with session.post(url, json=123, headers=fields) as response:
            assert await response.json() == ["3", "application/json", "123"]
        session.headers["X-A"] = "new"
        async with session.put(url, json=1) as response:
            assert response.request_info.headers["X-A"] == "new"


async def test_json_made_as_bytes() -> None:
    async def echo(request: web.BaseRequest) -> web.Response:
        return web.Response(body=await request.read())

    def dumps(value: Any) -> bytes:
        return b"<%d>" % value

    async with warm(echo, json_serialize_bytes=dumps) as (session, url):
        for number in (1, 22, 333):
            async with session.post(url, json=number) as response:
                assert await response.read() == b"<%d>" % number


async def test_a_length_spelt_otherwise_is_no_pattern() -> None:
    async def echo(request: web.BaseRequest) -> web.Response:
        return web.Response(body=await request.read())

    async with warm(echo, headers={"content-length": "3"}) as (session, url):
        for number in (123, 456):
            async with session.post(url, json=number) as response:
                assert await response.read() == b"%d" % number


async def test_what_is_said_about_tls_has_connections_of_its_own() -> None:
    async with warm(hello) as (session, url):
        connector = session.connector
        assert connector is not None
        for _ in range(2):
            async with session.get(url, ssl=False) as response:
                assert await response.text() == "GET "
            async with session.get(url, ssl=None) as response:
                assert await response.text() == "GET "
        assert {key.ssl: len(kept) for key, kept in connector._conns.items()} == {
            True: 1,
            False: 1,
        }
        with pytest.raises(TypeError, match="ssl should be"):
            await session.get(url, ssl="no")


async def test_a_body_in_pieces() -> None:
    more = asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "6"})
        await response.prepare(request)
        await response.write(b"abc")
        await more.wait()
        await response.write(b"def")
        return response

    async with warm(slow) as (session, url), session.get(url) as response:
        assert response.connection is not None
        assert response.connection.protocol is not None
        timing = response.connection.protocol.timing
        assert 0 < timing.connected <= timing.request_sent <= timing.head_received
        assert in_use(session) == 1
        assert await response.content.readany() == b"abc"
        more.set()
        assert await response.read() == b"def"
        assert response.connection is None
        assert in_use(session) == 0


@pytest.mark.parametrize("sends_head", [False, True])
async def test_the_total_timeout(sends_head: bool) -> None:
    for_ever = asyncio.Event()

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "6"})
        if sends_head:
            await response.prepare(request)
            await response.write(b"abc")
        await for_ever.wait()
        return response

    async with warm(silent, timeout=ClientTimeout(total=0.2)) as (session, url):
        with pytest.raises(asyncio.TimeoutError):
            async with session.get(url) as response:
                assert sends_head
                await response.read()
        assert in_use(session) == 0
        async with session.get(url + "warm") as response:
            assert await response.text() == "warm"
        for_ever.set()


async def test_deadlines_are_watched_one_after_the_other() -> None:
    started: list[str] = []
    for_ever = asyncio.Event()

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        started.append(request.path)
        await for_ever.wait()
        return web.Response()

    async with warm(silent, timeout=ClientTimeout(total=0.2)) as (session, url):
        calls = [asyncio.ensure_future(session.get(url + "warm")) for _ in range(3)]
        await asyncio.gather(*calls)
        calls = [asyncio.ensure_future(session.get(url + name)) for name in ("a", "b", "c")]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [asyncio.TimeoutError] * 3
        for_ever.set()


async def test_cancelling_gives_the_place_back() -> None:
    arrived = asyncio.Event()
    for_ever = asyncio.Event()

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        await for_ever.wait()
        return web.Response()

    async with warm(silent) as (session, url):
        call = asyncio.ensure_future(session.get(url))
        await arrived.wait()
        assert in_use(session) == 1
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert in_use(session) == 0
        for_ever.set()


async def test_the_status_is_checked() -> None:
    async def refuse(request: web.BaseRequest) -> web.Response:
        return web.Response(status=418)

    async with warm(refuse, raise_for_status=True) as (session, url):
        with pytest.raises(ClientResponseError) as caught:
            await session.get(url)
        assert caught.value.status == 418


async def test_redirects_are_followed_and_cookies_kept() -> None:
    async def move(request: web.BaseRequest) -> web.Response:
        if request.path == "/there":
            return web.Response(text=request.headers.get("Cookie", ""))
        response = web.Response(status=302, headers={"Location": "/there"})
        response.set_cookie("a", "b")
        return response

    jar = aiohttp.CookieJar(unsafe=True)
    async with warm(move, cookie_jar=jar) as (session, url):
        async with session.get(url) as response:
            assert await response.text() == "a=b"
            assert [hop.status for hop in response.history] == [302]
        jar.clear()
        async with session.get(url, allow_redirects=False) as response:
            assert response.status == 302
            assert response.cookies["a"].value == "b"


async def count_down(request: web.BaseRequest) -> web.Response:
    """Redirect from /3 to /2 to /1 to /0, which is not found."""
    number = int(request.path[1:])
    if number:
        return web.Response(status=302, headers={"Location": f"/{number - 1}"})
    return web.Response(status=404, text=request.headers.get("Content-Type", ""))


async def test_further_hops_are_plain_too(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = 0
    send = TCPConnector.send

    def counting(*arguments: Any) -> Any:
        nonlocal ordinary
        ordinary += 1
        return send(*arguments)

    async with warm(count_down) as (session, url):
        monkeypatch.setattr(TCPConnector, "send", counting)
        monkeypatch.setattr("aiohttp.connector.pooled._SEND", counting)
        async with session.get(url + "3#part") as response:
            assert response.status == 404
            assert [str(r.url) for r in response.history] == [url + n for n in "321"]
            assert str(response.real_url) == url + "0#part"
        assert ordinary == 0
        assert in_use(session) == 0


@pytest.mark.parametrize("closed_after", ["/3", "/2", "/1"])
async def test_a_chain_of_redirects_goes_on_without_its_connection(closed_after: str) -> None:
    asked: list[str] = []

    async def close_once(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        response = await count_down(request)
        if request.path == closed_after:
            response.force_close()
        return response

    async with warm(close_once) as (session, url), session.get(url + "3") as response:
        assert response.status == 404
        assert [r.url.path for r in response.history] == ["/3", "/2", "/1"]
        assert asked == ["/3", "/2", "/1", "/0"]


async def test_a_chain_of_redirects_leaves_the_origin() -> None:
    async def elsewhere(request: web.BaseRequest) -> web.Response:
        return web.Response(text=request.headers.get("Authorization", "nothing"))

    async def move(request: web.BaseRequest) -> web.Response:
        leaves = request.path == "/leave"
        location = str(away.make_url("/there")) if leaves else "/leave"
        return web.Response(status=302, headers={"Location": location})

    secret = {"Authorization": "secret"}
    async with RawTestServer(elsewhere) as away, warm(move, headers=secret) as (session, url):
        async with session.get(url + "go?a=1", max_redirects=3) as response:
            assert await response.text() == "nothing"
            assert [r.url.path for r in response.history] == ["/go", "/leave"]
            assert response.url == away.make_url("/there")
        with pytest.raises(aiohttp.TooManyRedirects):
            await session.get(url + "go", max_redirects=2)


async def test_a_redirect_to_nowhere_is_told() -> None:
    async def move(request: web.BaseRequest) -> web.Response:
        location = "http://:1/" if request.path == "/second" else "/second"
        return web.Response(status=302, headers={"Location": location})

    async with warm(move) as (session, url):
        with pytest.raises(aiohttp.InvalidUrlRedirectClientError):
            await session.get(url + "first")
        assert in_use(session) == 0


async def test_an_error_after_redirects_has_their_history() -> None:
    async with warm(count_down, raise_for_status=True) as (session, url):
        with pytest.raises(ClientResponseError, match="404") as caught:
            await session.get(url + "2")
        assert len(caught.value.history) == 2
        with pytest.raises(aiohttp.TooManyRedirects) as caught:
            await session.get(url + "3", max_redirects=2)
        assert len(caught.value.history) == 2


async def test_what_a_redirect_changes_is_not_lost() -> None:
    fields = {"Content-Type": "text/x"}
    async with warm(count_down, headers=fields) as (session, url):
        # A body's fields go with the body, if there was any or not.
        async with session.request("POST", url + "1") as response:
            assert (response.method, await response.text()) == ("GET", "")
        async with session.get(url + "1") as response:
            assert await response.text() == "text/x"


async def test_no_body_where_there_is_none() -> None:
    async with warm(hello) as (session, url):
        async with session.head(url) as response:
            assert response.headers["Content-Length"] == "5"
            assert await response.read() == b""
        assert in_use(session) == 0


async def play(
    *answers: bytes, close_after: int = 0
) -> tuple[asyncio.AbstractServer, str, list[bytes]]:
    """Serve the answers, one a request; close a connection after ``close_after`` of them."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served = 0
        try:
            while not close_after or served < close_after:
                head = await reader.readuntil(b"\r\n\r\n")
                heads.append(head)
                writer.write(answers[len(heads) - 1])
                served += 1
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    return server, f"http://{host}:{port}/", heads


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_a_connection_that_died_is_replaced() -> None:
    dying = OK, b"", OK
    server, url, heads = await play(*dying, close_after=2)
    async with ClientSession() as session:
        for _ in range(2):
            async with session.get(url) as response:
                assert await response.text() == "ok"
    server.close()
    assert len(heads) == 3
    assert heads[0] == heads[1] == heads[2]


async def test_what_is_no_http_is_told() -> None:
    server, url, _ = await play(OK, b"HTTP/1.1 what\r\n\r\n")
    async with ClientSession() as session:
        await (await session.get(url)).read()
        with pytest.raises(ClientResponseError) as caught:
            await session.get(url)
        assert caught.value.request_info.real_url == URL(url)
        assert in_use(session) == 0
    server.close()


async def test_bytes_behind_a_response_close_the_connection() -> None:
    server, url, heads = await play(OK + b"more", OK)
    connector = TCPConnector()
    async with ClientSession(connector=connector) as session:
        for _ in range(2):
            async with session.get(url) as response:
                assert await response.text() == "ok"
        assert len(heads) == 2
    server.close()


async def test_wrappers_see_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """As tracers do, which put their own functions in the place of ours at any time."""
    sent: list[Any] = []
    original = aiohttp.ClientRequest.send

    async def send(self: aiohttp.ClientRequest, conn: Any) -> Any:
        sent.append(self.url.path)
        return await original(self, conn)

    made: list[Any] = []
    make = aiohttp.ClientRequest.__init__

    def init(self: aiohttp.ClientRequest, *args: Any, **kwargs: Any) -> None:
        made.append(args)
        make(self, *args, **kwargs)

    def none(jar: CookieJar, url: URL) -> BaseCookie[str]:
        return SimpleCookie()

    connected: list[Any] = []
    connect = aiohttp.BaseConnector.connect

    async def wrapped(self: aiohttp.BaseConnector, *args: Any, **kwargs: Any) -> Any:
        connected.append(args)
        return await connect(self, *args, **kwargs)

    async with warm(hello) as (session, url):
        with monkeypatch.context() as patch:
            patch.setattr(aiohttp.ClientRequest, "send", send)
            await (await session.get(url)).read()
        await (await session.get(url)).read()
        with monkeypatch.context() as patch:
            patch.setattr(aiohttp.ClientRequest, "__init__", init)
            await (await session.get(url)).read()
        session.cookie_jar.update_cookies({"a": "b"})
        await (await session.get(url)).read()
        with monkeypatch.context() as patch:
            patch.setattr(CookieJar, "filter_cookies", none)
            async with session.get(url) as response:
                assert "Cookie" not in response.request_info.headers
        with monkeypatch.context() as patch:
            patch.setattr(aiohttp.BaseConnector, "connect", wrapped)
            await (await session.get(url)).read()
    assert sent == ["/"]
    assert len(made) == 1
    assert len(connected) == 1


# How many; 100000 shows it better and takes minutes: SEQUENTIAL_REQUESTS=100000 pytest -k flat
SEQUENTIAL_REQUESTS = int(os.environ.get("SEQUENTIAL_REQUESTS", "2000"))


async def _pass_on(
    request: aiohttp.ClientRequest, handler: ClientHandlerType
) -> aiohttp.ClientResponse:
    return await handler(request)


@pytest.mark.parametrize(
    ("options", "differ"),
    [
        pytest.param({}, False, id="equal"),
        pytest.param({}, True, id="with URLs of their own"),
        pytest.param({"middlewares": [_pass_on]}, True, id="the ordinary way"),
    ],
)
@pytest.mark.timeout(60 + SEQUENTIAL_REQUESTS / 200)
async def test_memory_stays_flat(options: dict[str, Any], differ: bool) -> None:
    peers: set[object] = set()

    async def answer(request: web.BaseRequest) -> web.Response:
        peers.add(request.transport)
        return web.Response(text=f"{await request.text()}!")

    async with warm(answer, **options) as (session, url):

        async def ask(count: int) -> int:
            for number in range(count):
                asked = f"{url}?n={number}" if differ else url
                async with session.get(asked) as response:
                    await response.read()
                if not number % 10:
                    async with session.post(asked, json={"n": number}) as response:
                        await response.read()
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            before = await ask(1000)
            after = await ask(SEQUENTIAL_REQUESTS)
        finally:
            tracemalloc.stop()
    # Timers of the total timeout are shared by all that end in the same second: while 100,000 are
    # made with the allocator watched, some hundred seconds pass, each of which takes half a KiB.
    assert after - before < 64 * 1024 + SEQUENTIAL_REQUESTS
    assert len(peers) == 1
