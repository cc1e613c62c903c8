"""Names with an underscore that other libraries read, set, wrap or override: they stay.

Each row names who needs it; each test does with it what they do.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from types import MappingProxyType
from typing import Any

import pytest
from multidict import CIMultiDict
from yarl import URL

import aiohttp
from aiohttp import (
    ClientRequest,
    ClientResponse,
    ClientSession,
    TCPConnector,
    UnixConnector,
    client,
    client_reqrep,
)
from aiohttp.client import _RequestOptions
from aiohttp.client_proto import ResponseHandler


@pytest.fixture
async def server() -> AsyncIterator[URL]:
    """Return the URL of a server that answers with the first line of each request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line = head.partition(b"\r\n")[0]
                if b"\r\nUpgrade: tcp\r\n" in head:
                    writer.write(
                        b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                    )
                    writer.write(b"\r\nearly.")
                    writer.write(await reader.readuntil(b"."))
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(line))
                writer.write(b"Content-Type: text/plain\r\n\r\n" + line)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield URL.build(scheme="http", host=host, port=port, path="/")
    server.close()


# --- What is read of a session, and is what was given to it ---

GIVEN: dict[str, Any] = {
    "auth": object(),
    "auto_decompress": False,
    "base_url": URL("http://base.test/x/"),
    "json_serialize": str,
    "json_serialize_bytes": bytes,
    "raise_for_status": True,
    "timeout": aiohttp.ClientTimeout(total=7),
    "trust_env": True,
}

SESSION_READS = [
    ("_base_url", "base_url", "ddtrace, aiohttp_client_cache"),
    ("_default_auth", "auth", "google_auth"),
    ("_json_serialize", "json_serialize", "google_auth"),
    ("_json_serialize_bytes", "json_serialize_bytes", "aiohttp_client_cache"),
    ("_raise_for_status", "raise_for_status", "aioresponses"),
    ("_timeout", "timeout", "google_auth"),
    ("_trust_env", "trust_env", "google_auth"),
    ("_auto_decompress", "auto_decompress", "google_auth"),
]


@pytest.mark.filterwarnings("ignore:The 'auth' parameter:DeprecationWarning")
@pytest.mark.parametrize(("name", "argument", "who"), SESSION_READS)
async def test_reads_of_a_session(name: str, argument: str, who: str) -> None:
    async with ClientSession(**{argument: GIVEN[argument]}) as session:
        assert getattr(session, name) == GIVEN[argument]


async def test_objects_of_a_session() -> None:
    """web3, litellm (_loop); fsspec, s3fs (_connector); vcrpy, google_auth (_cookie_jar);
    opentelemetry, google_auth (_trace_configs)"""
    connector, jar, trace = TCPConnector(), aiohttp.DummyCookieJar(), aiohttp.TraceConfig()
    async with ClientSession(connector=connector, cookie_jar=jar, trace_configs=[trace]) as session:
        assert session._loop is asyncio.get_running_loop()
        assert session._connector is connector
        assert session._cookie_jar is jar
        session._trace_configs.remove(trace)
        assert session._trace_configs == []


# --- What is called, set and overridden in a session ---


async def test_headers_are_replaced(server: URL) -> None:
    """homeassistant replaces _default_headers; aioresponses calls _prepare_headers"""
    async with ClientSession(headers={"A": "1"}) as session:
        assert session._prepare_headers({"B": "2"}) == CIMultiDict({"A": "1", "B": "2"})
        session._default_headers = CIMultiDict({"C": "3"})
        assert session._prepare_headers(None) == CIMultiDict({"C": "3"})
        async with session.get(server) as response:
            assert response.request_info.headers["C"] == "3"


async def test_urls_are_built() -> None:
    """aioresponses"""
    async with ClientSession("http://base.test/x/") as session:
        assert session._build_url("y?z=1") == URL("http://base.test/x/y?z=1")


async def test_the_connector_is_replaced(server: URL) -> None:
    """ddtrace puts a proxy object there, with a connect of its own"""
    connected: list[URL] = []

    class Proxied:
        def __init__(self, connector: Any) -> None:
            self.connector = connector

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connector, name)

        async def connect(self, req: ClientRequest, *args: Any, **kwargs: Any) -> Any:
            connected.append(req.url)
            return await self.connector.connect(req, *args, **kwargs)

    async with ClientSession() as session:
        session._connector = Proxied(session._connector)  # type: ignore[assignment]
        for _ in range(3):  # over one connection
            async with session.get(server) as response:
                assert await response.text() == "GET / HTTP/1.1"
    assert connected == [server] * 3


