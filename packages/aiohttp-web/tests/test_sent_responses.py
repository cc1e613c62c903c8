"""What a server sends, byte for byte, and when it closes: RFC 9110, RFC 9112."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme

from aiohttp import web

GET = b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"HEAD %b HTTP/1.1\r\nHost: a\r\n\r\n"
# The last request of a connection, so that all there is can be awaited.
END = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

# RFC 9110 §5.6.7
IMF_FIXDATE = re.compile(
    rb"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} "
    rb"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
    rb"[0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)


async def _whole(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _with_fields(request: web.Request) -> web.Response:
    return web.Response(text="hello", headers={"X": "y", "Content-Length": "5"})


async def _stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"hel")
    await response.write(b"lo")
    return response


async def _stream_of_known_length(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "5"})
    await response.prepare(request)
    await response.write(b"hello")
    return response


async def _chunked_with_a_length(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    response.headers["Content-Length"] = "5"
    await response.prepare(request)
    await response.write(b"hel")
    await response.write(b"lo")
    return response


async def _length_with_a_coding(request: web.Request) -> web.Response:
    return web.Response(body=b"hello", headers={"Transfer-Encoding": "chunked"})


async def _moved(request: web.Request) -> web.Response:
    raise web.HTTPFound("/")


async def _broken(request: web.Request) -> web.Response:
    raise RuntimeError("on purpose")


async def _status(request: web.Request) -> web.StreamResponse:
    """With a body and a length, whatever the status has to say of them."""
    status = int(request.match_info["status"])
    if request.match_info["kind"] == "plain":
        return web.Response(status=status)
    kind: Any = {"whole": web.Response, "stream": web.StreamResponse}[request.match_info["kind"]]
    response = kind(status=status, headers={"Content-Length": "5"})
    if kind is web.Response:
        response.body = b"hello"
        return response  # type: ignore[no-any-return]
    await response.prepare(request)
    await response.write(b"hello")
    return response  # type: ignore[no-any-return]


async def _read(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


async def _refuse(request: web.Request) -> web.Response:
    raise web.HTTPForbidden


async def _other_protocol(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.close()
    return socket


class Place:
    def __init__(self, port: int) -> None:
        self.port = port

    async def talk(self, *pieces: bytes, until: bytes = b"") -> bytes:
        """Send, wait for `until` between the pieces, and return all that came."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        heard = b""
        try:
            for number, piece in enumerate(pieces):
                if number:
                    heard += await asyncio.wait_for(reader.readuntil(until), 10)
                writer.write(piece)
            return heard + await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with serving() as found:
        yield found


@asynccontextmanager
async def serving(context: ssl.SSLContext | None = None) -> AsyncIterator[Place]:
    app = web.Application()
    for path, handler in (
        ("/", _whole),
        ("/fields", _with_fields),
        ("/stream", _stream),
        ("/length", _stream_of_known_length),
        ("/both", _chunked_with_a_length),
        ("/coding", _length_with_a_coding),
        ("/moved", _moved),
        ("/broken", _broken),
        ("/{kind}/{status}", _status),
    ):
        app.router.add_get(path, handler)
    app.router.add_post("/read", _read)
    app.router.add_post("/refused", _read, expect_handler=_refuse)
    app.router.add_route("*", "/other", _other_protocol)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, shutdown_grace=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield Place(site.port)
    finally:
        await runner.cleanup()


