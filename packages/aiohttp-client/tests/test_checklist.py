"""What a program may rely on, row by row: each test is named after the row that it tries."""

from __future__ import annotations

import asyncio
import functools
import gzip
import http.server
import json
import pickle
import socket
import ssl
import threading
import warnings
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

import aiohttp
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    RequestInfo,
    TCPConnector,
)
from aiohttp.http import SERVER_SOFTWARE

OK = b"HTTP/1.1 200 OK\r\n"


def basic(login: str, password: str) -> aiohttp.BasicAuth:
    """Make the deprecated pair, which is still taken everywhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return aiohttp.BasicAuth(login, password)


class Peer:
    """A server that keeps what it was sent, and says to each request what its path asks for."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.url = URL()
        self.answers: dict[str, bytes] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
                self.heads.append(head)
                self.bodies.append(await self._body(reader, self.fields()))
                path = head.split()[1].partition("?")[0]
                writer.write(self.answers.get(path, OK + b"Content-Length: 2\r\n\r\nok"))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def _body(reader: asyncio.StreamReader, fields: CIMultiDict[str]) -> bytes:
        if "Content-Length" in fields:
            return await reader.readexactly(int(fields["Content-Length"]))
        if fields.get("Transfer-Encoding") != "chunked":
            return b""
        pieces = []
        while size := int(await reader.readline(), 16):
            pieces.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(pieces)

    def fields(self, number: int = -1) -> CIMultiDict[str]:
        lines = self.heads[number].strip().split("\r\n")[1:]
        pairs = (line.partition(": ") for line in lines)
        return CIMultiDict([(name, value) for name, _, value in pairs])

    @property
    def lines(self) -> list[str]:
        return [head.partition("\r\n")[0] for head in self.heads]


