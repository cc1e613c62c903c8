"""Sessions: what a program keeps, and what its calls send and return."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from yarl import URL

import aiohttp
from aiohttp import (
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ContentTypeError,
    FormData,
    InvalidUrlClientError,
    NonHttpUrlClientError,
    TCPConnector,
    TooManyRedirects,
)


@asynccontextmanager
async def echoing() -> AsyncIterator[str]:
    """Answer each request with what was received, as JSON; or as its path asks."""
    special = {
        "/404": b"HTTP/1.1 404 Not here\r\nContent-Length: 0\r\n\r\n",
        "/loop": b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n",
        "/303": b"HTTP/1.1 303 See\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n",
        "/302": b"HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n",
        "/307": b"HTTP/1.1 307 Again\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n",
        "/text": b"HTTP/1.1 200 OK\r\nContent-Type: text/a\r\nContent-Length: 3\r\n\r\n\xe4\xf6x",
        "/cookie": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n",
        "/link": b'HTTP/1.1 200 OK\r\nLink: <next>; rel="next"\r\nContent-Length: 0\r\n\r\n',
    }

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *fields = head.strip().split("\r\n")
                headers = dict(field.split(": ", 1) for field in fields)
                if headers.get("Expect") == "100-continue":
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await read_body(reader, headers)
                path = line.split()[1]
                data = special.get(path)
                if data is None:
                    text = json.dumps({"line": line, "headers": headers, "body": body}).encode()
                    data = (
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        b"Content-Length: %d\r\n\r\n%b" % (len(text), text)
                    )
                writer.write(data)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> str:
        if "Content-Length" in headers:
            return (await reader.readexactly(int(headers["Content-Length"]))).decode("latin1")
        if headers.get("Transfer-Encoding") != "chunked":
            return ""
        pieces = []
        while size := int(await reader.readline(), 16):
            pieces.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(pieces).decode("latin1")

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()


async def said(session: ClientSession, method: str, url: str, **options: Any) -> dict[str, Any]:
    async with session.request(method, url, **options) as response:
        answer: dict[str, Any] = await response.json()
        return answer


@pytest.mark.parametrize("verb", ["get", "options", "post", "put", "patch", "delete"])
async def test_verbs(verb: str) -> None:
    async with echoing() as url, ClientSession() as session:
        response = await getattr(session, verb)(url + "/x", params={"q": "1"})
        assert (await response.json())["line"] == f"{verb.upper()} /x?q=1 HTTP/1.1"
        async with getattr(session, verb)(url) as response:
            assert response.status == 200


async def _pieces() -> AsyncIterator[bytes]:
    yield b"one "
    yield b"two"


@pytest.mark.parametrize(
    ("make", "body", "content_type"),
    [
        (lambda: b"bytes", "bytes", "application/octet-stream"),
        (lambda: "text", "text", "text/plain; charset=utf-8"),
        (lambda: {"a": "1", "b": "2"}, "a=1&b=2", "application/x-www-form-urlencoded"),
        (lambda: [("a", "1")], "a=1", "application/x-www-form-urlencoded"),
        (lambda: FormData({"a": "1"}), "a=1", "application/x-www-form-urlencoded"),
        (lambda: io.BytesIO(b"file"), "file", "application/octet-stream"),
        (_pieces, "one two", "application/octet-stream"),
    ],
)
async def test_bodies(make: Any, body: str, content_type: str) -> None:
    async with echoing() as url, ClientSession() as session:
        answer = await said(session, "POST", url, data=make())
    assert answer["body"] == body
    assert answer["headers"]["Content-Type"] == content_type


async def test_a_coding_that_is_given_is_applied() -> None:
    """RFC 9112 §6.1: what is called chunked comes in chunks, be it empty."""
    async with echoing() as url, ClientSession(headers={"Transfer-Encoding": "chunked"}) as session:
        for method, body in (("GET", b""), ("POST", b""), ("POST", b"abc"), ("POST", b"x" * 2**17)):
            answer = await said(session, method, url, data=body or None)
            assert answer["body"] == body.decode()
            assert answer["headers"]["Transfer-Encoding"] == "chunked"
            assert "Content-Length" not in answer["headers"]
        with pytest.raises(ValueError, match="Content-Length can not be set"):
            await session.post(url, data=b"abc", headers={"Content-Length": "3"})


async def test_another_coding_is_sent_in_chunks() -> None:
    """RFC 9112 §6.1: chunked is the last coding."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n0\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 X\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server, ClientSession() as session:
        options: dict[str, Any] = {"headers": {"Transfer-Encoding": "x"}, "data": b"abc"}
        async with session.post(f"http://{host}:{port}/", **options):
            pass
    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert b"\r\nTransfer-Encoding: x, chunked\r\n" in head
    assert b"Content-Length" not in head
    assert body == b"3\r\nabc\r\n0\r\n\r\n"


