"""Responses: what is set, what is sent, and in how many writes."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import io
import json
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from multidict import CIMultiDict

from aiohttp import ETag, HttpVersion, HttpVersion10, HttpVersion11, payload, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_writer import StreamWriter
from aiohttp.test_utils import make_mocked_request

KEY = web.ResponseKey("KEY", int)


class Wire(asyncio.Transport):
    """A transport that remembers its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closing = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closing

    @property
    def head(self) -> str:
        return b"".join(self.writes).partition(b"\r\n\r\n")[0].decode()

    @property
    def fields(self) -> CIMultiDict[str]:
        lines = self.head.split("\r\n")[1:]
        return CIMultiDict(tuple(line.split(": ", 1)) for line in lines)  # type: ignore[misc]

    @property
    def body(self) -> bytes:
        return b"".join(self.writes).partition(b"\r\n\r\n")[2]


def exchange(
    method: str = "GET",
    *,
    headers: dict[str, str] | None = None,
    version: HttpVersion = HttpVersion11,
    **kwargs: Any,
) -> tuple[web.Request, Wire]:
    loop = asyncio.get_running_loop()
    protocol, wire = BaseProtocol(loop), Wire()
    protocol.transport = wire
    request = make_mocked_request(
        method,
        "/",
        headers=headers,
        version=version,
        protocol=protocol,
        writer=StreamWriter(protocol, loop),
        **kwargs,
    )
    return request, wire


async def send(response: web.StreamResponse, request: web.Request) -> None:
    """Send as the serve loop does."""
    if response._send_whole(request) is None:
        await response.prepare(request)
        await response.write_eof()


async def sent(response: web.StreamResponse, method: str = "GET", **kwargs: Any) -> Wire:
    request, wire = exchange(method, **kwargs)
    await send(response, request)
    return wire


# --- Making responses ---


def test_text() -> None:
    response = web.Response(text="é", content_type="text/html", charset="latin-1")
    assert response.body == b"\xe9" and response.text == "é"
    assert response.headers["Content-Type"] == "text/html; charset=latin-1"
    assert (response.content_type, response.charset) == ("text/html", "latin-1")
    assert response.content_length == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"body": b"", "text": ""}, ValueError),
        ({"text": 1}, TypeError),
        ({"text": "x", "content_type": "a/b; charset=x"}, ValueError),
        ({"body": object()}, ValueError),
        ({"text": "x", "headers": {"Content-Type": "a/b"}, "content_type": "c/d"}, ValueError),
        ({"text": "x", "headers": {"Content-Type": "a/b"}, "charset": "x"}, ValueError),
        ({"reason": "a\nb"}, ValueError),
        ({"text": "x", "charset": "nope"}, LookupError),
    ],
)
def test_arguments_that_contradict(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        web.Response(**arguments)


def test_headers_are_copied() -> None:
    shared = CIMultiDict({"X-A": "b"})
    web.Response(text="x", headers=shared)
    assert shared == {"X-A": "b"}


def test_json() -> None:
    response = web.json_response({"a": 1}, dumps=lambda data: json.dumps(data, indent=1))
    assert response.text == '{\n "a": 1\n}'
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    raw = web.json_bytes_response([1], dumps=lambda data: b"[1]")
    assert raw.body == b"[1]" and raw.content_type == "application/json"
    with pytest.raises(ValueError, match="only one of"):
        web.json_response("x", text="y")
    with pytest.raises(ValueError, match="only one of"):
        web.json_bytes_response("x", dumps=lambda data: b"", body=b"y")


def test_status_and_reason() -> None:
    response = web.Response(status=299)
    assert (response.status, response.reason) == (299, "")
    response.set_status(404)
    assert response.reason == "Not Found"
    response.set_status(200, "Fine")
    assert response.reason == "Fine"


def test_body_and_text_are_exchanged() -> None:
    response = web.Response()
    assert response.body is None and response.text is None and response.content_length == 0
    response.text = "x"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    response.body = "payload"
    assert isinstance(response.body, payload.StringPayload) and response.text == "payload"
    response.body = None
    assert response.text is None
    with pytest.raises(TypeError):
        response.text = 5  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="set automatically"):
        response.content_length = 5


def test_media_type_and_charset() -> None:
    response = web.StreamResponse()
    with pytest.raises(RuntimeError, match="doesn't make sense"):
        response.charset = "utf-8"
    response.content_type = "text/html"
    response.charset = "UTF-8"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    response.charset = None
    assert response.headers["Content-Type"] == "text/html"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1.5, "Thu, 01 Jan 1970 00:00:02 GMT"),
        (datetime.datetime(1970, 1, 1, 0, 0, 1), "Thu, 01 Jan 1970 00:00:01 GMT"),
        (
            datetime.datetime(1970, 1, 1, 0, 0, 1, 500, tzinfo=datetime.timezone.utc),
            "Thu, 01 Jan 1970 00:00:02 GMT",
        ),
        ("anything", "anything"),
        (None, None),
    ],
)
def test_last_modified(value: Any, text: str | None) -> None:
    response = web.StreamResponse()
    response.last_modified = value
    assert response.headers.get("Last-Modified") == text


