"""A middleware that shows errors in the dress of the site: a page to people, JSON to programs."""

from __future__ import annotations

import logging
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from polls.pages import render

log = logging.getLogger("polls")


def _answer(request: web.Request, status: int, text: str) -> web.Response:
    if request.path.startswith("/api/"):
        return web.json_response({"status": status, "error": text}, status=status)
    title = HTTPStatus(status).phrase
    return render(request, "error.html", status=status, code=status, title=title, text=text)


@web.middleware
async def error_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer an error with a page; redirects and other answers pass through."""
    try:
        return await handler(request)
    except web.HTTPError as error:
        text = error.text or ""
        if text == f"{error.status}: {error.reason}":
            text = "Nothing is here." if error.status == 404 else "That did not work."
        answer = _answer(request, error.status, text)
        if hdrs.ALLOW in error.headers:
            answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return answer
    except web.HTTPException:
        raise  # a redirect
    except Exception:
        if request.transport is None:
            raise  # nobody is there to read a page
        log.exception("Error while handling %s %s", request.method, request.path)
        return _answer(request, 500, "Something broke on our side. It has been written down.")
