"""What stands in the head of a request."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict
from yarl import URL

from aiohttp import HttpVersion, HttpVersion10, HttpVersion11
from aiohttp._client import request_head


@pytest.mark.parametrize("method", ["GET ", "G\r\nET", "GËT", "A:B", "\x00"])
def test_no_token(method: str) -> None:
    with pytest.raises(ValueError, match="non-token"):
        request_head.checked_method(method)


def test_a_method_is_upper_case() -> None:
    assert request_head.checked_method("purge") == "PURGE"


@pytest.mark.parametrize("version", ["1", "1.", "1.1\r\n", "٠.١", "1.1 x", "a.b"])
def test_no_version(version: str) -> None:
    with pytest.raises(ValueError, match="HTTP version"):
        request_head.checked_version(version)


def test_version() -> None:
    assert request_head.checked_version("1.0") == HttpVersion10
    assert request_head.checked_version(HttpVersion(2, 0)) == HttpVersion(2, 0)


@pytest.mark.parametrize(
    ("method", "url", "absolute", "target"),
    [
        ("GET", "http://a/b?c#d", False, "/b?c"),
        ("GET", "http://a", False, "/"),
        ("GET", "http://a:81/b", True, "http://a:81/b"),
        ("CONNECT", "https://a/b", False, "a:443"),
        ("CONNECT", "https://[::1]:8443/b", False, "[::1]:8443"),
    ],
)
def test_target(method: str, url: str, absolute: bool, target: str) -> None:
    assert request_head.request_target(method, URL(url), absolute=absolute) == target


@pytest.mark.parametrize(
    ("version", "keep_alive", "option"),
    [
        (HttpVersion11, True, None),
        (HttpVersion11, False, "close"),
        (HttpVersion10, True, "keep-alive"),
        (HttpVersion10, False, None),
    ],
)
def test_connection(version: HttpVersion, keep_alive: bool, option: str | None) -> None:
    assert request_head.connection_option(version, keep_alive=keep_alive) == option


@pytest.mark.parametrize(
    ("given", "chunked", "size", "expected", "in_chunks"),
    [
        ({}, None, 5, {"Content-Length": "5"}, False),
        ({}, None, None, {}, False),
        ({"Content-Length": "3"}, None, 5, {"Content-Length": "3"}, False),
        ({}, True, 5, {"Transfer-Encoding": "chunked"}, True),
        ({"Transfer-Encoding": "chunked"}, None, 5, {"Transfer-Encoding": "chunked"}, True),
    ],
)
def test_framing(
    given: dict[str, str],
    chunked: bool | None,
    size: int | None,
    expected: dict[str, str],
    in_chunks: bool,
) -> None:
    headers = CIMultiDict(given)
    assert request_head.frame_body(headers, chunked=chunked, size=size) is in_chunks
    assert headers == CIMultiDict(expected)


@pytest.mark.parametrize("coding", ["identity", "Identity", "", ",", "identity,"])
@pytest.mark.parametrize("given", [{}, {"Content-Length": "5"}])
def test_no_coding_that_is_named(coding: str, given: dict[str, str]) -> None:
    headers = CIMultiDict(given, **{"Transfer-Encoding": coding})
    assert not request_head.frame_body(headers, chunked=None, size=5)
    assert headers == CIMultiDict({"Content-Length": "5"})


@pytest.mark.parametrize("given", [{"Content-Length": "3"}, {"Transfer-Encoding": "chunked"}])
def test_two_framings(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="chunked can not be set"):
        request_head.frame_body(CIMultiDict(given), chunked=True, size=3)


def test_a_coding_and_a_length() -> None:
    """RFC 9112 §6.2."""
    headers = CIMultiDict({"Transfer-Encoding": "chunked", "Content-Length": "3"})
    with pytest.raises(ValueError, match="Content-Length can not be set"):
        request_head.frame_body(headers, chunked=None, size=3)


@pytest.mark.parametrize("codings", ["chunked, chunked", "chunked, gzip", "Chunked,,x"])
def test_chunked_is_the_last_coding_and_only_that(codings: str) -> None:
    """RFC 9112 §6.1."""
    headers = CIMultiDict({"Transfer-Encoding": codings})
    with pytest.raises(ValueError, match="'chunked' as the last coding only"):
        request_head.frame_body(headers, chunked=None, size=3)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["gzip"], "gzip, chunked"),
        (["a", "b"], "a, b, chunked"),
        (["xchunked"], "xchunked, chunked"),
        (["gzip, Chunked"], "gzip, Chunked"),
        (["", "gzip,"], "gzip, chunked"),
        (["chunked, "], "chunked"),
    ],
)
def test_another_coding_is_followed_by_chunked(given: list[str], named: str) -> None:
    """RFC 9112 §6.1."""
    headers = CIMultiDict([("Transfer-Encoding", value) for value in given])
    assert request_head.frame_body(headers, chunked=None, size=3)
    assert request_head.ending_in_chunked(headers) == CIMultiDict({"Transfer-Encoding": named})
    assert headers.getall("Transfer-Encoding") == given


@pytest.mark.parametrize(
    ("given", "chunked"), [({}, True), ({"Transfer-Encoding": "chunked"}, None)]
)
def test_http_1_0_has_no_chunks(given: dict[str, str], chunked: bool | None) -> None:
    """RFC 9112 §6.1."""
    with pytest.raises(ValueError, match=r"expected HTTP/1\.1; got HTTP/1\.0"):
        request_head.frame_body(CIMultiDict(given), chunked=chunked, size=3, version=HttpVersion10)


def test_codings() -> None:
    assert request_head.accept_encoding(brotli=False, zstd=False) == "gzip, deflate"
    assert request_head.accept_encoding(brotli=True, zstd=True) == "gzip, deflate, br, zstd"


def test_what_is_given_or_unwanted_is_not_added() -> None:
    headers = CIMultiDict({"accept": "x"})
    automatic = CIMultiDict({"Accept": "*/*", "User-Agent": "me", "A": "b"})
    request_head.add_missing(headers, automatic, CIMultiDict({"user-agent": None}))
    assert headers == CIMultiDict({"accept": "x", "A": "b"})


@pytest.mark.parametrize("size", [3, None])
def test_chunks_may_be_asked_for_behind_another_coding(size: int | None) -> None:
    """As a body of unknown size does."""
    headers = CIMultiDict({"Transfer-Encoding": "gzip"})
    assert request_head.frame_body(headers, chunked=True, size=size)
    sent = request_head.ending_in_chunked(headers)
    assert sent == CIMultiDict({"Transfer-Encoding": "gzip, chunked"})
