"""Fields are made when somebody looks at them."""

from __future__ import annotations

import pytest

from aiohttp import web


def test_a_plain_response_has_no_fields_until_they_are_looked_at() -> None:
    response = web.Response(text="x")
    assert response._fields is None
    assert response.headers == {"Content-Type": "text/plain; charset=utf-8"}
    response.headers["X-A"] = "b"
    assert response.content_type == "text/plain" and response.charset == "utf-8"
    assert set(response.headers) == {"Content-Type", "X-A"}


def test_cookies_are_made_when_set() -> None:
    response = web.Response()
    assert response._cookies is None
    response.set_cookie("a", "b")
    assert list(response.cookies) == ["a"]


def test_the_version_of_a_cookie_is_deprecated() -> None:
    response = web.Response()
    with pytest.warns(DeprecationWarning, match="version argument"):
        response.set_cookie("a", "b", version="1")
    assert response.cookies["a"].OutputString() == "a=b; Path=/; Version=1"


def test_length_is_an_int_whatever_was_given() -> None:
    response = web.StreamResponse()
    response.content_length = 5
    assert response.headers["Content-Length"] == "5" and response.content_length == 5
    response.content_length = None
    assert response.content_length is None