@asynccontextmanager
async def peer(**answers: bytes) -> AsyncIterator[Peer]:
    """Serve ``answers``, by the path without its slash."""
    it = Peer()
    it.answers = {f"/{name}": answer for name, answer in answers.items()}
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.url = URL.build(scheme="http", host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    try:
        yield it
    finally:
        server.close()


def redirect(location: str, status: int = 302, field: str = "Location") -> bytes:
    head = f"HTTP/1.1 {status} X\r\n{field}: {location}\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


# Sessions and requests.


@pytest.mark.parametrize(
    ("options", "line", "expected"),
    [
        pytest.param({"version": aiohttp.HttpVersion10}, "GET / HTTP/1.0", {}, id="version"),
        pytest.param(
            {"auth": basic("u", "p")},
            "GET / HTTP/1.1",
            {"Authorization": "Basic dTpw"},
            id="auth",
            marks=pytest.mark.filterwarnings("ignore:The 'auth' parameter:DeprecationWarning"),
        ),
        pytest.param({"headers": {"A": "b"}}, "GET / HTTP/1.1", {"A": "b"}, id="headers"),
        pytest.param({"cookies": {"a": "b"}}, "GET / HTTP/1.1", {"Cookie": "a=b"}, id="cookies"),
    ],
)
async def test_options_of_a_session(
    options: dict[str, Any], line: str, expected: dict[str, str]
) -> None:
    async with peer() as it:
        jar = aiohttp.CookieJar(unsafe=True)
        async with ClientSession(cookie_jar=jar, **options) as session:
            async with session.get(it.url):
                pass
    assert it.lines == [line]
    assert expected.items() <= dict(it.fields()).items()


async def test_json_serialize() -> None:
    async with peer() as it, ClientSession(json_serialize=lambda _: '"text"') as session:
        await session.post(it.url, json={})
    assert it.bodies == [b'"text"']


async def test_json_serialize_bytes() -> None:
    async with peer() as it, ClientSession(json_serialize_bytes=lambda _: b'"bytes"') as session:
        await session.post(it.url, json={})
    assert it.bodies == [b'"bytes"']
    assert it.fields()["Content-Type"] == "application/json"


async def test_request_class_and_response_class() -> None:
    class Request(ClientRequest):
        pass

    class Response(ClientResponse):
        pass

    seen = []

    async def look(request: ClientRequest, handler: Any) -> ClientResponse:
        seen.append(type(request))
        response: ClientResponse = await handler(request)
        return response

    async with (
        peer() as it,
        ClientSession(request_class=Request, response_class=Response, middlewares=[look]) as s,
        s.get(it.url) as response,
    ):
        assert type(response) is Response
    assert seen == [Request]


async def test_proxy_of_a_session() -> None:
    async with peer() as it, ClientSession(proxy=it.url) as session:
        async with session.get("http://example.invalid/x") as response:
            assert await response.text() == "ok"
    assert it.lines == ["GET http://example.invalid/x HTTP/1.1"]


@pytest.mark.filterwarnings("ignore:The 'proxy_auth' parameter:DeprecationWarning")
async def test_proxy_auth_of_a_session() -> None:
    auth = basic("u", "p")
    async with peer() as it, ClientSession(proxy=it.url, proxy_auth=auth) as session:
        await session.get("http://example.invalid/x", proxy_headers={"X-Proxy": "1"})
    assert it.fields()["Proxy-Authorization"] == "Basic dTpw"


@pytest.mark.parametrize(
    ("base", "path", "line"),
    [
        ("/", "a/b", "/a/b"),
        ("/api/v1/", "../v2/x", "/api/v2/x"),
        ("/api/v1/", "/x", "/x"),
        ("/api/v1/", "?a=b", "/api/v1/?a=b"),
        ("/api/v1/", "", "/api/v1/"),
    ],
)
async def test_base_url_is_joined(base: str, path: str, line: str) -> None:
    async with peer() as it, ClientSession(it.url.with_path(base)) as session:
        await session.get(path)
    assert it.lines == [f"GET {line} HTTP/1.1"]


async def test_detach() -> None:
    session = ClientSession()
    connector = session.connector
    session.detach()
    assert session.closed and session.connector is None
    assert connector is not None and not connector.closed
    await connector.close()


async def test_close_twice() -> None:
    session = ClientSession()
    await session.close()
    await session.close()
    assert session.closed


async def test_request_function_with_connector_and_version() -> None:
    async with peer() as it:
        connector = TCPConnector()
        async with aiohttp.request(
            "POST", it.url, connector=connector, version=aiohttp.HttpVersion10, data=b"x"
        ) as response:
            assert response.status == 200
        assert not connector.closed
        await connector.close()
    assert it.lines == ["POST / HTTP/1.0"]


@pytest.mark.parametrize(
    ("compress", "coding", "undo"),
    [
        (True, "deflate", zlib.decompress),
        ("deflate", "deflate", zlib.decompress),
        ("gzip", "gzip", gzip.decompress),
    ],
)
async def test_compress(compress: Any, coding: str, undo: Callable[[bytes], bytes]) -> None:
    async with peer() as it, ClientSession() as session:
        await session.post(it.url, data=b"x" * 5000, compress=compress)
    assert it.fields()["Content-Encoding"] == coding
    assert it.fields()["Transfer-Encoding"] == "chunked"
    assert undo(it.bodies[0]) == b"x" * 5000


async def test_automatic_headers() -> None:
    async with peer() as it, ClientSession() as session:
        await session.post(it.url, data=b"x")
    fields = it.fields()
    assert {*fields} == {
        "Host", "Accept", "Accept-Encoding", "User-Agent", "Content-Length", "Content-Type",
    }  # fmt: skip
    assert fields["Host"] == it.url.authority
    assert fields["User-Agent"] == SERVER_SOFTWARE
    assert fields["Accept-Encoding"].startswith("gzip, deflate")
    assert fields["Content-Type"] == "application/octet-stream"


async def test_automatic_accept_encoding_of_what_can_be_undone() -> None:
    pytest.importorskip("brotli")
    async with peer() as it, ClientSession() as session:
        await session.get(it.url)
    assert "br" in it.fields()["Accept-Encoding"].split(", ")


@pytest.mark.parametrize(
    ("status", "method", "second"),
    [
        (301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (301, "PUT", "PUT"),
        (307, "POST", "POST"), (308, "POST", "POST"), (303, "HEAD", "HEAD"),
    ],
)  # fmt: skip
async def test_redirects_rewrite_the_method(status: int, method: str, second: str) -> None:
    async with peer(a=redirect("/b?c#d", status), b=OK + b"Content-Length: 0\r\n\r\n") as it:
        async with ClientSession() as session:
            data = None if method == "HEAD" else b"x"
            async with session.request(method, it.url / "a", data=data) as response:
                assert response.url == (it.url / "b").with_query("c")
                assert response.real_url.fragment == "d"
                assert [r.status for r in response.history] == [status]
    assert it.lines == [f"{method} /a HTTP/1.1", f"{second} /b?c HTTP/1.1"]


async def test_redirects_by_uri() -> None:
    async with peer(a=redirect("/b", field="URI")) as it, ClientSession() as session:
        async with session.get(it.url / "a") as response:
            assert response.url.path == "/b"


async def test_redirects_without_a_place_are_the_answer() -> None:
    async with peer(a=redirect("/b", field="X")) as it, ClientSession() as session:
        async with session.get(it.url / "a") as response:
            assert response.status == 302


@pytest.mark.parametrize(("requote", "path"), [(True, "/a%2Cb"), (False, "/a%2Cb")])
async def test_requote_redirect_url(requote: bool, path: str) -> None:
    async with peer(a=redirect("/a%2Cb")) as it:
        async with ClientSession(requote_redirect_url=requote) as session:
            assert session.requote_redirect_url is requote
            await session.get(it.url / "a")
    assert it.lines[1].split()[1] == ("/a,b" if requote else "/a%2Cb")


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://", aiohttp.InvalidUrlRedirectClientError),
        ("http://[::1", aiohttp.InvalidUrlRedirectClientError),
        ("ftp://a/", aiohttp.NonHttpUrlRedirectClientError),
    ],
)
async def test_redirects_to_nowhere(location: str, error: type[Exception]) -> None:
    async with peer(a=redirect(location)) as it, ClientSession() as session:
        with pytest.raises(error):
            await session.get(it.url / "a")


