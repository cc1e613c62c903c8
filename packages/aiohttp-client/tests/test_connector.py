"""Connectors over real sockets of this machine: TLS, proxies, Unix sockets, the pool."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientSession,
    Fingerprint,
    InvalidUrlClientError,
    ServerFingerprintMismatch,
    TCPConnector,
    TraceConfig,
    UnixConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_exceptions import UnixClientConnectorError

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("localhost", "127.0.0.1", "other.name")


@pytest.fixture
def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@asynccontextmanager
async def serving(script: Script, **options: Any) -> AsyncIterator[int]:
    """Answer by ``script``; yield the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(run(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)


# TLS…


async def test_a_certificate_of_a_known_authority(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with serving(answer, ssl=server_context) as port, ClientSession() as session:
        url = f"https://localhost:{port}/"
        async with session.get(url, ssl=client_context) as response:
            assert await response.read() == b"ok"


async def test_an_unknown_authority(server_context: ssl.SSLContext) -> None:
    async with serving(answer, ssl=server_context) as port, ClientSession() as session:
        with pytest.raises(ClientConnectorCertificateError) as caught:
            await session.get(f"https://localhost:{port}/")
        assert caught.value.port == port
        assert not session.connector._acquired  # type: ignore[union-attr]


async def test_no_checks_and_alpn(server_context: ssl.SSLContext) -> None:
    async with serving(answer, ssl=server_context) as port, ClientSession() as session:
        url = f"https://localhost:{port}/"
        response = await session.get(url, ssl=False, headers={"Connection": "close"})
        assert await response.read() == b"ok"
        response.close()


async def test_the_name_on_the_certificate(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with serving(answer, ssl=server_context) as port, ClientSession() as session:
        url = f"https://localhost:{port}/"
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(url, ssl=client_context, server_hostname="wrong.name")
        async with session.get(url, ssl=client_context, server_hostname="other.name") as response:
            await response.read()
        # A connection whose certificate was checked for one name is not reused for another.
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(url, ssl=client_context, server_hostname="wrong.name")


async def test_a_pinned_certificate(
    server_context: ssl.SSLContext, certificate: trustme.LeafCert
) -> None:
    pem = certificate.cert_chain_pems[0].bytes().decode()
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
    async with serving(answer, ssl=server_context) as port:
        url = f"https://localhost:{port}/"
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        async with ClientSession(connector=TCPConnector(ssl=context)) as pinning:
            async with pinning.get(url, ssl=Fingerprint(digest)) as response:
                assert response.status == 200
            with pytest.raises(ServerFingerprintMismatch) as caught:
                await pinning.get(url, ssl=Fingerprint(b"x" * 32))
            assert caught.value.got == digest
            assert not pinning.connector._acquired  # type: ignore[union-attr]


# Proxies…


def proxy(log: list[bytes], refuse: bytes | None = None) -> Script:
    """Return a proxy that makes tunnels, and answers everything else by itself."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        log.append(head)
        if refuse is not None:
            writer.write(refuse)
            return
        while not head.startswith(b"CONNECT "):
            writer.write(OK)
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            log.append(head)
        port = int(head.split()[1].rpartition(b":")[2])
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    return script


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()


async def test_a_proxy_is_told_the_whole_url() -> None:
    log: list[bytes] = []
    async with serving(proxy(log)) as port, ClientSession() as session:
        way = f"http://user:pass@127.0.0.1:{port}"
        async with session.get(
            "http://in.visible/x", proxy=way, proxy_headers={"X-Way": "1"}
        ) as response:
            assert await response.read() == b"ok"
    assert log[0].startswith(b"GET http://in.visible/x HTTP/1.1\r\nHost: in.visible\r\n")
    assert b"\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n" in log[0]


@pytest.mark.parametrize("traced", [False, True])
async def test_a_proxy_is_told_who_asks_each_time(traced: bool) -> None:
    """RFC 9110 §11.7.2: the credentials are a field of the request, not of the connection."""
    log: list[bytes] = []
    traces = [TraceConfig()] if traced else []
    async with serving(proxy(log)) as port, ClientSession(trace_configs=traces) as session:
        for _ in range(2):
            way = f"http://user:pass@127.0.0.1:{port}"
            async with session.get("http://in.visible/x", proxy=way) as response:
                assert await response.read() == b"ok"
    credentials = b"\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n"
    assert [head.count(credentials) for head in log] == [1, 1]


async def test_a_tunnel(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    log: list[bytes] = []
    async with serving(answer, ssl=server_context) as far, serving(proxy(log)) as near:
        async with ClientSession() as session:
            for _ in range(2):
                async with session.get(
                    f"https://localhost:{far}/",
                    ssl=client_context,
                    proxy=f"http://u:p@127.0.0.1:{near}",
                    proxy_headers={"X-Way": "1"},
                ) as response:
                    assert await response.read() == b"ok"
    assert len(log) == 1  # the tunnel was kept
    assert log[0].startswith(
        b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\n" % (far, far)
    )
    assert b"\r\nX-Way: 1\r\n" in log[0]
    assert b"\r\nProxy-Authorization: Basic dTpw\r\n" in log[0]


async def test_a_proxy_that_refuses() -> None:
    refusal = b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n"
    async with serving(proxy([], refusal)) as port, ClientSession() as session:
        with pytest.raises(ClientHttpProxyError) as caught:
            await session.get("https://in.visible/", proxy=f"http://127.0.0.1:{port}")
        assert (caught.value.status, caught.value.message) == (407, "Who are you")
        assert not session.connector._acquired  # type: ignore[union-attr]


async def test_a_proxy_that_is_not_there() -> None:
    async with serving(answer) as port:
        pass
    async with ClientSession() as session:
        with pytest.raises(ClientProxyConnectionError) as caught:
            await session.get("http://in.visible/", proxy=f"http://127.0.0.1:{port}")
        assert caught.value.port == port


# Names…


class Names(AbstractResolver):
    def __init__(self, addresses: dict[str, list[str]]) -> None:
        self.addresses = addresses
        self.asked: list[str] = []
        self.closed = False

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        self.asked.append(host)
        await asyncio.sleep(0)
        if host not in self.addresses:
            raise OSError(None, "no such name")
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": family,
                "proto": 0,
                "flags": 0,
            }
            for address in self.addresses[host]
        ]

    async def close(self) -> None:
        self.closed = True


async def test_a_name_is_asked_for_once() -> None:
    names = Names({"name": ["127.0.0.1"]})
    async with serving(answer) as port:
        connector = TCPConnector(resolver=names, force_close=True)
        async with ClientSession(connector=connector) as session:

            async def call() -> bytes:
                async with session.get(f"http://name:{port}/") as response:
                    return await response.read()

            assert set(await asyncio.gather(*(call() for _ in range(10)))) == {b"ok"}
            assert names.asked == ["name"]
            connector.clear_dns_cache("name", port)
            await call()
            assert names.asked == ["name", "name"]
    assert not names.closed  # it is not the connector's own


async def test_an_unknown_name() -> None:
    connector = TCPConnector(resolver=Names({}))
    async with ClientSession(connector=connector) as session:
        with pytest.raises(ClientConnectorDNSError, match="unknown"):
            await session.get("http://unknown/")


async def test_the_address_that_answers() -> None:
    names = Names({"name": ["127.0.0.9", "127.0.0.1"]})
    async with serving(answer) as port:
        async with ClientSession(connector=TCPConnector(resolver=names)) as session:
            async with session.get(f"http://name:{port}/") as response:
                assert response.status == 200


# Unix sockets…


async def test_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    server = await asyncio.start_unix_server(_once, path)
    async with ClientSession(connector=UnixConnector(path)) as session:
        async with session.get("http://anything/x") as response:
            assert await response.read() == b"ok"
    server.close()


async def _once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    writer.close()


async def test_no_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    async with ClientSession(connector=UnixConnector(path)) as session:
        with pytest.raises(UnixClientConnectorError, match="Cannot connect to unix socket"):
            await session.get("http://anything/")


# The pool…


async def test_closing_waits_for_the_transports() -> None:
    async with serving(answer) as port:
        session = ClientSession()
        async with session.get(f"http://127.0.0.1:{port}/") as response:
            assert response.connection is not None or response.closed
        connector = session.connector
        assert connector is not None
        (kept,) = connector._conns.values()
        transport = kept[0][0].transport
        await session.close()
        assert transport.is_closing()
        assert connector.closed


async def test_connections_expire(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(answer) as port:
        connector = TCPConnector(keepalive_timeout=0.01)
        async with ClientSession(connector=connector) as session:
            async with session.get(f"http://127.0.0.1:{port}/") as response:
                await response.read()
            (kept,) = connector._conns.values()
            closed = kept[0][0].closed
            await asyncio.wait_for(closed, 5)
            assert not connector._conns


async def test_a_shared_connector_stays_open() -> None:
    async with TCPConnector() as connector:
        async with ClientSession(connector=connector, connector_owner=False):
            pass
        assert not connector.closed
    assert connector.closed


async def test_waiters_learn_that_the_connector_was_closed() -> None:
    hold = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await hold.wait()

    async with serving(slow) as port:
        session = ClientSession(connector=TCPConnector(limit=1))
        url = f"http://127.0.0.1:{port}/"
        calls = [asyncio.ensure_future(session.get(url)) for _ in range(3)]
        await asyncio.sleep(0)
        assert "2 waiting" in repr(session.connector)
        await session.close()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(result, Exception) for result in results)


async def test_a_url_without_scheme_and_port_is_explained() -> None:
    async with ClientSession() as session:
        with pytest.raises(InvalidUrlClientError, match="begin the URL with http://"):
            await session.get("//127.0.0.1/x")
