"""Files over HTTP: conditions, ranges, compressed siblings, small and large ones."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aiohttp import web, web_fileresponse
from aiohttp.test_utils import TestClient, TestServer

_Client = TestClient[web.Request, web.Application]
_Files = tuple[_Client, Path]

LARGE = os.urandom(1000) * 300


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[_Files]:
    """A server that answers /name with the file of that name."""

    async def send(request: web.Request) -> web.FileResponse:
        return web.FileResponse(tmp_path / request.match_info["name"])

    (tmp_path / "small.txt").write_bytes(b"0123456789")
    (tmp_path / "large.bin").write_bytes(LARGE)
    (tmp_path / "empty").write_bytes(b"")
    app = web.Application()
    app.router.add_get("/{name}", send)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        yield client, tmp_path


@pytest.mark.parametrize("sendfile", [True, False])
async def test_whole_files(files: _Files, sendfile: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_fileresponse, "NOSENDFILE", not sendfile)
    client, _ = files
    for name, content, kind in [
        ("small.txt", b"0123456789", "text/plain"),
        ("large.bin", LARGE, "application/octet-stream"),
        ("empty", b"", "application/octet-stream"),
    ]:
        async with client.get(f"/{name}") as response:
            assert response.status == 200
            assert await response.read() == content
            assert response.headers["Content-Length"] == str(len(content))
            assert response.content_type == kind
            assert response.headers["Accept-Ranges"] == "bytes"
            assert {"Etag", "Last-Modified"} <= set(response.headers)
        async with client.head(f"/{name}") as response:
            assert response.headers["Content-Length"] == str(len(content))
            assert await response.read() == b""


@pytest.mark.parametrize(
    ("wanted", "status", "content", "content_range"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=5-100", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=5-2", 416, b"", "bytes */10"),
        ("bytes=99999999999999999999-", 416, b"", "bytes */10"),
        ("bytes=x", 416, b"", "bytes */10"),
        # Ignored: a unit that is not known must be (RFC 9110 §14.2), several ranges may be.
        ("items=2-4", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
    ],
)
async def test_ranges(
    files: _Files, wanted: str, status: int, content: bytes, content_range: str | None
) -> None:
    client, _ = files
    async with client.get("/small.txt", headers={"Range": wanted}) as response:
        assert response.status == status
        assert await response.read() == content
        assert response.headers.get("Content-Range") == content_range


async def test_conditions(files: _Files) -> None:
    client, _ = files
    async with client.get("/small.txt") as response:
        etag, modified = response.headers["Etag"], response.headers["Last-Modified"]
    past = "Thu, 01 Jan 1970 00:00:00 GMT"
    for headers, status in [
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f"W/{etag}"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": modified}, 304),
        ({"If-Modified-Since": past}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Unmodified-Since": past}, 412),
        ({"If-Range": etag, "Range": "bytes=0-0"}, 206),
        ({"If-Range": '"other"', "Range": "bytes=0-0"}, 200),
        ({"If-Range": past, "Range": "bytes=0-0"}, 200),
    ]:
        async with client.get("/small.txt", headers=headers) as response:
            assert response.status == status, headers
            if status == 304:
                assert response.headers["Etag"] == etag
                assert "Content-Length" not in response.headers


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("gzip;q=0", None),
        ("", None),
        ("deflate", None),
    ],
)
async def test_compressed_siblings(files: _Files, accept: str, coding: str | None) -> None:
    client, root = files
    (root / "small.txt.gz").write_bytes(gzip.compress(b"0123456789"))
    (root / "small.txt.br").write_bytes(b"pretended")
    async with client.get("/small.txt", headers={"Accept-Encoding": accept}) as response:
        assert response.headers.get("Content-Encoding") == coding
        assert response.content_type == "text/plain"
        assert ("Vary" in response.headers) is (coding is not None)


async def test_a_sibling_that_is_a_link_is_not_sent(files: _Files) -> None:
    client, root = files
    (root / "small.txt.gz").symlink_to(root / "large.bin")
    async with client.get("/small.txt", headers={"Accept-Encoding": "gzip"}) as response:
        assert await response.read() == b"0123456789"


async def test_what_is_no_file_is_404(files: _Files) -> None:
    client, root = files
    (root / "directory").mkdir()
    os.mkfifo(root / "pipe")
    for name in ("missing", "directory", "pipe"):
        async with client.get(f"/{name}") as response:
            assert response.status == 404


async def test_compression_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 300_000)

    async def send(request: web.Request) -> web.FileResponse:
        response = web.FileResponse(tmp_path / "large")
        response.enable_compression()
        return response

    app = web.Application()
    app.router.add_get("/", send)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/", headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert await response.read() == b"x" * 300_000


async def test_compression_of_a_small_file_on_the_way(files: _Files) -> None:
    _, root = files

    async def send(request: web.Request) -> web.FileResponse:
        response = web.FileResponse(root / "small.txt")
        response.enable_compression(web.ContentCoding.gzip)
        return response

    app = web.Application()
    app.router.add_get("/", send)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        async with client.get("/", headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(await response.read()) == b"0123456789"


class Counting(ThreadPoolExecutor):
    """Counts what it is asked to do."""

    count = 0

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        self.count += 1
        return super().submit(*args, **kwargs)


async def test_a_small_static_file_takes_one_way_to_the_executor(files: _Files) -> None:
    # Each is a switch to a thread and back, which costs more than what is done there.
    _, root = files
    (root / "small.txt.gz").write_bytes(gzip.compress(b"compressed"))
    app = web.Application()
    app.router.add_static("/", root)
    executor = Counting()
    asyncio.get_running_loop().set_default_executor(executor)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        executor.count = 0
        for headers, content in (
            ({"Accept-Encoding": "identity"}, b"0123456789"),
            ({"Accept-Encoding": "identity", "Range": "bytes=2-4"}, b"234"),
            ({"Accept-Encoding": "gzip"}, gzip.compress(b"compressed")),
        ):
            async with client.get("/small.txt", headers=headers) as response:
                assert len(await response.read()) == len(content)
        assert executor.count == 3


async def test_a_response_opens_what_it_is_asked_for_when_it_is_sent(files: _Files) -> None:
    # A middleware may send another file than the one that was found.
    _, root = files

    @web.middleware
    async def other(request: web.Request, handler: Any) -> web.StreamResponse:
        response = await handler(request)
        assert isinstance(response, web.FileResponse)
        response._path = root / "other.txt"
        return response

    (root / "other.txt").write_bytes(b"other")
    app = web.Application(middlewares=[other])
    app.router.add_static("/", root)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/small.txt") as response:
            assert await response.text() == "other"


async def test_a_peer_that_goes_while_a_file_is_sent_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "huge").touch()
    # More than the buffers of both sides hold; nothing is on the disk.
    os.truncate(tmp_path / "huge", 2**28)
    finished = asyncio.Event()

    @web.middleware
    async def watching(request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        try:
            await response.prepare(request)
        finally:
            finished.set()
        return response

    app = web.Application(middlewares=[watching])
    app.router.add_static("/", tmp_path)
    async with TestServer(app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()
        await finished.wait()
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_a_file_that_is_cut_while_it_is_sent_ends_the_connection(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(LARGE)

    async def cut(request: web.Request, response: web.StreamResponse) -> None:
        os.truncate(tmp_path / "file", 1000)

    app = web.Application()
    app.router.add_static("/", tmp_path)
    app.on_response_prepare.append(cut)
    async with TestServer(app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        # Else the next response would be taken for the rest of this one.
        assert await reader.read() == LARGE[:1000]
        writer.close()
        await writer.wait_closed()
