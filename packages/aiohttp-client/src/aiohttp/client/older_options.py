"""Options that sessions and calls still take, and that have a better way now."""

from __future__ import annotations

from typing import Any

from aiohttp._client.options import RequestOptions
from aiohttp._deprecations import declare

_AUTH = declare(
    "auth argument of sessions and calls",
    since="3.14",
    instead="headers={'Authorization': aiohttp.encode_basic_auth(login, password)}",
    unmarked="BasicAuth, which it takes, is marked",
    removes=("ClientSession.__init__(auth)", "ClientSession.ws_connect(auth)"),
    wording="The 'auth' parameter is deprecated and will be removed in v4; pass "
    "headers={'Authorization': aiohttp.encode_basic_auth(login, password)} instead",
)
_PROXY_AUTH = declare(
    "proxy_auth argument of sessions and calls",
    since="3.14",
    instead="proxy_headers={'Proxy-Authorization': aiohttp.encode_basic_auth(login, password)}",
    unmarked="BasicAuth, which it takes, is marked",
    removes=("ClientSession.__init__(proxy_auth)", "ClientSession.ws_connect(proxy_auth)"),
    wording="The 'proxy_auth' parameter is deprecated and will be removed in v4; pass "
    "proxy_headers={'Proxy-Authorization': aiohttp.encode_basic_auth(login, password)} instead",
)
_CHUNK_SIZE = declare(
    "Chunk size as chunked argument",
    since="2.0",
    instead="chunked=True",
    unmarked="the options of a call have no types for checkers",
)


def warn_of_credentials(auth: Any, proxy_auth: Any) -> None:
    """Warn of credentials that are given, at the line of the program."""
    if auth is not None:
        _AUTH.warn_outside()
    if proxy_auth is not None:
        _PROXY_AUTH.warn_outside()


def warn_of_older(options: RequestOptions) -> None:
    """Warn of what else a call is given in an older way."""
    if options.chunked is not None and not isinstance(options.chunked, bool):
        _CHUNK_SIZE.warn_outside()
