"""Applications behind a real nginx, by the configuration that the deployment guide prints."""

from __future__ import annotations

import asyncio
import contextlib
import io
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attr
import pytest
import trustme
from tools.programs import missing, nginx, unused_ports
from tools.snippets import block
from tools.tree import ROOT

import aiohttp
from aiohttp import web

pytestmark = pytest.mark.skipif(bool(missing("nginx")), reason=missing("nginx"))

PRINTED = block(ROOT / "docs" / "deployment.md", "nginx", "upstream hello")

PATIENCE = 20.0  # seconds; a test that works needs a fraction of it


def adapted(text: str, changes: dict[str, str]) -> str:
    """Put the test's places where the guide's are; each of them has to be there."""
    for old, new in changes.items():
        assert old in text, f"the guide's configuration has no {old!r}"
        text = text.replace(old, new)
    return text


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Site:
    """A client of nginx, and what is behind it."""

    session: aiohttp.ClientSession
    # The port of http:, which redirects.
    plain: int


@contextlib.asynccontextmanager
async def served(folder: Path, app: web.Application) -> AsyncIterator[Site]:
    """Serve an application on a Unix socket, with the guide's nginx in front."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    certificate = authority.issue_cert("127.0.0.1", "example.org")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
    (folder / "static").mkdir()
    plain, secure = unused_ports(2)
    http = adapted(
        PRINTED,
        {
            "unix:/run/hello/": f"unix:{folder}/",
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
            "/etc/ssl/hello/": f"{folder}/",
            "/srv/hello/static/": f"{folder}/static/",
        },
    )
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, shutdown_grace=0)
    await runner.setup()
    try:
        for name in ("1.sock", "2.sock"):
            await web.UnixSite(runner, folder / name).start()
        with nginx(folder, http, secure):
            connector = aiohttp.TCPConnector(ssl=trust)
            async with aiohttp.ClientSession(
                f"https://127.0.0.1:{secure}", connector=connector
            ) as session:
                yield Site(session, plain)
    finally:
        await runner.cleanup()


def app_with(method: str, path: str, handler: Any, **options: Any) -> web.Application:
    app = web.Application(**options)
    app.router.add_route(method, path, handler)
    return app


async def test_the_client_is_told(tmp_path: Path) -> None:
    async def tell(request: web.Request) -> web.Response:
        names = ("Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Connection")
        return web.json_response({name: request.headers.get(name) for name in names})

    async with served(tmp_path, app_with("GET", "/", tell)) as site:
        claimed = {"Host": "shop.example.org", "X-Forwarded-For": "192.0.2.1"}
        async with site.session.get("/", headers=claimed) as response:
            assert response.status == 200
            assert await response.json() == {
                "Host": "shop.example.org",
                "X-Forwarded-For": "127.0.0.1",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "shop.example.org",
                "Connection": None,
            }


async def test_plain_http_is_redirected(tmp_path: Path) -> None:
    async with served(tmp_path, web.Application()) as site:
        url = f"http://127.0.0.1:{site.plain}/a?b=c"
        async with site.session.get(url, allow_redirects=False) as response:
            assert response.status == 301
            assert response.headers["Location"] == "https://127.0.0.1/a?b=c"


async def test_connections_to_the_application_are_kept(tmp_path: Path) -> None:
    seen = set()

    async def remember(request: web.Request) -> web.Response:
        seen.add(request.transport)
        return web.Response(text=await request.text())

    async with served(tmp_path, app_with("POST", "/", remember)) as site:
        for number in range(20):
            # A client of its own connects anew each time; nginx does not.
            async with site.session.post(
                "/", data=str(number), headers={"Connection": "close"}
            ) as response:
                assert await response.text() == str(number)
    assert 1 <= len(seen) <= 2  # one to each socket


async def test_websocket(tmp_path: Path) -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(protocols=("chat",))
        await websocket.prepare(request)
        async for message in websocket:
            await websocket.send_str(message.data.upper())
        return websocket

    async with served(tmp_path, app_with("GET", "/", echo)) as site:
        async with site.session.ws_connect("/", protocols=("chat",), compress=15) as websocket:
            assert websocket.protocol == "chat"
            assert websocket.compress
            for size in (1, 200, 70_000):
                await websocket.send_str("x" * size)
                assert await websocket.receive_str() == "X" * size
        assert websocket.close_code == aiohttp.WSCloseCode.OK


@pytest.mark.parametrize("path", ["/", "/upload"])
async def test_a_big_upload(tmp_path: Path, path: str) -> None:
    size = 20 * 2**20

    async def count(request: web.Request) -> web.Response:
        total = 0
        async for chunk in request.content.iter_any():
            total += len(chunk)
        return web.json_response([total, "Transfer-Encoding" in request.headers])

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // 2**16):
            yield bytes(2**16)

    async with served(tmp_path, app_with("PUT", path, count)) as site:
        async with site.session.put(path, data=io.BytesIO(bytes(size))) as response:
            assert await response.json() == [size, False]
        async with site.session.put(path, data=pieces()) as response:
            # Buffered by nginx it has a length; else it is passed on as it comes.
            assert await response.json() == [size, path == "/upload"]


async def test_what_is_too_long_is_refused_by_the_application(tmp_path: Path) -> None:
    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = app_with("POST", "/", read, client_max_size=1000)
    async with served(tmp_path, app) as site:
        async with site.session.post("/", data=bytes(1001)) as response:
            assert response.status == 413
            assert "Maximum request body size 1000 exceeded" in await response.text()


async def test_an_upload_arrives_piece_by_piece(tmp_path: Path) -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        async for chunk in request.content.iter_any():
            arrived.put_nowait(chunk)
        return web.Response(text="all")

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"one", b"two", b"three"):
            yield piece
            assert await asyncio.wait_for(arrived.get(), PATIENCE) == piece

    async with served(tmp_path, app_with("POST", "/upload", take)) as site:
        async with site.session.post("/upload", data=pieces()) as response:
            assert await response.text() == "all"


@pytest.mark.parametrize(("path", "headers"), [("/stream", {}), ("/", {"X-Accel-Buffering": "no"})])
async def test_a_stream_is_not_buffered(tmp_path: Path, path: str, headers: dict[str, str]) -> None:
    taken = asyncio.Event()

    async def count(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        for number in range(3):
            await response.write(b"data: %d\n\n" % number)
            await asyncio.wait_for(taken.wait(), PATIENCE)
            taken.clear()
        return response

    async with served(tmp_path, app_with("GET", path, count)) as site:
        async with site.session.get(path) as response:
            for number in range(3):
                assert await response.content.readline() == b"data: %d\n" % number
                assert await response.content.readline() == b"\n"
                taken.set()
            assert await response.read() == b""


async def test_a_client_that_leaves_is_noticed(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(2**16))
        except ConnectionError:
            left.set()
            raise

    async with served(tmp_path, app_with("GET", "/stream", endless)) as site:
        async with site.session.get("/stream") as response:
            assert len(await response.content.readexactly(2**20)) == 2**20
            response.close()
        await asyncio.wait_for(left.wait(), PATIENCE)


async def test_files_are_served_by_nginx(tmp_path: Path) -> None:
    async with served(tmp_path, web.Application()) as site:
        (tmp_path / "static" / "a.txt").write_text("from nginx")
        async with site.session.get("/static/a.txt") as response:
            assert response.headers["Server"].startswith("nginx")
            assert await response.text() == "from nginx"


async def test_heads_and_empty_answers(tmp_path: Path) -> None:
    async def nothing(request: web.Request) -> web.Response:
        status = {"HEAD": 200, "GET": 304, "DELETE": 204}[request.method]
        return web.Response(status=status, headers={"ETag": '"1"'})

    async with served(tmp_path, app_with("*", "/", nothing)) as site:
        for _ in range(3):  # a body that should not be there would spoil the next answer
            for method, status in (("HEAD", 200), ("GET", 304), ("DELETE", 204)):
                async with site.session.request(method, "/") as response:
                    assert (response.status, await response.read()) == (status, b"")


async def test_many_at_once(tmp_path: Path) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def ask(site: Site, number: int) -> None:
        body = str(number).encode() * 1000
        async with site.session.post("/", data=body) as response:
            assert await response.read() == body

    async with served(tmp_path, app_with("POST", "/", echo)) as site:
        await asyncio.gather(*(ask(site, number) for number in range(200)))
