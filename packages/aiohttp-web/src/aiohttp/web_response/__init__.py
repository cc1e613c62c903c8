"""Responses: what a handler returns.

The door.  ``stream`` has what is written piece by piece, ``whole`` what is there at once; JSON is
here.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp._content_headers import sentinel
from aiohttp._web.json_text import json_text
from aiohttp.typedefs import JSONBytesEncoder, JSONEncoder, LooseHeaders
from aiohttp.web_response.stream import ContentCoding, StreamResponse
from aiohttp.web_response.whole import Response

__all__ = (
    "ContentCoding",
    "Response",
    "StreamResponse",
    "json_bytes_response",
    "json_response",
)


def json_response(
    data: Any = sentinel,
    *,
    text: str | None = None,
    body: bytes | None = None,
    status: int = 200,
    reason: str | None = None,
    headers: LooseHeaders | None = None,
    content_type: str = "application/json",
    dumps: JSONEncoder = json.dumps,
) -> Response:
    """Return a response with ``data`` as JSON.

    Raises:
        ValueError: more than one of ``data``, ``text`` and ``body`` is given.
    """
    if data is not sentinel:
        if text or body:
            raise ValueError("only one of data, text, or body should be specified")
        text = json_text(data) if dumps is json.dumps else dumps(data)
    return Response(
        text=text,
        body=body,
        status=status,
        reason=reason,
        headers=headers,
        content_type=content_type,
    )


def json_bytes_response(
    data: Any = sentinel,
    *,
    dumps: JSONBytesEncoder,
    body: bytes | None = None,
    status: int = 200,
    reason: str | None = None,
    headers: LooseHeaders | None = None,
    content_type: str = "application/json",
) -> Response:
    """Return a response with ``data`` as JSON, encoded straight to bytes (orjson, for example).

    Raises:
        ValueError: both ``data`` and ``body`` are given.
    """
    if data is not sentinel:
        if body:
            raise ValueError("only one of data or body should be specified")
        body = dumps(data)
    return Response(
        body=body, status=status, reason=reason, headers=headers, content_type=content_type
    )
