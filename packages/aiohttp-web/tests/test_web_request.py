"""Requests: every property, the body in each form, and copies."""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from multidict import CIMultiDict
from yarl import URL

from aiohttp import BodyPartReader, HttpVersion10, StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import BadMultipart
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

KEY = web.RequestKey("KEY", int)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


def body_of(*chunks: bytes) -> StreamReader:
    reader = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16)
    for chunk in chunks:
        reader.feed_data(chunk)
    reader.feed_eof()
    return reader


def posted(headers: dict[str, str], *chunks: bytes, **kwargs: Any) -> web.Request:
    return make_mocked_request("POST", "/", headers=headers, payload=body_of(*chunks), **kwargs)


def part(name: str, value: bytes, *more: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {name}", *more]
    return b"--b\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + value + b"\r\n"


# --- Request line and connection ---


def test_parts_of_the_url() -> None:
    request = make_mocked_request("GET", "/a%20b/c?x=1&y=%20z", headers={"Host": "ex.org:81"})
    assert request.method == "GET"
    assert request.path == "/a b/c"
    assert request.raw_path == request.path_qs == "/a%20b/c?x=1&y=%20z"
    assert request.query == {"x": "1", "y": " z"} and request.query_string == "x=1&y= z"
    assert request.rel_url == URL("/a%20b/c?x=1&y=%20z")
    assert request.url == URL("http://ex.org:81/a%20b/c?x=1&y=%20z")
    assert (request.scheme, request.secure, request.host) == ("http", False, "ex.org:81")
    assert (request.version.major, request.keep_alive) == (1, True)


def test_an_absolute_target_goes_before_host() -> None:
    request = make_mocked_request("GET", "https://full.org:81/p?q=1", headers={"Host": "other"})
    assert (request.host, request.path) == ("full.org", "/p")
    # The scheme is the connection's, whatever the peer says.
    assert (request.scheme, request.secure) == ("http", False)
    assert request.url == URL("http://full.org:81/p?q=1")
    assert request.rel_url == URL("/p?q=1")


def test_without_host_it_is_the_address_that_was_reached() -> None:
    request = make_mocked_request("GET", "/", version=HttpVersion10)
    assert request.host == "127.0.0.1"
    assert not request.keep_alive


@pytest.mark.parametrize(
    ("peername", "remote"), [(None, None), (("1.2.3.4", 5), "1.2.3.4"), ("/sock", "/sock")]
)
def test_remote(peername: object, remote: str | None) -> None:
    request = make_mocked_request("GET", "/")
    request.protocol.peername = peername
    assert request.remote == remote


def test_extra_info_of_a_lost_connection() -> None:
    request = make_mocked_request("GET", "/")
    assert request.get_extra_info("sockname") == ("127.0.0.1", 80)
    request.protocol.transport = None
    assert request.transport is None
    assert request.get_extra_info("sockname", "default") == "default"


# --- Header fields ---


def test_conditions_and_dates() -> None:
    date = "Thu, 01 Jan 1970 00:00:10 GMT"
    then = datetime.datetime(1970, 1, 1, 0, 0, 10, tzinfo=datetime.timezone.utc)
    request = make_mocked_request(
        "GET",
        "/",
        headers={
            "If-Modified-Since": date,
            "If-Unmodified-Since": "nonsense",
            "If-Range": date,
            "If-Match": "*",
            "If-None-Match": '"a", W/"b"',
        },
    )
    assert request.if_modified_since == request.if_range == then
    assert request.if_unmodified_since is None
    assert request.if_match is not None and request.if_match[0].value == "*"
    assert request.if_none_match is not None
    assert [(tag.value, tag.is_weak) for tag in request.if_none_match] == [
        ("a", False),
        ("b", True),
    ]
    assert make_mocked_request("GET", "/").if_match is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("bytes=0-9", slice(0, 10, 1)),
        ("bytes=5-", slice(5, None, 1)),
        ("bytes=-5", slice(-5, None, 1)),
        (None, slice(None, None, 1)),
    ],
)
def test_ranges(text: str | None, wanted: slice) -> None:
    headers = {} if text is None else {"Range": text}
    assert make_mocked_request("GET", "/", headers=headers).http_range == wanted


