"""Heads and chunks on their way out, by both builds of the serializer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from multidict import CIMultiDict, istr

from aiohttp._h1 import serialize
from aiohttp._h1.kinds import HttpVersion10, HttpVersion11
from aiohttp._h1.serialize import (
    chunk_head,
    ordinary_response,
    request_head,
    request_line,
    response_head,
    serialize_headers,
    trailer_section,
)

Serializer = Callable[[str, Mapping[str, str]], bytes]

# The second one is the compiled twin, where it is installed.
SERIALIZERS: dict[str, Serializer] = {
    "py": serialize.py_serialize_head,
    "picked": serialize_headers,
}


@pytest.fixture(params=list(SERIALIZERS))
def serializer(request: pytest.FixtureRequest) -> Serializer:
    return SERIALIZERS[request.param]


def test_a_head(serializer: Serializer) -> None:
    headers = CIMultiDict([("Set-Cookie", "a=b"), (istr("Set-Cookie"), "c=d"), ("X", "")])
    assert serializer("HTTP/1.1 200 OK", headers) == (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nX: \r\n\r\n"
    )


def test_text_is_utf_8(serializer: Serializer) -> None:
    assert serializer("HTTP/1.1 200 ü", {"X": "€\t😀"}) == (
        "HTTP/1.1 200 ü\r\nX: €\t😀\r\n\r\n".encode()
    )


@pytest.mark.parametrize("size", [1, 7, 8, 9, 2000, 2048, 2049, 100_000])
def test_values_of_all_sizes(serializer: Serializer, size: int) -> None:
    assert serializer("a", {"X": "b" * size}) == b"a\r\nX: " + b"b" * size + b"\r\n\r\n"


CONTROLS = [chr(code) for code in (*range(9), *range(10, 32), 127)]


@pytest.mark.parametrize("control", CONTROLS, ids=[f"{ord(c):#04x}" for c in CONTROLS])
@pytest.mark.parametrize("at", [0, 5, 8, 20])
def test_controls_are_refused_wherever_they_are(
    serializer: Serializer, control: str, at: int
) -> None:
    """RFC 9110 §5.5, RFC 9112 §11.1; CVE-2023-49081, -49082, CVE-2026-34519, -34520."""
    bad = "a" * at + control + "b" * 9
    with pytest.raises(ValueError, match=r"^Start line: expected text without CR, LF"):
        serializer(bad, {"X": "y"})
    with pytest.raises(ValueError, match=r"^Name of header "):
        serializer("GET / HTTP/1.1", {bad: "y"})
    with pytest.raises(ValueError, match=r"^Value of header 'X-Bad': "):
        serializer("GET / HTTP/1.1", {"A": "b", "X-Bad": bad})


def test_a_line_end_does_not_hide_behind_another(serializer: Serializer) -> None:
    with pytest.raises(ValueError, match="Value of header 'X'"):
        serializer("GET / HTTP/1.1", {"X": "a\r\nEvil: yes"})


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " X",
        "\tX",
        "X ",
        "X\tY",
        "X:",
        "X: y",
        ": ",
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_names_that_would_be_read_otherwise(serializer: Serializer, name: str, first: bool) -> None:
    """RFC 9112 §2.2, §5.1, §5.2: one that begins with a space would fold the line before it."""
    headers = {name: "y"} if first else {"A": "b", name: "y", "C": "d"}
    with pytest.raises(ValueError, match=r"^Name of header b'.*': expected "):
        serializer("GET / HTTP/1.1", headers)


@pytest.mark.parametrize("name", [":authority", ":"])
def test_fields_of_http_2_are_to_be_left_out(serializer: Serializer, name: str) -> None:
    with pytest.raises(ValueError, match=r"^Name of header b':.*HTTP/2 .* leave it out"):
        serializer("GET / HTTP/1.1", {name: "y"})


@pytest.mark.parametrize(
    "name",
    ["!#$%&'*+-.^_`|~019azAZ", "User Agent", "(X)", '"X"', "X,Y", "{", "X/Y", "Ü", "X\udcff"],
)
def test_other_names_are_sent(serializer: Serializer, name: str) -> None:
    line = f"{name}: b".encode("utf-8", "surrogateescape")
    assert serializer("a", {name: "b"}) == b"a\r\n" + line + b"\r\n\r\n"


def test_names_made_up_do_not_fill_the_memory() -> None:
    for number in range(3000):
        serialize.py_serialize_head("a", {f"X-{number}": "b", "X" * 65: "c"})
    assert len(serialize._BEGINNINGS) <= 1024
    assert "X" * 65 not in serialize._BEGINNINGS


@pytest.mark.parametrize("part", [1, b"x", None])
def test_only_text(serializer: Serializer, part: object) -> None:
    with pytest.raises(TypeError, match=f"must be str, got {type(part).__name__}"):
        serializer("GET / HTTP/1.1", {"X": part})  # type: ignore[dict-item]


def test_octets_that_are_no_text_leave_as_they_came(serializer: Serializer) -> None:
    value = b"a\xff\xc3\xa9b".decode("utf-8", "surrogateescape")
    assert serializer("GET / HTTP/1.1", {"X": value}) == (
        b"GET / HTTP/1.1\r\nX: a\xff\xc3\xa9b\r\n\r\n"
    )


def test_surrogates_that_stand_for_no_octet_cannot_be_sent(serializer: Serializer) -> None:
    with pytest.raises(UnicodeEncodeError):
        serializer("GET / HTTP/1.1", {"X": "\ud800"})


def test_request_line() -> None:
    assert request_head("GET", "/p", HttpVersion11, {}) == b"GET /p HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "target"), [("G ET", "/"), ("GET", "/a b"), ("", "/"), ("GET", "")]
)
def test_request_line_that_would_be_read_otherwise(method: str, target: str) -> None:
    with pytest.raises(ValueError, match="without spaces"):
        request_head(method, target, HttpVersion11, {})
    with pytest.raises(ValueError, match="without spaces"):
        request_line(method, target, HttpVersion11)


def test_status_line() -> None:
    assert response_head(HttpVersion10, 404, "", {}) == b"HTTP/1.0 404 \r\n\r\n"


def test_chunks() -> None:
    assert chunk_head(255) == b"ff\r\n"
    assert trailer_section({}) == b"0\r\n\r\n"
    assert trailer_section({"X": "y"}) == b"0\r\nX: y\r\n\r\n"


def test_a_chunk_of_size_zero_would_end_the_body() -> None:
    with pytest.raises(ValueError, match="at least 1 byte, got 0"):
        chunk_head(0)


# Ordinary responses…


@pytest.fixture(params=["py", "picked"])
def ordinary(request: pytest.FixtureRequest) -> Callable[..., bytes]:
    return serialize.py_ordinary_response if request.param == "py" else ordinary_response


END = b"\r\nServer: me\r\n\r\n"


def test_an_ordinary_response(ordinary: Callable[..., bytes]) -> None:
    assert ordinary(200, "OK", "text/plain", 5, END, b"hello") == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
        b"Server: me\r\n\r\nhello"
    )
    assert ordinary(404, "", None, 0, END, b"") == (
        b"HTTP/1.1 404 \r\nContent-Length: 0\r\nServer: me\r\n\r\n"
    )


def test_an_ordinary_response_of_any_size(ordinary: Callable[..., bytes]) -> None:
    reason, kind, body = "ü" * 2000, "x/" + "€" * 3000, b"\0" * 5000
    response = ordinary(299, reason, kind, 2**62, END, body)
    assert response == (
        f"HTTP/1.1 299 {reason}\r\nContent-Type: {kind}\r\nContent-Length: {2**62}".encode()
        + END
        + body
    )


@pytest.mark.parametrize(
    ("reason", "kind"), [("O\rK", "a/b"), ("OK", "a/b\r\nX: y"), ("OK", "\0"), ("\x7f", None)]
)
def test_an_ordinary_response_is_not_split(
    ordinary: Callable[..., bytes], reason: str, kind: str | None
) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="control characters"):
            ordinary(200, reason, kind, 0, END, b"")


def test_an_ordinary_response_of_octets(ordinary: Callable[..., bytes]) -> None:
    octets = b"\xff".decode("utf-8", "surrogateescape")
    assert ordinary(200, octets, octets, 0, b"\r\n\r\n", b"") == (
        b"HTTP/1.1 200 \xff\r\nContent-Type: \xff\r\nContent-Length: 0\r\n\r\n"
    )


def test_starts_made_up_do_not_fill_the_memory() -> None:
    for number in range(1000):
        serialize.py_ordinary_response(200, f"reason {number}", None, number, END, b"")
    kept = serialize._ordinary_start.cache_info()
    assert kept.currsize == kept.maxsize == 256
