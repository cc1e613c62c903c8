"""Marks of deprecations: on made-up trees, and what a type checker says of the real ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tools.policy.marks import Declaration, mark_findings, read_marks, things
from tools.tree import ROOT, source_roots

DECLARED = "_OLD = declare('Till.open()', since='3.9', instead='unlock()')\n"
MARKED = "class Till:\n    @marked('Till.open(): use unlock()')\n    def open(self): _OLD.warn()\n"
UNMARKED = MARKED.replace("    @marked('Till.open(): use unlock()')\n", "")

KEEPS = [
    pytest.param(DECLARED + MARKED, id="marked"),
    pytest.param(DECLARED.replace("'Till.", "'Till' '.") + MARKED, id="text-in-two-pieces"),
    pytest.param(DECLARED.replace(")\n", ", unmarked='why')\n") + UNMARKED, id="excused"),
    pytest.param(
        "_OLD = [declare(f'the {x}', instead='y', unmarked='z') for x in 'ab']", id="made"
    ),
]

BREAKS = [
    pytest.param(
        DECLARED + UNMARKED,
        "Till.open() is deprecated, and type checkers are not told",
        id="not-marked",
    ),
    pytest.param(
        DECLARED.replace(")\n", ", unmarked='')\n") + UNMARKED,
        "Till.open() is deprecated, and type checkers are not told",
        id="excused-without-a-reason",
    ),
    pytest.param(
        DECLARED + MARKED + "@marked('Till.shut(): use lock()')\ndef shut(): ...\n",
        "the mark says what no declaration says",
        id="mark-of-something-else",
    ),
    pytest.param(
        DECLARED + MARKED + "@marked(_OLD.mark)\ndef shut(): ...\n",
        "the mark has no literal text",
        id="mark-without-a-literal-text",
    ),
    pytest.param(
        DECLARED.replace(")\n", ", unmarked='why')\n") + MARKED,
        "Till.open() is said to be unmarked, and is marked",
        id="excused-and-marked",
    ),
    pytest.param(
        "_OLD = [declare(f'the {x}', instead='y') for x in 'ab']",
        "a deprecation whose subject is put together",
        id="made-without-an-excuse",
    ),
]


def write(root: Path, source: str) -> None:
    (root / "packages/aiohttp-client/src/aiohttp/client.py").write_text(source)


@pytest.mark.parametrize("source", KEEPS)
def test_marks_that_fit_are_let_pass(family: Path, source: str) -> None:
    write(family, source)
    assert not list(mark_findings(family))


@pytest.mark.parametrize(("source", "expected"), BREAKS)
def test_a_mark_that_is_missing_or_mistaken_is_named(
    family: Path, source: str, expected: str
) -> None:
    write(family, source)
    (finding,) = mark_findings(family)
    assert expected in finding.sentence


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("@marked('old')\nclass Till: ...", ["Till"], id="class"),
        pytest.param("@marked('old')\ndef sell(): ...", ["sell"], id="function"),
        pytest.param("if 1:\n @marked('old')\n def sell(): ...", ["sell"], id="nested"),
        pytest.param(
            "class Till:\n  @property\n  @marked('old')\n  def full(self): ...",
            ["Till.full"],
            id="property",
        ),
        pytest.param(
            "class Till:\n  @full.setter\n  @marked('old')\n  def full(self, to): ...",
            [],
            id="setter",
        ),
        pytest.param(
            "class Till:\n  @overload\n  @marked('to argument of sell: use at')\n"
            "  async def sell(self, *, to): ...",
            ["Till.sell(to)"],
            id="argument",
        ),
        pytest.param(
            "@overload\n@marked('float as price: use int')\ndef sell(price: float): ...",
            [],
            id="value",
        ),
    ],
)
def test_what_is_marked_is_what_goes(family: Path, source: str, expected: list[str]) -> None:
    write(family, source)
    assert [thing for those in things(family).values() for thing in those] == expected


def test_a_mark_may_be_in_another_module_than_its_declaration(family: Path) -> None:
    write(family, DECLARED)
    (family / "packages/aiohttp-http/src/aiohttp/streams.py").write_text(MARKED)
    assert not list(mark_findings(family))


# --- What mypy says -------------------------------------------------------------------------------

# A program in typed code, which is never run.  Lines that end in "# !" use something deprecated.
# (Of a property that can be set, mypy 2.4 shows the setter's mark alone; pyright shows both.)
PROGRAM = """\
import asyncio
import ssl
from typing import Any
from aiohttp import ClientSession, ClientTimeout, CookieJar, FormData, TCPConnector, web
from aiohttp import ClientResponse, ClientResponseError, ClientWSTimeout, StreamReader
from aiohttp import BasicAuth  # !
from aiohttp import streamer  # !
from aiohttp.connector import Connection
from aiohttp.test_utils import AioHTTPTestCase, unittest_run_loop  # !
from yarl import URL

