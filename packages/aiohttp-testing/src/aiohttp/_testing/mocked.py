"""A real ``web.Request`` without a connection, for testing a handler by calling it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any
from unittest import mock

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiohttp import hdrs
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import _SENTINEL, sentinel
from aiohttp.http import HttpVersion, HttpVersion11, RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.typedefs import LooseHeaders
from aiohttp.web_app import Application
from aiohttp.web_request import Request
from aiohttp.web_urldispatcher import UrlMappingMatchInfo


def make_mocked_coro(
    return_value: Any = sentinel,
    raise_exception: BaseException | type[BaseException] | _SENTINEL | None = sentinel,
) -> Any:
    """Return a mock of a coroutine function that returns a value or raises an exception."""

    async def answer(*args: Any, **kwargs: Any) -> Any:
        if raise_exception is not sentinel and raise_exception is not None:
            raise raise_exception
        return mock.DEFAULT if return_value is sentinel else return_value

    given = None if return_value is sentinel else return_value
    return mock.AsyncMock(side_effect=answer, return_value=given)


def _mocked_transport(sslcontext: ssl.SSLContext | None) -> mock.Mock:
    """Return a stand-in transport that knows whether it is encrypted, and its own address."""
    transport = mock.Mock(spec=asyncio.Transport)
    known = {"sslcontext": sslcontext, "sockname": ("127.0.0.1", 80)}
    transport.get_extra_info.side_effect = lambda name, default=None: known.get(name, default)
    transport.is_closing.return_value = False
    return transport


def _mocked_writer(transport: Any) -> mock.Mock:
    """Return a stand-in writer that accepts everything and sends nothing."""
    # Without a spec: a test may look at anything that it finds on a writer.
    writer = mock.Mock()
    writer.write = make_mocked_coro(None)
    writer.write_headers = make_mocked_coro(None)
    writer.write_eof = make_mocked_coro(None)
    writer.drain = make_mocked_coro(None)
    writer.transport = transport
    writer.buffer_size = 0
    writer.output_size = 0
    return writer


def _mocked_protocol(transport: Any) -> mock.Mock:
    protocol = mock.Mock()
    protocol.transport = transport
    protocol.peername = None
    protocol.max_field_size = 8190
    protocol.max_headers = 128
    protocol.ssl_context = transport.get_extra_info("sslcontext")
    return protocol


def _message(
    method: str, path: str, headers: LooseHeaders | None, version: HttpVersion, closing: bool
) -> RawRequestMessage:
    fields = CIMultiDict(headers) if headers is not None else CIMultiDict[str]()
    raw = tuple(
        (name.encode("utf-8"), value.encode("utf-8", "surrogateescape"))
        for name, value in fields.items()
    )
    coding = fields.get(hdrs.TRANSFER_ENCODING, "")
    return RawRequestMessage(
        method,
        path,
        version,
        CIMultiDictProxy(fields),
        raw,
        closing,
        None,
        False,
        "chunked" in coding.lower(),
        URL(path),
    )


def _frozen_application() -> Application:
    application = Application()
    application.pre_freeze()
    return application


def _current_loop() -> asyncio.AbstractEventLoop:
    """Return the running loop, or a stand-in for a test that has none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        loop = mock.Mock(spec=asyncio.AbstractEventLoop)
        loop.create_future.side_effect = mock.Mock
        return loop


def make_mocked_request(
    method: str,
    path: str,
    headers: LooseHeaders | None = None,
    *,
    match_info: Mapping[str, str] | _SENTINEL | None = sentinel,
    version: HttpVersion = HttpVersion11,
    closing: bool = False,
    app: Application | None = None,
    writer: AbstractStreamWriter | _SENTINEL = sentinel,
    protocol: Any = sentinel,
    transport: Any = sentinel,
    payload: StreamReader = EMPTY_PAYLOAD,
    sslcontext: ssl.SSLContext | None = None,
    client_max_size: int = 1024**2,
    client_max_fields: int = 1000,
    loop: Any = sentinel,
) -> Request:
    """Return a real :class:`aiohttp.web.Request` whose connection is a mock.

    Pass it to a handler that needs no network, or to ``StreamResponse.prepare()``.

    Args:
        method: the request method, ``"GET"``.
        path: the request target; it may have a query.
        headers: fields of the request.
        match_info: what the route would have matched.
        version: the HTTP version of the request.
        closing: whether the connection closes after this request.
        app: the application that the request belongs to; by default an empty one.
        writer: what receives the response; by default it accepts and forgets everything.
        protocol: the connection's protocol; by default a mock.
        transport: the connection's transport; by default a mock.
        payload: the request body, a :class:`aiohttp.StreamReader`; by default there is none.
        sslcontext: makes the request an ``https`` one.
        client_max_size: bytes that ``read()`` and ``post()`` accept.
        client_max_fields: fields that ``post()`` accepts.
        loop: the event loop; by default the running one, else a mock.
    """
    if transport is sentinel:
        transport = _mocked_transport(sslcontext)
    if protocol is sentinel:
        protocol = _mocked_protocol(transport)
    if writer is sentinel:
        writer = _mocked_writer(transport)
    request = Request(
        # A request of HTTP/1.0 is the last of its connection (RFC 9112 §9.3).
        _message(method.upper(), path, headers, version, closing or version < HttpVersion11),
        payload,
        protocol,
        writer,
        mock.Mock(),
        _current_loop() if loop is sentinel else loop,
        client_max_size=client_max_size,
        client_max_fields=client_max_fields,
    )
    variables = {} if match_info is sentinel or match_info is None else dict(match_info)
    matched = UrlMappingMatchInfo(variables, mock.Mock())
    matched.add_app(_frozen_application() if app is None else app)
    request._match_info = matched
    return request
