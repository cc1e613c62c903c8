"""The rule of layers on made-up trees: for each rule one that breaks it, one that keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.layers import Layers
from tools.tree import source_root

EMPTY = {
    "aiohttp-http": ["__init__", "hdrs", "streams", "helpers", "typedefs", "_h1/__init__"],
    "aiohttp-client": ["client", "_client/__init__", "_client/pool", "_client/dialer"],
    "aiohttp-web": ["web", "_web/__init__", "payload_like/__init__", "payload_like/files"],
    "aiohttp-testing": ["test_utils"],
}


def sentences(root: Path, distribution: str, module: str, source: str) -> list[str]:
    """Return what is found in a tree of empty modules, of which one holds ``source``."""
    for name, paths in EMPTY.items():
        for path in paths:
            file = source_root(name, root) / "aiohttp" / f"{path}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("")
    (source_root(distribution, root) / "aiohttp" / module).write_text(source)
    return [finding.sentence for finding in Layers(root).findings()]


BROKEN = [
    pytest.param("aiohttp-http", "hdrs.py", "import aiohttp.streams", "point down", id="up"),
    pytest.param(
        "aiohttp-http", "streams.py", "from aiohttp import client", "point down", id="up-by-name"
    ),
    pytest.param(
        "aiohttp-http", "streams.py", "def f():\n  from .client import x", "point down", id="lazy"
    ),
    pytest.param(
        "aiohttp-http",
        "streams.py",
        "import importlib\nx = importlib.import_module('aiohttp.client')",
        "point down",
        id="by-call",
    ),
    pytest.param(
        "aiohttp-http",
        "streams.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  from aiohttp.client import x",
        "point down",
        id="annotation-up",
    ),
    pytest.param(
        "aiohttp-client", "client.py", "import aiohttp.web", "do not know each other", id="sideways"
    ),
    pytest.param(
        "aiohttp-web", "web.py", "import aiohttp.test_utils", "point down", id="tools-above"
    ),
    pytest.param("aiohttp-http", "_h1/head.py", "import time", "pure room", id="impure"),
    pytest.param(
        "aiohttp-client",
        "_client/pool.py",
        "from asyncio import wait",
        "pure room",
        id="impure2",
    ),
    pytest.param(
        "aiohttp-client", "_client/pool.py", "from aiohttp import client", "the door", id="door"
    ),
    pytest.param("aiohttp-http", "_h1/c.pyx", "from aiohttp.streams import x", "down", id="cython"),
    pytest.param(
        "aiohttp-web", "web.py", "from aiohttp import ClientSession", "from the table", id="table"
    ),
    pytest.param("aiohttp-web", "web.py", "from aiohttp.helpers import x", "façade", id="facade"),
    pytest.param(
        "aiohttp-web", "web.py", "from aiohttp.streams import _x", "private _x", id="private-name"
    ),
    pytest.param(
        "aiohttp-web", "web.py", "def f(other): return other._x", "private to", id="private"
    ),
]


@pytest.mark.parametrize(("distribution", "module", "source", "expected"), BROKEN)
def test_a_broken_rule_is_found(
    tmp_path: Path, distribution: str, module: str, source: str, expected: str
) -> None:
    found = sentences(tmp_path, distribution, module, source)
    assert any(expected in sentence for sentence in found), found


KEPT = [
    pytest.param("aiohttp-web", "web.py", "from aiohttp import hdrs, streams", id="down"),
    pytest.param("aiohttp-http", "streams.py", "import asyncio\nfrom . import hdrs", id="plumbing"),
    pytest.param(
        "aiohttp-http",
        "typedefs.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  from aiohttp.client import x",
        id="annotation-up-from-the-four",
    ),
    pytest.param(
        "aiohttp-client",
        "_client/pool.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import ssl",
        id="annotation-in-a-pure-room",
    ),
    pytest.param("aiohttp-client", "_client/dialer.py", "import asyncio", id="io-room"),
    pytest.param("aiohttp-testing", "test_utils.py", "from aiohttp import client, web", id="tools"),
    pytest.param("aiohttp-http", "helpers.py", "from aiohttp.streams import x", id="facade"),
    pytest.param(
        "aiohttp-web",
        "web.py",
        "class A:\n  def __init__(self): self._x = 1\n  def __eq__(self, other): return other._x",
        id="private-of-the-same-module",
    ),
    pytest.param("aiohttp-web", "web.py", "def f(m): return m._replace(x=1)", id="seam"),
    pytest.param("aiohttp-web", "web.py", "def f(m): return m.__dict__", id="dunder"),
]


@pytest.mark.parametrize(("distribution", "module", "source"), KEPT)
def test_a_kept_rule_is_silent(tmp_path: Path, distribution: str, module: str, source: str) -> None:
    assert sentences(tmp_path, distribution, module, source) == []


def test_the_modules_of_a_door_package_share_what_is_private(tmp_path: Path) -> None:
    sentences(tmp_path, "aiohttp-web", "payload_like/files.py", "class A:\n  _x = 1")
    source = source_root("aiohttp-web", tmp_path) / "aiohttp/payload_like/__init__.py"
    source.write_text("def f(other): return other._x")

    assert not list(Layers(tmp_path).findings())