@pytest.mark.parametrize("text", ["bytes=5-1", "items=0-1", "bytes=0-1,3-4", "bytes=-", "bytes=٣-"])
def test_ranges_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        _ = make_mocked_request("GET", "/", headers={"Range": text}).http_range


def test_cookies_and_forwarded() -> None:
    request = make_mocked_request(
        "GET",
        "/",
        headers=CIMultiDict(
            [
                ("Cookie", 'a=b; c="d e"'),
                ("Forwarded", 'for=1.2.3.4;Proto=https, for="[::1]:80"'),
                ("Forwarded", "bad;;, for=x"),
            ]
        ),
    )
    assert request.cookies == {"a": "b", "c": "d e"}
    assert request.forwarded[0] == {"for": "1.2.3.4", "proto": "https"}
    assert request.forwarded[-1] == {"for": "x"}
    with pytest.raises(TypeError):
        request.cookies["x"] = "y"  # type: ignore[index]


# --- Body ---


async def test_the_body_is_kept() -> None:
    request = posted({"Content-Type": "text/plain; charset=koi8-r"}, "при".encode("koi8-r"), b"!")
    assert request.body_exists and request.can_read_body
    assert await request.text() == "при!"
    assert await request.read() == "при!".encode("koi8-r")
    assert not request.can_read_body
    assert not make_mocked_request("GET", "/").body_exists


async def test_json() -> None:
    assert await posted({}, b'{"a": 1}').json() == {"a": 1}
    assert await posted({}, b"x").json(loads=str.upper) == "X"
    with pytest.raises(ValueError):
        await posted({}, b"{").json()


async def test_an_unknown_charset_is_the_peers_mistake() -> None:
    with pytest.raises(web.HTTPUnsupportedMediaType) as caught:
        await posted({"Content-Type": "text/plain; charset=nope"}, b"x").text()
    assert isinstance(caught.value, LookupError)


async def test_the_body_is_bounded_while_it_is_read() -> None:
    assert await posted({}, b"x" * 10, client_max_size=10).read() == b"x" * 10
    assert await posted({}, b"x" * 10, client_max_size=0).read() == b"x" * 10
    with pytest.raises(web.HTTPRequestEntityTooLarge):
        await posted({}, b"x" * 10, b"y", client_max_size=10).read()


async def test_release_reads_to_the_end() -> None:
    request = posted({}, b"x", b"y")
    await request.release()
    assert request.content.at_eof()


# --- Forms ---


async def test_an_urlencoded_form() -> None:
    form = await posted(FORM, b"a=1&b=&a=%20+z&%C3%A9=%ff").post()
    assert list(form.items()) == [("a", "1"), ("b", ""), ("a", "  z"), ("é", "\ufffd")]


async def test_a_form_is_read_once() -> None:
    request = posted(FORM, b"a=1")
    assert await request.post() is await request.post()


@pytest.mark.parametrize(
    ("method", "content_type"), [("GET", FORM["Content-Type"]), ("POST", "application/json")]
)
async def test_what_is_no_form_is_empty(method: str, content_type: str) -> None:
    request = make_mocked_request(
        method, "/", headers={"Content-Type": content_type}, payload=body_of(b"a=1")
    )
    assert not await request.post()


async def test_a_multipart_form() -> None:
    request = posted(
        MULTIPART,
        part('name="a"', b"v1"),
        part('name="json"', b"{}", "Content-Type: application/json"),
        part('name="latin"', b"\xe9", "Content-Type: text/plain; charset=latin-1"),
        part('name="f"; filename="x.txt"', b"file data", "Content-Type: text/x"),
        b"--b--\r\n",
    )
    form = await request.post()
    assert (form["a"], form["json"], form["latin"]) == ("v1", b"{}", "é")
    file = form["f"]
    assert isinstance(file, web.FileField)
    assert (file.name, file.filename, file.content_type) == ("f", "x.txt", "text/x")
    assert file.headers["Content-Type"] == "text/x"
    assert file.file.read() == b"file data"
    request._finish()
    assert file.file.closed


