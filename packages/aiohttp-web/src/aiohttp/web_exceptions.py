"""HTTP errors, redirects and other final answers as exceptions that are responses.

Raise one or return it: it is a :class:`Response` either way.  Knows statuses and the headers that
they require (RFC 9110 §15); nothing of how an exception becomes bytes.

    HTTPException
      HTTPSuccessful      2xx
      HTTPRedirection     3xx
        HTTPMove            those with a Location
      HTTPError
        HTTPClientError   4xx
        HTTPServerError   5xx
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypedDict, overload

from yarl import URL

from aiohttp import hdrs
from aiohttp._deprecations import declare, marked
from aiohttp._web.response_head import reason_phrase
from aiohttp.typedefs import LooseHeaders, StrOrURL
from aiohttp.web_response import Response

if TYPE_CHECKING:
    from typing_extensions import Unpack

    class _Options(TypedDict, total=False):
        """What an `HTTPException` is made with."""

        headers: LooseHeaders | None
        reason: str | None
        text: str | None
        content_type: str | None


__all__ = (
    "HTTPAccepted",
    "HTTPBadGateway",
    "HTTPBadRequest",
    "HTTPClientError",
    "HTTPConflict",
    "HTTPCreated",
    "HTTPError",
    "HTTPException",
    "HTTPExpectationFailed",
    "HTTPFailedDependency",
    "HTTPForbidden",
    "HTTPFound",
    "HTTPGatewayTimeout",
    "HTTPGone",
    "HTTPInsufficientStorage",
    "HTTPInternalServerError",
    "HTTPLengthRequired",
    "HTTPMethodNotAllowed",
    "HTTPMisdirectedRequest",
    "HTTPMove",
    "HTTPMovedPermanently",
    "HTTPMultipleChoices",
    "HTTPNetworkAuthenticationRequired",
    "HTTPNoContent",
    "HTTPNonAuthoritativeInformation",
    "HTTPNotAcceptable",
    "HTTPNotExtended",
    "HTTPNotFound",
    "HTTPNotImplemented",
    "HTTPNotModified",
    "HTTPOk",
    "HTTPPartialContent",
    "HTTPPaymentRequired",
    "HTTPPermanentRedirect",
    "HTTPPreconditionFailed",
    "HTTPPreconditionRequired",
    "HTTPProxyAuthenticationRequired",
    "HTTPRedirection",
    "HTTPRequestEntityTooLarge",
    "HTTPRequestHeaderFieldsTooLarge",
    "HTTPRequestRangeNotSatisfiable",
    "HTTPRequestTimeout",
    "HTTPRequestURITooLong",
    "HTTPResetContent",
    "HTTPSeeOther",
    "HTTPServerError",
    "HTTPServiceUnavailable",
    "HTTPSuccessful",
    "HTTPTemporaryRedirect",
    "HTTPTooManyRequests",
    "HTTPUnauthorized",
    "HTTPUnavailableForLegalReasons",
    "HTTPUnprocessableEntity",
    "HTTPUnsupportedMediaType",
    "HTTPUpgradeRequired",
    "HTTPUseProxy",
    "HTTPVariantAlsoNegotiates",
    "HTTPVersionNotSupported",
)

_BODY_ARGUMENT = declare(
    "body argument of an HTTP exception",
    since="3.0",
    instead="text, or return a web.Response",
    wording="body argument is deprecated for http web exceptions",
)


class NotAppKeyWarning(UserWarning):
    """A str was used as a key of an application, where an AppKey would be safer."""


class HTTPException(Response, Exception):
    """A response that can be raised.

    Args:
        headers: more header fields.
        reason: the reason phrase; None is the usual one of the status.
        body: the body as bytes or payload; deprecated.
        text: the body as text; None says the status and the reason.
        content_type: the media type of ``text``.
    """

    status_code = -1
    # Whether the status forbids, or has no use for, a body of its own.
    empty_body = False

    __http_exception__ = True

    @overload
    def __init__(self, **options: Unpack[_Options]) -> None: ...

    @overload
    @marked("body argument of an HTTP exception: use text, or return a web.Response")
    def __init__(self, *, body: Any, **options: Unpack[_Options]) -> None: ...

    def __init__(
        self,
        *,
        headers: LooseHeaders | None = None,
        reason: str | None = None,
        body: Any = None,
        text: str | None = None,
        content_type: str | None = None,
    ) -> None:
        if body is not None:
            _BODY_ARGUMENT.warn(stacklevel=3)
        if text is None and body is None and not self.empty_body:
            phrase = reason_phrase(self.status_code) if reason is None else reason
            text = f"{self.status_code}: {phrase}"
        Response.__init__(
            self,
            status=self.status_code,
            headers=headers,
            body=body,
            text=text,
            reason=reason,
            content_type=content_type,
        )
        Exception.__init__(self, self.reason)

    def __bool__(self) -> bool:
        return True


class HTTPError(HTTPException):
    """4xx and 5xx."""


class HTTPRedirection(HTTPException):
    """3xx."""


class HTTPSuccessful(HTTPException):
    """2xx."""


class HTTPOk(HTTPSuccessful):
    status_code = 200


class HTTPCreated(HTTPSuccessful):
    status_code = 201


class HTTPAccepted(HTTPSuccessful):
    status_code = 202


class HTTPNonAuthoritativeInformation(HTTPSuccessful):
    status_code = 203


class HTTPNoContent(HTTPSuccessful):
    status_code = 204
    empty_body = True


class HTTPResetContent(HTTPSuccessful):
    status_code = 205
    empty_body = True


class HTTPPartialContent(HTTPSuccessful):
    status_code = 206


class HTTPMove(HTTPRedirection):
    """A redirection to somewhere: sets ``Location`` (RFC 9110 §10.2.2).

    Raises:
        ValueError: ``location`` is empty.
        TypeError: ``location`` is neither str nor URL.
    """

    @overload
    def __init__(self, location: StrOrURL, **options: Unpack[_Options]) -> None: ...

    @overload
    @marked("body argument of an HTTP exception: use text, or return a web.Response")
    def __init__(self, location: StrOrURL, *, body: Any, **options: Unpack[_Options]) -> None: ...

    def __init__(
        self,
        location: StrOrURL,
        *,
        headers: LooseHeaders | None = None,
        reason: str | None = None,
        body: Any = None,
        text: str | None = None,
        content_type: str | None = None,
    ) -> None:
        if not location:
            raise ValueError("HTTP redirects need a location to redirect to.")
        super().__init__(
            headers=headers, reason=reason, body=body, text=text, content_type=content_type
        )
        self.headers[hdrs.LOCATION] = str(URL(location))
        self.location = location


class HTTPMultipleChoices(HTTPMove):
    status_code = 300


class HTTPMovedPermanently(HTTPMove):
    status_code = 301


class HTTPFound(HTTPMove):
    status_code = 302


class HTTPSeeOther(HTTPMove):
    status_code = 303


class HTTPNotModified(HTTPRedirection):
    status_code = 304
    empty_body = True


class HTTPUseProxy(HTTPMove):
    status_code = 305


class HTTPTemporaryRedirect(HTTPMove):
    status_code = 307


class HTTPPermanentRedirect(HTTPMove):
    status_code = 308


class HTTPClientError(HTTPError):
    """4xx: the request is at fault."""


class HTTPBadRequest(HTTPClientError):
    status_code = 400


class HTTPUnauthorized(HTTPClientError):
    status_code = 401


class HTTPPaymentRequired(HTTPClientError):
    status_code = 402


class HTTPForbidden(HTTPClientError):
    status_code = 403


class HTTPNotFound(HTTPClientError):
    status_code = 404


class HTTPMethodNotAllowed(HTTPClientError):
    """405: sets ``Allow`` (RFC 9110 §15.5.6).

    Args:
        method: the method that was asked for.
        allowed_methods: those that are there.
    """

    status_code = 405

    @overload
    def __init__(
        self, method: str, allowed_methods: Iterable[str], **options: Unpack[_Options]
    ) -> None: ...

    @overload
    @marked("body argument of an HTTP exception: use text, or return a web.Response")
    def __init__(
        self, method: str, allowed_methods: Iterable[str], *, body: Any, **options: Unpack[_Options]
    ) -> None: ...

    def __init__(
        self,
        method: str,
        allowed_methods: Iterable[str],
        *,
        headers: LooseHeaders | None = None,
        reason: str | None = None,
        body: Any = None,
        text: str | None = None,
        content_type: str | None = None,
    ) -> None:
        super().__init__(
            headers=headers, reason=reason, body=body, text=text, content_type=content_type
        )
        self.headers[hdrs.ALLOW] = ",".join(sorted(allowed_methods))
        self.allowed_methods: set[str] = set(allowed_methods)
        self.method = method


class HTTPNotAcceptable(HTTPClientError):
    status_code = 406


class HTTPProxyAuthenticationRequired(HTTPClientError):
    status_code = 407


class HTTPRequestTimeout(HTTPClientError):
    status_code = 408


class HTTPConflict(HTTPClientError):
    status_code = 409


class HTTPGone(HTTPClientError):
    status_code = 410


class HTTPLengthRequired(HTTPClientError):
    status_code = 411


class HTTPPreconditionFailed(HTTPClientError):
    status_code = 412


class HTTPRequestEntityTooLarge(HTTPClientError):
    """413.

    Args:
        max_size: bytes that are accepted.
        actual_size: bytes that came; they were not read to the end, so there may have been more.
    """

    status_code = 413

    def __init__(self, max_size: float, actual_size: float = 0, **kwargs: Any) -> None:
        kwargs.setdefault("text", f"Maximum request body size {max_size} exceeded.")
        super().__init__(**kwargs)


class HTTPRequestURITooLong(HTTPClientError):
    status_code = 414


class HTTPUnsupportedMediaType(HTTPClientError):
    status_code = 415


class HTTPRequestRangeNotSatisfiable(HTTPClientError):
    status_code = 416


class HTTPExpectationFailed(HTTPClientError):
    status_code = 417


class HTTPMisdirectedRequest(HTTPClientError):
    status_code = 421


class HTTPUnprocessableEntity(HTTPClientError):
    status_code = 422


class HTTPFailedDependency(HTTPClientError):
    status_code = 424


class HTTPUpgradeRequired(HTTPClientError):
    status_code = 426


class HTTPPreconditionRequired(HTTPClientError):
    status_code = 428


class HTTPTooManyRequests(HTTPClientError):
    status_code = 429


class HTTPRequestHeaderFieldsTooLarge(HTTPClientError):
    status_code = 431


class HTTPUnavailableForLegalReasons(HTTPClientError):
    """451: names who demands it in ``Link`` (RFC 7725 §4).

    Args:
        link: the URL of the one who demands; None names nobody.
    """

    status_code = 451

    @overload
    def __init__(self, link: StrOrURL | None, **options: Unpack[_Options]) -> None: ...

    @overload
    @marked("body argument of an HTTP exception: use text, or return a web.Response")
    def __init__(
        self, link: StrOrURL | None, *, body: Any, **options: Unpack[_Options]
    ) -> None: ...

    def __init__(
        self,
        link: StrOrURL | None,
        *,
        headers: LooseHeaders | None = None,
        reason: str | None = None,
        body: Any = None,
        text: str | None = None,
        content_type: str | None = None,
    ) -> None:
        super().__init__(
            headers=headers, reason=reason, body=body, text=text, content_type=content_type
        )
        self._link: URL | None = None
        if link is not None:
            self._link = URL(link)
            self.headers[hdrs.LINK] = f'<{self._link}>; rel="blocked-by"'

    @property
    def link(self) -> URL | None:
        """The URL of the one who demands."""
        return self._link


class HTTPServerError(HTTPError):
    """5xx: the server is at fault."""


class HTTPInternalServerError(HTTPServerError):
    status_code = 500


class HTTPNotImplemented(HTTPServerError):
    status_code = 501


class HTTPBadGateway(HTTPServerError):
    status_code = 502


class HTTPServiceUnavailable(HTTPServerError):
    status_code = 503


class HTTPGatewayTimeout(HTTPServerError):
    status_code = 504


class HTTPVersionNotSupported(HTTPServerError):
    status_code = 505


class HTTPVariantAlsoNegotiates(HTTPServerError):
    status_code = 506


class HTTPInsufficientStorage(HTTPServerError):
    status_code = 507


class HTTPNotExtended(HTTPServerError):
    status_code = 510


class HTTPNetworkAuthenticationRequired(HTTPServerError):
    status_code = 511
