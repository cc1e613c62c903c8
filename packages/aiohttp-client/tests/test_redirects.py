"""RFC 9110 §15.4."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict
from yarl import URL

from aiohttp._client.redirects import (
    HTTP_SCHEMES,
    Redirect,
    decide,
    drop_body_fields,
    method_after,
    redirect_location,
)
from aiohttp.client_exceptions import InvalidUrlRedirectClientError, NonHttpUrlRedirectClientError


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (302, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ],
)
def test_method(status: int, method: str, expected: str) -> None:
    assert method_after(status, method) == expected


def redirect(
    url: str, location: str, *, status: int = 302, method: str = "GET", requote: bool = True
) -> Redirect:
    return decide(status, method, URL(url), location, requote=requote, schemes=HTTP_SCHEMES)


@pytest.mark.parametrize(
    ("status", "method", "keeps"),
    [
        (302, "GET", True),
        (302, "POST", False),
        (302, "PUT", True),
        (303, "GET", False),
        (303, "HEAD", True),
        (303, "PUT", False),
        (307, "GET", True),
        (307, "POST", True),
    ],
)
def test_the_body_is_not_for_another_resource(status: int, method: str, keeps: bool) -> None:
    assert redirect("http://a/", "/y", status=status, method=method).keeps_body is keeps


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/y", "http://a/y"),
        ("y?q=1", "http://a/dir/y?q=1"),
        ("?q", "http://a/dir/x?q"),
        ("//b/y", "http://b/y"),
        ("https://b:444/", "https://b:444/"),
        ("/y#other", "http://a/y#other"),
    ],
)
def test_location(location: str, expected: str) -> None:
    assert redirect("http://a/dir/x", location).url == URL(expected)


def test_the_fragment_is_inherited() -> None:
    assert redirect("http://a/x#part", "/y").url == URL("http://a/y#part")
    assert redirect("http://a/x#part", "/y#own").url == URL("http://a/y#own")


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://a/y", True),
        ("http://a:80/y", True),
        ("http://user:pw@a/y", True),
        ("https://a/y", False),
        ("http://a:81/y", False),
        ("http://b/y", False),
        ("http://sub.a/y", False),
    ],
)
def test_same_origin(url: str, same: bool) -> None:
    assert redirect("http://a/x", url).same_origin is same


def test_the_location_can_be_taken_as_it_is() -> None:
    assert redirect("http://a/", "/%2F%20", requote=False).url.raw_path == "/%2F%20"


@pytest.mark.parametrize("location", ["/a b", "/a\tb", "/a\x7f"])
def test_a_location_that_cannot_be_sent_as_it_is(location: str) -> None:
    assert redirect("http://a/", location).url.raw_path.startswith("/a")
    with pytest.raises(InvalidUrlRedirectClientError, match="space or control character"):
        redirect("http://a/", location, requote=False)


@pytest.mark.parametrize("location", ["ftp://a/", "file:///etc/passwd", "javascript:alert(1)"])
def test_schemes_out_of_reach(location: str) -> None:
    with pytest.raises(NonHttpUrlRedirectClientError):
        redirect("http://a/", location)


@pytest.mark.parametrize("location", ["http:///nohost", "https:", "http://[::1/", "http://a:b/"])
def test_no_url(location: str) -> None:
    with pytest.raises(InvalidUrlRedirectClientError):
        redirect("http://a/", location)


def test_fields_of_the_body_are_dropped() -> None:
    headers = CIMultiDict({"Content-Type": "a", "content-length": "1", "Accept": "b"})
    headers.add("Content-Encoding", "gzip")
    drop_body_fields(headers)
    assert headers == CIMultiDict({"Accept": "b"})


def test_uri_is_the_older_location() -> None:
    assert redirect_location(CIMultiDict({"URI": "/y"})) == "/y"
    assert redirect_location(CIMultiDict({"Location": "/x", "URI": "/y"})) == "/x"
    assert redirect_location(CIMultiDict()) is None
