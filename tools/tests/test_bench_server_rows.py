"""The rows of the server: what they ask for is answered, by whom is known to the environments."""

from __future__ import annotations

import asyncio
import json
import os
from itertools import cycle
from pathlib import Path

import pytest
from tools import environments
from tools.bench import server, unplugged
from tools.bench.measuring import Bench, Missing, cpu_seconds, load_told
from tools.bench.server_rows import LOADS, SERVERS, WITHOUT_SOCKETS, Load, server_rows

from aiohttp.test_utils import TestClient, TestServer


@pytest.mark.parametrize("name", LOADS)
async def test_what_a_row_asks_for_is_answered(name: str) -> None:
    load = LOADS[name]
    async with TestClient(TestServer(server.APPLICATIONS[load.application]())) as client:
        for path in load.paths:
            async with client.request(load.method, path, data=load.body or None) as response:
                assert response.status == 200
                assert await response.read()


@pytest.mark.parametrize("name", WITHOUT_SOCKETS)
async def test_what_is_asked_without_sockets_is_answered(name: str) -> None:
    load = LOADS[name]
    heads = cycle(unplugged.requests(load.method, load.body, list(load.paths)))
    assert await unplugged.measure(load.application, 0.01, heads) > 0


async def test_another_answer_without_sockets_is_an_error() -> None:
    heads = cycle(unplugged.requests("GET", "", ["/missing"]))
    with pytest.raises(RuntimeError, match=r"did not answer 200: b'HTTP/1\.1 404"):
        await unplugged.measure("whole", 0.01, heads)


@pytest.mark.parametrize("path", ["/upload", "/upload-in-parts"])
async def test_a_form_is_uploaded_until_the_time_is_over(
    path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("uvloop")
    from tools.bench import peer

    size = 3_000_000
    async with TestServer(server.whole()) as served:
        await asyncio.to_thread(peer.upload, served.port or 0, path, size, 0)
    told = json.loads(capfd.readouterr().out)
    assert told["files"] == 2
    assert told["rate"] > 0


def test_every_row_has_a_name_of_its_own_for_each_loop() -> None:
    names = [row.name for row in server_rows()]
    assert len(set(names)) == len(names)
    assert {f"server {name}, {loop}" for name in LOADS for loop in ("asyncio", "uvloop")} <= set(
        names
    )


def test_other_servers_have_an_environment_each() -> None:
    libraries = {library for library, _ in SERVERS.values()}
    assert libraries == set(environments.SERVERS)


def test_a_bar_on_the_rate_is_one_on_the_time() -> None:
    assert Load(("/",), bar=">2.0").columns["cpu"][1] == "<0.50"
    assert Load(("/",), bar="").columns["cpu"][1] == ""


def test_another_server_that_is_not_installed_is_missing() -> None:
    bench = Bench(1, Path("python"), {"sanic": Path("sanic/python")})
    assert bench.rival("sanic") == Path("sanic/python")
    with pytest.raises(Missing, match="blacksheep is not installed"):
        bench.rival("blacksheep")


def test_what_cannot_be_installed_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(self: environments.Environment) -> environments.Environment:
        if "sanic" in self.path.name:
            raise SystemExit(1)
        return self

    monkeypatch.setattr(environments.Environment, "make", make)
    named = list(environments.rival_interpreters())
    assert any(option.startswith("--rival=starlette=") for option in named)
    assert not any("sanic" in option for option in named)
    assert "sanic cannot be installed" in capsys.readouterr().err


def test_what_wrk_tells() -> None:
    out = "  20000 requests in 2.00s, 3.00MB read\nRequests/sec:   9987.65\n"
    assert load_told(out) == (20000, 9987.65)
    for bad in ("  Socket errors: connect 0, read 3, write 0\n", "  Non-2xx or 3xx responses: 7\n"):
        with pytest.raises(RuntimeError, match="not every request was answered"):
            load_told(out + bad)
    with pytest.raises(RuntimeError, match="something else than expected"):
        load_told("unable to connect")


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel does not tell")
def test_cpu_time_is_that_of_a_process() -> None:
    before = cpu_seconds(os.getpid())
    sum(range(1_000_000))
    assert cpu_seconds(os.getpid()) >= before > 0