async def test_a_body_of_unknown_size_needs_http_1_1() -> None:
    """RFC 9112 §6.1: a server of HTTP/1.0 would take chunks for the body, or worse."""
    async with echoing() as url, ClientSession(version=aiohttp.HttpVersion10) as session:
        with pytest.raises(ValueError, match=r"expected HTTP/1\.1; got HTTP/1\.0"):
            await session.post(url, data=_pieces())
        answer = await said(session, "POST", url, data=b"abc")
        assert answer["headers"]["Content-Length"] == "3"


@pytest.mark.parametrize("length", ["+3", "3 ", "", "x", "٣", "0x3"])
async def test_a_length_that_is_none_is_told_at_once(length: str) -> None:
    """RFC 9110 §8.6: no request leaves, and nobody waits for its response."""
    async with echoing() as url, ClientSession() as session:
        with pytest.raises(ValueError, match="Invalid Content-Length header"):
            await session.post(url, data=b"abc", headers={"Content-Length": length})


@pytest.mark.parametrize("data", [None, b"", ""])
@pytest.mark.parametrize(
    "options", [{"expect100": True}, {"headers": {"Expect": "100-continue"}}], ids=["arg", "field"]
)
async def test_nothing_is_expected_without_a_body(data: Any, options: dict[str, Any]) -> None:
    """RFC 9110 §10.1.1."""
    async with echoing() as url, ClientSession() as session:
        for method in ("GET", "POST"):
            answer = await said(session, method, url, data=data, **options)
            assert "Expect" not in answer["headers"]
        answer = await said(session, "POST", url, data=b"x", **options)
        assert answer["headers"]["Expect"] == "100-continue"


@pytest.mark.parametrize("data", [b"abc", None, "pieces"])
async def test_a_target_has_no_space(data: Any) -> None:
    """RFC 9112 §3.2, however the request is sent."""
    async with echoing() as url, ClientSession() as session:
        with pytest.raises(ValueError, match="without spaces"):
            await session.post(
                URL(url + "/a b", encoded=True), data=_pieces() if data == "pieces" else data
            )


async def test_large_bodies() -> None:
    async with echoing() as url, ClientSession() as session:
        for size in (2**16, 2**16 + 1, 2**19):
            answer = await said(session, "POST", url, data=b"x" * size)
            assert len(answer["body"]) == size


async def test_json_in_chunks_and_on_demand() -> None:
    async with echoing() as url, ClientSession() as session:
        answer = await said(session, "POST", url, json={"a": 1}, chunked=True, expect100=True)
    assert answer["body"] == '{"a": 1}'
    assert answer["headers"]["Transfer-Encoding"] == "chunked"
    assert answer["headers"]["Content-Type"] == "application/json"


async def test_the_session_s_and_the_call_s_headers() -> None:
    async with echoing() as url:
        async with ClientSession(headers={"A": "1", "B": "2"}, skip_auto_headers=["Accept"]) as s:
            answer = await said(s, "GET", url, headers={"a": "3"}, skip_auto_headers=["user-agent"])
    assert {k.upper(): v for k, v in answer["headers"].items() if len(k) == 1} == {
        "A": "3",
        "B": "2",
    }
    assert answer["headers"].keys().isdisjoint({"Accept", "User-Agent"})