def test_etag() -> None:
    response = web.StreamResponse()
    assert response.etag is None
    response.etag = "a"
    assert response.headers["Etag"] == '"a"' and response.etag == ETag("a")
    response.etag = ETag("a", is_weak=True)
    assert response.headers["Etag"] == 'W/"a"'
    response.etag = "*"
    assert response.headers["Etag"] == "*" and response.etag == ETag("*")
    for bad in ('"', object(), ETag(5)):  # type: ignore[arg-type]
        with pytest.raises(ValueError):
            response.etag = bad  # type: ignore[assignment]
    response.etag = None
    assert "Etag" not in response.headers
    with pytest.raises(TypeError, match="last_modified"):
        response.last_modified = object()  # type: ignore[assignment]


def test_cookies() -> None:
    response = web.Response()
    response.set_cookie(
        "a",
        "b c",
        expires="Thu, 01 Jan 2099 00:00:00 GMT",
        domain="ex.org",
        max_age=10,
        path="/p",
        secure=True,
        httponly=True,
        samesite="Lax",
        partitioned=True,
    )
    assert response.cookies["a"].OutputString() == (
        'a="b c"; Domain=ex.org; expires=Thu, 01 Jan 2099 00:00:00 GMT; HttpOnly; Max-Age=10;'
        " Partitioned; Path=/p; SameSite=Lax; Secure"
    )
    response.del_cookie("a", secure=True)
    assert response.cookies["a"].OutputString() == (
        'a=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure'
    )
    response.set_cookie("a", "new")
    assert response.cookies["a"].OutputString() == "a=new; Path=/; Secure"


# --- Sending at once ---


async def test_head_and_body_leave_in_one_write() -> None:
    wire = await sent(web.Response(text="hello"))
    assert len(wire.writes) == 1
    assert wire.head.startswith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n")
    assert set(wire.fields) == {"Content-Type", "Content-Length", "Date", "Server"}
    assert (wire.fields["Content-Length"], wire.body) == ("5", b"hello")


async def test_with_fields_of_ones_own_too() -> None:
    response = web.Response(body=b"x", status=201, headers={"X-A": "b", "Server": "me"})
    response.set_cookie("c", "d")
    wire = await sent(response)
    assert len(wire.writes) == 1
    assert wire.fields["Content-Type"] == "application/octet-stream"
    assert (wire.fields["Server"], wire.fields["Set-Cookie"]) == ("me", "c=d; Path=/")


async def test_both_ways_say_the_same() -> None:
    makers: list[Callable[[], web.Response]] = [
        lambda: web.Response(),
        lambda: web.Response(text="x"),
        lambda: web.Response(body=b"x", headers={"X-A": "b"}),
        lambda: web.Response(status=204),
        lambda: web.Response(status=304, text="x"),
        lambda: web.Response(status=205, text="x"),
        lambda: web.Response(body=b"xyz", headers={"Content-Length": "3"}),
        lambda: web.Response(text="x", headers={"Connection": "close"}),
        lambda: web.json_response([1]),
        lambda: web.HTTPNotFound(),
    ]
    for make in makers:
        for method in ("GET", "HEAD"):
            for version in (HttpVersion10, HttpVersion11):
                whole, stepwise = (
                    exchange(method, version=version),
                    exchange(method, version=version),
                )
                assert make()._send_whole(whole[0]) is not None
                response = make()
                await response.prepare(stepwise[0])
                await response.write_eof()
                assert whole[1].fields == stepwise[1].fields, (make(), method, version)
                assert whole[1].body == stepwise[1].body


async def test_fields_can_be_read_after_sending() -> None:
    request, wire = exchange()
    response = web.Response(text="hello")
    assert response._send_whole(request) is True
    assert response.prepared and response.keep_alive
    assert dict(response.headers) == dict(wire.fields)
    assert response.body_length == len(wire.writes[0])


@pytest.mark.parametrize(
    "prepare",
    [
        lambda response: response.enable_compression(),
        lambda response: response.enable_chunked_encoding(),
        lambda response: setattr(response, "body", io.BytesIO(b"x")),
    ],
)
async def test_what_has_to_wait_is_not_sent_at_once(
    prepare: Callable[[web.Response], None],
) -> None:
    response = web.Response(text="x")
    prepare(response)
    request, wire = exchange()
    assert response._send_whole(request) is None
    assert not wire.writes
    await response.prepare(request)
    await response.write_eof()
    assert wire.writes


