"""fsspec: files behind HTTP, read in pieces, from asyncio and from threads."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aiohttp import web

fsspec = pytest.importorskip("fsspec")
http = pytest.importorskip("fsspec.implementations.http")

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
async def files(serve: Any, tmp_path: Path) -> Any:
    (tmp_path / "data.bin").write_bytes(CONTENT)
    (tmp_path / "more.txt").write_text("more", "utf-8")

    async def index(request: web.Request) -> web.Response:
        links = "".join(f'<a href="{name}">{name}</a>' for name in ("data.bin", "more.txt"))
        return web.Response(text=links, content_type="text/html")

    app = web.Application()
    app.router.add_get("/files/", index)
    app.router.add_static("/files", tmp_path)
    return await serve(app)


async def test_from_asyncio(files: Any) -> None:
    system = http.HTTPFileSystem(asynchronous=True, skip_instance_cache=True)
    session = await system.set_session()
    url = str(files.make_url("/files/data.bin"))
    assert await system._cat_file(url, start=1000, end=1010) == CONTENT[1000:1010]
    assert (await system._info(url))["size"] == len(CONTENT)
    assert await system._exists(url)
    assert not await system._exists(str(files.make_url("/files/none")))
    with pytest.raises(FileNotFoundError):
        await system._cat_file(str(files.make_url("/files/none")))
    stream = await system.open_async(url)
    assert await stream.read(100) == CONTENT[:100]
    await stream.close()
    await session.close()


async def test_from_a_thread(files: Any, tmp_path: Path) -> None:
    url = str(files.make_url("/files/data.bin"))

    def program() -> None:
        with fsspec.open(url, "rb", block_size=10_000) as file:
            file.seek(300_000)
            assert file.read(5) == CONTENT[300_000:300_005]
            file.seek(-4, 2)
            assert file.read() == CONTENT[-4:]
        system = fsspec.filesystem("http")
        names = system.ls(str(files.make_url("/files/")), detail=False)
        assert [name.rpartition("/")[2] for name in names] == ["data.bin", "more.txt"]
        system.get(url, str(tmp_path / "copy"))
        assert (tmp_path / "copy").read_bytes() == CONTENT
        http.HTTPFileSystem.close_session(system.loop, system._session)

    await asyncio.to_thread(program)
