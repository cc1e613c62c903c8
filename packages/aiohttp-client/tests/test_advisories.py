"""Known weaknesses of HTTP clients, tried on this one over real sockets.

Each id names the advisory, of aiohttp or of a peer, or the class of weakness; ``docs/security.md``
maps them to tests. Wherever the parser has a say, both of its builds are asked.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import importlib
import io
import logging
import time
import tracemalloc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from yarl import URL

from aiohttp import (
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    CookieJar,
    FormData,
    InvalidURL,
    TCPConnector,
)
from aiohttp._h1.build import COMPILED
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_reqrep import ClientRequest
from aiohttp.http_writer import HttpVersion

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# Nothing here waits for this long; it ends a test that would hang.
PATIENCE = 10

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
# What an attacker would like the client to take for the answer to its next request.
EVIL = OK + b"Content-Length: 4\r\n\r\nevil"


@pytest.fixture(params=["py", "c"] if COMPILED else ["py"])
def build(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The build of the parser that clients of this test use."""
    name: str = request.param
    module = importlib.import_module(
        "aiohttp._h1.parser_c" if name == "c" else "aiohttp._h1.parser"
    )
    monkeypatch.setattr("aiohttp._client.response_sink.ResponseParser", module.ResponseParser)
    return name


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a server does wrong is raised, and not logged."""
    caplog.set_level(logging.DEBUG)
    yield
    records = [record for record in caplog.records if record.name.startswith("aiohttp")]
    assert [record for record in records if record.levelno > logging.DEBUG] == []
    assert [record for record in records if record.exc_info] == []


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[int]:
    """Answer each connection by ``script``; yield the port."""
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

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**22)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answering(data: bytes, *, stays: bool = False) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(data)
            await writer.drain()
            if not stays:
                return

    return script


def pooled(session: ClientSession) -> int:
    connector = session.connector
    assert isinstance(connector, TCPConnector)
    assert not connector._acquired
    return sum(len(idle) for idle in connector._conns.values())


# --- What is no response is an error at once, and its connection is not used again ---

HEADS: dict[str, bytes] = {
    "robustness 13 another protocol": b"RTSP/1.0 200 OK\r\n\r\n",
    "robustness 13 ICY": b"ICY 200 OK\r\n\r\n",
    "robustness 13 NUL in the reason": b"HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n",
    "robustness 13 folded coding": OK + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "robustness 13 chunked twice": OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "CVE-2026-34520 NUL in a value": OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "CVE-2023-37276 bare CR in a value": OK + b"X: a\rContent-Length: 5\r\n\r\n",
    "CVE-2023-47641 both lengths": OK
    + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "node CVE-2022-32213 different lengths": OK + b"Content-Length: 0\r\nContent-Length: 9\r\n\r\n",
    "CVE-2023-47627 length with underscore": OK + b"Content-Length: 1_0\r\n\r\n",
    "CVE-2025-69224 length in other digits": OK + "Content-Length: \uff15\r\n\r\n".encode(),
    "CVE-2023-47627 space before colon": OK + b"Content-Length : 0\r\n\r\n",
    "CVE-2026-22815 endless head": OK + b"X: y\r\n" * 500,
    "CVE-2026-54274 a long field": OK + b"X: " + b"y" * 20_000,
    "CVE-2026-54274 a long reason": b"HTTP/1.1 200 " + b"y" * 20_000,
    "urllib3 1xx without end": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 200,
    "CVE-2026-69244 an error text is cut": b"HTTP/1.1 \x7f" + b"x" * 8000 + b"\r\n\r\n",
}
BODIES: dict[str, bytes] = {
    "robustness 2 chunk size": CHUNKED + b"zz\r\n",
    "hyper CVE-2021-32714 chunk over 64 bits": CHUNKED + b"f0000000000000003\r\nabc\r\n",
    "hyper CVE-2021-32715 chunk with sign": CHUNKED + b"+3\r\nabc\r\n0\r\n\r\n",
    "h11 CVE-2025-43859 any two bytes end a chunk": CHUNKED + b"3\r\nabcXX0\r\n\r\n",
    "Go CVE-2025-22871 LF ends a chunk size": CHUNKED + b"3\nabc\r\n0\r\n\r\n",
    "CVE-2024-52304 LF in a chunk extension": CHUNKED + b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "node CVE-2024-22019 endless chunk extension": CHUNKED + b"3;" + b"x" * 20_000,
    "CVE-2025-53643 trailers that are no fields": CHUNKED + b"0\r\n" + EVIL,
    "CVE-2026-22815 endless trailers": CHUNKED + b"0\r\n" + b"X: y\r\n" * 500,
    "robustness 2 no gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    "robustness 15 truncated gzip": OK
    + b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"
    + gzip.compress(b"hello" * 99)[:20],
}


@pytest.mark.parametrize("stays", [False, True], ids=["closes", "stays"])
@pytest.mark.parametrize("data", HEADS.values(), ids=HEADS)
@pytest.mark.usefixtures("quiet")
async def test_malformed_heads(build: str, data: bytes, stays: bool) -> None:
    async with serving(answering(data, stays=stays)) as port, ClientSession() as session:
        with pytest.raises(ClientResponseError) as caught:
            await asyncio.wait_for(session.get(f"http://127.0.0.1:{port}/"), PATIENCE)
        assert len(str(caught.value)) < 1000
        assert pooled(session) == 0


@pytest.mark.parametrize("stays", [False, True], ids=["closes", "stays"])
@pytest.mark.parametrize("data", BODIES.values(), ids=BODIES)
@pytest.mark.usefixtures("quiet")
async def test_malformed_bodies(build: str, data: bytes, stays: bool) -> None:
    async with serving(answering(data, stays=stays)) as port, ClientSession() as session:
        response = await session.get(f"http://127.0.0.1:{port}/")
        with pytest.raises(ClientPayloadError):
            await asyncio.wait_for(response.read(), PATIENCE)
        assert pooled(session) == 0


POISON: dict[str, bytes] = {
    "robustness 3 behind a length": OK + b"Content-Length: 2\r\n\r\nok" + EVIL,
    "robustness 3 behind chunks": CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + EVIL,
    "robustness 3 one byte more": OK + b"Content-Length: 2\r\n\r\nok!",
    "robustness 3 behind 204": b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil",
    "robustness 3 behind 304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil",
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.usefixtures("quiet")
async def test_excess_bytes_answer_nothing(build: str, poison: bytes, method: str) -> None:
    connections = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        data = poison if connections == 1 else OK + b"Content-Length: 4\r\n\r\ngood"
        await answering(data, stays=True)(reader, writer)

    async with serving(script) as port, ClientSession() as session:
        url = f"http://127.0.0.1:{port}/"
        async with session.request(method, url) as response:
            assert b"evil" not in await response.read()
        async with session.get(url) as response:
            assert await response.read() == b"good"
        assert connections == 2


# --- Nothing of the program's gets in where it does not belong ---

BREAKERS = ["a\r\nX: y", "a\nX: y", "a\rX: y", "a\0b"]


@pytest.mark.parametrize("text", BREAKERS, ids=["CRLF", "LF", "CR", "NUL"])
@pytest.mark.parametrize(
    "where",
    [
        *("CVE-2023-49082 method", "field name", "field value", "CVE-2026-34514 part type"),
        *("CVE-2026-50269 part field", "user", "CVE-2023-49081 version"),
    ],
)
async def test_no_field_can_be_injected(where: str, text: str) -> None:
    sent: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent.append(await reader.read(2**16))

    async with serving(script) as port, ClientSession() as session:
        url = f"http://127.0.0.1:{port}/"

        async def call() -> ClientResponse:
            if where.endswith("method"):
                return await session.request(text, url)
            if where == "field name":
                return await session.get(url, headers={text: "x"})
            if where == "field value":
                return await session.get(url, headers={"X-Y": text})
            if where == "user":
                return await session.get(url, headers={"Authorization": text})
            if where.endswith("version"):
                session._version = HttpVersion(1, text)  # type: ignore[arg-type]
                return await session.get(url)
            form = FormData()
            if where.endswith("part type"):
                form.add_field("a", b"x", filename="f", content_type=f"text/plain{text}")
            else:
                form.add_field("a", io.BytesIO(b"x"), filename=text)
            return await session.post(url, data=form)

        # A file name may hold anything: it is sent percent-encoded.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with suppress(ValueError, TypeError, ClientError):
                await asyncio.wait_for(call(), PATIENCE)
        assert pooled(session) == 0
    assert b"\nX: y" not in b"".join(sent)
    assert b"\rX: y" not in b"".join(sent)
    assert b"\0" not in b"".join(sent)


@pytest.mark.parametrize(
    "url",
    ["http://[::1/", "http://[/", "http://a:99999999/", "http://", "http:///x", "http://[::1]x/"],
)
async def test_cve_2022_33124_bad_urls(url: str) -> None:
    async with ClientSession() as session:
        with pytest.raises(InvalidURL):
            await session.get(url)


# --- Credentials and cookies stay where they belong ---


class OneAddress(AbstractResolver):
    """Every name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """There is nothing to close."""


