"""The façades re-export, and know nothing themselves."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from types import ModuleType

import pytest

from aiohttp import helpers, http, http_websocket


@pytest.mark.parametrize("module", [helpers, http, http_websocket])
def test_a_facade_only_imports(module: ModuleType) -> None:
    for node in ast.parse(inspect.getsource(module)).body:
        assert isinstance(node, ast.ImportFrom | ast.Expr | ast.Assign)
        if isinstance(node, ast.Assign):
            assert ast.unparse(node.targets[0]) == "__all__"


@pytest.mark.parametrize("module", [helpers, http, http_websocket])
def test_all_names_exist(module: ModuleType) -> None:
    assert all(hasattr(module, name) for name in module.__all__)


def test_the_public_helpers() -> None:
    assert helpers.__all__ == ("BasicAuth", "ChainMapProxy", "ETag", "reify")


@pytest.mark.parametrize("heavy", ["email", "netrc", "urllib.request", "aiohttp.client"])
def test_what_is_rarely_needed_is_not_imported(heavy: str) -> None:
    code = (
        "import sys, asyncio; had = set(sys.modules); import aiohttp.helpers;"
        f"sys.exit({heavy!r} in set(sys.modules) - had)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_reify_computes_once() -> None:
    class Lazy:
        def __init__(self) -> None:
            self._cache: dict[str, int] = {}
            self.computed = 0

        @helpers.reify
        def value(self) -> int:
            self.computed += 1
            return self.computed

    lazy = Lazy()
    assert (lazy.value, lazy.value) == (1, 1)