@pytest.mark.parametrize("headers", [FORM, MULTIPART])
async def test_fields_are_counted(headers: dict[str, str]) -> None:
    body = b"a=1&b=2&c=3"
    if headers is MULTIPART:
        body = part('name="a"', b"1") * 3 + b"--b--\r\n"
    assert len(await posted(headers, body, client_max_fields=3).post()) == 3
    assert len(await posted(headers, body, client_max_fields=0).post()) == 3
    with pytest.raises(web.HTTPRequestEntityTooLarge) as caught:
        await posted(headers, body, client_max_fields=2).post()
    assert caught.value.text == "Maximum number of form fields 2 exceeded."


async def test_bytes_are_counted_over_all_fields_and_files() -> None:
    small = part('name="a"', b"x" * 40) + part('name="f"; filename="f"', b"y" * 40) + b"--b--\r\n"
    request = posted(MULTIPART, small, client_max_size=len(small))
    await request.post()
    request._finish()
    with pytest.raises(web.HTTPRequestEntityTooLarge):
        await posted(MULTIPART, small, client_max_size=len(small) // 2).post()
    heads = part('name="a"', b"", "X-Large: " + "x" * 1000) + b"--b--\r\n"
    with pytest.raises(web.HTTPRequestEntityTooLarge):
        await posted(MULTIPART, heads, client_max_size=100).post()


@pytest.mark.parametrize(
    "body",
    [
        part("", b"no name") + b"--b--\r\n",
        part('name="a"', b"x"),
        b"--b\r\nno colon\r\n\r\nx\r\n--b--\r\n",
        b"no boundary at all",
    ],
)
async def test_a_malformed_form_is_the_peers_mistake(body: bytes) -> None:
    with pytest.raises(BadMultipart):
        await posted(MULTIPART, body).post()


async def test_a_nested_form_needs_a_reader_of_ones_own() -> None:
    inner = b"--c\r\n\r\nx\r\n--c--\r\n"
    nested = part('name="n"', inner, "Content-Type: multipart/mixed; boundary=c") + b"--b--\r\n"
    with pytest.raises(BadMultipart, match="custom reader"):
        await posted(MULTIPART, nested).post()


# --- Copies ---


async def test_a_clone_differs_where_asked() -> None:
    request = make_mocked_request("GET", "/a", headers={"X": "1"})
    request["k"] = "v"
    copy = request.clone(
        method="POST",
        rel_url="/b c?d=e",
        headers={"Y": "2"},
        scheme="https",
        host="h",
        remote="1.1.1.1",
        client_max_size=5,
        client_max_fields=6,
    )
    assert (copy.method, copy.path, copy.headers["Y"]) == ("POST", "/b c", "2")
    assert copy.raw_headers == ((b"Y", b"2"),)
    assert (copy.scheme, copy.secure, copy.host, copy.remote) == ("https", True, "h", "1.1.1.1")
    assert str(copy.url) == "https://h/b%20c?d=e"
    assert (copy.client_max_size, copy.client_max_fields) == (5, 6)
    assert copy["k"] == "v" and copy.match_info is request.match_info
    copy["k"] = "other"
    assert request["k"] == "v" and request.method == "GET"
    assert request.clone().headers == request.headers


async def test_a_request_that_was_read_is_not_cloned() -> None:
    request = posted({}, b"x")
    await request.read()
    with pytest.raises(RuntimeError, match="Cannot clone request after reading"):
        request.clone()


# --- What a peer sends that cannot be understood ---

TEXT = {"Content-Type": "text/plain"}


async def _text(request: web.Request) -> Any:
    return await request.text()


async def _json(request: web.Request) -> Any:
    return await request.json()


async def _own_json(request: web.Request) -> Any:
    def loads(text: str) -> Any:
        raise ValueError("/srv/app/schema.py says no")

    return await request.json(loads=loads)


async def _part(request: web.Request) -> Any:
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        await part.json()


async def _range(request: web.Request) -> Any:
    return request.http_range


MIXED = b"--b\r\nContent-Type: application/json\r\n\r\n{\r\n--b--\r\n"
NOT_UNDERSTOOD = [
    pytest.param(
        _text, {}, b"a\xff", UnicodeDecodeError,
        "The body is not utf-8: invalid start byte at byte 1", id="text",
    ),
    pytest.param(
        _text, {"Content-Type": "text/plain; charset=utf-16"}, b"x", UnicodeDecodeError,
        "The body is not utf-16-le: truncated data at byte 0", id="half a character",
    ),
    pytest.param(
        _json, {}, b'"\xff"', UnicodeDecodeError,
        "The body is not utf-8: invalid start byte at byte 1", id="text of json",
    ),
    pytest.param(
        _json, {}, b"{", json.JSONDecodeError,
        "The body is not valid JSON: Expecting property name enclosed in double quotes at line 1"
        " column 2",
        id="json",
    ),
    pytest.param(
        _json, {}, b"", json.JSONDecodeError,
        "The body is not valid JSON: Expecting value at line 1 column 1", id="no json",
    ),
    pytest.param(
        _json, {}, b"[" * 100_000, RecursionError, "The body is not valid JSON", id="deep json"
    ),
    pytest.param(_own_json, {}, b"{}", ValueError, "The body is not valid JSON", id="own json"),
    pytest.param(
        _part, {"Content-Type": "multipart/mixed; boundary=b"}, MIXED, json.JSONDecodeError,
        "The body is not valid JSON: Expecting property name enclosed in double quotes at line 1"
        " column 2",
        id="json of a part",
    ),
    pytest.param(
        _range, {"Range": "bytes=x"}, b"", ValueError,
        "Range is malformed, or has more than one range", id="range",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("look", "fields", "body", "kind", "said"), NOT_UNDERSTOOD)
async def test_what_is_not_understood_is_the_peers_fault(
    look: Callable[[web.Request], Awaitable[Any]],
    fields: dict[str, str],
    body: bytes,
    kind: type[Exception],
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Who does not catch the exception answers 400, with a line at DEBUG."""

    async def handler(request: web.Request) -> web.Response:
        await look(request)
        return web.Response()

    caplog.set_level(logging.DEBUG)
    app = web.Application()
    app.router.add_post("/", handler)
    async with TestClient(TestServer(app)) as client:
        async with client.post("/", data=body, headers=TEXT | fields) as response:
            assert (response.status, await response.text()) == (400, said)
    records = [record for record in caplog.records if record.name == "aiohttp.server"]
    assert [(record.levelno, record.exc_info) for record in records] == [(logging.DEBUG, None)]


@pytest.mark.parametrize(("look", "fields", "body", "kind", "said"), NOT_UNDERSTOOD)
async def test_who_catches_it_finds_the_exception_as_it_was(
    look: Callable[[web.Request], Awaitable[Any]],
    fields: dict[str, str],
    body: bytes,
    kind: type[Exception],
    said: str,
) -> None:
    caught: list[type[Exception]] = []

    async def handler(request: web.Request) -> web.Response:
        try:
            await look(request)
        except kind as error:
            caught.append(type(error))
            if request.query:
                raise RuntimeError("what a program makes of it is its own") from error
        return web.Response(text="caught")

    app = web.Application()
    app.router.add_post("/", handler)
    async with TestClient(TestServer(app)) as client:
        async with client.post("/", data=body, headers=TEXT | fields) as response:
            assert (response.status, await response.text()) == (200, "caught")
        async with client.post("/?again", data=body, headers=TEXT | fields) as response:
            assert response.status == 500
    assert caught == [kind, kind]


# --- Mapping and object ---


def test_a_mapping_with_typed_keys() -> None:
    request = make_mocked_request("GET", "/é")
    with pytest.raises(KeyError):
        _ = request[KEY]
    with pytest.raises(KeyError):
        del request[KEY]
    request[KEY] = 1
    assert request[KEY] == 1 and len(request) == 1 and list(request) == [KEY]
    del request[KEY]
    assert bool(request) and request == request and request != make_mocked_request("GET", "/")
    assert repr(request) == "<Request GET /\\xe9 >"


@pytest.mark.parametrize("name", ["message", "loop", "has_body"])
def test_deprecated_properties(name: str) -> None:
    request = make_mocked_request("GET", "/")
    with pytest.warns(DeprecationWarning):
        getattr(request, name)


def test_an_application_is_known_after_routing() -> None:
    app = web.Application()
    app.pre_freeze()
    request = make_mocked_request("GET", "/", app=app, match_info={"a": "b"})
    assert request.app is app and request.match_info["a"] == "b"
    request._match_info = None
    with pytest.raises(RuntimeError, match="was not routed"):
        _ = request.app
