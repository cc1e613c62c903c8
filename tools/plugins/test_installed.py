"""The environment holds our distributions, and no other aiohttp came over them."""

from __future__ import annotations

from importlib.metadata import version

from tools.tree import DISTRIBUTIONS, release

import aiohttp


def test_one_release_of_ours() -> None:
    ours = [name for name in DISTRIBUTIONS if name != "aiohttp-gunicorn"]
    assert {name: version(name) for name in ours} == dict.fromkeys(ours, release())
    assert aiohttp.__version__ == release()