async def test_a_subclass_gets_its_methods_called() -> None:
    class Noisy(web.Response):
        async def prepare(self, request: web.BaseRequest) -> Any:
            self.headers["X-Noisy"] = "yes"
            return await super().prepare(request)

    assert (await sent(Noisy(text="x"))).fields["X-Noisy"] == "yes"


async def test_a_congested_or_closing_connection_waits() -> None:
    request, _ = exchange()
    request.protocol._paused = True
    assert web.Response(text="x")._send_whole(request) is None
    request, wire = exchange()
    wire.closing = True
    assert web.Response(text="x")._send_whole(request) is None


async def test_control_characters_are_refused() -> None:
    for response in (
        web.Response(text="x", headers={"X-A": "b\r\nX-Evil: 1"}),
        web.Response(text="x", content_type="text/plain\r\nX-Evil: 1"),
    ):
        request, wire = exchange()
        with pytest.raises(ValueError):
            await send(response, request)
        assert not wire.writes


async def test_a_response_is_sent_once() -> None:
    response = web.Response(text="x")
    await sent(response)
    request, _ = exchange()
    with pytest.raises(RuntimeError, match="was sent already"):
        await send(response, request)


async def test_a_clone_is_answered_with_its_original() -> None:
    request, wire = exchange()
    response = web.Response(text="x")
    await send(response, request.clone())
    assert await response.prepare(request) is None
    await response.write_eof()
    assert len(wire.writes) == 1


# --- Sending step by step ---


async def test_a_stream_is_chunked() -> None:
    request, wire = exchange()
    response = web.StreamResponse()
    await response.prepare(request)
    assert wire.fields["Transfer-Encoding"] == "chunked"
    assert response.prepared and "Content-Length" not in wire.fields
    await response.write(b"ab")
    await response.write_eof(b"c")
    assert wire.body == b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    await response.write_eof()
    assert response.body_length == sum(map(len, wire.writes))


async def test_a_stream_of_known_length_is_not() -> None:
    request, wire = exchange()
    response = web.StreamResponse(headers={"Content-Length": "3"})
    await response.prepare(request)
    await response.write(b"abcdef")
    await response.write_eof()
    assert wire.body == b"abc" and response.keep_alive


async def test_a_body_that_ends_early_ends_the_connection() -> None:
    request, _ = exchange()
    response = web.StreamResponse(headers={"Content-Length": "3"})
    await response.prepare(request)
    await response.write_eof(b"a")
    assert response.keep_alive is False


async def test_http_1_0_reads_until_the_close() -> None:
    request, wire = exchange(version=HttpVersion10, headers={"Connection": "keep-alive"})
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write_eof(b"abc")
    assert wire.body == b"abc" and response.keep_alive is False
    chunked = web.StreamResponse()
    chunked.enable_chunked_encoding()
    with pytest.raises(RuntimeError, match="forbidden"):
        await chunked.prepare(exchange(version=HttpVersion10)[0])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", [web.Response, web.StreamResponse])
async def test_http_1_0_gets_no_transfer_coding(
    kind: type[web.StreamResponse], method: str
) -> None:
    """RFC 9112 §6.1, whatever a handler has put into the fields."""
    response = kind(headers={"Transfer-Encoding": "chunked"})
    wire = await sent(response, method, version=HttpVersion10)
    assert "Transfer-Encoding" not in wire.fields


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_no_body_where_none_may_be(method: str, status: int) -> None:
    request, wire = exchange(method)
    response = web.StreamResponse(status=status)
    await response.prepare(request)
    await response.write(b"ab")
    await response.write_eof(b"c")
    assert wire.body == b"" and "Transfer-Encoding" not in wire.fields


async def test_misuse_is_told() -> None:
    response = web.StreamResponse()
    with pytest.raises(RuntimeError, match="before prepare"):
        await response.write(b"")
    with pytest.raises(RuntimeError, match="call prepare"):
        await response.write_eof()
    with pytest.raises(RuntimeError, match="call prepare"):
        await response.drain()
    request, _ = exchange()
    await response.prepare(request)
    with pytest.raises(TypeError, match="byte-ish"):
        await response.write("text")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="after the headers have been sent"):
        response.set_status(500)
    with pytest.warns(DeprecationWarning):
        await response.drain()
    await response.write_eof()
    with pytest.raises(RuntimeError, match="after write_eof"):
        await response.write(b"")
    with pytest.raises(RuntimeError, match="already been finished"):
        await response.drain()


async def test_chunks_and_a_length_exclude_each_other() -> None:
    response = web.StreamResponse(headers={"Content-Length": "3"})
    with pytest.raises(RuntimeError, match="content length is set"):
        response.enable_chunked_encoding()
    response = web.StreamResponse()
    with pytest.warns(DeprecationWarning):
        response.enable_chunked_encoding(5)
    with pytest.raises(RuntimeError, match="chunked encoding is enable"):
        response.content_length = 3


