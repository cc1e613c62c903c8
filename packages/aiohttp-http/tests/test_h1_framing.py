"""The decisions of RFC 9112 §6.3 and §9.3, without a parser."""

from __future__ import annotations

from multidict import CIMultiDict, CIMultiDictProxy

from aiohttp._h1 import names
from aiohttp._h1.framing import request_framing, response_framing
from aiohttp._h1.kinds import BodyKind, HttpVersion10, HttpVersion11

NO_FIELDS = CIMultiDictProxy(CIMultiDict[str]())
HOST = CIMultiDictProxy(CIMultiDict({"Host": "a"}))


def test_most_requests_share_one_value() -> None:
    first = request_framing("GET", HttpVersion11, names.HOST, 0, HOST)
    assert first is request_framing("DELETE", HttpVersion11, names.HOST, 0, HOST)
    assert repr(first) == "<Framing NONE: keep-alive>"


def test_connect_is_a_request_for_another_protocol() -> None:
    framing = request_framing("CONNECT", HttpVersion11, names.HOST, 0, HOST)
    assert repr(framing) == "<Framing NONE: keep-alive, upgrade>"


def test_repr_says_all() -> None:
    fields = {
        "Host": "a",
        "Content-Length": "3",
        "Expect": "100-continue",
        "Content-Encoding": "br",
        "Connection": "close",
    }
    headers = CIMultiDictProxy(CIMultiDict(fields))
    seen = sum(names.resolve(name.encode())[1] for name in fields)
    framing = request_framing("POST", HttpVersion11, seen, 0, headers)
    assert repr(framing) == "<Framing LENGTH 3 bytes: close, 100-continue, br>"


def test_a_response_without_a_length_lasts_until_the_close() -> None:
    for until_close, kind in ((True, BodyKind.UNTIL_CLOSE), (False, BodyKind.NONE)):
        framing = response_framing("GET", HttpVersion11, 200, 0, 0, NO_FIELDS, False, until_close)
        assert (framing.kind, framing.keep_alive) == (kind, False)


def test_a_response_to_head_keeps_the_connection() -> None:
    framing = response_framing("HEAD", HttpVersion11, 200, 0, 0, NO_FIELDS, False, True)
    assert (framing.kind, framing.keep_alive) == (BodyKind.NONE, True)


def test_http_1_0_closes() -> None:
    framing = response_framing("HEAD", HttpVersion10, 200, 0, 0, NO_FIELDS, False, True)
    assert not framing.keep_alive
