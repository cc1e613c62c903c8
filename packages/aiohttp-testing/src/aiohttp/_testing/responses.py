"""Client responses in tests: made without a request, and shown when a test fails."""

from __future__ import annotations

import asyncio
import json as json_module
from http import HTTPStatus
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiohttp import hdrs
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_reqrep import ClientResponse, RequestInfo
from aiohttp.http import HttpVersion11
from aiohttp.streams import StreamReader
from aiohttp.typedefs import LooseHeaders, StrOrURL

# Bytes of a body that a failing test shows: a screenful.
_SHOWN_BODY = 500


def make_client_response(
    status: int = 200,
    *,
    body: bytes | str = b"",
    json: Any = None,
    headers: LooseHeaders | None = None,
    reason: str | None = None,
    method: str = hdrs.METH_GET,
    url: StrOrURL = "http://test.invalid/",
) -> ClientResponse:
    """Return a real :class:`aiohttp.ClientResponse` that no server has sent.

    Call it in a running event loop.

    Args:
        status: the status code.
        body: the body, to be read as ever; text is encoded as UTF-8.
        json: the body as an object, instead of ``body``.
        headers: fields of the response.
        reason: the reason phrase; by default the one that belongs to ``status``.
        method: of the request that it answers.
        url: of the request that it answers.
    """
    fields = CIMultiDict(headers or {})
    if json is not None:
        body = json_module.dumps(json)
        fields.setdefault(hdrs.CONTENT_TYPE, "application/json")
    content = body.encode("utf-8") if isinstance(body, str) else body
    loop = asyncio.get_running_loop()
    target = URL(url)
    asked = RequestInfo(target, method, CIMultiDictProxy(CIMultiDict()), target)
    response = ClientResponse(
        method,
        target,
        writer=None,
        continue100=None,
        timer=None,
        request_info=asked,
        traces=[],
        loop=loop,
        session=None,  # type: ignore[arg-type]
        stream_writer=None,
    )
    response.version = HttpVersion11
    response.status = status
    response.reason = _phrase(status) if reason is None else reason
    response._headers = CIMultiDictProxy(fields)
    response._raw_headers = tuple(
        (name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in fields.items()
    )
    response.content = StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    if content:
        response.content.feed_data(content)
    response.content.feed_eof()
    return response


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def shown(response: ClientResponse) -> str:
    """Return the head and the beginning of the body, as far as it has come."""
    lines = [f"{response.method} {response.url}", f"{response.status} {response.reason or ''}"]
    if response._headers is not None:
        lines += [f"{name}: {value}" for name, value in response._headers.items()]
    body = _come(response)
    if body:
        text = body[:_SHOWN_BODY].decode("utf-8", "backslashreplace")
        rest = len(body) - _SHOWN_BODY
        lines += ["", text + (f"… and {rest} more bytes" if rest > 0 else "")]
    return "\n".join(line.rstrip() for line in lines)


def _come(response: ClientResponse) -> bytes:
    """Return what is known of the body, without reading from the connection."""
    if response._body is not None:
        return response._body
    content = response.content
    return b"".join(content._buffer) if content is not None else b""
