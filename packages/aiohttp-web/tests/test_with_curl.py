"""The server, asked by curl: a client that is not ours, with opinions of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from aiohttp import web
from aiohttp.test_utils import TestServer

CURL = shutil.which("curl")

pytestmark = pytest.mark.skipif(CURL is None, reason="curl is not installed: apt-get install curl")

BIG = bytes(range(256)) * 2**14  # 4 MiB
PATIENCE = 20.0  # seconds; a test that works needs a fraction of it


async def curl(*arguments: object, stdin: bytes = b"") -> str:
    """Run curl, quiet but for errors; return what it wrote to its standard output.

    ``--fail-with-body`` is not among the arguments: a status of 400 and more is an answer too.
    """
    assert CURL is not None
    environ = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    process = await asyncio.create_subprocess_exec(
        CURL,
        "--disable",
        "--silent",
        "--show-error",
        "--max-time",
        str(PATIENCE),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environ,
    )
    out, err = await process.communicate(stdin)
    assert process.returncode == 0, err.decode()
    return out.decode()


async def tell(request: web.Request) -> web.Response:
    """Say what came."""
    form: dict[str, Any] = {}
    if request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                content = value.file.read()
                form[name] = [value.filename, value.content_type, len(content), content == BIG]
            else:
                form[name] = value
    body = await request.read()
    told = {
        "method": request.method,
        "version": f"{request.version.major}.{request.version.minor}",
        "path": request.path_qs,
        "form": form,
        "size": len(body),
        "encoding": request.headers.get("Transfer-Encoding"),
        "expect": request.headers.get("Expect"),
        "authorization": request.headers.get("Authorization"),
        "cookies": dict(request.cookies),
    }
    return web.json_response(told)


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for number in range(3):
        await response.write(b"%d\n" % number)
    return response


async def packed(request: web.Request) -> web.Response:
    response = web.Response(text="again and " * 1000)
    response.enable_compression()
    return response


async def login(request: web.Request) -> web.Response:
    response = web.HTTPSeeOther("/tell")
    response.set_cookie("session", "value with spaces", httponly=True)
    return response


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    (tmp_path / "big.bin").write_bytes(BIG)
    app = web.Application(client_max_size=2**24)
    app.add_routes(
        [
            web.route("*", "/tell", tell),
            web.get("/stream", stream),
            web.get("/packed", packed),
            web.get("/login", login),
            web.static("/files", tmp_path),
        ]
    )
    async with TestServer(app) as server:
        yield server


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "REPORT"])
async def test_methods(server: TestServer, method: str) -> None:
    told = json.loads(await curl("-X", method, server.make_url("/tell?a=%20b")))
    assert (told["method"], told["path"]) == (method, "/tell?a=%20b")


async def test_head(server: TestServer) -> None:
    head = await curl("--head", server.make_url("/files/big.bin"))
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert f"Content-Length: {len(BIG)}\r\n" in head


@pytest.mark.parametrize("option", ["--http1.0", "--http1.1", "--http2"])
async def test_versions(server: TestServer, option: str) -> None:
    told = json.loads(await curl(option, server.make_url("/tell")))
    # curl offers an upgrade to h2c, which is declined: RFC 9110 §7.8.
    assert told["version"] == ("1.0" if option == "--http1.0" else "1.1")


@pytest.mark.parametrize("option", ["--http1.0", "--http1.1"])
async def test_stream(server: TestServer, option: str) -> None:
    assert await curl(option, server.make_url("/stream")) == "0\n1\n2\n"


async def test_raw_chunks(server: TestServer) -> None:
    raw = await curl("--raw", server.make_url("/stream"))
    assert raw == "2\r\n0\n\r\n2\r\n1\n\r\n2\r\n2\n\r\n0\r\n\r\n"


async def test_form(server: TestServer) -> None:
    fields = ("--data-urlencode", "name=Ann & Bob", "--data-urlencode", "city=Þórshöfn")
    told = json.loads(await curl(*fields, server.make_url("/tell")))
    assert told["form"] == {"name": "Ann & Bob", "city": "Þórshöfn"}


async def test_upload_in_a_form(server: TestServer, tmp_path: Path) -> None:
    fields = (
        "-F",
        "title=Big one",
        "-F",
        f"file=@{tmp_path}/big.bin;type=image/png;filename=ä.png",
    )
    told = json.loads(await curl(*fields, server.make_url("/tell")))
    assert told["form"] == {
        "title": "Big one",
        "file": ["ä.png", "image/png", len(BIG), True],
    }


async def test_upload_that_expects_consent(server: TestServer, tmp_path: Path) -> None:
    told = json.loads(
        await curl(
            "-T", tmp_path / "big.bin", "-H", "Expect: 100-continue", server.make_url("/tell")
        )
    )
    assert (told["method"], told["size"], told["expect"]) == ("PUT", len(BIG), "100-continue")


async def test_upload_from_a_pipe_is_chunked(server: TestServer) -> None:
    told = json.loads(await curl("-T", "-", server.make_url("/tell"), stdin=BIG[:100_000]))
    assert (told["encoding"], told["size"]) == ("chunked", 100_000)


async def test_expectation_that_cannot_be_met(server: TestServer) -> None:
    status = await curl(
        "-H", "Expect: miracles", "-o", os.devnull, "-w", "%{http_code}", server.make_url("/tell")
    )
    assert status == "417"


async def test_upload_that_is_too_big(server: TestServer, tmp_path: Path) -> None:
    (tmp_path / "huge.bin").write_bytes(bytes(2**25))
    written = await curl(
        "-F", f"file=@{tmp_path}/huge.bin", "-o", os.devnull, "-w", "%{http_code}",
        server.make_url("/tell"),
    )  # fmt: skip
    assert written == "413"


async def test_downloads(server: TestServer, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    await curl("-o", target, server.make_url("/files/big.bin"))
    assert target.read_bytes() == BIG
    target.write_bytes(BIG[:1000])
    # Goes on where the file ends: Range.
    await curl("-C", "-", "-o", target, server.make_url("/files/big.bin"))
    assert target.read_bytes() == BIG


async def test_download_if_newer(server: TestServer, tmp_path: Path) -> None:
    url = server.make_url("/files/big.bin")
    status = ("-o", os.devnull, "-w", "%{http_code}")
    assert await curl("-z", "Sat, 01 Jan 2000 00:00:00 GMT", *status, url) == "200"
    assert await curl("-z", tmp_path / "big.bin", *status, url) == "304"
    etags = tmp_path / "etags"
    assert await curl("--etag-save", etags, *status, url) == "200"
    assert await curl("--etag-compare", etags, *status, url) == "304"


async def test_compressed(server: TestServer) -> None:
    url = server.make_url("/packed")
    assert await curl("--compressed", url) == "again and " * 1000
    assert await curl(url) == "again and " * 1000
    size = await curl("--compressed", "-o", os.devnull, "-w", "%{size_download}", url)
    assert int(size) < 1000


async def test_one_connection_for_several_requests(server: TestServer) -> None:
    written = ("-w", "%{num_connects} ", "-o", os.devnull)
    urls = []
    for path in ("/tell", "/stream", "/packed", "/files/big.bin"):
        urls += ["-o", os.devnull, str(server.make_url(path))]
    assert (await curl("-w", "%{num_connects} ", *urls)).split() == ["1", "0", "0", "0"]
    assert await curl(*written, "--http1.0", server.make_url("/tell")) == "1 "


async def test_redirect_and_cookies(server: TestServer, tmp_path: Path) -> None:
    jar = tmp_path / "jar"
    told = json.loads(await curl("-L", "-c", jar, "-b", jar, server.make_url("/login")))
    assert told["cookies"] == {"session": "value with spaces"}


async def test_password(server: TestServer) -> None:
    told = json.loads(await curl("-u", "user:secret", server.make_url("/tell")))
    assert told["authorization"] == "Basic dXNlcjpzZWNyZXQ="


async def test_unix_socket(tmp_path: Path) -> None:
    app = web.Application()
    app.router.add_get("/tell", tell)
    runner = web.AppRunner(app, shutdown_grace=0)
    await runner.setup()
    await web.UnixSite(runner, tmp_path / "s").start()
    try:
        told = json.loads(await curl("--unix-socket", tmp_path / "s", "http://any.test/tell"))
        assert told["path"] == "/tell"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
async def test_tls(tmp_path: Path, version: str) -> None:
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    app = web.Application()
    app.router.add_get("/packed", packed)
    options = ("--cacert", tmp_path / "ca.pem", f"--tlsv{version}", "--tls-max", version)
    async with TestServer(app, ssl=context) as server:
        text = await curl(*options, server.make_url("/packed"))
        assert text == "again and " * 1000
