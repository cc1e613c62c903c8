"""What a client loads before its first call: what every call needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What few clients need -> what brings it.
LATE = {
    "aiodns": "the resolver of a connector",
    "aiohttp._client.cookie_file": "a jar that is saved",
    "aiohttp._client.websocket_upgrade": "ws_connect()",
    "aiohttp._websocket.handshake": "ws_connect()",
    "aiohttp._websocket.reader": "ws_connect()",
    "aiohttp._websocket.writer": "ws_connect()",
    "aiohttp.formdata": "a form",
    "aiohttp.http_parser": "who uses the public parser",
    "aiohttp.multipart": "a multipart body",
    "aiohttp.resolver": "a name",
    "aiohttp.tracing": "a tracer",
    "aiohttp.web": "nothing of a client",
    "attr": "who looks into a value object",
    "chardet": "a text of unknown charset",
    "hashlib": "a fingerprint",
    "netrc": "trust_env",
    "pickle": "a file of cookies that an old release wrote",
    "urllib.request": "trust_env",
}


@pytest.fixture(scope="module")
def loaded() -> frozenset[str]:
    code = (
        "import asyncio, sys; before = set(sys.modules);"
        "import aiohttp; aiohttp.ClientSession; print(*sys.modules.keys() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("name", LATE)
def test_what_few_clients_need_is_loaded_late(loaded: frozenset[str], name: str) -> None:
    assert name not in loaded


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("client_proto", "HttpResponseParser"),
        ("client_ws", "WebSocketDataQueue"),
        ("client_ws", "WebSocketReader"),
        ("client_ws", "WebSocketWriter"),
    ],
)
def test_late_names_are_found_where_they_were(module: str, name: str) -> None:
    code = (
        f"import aiohttp.{module} as door; print({name!r} in dir(door), {name!r} in vars(door));"
        f"from aiohttp.{module} import {name}; print({name} is vars(door)[{name!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "True"]