async def test_allow_redirects_is_off() -> None:
    async with peer(a=redirect("/b")) as it, ClientSession() as session:
        async with session.get(it.url / "a", allow_redirects=False) as response:
            assert response.status == 302
        async with session.head(it.url / "a") as response:
            assert response.status == 302


async def test_credentials_in_the_url() -> None:
    async with peer() as it, ClientSession() as session:
        async with session.get(it.url.with_user("u").with_password("p")) as response:
            assert response.url.user is None
    assert it.fields()["Authorization"] == "Basic dTpw"
    assert it.lines == ["GET / HTTP/1.1"]


@pytest.mark.filterwarnings("ignore:The 'auth' parameter:DeprecationWarning")
async def test_credentials_twice() -> None:
    async with peer() as it, ClientSession() as session:
        with pytest.raises(ValueError, match="AUTH"):
            await session.get(it.url.with_user("u"), auth=basic("a", "b"))
        with pytest.raises(ValueError, match="AUTH"):
            await session.get(it.url, headers={"Authorization": "x"}, auth=basic("a", "b"))


async def test_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login u password p\n")
    monkeypatch.setenv("NETRC", str(file))
    async with peer() as it, ClientSession(trust_env=True) as session:
        await session.get(it.url)
    assert it.fields()["Authorization"] == "Basic dTpw"


@pytest.mark.parametrize(
    ("name", "value", "used"),
    [
        ("http_proxy", "{}", True), ("HTTPS_PROXY", "{}", False), ("ALL_PROXY", "{}", False),
    ],
)  # fmt: skip
async def test_trust_env(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, used: bool
) -> None:
    async with peer() as it, ClientSession(trust_env=True) as session:
        monkeypatch.setenv(name, value.format(it.url))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        if used:
            await session.get("http://example.invalid/")
        else:
            with pytest.raises(ClientConnectorError):
                await session.get("http://example.invalid/")


async def test_trust_env_obeys_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with peer() as it, ClientSession(trust_env=True) as session:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with session.get(it.url) as response:
            assert response.status == 200


@pytest.mark.parametrize("scheme", ["http", "ws", "tcp"])
async def test_schemes(scheme: str) -> None:
    async with peer() as it, ClientSession() as session:
        if scheme == "tcp":
            async with session.get(f"tcp://127.0.0.1:{it.url.port}/") as response:
                assert response.status == 200
            return
        async with session.get(it.url.with_scheme(scheme)) as response:
            assert response.status == 200


async def test_scheme_unix(tmp_path: Path) -> None:
    it = Peer()
    path = str(tmp_path / "s")
    server = await asyncio.start_unix_server(it.serve, path)
    async with ClientSession(connector=aiohttp.UnixConnector(path)) as session:
        for url in ("unix://localhost/a", "http://localhost/b"):
            async with session.get(url) as response:
                assert response.status == 200
    server.close()
    assert it.lines == ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]


