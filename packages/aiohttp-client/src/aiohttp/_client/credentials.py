"""Which credentials go with a request, and which must not travel on to another origin.

Pure.  RFC 9110 §11.6.2 (Authorization), §15.4 (what a redirect must not carry).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING

from multidict import CIMultiDict
from yarl import URL

from .. import hdrs

if TYPE_CHECKING:
    from .._fields.auth import BasicAuth

# Fields that name or prove the user to one origin or to one proxy.
PRIVATE_FIELDS = (hdrs.AUTHORIZATION, hdrs.COOKIE, hdrs.PROXY_AUTHORIZATION)


def refuse_two_sources(
    explicit: BasicAuth | None, from_url: BasicAuth | None, headers: MutableMapping[str, str]
) -> None:
    """Raise ``ValueError`` when a call names its user twice."""
    if explicit is not None and from_url is not None:
        raise ValueError(
            "Cannot combine AUTH argument with credentials encoded in URL; remove one of the two"
        )
    if (explicit or from_url) is not None and hdrs.AUTHORIZATION in headers:
        raise ValueError(
            "Cannot combine AUTHORIZATION header with AUTH argument or credentials "
            "encoded in URL; remove one of the two"
        )


def choose_auth(
    url: URL,
    *,
    explicit: BasicAuth | None,
    from_url: BasicAuth | None,
    default: BasicAuth | None,
    default_origin: URL | None,
    headers: MutableMapping[str, str],
) -> BasicAuth | None:
    """Return the credentials for ``url``: the call's, else the URL's, else the session's.

    ``default_origin``: the only origin that may see the session's credentials; ``None``: all may.
    """
    chosen = explicit if explicit is not None else from_url
    if chosen is not None:
        return chosen
    if default is not None and (default_origin is None or default_origin == url.origin()):
        if hdrs.AUTHORIZATION in headers:
            refuse_two_sources(default, None, headers)
        return default
    return None


def drop_private_fields(headers: CIMultiDict[str]) -> list[str]:
    """Take out of ``headers`` every copy of a private field; return the names that were there."""
    dropped: list[str] = []
    for name in PRIVATE_FIELDS:
        if name in headers:
            headers.popall(name)
            dropped.append(name)
    return dropped
