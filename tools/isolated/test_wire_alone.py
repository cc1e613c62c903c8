"""``aiohttp-http`` alone: the wire is there, and each name that is not says where to get it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

import aiohttp


def test_importing_it_is_cheap(imported: Callable[[str], set[str]]) -> None:
    loaded = imported("import aiohttp")
    assert not loaded & {"ssl", "asyncio", "aiodns", "aiohttp.client", "aiohttp.web"}


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("ClientSession", "aiohttp-client"),
        ("web", "aiohttp-web"),
        ("test_utils", "aiohttp-testing"),
        ("GunicornWebWorker", "aiohttp-gunicorn"),
    ],
)
def test_a_name_of_another_distribution_says_which(name: str, distribution: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=f"pip install {distribution}"):
        getattr(aiohttp, name)


def test_only_its_own_names_are_promised() -> None:
    assert "StreamReader" in dir(aiohttp)
    assert "ClientSession" not in dir(aiohttp)
    assert not hasattr(aiohttp, "no_such_name")


async def test_payloads_and_multipart_work() -> None:
    with aiohttp.MultipartWriter("form-data") as writer:
        writer.append("text")
    assert isinstance(aiohttp.get_payload(b"body"), aiohttp.BytesPayload)
    assert writer.size
    assert asyncio.get_running_loop().is_running()