SECRETS = [b"authorization", b"cookie", b"proxy-authorization", b"secret"]
PLACES = {
    "CVE-2026-34518 another host": "http://evil.test:{port}/end",
    "urllib3 CVE-2024-37891 a subdomain": "http://sub.good.test:{port}/end",
    "Go CVE-2023-45289 a parent domain": "http://test:{port}/end",
    "undici CVE-2024-30260 another user": "http://user:pw@evil.test:{port}/end",
    "requests CVE-2024-47081 host in the user part": "http://good.test:{port}@evil.test:{port}/end",
    "a scheme-relative location": "//evil.test:{port}/end",
    "case": "HTTP://EVIL.test:{port}/end",
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_a_redirect_to_another_origin_learns_nothing(place: str, status: int) -> None:
    heads: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            heads.append(head)
            if b" /end " in head:
                writer.write(OK + b"Content-Length: 0\r\n\r\n")
            else:
                location = place.format(port=port).encode()
                writer.write(
                    b"HTTP/1.1 %d x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
                    % (status, location)
                )

    async with serving(script) as port:
        connector = TCPConnector(resolver=OneAddress())
        headers = [
            ("Authorization", "secret1"),
            ("Authorization", "secret2"),
            ("Cookie", "a=secret3"),
            ("PROXY-authorization", "secret4"),
            ("PROXY-authorization", "secret5"),
        ]
        async with ClientSession(connector=connector, cookies={"jar": "x"}) as session:
            session.cookie_jar.clear()
            session.cookie_jar.update_cookies({"jar": "secret6"}, URL(f"http://good.test:{port}/"))
            async with session.get(
                f"http://good.test:{port}/", headers=headers, cookies={"call": "secret7"}
            ) as response:
                assert response.status == 200
    assert len(heads) == 2
    for number in (b"1", b"2", b"3", b"4", b"5", b"6", b"7"):
        assert b"secret" + number in heads[0]
    fields = heads[1].replace(b"authorization: basic dxnlcjpwdw==", b"")
    if b"@" in place.encode():
        fields = b"\r\n".join(
            line for line in fields.split(b"\r\n") if not line.startswith(b"authorization: basic ")
        )
    for secret in SECRETS:
        assert secret not in fields, fields


async def test_what_was_dropped_does_not_come_back_with_the_first_origin() -> None:
    heads: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            heads.append(head)
            way = [b"http://evil.test:%d/1", b"http://good.test:%d/2"]
            if len(heads) > len(way):
                writer.write(OK + b"Content-Length: 0\r\n\r\n")
            else:
                location = way[len(heads) - 1] % port
                writer.write(
                    b"HTTP/1.1 302 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location
                )

    async with serving(script) as port:
        connector = TCPConnector(resolver=OneAddress())
        async with ClientSession(connector=connector) as session:
            headers = {"Authorization": "Basic dTpw"}
            async with session.get(f"http://good.test:{port}/", headers=headers) as response:
                assert response.status == 200
    assert [b"Authorization" in head for head in heads] == [True, False, False]


async def test_urllib3_cve_2023_45803_a_body_does_not_follow_a_changed_method() -> None:
    heads: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            if len(heads) == 1:
                assert await reader.readexactly(6) == b"secret"
                writer.write(b"HTTP/1.1 303 x\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n")
            else:
                writer.write(OK + b"Content-Length: 0\r\n\r\n")

    async with serving(script) as port, ClientSession() as session:
        headers = {"Content-Type": "text/x", "Content-Encoding": "identity"}
        async with session.post(
            f"http://127.0.0.1:{port}/", data=b"secret", headers=headers
        ) as response:
            assert response.status == 200
    assert heads[1].startswith(b"GET /2 ")
    assert b"content-" not in heads[1].lower()


async def test_cve_2026_54275_the_name_on_the_certificate_is_in_the_key_of_the_pool() -> None:
    keys = {
        ClientRequest(
            "GET", URL("https://a/"), loop=asyncio.get_running_loop(), server_hostname=name
        ).connection_key
        for name in (None, "b", "c")
    }
    assert len(keys) == 3


async def test_cve_2026_54277_other_spellings_of_an_address_get_no_cookies_of_a_domain() -> None:
    for host in ("127.1", "2130706433", "0177.0.0.1", "127.0.0.1", "0x7f.0.0.1"):
        jar = CookieJar()
        url = URL(f"http://{host}/")
        jar.update_cookies_from_headers(["a=b; Domain=0.1", "c=d; Domain=0.0.1"], url)
        assert not list(jar), host


async def test_undici_cve_2023_45143_log_and_jar_survive_bad_cookies(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad = b"".join(
        b'Set-Cookie: a b,"=\x01c; Domain=.; Expires=x%d; Path\r\n' % n for n in range(100)
    )
    async with serving(answering(OK + bad + b"Content-Length: 0\r\n\r\n")) as port:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            async with session.get(f"http://127.0.0.1:{port}/") as response:
                assert len(response.cookies) <= 1
    assert len([record for record in caplog.records if record.levelno > logging.DEBUG]) <= 1


# --- Sizes and times ---


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "x, gzip"])
async def test_urllib3_cve_2025_66471_a_bomb_is_read_in_bounded_pieces(coding: str) -> None:
    """Chains of codings are not undone: each link would multiply (urllib3 CVE-2025-66418)."""
    bomb = gzip.compress(bytes(64_000_000))
    head = OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding.encode(), len(bomb))
    async with serving(answering(head + bomb)) as port, ClientSession() as session:
        size = 0
        tracemalloc.start()
        try:
            async with session.get(f"http://127.0.0.1:{port}/") as response:
                async for piece in response.content.iter_any():
                    size += len(piece)
                    assert len(piece) < 2_000_000
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert size == (64_000_000 if coding == "gzip" else len(bomb))
    assert peak < 4_000_000


