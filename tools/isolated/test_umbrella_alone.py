"""``aiohttp``: nothing of its own, and yet everything but gunicorn's workers is there."""

from __future__ import annotations

import importlib.metadata
import warnings

import pytest

import aiohttp


def test_it_brings_the_others() -> None:
    for name in ("aiohttp-http", "aiohttp-client", "aiohttp-web", "aiohttp-testing", "aiohttp"):
        assert importlib.metadata.version(name) == aiohttp.__version__


def test_it_holds_no_file_of_its_own() -> None:
    files = importlib.metadata.files("aiohttp") or []
    assert not [file for file in files if "dist-info" not in file.parts[0]]


def test_every_promised_name_can_be_had() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for name in aiohttp.__all__:
            assert getattr(aiohttp, name) is not None


def test_the_workers_are_an_extra() -> None:
    with pytest.raises(ModuleNotFoundError, match="pip install aiohttp-gunicorn"):
        aiohttp.GunicornWebWorker  # noqa: B018
