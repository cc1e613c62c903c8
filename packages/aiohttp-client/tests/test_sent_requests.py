"""What a client sends, byte for byte, and when it lets go of a connection: RFC 9110, RFC 9112."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
from yarl import URL

import aiohttp
from aiohttp import ClientSession, TCPConnector
from aiohttp._client import body_writer
from aiohttp.abc import AbstractResolver, ResolveResult

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Origin:
    """A server that keeps what it hears, connection by connection, and says what it is told to."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.heard: list[bytearray] = []
        self.ended: list[asyncio.Event] = []
        self.port = 0
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard, ended = bytearray(), asyncio.Event()
        self.heard.append(heard)
        self.ended.append(ended)
        try:
            while data := await reader.read(2**16):
                heard += data
                writer.write(self._answer(bytes(heard)))
        except ConnectionError:
            pass
        finally:
            ended.set()
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def after_each(end: bytes, answer: bytes = OK) -> Callable[[bytes], bytes]:
    """Answer whenever what came ends so."""
    return lambda heard: answer if heard.endswith(end) else b""


@asynccontextmanager
async def origin(answer: Callable[[bytes], bytes] | None = None) -> AsyncIterator[Origin]:
    place = Origin(answer or after_each(b"\r\n\r\n"))
    server = await asyncio.start_server(place.serve, "127.0.0.1", 0)
    place.port = server.sockets[0].getsockname()[1]
    try:
        yield place
    finally:
        server.close()


