"""pytest fixtures for servers and clients, and a runner for tests that are coroutine functions.

Installing ``aiohttp-testing`` registers this plugin; naming it in a ``conftest.py`` as well is
harmless.  Only one plugin may run a coroutine test: this one keeps out of the way of
pytest-asyncio (in auto mode, and of tests marked ``asyncio``) and of anyio (tests marked
``anyio``), and its fixtures then work on the loop that those run.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from types import TracebackType
from typing import Any, Protocol, TypeVar, overload

import pytest

from aiohttp._deprecations import declare
from aiohttp._testing.loops import LoopFactory
from aiohttp._testing.responses import shown
from aiohttp.client_reqrep import ClientResponse
from aiohttp.test_utils import (
    AppConnector,
    BaseTestServer,
    MockConnector,
    RawTestServer,
    TestClient,
    TestServer,
    _MemoryTestServer,
    loop_context,
)
from aiohttp.test_utils import setup_test_loop as setup_test_loop
from aiohttp.test_utils import teardown_test_loop as teardown_test_loop
from aiohttp.test_utils import unused_port as _unused_port
from aiohttp.web_app import Application
from aiohttp.web_request import BaseRequest, Request
from aiohttp.web_response import StreamResponse

_RequestT = TypeVar("_RequestT", bound=BaseRequest)

_OLD_NAMES = {
    old: declare(
        f"the fixture {old}",
        since="3.2",
        instead=f"the fixture aiohttp_{new}",
        unmarked="fixtures are asked for by the name of a parameter",
        removes=(old,),
    )
    for old, new in {
        "test_client": "client",
        "test_server": "server",
        "raw_test_server": "raw_server",
        "unused_port": "unused_port",
    }.items()
}


class AiohttpClient(Protocol):
    """The fixture ``aiohttp_client``: ``client = await aiohttp_client(app)``.

    ``transport="memory"`` joins client and application without a socket.
    """

    @overload
    async def __call__(
        self,
        __param: Application,
        *,
        server_kwargs: dict[str, Any] | None = None,
        transport: str = "tcp",
        **kwargs: Any,
    ) -> TestClient[Request, Application]: ...

    @overload
    async def __call__(
        self,
        __param: BaseTestServer,
        *,
        server_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> TestClient[BaseRequest, None]: ...


class AiohttpServer(Protocol):
    """The fixture ``aiohttp_server``: ``server = await aiohttp_server(app)``."""

    def __call__(
        self,
        app: Application,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        **kwargs: Any,
    ) -> Awaitable[TestServer]: ...


class AiohttpRawServer(Protocol):
    """The fixture ``aiohttp_raw_server``: ``server = await aiohttp_raw_server(handler)``."""

    def __call__(
        self,
        handler: Callable[[BaseRequest], Awaitable[StreamResponse]],
        *,
        port: int | None = None,
        **kwargs: Any,
    ) -> Awaitable[RawTestServer]: ...


# Command line


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options ``--aiohttp-*``."""
    group = parser.getgroup("aiohttp", "aiohttp")
    group.addoption(
        "--aiohttp-fast",
        action="store_true",
        default=False,
        help="do not collect garbage after each test (a forgotten resource warns later)",
    )
    group.addoption(
        "--aiohttp-loop",
        action="store",
        default="pyloop",
        help="event loops to run with: pyloop, uvloop, or all",
    )
    group.addoption(
        "--aiohttp-enable-loop-debug",
        action="store_true",
        default=False,
        help="run event loops in debug mode",
    )


@pytest.fixture
def fast(request: pytest.FixtureRequest) -> bool:
    """Whether ``--aiohttp-fast`` was given."""
    return bool(request.config.getoption("--aiohttp-fast"))


@pytest.fixture
def loop_debug(request: pytest.FixtureRequest) -> bool:
    """Whether ``--aiohttp-enable-loop-debug`` was given."""
    return bool(request.config.getoption("--aiohttp-enable-loop-debug"))


# Who runs a coroutine?


def _has_asyncio_plugin(config: pytest.Config) -> bool:
    # By module: its name depends on how it was loaded.
    module = sys.modules.get("pytest_asyncio.plugin")
    return module is not None and config.pluginmanager.is_registered(module)


def _asyncio_plugin_is_automatic(config: pytest.Config) -> bool:
    if not _has_asyncio_plugin(config):
        return False
    mode = config.getoption("asyncio_mode", None) or config.getini("asyncio_mode")
    return str(getattr(mode, "value", mode)) == "auto"