async def test_request_is_what_the_verbs_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioresponses and vcrpy patch it, ddtrace and newrelic wrap it"""

    async def stub(self: ClientSession, method: str, url: str, **kwargs: Any) -> Any:
        return method, url, kwargs

    monkeypatch.setattr(ClientSession, "_request", stub)
    async with ClientSession() as session:
        got: Any = await session.get("u", params={})
        assert got == ("GET", "u", {"allow_redirects": True, "params": {}})
        for verb in ("head", "options", "post", "put", "patch", "delete"):
            got = await getattr(session, verb)("u")
            assert got[0] == verb.upper()
        got = await session.request("TRACE", "u")
        assert got[0] == "TRACE"


async def test_request_is_overridden(server: URL) -> None:
    """aiohttp_client_cache"""
    with pytest.warns(DeprecationWarning, match="Inheritance"):

        class Session(ClientSession):
            async def _request(self, *args: Any, **kwargs: Any) -> ClientResponse:
                kwargs.pop("expire_after")
                return await super()._request(*args, **kwargs)

    async with Session() as session:
        async with session.get(server, expire_after=5) as response:
            assert response.ok


async def test_attributes_are_set_in_a_subclass(server: URL) -> None:
    """google_auth sets _auto_decompress and _loop of its session"""
    with pytest.warns(DeprecationWarning, match="Inheritance"):

        class Session(ClientSession):
            def __init__(self) -> None:
                super().__init__()
                self._auto_decompress = False
                self._loop = asyncio.get_running_loop()

    async with Session() as session:
        assert session.auto_decompress is False
        async with session.get(server) as response:
            assert response.ok


def test_options_are_extended() -> None:
    """aiohttp_client_cache"""

    class Options(_RequestOptions, total=False):
        expire_after: int

    assert {"headers", "params", "expire_after"} <= set(Options.__annotations__)


def test_names_that_are_found_where_they_were_only_used() -> None:
    """aiobotocore (client.URL), aiohttp_client_cache (client_reqrep.MappingProxyType)"""
    assert client.URL is URL
    assert client_reqrep.MappingProxyType is MappingProxyType


# --- Responses ---


async def made_by_hand(response_class: type[ClientResponse] = ClientResponse) -> ClientResponse:
    url = URL("http://a/b")
    return response_class(
        "GET",
        url,
        writer=None,
        continue100=None,
        timer=None,
        request_info=aiohttp.RequestInfo(url, "GET", {}),  # type: ignore[arg-type]
        traces=[],
        loop=asyncio.get_running_loop(),
        session=None,  # type: ignore[arg-type]
    )


async def test_a_response_made_by_hand() -> None:
    """aioresponses, vcrpy"""
    response = await made_by_hand()
    earlier = await made_by_hand()
    response.status, response.reason = 200, "OK"
    response._headers = CIMultiDict(  # type: ignore[assignment]
        {"Content-Type": "application/json", "Set-Cookie": "a=b"}
    )
    response._raw_headers = ((b"Content-Type", b"application/json"),)
    response._body = b"[1]"
    response._history = (earlier,)
    response.cookies = SimpleCookie("a=b")
    assert await response.json() == [1] and await response.text() == "[1]"
    assert response.headers["content-type"] == response.content_type == "application/json"
    assert response.raw_headers == ((b"Content-Type", b"application/json"),)
    assert response.history == (earlier,)
    assert response.cookies["a"].value == "b"
    assert response.url == response.real_url == URL("http://a/b") and response.ok
    response.close()


async def test_a_response_with_a_body_of_its_own() -> None:
    """vcrpy overrides read, text, json and release; aiohttp_client_cache replaces the content"""

    class Played(ClientResponse):
        async def read(self) -> bytes:
            self._body = b"played"
            return self._body

        def release(self) -> Any:
            self._released = True

    response = await made_by_hand(Played)
    response._headers = CIMultiDict({"Content-Type": "text/plain"})  # type: ignore[assignment]
    async with response:
        assert await response.text() == "played"
    assert response._released


async def test_a_response_is_read_unless_it_was_released(server: URL) -> None:
    """aiohttp_client_cache; and it puts a stream of its own in the place of the content"""
    async with ClientSession() as session:
        response = await session.get(server)
        assert not response._released
        await response.read()
        assert response._body == b"GET / HTTP/1.1"
        content = aiohttp.StreamReader(
            ResponseHandler(asyncio.get_running_loop()),
            limit=2**16,
            loop=asyncio.get_running_loop(),
        )
        content.feed_data(response._body)
        content.feed_eof()
        response.content = content
        assert [line async for line in response.content] == [b"GET / HTTP/1.1"]
        response.release()
        assert response._released and response._body == b"GET / HTTP/1.1"


# --- Requests ---


async def test_send_is_wrapped(server: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """newrelic"""
    sent: list[str] = []
    original = ClientRequest.send

    async def wrapped(self: ClientRequest, conn: Any) -> ClientResponse:
        sent.append(self.method)
        return await original(self, conn)

    monkeypatch.setattr(ClientRequest, "send", wrapped)
    async with ClientSession() as session:
        async with session.get(server) as response:
            assert response.status == 200
    assert sent == ["GET"]


async def test_the_request_for_a_proxy_is_changed(server: URL) -> None:
    """aiobotocore sets the TLS context of its proxy"""
    import ssl

    context = ssl.create_default_context()
    built: list[ClientRequest] = []

    class Connector(TCPConnector):
        def _update_proxy_auth_header_and_build_proxy_req(
            self, req: ClientRequest
        ) -> ClientRequest:
            proxy_req = super()._update_proxy_auth_header_and_build_proxy_req(req)
            proxy_req._ssl = context
            built.append(proxy_req)
            return proxy_req

    async with ClientSession(connector=Connector()) as session:
        async with session.get("http://away.test/x", proxy=server) as response:
            assert await response.text() == "GET http://away.test/x HTTP/1.1"
    assert built[0].ssl is context


# --- Connectors ---

CONNECTOR_READS = [
    ("_limit", {"limit": 3}, 3, "google_auth"),
    ("_limit_per_host", {"limit_per_host": 2}, 2, "google_auth"),
    ("_force_close", {"force_close": True}, True, "google_auth"),
    ("_ssl", {"ssl": False}, False, "google_auth"),
    ("_local_addr_infos", {}, None, "google_auth"),
]


@pytest.mark.parametrize(("name", "arguments", "value", "who"), CONNECTOR_READS)
async def test_reads_of_a_connector(
    name: str, arguments: dict[str, Any], value: Any, who: str
) -> None:
    async with TCPConnector(**arguments) as connector:
        assert getattr(connector, name) == value


async def test_the_local_address_is_read() -> None:
    """google_auth"""
    connector = TCPConnector(local_addr=("127.0.0.1", 0))
    assert connector._local_addr_infos is not None
    ((family, *_, address),) = connector._local_addr_infos
    assert (family, address) == (socket.AF_INET, ("127.0.0.1", 0))
    await connector.close()


async def test_the_path_of_a_socket_is_read() -> None:
    """google_auth"""
    async with UnixConnector("/no/such/socket") as connector:
        assert isinstance(connector, UnixConnector)
        assert connector._path == "/no/such/socket"


async def test_connections_are_looked_at(server: URL) -> None:
    """litellm counts those in use, gql looks at the idle ones"""
    async with ClientSession() as session:
        connector = session._connector
        assert connector is not None and not connector._acquired
        response = await session.get(server)
        await response.read()
        (kept,) = connector._conns.values()
        ((protocol, since),) = kept
        assert isinstance(protocol, ResponseHandler) and protocol.transport is not None
        assert isinstance(since, float)
        assert not connector._acquired


async def test_a_period_is_overridden() -> None:
    """homeassistant"""

    class Connector(TCPConnector):
        _cleanup_closed_period = 60.0

    async with Connector() as connector:
        assert connector._cleanup_closed_period == 60.0


async def test_a_connector_is_closed_when_its_loop_is_dead() -> None:
    """fsspec, s3fs, litellm"""
    loop = asyncio.new_event_loop()
    connector = TCPConnector(loop=loop)
    loop.close()
    connector._close()
    assert connector.closed


async def test_the_way_to_an_address_is_overridden() -> None:
    """homeassistant (_resolve_host), aiohttp_socks (_wrap_create_connection)"""
    seen: dict[str, Any] = {}

    class Connector(TCPConnector):
        async def _resolve_host(self, host: str, port: int, traces: Any = None) -> Any:
            seen["host"] = host
            address = {"host": "192.0.2.1", "port": port, "family": socket.AF_INET}
            return [{"hostname": host, **address, "proto": 6, "flags": 0}]

        async def _wrap_create_connection(
            self, *args: Any, addr_infos: Any, req: Any, timeout: Any, **kwargs: Any
        ) -> Any:
            seen["address"] = addr_infos[0][4]
            seen["ssl"] = kwargs["ssl"]
            assert isinstance(args[0](), ResponseHandler)
            raise aiohttp.ClientConnectionError("far enough")

    async with ClientSession(connector=Connector()) as session:
        with pytest.raises(aiohttp.ClientConnectionError, match="far enough"):
            await session.get("http://name:8080/")
    assert seen == {"host": "name", "address": ("192.0.2.1", 8080), "ssl": None}


async def test_connections_are_made_by_others(server: URL) -> None:
    """ddtrace wraps _create_connection; aiodocker overrides connect"""
    made: list[str] = []

    class Connector(TCPConnector):
        async def _create_connection(self, req: Any, *args: Any, **kwargs: Any) -> Any:
            made.append(f"create {req.url.path}")
            return await super()._create_connection(req, *args, **kwargs)

        async def connect(self, req: Any, *args: Any, **kwargs: Any) -> Any:
            made.append(f"connect {req.url.path}")
            return await super().connect(req, *args, **kwargs)

    async with ClientSession(connector=Connector()) as session:
        for _ in range(2):
            async with session.get(server) as response:
                await response.read()
    assert made == ["connect /", "create /", "connect /"]


# --- Connections that speak something else ---


class Words:
    """A parser of what comes after an upgrade: words with a full stop each."""

    def __init__(self, queue: aiohttp.DataQueue[bytes]) -> None:
        self.queue = queue
        self.rest = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        *words, self.rest = (self.rest + data).split(b".")
        for word in words:
            self.queue.feed_data(word, len(word))
        return False, b""

    def feed_eof(self) -> None:
        self.queue.feed_eof()

    def set_exception(self, exc: BaseException, cause: Any = None) -> None:
        self.queue.set_exception(exc)


async def test_a_parser_takes_over(server: URL) -> None:
    """aiodocker; what came with the head of the 101 is for the parser, too"""
    async with ClientSession() as session:
        response = await session.post(
            server,
            headers={"Connection": "Upgrade", "Upgrade": "tcp"},
            timeout=aiohttp.ClientTimeout(),
            read_until_eof=False,
        )
        assert response.status == 101 and await response.read() == b""
        conn = response.connection
        assert conn is not None and conn.protocol is not None and conn.transport is not None
        protocol = conn.protocol
        queue: aiohttp.DataQueue[bytes] = aiohttp.DataQueue(asyncio.get_running_loop())
        protocol.set_parser(Words(queue), queue)
        protocol.force_close()
        assert await queue.read() == b"early"
        conn.transport.write(b"word.")
        await protocol._drain_helper()
        assert await queue.read() == b"word"
        assert [item async for item in queue] == []
        response.close()


async def test_the_payload_of_a_protocol(server: URL) -> None:
    """ccxt looks for what was not received yet"""
    loop = asyncio.get_running_loop()
    protocol, queue = ResponseHandler(loop), aiohttp.DataQueue[bytes](loop)
    protocol.set_parser(Words(queue), queue)
    assert protocol._payload is queue  # type: ignore[comparison-overlap]
    protocol.data_received(b"a.b.")
    assert len(queue._buffer) == 2


# --- WebSockets ---


async def test_a_websocket_is_looked_into_and_overridden() -> None:
    """ccxt (_conn), gql (_response), discord_py (its own class, with another close)"""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        (key,) = (line.split(": ")[1] for line in head if line.startswith("Sec-WebSocket-Key"))
        guid = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
        accept = base64.b64encode(hashlib.sha1(key.encode() + guid).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
        writer.write(b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n")
        writer.write(b"X-Room: 7\r\n\r\n\x81\x02hi")
        closing = await reader.readexactly(8)
        assert closing[0] == 0x88 and closing[1] == 0x82
        writer.write(
            b"\x88\x02" + bytes(a ^ b for a, b in zip(closing[6:], closing[2:4], strict=True))
        )
        writer.close()

    class Own(aiohttp.ClientWebSocketResponse[Any]):
        async def close(self, *, code: int = 4000, message: bytes = b"") -> bool:
            return await super().close(code=code, message=message)

        async def receive_json(self, **kwargs: Any) -> Any:
            return {"json": await self.receive_str()}

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with ClientSession(ws_response_class=Own) as session:
        async with session.ws_connect(f"http://{host}:{port}/") as ws:
            assert isinstance(ws, Own)
            assert ws._response.headers["X-Room"] == "7"
            assert ws._conn is not None and ws._conn.protocol is not None
            unread: Any = ws._conn.protocol._payload  # a WebSocketDataQueue
            assert await ws.receive_json() == {"json": "hi"}
            assert len(unread._buffer) == 0
        assert ws.close_code == 4000
    server.close()
