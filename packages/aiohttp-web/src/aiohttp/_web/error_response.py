"""Responses that tell of an error: made from a page, or of an exception that was raised.

Knows responses; does not know what went wrong, nor who is to be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import hdrs
from aiohttp._web.error_page import error_page
from aiohttp.web_response import Response

if TYPE_CHECKING:
    from aiohttp.web_exceptions import HTTPException
    from aiohttp.web_request import BaseRequest

__all__ = ("copy_of", "error_response")


def error_response(
    request: BaseRequest,
    status: int,
    *,
    message: str | None = None,
    traceback: str | None = None,
) -> Response:
    """Return the page for an error, in what the peer accepts; the connection closes after it."""
    accept = request.headers.get(hdrs.ACCEPT, "")
    page = error_page(status, message=message, traceback=traceback, accept=accept)
    response = Response(status=status, text=page.text, content_type=page.content_type)
    response.force_close()
    return response


def copy_of(error: HTTPException) -> Response:
    """Return the response that an exception describes: the exception itself may be raised again."""
    response = Response(
        status=error.status, reason=error.reason, headers=error.headers, body=error.body
    )
    response.cookies.update(error.cookies)
    return response
