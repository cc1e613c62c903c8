"""What the server itself has to say to a peer: the text of an error page.

Pure: from a status, an explanation and what the peer accepts, to the text and its type. This file
knows neither requests nor responses.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus

import attr

__all__ = ("ErrorPage", "encodable", "error_page")

# Instead of an explanation, where there is none to give, or none that a stranger should read.
NO_EXPLANATION = "Server got itself in trouble"

_HTML = (
    "<html><head><title>{title}</title></head><body>\n"
    "<h1>{title}</h1>\n{explanation}\n</body></html>\n"
)


@attr.s(auto_attribs=True, frozen=True, slots=True)
class ErrorPage:
    """The text of an error page and its media type."""

    text: str
    content_type: str


def encodable(text: str) -> str:
    """Return the text so that pages and logs can hold it.

    Octets of a field that are not UTF-8 (RFC 9110 §5.5) are lone surrogates in a str, which no
    encoding has: each becomes an escape.
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def error_page(
    status: int,
    *,
    message: str | None = None,
    traceback: str | None = None,
    accept: str = "",
) -> ErrorPage:
    """Write the page for an error.

    Args:
        status: status code of the response, 400 or more.
        message: what a peer should know; alone on the page when it is plain text. None: what the
            status means.
        traceback: what a developer should know; only given when debugging.
        accept: the request's Accept field. HTML is written for who asks for it by name.
    """
    try:
        known = HTTPStatus(status)
    except ValueError:
        phrase, explanation = "Unknown error", NO_EXPLANATION
    else:
        internal = known is HTTPStatus.INTERNAL_SERVER_ERROR
        phrase, explanation = known.phrase, NO_EXPLANATION if internal else known.description
    title = f"{status} {phrase}"
    if "text/html" in accept:
        text, content_type = _html(title, message or explanation, traceback), "text/html"
    elif message is not None:
        text, content_type = message, "text/plain"
    else:
        text, content_type = f"{title}\n\n{traceback or explanation}", "text/plain"
    return ErrorPage(encodable(text), content_type)


def _html(title: str, explanation: str, traceback: str | None) -> str:
    text = f"<pre>{escape(explanation)}</pre>" if "\n" in explanation else escape(explanation)
    if traceback is not None:
        text = f"<h2>Traceback:</h2>\n<pre>{escape(traceback)}</pre>"
    return _HTML.format(title=title, explanation=text)