async def test_read_until_eof_is_off() -> None:
    async with peer(a=OK + b"\r\n") as it, ClientSession() as session:
        async with session.get(it.url / "a", read_until_eof=False) as response:
            assert await asyncio.wait_for(response.read(), 5) == b""


async def test_auto_decompress_is_off() -> None:
    data = gzip.compress(b"x" * 100)
    answer = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(data) + data
    async with peer(a=answer) as it:
        for session_option, call in ((False, {}), (True, {"auto_decompress": False})):
            async with ClientSession(auto_decompress=session_option) as session:
                async with session.get(it.url / "a", **call) as response:
                    assert await response.read() == data


async def test_read_bufsize() -> None:
    async with peer() as it, ClientSession(read_bufsize=64) as session:
        async with session.get(it.url) as response:
            assert response.content.get_read_buffer_limits() == (64, 128)
        async with session.get(it.url, read_bufsize=128) as response:
            assert response.content.get_read_buffer_limits() == (128, 256)


@pytest.mark.parametrize("option", ["max_line_size", "max_field_size"])
async def test_limits(option: str) -> None:
    answer = b"HTTP/1.1 200 " + b"r" * 300 + b"\r\nX: " + b"v" * 300 + b"\r\n\r\n"
    async with peer(a=answer) as it, ClientSession() as session:
        with pytest.raises(aiohttp.ClientResponseError):
            options: dict[str, Any] = {option: 200}
            await session.get(it.url / "a", **options)


# What is deprecated.


async def _ssl_context(url: URL) -> None:
    async with ClientSession() as session:
        await session.get(url, ssl_context=ssl.create_default_context())


async def _requote(url: URL) -> None:
    async with ClientSession() as session:
        session.requote_redirect_url = False


async def _loop(url: URL) -> None:
    async with ClientSession() as session:
        assert session.loop is asyncio.get_running_loop()


async def _option(url: URL, **options: Any) -> None:
    async with ClientSession() as session:
        await session.get(url, **options)


async def _websocket(url: URL, **options: Any) -> None:
    async with ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url, **options)


async def _of_session(url: URL, **options: Any) -> None:
    async with ClientSession(**options) as session:
        await session.get(url)


async def _of_connector(url: URL, **options: Any) -> None:
    await TCPConnector(**options).close()


async def _url_obj(url: URL) -> None:
    async with ClientSession() as session, session.get(url) as response:
        assert response.url_obj == response.url


