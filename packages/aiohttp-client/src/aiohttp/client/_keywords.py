"""Keyword arguments of sessions, as type checkers see them: nothing imports this at run time.

Overloads name these, so that each argument which is deprecated can be marked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ssl import SSLContext
from typing import Any, TypedDict

from aiohttp._client.options import ClientTimeout
from aiohttp._content_headers import _SENTINEL
from aiohttp._fields.auth import BasicAuth
from aiohttp._h1.messages import HttpVersion
from aiohttp.abc import AbstractCookieJar
from aiohttp.client_middlewares import ClientMiddlewareType
from aiohttp.client_reqrep import ClientRequest, ClientResponse, Fingerprint
from aiohttp.client_ws import ClientWebSocketResponse, ClientWSTimeout
from aiohttp.connector import BaseConnector
from aiohttp.tracing import TraceConfig
from aiohttp.typedefs import (
    JSONBytesEncoder,
    JSONEncoder,
    LooseCookies,
    LooseHeaders,
    Query,
    StrOrURL,
)


class SessionOptions(TypedDict, total=False):
    """What a `ClientSession` is made with, beside ``base_url``."""

    connector: BaseConnector | None
    loop: asyncio.AbstractEventLoop | None
    cookies: LooseCookies | None
    headers: LooseHeaders | None
    proxy: StrOrURL | None
    proxy_auth: BasicAuth | None
    skip_auto_headers: Iterable[str] | None
    auth: BasicAuth | None
    json_serialize: JSONEncoder
    json_serialize_bytes: JSONBytesEncoder | None
    request_class: type[ClientRequest]
    response_class: type[ClientResponse]
    ws_response_class: type[ClientWebSocketResponse[Any]]
    version: HttpVersion
    cookie_jar: AbstractCookieJar | None
    connector_owner: bool
    raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]]
    timeout: object | ClientTimeout
    auto_decompress: bool
    trust_env: bool
    requote_redirect_url: bool
    trace_configs: list[TraceConfig] | None
    read_bufsize: int
    max_line_size: int
    max_field_size: int
    max_headers: int
    fallback_charset_resolver: Callable[[ClientResponse, bytes], str]
    middlewares: Sequence[ClientMiddlewareType]


class OldSessionOptions(SessionOptions, total=False):
    """The same, beside deprecated ones."""

    ssl_shutdown_timeout: float | _SENTINEL | None


class _WSConnectOptions(TypedDict, total=False):
    method: str
    protocols: Iterable[str]
    autoclose: bool
    autoping: bool
    heartbeat: float | None
    auth: BasicAuth | None
    origin: str | None
    params: Query
    headers: LooseHeaders | None
    proxy: StrOrURL | None
    proxy_auth: BasicAuth | None
    ssl: SSLContext | bool | Fingerprint
    server_hostname: str | None
    proxy_headers: LooseHeaders | None
    compress: int
    max_msg_size: int
    decode_text: bool


class WSConnectOptions(_WSConnectOptions, total=False):
    """What `ClientSession.ws_connect` takes, beside the address."""

    timeout: ClientWSTimeout | _SENTINEL


class OldWSConnectOptions(_WSConnectOptions, total=False):
    """The same, beside deprecated ones."""

    timeout: float | ClientWSTimeout | _SENTINEL


class OlderWSConnectOptions(OldWSConnectOptions, total=False):
    """The same, beside older ones."""

    receive_timeout: float | None
