"""aiodocker: images, logs, and a shell over an upgraded connection, with a played Docker."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest

aiodocker = pytest.importorskip("aiodocker")


async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as Docker does; after an upgrade return each line that comes, in frames of its own."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            line = head.partition(b"\r\n")[0].decode()
            length = next(
                (
                    int(field.split(b":")[1])
                    for field in head.split(b"\r\n")
                    if field.lower().startswith(b"content-length:")
                ),
                0,
            )
            await reader.readexactly(length)
            if "/exec/e1/start" in line:
                writer.write(
                    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
                    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
                )
                while said := await reader.readline():
                    frame = struct.pack(">BxxxL", 1, len(said)) + said
                    writer.write(frame[:3])
                    await writer.drain()
                    writer.write(frame[3:])
                break
            await answer(writer, line)
    except asyncio.IncompleteReadError:
        pass
    finally:
        writer.close()


async def answer(writer: asyncio.StreamWriter, line: str) -> None:
    answers: dict[str, Any] = {
        "/version": {"ApiVersion": "1.43"},
        "/images/json": [{"Id": "i1", "RepoTags": ["tea:1"]}],
        "/containers/c1/exec": {"Id": "e1"},
        "/containers/c1/json": {"Id": "c1", "Config": {"Tty": False}},
    }
    if "/containers/c1/logs" in line:
        chunks = [b"\x01\0\0\0\0\0\0\x04one\n", b"\x02\0\0\0\0\0\0\x04two\n"]
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for chunk in chunks:
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        writer.write(b"0\r\n\r\n")
        return
    found = next((value for path, value in answers.items() if path in line), None)
    body = json.dumps({"message": "no such thing"} if found is None else found).encode()
    writer.write(
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (b"404 Not Found" if found is None else b"200 OK", len(body), body)
    )


@pytest.fixture
async def docker(tmp_path: Any) -> AsyncIterator[Any]:
    path = str(tmp_path / "docker.sock")
    server = await asyncio.start_unix_server(play, path, limit=2**20)
    async with aiodocker.Docker(url=f"unix://{path}") as docker:
        yield docker
    server.close()


async def test_the_api(docker: Any) -> None:
    assert [image["Id"] for image in await docker.images.list()] == ["i1"]
    with pytest.raises(aiodocker.DockerError, match="no such thing"):
        await docker.images.inspect("none")
    container = docker.containers.container("c1")
    assert await container.log(stdout=True, stderr=True) == ["one\n", "two\n"]


async def test_a_shell(docker: Any) -> None:
    execution = await docker.containers.container("c1").exec("sh", stdin=True, tty=False)
    async with execution.start(detach=False) as stream:
        for line in (b"one\n", b"x" * 300_000 + b"\n"):
            await stream.write_in(line)
            message = await asyncio.wait_for(stream.read_out(), 10)
            assert (message.stream, message.data) == (1, line)
