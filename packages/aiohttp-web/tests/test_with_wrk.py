"""A server in a process of its own under wrk: all is answered, and memory stays where it was.

AIOHTTP_TEST_REQUESTS (1000000, say) is for a longer run; `-rP` shows the memory on the way.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attr
import pytest
from tools.programs import SEARCH, missing

pytestmark = pytest.mark.skipif(bool(missing("wrk")), reason=missing("wrk"))

REQUESTS = int(os.environ.get("AIOHTTP_TEST_REQUESTS", "20000"))

# Bytes that a process may grow by after its first requests, whatever the number of those that
# follow: what the allocator keeps, not what a leak of a few bytes a request would cost.
MOST_GROWTH = 4 * 1024**2

SERVER = """
import asyncio, logging, sys
from aiohttp import web

logging.basicConfig(level=logging.ERROR, stream=sys.stdout)

async def hello(request):
    return web.Response(text="hello")

async def user(request):
    await asyncio.sleep(0)
    return web.json_response({"name": request.match_info["name"]})

async def form(request):
    return web.Response(text=(await request.post())["name"])

async def main():
    app = web.Application()
    app.add_routes([web.get("/", hello), web.get("/user/{name}", user), web.post("/form", form)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()

if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""

# Requests of each kind, no path twice, eight in one write.
MIXED = """
local number, fields = 0, { ["Content-Type"] = "application/x-www-form-urlencoded" }
local function one()
    number = number + 1
    if number % 3 == 0 then return wrk.format("GET", "/user/name" .. number) end
    if number % 3 == 1 then return wrk.format("POST", "/form", fields, "name=" .. number) end
    return wrk.format("GET", "/?number=" .. number)
end
request = function()
    local batch = {}
    for place = 1, 8 do batch[place] = one() end
    return table.concat(batch)
end
"""


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Server:
    process: subprocess.Popen[str]
    port: int

    def memory(self) -> int:
        """Bytes that are resident."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def under_wrk(self, *options: str) -> int:
        """Load it for a second; return how many requests were answered, all of them well."""
        command = ["wrk", "--threads", "1", "--duration", "1s", *options]
        said = subprocess.run(
            [*command, f"http://127.0.0.1:{self.port}/"],
            env={**os.environ, "PATH": SEARCH},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "Non-2xx" not in said and "Socket errors" not in said, said
        counted = re.search(r"(\d+) requests in", said)
        assert counted is not None, said
        return int(counted[1])


@contextlib.contextmanager
def running(loop: str) -> Iterator[Server]:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, loop], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield Server(process, int(process.stdout.readline()))
        assert process.poll() is None
    finally:
        process.kill()
        said, _ = process.communicate()
    assert said == "", "errors were logged"


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "fields", [(), ("--header", "Connection: close")], ids=["kept", "closed each time"]
)
def test_all_is_answered(loop: str, fields: tuple[str, ...]) -> None:
    with running(loop) as server:
        assert server.under_wrk("--connections", "100", *fields) > 0


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_the_process_does_not_grow(loop: str, tmp_path: Path) -> None:
    (tmp_path / "mixed.lua").write_text(MIXED, "ascii")
    mixed = ("--connections", "20", "--script", str(tmp_path / "mixed.lua"))
    with running(loop) as server:
        server.under_wrk(*mixed)
        before = server.memory()
        answered = 0
        while answered < REQUESTS:
            answered += server.under_wrk(*mixed)
            print(f"{answered:9,} requests: {server.memory() // 1024:,} KiB")  # noqa: T201
        assert server.memory() - before < MOST_GROWTH
