"""A request: what is to be sent.  How it is sent is in `sending`.

It knows neither connections nor redirects nor middlewares.
"""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiohttp import hdrs, payload
from aiohttp._client import request_head
from aiohttp._client.request_cookies import cookie_header
from aiohttp._client.tls import SSLOption, checked_ssl
from aiohttp._environment import basicauth_from_netrc, netrc_from_env
from aiohttp._fields.auth import BasicAuth, basic_auth, encode_basic_auth
from aiohttp._h1.messages import HttpVersion, HttpVersion11
from aiohttp._software import SERVER_SOFTWARE
from aiohttp._timers import BaseTimerContext, TimerNoop
from aiohttp.client_exceptions import (
    InvalidURL,
)
from aiohttp.compression_utils import HAS_BROTLI, HAS_ZSTD
from aiohttp.typedefs import (
    LooseCookies,
    LooseHeaders,
    Query,
)

if TYPE_CHECKING:
    from aiohttp.client import ClientSession
    from aiohttp.tracing import Trace

from aiohttp.client_reqrep.response import ClientResponse
from aiohttp.client_reqrep.sending import Sending
from aiohttp.client_reqrep.values import ConnectionKey, RequestInfo


class ClientRequest(Sending):
    """One request: what middlewares look at and change, and what is then sent.

    The ``update_*`` methods are called by the constructor, in the order of the class, and may be
    overridden.
    """

    GET_METHODS: ClassVar[set[str]] = set(request_head.BODILESS_METHODS)
    POST_METHODS: ClassVar[set[str]] = {hdrs.METH_PATCH, hdrs.METH_POST, hdrs.METH_PUT}
    ALL_METHODS: ClassVar[set[str]] = GET_METHODS | POST_METHODS | {hdrs.METH_DELETE}

    DEFAULT_HEADERS: Mapping[str, str] = {
        hdrs.ACCEPT: "*/*",
        hdrs.ACCEPT_ENCODING: request_head.accept_encoding(brotli=HAS_BROTLI, zstd=HAS_ZSTD),
    }

    url = URL()
    method = hdrs.METH_GET
    # What most requests have; instances have their own where they differ.
    version: HttpVersion = HttpVersion11
    headers: CIMultiDict[str]
    length: int | None = None
    proxy: URL | None = None
    proxy_auth: BasicAuth | None = None
    proxy_headers: CIMultiDict[str] | None = None
    auth: BasicAuth | None = None
    # Whether the connection that it was sent over had answered other requests before.
    connection_reused = False
    # How the response is to be read; None: as the protocol is set up.
    response_params: Any = None
    _body: payload.Payload | None = None
    _skip_auto_headers: CIMultiDict[None] | None = None
    _content_length_given = False

    def __init__(
        self,
        method: str,
        url: URL,
        *,
        params: Query = None,
        headers: LooseHeaders | None = None,
        skip_auto_headers: Iterable[str] | None = None,
        data: Any = None,
        cookies: LooseCookies | None = None,
        auth: BasicAuth | None = None,
        version: HttpVersion | str = HttpVersion11,
        compress: str | bool | None = None,
        chunked: bool | None = None,
        expect100: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        response_class: type[ClientResponse] | None = None,
        proxy: URL | None = None,
        proxy_auth: BasicAuth | None = None,
        timer: BaseTimerContext | None = None,
        session: ClientSession | None = None,
        ssl: SSLOption = True,
        proxy_headers: LooseHeaders | None = None,
        traces: Sequence[Trace] | None = None,
        trust_env: bool = False,
        server_hostname: str | None = None,
    ) -> None:
        if params:
            url = url.extend_query(params)
        self._session = session
        self.original_url = url
        self.url = url.with_fragment(None) if url.raw_fragment else url
        self.method = method if method in self.ALL_METHODS else request_head.checked_method(method)
        self.loop = loop if loop is not None else asyncio.get_event_loop()
        self.chunked = chunked
        self.compress = compress
        self.response_class = response_class if response_class is not None else ClientResponse
        self._timer = timer if timer is not None else TimerNoop()
        self._ssl: SSLOption = ssl if ssl is True else checked_ssl(ssl)
        self.server_hostname = server_hostname
        self._traces: Sequence[Trace] = traces if traces is not None else ()
        self.update_host(url)
        if version is not HttpVersion11:
            self.update_version(version)
        self.update_headers(headers)
        self.update_auto_headers(skip_auto_headers)
        if cookies:
            self.update_cookies(cookies)
        if compress:
            self.update_content_encoding(data)
        if auth is not None or trust_env or self.auth is not None:
            self.update_auth(auth, trust_env)
        if proxy is not None:
            self.update_proxy(proxy, proxy_auth, proxy_headers)
        if data is not None:
            self.update_body_from_data(data)
            self.update_transfer_encoding()
        elif self.method not in self.GET_METHODS or hdrs.TRANSFER_ENCODING in self.headers:
            self.update_transfer_encoding()
        elif chunked:
            self.chunked = None  # there is nothing to send in chunks
        if expect100 or hdrs.EXPECT in self.headers:
            self.update_expect_continue(expect100)

    # What it is…

    @property
    def skip_auto_headers(self) -> CIMultiDict[None]:
        """Names of automatic fields that are not wanted."""
        return CIMultiDict() if self._skip_auto_headers is None else self._skip_auto_headers

    def is_ssl(self) -> bool:
        """Return whether the scheme asks for TLS."""
        return self.url.scheme in request_head.SSL_SCHEMES

    @property
    def ssl(self) -> SSLOption:
        """What was said about TLS."""
        return self._ssl

    @property
    def connection_key(self) -> ConnectionKey:
        """What a connection must be like to carry the request."""
        url = self.url
        proxy_headers = self.proxy_headers
        return ConnectionKey(
            url.raw_host or "",
            url.port,
            url.scheme in request_head.SSL_SCHEMES,
            self._ssl,
            self.proxy,
            self.proxy_auth,
            hash(tuple(proxy_headers.items())) if proxy_headers else None,
            self.server_hostname,
        )

    @property
    def timer(self) -> BaseTimerContext:
        """The timer of the call."""
        return self._timer

    @timer.setter
    def timer(self, timer: BaseTimerContext) -> None:
        self._timer = timer

    @property
    def host(self) -> str:
        """The host, as it goes over the wire."""
        return self.url.raw_host or ""

    @property
    def port(self) -> int | None:
        """The port, the scheme's own one when the URL has none."""
        return self.url.port

    @property
    def request_info(self) -> RequestInfo:
        """The request as its response remembers it."""
        return RequestInfo(self.url, self.method, CIMultiDictProxy(self.headers), self.original_url)

    @property
    def session(self) -> ClientSession:
        """The session that made it; middlewares make further calls with it."""
        if self._session is None:
            raise RuntimeError("the request was made without a session")
        return self._session

    # How it comes together…

    def update_host(self, url: URL) -> None:
        """Take host and credentials out of ``url``; `InvalidURL` when there is no host."""
        if not url.raw_host:
            raise InvalidURL(url)
        if url.raw_user or url.raw_password:
            self.auth = basic_auth(url.user or "", url.password or "")

    def update_version(self, version: HttpVersion | str) -> None:
        """Set the HTTP version: ``"1.1"`` or an `HttpVersion`."""
        self.version = request_head.checked_version(version)

    def update_headers(self, headers: LooseHeaders | None) -> None:
        """Begin the head: Host first (RFC 9110 §7.2), then what the caller gave."""
        self.headers = CIMultiDict()
        if not headers:
            self.headers[hdrs.HOST] = self.url.host_port_subcomponent or ""
            return
        given = CIMultiDict(headers)
        host = given.popall(hdrs.HOST, ())
        self.headers[hdrs.HOST] = host[0] if host else self.url.host_port_subcomponent or ""
        self.headers.extend(given)

    def update_auto_headers(self, skip_auto_headers: Iterable[str] | None) -> None:
        """Add the automatic fields that are neither given nor unwanted."""
        skip: CIMultiDict[None] = _NO_NAMES
        if skip_auto_headers:
            skip = CIMultiDict((name, None) for name in sorted(skip_auto_headers))
            self._skip_auto_headers = skip
        headers = self.headers
        if self.DEFAULT_HEADERS is ClientRequest.DEFAULT_HEADERS:
            automatic = _AUTOMATIC
        else:
            automatic = _automatic_headers(self.DEFAULT_HEADERS)
        if len(headers) == 1 and not skip:
            headers.extend(automatic)
        else:
            request_head.add_missing(headers, automatic, skip)

    def update_cookies(self, cookies: LooseCookies | None) -> None:
        """Add ``cookies`` to those of the Cookie field; new values win."""
        if not cookies:
            return
        present = "; ".join(self.headers.popall(hdrs.COOKIE, ()))
        self.headers[hdrs.COOKIE] = cookie_header(present, cookies)

    def update_content_encoding(self, data: Any) -> None:
        """Decide whether the body is compressed on its way out."""
        if not data:
            self.compress = None
            return
        if self.headers.get(hdrs.CONTENT_ENCODING):
            if self.compress:
                raise ValueError(
                    "compress can not be set if Content-Encoding header is set; "
                    "remove one of the two"
                )
        elif self.compress:
            if not isinstance(self.compress, str):
                self.compress = "deflate"
            self.headers[hdrs.CONTENT_ENCODING] = self.compress
            self.chunked = True  # how long it will be is not known before

    def update_auth(self, auth: BasicAuth | None, trust_env: bool = False) -> None:
        """Set Authorization from ``auth``, else from the URL, else from netrc (``trust_env``)."""
        if auth is None:
            auth = self.auth
        if auth is None and trust_env and self.url.host is not None:
            with contextlib.suppress(LookupError):
                auth = basicauth_from_netrc(netrc_from_env(), self.url.host)
        if auth is None:
            return
        if not isinstance(auth, BasicAuth):
            raise TypeError(f"BasicAuth() tuple is required instead; got {type(auth).__name__}")
        self.headers[hdrs.AUTHORIZATION] = encode_basic_auth(*auth)

    def update_proxy(
        self,
        proxy: URL | None,
        proxy_auth: BasicAuth | None,
        proxy_headers: LooseHeaders | None,
    ) -> None:
        """Set the proxy to go through."""
        self.proxy = proxy
        if proxy is None:
            self.proxy_auth = None
            self.proxy_headers = None
            return
        if proxy_auth is not None and not isinstance(proxy_auth, BasicAuth):
            raise ValueError("proxy_auth must be None or BasicAuth() tuple")
        self.proxy_auth = proxy_auth
        self.proxy_headers = CIMultiDict(proxy_headers) if proxy_headers is not None else None

    # The body…

    @property
    def body_payload(self) -> payload.Payload | None:
        """The body; ``None`` when there is none."""
        return self._body

    @property
    def body(self) -> payload.Payload | bytes:
        """The body; ``b""`` when there is none."""
        return self._body if self._body is not None else b""

    @body.setter
    def body(self, value: Any) -> None:
        if self._body is not None:
            _warn_if_unclosed_payload(self._body, stacklevel=3)
        self._replace_body(value)

    async def update_body(self, body: Any) -> None:
        """Send ``body`` instead of the body that was set before, which is closed."""
        if self._body is not None:
            await self._body.close()
            self._body = None
        self._replace_body(body)

    def _replace_body(self, body: Any) -> None:
        for name in (hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING):
            self.headers.popall(name, None)
        if body is None:
            self._body = None
        else:
            self._set_body(body)
        if body is not None or self.method not in self.GET_METHODS:
            self.update_transfer_encoding()
        else:
            self.chunked = None

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        """Make ``body`` a payload, with the fields that it asks for."""
        if self._body is not None:
            _warn_if_unclosed_payload(self._body, stacklevel=_stacklevel)
        if body is None:
            self._body = None
            return
        self._set_body(body)

    def _set_body(self, body: Any) -> None:
        if not isinstance(body, payload.Payload):
            body = _as_payload(body)
        self._body = body
        if not self.chunked and hdrs.CONTENT_LENGTH not in self.headers and body.size is None:
            self.chunked = True
        headers = self.headers
        skip = self._skip_auto_headers
        for name, value in (body.headers or {}).items():
            if name not in headers and (skip is None or name not in skip):
                headers[name] = value

    def update_transfer_encoding(self) -> None:
        """Say where the body ends: RFC 9112 §6."""
        size: int | None = None if self.method in self.GET_METHODS else 0
        if self._body is not None:
            size = self._body.size
        if request_head.frame_body(
            self.headers, chunked=self.chunked, size=size, version=self.version
        ):
            self.chunked = True

    def update_expect_continue(self, expect: bool = False) -> None:
        """Wait with the body until the server asks for it (RFC 9110 §10.1.1).

        Nothing is expected for the sake of a body that there is not.
        """
        if self._body is None or self._body.size == 0:
            if request_head.asks_for_continue(self.headers):
                del self.headers[hdrs.EXPECT]
            return
        if expect:
            self.headers[hdrs.EXPECT] = "100-continue"
        if request_head.asks_for_continue(self.headers):
            self._continue = self.loop.create_future()


def _automatic_headers(accept: Mapping[str, str]) -> CIMultiDict[str]:
    return CIMultiDict((*accept.items(), (hdrs.USER_AGENT, SERVER_SOFTWARE)))


_AUTOMATIC = _automatic_headers(ClientRequest.DEFAULT_HEADERS)
_NO_NAMES: CIMultiDict[None] = CIMultiDict()


def _as_payload(body: Any) -> payload.Payload:
    """Return what sends ``body``: what is registered for its type, or else a form."""
    try:
        return payload.PAYLOAD_REGISTRY.get(body, disposition=None)
    except payload.LookupError:
        from aiohttp.formdata import FormData

        form = body if isinstance(body, FormData) else FormData(body)
        return form()


def _warn_if_unclosed_payload(body: payload.Payload, stacklevel: int = 2) -> None:
    """Warn when a body that holds a resource is about to be dropped."""
    if not body.autoclose and not body.consumed:
        warnings.warn(
            "The previous request body contains unclosed resources. "
            "Use await request.update_body() instead of setting request.body "
            "directly: it closes them.",
            ResourceWarning,
            stacklevel=stacklevel,
        )