async def test_urllib3_cve_2026_21441_a_bomb_that_is_released_is_not_decoded() -> None:
    bomb = gzip.compress(bytes(200_000_000), 1)
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    begun = time.process_time()
    gzip.decompress(bomb)
    whole = time.process_time() - begun
    async with serving(answering(head + bomb)) as port, ClientSession() as session:
        begun = time.process_time()
        response = await session.get(f"http://127.0.0.1:{port}/")
        response.release()
        await asyncio.sleep(0)
        assert time.process_time() - begun < whole / 2
        assert pooled(session) <= 1


async def test_punycode_is_no_charset_of_a_text() -> None:
    body = b"a-" + b"b" * 300_000
    head = OK + b"Content-Type: text/plain; charset=punycode\r\nContent-Length: %d\r\n\r\n"
    async with serving(answering(head % len(body) + body)) as port, ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/") as response:
            assert await response.text() == body.decode()


MANY: dict[str, Callable[[int], bytes]] = {
    "CVE-2025-69229 tiny chunks": lambda n: CHUNKED + b"1\r\nx\r\n" * n + b"0\r\n\r\n",
    "small members of gzip": lambda n: (
        OK
        + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n"
        + gzip.compress(b"x" * 5000) * (n // 20)
    ),
    "empty blocks of gzip": lambda n: (
        OK
        + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n"
        + gzip.compress(b"")[:10]
        + b"\x00\x00\x00\xff\xff" * n
        + b"\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    ),
}


@pytest.mark.parametrize("make", MANY.values(), ids=MANY)
async def test_linear_time(make: Callable[[int], bytes]) -> None:
    """Four times as much takes about four times as long, not sixteen."""
    times = []
    for n in (5_000, 20_000):
        best = 1e9
        async with serving(answering(make(n))) as port:
            for _ in range(3):
                async with ClientSession() as session:
                    begun = time.process_time()
                    async with session.get(f"http://127.0.0.1:{port}/") as response:
                        await response.read()
                    best = min(best, time.process_time() - begun)
        times.append(best)
    assert times[1] < 9 * times[0] + 0.02, times


# --- Cancelled at every step, nothing is left ---


async def _get(session: ClientSession, port: int) -> None:
    async with session.get(f"http://127.0.0.1:{port}/redirect") as response:
        await response.read()


async def _upload(session: ClientSession, port: int) -> None:
    async with session.post(
        f"http://127.0.0.1:{port}/", data=io.BytesIO(b"x" * 300_000)
    ) as response:
        await response.text()


async def _form(session: ClientSession, port: int) -> None:
    form = FormData({"a": io.BytesIO(b"y" * 100_000), "b": "c"})
    async with session.post(f"http://127.0.0.1:{port}/", data=form, expect100=True) as response:
        async for _ in response.content:
            pass


async def _answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"100-continue" in head:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if b"\r\nTransfer-Encoding: chunked" in head:
            await reader.readuntil(b"\r\n0\r\n\r\n")
        elif b"\r\nContent-Length: " in head:
            length = head.partition(b"\r\nContent-Length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
        if head.startswith(b"GET /redirect"):
            writer.write(b"HTTP/1.1 302 x\r\nLocation: /\r\nContent-Length: 4\r\n\r\n")
            await writer.drain()
            writer.write(b"away")
            continue
        body = gzip.compress(b"hello\n" * 1000)
        writer.write(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body))
        await writer.drain()
        writer.write(body[:20])
        await asyncio.sleep(0)
        writer.write(body[20:])


@pytest.mark.parametrize("call", [_get, _upload, _form])
async def test_cancelled_at_every_step(
    build: str, call: Callable[[ClientSession, int], Awaitable[None]]
) -> None:
    async with serving(_answer_all) as port:
        through = False
        steps = 0
        while not through:
            async with ClientSession(connector=TCPConnector(limit=1)) as session:
                # With a kept connection, and without one.
                if steps % 2:
                    await call(session, port)
                before = asyncio.all_tasks()
                task = asyncio.ensure_future(call(session, port))
                for _ in range(steps):
                    await asyncio.sleep(0)
                through = task.done()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                assert pooled(session) <= 1
                ours = {
                    each for each in asyncio.all_tasks() - before if "serving" not in repr(each)
                }
                for _ in range(5):
                    await asyncio.sleep(0)
                assert not {each for each in ours if not each.done()}
                # The place is free, and the connection in it is right.
                await asyncio.wait_for(call(session, port), PATIENCE)
            steps += 1
            assert steps < 500


async def test_a_server_that_leaves_in_an_upload_leaves_nothing(build: str, tmp_path: Path) -> None:
    """The file of the body is closed, and no task or transport is left."""
    large = tmp_path / "large"
    large.write_bytes(bytes(5_000_000))

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(1000)
        writer.transport.abort()

    before = asyncio.all_tasks()
    async with serving(script) as port, ClientSession() as session:
        for _ in range(5):
            file = large.open("rb")
            with pytest.raises(ClientError):
                await session.post(f"http://127.0.0.1:{port}/", data=file)
            assert file.closed
        assert pooled(session) == 0
    await asyncio.sleep(0)
    assert not {task for task in asyncio.all_tasks() - before if not task.done()}
    gc.collect()
