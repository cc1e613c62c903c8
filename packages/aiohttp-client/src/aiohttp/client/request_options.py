"""The keyword arguments of a call, for type checkers: wrappers around sessions extend them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from aiohttp._client.options import ClientTimeout
from aiohttp._client.upload import UploadTracker
from aiohttp._content_headers import _SENTINEL
from aiohttp._fields.auth import BasicAuth
from aiohttp.client_reqrep import ClientResponse, Fingerprint
from aiohttp.typedefs import LooseCookies, LooseHeaders, Query, StrOrURL

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiohttp.client_middlewares import ClientMiddlewareType


class _RequestOptions(TypedDict, total=False):
    """The keyword arguments of a call."""

    params: Query
    data: Any
    json: Any
    cookies: LooseCookies | None
    headers: LooseHeaders | None
    skip_auto_headers: Iterable[str] | None
    auth: BasicAuth | None
    allow_redirects: bool
    max_redirects: int
    compress: str | bool | None
    chunked: bool | None
    expect100: bool
    raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]] | None
    read_until_eof: bool
    proxy: StrOrURL | None
    proxy_auth: BasicAuth | None
    timeout: ClientTimeout | _SENTINEL | None
    ssl: SSLContext | bool | Fingerprint
    server_hostname: str | None
    proxy_headers: LooseHeaders | None
    trace_request_ctx: object
    read_bufsize: int | None
    auto_decompress: bool | None
    max_line_size: int | None
    max_field_size: int | None
    max_headers: int | None
    middlewares: Sequence[ClientMiddlewareType] | None
    upload_tracker: UploadTracker | None
