"""What the head of a response says."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from multidict import CIMultiDict

from aiohttp._web.response_head import (
    Framing,
    accepted_codings,
    add_cookies,
    body_framing,
    choose_coding,
    fill_cookie,
    forbids_content_length,
    has_no_body,
    reason_phrase,
)


def test_reason_phrases() -> None:
    assert reason_phrase(200) == "OK"
    assert reason_phrase(299) == ""


@pytest.mark.parametrize(
    ("method", "status", "empty", "no_length"),
    [
        ("GET", 200, False, False),
        ("GET", 101, True, True),
        ("GET", 204, True, True),
        ("GET", 205, False, False),
        ("GET", 304, True, True),
        ("HEAD", 200, True, False),
        ("CONNECT", 200, True, True),
        ("CONNECT", 404, False, False),
    ],
)
def test_bodies_that_are_none(method: str, status: int, empty: bool, no_length: bool) -> None:
    assert has_no_body(method, status) is empty
    assert forbids_content_length(method, status) is no_length


def test_framing() -> None:
    def frame(
        *, empty: bool = False, chunked: bool = False, length: int | None = None, new: bool = True
    ) -> Framing:
        return body_framing(empty=empty, chunked=chunked, length=length, http_1_1=new)

    assert frame() is Framing.CHUNKED
    assert frame(length=0) is Framing.LENGTH
    assert frame(chunked=True) is Framing.CHUNKED
    assert frame(new=False) is Framing.UNTIL_CLOSE
    assert frame(empty=True, length=3) is Framing.NO_BODY
    with pytest.raises(RuntimeError, match=r"forbidden for HTTP/1\.0"):
        frame(chunked=True, new=False)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("gzip, deflate", "deflate"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("x-gzip;q=0", None),
        ("gzip;q=0", None),
        ("gzip;q=1.0, deflate;q=0.5", "gzip"),
        ("DEFLATE;Q=0.1", "deflate"),
        ("*", "deflate"),
        ("*;q=0.5, gzip", "gzip"),
        ("*, deflate;q=0", "gzip"),
        ("identity", None),
        ("br", None),
        ("", None),
        ("gzip;q=nonsense", "gzip"),
        (",,", None),
    ],
)
def test_content_coding_by_weight(accept: str, chosen: str | None) -> None:
    assert choose_coding(accept, ["deflate", "gzip"]) == chosen


def test_digits_of_other_scripts_are_no_weight() -> None:
    assert accepted_codings("gzip;q=٠") == {"gzip": 1.0}


def test_cookies_become_fields() -> None:
    cookies: SimpleCookie = SimpleCookie()
    cookies["a"] = "b c"
    fill_cookie(cookies["a"], {"path": "/", "secure": True, "partitioned": True, "max-age": 5})
    fields: CIMultiDict[str] = CIMultiDict()
    add_cookies(cookies, fields)
    assert fields["Set-Cookie"] == 'a="b c"; Max-Age=5; Partitioned; Path=/; Secure'


def test_a_cookie_set_anew_is_not_deleted() -> None:
    cookies: SimpleCookie = SimpleCookie()
    cookies["a"] = ""
    fill_cookie(cookies["a"], {"expires": "Thu, 01 Jan 1970 00:00:00 GMT", "max-age": 0})
    cookies["a"] = "new"
    fill_cookie(cookies["a"], {"expires": None, "max-age": None})
    assert cookies["a"].OutputString() == "a=new"