async def client(options: dict[str, Any], anything: Any, loop: asyncio.AbstractEventLoop) -> None:
    ClientSession("http://example.com/", timeout=ClientTimeout(total=3))
    ClientSession(**options)
    session = ClientSession(conn_timeout=3, read_timeout=4)  # !
    ClientSession(read_timeout=3)  # !
    ClientSession(ssl_shutdown_timeout=0)  # !
    session.loop  # !
    session.requote_redirect_url
    session.requote_redirect_url = False  # !
    session.ws_connect("ws://example.com/", timeout=ClientWSTimeout(ws_close=3))
    session.ws_connect("ws://example.com/", timeout=3.0)  # !
    session.ws_connect("ws://example.com/", timeout=3.0, receive_timeout=3)  # !
    session.ws_connect("ws://example.com/", verify_ssl=False)  # !
    session.ws_connect("ws://example.com/", ssl_context=ssl.create_default_context())  # !
    session.ws_connect("ws://example.com/", fingerprint=b"")  # !
    TCPConnector(ssl=False, limit=3, loop=loop)
    TCPConnector(**options)
    TCPConnector(verify_ssl=False)  # !
    TCPConnector(ssl_context=ssl.create_default_context(), limit=3)  # !
    TCPConnector(fingerprint=b"")  # !
    connector = TCPConnector(ssl_shutdown_timeout=0)  # !
    with connector:  # !
        pass
    async with connector:
        pass
    CookieJar().filter_cookies(URL("http://example.com/"))
    CookieJar().filter_cookies("http://example.com/")  # !
    FormData().add_field("name", anything, filename="a.txt")
    FormData().add_field("name", anything, content_transfer_encoding="base64")  # !

def response(response: ClientResponse, connection: Connection, stream: StreamReader) -> None:
    response.url
    response.url_obj  # !
    response.output_size  # !
    response.upload_complete  # !
    connection.loop  # !
    stream.unread_data(b"")  # !
    ClientResponseError(response.request_info, (), status=400)
    error = ClientResponseError(response.request_info, (), code=400)  # !
    error.code = 3  # !

async def server(loop: asyncio.AbstractEventLoop, request: web.Request) -> None:
    runner = web.AppRunner(web.Application())
    web.Application(client_max_size=3)
    web.Application(router=web.UrlDispatcher())  # !
    web.Application(loop=loop)  # !
    app = web.Application(debug=True)  # !
    app.make_handler()  # !
    app.loop  # !
    app.debug  # !
    request.message  # !
    request.loop  # !
    request.has_body  # !
    web.TCPSite(runner, "localhost", reuse_port=True)
    web.TCPSite(runner, "localhost", shutdown_timeout=3)  # !
    web.UnixSite(runner, "socket", shutdown_timeout=3)  # !
    web.HTTPNotFound(text="")
    web.HTTPNotFound(body=b"")  # !
    web.HTTPFound("/", body=b"")  # !
    response = web.Response()
    response.output_length  # !
    await response.drain()  # !
    response.enable_chunked_encoding()
    response.enable_chunked_encoding(3)  # !
    response.enable_compression(web.ContentCoding.gzip)
    response.enable_compression(True)  # !
    response.set_cookie("name", "value", path="/")
    response.set_cookie("name", "value", version="1")  # !
    if runner.server is not None:
        await runner.server.finish_connections()  # !

def case(case: AioHTTPTestCase) -> None:
    case.get_app()  # !
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """Return what mypy says of the program: line -> sentence."""
    pytest.importorskip("mypy")
    folder = tmp_path_factory.mktemp("program")
    (folder / "program.py").write_text(PROGRAM)
    options = ["--strict", "--enable-error-code=deprecated", "--follow-imports=silent"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--config-file=", "program.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": os.pathsep.join(map(str, source_roots()))},
        capture_output=True,
        text=True,
    )
    found = re.findall(r"^program\.py:(\d+): error: (.*)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return {int(line): sentence for line, sentence in found}


def test_a_type_checker_sees_what_is_deprecated_and_nothing_else(said: dict[int, str]) -> None:
    lines = PROGRAM.splitlines()
    expected = {n for n, line in enumerate(lines, 1) if line.endswith("# !")}
    assert {n: (lines[n - 1], said.get(n)) for n in expected ^ said.keys()} == {}
    assert all(sentence.endswith("[deprecated]") for sentence in said.values())


def test_a_type_checker_shows_every_mark(said: dict[int, str]) -> None:
    declarations, _ = read_marks(ROOT)
    marks = [d.mark for d in declarations if not d.is_unmarked]
    assert [mark for mark in marks if not any(mark in s for s in said.values())] == []


def test_a_mark_repeats_its_declaration() -> None:
    declared = Declaration(Path(), 1, "old()", "new()", is_unmarked=False)
    assert declared.mark == "old(): use new()"