class Everywhere(AbstractResolver):
    """All names are this machine's."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None: ...


# --- Host (RFC 9112 §3.2) ---


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("in.visible:%d", "in.visible:%d"),
        ("IN.Visible:%d", "in.visible:%d"),
        ("user:pass@in.visible:%d", "in.visible:%d"),
        ("bücher.example:%d", "xn--bcher-kva.example:%d"),
        ("127.0.0.1:%d", "127.0.0.1:%d"),
    ],
)
async def test_host_is_the_authority_without_user_information(authority: str, host: str) -> None:
    async with origin() as place:
        connector = TCPConnector(resolver=Everywhere())
        async with ClientSession(connector=connector) as session:
            async with session.get(f"http://{authority % place.port}/p"):
                pass
    lines = place.heard[0].split(b"\r\n")
    assert lines[0] == b"GET /p HTTP/1.1"
    # It is the first field (RFC 9110 §7.2), and the only one of its name.
    assert lines[1] == f"Host: {host % place.port}".encode()
    assert sum(line.lower().startswith(b"host:") for line in lines) == 1


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://a.example:80/", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("http://a.example:443/", "a.example:443"),
        ("http://[::1]:81/", "[::1]:81"),
        ("http://[::1]/", "[::1]"),
    ],
)
async def test_host_names_a_port_that_is_not_the_schemes_own(url: str, host: str) -> None:
    request = aiohttp.ClientRequest("GET", URL(url), loop=asyncio.get_running_loop())
    assert request.headers["Host"] == host


# --- Nothing around a request (RFC 9112 §2.2), and its framing (§6) ---


_BODIES = (b"abc", b"", None, b"x" * 100_000)


def _when_whole(heard: bytes) -> bytes:
    """Answer if what came ends with a request or its body."""
    head, _, rest = heard[heard.rfind(b" / HTTP/1.1\r\n") :].partition(b"\r\n\r\n")
    _, announced, length = head.partition(b"\r\nContent-Length: ")
    missing = int(length.split(b"\r\n")[0]) - len(rest) if announced else 0
    return b"" if missing else OK


async def test_requests_follow_one_another_without_a_byte_between() -> None:
    async with origin(_when_whole) as place, ClientSession() as session:
        for body in _BODIES:
            async with session.post(place.url, data=body):
                pass
            async with session.get(place.url):
                pass
    rest = bytes(place.heard[0])
    for body in _BODIES:
        head, _, rest = rest.partition(b"\r\n\r\n")
        assert head.startswith(b"POST / HTTP/1.1\r\n")
        sent = body or b""
        assert b"\r\nContent-Length: %d" % len(sent) in head
        assert b"Transfer-Encoding" not in head
        assert rest.startswith(sent)
        head, _, rest = rest[len(sent) :].partition(b"\r\n\r\n")
        assert head.startswith(b"GET / HTTP/1.1\r\n")
        assert b"Content-Length" not in head
        assert b"Transfer-Encoding" not in head
    assert rest == b""


async def test_a_body_of_unknown_size_comes_in_chunks() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b""
        yield b"x" * 26

    async with origin(after_each(b"\r\n0\r\n\r\n")) as place, ClientSession() as session:
        async with session.post(place.url, data=pieces()):
            pass
    head, _, body = bytes(place.heard[0]).partition(b"\r\n\r\n")
    assert b"\r\nTransfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    # No chunk is empty but the last one.
    assert body == b"3\r\none\r\n1a\r\n" + b"x" * 26 + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "options", [{"chunked": True}, {"headers": {"Transfer-Encoding": "identity"}}]
)
async def test_no_body_has_no_chunks(options: dict[str, Any]) -> None:
    """The last chunk would be taken for the beginning of the next request."""
    async with origin() as place, ClientSession(connector=TCPConnector(limit=1)) as session:
        for _ in range(2):
            async with session.get(place.url, **options) as response:
                assert await response.read() == b"ok"
        (heard,) = place.heard
    assert heard.count(b"\r\n\r\n") == heard.count(b"GET / ") == 2
    assert heard.endswith(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in heard
    assert b"Content-Length" not in heard


async def test_no_transfer_coding_is_asked_for() -> None:
    """RFC 9112 §7.4: chunked never is, and what is asked for would be named in Connection."""
    async with origin() as place, ClientSession() as session:
        async with session.get(place.url):
            pass
    assert b"\r\nTE:" not in place.heard[0]
    assert b"\r\nConnection:" not in place.heard[0]


# --- 100 (Continue) (RFC 9110 §10.1.1) ---


async def test_a_final_response_comes_instead_of_the_body() -> None:
    refusal = b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"
    async with origin(after_each(b"\r\n\r\n", refusal)) as place, ClientSession() as session:
        async with session.post(place.url, data=b"never", expect100=True) as response:
            assert response.status == 417
        # What was announced will not come: the connection carries nothing else (RFC 9112 §9.3).
        await asyncio.wait_for(place.ended[0].wait(), 10)
    assert place.heard[0].endswith(b"\r\n\r\n")


async def test_the_body_is_not_withheld_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_writer, "CONTINUE_PATIENCE", 0.01)
    async with origin(after_each(b"body")) as place, ClientSession() as session:
        async with session.post(place.url, data=b"body", expect100=True) as response:
            assert await response.read() == b"ok"
    assert place.heard[0].endswith(b"\r\n\r\nbody")


# --- Connections (RFC 9112 §9.3, §9.6) ---


async def test_who_does_not_keep_connections_says_so_and_closes() -> None:
    async with origin() as place:
        async with ClientSession(connector=TCPConnector(force_close=True)) as session:
            for number in range(2):
                async with session.get(place.url) as response:
                    assert await response.read() == b"ok"
                await asyncio.wait_for(place.ended[number].wait(), 10)
    assert len(place.heard) == 2
    for heard in place.heard:
        assert heard.count(b"\r\nConnection: close\r\n") == 1
        assert heard.count(b"GET / HTTP/1.1\r\n") == 1


@pytest.mark.parametrize("value", ["close", "x, Close"])
@pytest.mark.parametrize("options", [{}, {"data": b"x" * 100_000}, {"expect100": True}])
async def test_who_says_close_in_a_request_closes(value: str, options: dict[str, Any]) -> None:
    """Also if the server does not: the way to it may know of no other length."""
    async with origin(_when_whole) as place, ClientSession() as session:
        for number in range(2):
            async with session.get(place.url, headers={"Connection": value}, **options) as response:
                assert await response.read() == b"ok"
            await asyncio.wait_for(place.ended[number].wait(), 10)
    assert [heard.count(b"GET / HTTP/1.1\r\n") for heard in place.heard] == [1, 1]


async def test_a_kept_connection_closes_too_when_close_is_said() -> None:
    async with origin() as place, ClientSession() as session:
        for fields in ({}, {"Connection": "close"}, {}):
            async with session.get(place.url, headers=fields) as response:
                assert await response.read() == b"ok"
        await asyncio.wait_for(place.ended[0].wait(), 10)
    assert [heard.count(b"GET / HTTP/1.1\r\n") for heard in place.heard] == [2, 1]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        (
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nok\r\n0\r\n\r\n"
        ),
    ],
)
async def test_a_connection_is_closed_behind_the_last_response(answer: bytes) -> None:
    """Also behind chunks of HTTP/1.0: RFC 9112 §6.1."""
    async with origin(after_each(b"\r\n\r\n", answer)) as place, ClientSession() as session:
        for number in range(2):
            async with session.get(place.url) as response:
                assert await response.read() == b"ok"
            await asyncio.wait_for(place.ended[number].wait(), 10)
    assert [heard.count(b"GET / HTTP/1.1\r\n") for heard in place.heard] == [1, 1]


async def test_a_tls_connection_is_closed_with_an_alert() -> None:
    """RFC 9112 §9.8."""
    authority = trustme.CA()
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(theirs)

    def answer(listener: socket.socket) -> bytes:
        plain, _ = listener.accept()
        plain.settimeout(10)
        with theirs.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False) as peer:
            heard = peer.recv(2**16)
            peer.sendall(OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            # An end without an alert raises SSLEOFError.
            while data := peer.recv(2**16):
                heard += data
            return heard

    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        answering = loop.run_in_executor(None, answer, listener)
        async with ClientSession(connector=TCPConnector(resolver=Everywhere())) as session:
            url = f"https://localhost:{listener.getsockname()[1]}/"
            async with session.get(url, ssl=ours) as response:
                assert await response.read() == b"ok"
            assert (await answering).endswith(b"\r\n\r\n")


async def test_a_connection_carries_one_request_at_a_time() -> None:
    """RFC 9112 §9.2: nothing is pipelined, so each response has its request."""
    async with origin() as place:
        async with ClientSession(connector=TCPConnector(limit=1)) as session:

            async def ask(number: int) -> None:
                async with session.get(f"{place.url}{number}") as response:
                    assert len(place.heard) == 1
                    assert place.heard[0].count(b" HTTP/1.1\r\n") == number + 1
                    assert await response.read() == b"ok"

            await asyncio.gather(*[ask(number) for number in range(5)])


# --- Statuses (RFC 9110 §15) ---


@pytest.mark.parametrize(("status", "ok"), [(299, True), (399, True), (499, False), (599, False)])
async def test_an_unknown_status_is_one_of_its_class(status: int, ok: bool) -> None:
    answer = b"HTTP/1.1 %d \r\nContent-Length: 2\r\n\r\nok" % status
    async with origin(after_each(b"\r\n\r\n", answer)) as place, ClientSession() as session:
        async with session.get(place.url) as response:
            assert (response.status, response.ok) == (status, ok)
            assert await response.read() == b"ok"