async def test_force_close() -> None:
    response = web.Response(text="x")
    response.force_close()
    assert (await sent(response)).fields["Connection"] == "close"


# --- Content codings ---


@pytest.mark.parametrize(
    ("accept", "coding"),
    [("gzip", "gzip"), ("gzip, deflate", "deflate"), ("br", "br"), ("zstd", "zstd"), ("x", None)],
)
async def test_compression_by_negotiation(accept: str, coding: str | None) -> None:
    response = web.Response(text="hello " * 100)
    response.enable_compression()
    wire = await sent(response, headers={"Accept-Encoding": accept})
    assert wire.fields.get("Content-Encoding") == coding
    assert wire.fields["Content-Length"] == str(len(wire.body))
    assert (len(wire.body) < 600) is (coding is not None)


async def test_compression_of_a_stream() -> None:
    request, wire = exchange(version=HttpVersion10)
    response = web.StreamResponse()
    response.enable_compression(web.ContentCoding.gzip)
    await response.prepare(request)
    await response.write_eof(b"abc")
    assert gzip.decompress(wire.body) == b"abc"


async def test_forced_and_deprecated_codings() -> None:
    response = web.Response(text="x")
    response.enable_compression(web.ContentCoding.identity)
    assert (await sent(response)).body == b"x"
    with pytest.warns(DeprecationWarning):
        web.Response().enable_compression(True)
    with pytest.raises(TypeError, match="force should"):
        web.Response().enable_compression("gzip")  # type: ignore[call-overload]
    empty = web.Response()
    empty.enable_compression(web.ContentCoding.gzip)
    assert (await sent(empty)).body == b""


async def test_a_large_body_is_compressed_in_the_executor() -> None:
    response = web.Response(body=b"x" * 100_000, zlib_executor_size=10)
    response.enable_compression(web.ContentCoding.gzip)
    assert gzip.decompress((await sent(response)).body) == b"x" * 100_000


# --- Payloads ---


async def test_payloads_are_bodies() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"bc"

    assert (await sent(web.Response(body=pieces()))).body == b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"
    wire = await sent(web.Response(body=io.BytesIO(b"abc")))
    assert (wire.fields["Content-Length"], wire.body) == ("3", b"abc")
    wire = await sent(web.Response(body="text"))
    assert wire.fields["Content-Type"] == "text/plain; charset=utf-8"


class Closing(payload.BytesPayload):
    """Counts how often it is closed."""

    closed = 0
    error: Exception | None = None

    async def write(self, writer: Any) -> None:
        if self.error is not None:
            raise self.error
        await super().write(writer)

    async def close(self) -> None:
        self.closed += 1


async def test_a_payload_is_closed_in_any_case() -> None:
    body = Closing(b"x")
    await sent(web.Response(body=body))
    assert body.closed == 1

    body = Closing(b"x")
    await sent(web.Response(body=body), "HEAD")
    assert body.closed == 1

    body = Closing(b"x")
    body.error = OSError("broken")
    with pytest.raises(OSError, match="broken"):
        await sent(web.Response(body=body))
    assert body.closed == 1

    body = Closing(b"x")
    with pytest.raises(ValueError):
        await sent(web.Response(body=body, headers={"X": "a\r\nb"}))
    assert body.closed == 1


# --- Flow control ---


async def test_nodelay_and_cork() -> None:
    response = web.StreamResponse()
    assert response.tcp_nodelay and not response.tcp_cork
    with pytest.raises(RuntimeError, match="before prepare"):
        response.set_tcp_cork(True)
    request, wire = exchange()
    with socket.socket() as sock:
        wire.get_extra_info = lambda name, default=None: sock  # type: ignore[method-assign]
        await response.prepare(request)
        response.set_tcp_cork(True)
        assert response.tcp_cork and not response.tcp_nodelay
        response.set_tcp_nodelay(True)
        assert response.tcp_nodelay and not response.tcp_cork
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# --- Mapping and object ---


def test_a_mapping_with_typed_keys() -> None:
    response = web.Response()
    with pytest.raises(KeyError):
        _ = response[KEY]
    with pytest.raises(KeyError):
        del response[KEY]
    response[KEY] = 1
    assert response[KEY] == 1 and len(response) == 1 and list(response) == [KEY]
    del response[KEY]
    assert bool(response) and response == response and response != web.Response()
    assert len({response, response}) == 1


async def test_repr_tells_how_far_it_is() -> None:
    request, _ = exchange()
    response = web.StreamResponse()
    assert repr(response) == "<StreamResponse OK not prepared>"
    await response.prepare(request)
    assert repr(response) == "<StreamResponse OK GET / >"
    assert response.task is request.task
    await response.write_eof()
    assert repr(response) == "<StreamResponse OK eof>"
