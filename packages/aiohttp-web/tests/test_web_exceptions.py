"""HTTP exceptions: responses that can be raised."""

from __future__ import annotations

import pytest

from aiohttp import web, web_exceptions

PLAIN = [
    cls
    for name in web_exceptions.__all__
    if issubclass(cls := getattr(web_exceptions, name), web.HTTPException)
    and cls.status_code > 0
    and not issubclass(cls, web.HTTPMove)
    and cls
    not in (
        web.HTTPMethodNotAllowed,
        web.HTTPRequestEntityTooLarge,
        web.HTTPUnavailableForLegalReasons,
    )
]


@pytest.mark.parametrize("cls", PLAIN)
def test_each_says_its_status(cls: type[web.HTTPException]) -> None:
    error = cls()
    assert error.status == cls.status_code
    assert str(error) == error.reason
    assert error.text == (None if cls.empty_body else f"{error.status}: {error.reason}")
    assert bool(error) and error == error and hash(error) == hash(error)


@pytest.mark.parametrize(
    ("cls", "family", "first"),
    [
        (web.HTTPOk, web.HTTPSuccessful, 2),
        (web.HTTPFound, web.HTTPRedirection, 3),
        (web.HTTPGone, web.HTTPClientError, 4),
        (web.HTTPBadGateway, web.HTTPServerError, 5),
    ],
)
def test_families(
    cls: type[web.HTTPException], family: type[web.HTTPException], first: int
) -> None:
    assert issubclass(cls, family)
    assert cls.status_code // 100 == first


def test_text_reason_headers_and_type() -> None:
    error = web.HTTPBadRequest(
        text="<b>", content_type="text/html", reason="Nope", headers={"X-A": "b"}
    )
    assert (error.text, error.content_type, error.reason) == ("<b>", "text/html", "Nope")
    assert error.headers["X-A"] == "b"


def test_a_body_warns() -> None:
    with pytest.warns(DeprecationWarning, match="body argument"):
        assert web.HTTPOk(body=b"x").body == b"x"


def test_a_redirect_needs_a_location() -> None:
    error = web.HTTPFound("/é?a=b c")
    assert error.location == "/é?a=b c"
    assert error.headers["Location"] == "/%C3%A9?a=b+c"
    with pytest.raises(ValueError, match="location"):
        web.HTTPFound("")
    with pytest.raises(TypeError):
        web.HTTPFound(5)  # type: ignore[call-overload]


def test_405_lists_what_is_allowed() -> None:
    error = web.HTTPMethodNotAllowed("GET", ["PUT", "POST"])
    assert error.headers["Allow"] == "POST,PUT"
    assert (error.method, error.allowed_methods) == ("GET", {"PUT", "POST"})


def test_413_names_the_limit() -> None:
    assert web.HTTPRequestEntityTooLarge(10, 20).text == "Maximum request body size 10 exceeded."


def test_451_links_who_demands_it() -> None:
    error = web.HTTPUnavailableForLegalReasons("http://example.com/é")
    assert error.headers["Link"] == '<http://example.com/%C3%A9>; rel="blocked-by"'
    assert web.HTTPUnavailableForLegalReasons(None).link is None
