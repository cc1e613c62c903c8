"""Where a redirect leads, and what of the request goes along: RFC 9110 §15.4.

Pure: takes values, returns values; the session follows.
"""

from __future__ import annotations

from collections.abc import Mapping

from multidict import CIMultiDict
from yarl import URL

from aiohttp._values import value_object

from .. import hdrs
from ..client_exceptions import InvalidUrlRedirectClientError, NonHttpUrlRedirectClientError

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

HTTP_SCHEMES = frozenset({"http", "https", ""})

# Fields that describe a body, dropped with it (RFC 9110 §15.4, last list).
_BODY_FIELDS = (
    hdrs.CONTENT_ENCODING,
    hdrs.CONTENT_LANGUAGE,
    hdrs.CONTENT_LENGTH,
    hdrs.CONTENT_LOCATION,
    hdrs.CONTENT_TYPE,
    hdrs.TRANSFER_ENCODING,
)

# What no request line can have in its target (RFC 9112 §3.2): it is percent-encoded, or refused.
_CANNOT_BE_SENT = frozenset(map(chr, (*range(33), 127)))


@value_object
class Redirect:
    """The next request: ``keeps_body``: the same body; ``same_origin``: the same secrets."""

    method: str
    url: URL
    keeps_body: bool
    same_origin: bool


def reachable(schemes: frozenset[str]) -> frozenset[str]:
    """Return the schemes that a redirect may lead to, by a connector that reaches ``schemes``."""
    return schemes & HTTP_SCHEMES or HTTP_SCHEMES


def redirect_location(headers: Mapping[str, str]) -> str | None:
    """Return what the response names as the next place; ``URI`` is what HTTP/1.0 servers used."""
    return headers.get(hdrs.LOCATION) or headers.get(hdrs.URI)


def decide(
    status: int,
    method: str,
    url: URL,
    location: str,
    *,
    requote: bool,
    schemes: frozenset[str],
) -> Redirect:
    """Return the request that a redirect asks for.

    ``url`` is what was asked for; ``requote``: whether ``location`` still needs percent-encoding;
    ``schemes``: what the connector can reach.

    Raises ``InvalidUrlRedirectClientError`` when the location is not a URL to a host and
    ``NonHttpUrlRedirectClientError`` when its scheme is out of reach.
    """
    target = resolve_location(url, location, requote=requote, schemes=schemes)
    next_method = method_after(status, method)
    return Redirect(
        method=next_method,
        url=target,
        # A 303 leads to something else than what the body was meant for, also from GET (§15.4.4).
        keeps_body=next_method == method and (status != 303 or method == hdrs.METH_HEAD),
        same_origin=_origin(url) == _origin(target),
    )


def method_after(status: int, method: str) -> str:
    """Return the method of the request that follows (RFC 9110 §15.4.2, §15.4.3, §15.4.4).

    303 asks for the result with GET; 301 and 302 do so after POST, as every browser does.
    """
    if status == 303 and method != hdrs.METH_HEAD:
        return hdrs.METH_GET
    if status in (301, 302) and method == hdrs.METH_POST:
        return hdrs.METH_GET
    return method


def resolve_location(base: URL, location: str, *, requote: bool, schemes: frozenset[str]) -> URL:
    """Return ``location`` as an absolute URL (RFC 9110 §10.2.2)."""
    if not requote and not _CANNOT_BE_SENT.isdisjoint(location):
        raise InvalidUrlRedirectClientError(
            location, "Server attempted redirecting to a location with a space or control character"
        )
    try:
        parsed = URL(location, encoded=not requote)
    except ValueError as error:
        raise InvalidUrlRedirectClientError(
            location, "Server attempted redirecting to a location that does not look like a URL"
        ) from error
    scheme = parsed.scheme
    if scheme and scheme not in schemes:
        raise NonHttpUrlRedirectClientError(location)
    if scheme and not parsed.raw_host:
        raise InvalidUrlRedirectClientError(
            location, "Invalid redirect URL origin: there is no host in it"
        )
    if not scheme:
        parsed = base.join(parsed)
    if not parsed.raw_fragment and base.raw_fragment:
        # RFC 9110 §10.2.2: a location without a fragment inherits the one that was asked for.
        parsed = parsed.with_fragment(base.fragment)
    try:
        parsed.origin()
    except ValueError as error:
        raise InvalidUrlRedirectClientError(parsed, "Invalid redirect URL origin") from error
    return parsed


def drop_body_fields(headers: CIMultiDict[str]) -> None:
    """Take out of ``headers`` what described the body that is not sent again."""
    for name in _BODY_FIELDS:
        headers.popall(name, None)


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    # Credentials in the URL do not make another origin (RFC 6454 §4).
    return url.scheme, url.raw_host, url.port
