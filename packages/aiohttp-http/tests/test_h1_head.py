"""The tokenizers of whole heads: both twins give the same, or leave it to the line reader."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from aiohttp._h1 import head, names
from aiohttp._h1.build import COMPILED
from aiohttp._h1.kinds import HttpVersion10, HttpVersion11

TWINS: dict[str, Any] = {"py": head}
if COMPILED:
    TWINS["c"] = importlib.import_module("aiohttp._h1._head")

LIMITS = (8190, 8190, 128)
GET = b"GET /p HTTP/1.1\r\nHost: a\r\nx-y:\tb c \r\n\r\n"
OK = b"HTTP/1.0 200 All  right \r\nServer: a\r\nserver: b\r\n\r\n"


@pytest.fixture(params=list(TWINS))
def twin(request: pytest.FixtureRequest) -> Any:
    return TWINS[request.param]


def test_request(twin: Any) -> None:
    assert twin.tokenize_request(b"xx" + GET + b"tail", 2, *LIMITS) == (
        "GET",
        "/p",
        HttpVersion11,
        [("Host", "a"), ("x-y", "b c")],
        b"Host: a\r\nx-y:\tb c \r\n",
        names.HOST,
        0,
        2 + len(GET),
    )


def test_response(twin: Any) -> None:
    assert twin.tokenize_response(OK, 0, *LIMITS) == (
        HttpVersion10,
        200,
        "All  right",
        [("Server", "a"), ("Server", "b")],
        b"Server: a\r\nserver: b\r\n",
        names.SERVER,
        names.SERVER,
        len(OK),
    )


def test_no_fields(twin: Any) -> None:
    tokens = twin.tokenize_request(b"GET / HTTP/1.0\r\n\r\n", 0, *LIMITS)
    assert tokens == ("GET", "/", HttpVersion10, [], b"", 0, 0, 18)


@pytest.mark.parametrize("length", range(len(GET)))
def test_what_is_not_whole_is_left(twin: Any, length: int) -> None:
    assert twin.tokenize_request(GET[:length], 0, *LIMITS) is None


@pytest.mark.parametrize("length", range(len(OK)))
def test_a_response_that_is_not_whole_is_left(twin: Any, length: int) -> None:
    assert twin.tokenize_response(OK[:length], 0, *LIMITS) is None


def test_a_start_outside_of_the_bytes(twin: Any) -> None:
    for start in (len(GET), len(GET) + 1):
        assert twin.tokenize_request(GET, start, *LIMITS) is None
        assert twin.tokenize_response(OK, start + 100, *LIMITS) is None


@pytest.mark.parametrize("limits", [(14, 99, 9), (99, 6, 9), (99, 99, 1)])
def test_what_is_over_a_limit_is_left(twin: Any, limits: tuple[int, int, int]) -> None:
    """The request line has 15 bytes, the longer field 7 without colon and space; two fields."""
    assert twin.tokenize_request(GET, 0, 15, 7, 2) is not None
    assert twin.tokenize_request(GET, 0, *limits) is None


@pytest.mark.parametrize("at", range(len(GET)))
def test_any_wrong_byte_gets_one_verdict_of_all_twins(at: int) -> None:
    for byte in range(256):
        data = GET[:at] + bytes([byte]) + GET[at + 1 :]
        verdicts = [twin.tokenize_request(data, 0, *LIMITS) for twin in TWINS.values()]
        assert all(verdict == verdicts[0] for verdict in verdicts), byte


@pytest.mark.parametrize("at", range(len(OK)))
def test_any_wrong_byte_in_a_response_gets_one_verdict_of_all_twins(at: int) -> None:
    for byte in range(256):
        data = OK[:at] + bytes([byte]) + OK[at + 1 :]
        verdicts = [twin.tokenize_response(data, 0, *LIMITS) for twin in TWINS.values()]
        assert all(verdict == verdicts[0] for verdict in verdicts), byte


@pytest.mark.parametrize("size", range(40))
def test_controls_at_any_place_of_a_value(twin: Any, size: int) -> None:
    """Values are checked eight bytes at a time: no place may be missed."""
    for at in range(size):
        for control in (b"\x00", b"\x1f", b"\x7f", b"\r"):
            value = b"a" * at + control + b"b" * (size - at - 1)
            data = b"GET / HTTP/1.1\r\nX: " + value + b"\r\n\r\n"
            assert twin.tokenize_request(data, 0, *LIMITS) is None
        value = b"a" * at + b"\t" + b"b" * (size - at - 1)
        tokens = twin.tokenize_request(b"GET / HTTP/1.1\r\nX: " + value + b"\r\n\r\n", 0, *LIMITS)
        assert tokens[3] == [("X", value.decode().strip("\t"))]