async def _basic_auth(url: URL) -> None:
    aiohttp.BasicAuth("u", "p").encode()


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(functools.partial(_option, verify_ssl=False), id="verify_ssl of a call"),
        pytest.param(_ssl_context, id="ssl_context of a call"),
        pytest.param(functools.partial(_option, fingerprint=b"x" * 32), id="fingerprint"),
        pytest.param(functools.partial(_option, timeout=5), id="float timeout of a call"),
        pytest.param(_requote, id="requote_redirect_url setter"),
        pytest.param(_loop, id="session.loop"),
        pytest.param(functools.partial(_of_session, read_timeout=5), id="read_timeout"),
        pytest.param(functools.partial(_of_session, conn_timeout=5), id="conn_timeout"),
        pytest.param(functools.partial(_of_session, ssl_shutdown_timeout=1), id="ssl_shutdown"),
        pytest.param(functools.partial(_of_connector, verify_ssl=False), id="connector verify_ssl"),
        pytest.param(
            functools.partial(_of_connector, fingerprint=b"x" * 32), id="connector fingerprint"
        ),
        pytest.param(
            functools.partial(_of_connector, ssl_context=ssl.create_default_context()),
            id="connector ssl_context",
        ),
        pytest.param(
            functools.partial(_of_connector, ssl_shutdown_timeout=1), id="connector ssl_shutdown"
        ),
        pytest.param(_url_obj, id="response.url_obj"),
        pytest.param(_basic_auth, id="BasicAuth.encode"),
        pytest.param(functools.partial(_option, auth=basic("a", "b")), id="auth of a call"),
        pytest.param(functools.partial(_option, proxy_auth=basic("a", "b")), id="proxy_auth"),
        pytest.param(functools.partial(_of_session, auth=basic("a", "b")), id="auth"),
        pytest.param(
            functools.partial(_of_session, proxy_auth=basic("a", "b")), id="proxy_auth of a session"
        ),
        pytest.param(functools.partial(_option, chunked=1024), id="size of chunks"),
        pytest.param(functools.partial(_websocket, auth=basic("a", "b")), id="auth of a WebSocket"),
        pytest.param(functools.partial(_websocket, timeout=5.0), id="timeout of a WebSocket"),
        pytest.param(functools.partial(_websocket, receive_timeout=5), id="receive_timeout"),
    ],
)
# Python 3.10 warns, too, that it has no such timeout.
@pytest.mark.filterwarnings("ignore:ssl_shutdown_timeout:RuntimeWarning")
async def test_deprecated(use: Callable[[URL], Any]) -> None:
    """It works, and warns at the line of the program."""
    async with peer() as it:
        with pytest.warns(DeprecationWarning) as caught:
            await use(it.url)
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("make", [TCPConnector, aiohttp.CookieJar, ClientSession])
async def test_loop_is_accepted(make: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        it = make(loop=asyncio.get_running_loop())
    if hasattr(it, "close"):
        await it.close()


# Responses.


async def test_attributes_of_a_response() -> None:
    head = (
        b"HTTP/1.1 201 Made\r\nContent-Type: text/html; charset=latin-1\r\nContent-Length: 2\r\n"
        b'Content-Disposition: attachment; filename="a b.txt"; x=y\r\nSet-Cookie: c=d\r\n'
        b"X-Twice: 1\r\nX-Twice: 2\r\n\r\nok"
    )
    async with peer(a=head) as it, ClientSession() as session:
        url = it.url / "a"
        async with session.get(url.with_fragment("f"), headers={"A": "b"}) as response:
            assert response.connection is None or not response.closed
            assert (await response.read(), response.closed) == (b"ok", True)
            assert await response.read() == b"ok"  # kept
        disposition = response.content_disposition
        assert disposition is not None
        assert (disposition.type, disposition.filename) == ("attachment", "a b.txt")
        assert dict(disposition.parameters) == {"filename": "a b.txt", "x": "y"}
    assert {
        "version": response.version, "status": response.status, "reason": response.reason,
        "ok": response.ok, "method": response.method, "url": response.url,
        "real_url": response.real_url, "host": response.host, "cookies": str(response.cookies),
        "twice": response.headers.getall("x-twice"), "raw": response.raw_headers[-1],
        "type": response.content_type, "charset": response.charset,
        "length": response.content_length, "encoding": response.get_encoding(),
        "history": response.history, "links": len(response.links),
    } == {
        "version": aiohttp.HttpVersion11, "status": 201, "reason": "Made", "ok": True,
        "method": "GET", "url": url, "real_url": url.with_fragment("f"), "host": "127.0.0.1",
        "cookies": "Set-Cookie: c=d", "twice": ["1", "2"], "raw": (b"X-Twice", b"2"),
        "type": "text/html", "charset": "latin-1", "length": 2, "encoding": "iso8859-1",
        "history": (), "links": 0,
    }  # fmt: skip
    info = response.request_info
    assert isinstance(info, RequestInfo)
    assert (info.url, info.method, info.real_url) == (url, "GET", url.with_fragment("f"))
    assert info.headers["A"] == "b"


@pytest.mark.parametrize(
    ("media", "options", "value"),
    [
        ("application/json", {}, {"a": 1}),
        ("application/problem+json; charset=utf-8", {}, {"a": 1}),
        ("text/plain", {"content_type": None}, {"a": 1}),
        ("text/plain", {"content_type": "text/plain"}, {"a": 1}),
        ("application/json", {"loads": lambda text: text}, '{"a": 1}'),
        ("text/plain", {}, aiohttp.ContentTypeError),
    ],
)
async def test_json_of_a_response(media: str, options: dict[str, Any], value: Any) -> None:
    answer = OK + f'Content-Type: {media}\r\nContent-Length: 8\r\n\r\n{{"a": 1}}'.encode()
    async with peer(a=answer) as it, ClientSession() as session:
        async with session.get(it.url / "a") as response:
            if isinstance(value, type):
                with pytest.raises(value):
                    await response.json(**options)
            else:
                assert await response.json(**options) == value


async def test_repr_of_a_response() -> None:
    async with peer() as it, ClientSession() as session:
        url = (it.url / "a b").with_query(q="ü")
        async with session.get(url) as response:
            shown = repr(response).splitlines()
    assert shown[0] == f"<ClientResponse({it.url}/a%20b?q=%C3%BC) [200 OK]>"
    assert shown[1] == "<CIMultiDictProxy('Content-Length': '2')>"


async def test_an_empty_body_is_no_json() -> None:
    answer = OK + b"Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"
    async with peer(a=answer) as it, ClientSession() as session:
        async with session.get(it.url / "a") as response:
            assert await response.json() is None


async def test_text_errors() -> None:
    answer = OK + b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 1\r\n\r\n\xff"
    async with peer(a=answer) as it, ClientSession() as session:
        async with session.get(it.url / "a") as response:
            with pytest.raises(UnicodeDecodeError):
                await response.text()
            assert await response.text(errors="replace") == "\ufffd"


async def test_upload_complete_and_output_size() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 100

    async with peer() as it, ClientSession() as session:
        async with session.post(it.url, data=body()) as response:
            await response.read()
            await asyncio.wait_for(response.wait_for_close(), 5)
            with pytest.warns(DeprecationWarning, match="UploadTracker"):
                assert response.upload_complete
            with pytest.warns(DeprecationWarning, match="UploadTracker"):
                assert response.output_size > 100


async def test_release_and_close_of_a_response() -> None:
    async with peer() as it, ClientSession() as session:
        response = await session.get(it.url)
        response.close()
        assert response.closed
        response = await session.get(it.url)
        released: Any = response.release()
        if released is not None:
            await released
        assert response.closed


# Connectors, TLS, names, times.


async def test_facts_of_connectors() -> None:
    connector = TCPConnector(
        limit=3, limit_per_host=2, force_close=True, use_dns_cache=False, family=socket.AF_INET
    )
    assert (connector.limit, connector.limit_per_host, connector.force_close) == (3, 2, True)
    assert (connector.use_dns_cache, connector.family) == (False, socket.AF_INET)
    assert not connector.closed
    connector.clear_dns_cache()
    with pytest.raises(ValueError, match="host"):
        connector.clear_dns_cache("host")
    await connector.close(abort_ssl=True)
    assert connector.closed
    with pytest.raises(ValueError, match="keepalive_timeout"):
        TCPConnector(keepalive_timeout=3, force_close=True)


async def test_local_addr_and_socket_factory() -> None:
    made = []

    def make(info: Any) -> socket.socket:
        made.append(info[4])
        return socket.socket(family=info[0], type=info[1], proto=info[2])

    async with peer() as it:
        for connector in (
            TCPConnector(local_addr=("127.0.0.1", 0)),
            TCPConnector(socket_factory=make),
        ):
            async with ClientSession(connector=connector) as session:
                async with session.get(it.url) as response:
                    assert response.status == 200
    assert made == [("127.0.0.1", it.url.port)]


@pytest.mark.parametrize("options", [{}, {"interleave": 1}, {"happy_eyeballs_delay": None}])
async def test_happy_eyeballs_take_the_address_that_answers(options: dict[str, Any]) -> None:
    class Names(aiohttp.abc.AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[aiohttp.abc.ResolveResult]:
            return [
                {
                    "hostname": host, "host": address, "port": port, "family": socket.AF_INET,
                    "proto": 0, "flags": socket.AI_NUMERICHOST,
                }
                for address in ("127.0.0.2", "127.0.0.1")
            ]  # fmt: skip

        async def close(self) -> None:
            pass

    async with peer() as it:
        connector = TCPConnector(resolver=Names(), **options)
        async with ClientSession(connector=connector) as session:
            async with session.get(it.url.with_host("somewhere.invalid")) as response:
                assert response.status == 200


async def test_named_pipes_are_for_windows() -> None:
    with pytest.raises(RuntimeError, match="under windows"):
        aiohttp.NamedPipeConnector(r"\\.\pipe\x")


def test_times() -> None:
    assert aiohttp.ClientTimeout() == ClientTimeout(None, None, None, None)
    assert ClientTimeout().ceil_threshold == 5
    assert ClientTimeout(total=300, sock_connect=30) == aiohttp.client.DEFAULT_TIMEOUT
    default = aiohttp.client_ws.DEFAULT_WS_CLIENT_TIMEOUT
    assert (default.ws_receive, default.ws_close) == (None, 10)


@pytest.mark.parametrize("none", [0, None])
async def test_no_time_is_no_limit(none: float | None) -> None:
    timeout = ClientTimeout(total=none, connect=none, sock_read=none, sock_connect=none)
    async with peer() as it, ClientSession(timeout=timeout) as session:
        async with session.get(it.url) as response:
            assert await response.read() == b"ok"


@pytest.mark.parametrize("host", ["127.1", "127.0.1", "2130706433", "017700000001", "127.0.0.01"])
async def test_only_dotted_quads_are_addresses(host: str) -> None:
    async with ClientSession() as session:
        with pytest.raises(aiohttp.InvalidUrlClientError, match="canonical IPv4"):
            await session.get(URL(f"http://{host}:1/", encoded=True))


async def test_a_zone_that_is_no_interface() -> None:
    async with ClientSession() as session:
        with pytest.raises(ClientConnectorError, match="no interface"):
            await session.get(URL("http://[fe80::1%25nosuch]:1/", encoded=True))


# Cookies, middlewares, tracing, errors.


async def test_properties_of_the_jar() -> None:
    jar = aiohttp.CookieJar(quote_cookie=False)
    jar.update_cookies({"a": "b"}, URL("http://example.com/x/"))
    assert not jar.quote_cookie
    assert [*jar.cookies] == [("example.com", "/x")]
    assert jar.host_only_cookies == {("example.com", "/x", "a")}
    jar.update_cookies_from_headers(["c=d; Path=/"], URL("http://example.com/"))
    assert (len(jar), sorted(morsel.key for morsel in jar)) == (2, ["a", "c"])


async def test_a_middleware_sees_and_changes_the_request() -> None:
    seen: dict[str, Any] = {}

    async def look(request: ClientRequest, handler: Any) -> ClientResponse:
        for name in (
            "method", "url", "original_url", "chunked", "compress", "proxy", "proxy_headers",
            "response_class", "server_hostname", "ssl", "version", "skip_auto_headers",
        ):  # fmt: skip
            seen[name] = getattr(request, name)
        seen["is_ssl"] = request.is_ssl()
        seen["session"] = request.session
        await request.update_body(b"changed")
        response: ClientResponse = await handler(request)
        return response

    async with peer() as it, ClientSession(middlewares=[look]) as session:
        await session.post(it.url.with_fragment("f"), data=b"x")
        assert seen.pop("session") is session
    assert it.bodies == [b"changed"]
    assert it.fields()["Content-Length"] == "7"
    assert seen == {
        "method": "POST", "url": it.url, "original_url": it.url.with_fragment("f"),
        "chunked": None, "compress": None, "proxy": None, "proxy_headers": None,
        "response_class": ClientResponse, "server_hostname": None, "ssl": True,
        "version": aiohttp.HttpVersion11, "skip_auto_headers": CIMultiDict(), "is_ssl": False,
    }  # fmt: skip


async def test_a_middleware_runs_for_each_hop_and_calls_the_session() -> None:
    paths = []

    async def look(request: ClientRequest, handler: Any) -> ClientResponse:
        paths.append(request.url.path)
        if request.url.path == "/b":
            async with request.session.get(request.url.with_path("/c"), middlewares=()):
                pass
        response: ClientResponse = await handler(request)
        return response

    async with peer(a=redirect("/b")) as it, ClientSession(middlewares=[look]) as session:
        await session.get(it.url / "a")
    assert paths == ["/a", "/b"]
    assert [line.split()[1] for line in it.lines] == ["/a", "/c", "/b"]


_INFO = RequestInfo(
    URL("http://a/"), "GET", CIMultiDictProxy(CIMultiDict({"a": "b"})), URL("http://a/")
)


@pytest.mark.parametrize("location", ["/again", "ftp://example.invalid/", "http://[::1"])
async def test_tracers_hear_of_redirects_that_are_not_followed(location: str) -> None:
    heard: list[str] = []

    async def hear(session: ClientSession, context: Any, params: Any) -> None:
        heard.append(type(params).__name__)

    config = aiohttp.TraceConfig()
    config.on_request_redirect.append(hear)
    config.on_request_exception.append(hear)
    config.on_request_end.append(hear)
    async with peer(again=redirect(location)) as it:
        async with ClientSession(trace_configs=[config]) as session:
            with pytest.raises((aiohttp.TooManyRedirects, aiohttp.RedirectClientError)):
                await session.get(it.url / "again", max_redirects=2)
    redirected, failed = heard[:-1], heard[-1]
    assert set(redirected) == {"TraceRequestRedirectParams"}
    assert len(redirected) == len(it.heads)
    assert failed == "TraceRequestExceptionParams"


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ClientResponseError(_INFO, (), status=400, message="m", headers=CIMultiDict()),
        aiohttp.ContentTypeError(_INFO, (), status=400, message="m"),
        aiohttp.ClientHttpProxyError(_INFO, (), status=400, message="m"),
        aiohttp.TooManyRedirects(_INFO, ()),
        aiohttp.WSServerHandshakeError(_INFO, (), status=400, message="m"),
        aiohttp.ServerDisconnectedError("m"),
        aiohttp.ServerFingerprintMismatch(b"a", b"b", "h", 1),
        aiohttp.ClientPayloadError("m"),
        aiohttp.InvalidURL("u", "d"),
        aiohttp.NonHttpUrlClientError("u"),
        aiohttp.ConnectionTimeoutError("m"),
        aiohttp.SocketTimeoutError("m"),
        aiohttp.ClientConnectionResetError("m"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_can_be_pickled(error: ClientError, protocol: int) -> None:
    again = pickle.loads(pickle.dumps(error, protocol))
    assert (type(again), str(again), again.args[1:]) == (type(error), str(error), error.args[1:])
    assert vars(again).keys() == vars(error).keys()


@pytest.mark.parametrize(
    ("child", "parents"),
    [
        ("ClientResponseError", "ClientError"),
        ("ContentTypeError", "ClientResponseError"),
        ("ClientHttpProxyError", "ClientResponseError"),
        ("TooManyRedirects", "ClientResponseError"),
        ("WSServerHandshakeError", "ClientResponseError"),
        ("ClientConnectionError", "ClientError"),
        ("ClientConnectionResetError", "ClientConnectionError"),
        ("ClientOSError", "ClientConnectionError"),
        ("ClientConnectorError", "ClientOSError"),
        ("ClientConnectorDNSError", "ClientConnectorError"),
        ("ClientProxyConnectionError", "ClientConnectorError"),
        ("ClientSSLError", "ClientConnectorError"),
        ("ClientConnectorSSLError", "ClientSSLError"),
        ("ClientConnectorCertificateError", "ClientSSLError"),
        ("ServerConnectionError", "ClientConnectionError"),
        ("ServerDisconnectedError", "ServerConnectionError"),
        ("ServerTimeoutError", "ServerConnectionError"),
        ("ConnectionTimeoutError", "ServerTimeoutError"),
        ("SocketTimeoutError", "ServerTimeoutError"),
        ("ServerFingerprintMismatch", "ServerConnectionError"),
        ("ClientPayloadError", "ClientError"),
        ("InvalidURL", "ClientError"),
        ("InvalidUrlClientError", "InvalidURL"),
        ("NonHttpUrlClientError", "ClientError"),
        ("RedirectClientError", "ClientError"),
        ("InvalidUrlRedirectClientError", "RedirectClientError"),
        ("NonHttpUrlRedirectClientError", "RedirectClientError"),
        ("WSMessageTypeError", "TypeError"),
    ],
)
def test_tree_of_errors(child: str, parents: str) -> None:
    parent = getattr(aiohttp, parents, TypeError)
    assert issubclass(getattr(aiohttp, child), parent)
    assert issubclass(aiohttp.client_exceptions.UnixClientConnectorError, ClientConnectorError)


# A peer that is not ours.


@contextmanager
def standard_server(directory: Path) -> Iterator[str]:
    """Run ``http.server`` of the standard library in a thread of its own."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body.decode()).encode())

    handler = functools.partial(Handler, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def test_the_standard_library_s_server(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_bytes(b"x" * 200_000)
    with standard_server(tmp_path) as url:
        async with ClientSession(url) as session:
            async with session.get("/file.txt") as response:
                assert response.version == aiohttp.HttpVersion10
                assert (await response.read(), response.content_type) == (
                    b"x" * 200_000,
                    "text/plain",
                )
            since = response.headers["Last-Modified"]
            async with session.get("/file.txt", headers={"If-Modified-Since": since}) as response:
                assert (response.status, await response.read()) == (304, b"")
            async with session.head("/file.txt") as response:
                assert response.content_length == 200_000
            async with session.get("/missing") as response:
                assert response.status == 404
            async with session.post("/", data="text") as response:
                assert await response.json() == "text"
            await asyncio.gather(*(_status(session, "/file.txt") for _ in range(20)))


async def _status(session: ClientSession, path: str) -> None:
    async with session.get(path) as response:
        assert response.status == 200
        assert len(await response.read()) == 200_000