async def test_base_url() -> None:
    async with echoing() as url:
        async with ClientSession(url + "/api/") as session:
            assert (await said(session, "GET", "x"))["line"] == "GET /api/x HTTP/1.1"
            assert (await said(session, "GET", "/y"))["line"] == "GET /y HTTP/1.1"
            assert (await said(session, "GET", url + "/z"))["line"] == "GET /z HTTP/1.1"


async def test_cookies() -> None:
    async with echoing() as url:
        jar = aiohttp.CookieJar(unsafe=True)
        async with ClientSession(cookie_jar=jar) as session:
            assert "Cookie" not in (await said(session, "GET", url))["headers"]
            async with session.get(url + "/cookie") as response:
                assert response.cookies["a"].value == "b"
            answer = await said(session, "GET", url, cookies={"c": "d"})
    assert sorted(answer["headers"]["Cookie"].split("; ")) == ["a=b", "c=d"]


async def test_a_redirect_with_the_body_again() -> None:
    async with echoing() as url, ClientSession() as session:
        for data in (b"bytes", io.BytesIO(b"bytes")):
            answer = await said(session, "POST", url + "/307", data=data)
            assert (answer["line"], answer["body"]) == ("POST /echo HTTP/1.1", "bytes")


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_redirect_of_a_method_in_small_letters(status: int) -> None:
    async with echoing() as url, ClientSession() as session:
        method = "POST" if status == 307 else "GET"
        answer = await said(session, "post", f"{url}/{status}", data=b"x")
        assert answer["line"] == f"{method} /echo HTTP/1.1"
        async with session.request("head", f"{url}/{status}", allow_redirects=True) as response:
            assert response.method == "HEAD"


async def test_get_with_a_body_goes_on_without_it_after_303() -> None:
    """RFC 9110 §15.4.4: the body was meant for another resource."""
    async with echoing() as url, ClientSession(headers={"Content-Type": "a/b"}) as session:
        for body, content_type in ((_pieces(), None), (b"x", None), (None, "a/b")):
            answer = await said(session, "GET", url + "/303", data=body)
            assert (answer["line"], answer["body"]) == ("GET /echo HTTP/1.1", "")
            assert answer["headers"].get("Content-Type") == content_type


async def test_tracers_get_bytes_of_a_large_body() -> None:
    chunks: list[bytes] = []

    async def chunk_sent(session: Any, context: Any, params: Any) -> None:
        chunks.append(params.chunk)

    tracer = aiohttp.TraceConfig()
    tracer.on_request_chunk_sent.append(chunk_sent)
    body = b"x" * (2**18 + 1)
    async with echoing() as url, ClientSession(trace_configs=[tracer]) as session:
        await said(session, "POST", url, data=body)
    assert {type(chunk) for chunk in chunks} == {bytes}
    assert b"".join(chunks) == body


async def test_too_many_redirects() -> None:
    async with echoing() as url, ClientSession() as session:
        with pytest.raises(TooManyRedirects) as caught:
            await session.get(url + "/loop", max_redirects=3)
        assert len(caught.value.history) == 3


async def test_raise_for_status() -> None:
    async def strict(response: ClientResponse) -> None:
        raise LookupError(response.status)

    async with echoing() as url, ClientSession() as session:
        with pytest.raises(ClientResponseError, match="404, message='Not here'"):
            await session.get(url + "/404", raise_for_status=True)
        with pytest.raises(LookupError):
            await session.get(url + "/404", raise_for_status=strict)
        async with ClientSession(raise_for_status=True) as raising:
            async with raising.get(url + "/404", raise_for_status=False) as response:
                assert not response.ok
        assert session.connector is not None
        assert not session.connector._acquired


async def test_charset_and_type_of_a_text() -> None:
    async with echoing() as url, ClientSession() as session:
        async with session.get(url + "/text") as response:
            assert (await response.text())[:1] != "\ufffd"
            assert await response.text("latin1") == "äöx"
            with pytest.raises(ContentTypeError):
                await response.json()
    async with echoing() as url:
        async with ClientSession(fallback_charset_resolver=lambda r, b: "cp1252") as session:
            async with session.get(url + "/text") as response:
                assert await response.text() == "äöx"