def head_of(answer: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """The status line, the fields and what follows them."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    fields = dict(line.split(b": ", 1) for line in lines)
    assert len(fields) == len(lines)
    return status, fields, rest


# --- The status line (RFC 9112 §4) ---


@pytest.mark.parametrize("kind", [b"plain", b"whole", b"stream"])
async def test_a_space_follows_the_status_whatever_the_reason(place: Place, kind: bytes) -> None:
    answer = await place.talk((GET % (b"/%b/299" % kind)) + END)
    assert answer.startswith(b"HTTP/1.1 299 \r\n")


# --- Date (RFC 9110 §6.6.1) ---


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (b"/", 200),
        (b"/fields", 200),
        (b"/stream", 200),
        (b"/whole/304", 304),
        (b"/moved", 302),
        (b"/missing", 404),
        (b"no slash", 400),
        (b"/" + b"x" * 9000, 414),
    ],
)
async def test_responses_are_dated(place: Place, path: bytes, status: int) -> None:
    said, fields, _ = head_of(await place.talk((GET % path) + END))
    assert said.split(b" ")[1] == b"%d" % status
    assert IMF_FIXDATE.fullmatch(fields[b"Date"])


# --- Responses without content (RFC 9110 §6.4.1, §8.6; RFC 9112 §6.1, §6.3) ---


@pytest.mark.parametrize("path", [b"/", b"/fields", b"/stream", b"/length", b"/moved", b"/missing"])
async def test_head_is_answered_with_the_head_of_get(place: Place, path: bytes) -> None:
    answer = await place.talk((HEAD % path) + END)
    status, fields, rest = head_of(answer)
    # The next response follows at once.
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")
    of_get = head_of(await place.talk((GET % path) + END))
    assert status == of_get[0]
    if b"Content-Length" in fields:
        assert fields[b"Content-Length"] == of_get[1][b"Content-Length"]


@pytest.mark.parametrize("kind", [b"whole", b"stream"])
@pytest.mark.parametrize("status", [204, 304])
async def test_no_content_and_no_length(place: Place, kind: bytes, status: int) -> None:
    answer = await place.talk((GET % (b"/%b/%d" % (kind, status))) + END)
    said, fields, rest = head_of(answer)
    assert said.split(b" ")[1] == b"%d" % status
    assert b"Content-Length" not in fields
    assert b"Transfer-Encoding" not in fields
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_body_has_one_framing(place: Place) -> None:
    for path, chunked in (
        (b"/", False),
        (b"/stream", True),
        (b"/length", False),
        (b"/both", True),
        (b"/coding", False),
    ):
        _, fields, rest = head_of(await place.talk((GET % path) + END))
        assert (b"Transfer-Encoding" in fields, b"Content-Length" in fields) == (
            chunked,
            not chunked,
        )
        body = b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n" if chunked else b"hello"
        assert rest.startswith(body + b"HTTP/1.1 200 OK\r\n")


# --- Expect and Upgrade (RFC 9110 §7.8, §10.1.1) ---

_POST = b"POST /read HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


async def test_100_then_the_body_then_the_response(place: Place) -> None:
    answer = await place.talk(_POST + b"Expect: 100-continue\r\n\r\n", b"hello", until=_CONTINUE)
    assert answer.startswith(_CONTINUE + b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello")


async def test_who_expects_nothing_is_not_told_to_go_on(place: Place) -> None:
    assert (await place.talk(_POST + b"\r\nhello")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_final_response_may_come_instead(place: Place) -> None:
    request = _POST.replace(b"/read", b"/refused") + b"Expect: 100-continue\r\n\r\n"
    answer = await place.talk(request + b"hello")
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.count(b"HTTP/1.1") == 1


_OTHER = (
    b"POST /other HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
_CLOSE_FRAME = b"\x88\x82\0\0\0\0\x03\xe8"


async def test_100_comes_before_101(place: Place) -> None:
    expects = b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    answer = await place.talk(_OTHER + expects, b"hello" + _CLOSE_FRAME, until=_CONTINUE)
    assert answer.startswith(_CONTINUE + b"HTTP/1.1 101 Switching Protocols\r\n")


async def test_101_names_the_protocol(place: Place) -> None:
    status, fields, rest = head_of(await place.talk(_OTHER + b"\r\n" + _CLOSE_FRAME))
    assert status == b"HTTP/1.1 101 Switching Protocols"
    assert fields[b"Upgrade"].lower() == b"websocket"
    assert fields[b"Connection"].lower() == b"upgrade"
    assert b"Content-Length" not in fields
    assert b"Transfer-Encoding" not in fields
    assert rest[:1] == b"\x88"


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"HTTP/1.1", b"HTTP/1.0"), (b"keep-alive, Upgrade", b"x"), (b"e: websocket", b"e: h2c")],
)
async def test_no_protocol_that_was_not_asked_for(place: Place, old: bytes, new: bytes) -> None:
    answer = await place.talk(_OTHER.replace(old, new) + b"\r\n" + END)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert b" 101 " not in answer


# --- The end of a connection (RFC 9112 §9.3, §9.6) ---


@pytest.mark.parametrize("option", [b"close", b"keep-alive, close", b", Close ,"])
async def test_nothing_is_served_behind_close(place: Place, option: bytes) -> None:
    last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: %b\r\n\r\n" % option
    answer = await place.talk((GET % b"/fields") + last + (GET % b"/stream") * 3)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answer.count(b"\r\nConnection: close\r\n") == 1
    assert answer.endswith(b"\r\n\r\nhello")


async def test_an_unreadable_request_is_answered_and_the_connection_closed(place: Place) -> None:
    post = b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %b\r\n\r\n0\r\n\r\n"
    for coding in (b"chunked\r\nContent-Length: 5", b"chunked, gzip", b"chunked;a=b", b"identity"):
        answer = await place.talk((GET % b"/") + (post % coding) + (GET % b"/"))
        assert answer.count(b"HTTP/1.") == 2
        assert head_of(answer)[2].startswith(b"helloHTTP/1.0 400 ")


async def test_chunks_from_http_1_0_are_the_last(place: Place) -> None:
    """RFC 9112 §6.1: who sent them may have put something else behind them."""
    answer = await place.talk(
        b"POST /read HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n" + (GET % b"/stream")
    )
    assert answer.count(b"HTTP/1.") == 1
    assert answer.startswith(b"HTTP/1.0 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello")
    assert b"keep-alive" not in answer


async def test_a_tls_connection_is_closed_with_an_alert() -> None:
    """RFC 9112 §9.8: without it the peer cannot know that nothing was cut off."""
    authority = trustme.CA()
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(ours)

    def talk(port: int) -> bytes:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            theirs.wrap_socket(
                plain, server_hostname="localhost", suppress_ragged_eofs=False
            ) as peer,
        ):
            peer.sendall(END)
            heard = b""
            # An end without an alert raises SSLEOFError.
            while data := peer.recv(2**16):
                heard += data
            return heard

    async with serving(ours) as place:
        answer = await asyncio.get_running_loop().run_in_executor(None, talk, place.port)
    assert answer.endswith(b"\r\n\r\nhello")


# --- Empty lines (RFC 9112 §2.2) ---


async def test_an_empty_line_behind_a_body_is_no_request(place: Place) -> None:
    post = _POST.replace(b"close", b"keep-alive") + b"\r\nhello"
    answer = await place.talk(post + b"\r\n\r\n" + END)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