def _runs_elsewhere(node: pytest.Item | pytest.FixtureRequest) -> bool:
    """Whether pytest-asyncio or anyio runs this test."""
    item = node.node if isinstance(node, pytest.FixtureRequest) else node
    if _asyncio_plugin_is_automatic(item.config):
        return True
    markers = ("asyncio", "anyio")
    return any(item.get_closest_marker(name) is not None for name in markers)


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Function] | None:
    """Collect coroutine functions as tests, whatever other plugins make of them."""
    if not inspect.iscoroutinefunction(obj) or not collector.funcnamefilter(name):
        return None
    if _asyncio_plugin_is_automatic(collector.config):
        return None  # pytest-asyncio makes items of its own
    return list(collector._genfunctions(name, obj))


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function, on its fixture ``loop`` if it has one."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj) or _runs_elsewhere(pyfuncitem):
        return None
    funcargs: dict[str, Any] = pyfuncitem.funcargs
    arguments = {name: funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    existing = funcargs.get("proactor_loop") or funcargs.get("loop")
    quick = bool(pyfuncitem.config.getoption("--aiohttp-fast"))
    with _given_loop(existing, quick) as loop, _warned_coroutines():
        loop.run_until_complete(pyfuncitem.obj(**arguments))
    return True


@contextlib.contextmanager
def _given_loop(
    loop: asyncio.AbstractEventLoop | None, fast: bool
) -> Iterator[asyncio.AbstractEventLoop]:
    if loop is not None:
        yield loop  # its fixture closes it
        return
    with loop_context(fast=fast) as made:
        yield made


@contextlib.contextmanager
def _warned_coroutines() -> Iterator[None]:
    """Fail a test in which a coroutine was made but never awaited."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        yield
    forgotten = [
        str(warning.message)
        for warning in caught
        if issubclass(warning.category, RuntimeWarning)
        and "was never awaited" in str(warning.message)
    ]
    for warning in caught:
        warnings.warn_explicit(
            warning.message,
            warning.category,
            warning.filename,
            warning.lineno,
            source=warning.source,
        )
    if forgotten:
        raise RuntimeError(
            "{} coroutine(s) never awaited:\n{}".format(len(forgotten), "\n".join(forgotten))
        )


def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> None:
    """Let a fixture be a coroutine function or an asynchronous generator."""
    function = fixturedef.func
    is_generator = inspect.isasyncgenfunction(function)
    if not (is_generator or inspect.iscoroutinefunction(function)):
        return
    if _asyncio_plugin_is_automatic(request.config) or "anyio_backend" in request.fixturenames:
        return
    wrap = _generator_fixture if is_generator else _coroutine_fixture
    fixturedef.func = wrap(function, request)  # type: ignore[misc]


def _loop_of(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoop:
    if "proactor_loop" in request.fixturenames:
        loop: asyncio.AbstractEventLoop = request.getfixturevalue("proactor_loop")
    elif "loop" in request.fixturenames:
        loop = request.getfixturevalue("loop")
    else:
        raise RuntimeError(
            "an asynchronous fixture runs on the fixture 'loop': "
            "name 'loop' among the arguments of the fixture or of the test"
        )
    return loop


def _coroutine_fixture(
    function: Callable[..., Any], request: pytest.FixtureRequest
) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return _loop_of(request).run_until_complete(function(*args, **kwargs))

    return call


def _generator_fixture(
    function: Callable[..., Any], request: pytest.FixtureRequest
) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        loop = _loop_of(request)
        generator: AsyncIterator[Any] = function(*args, **kwargs)

        def finish() -> None:
            async def exhaust() -> None:
                async for _ in generator:
                    raise RuntimeError(f"the fixture {function.__name__} yielded more than once")

            loop.run_until_complete(exhaust())

        request.addfinalizer(finish)
        return loop.run_until_complete(generator.__anext__())

    return call


# What a failing test shows


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the responses that a failing test knows: status, headers, beginning of the body."""
    report = yield
    if report.failed and call.excinfo is not None and call.when == "call":
        for title, text in _responses_in_sight(call.excinfo.tb, str(item.path)):
            report.sections.append((title, text))
    return report


def _responses_in_sight(traceback: TracebackType | None, path: str) -> Iterator[tuple[str, str]]:
    """Find the responses among the local variables of the functions of the test's own file."""
    seen: set[int] = set()
    while traceback is not None:
        frame, traceback = traceback.tb_frame, traceback.tb_next
        if frame.f_code.co_filename != path:
            continue
        for name, value in frame.f_locals.items():
            if isinstance(value, ClientResponse) and id(value) not in seen:
                seen.add(id(value))
                yield f"response {name!r}", shown(value)


# Loops


def _loop_factories(config: pytest.Config) -> dict[str, LoopFactory]:
    """Return what ``--aiohttp-loop`` names: a factory for each kind of loop."""

    def uvloop_factory() -> asyncio.AbstractEventLoop:
        import uvloop

        return uvloop.new_event_loop()

    known: dict[str, LoopFactory] = {
        "pyloop": asyncio.new_event_loop,
        "uvloop": uvloop_factory,
    }
    chosen: dict[str, LoopFactory] = {}
    for name in str(config.getoption("--aiohttp-loop")).split(","):
        required = not name.endswith("?")
        name = name.strip().rstrip("?")
        if name == "all":
            return known
        if name not in known:
            if required:
                raise ValueError(f"--aiohttp-loop takes {', '.join(known)} or all; got {name!r}")
            continue
        chosen[name] = known[name]
    return chosen


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses ``loop`` once on each kind of loop that ``--aiohttp-loop`` names."""
    if "loop_factory" not in metafunc.fixturenames or _runs_elsewhere(metafunc.definition):
        return
    factories = _loop_factories(metafunc.config)
    metafunc.parametrize(
        "loop_factory", list(factories.values()), ids=list(factories), indirect=True
    )


@pytest.fixture
def loop_factory(request: pytest.FixtureRequest) -> LoopFactory:
    """What makes the event loop of a test."""
    factory: LoopFactory = getattr(request, "param", asyncio.new_event_loop)
    return factory


@pytest.fixture
def loop(
    loop_factory: LoopFactory, fast: bool, loop_debug: bool
) -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop of its own for the test."""
    with loop_context(loop_factory, fast=fast) as made:
        if loop_debug:
            made.set_debug(True)
        yield made


@pytest.fixture
def proactor_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A proactor event loop (Windows only)."""
    factory = getattr(asyncio, "ProactorEventLoop", None)
    if factory is None:
        pytest.skip("only Windows has a proactor event loop")
    with loop_context(factory) as made:
        yield made


# Servers and clients


class _Closable(Protocol):
    def close(self) -> Awaitable[None]: ...


class _Opened:
    """What the fixtures opened for one test, closed when it is over, last one first."""

    def __init__(self) -> None:
        self.things: list[_Closable] = []
        self.loop: asyncio.AbstractEventLoop | None = None

    def add(self, thing: _Closable) -> None:
        self.loop = asyncio.get_running_loop()
        self.things.append(thing)

    async def close(self) -> None:
        while self.things:
            await self.things.pop().close()

    def finish(self) -> None:
        """Close everything on the loop that it was opened on, now that the test is over."""
        if self.loop is not None and not self.loop.is_closed():
            self.loop.run_until_complete(self.close())


@pytest.fixture
def _aiohttp_opened(
    request: pytest.FixtureRequest, loop: asyncio.AbstractEventLoop
) -> Iterator[_Opened]:
    if _runs_elsewhere(request):
        yield request.getfixturevalue(_opened_elsewhere(request))
        return
    opened = _Opened()
    yield opened
    opened.finish()


def _opened_elsewhere(request: pytest.FixtureRequest) -> str:
    """Name the fixture that is closed by whoever runs the test, while its loop is still open."""
    by_anyio = request.node.get_closest_marker("anyio") is not None
    return "_aiohttp_opened_by_anyio" if by_anyio else "_aiohttp_opened_by_asyncio"


@pytest.fixture
async def _aiohttp_opened_by_anyio(anyio_backend: object) -> AsyncIterator[_Opened]:
    opened = _Opened()
    yield opened
    await opened.close()


@pytest.fixture
def aiohttp_unused_port() -> Callable[[], int]:
    """Return a function that returns a free TCP port."""
    return _unused_port


@pytest.fixture
def aiohttp_server(_aiohttp_opened: _Opened) -> AiohttpServer:
    """Return ``async def start(app, *, host, port, **options) -> TestServer``."""

    async def start(
        app: Application, *, host: str = "127.0.0.1", port: int | None = None, **kwargs: Any
    ) -> TestServer:
        server = TestServer(app, host=host, port=port)
        await server.start_server(**kwargs)
        _aiohttp_opened.add(server)
        return server

    return start


@pytest.fixture
def aiohttp_raw_server(_aiohttp_opened: _Opened) -> AiohttpRawServer:
    """Return ``async def start(handler, *, port, **options) -> RawTestServer``."""

    async def start(
        handler: Callable[[BaseRequest], Awaitable[StreamResponse]],
        *,
        port: int | None = None,
        **kwargs: Any,
    ) -> RawTestServer:
        server = RawTestServer(handler, port=port)  # type: ignore[arg-type]
        await server.start_server(**kwargs)
        _aiohttp_opened.add(server)
        return server

    return start


@pytest.fixture
def aiohttp_client(_aiohttp_opened: _Opened) -> AiohttpClient:
    """Return ``async def start(app_or_server, *, server_kwargs, **options) -> TestClient``."""

    async def start(
        __param: Application | BaseTestServer,
        *,
        server_kwargs: dict[str, Any] | None = None,
        transport: str = "tcp",
        **kwargs: Any,
    ) -> TestClient[Any, Any]:
        server = _server_of(__param, server_kwargs or {}, transport)
        if isinstance(server, _MemoryTestServer):
            await server.start_server()
            _aiohttp_opened.add(server)
            kwargs["connector"] = AppConnector(server.runner)  # type: ignore[arg-type]
        client: TestClient[Any, Any] = TestClient(server, **kwargs)
        _aiohttp_opened.add(client)
        await client.start_server()
        return client

    return start


def _server_of(
    given: Application | BaseTestServer, server_kwargs: dict[str, Any], transport: str
) -> BaseTestServer:
    """Return the server that the fixture ``aiohttp_client`` was asked for."""
    if transport not in ("tcp", "memory"):
        raise ValueError(f"transport must be 'tcp' or 'memory'; got {transport!r}")
    if isinstance(given, Application):
        kind = _MemoryTestServer if transport == "memory" else TestServer
        return kind(given, **server_kwargs)
    if not isinstance(given, BaseTestServer):
        raise ValueError(
            f"aiohttp_client takes an Application or a test server; got {type(given).__name__}"
        )
    if transport == "memory":
        raise ValueError(
            "transport='memory' takes an Application; got a server, which has a socket"
        )
    return given


@pytest.fixture
def aiohttp_mock_connector(_aiohttp_opened: _Opened) -> Callable[[], MockConnector]:
    """Return a function that makes a `MockConnector`, closed when the test is over."""

    def make() -> MockConnector:
        connector = MockConnector()
        _aiohttp_opened.add(connector)
        return connector

    return make


@pytest.fixture
def aiohttp_app_connector(_aiohttp_opened: _Opened) -> Callable[..., AppConnector]:
    """Return a function ``(app, **options)`` that makes an `AppConnector`, closed in the end."""

    def make(app: Application, **options: Any) -> AppConnector:
        connector = AppConnector(app, **options)
        _aiohttp_opened.add(connector)
        return connector

    return make


# Names of older documentation


@pytest.fixture
def test_client(aiohttp_client: AiohttpClient) -> AiohttpClient:
    """Return ``aiohttp_client`` (deprecated name)."""
    _OLD_NAMES["test_client"].warn()
    return aiohttp_client


@pytest.fixture
def test_server(aiohttp_server: AiohttpServer) -> AiohttpServer:
    """Return ``aiohttp_server`` (deprecated name)."""
    _OLD_NAMES["test_server"].warn()
    return aiohttp_server


@pytest.fixture
def raw_test_server(aiohttp_raw_server: AiohttpRawServer) -> AiohttpRawServer:
    """Return ``aiohttp_raw_server`` (deprecated name)."""
    _OLD_NAMES["raw_test_server"].warn()
    return aiohttp_raw_server


@pytest.fixture
def unused_port(aiohttp_unused_port: Callable[[], int]) -> Callable[[], int]:
    """Return ``aiohttp_unused_port`` (deprecated name)."""
    _OLD_NAMES["unused_port"].warn()
    return aiohttp_unused_port


def _fixtures_on_the_loop_of_pytest_asyncio(*, always: bool) -> object:
    """Return a plugin whose fixtures pytest-asyncio runs; ``always``: no loop of ours is made."""
    import pytest_asyncio

    class OnTheRunnersLoop:
        @pytest_asyncio.fixture
        async def _aiohttp_opened_by_asyncio(self) -> AsyncIterator[_Opened]:
            opened = _Opened()
            yield opened
            await opened.close()

    class AlwaysOnTheRunnersLoop(OnTheRunnersLoop):
        @pytest.fixture
        def _aiohttp_opened(self, _aiohttp_opened_by_asyncio: _Opened) -> _Opened:
            return _aiohttp_opened_by_asyncio

    return AlwaysOnTheRunnersLoop() if always else OnTheRunnersLoop()


def pytest_configure(config: pytest.Config) -> None:
    """Choose the fixtures that fit the plugin that runs coroutines."""
    if _has_asyncio_plugin(config):
        fixtures = _fixtures_on_the_loop_of_pytest_asyncio(
            always=_asyncio_plugin_is_automatic(config)
        )
        config.pluginmanager.register(fixtures, "aiohttp-on-the-runners-loop")