async def test_links() -> None:
    async with echoing() as url, ClientSession() as session:
        async with session.get(url + "/link") as response:
            assert str(response.links["next"]["url"]) == url + "/next"


async def test_middlewares_may_answer() -> None:
    seen: list[str] = []

    async def outer(request: Any, handler: Any) -> ClientResponse:
        seen.append("outer")
        request.headers["X-Outer"] = "1"
        response: ClientResponse = await handler(request)
        return response

    async def inner(request: Any, handler: Any) -> ClientResponse:
        seen.append(request.headers["X-Outer"])
        response: ClientResponse = await handler(request)
        return response

    async with echoing() as url, ClientSession(middlewares=(outer, inner)) as session:
        assert (await said(session, "GET", url))["headers"]["X-Outer"] == "1"
        assert "X-Outer" not in (await said(session, "GET", url, middlewares=()))["headers"]
    assert seen == ["outer", "1"]


async def test_a_single_call() -> None:
    async with echoing() as url, aiohttp.request("GET", url + "/x") as response:
        assert (await response.json())["line"] == "GET /x HTTP/1.1"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://", InvalidUrlClientError),
        ("http://[::1", InvalidUrlClientError),
        ("ftp://a/", NonHttpUrlClientError),
        ("file:///etc/passwd", NonHttpUrlClientError),
    ],
)
async def test_urls_that_cannot_be_asked(url: str, error: type[Exception]) -> None:
    async with ClientSession() as session:
        with pytest.raises(error):
            await session.get(url)


async def test_mistakes() -> None:
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="data and json"):
            await session.post("http://a/", data=b"", json={})
        with pytest.raises(TypeError, match="unexpected keyword argument 'datta'"):
            await session.post("http://a/", datta=b"")
        with pytest.raises(TypeError, match="ssl should be"):
            await session.get("http://a/", ssl="yes")
        with pytest.raises(TypeError, match="async with"), session:
            pass
    with pytest.raises(RuntimeError, match="Session is closed"):
        await session.get("http://a/")
    with pytest.raises(ValueError, match="trailing"):
        ClientSession("http://a/b")


async def test_the_total_timeout_ends_with_the_call() -> None:
    async with echoing() as url, ClientSession(timeout=ClientTimeout(total=0.2)) as session:
        for _ in range(3):
            await said(session, "GET", url)
            await asyncio.sleep(0.1)


async def test_credentials_that_stay_behind_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aiohttp.client")
    async with echoing() as url:

        async def to_echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: %b/\r\n\r\n" % url.encode()
            )
            writer.close()

        server = await asyncio.start_server(to_echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with ClientSession() as session:
            answer = await said(
                session,
                "GET",
                f"http://127.0.0.1:{port}/",
                headers={"Authorization": "secret"},
                cookies={"a": "b"},
            )
        server.close()
    assert answer["headers"].keys().isdisjoint({"Authorization", "Cookie"})
    assert "not sent there: Authorization, cookies" in caplog.text
    assert "secret" not in caplog.text


async def test_2000_calls_on_50_connections() -> None:
    finished: list[int] = []
    async with echoing() as url:
        async with ClientSession(connector=TCPConnector(limit=50)) as session:

            async def call(number: int) -> None:
                async with session.get(url) as response:
                    await response.read()
                finished.append(number)

            await asyncio.gather(*(call(number) for number in range(2000)))
            assert session.connector is not None
            assert not session.connector._acquired
            assert len(next(iter(session.connector._conns.values()))) <= 50
    assert max(abs(place - number) for place, number in enumerate(finished)) <= 100


async def test_a_session_that_was_not_closed() -> None:
    messages: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: messages.append(context["message"]))
    session: ClientSession | None = ClientSession()
    assert session is not None
    connector = session.connector
    with pytest.warns(ResourceWarning, match="Unclosed client session"):
        del session
        gc.collect()
    assert messages == ["Unclosed client session"]
    assert connector is not None
    await connector.close()
