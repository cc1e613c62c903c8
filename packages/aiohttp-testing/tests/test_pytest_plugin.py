"""The plugin in pytest runs of its own: alone, and beside pytest-asyncio in both modes."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

APP = """
import asyncio
import pytest
from aiohttp import web

async def hello(request):
    return web.Response(text="hello")

@pytest.fixture
def app():
    app = web.Application()
    app.router.add_get("/", hello)
    return app
"""

FIXTURES = """
async def test_client_fixture(aiohttp_client, app):
    client = await aiohttp_client(app)
    assert await (await client.get("/")).text() == "hello"

async def test_server_fixture(aiohttp_server, aiohttp_client, app):
    server = await aiohttp_server(app)
    client = await aiohttp_client(server)
    assert await (await client.get("/")).text() == "hello"

async def test_raw_server_fixture(aiohttp_raw_server, aiohttp_client):
    client = await aiohttp_client(await aiohttp_raw_server(hello))
    assert await (await client.get("/")).text() == "hello"

async def test_port(aiohttp_unused_port):
    assert 0 < aiohttp_unused_port() < 65536
"""


# pytest-asyncio warns unless it is told.
SCOPE = ("-o", "asyncio_default_fixture_loop_scope=function")


@pytest.fixture(autouse=True)
def no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the plugins of this environment out of the runs."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(
    pytester: pytest.Pytester, code: str, *options: str, plugins: str = "aiohttp.pytest_plugin"
) -> pytest.RunResult:
    """Run pytest with no plugin but those named."""
    pytester.makepyfile(APP + code)
    pytester.makeini("[pytest]\nfilterwarnings = error")
    named = [part for name in plugins.split() for part in ("-p", name)]
    return pytester.runpytest_subprocess(*named, *options)


def test_alone(pytester: pytest.Pytester) -> None:
    run(pytester, FIXTURES).assert_outcomes(passed=4)


def test_beside_pytest_asyncio_in_auto_mode(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        FIXTURES,
        "--asyncio-mode=auto",
        *SCOPE,
        plugins="aiohttp.pytest_plugin pytest_asyncio.plugin",
    )
    result.assert_outcomes(passed=4)


def test_beside_pytest_asyncio_in_strict_mode(pytester: pytest.Pytester) -> None:
    marked = "pytestmark = pytest.mark.asyncio\n" + FIXTURES
    result = run(
        pytester,
        marked,
        "--asyncio-mode=strict",
        *SCOPE,
        plugins="aiohttp.pytest_plugin pytest_asyncio.plugin",
    )
    result.assert_outcomes(passed=4)


def test_unmarked_beside_pytest_asyncio_in_strict_mode(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        FIXTURES,
        "--asyncio-mode=strict",
        *SCOPE,
        plugins="aiohttp.pytest_plugin pytest_asyncio.plugin",
    )
    result.assert_outcomes(passed=4)


def test_beside_anyio(pytester: pytest.Pytester) -> None:
    pytest.importorskip("anyio")
    marked = """
pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
    result = run(pytester, marked + FIXTURES, plugins="aiohttp.pytest_plugin anyio.pytest_plugin")
    result.assert_outcomes(passed=4)


def test_named_in_a_conftest_as_well(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("pytest_plugins = ['aiohttp.pytest_plugin']")
    run(pytester, FIXTURES).assert_outcomes(passed=4)


def test_old_names_warn(pytester: pytest.Pytester) -> None:
    code = """
@pytest.mark.filterwarnings("default::DeprecationWarning")
async def test_old(test_client, test_server, raw_test_server, unused_port, app):
    client = await test_client(await test_server(app))
    assert (await client.get("/")).status == 200
    assert unused_port()
"""
    result = run(pytester, code)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*DeprecationWarning: *test_client*aiohttp_client*"])


def test_asynchronous_fixtures(pytester: pytest.Pytester) -> None:
    code = """
log = []

@pytest.fixture
async def value(loop):
    assert asyncio.get_running_loop() is loop
    return 5

@pytest.fixture
async def resource(loop):
    log.append("open")
    yield 6
    log.append("closed")

async def test_values(value, resource):
    assert (value, resource, log) == (5, 6, ["open"])

def test_closed():
    assert log == ["open", "closed"]
"""
    run(pytester, code).assert_outcomes(passed=2)


def test_asynchronous_fixture_without_loop_explains(pytester: pytest.Pytester) -> None:
    code = """
@pytest.fixture
async def value():
    return 5

def test_value(value): ...
"""
    result = run(pytester, code)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*name 'loop' among the arguments*"])


def test_a_forgotten_await_fails(pytester: pytest.Pytester) -> None:
    code = """
async def test_forgotten():
    asyncio.sleep(0)
"""
    result = run(pytester, code, "-W", "default")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*was never awaited*"])


def test_loops(pytester: pytest.Pytester) -> None:
    pytest.importorskip("uvloop")
    code = """
async def test_kind(loop):
    print("kind:", type(loop).__module__)
"""
    result = run(pytester, code, "--aiohttp-loop=all", "-s")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines_random(["*kind: asyncio*", "*kind: uvloop*"])


def test_unknown_loop(pytester: pytest.Pytester) -> None:
    result = run(pytester, "async def test_x(loop): ...", "--aiohttp-loop=nope")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*--aiohttp-loop takes pyloop, uvloop or all; got 'nope'*"])


def test_loop_debug(pytester: pytest.Pytester) -> None:
    code = """
async def test_debug(loop):
    assert loop.get_debug()
"""
    run(pytester, code, "--aiohttp-enable-loop-debug").assert_outcomes(passed=1)


def test_client_takes_an_application_or_a_server(pytester: pytest.Pytester) -> None:
    code = """
async def test_wrong(aiohttp_client):
    with pytest.raises(ValueError, match="takes an Application"):
        await aiohttp_client(5)
"""
    run(pytester, code).assert_outcomes(passed=1)


def test_a_failing_test_shows_its_responses(pytester: pytest.Pytester) -> None:
    code = """
async def test_wrong(aiohttp_client, app):
    client = await aiohttp_client(app)
    async with client.get("/") as response:
        assert await response.text() == "bye"
"""
    result = run(pytester, code)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*response 'response'*", "GET http://127.0.0.1:*/", "200 OK", "Content-Length: 5", "hello"]
    )
