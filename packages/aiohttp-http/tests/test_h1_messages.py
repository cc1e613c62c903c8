"""The two kinds of message, of both builds."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiohttp._h1.build import COMPILED
from aiohttp._h1.kinds import HttpVersion11

BUILDS = ["messages", "messages_c"] if COMPILED else ["messages"]

HEADERS = CIMultiDictProxy(CIMultiDict({"Host": "a"}))


@pytest.fixture(params=BUILDS)
def room(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(f"aiohttp._h1.{request.param}")


def make_request(room: Any, **changes: Any) -> Any:
    message = room.RawRequestMessage(
        "GET",
        "/p?q=1#f",
        HttpVersion11,
        HEADERS,
        b"Host:  a\r\nX:\tb \r\n",
        False,
        None,
        False,
        False,
        None,
    )
    return message._replace(**changes) if changes else message


def test_url_is_built_when_asked(room: Any) -> None:
    message = make_request(room)
    assert message.url == URL("/p?q=1#f", encoded=True)
    assert message.url is message.url


@pytest.mark.parametrize(
    ("method", "path", "url"),
    [
        ("CONNECT", "host:443", URL.build(authority="host:443", encoded=True)),
        ("OPTIONS", "*", URL("*", encoded=True)),
        ("GET", "http://host/p", URL("http://host/p")),
        ("GET", "/%41?%42", URL.build(path="/%41", query_string="%42", encoded=True)),
    ],
)
def test_url_of_each_form(room: Any, method: str, path: str, url: URL) -> None:
    assert make_request(room, method=method, path=path, url=None).url == url


def test_raw_headers_are_taken_from_the_section(room: Any) -> None:
    message = make_request(room)
    assert message.raw_headers == ((b"Host", b"a"), (b"X", b"b"))
    assert message.raw_headers is message.raw_headers


def test_like_a_named_tuple(room: Any) -> None:
    message = make_request(room)
    method, path, *_, url = message
    assert (method, path, url) == ("GET", "/p?q=1#f", message.url)
    assert len(message) == 10
    assert message[0] == "GET"
    assert message == make_request(room)
    assert message != make_request(room, path="/other")
    assert message != tuple(message)
    assert message._replace(should_close=True).should_close is True
    assert message.should_close is False


def test_replace_knows_its_fields(room: Any) -> None:
    with pytest.raises(ValueError, match="unexpected field names: \\['nothing'\\]"):
        make_request(room, nothing=1)


def test_repr(room: Any) -> None:
    response = room.RawResponseMessage(
        HttpVersion11, 200, "OK", HEADERS, ((b"Host", b"a"),), True, "gzip", False, True
    )
    assert repr(response) == (
        "<RawResponseMessage(version=HttpVersion(major=1, minor=1), code=200, reason='OK', "
        "headers=<CIMultiDictProxy('Host': 'a')>, raw_headers=((b'Host', b'a'),), "
        "should_close=True, compression='gzip', upgrade=False, chunked=True)>"
    )
    assert response.raw_headers == ((b"Host", b"a"),)


def test_not_hashable(room: Any) -> None:
    with pytest.raises(TypeError):
        hash(make_request(room))
