"""What a session was made with: read by its calls, and shown to programs."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict
from yarl import URL

from aiohttp._client.deadlines import Deadlines
from aiohttp._client.options import ClientTimeout, ResponseParams
from aiohttp._client.plain import PlainRequests
from aiohttp._deprecations import declare, marked
from aiohttp._fields.auth import BasicAuth
from aiohttp._h1.limits import Limits
from aiohttp._h1.messages import HttpVersion
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import BaseConnector
from aiohttp.typedefs import JSONBytesEncoder, JSONEncoder, StrOrURL

if TYPE_CHECKING:
    from aiohttp.abc import AbstractCookieJar
    from aiohttp.client_middlewares import ClientMiddlewareType
    from aiohttp.client_ws import ClientWebSocketResponse
    from aiohttp.tracing import TraceConfig

_LOOP_PROPERTY = declare("ClientSession.loop", since="3.0", instead="asyncio.get_running_loop()")
_REQUOTE_SETTER = declare(
    "session.requote_redirect_url modification",
    since="3.5",
    instead="the requote_redirect_url argument of ClientSession",
)

_MADE_OF_SOURCES = ("_response_params", "_plain_requests", "_has_own_classes")

# The attributes that these are made of.
_SOURCES = frozenset(
    {
        "_auto_decompress",
        "_base_url",
        "_build_url",
        "_max_field_size",
        "_max_headers",
        "_max_line_size",
        "_prepare_headers",
        "_read_bufsize",
        "_request_class",
        "_response_class",
        "_skip_auto_headers",
        "_timeout",
        "_version",
    }
)

_CharsetResolver = Callable[[ClientResponse, bytes], str]


class SessionSettings:
    """The attributes of a session, each explained at the argument that it comes from."""

    _loop: asyncio.AbstractEventLoop
    # None: the session was closed, or its connector was taken away.
    _connector: BaseConnector | None = None
    _connector_owner: bool
    _base_url: URL | None
    # The one origin that may see _default_auth; None: all may.
    _base_url_origin: URL | None
    _timeout: ClientTimeout
    # Cookies, credentials and the way.
    _cookie_jar: AbstractCookieJar
    _default_auth: BasicAuth | None
    _default_proxy: StrOrURL | None
    _default_proxy_auth: BasicAuth | None
    _trust_env: bool
    # The request.
    _version: HttpVersion
    _json_serialize: JSONEncoder
    _json_serialize_bytes: JSONBytesEncoder | None
    _default_headers: CIMultiDict[str]
    _skip_auto_headers: frozenset[str]
    _request_class: type[ClientRequest]
    _requote_redirect_url: bool
    _middlewares: Sequence[ClientMiddlewareType]
    # Whether to send an idempotent request again when its kept connection was dead.
    _retry_connection: bool
    # The response.
    _response_class: type[ClientResponse]
    _ws_response_class: type[ClientWebSocketResponse[Any]]
    _raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]]
    _auto_decompress: bool
    _read_bufsize: int
    _max_line_size: int
    _max_field_size: int
    _max_headers: int
    _resolve_charset: _CharsetResolver
    # Watching.
    _trace_configs: list[TraceConfig]
    _deadlines: Deadlines

    # What is made of these, when it is first needed…

    @functools.cached_property
    def _response_params(self) -> ResponseParams:
        """How responses are read when a call asks for nothing else."""
        return ResponseParams(
            limits=Limits(self._max_line_size, self._max_field_size, self._max_headers),
            read_bufsize=self._read_bufsize,
            auto_decompress=self._auto_decompress,
            read_timeout=self._timeout.sock_read,
            ceil_threshold=self._timeout.ceil_threshold,
        )

    @functools.cached_property
    def _plain_requests(self) -> PlainRequests:
        """Calls without particulars that were made before."""
        return PlainRequests()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, as google-auth and others do to private ones of a session that is made.

        What was made of the value before is made again.
        """
        super().__setattr__(name, value)
        if name in _SOURCES:
            for made in _MADE_OF_SOURCES:
                vars(self).pop(made, None)

    # What programs see…

    @property
    def closed(self) -> bool:
        """Whether the session, or its connector, was closed."""
        return self._connector is None or self._connector.closed

    @property
    def connector(self) -> BaseConnector | None:
        """What carries the requests; ``None`` once closed."""
        return self._connector

    @property
    def cookie_jar(self) -> AbstractCookieJar:
        """The cookies."""
        return self._cookie_jar

    @property
    def version(self) -> HttpVersion:
        """The version of HTTP that requests have."""
        return self._version

    @property
    def requote_redirect_url(self) -> bool:
        """Whether the location of a redirect is percent-encoded anew; setting it is deprecated."""
        return self._requote_redirect_url

    @requote_redirect_url.setter
    @marked(
        "session.requote_redirect_url modification: use the requote_redirect_url argument of "
        "ClientSession"
    )
    def requote_redirect_url(self, value: bool) -> None:
        _REQUOTE_SETTER.warn_outside()
        self._requote_redirect_url = value

    @property
    @marked("ClientSession.loop: use asyncio.get_running_loop()")
    def loop(self) -> asyncio.AbstractEventLoop:
        """Deprecated: the loop."""
        _LOOP_PROPERTY.warn()
        return self._loop

    @property
    def timeout(self) -> ClientTimeout:
        """The timeouts of calls that have none of their own."""
        return self._timeout

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers of every call."""
        return self._default_headers

    @property
    def skip_auto_headers(self) -> frozenset[str]:
        """Automatic fields that are not wanted."""
        return self._skip_auto_headers

    @property
    def auth(self) -> BasicAuth | None:
        """The credentials of calls that have none of their own."""
        return self._default_auth

    @property
    def json_serialize(self) -> JSONEncoder:
        """What makes the text of ``json=``."""
        return self._json_serialize

    @property
    def connector_owner(self) -> bool:
        """Whether closing the session closes the connector."""
        return self._connector_owner

    @property
    def raise_for_status(self) -> bool | Callable[[ClientResponse], Awaitable[None]]:
        """Whether, or how, the status of responses is checked."""
        return self._raise_for_status

    @property
    def auto_decompress(self) -> bool:
        """Whether Content-Encoding is undone."""
        return self._auto_decompress

    @property
    def trust_env(self) -> bool:
        """Whether proxies and credentials are taken from the environment."""
        return self._trust_env

    @property
    def trace_configs(self) -> list[TraceConfig]:
        """The tracers."""
        return self._trace_configs
