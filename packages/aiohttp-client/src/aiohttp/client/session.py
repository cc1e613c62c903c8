"""The session: what a program keeps to make calls with, and the verbs.

It merges what a call asks with what it always asks, and lets `_client.call` do the rest.  It knows
no sockets: requests are carried by a connector.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
import warnings
from collections.abc import (
    Awaitable,
    Callable,
    Iterable,
    Sequence,
)
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypedDict, overload

from multidict import CIMultiDict
from yarl import URL

from aiohttp._client.call import Call, check_scheme
from aiohttp._client.charset import fallback_charset
from aiohttp._client.deadlines import Deadlines
from aiohttp._client.options import (
    DEFAULT_READ_BUFSIZE,
    ORDINARY_OPTIONS,
    ClientTimeout,
    RequestOptions,
    ResponseParams,
    response_params,
)
from aiohttp._client.plain import PlainRequests, asks_plainly
from aiohttp._client.proxies import EnvironmentProxy, FixedProxy, ProxyResolution
from aiohttp._client.redirects import REDIRECT_STATUSES
from aiohttp._client.tls import merge_ssl_options
from aiohttp._client.upload import UploadTracker
from aiohttp._content_headers import _SENTINEL, sentinel
from aiohttp._deprecations import declare, marked
from aiohttp._environment import basicauth_from_netrc, get_env_proxy_for_url, netrc_from_env
from aiohttp._fields.auth import BasicAuth
from aiohttp._h1.limits import Limits
from aiohttp._h1.messages import HttpVersion, HttpVersion11
from aiohttp._switches import DEBUG
from aiohttp.client_exceptions import (
    InvalidURL,
    InvalidUrlClientError,
)
from aiohttp.client_reqrep import (
    ClientRequest,
    ClientResponse,
    Fingerprint,
)
from aiohttp.client_ws import ClientWebSocketResponse, ClientWSTimeout
from aiohttp.connector import (
    BaseConnector,
    TCPConnector,
)
from aiohttp.cookiejar import CookieJar, UnlimitedCookieJar
from aiohttp.hdrs import (
    METH_DELETE,
    METH_GET,
    METH_HEAD,
    METH_OPTIONS,
    METH_PATCH,
    METH_POST,
    METH_PUT,
)
from aiohttp.typedefs import (
    JSONBytesEncoder,
    JSONEncoder,
    LooseCookies,
    LooseHeaders,
    Query,
    StrOrURL,
)

if TYPE_CHECKING:
    from ssl import SSLContext

    from typing_extensions import Unpack

    from aiohttp.abc import AbstractCookieJar
    from aiohttp.client._keywords import (
        OlderWSConnectOptions,
        OldSessionOptions,
        OldWSConnectOptions,
        SessionOptions,
        WSConnectOptions,
    )
    from aiohttp.client_middlewares import ClientMiddlewareType
    from aiohttp.tracing import Trace, TraceConfig
from aiohttp.client.arguments import (
    call_timeout,
    checked_base_url,
    session_loop,
    session_timeout,
    ws_timeout,
)
from aiohttp.client.pending import _RequestContextManager, _WSRequestContextManager
from aiohttp.client.plain_calls import PlainCalls

_LOOP_PROPERTY = declare("ClientSession.loop", since="3.0", instead="asyncio.get_running_loop()")
_CHUNK_SIZE = declare(
    "Chunk size as chunked argument",
    since="2.0",
    instead="chunked=True",
    unmarked="the options of a call have no types for checkers",
)
_REQUOTE_SETTER = declare(
    "session.requote_redirect_url modification",
    since="3.5",
    instead="the requote_redirect_url argument of ClientSession",
)
_INHERITANCE = declare(
    "Inheritance from ClientSession",
    since="3.0",
    instead="a class that has a session",
    unmarked="a class cannot be marked for those alone who inherit from it",
)

_CharsetResolver = Callable[[ClientResponse, bytes], str]


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


class ClientSession(PlainCalls):
    """A pool of connections, a cookie jar, and what all of its calls have in common.

    Make one for a program, not one for a call; close it by ``async with`` or `close`.  Arguments
    that a call has too are the defaults of its calls; see `request`.

    Args:
        base_url: what relative URLs of calls are relative to; its path ends in ``/``.
        connector: carries the requests; default a `TCPConnector` of the session's own.
        cookies: put into the jar at once.
        headers: of every call, unless the call has the same names.
        skip_auto_headers: automatic fields that are not wanted.
        auth: sent to ``base_url`` only, or everywhere when there is none.
        json_serialize: makes the text of ``json=``; ``json_serialize_bytes`` makes bytes and wins.
        request_class, response_class, ws_response_class: what calls are made of.
        cookie_jar: default a `CookieJar`.
        connector_owner: whether closing the session closes the connector.
        raise_for_status: raise `ClientResponseError` for 400 and above; or a coroutine function
            that is called with each response.
        timeout: default 5 minutes for the whole call, 30 seconds for a socket to connect.
        auto_decompress: undo Content-Encoding.
        trust_env: take proxies and credentials from the environment.
        requote_redirect_url: percent-encode the location of redirects anew.
        trace_configs: see `TraceConfig`.
        read_bufsize: bytes of a body that are held unread before its connection is paused (twice).
        max_line_size, max_field_size, max_headers: limits of the head of a response.
        fallback_charset_resolver: names the charset of a text that does not declare it; default
            UTF-8 when the body is that, else what chardet guesses.
        middlewares: functions around each request.
    """

    ATTRS = frozenset(
        {
            "_auto_decompress",
            "_base_url",
            "_base_url_origin",
            "_connector",
            "_connector_owner",
            "_cookie_jar",
            "_deadlines",
            "_default_auth",
            "_default_headers",
            "_default_proxy",
            "_default_proxy_auth",
            "_has_own_classes",
            "_json_serialize",
            "_json_serialize_bytes",
            "_loop",
            "_max_field_size",
            "_max_headers",
            "_max_line_size",
            "_middlewares",
            "_plain_requests",
            "_raise_for_status",
            "_read_bufsize",
            "_request_class",
            "_requote_redirect_url",
            "_resolve_charset",
            "_response_class",
            "_response_params",
            "_retry_connection",
            "_skip_auto_headers",
            "_source_traceback",
            "_timeout",
            "_trace_configs",
            "_trust_env",
            "_version",
            "_ws_response_class",
            "requote_redirect_url",
        }
    )

    _source_traceback: traceback.StackSummary | None = None
    _connector: BaseConnector | None = None

    @overload
    def __init__(
        self, base_url: StrOrURL | None = None, **options: Unpack[SessionOptions]
    ) -> None: ...

    @overload
    @marked("conn_timeout argument of ClientSession: use timeout=ClientTimeout(connect=...)")
    def __init__(
        self,
        base_url: StrOrURL | None = None,
        *,
        conn_timeout: float | None,
        read_timeout: float | _SENTINEL | None = ...,
        **options: Unpack[OldSessionOptions],
    ) -> None: ...

    @overload
    @marked("read_timeout argument of ClientSession: use timeout=ClientTimeout(total=...)")
    def __init__(
        self,
        base_url: StrOrURL | None = None,
        *,
        read_timeout: float | _SENTINEL | None,
        **options: Unpack[OldSessionOptions],
    ) -> None: ...

    @overload
    @marked(
        "ssl_shutdown_timeout argument: use nothing; connections are closed without waiting for "
        "the peer's close_notify"
    )
    def __init__(
        self, base_url: StrOrURL | None = None, **options: Unpack[OldSessionOptions]
    ) -> None: ...

    def __init__(
        self,
        base_url: StrOrURL | None = None,
        *,
        connector: BaseConnector | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        cookies: LooseCookies | None = None,
        headers: LooseHeaders | None = None,
        proxy: StrOrURL | None = None,
        proxy_auth: BasicAuth | None = None,
        skip_auto_headers: Iterable[str] | None = None,
        auth: BasicAuth | None = None,
        json_serialize: JSONEncoder = json.dumps,
        json_serialize_bytes: JSONBytesEncoder | None = None,
        request_class: type[ClientRequest] = ClientRequest,
        response_class: type[ClientResponse] = ClientResponse,
        ws_response_class: type[ClientWebSocketResponse[Any]] = ClientWebSocketResponse,
        version: HttpVersion = HttpVersion11,
        cookie_jar: AbstractCookieJar | None = None,
        connector_owner: bool = True,
        raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]] = False,
        read_timeout: float | _SENTINEL | None = sentinel,
        conn_timeout: float | None = None,
        timeout: object | ClientTimeout = sentinel,
        auto_decompress: bool = True,
        trust_env: bool = False,
        requote_redirect_url: bool = True,
        trace_configs: list[TraceConfig] | None = None,
        read_bufsize: int = DEFAULT_READ_BUFSIZE,
        max_line_size: int = 8190,
        max_field_size: int = 8190,
        max_headers: int = 128,
        fallback_charset_resolver: _CharsetResolver = fallback_charset,
        middlewares: Sequence[ClientMiddlewareType] = (),
        ssl_shutdown_timeout: float | _SENTINEL | None = sentinel,
    ) -> None:
        self._base_url, self._base_url_origin = checked_base_url(base_url)
        self._timeout = session_timeout(timeout, read_timeout, conn_timeout)
        loop = session_loop(loop, connector)
        self._loop = loop
        if loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))
        if connector is None:
            connector = TCPConnector(ssl_shutdown_timeout=ssl_shutdown_timeout)
        self._connector = connector
        self._connector_owner = connector_owner
        # Cookies and credentials.
        self._cookie_jar: AbstractCookieJar = CookieJar() if cookie_jar is None else cookie_jar
        if cookies is not None:
            self._cookie_jar.update_cookies(cookies)
        self._default_auth = auth
        self._default_proxy = proxy
        self._default_proxy_auth = proxy_auth
        self._trust_env = trust_env
        # The request.
        self._version = version
        self._json_serialize = json_serialize
        self._json_serialize_bytes = json_serialize_bytes
        self._default_headers: CIMultiDict[str] = CIMultiDict(headers) if headers else CIMultiDict()
        self._skip_auto_headers = frozenset(skip_auto_headers or ())
        self._request_class = request_class
        self._requote_redirect_url = requote_redirect_url
        self._middlewares = middlewares
        self._retry_connection = True
        # The response.
        self._response_class = response_class
        self._ws_response_class = ws_response_class
        self._raise_for_status = raise_for_status
        self._auto_decompress = auto_decompress
        self._read_bufsize = read_bufsize
        self._max_line_size = max_line_size
        self._max_field_size = max_field_size
        self._max_headers = max_headers
        self._resolve_charset: _CharsetResolver = fallback_charset_resolver
        self._response_params = ResponseParams(
            limits=Limits(max_line_size, max_field_size, max_headers),
            read_bufsize=read_bufsize,
            auto_decompress=auto_decompress,
            read_timeout=self._timeout.sock_read,
            ceil_threshold=self._timeout.ceil_threshold,
        )
        # The short way.
        self._plain_requests = PlainRequests()
        self._has_own_classes = (
            request_class is not ClientRequest
            or response_class is not ClientResponse
            or type(self)._build_url is not ClientSession._build_url
            or type(self)._prepare_headers is not ClientSession._prepare_headers
        )
        # Watching.
        self._trace_configs = list(trace_configs or ())
        for trace_config in self._trace_configs:
            trace_config.freeze()
        self._deadlines = Deadlines(loop)

    def __init_subclass__(cls: type[ClientSession]) -> None:
        _INHERITANCE.warn(stacklevel=2)

    if DEBUG:

        def __setattr__(self, name: str, value: Any) -> None:
            if name not in self.ATTRS:
                warnings.warn(
                    f"Setting custom ClientSession.{name} attribute is discouraged",
                    DeprecationWarning,
                    stacklevel=2,
                )
            super().__setattr__(name, value)

    def __del__(self, _warnings: Any = warnings) -> None:
        if self.closed:
            return
        _warnings.warn(f"Unclosed client session {self!r}", ResourceWarning, source=self)
        context = {"client_session": self, "message": "Unclosed client session"}
        if self._source_traceback is not None:
            context["source_traceback"] = self._source_traceback
        self._loop.call_exception_handler(context)

    # Verbs…

    def request(self, method: str, url: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a call; ``await`` it, or ``async with`` it, for a `ClientResponse`.

        Keyword arguments, each default the session's where it has one:

        ``params``: added to the query.  ``data``: the body (bytes, str, mapping, pairs, `FormData`,
        file, async iterable, `Payload`); ``json``: the body, serialized.  ``cookies``, ``headers``,
        ``skip_auto_headers``: added to the session's.  ``auth``.  ``allow_redirects``,
        ``max_redirects``.  ``compress``: ``True``, ``"deflate"``, ``"gzip"``.  ``chunked``: send
        the body in chunks.  ``expect100``: wait with the body until the server wants it.
        ``raise_for_status``.  ``read_until_eof``: a body without a length ends with the connection.
        ``proxy``, ``proxy_auth``, ``proxy_headers``.  ``timeout``: a `ClientTimeout`.  ``ssl``:
        ``True`` (check the certificate), ``False``, a `Fingerprint` or a context;
        ``server_hostname``: the name that the certificate must have.  ``trace_request_ctx``: given
        to the tracers.  ``read_bufsize``, ``auto_decompress``, ``max_line_size``,
        ``max_field_size``, ``max_headers``.  ``middlewares``: instead of the session's.
        ``upload_tracker``: an `UploadTracker`.

        Raises a subclass of `ClientError`, or ``TimeoutError``.
        """
        return _RequestContextManager(self._request(method, url, **kwargs))

    def get(
        self, url: StrOrURL, *, allow_redirects: bool = True, **kwargs: Any
    ) -> _RequestContextManager:
        """Make a GET call; see `request`."""
        return _RequestContextManager(
            self._request(METH_GET, url, allow_redirects=allow_redirects, **kwargs)
        )

    def options(
        self, url: StrOrURL, *, allow_redirects: bool = True, **kwargs: Any
    ) -> _RequestContextManager:
        """Make an OPTIONS call; see `request`."""
        return _RequestContextManager(
            self._request(METH_OPTIONS, url, allow_redirects=allow_redirects, **kwargs)
        )

    def head(
        self, url: StrOrURL, *, allow_redirects: bool = False, **kwargs: Any
    ) -> _RequestContextManager:
        """Make a HEAD call, which by default does not follow redirects; see `request`."""
        return _RequestContextManager(
            self._request(METH_HEAD, url, allow_redirects=allow_redirects, **kwargs)
        )

    def post(self, url: StrOrURL, *, data: Any = None, **kwargs: Any) -> _RequestContextManager:
        """Make a POST call; see `request`."""
        return _RequestContextManager(self._request(METH_POST, url, data=data, **kwargs))

    def put(self, url: StrOrURL, *, data: Any = None, **kwargs: Any) -> _RequestContextManager:
        """Make a PUT call; see `request`."""
        return _RequestContextManager(self._request(METH_PUT, url, data=data, **kwargs))

    def patch(self, url: StrOrURL, *, data: Any = None, **kwargs: Any) -> _RequestContextManager:
        """Make a PATCH call; see `request`."""
        return _RequestContextManager(self._request(METH_PATCH, url, data=data, **kwargs))

    def delete(self, url: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a DELETE call; see `request`."""
        return _RequestContextManager(self._request(METH_DELETE, url, **kwargs))

    # A call…

    async def _request(self, method: str, str_or_url: StrOrURL, **kwargs: Any) -> ClientResponse:
        """Make a call; every verb ends here.  Keyword arguments as of `request`."""
        response: ClientResponse | None = None
        started = self._loop.time()
        if asks_plainly(kwargs) and self._is_plain():
            response = await self._ask_plainly(method, str_or_url, kwargs, started)
            if response is not None and (
                response.status not in REDIRECT_STATUSES or not kwargs.get("allow_redirects", True)
            ):
                return response
        return await self._ask(method, str_or_url, RequestOptions(kwargs), response, started)

    async def _ask(
        self,
        method: str,
        str_or_url: StrOrURL,
        options: RequestOptions,
        first: ClientResponse | None,
        started: float,
    ) -> ClientResponse:
        """Make a call; ``first``: the response of its first hop, if that was made before.

        The total timeout counts from ``started``.
        """
        if self.closed:
            raise RuntimeError("Session is closed")
        tracker = options.upload_tracker
        if tracker is not None:
            tracker.bind()
        call: Call | None = None
        response = first
        try:
            call = self._prepare(method, str_or_url, options, started)
            with call.deadline:
                if call.traces:
                    await call.tell_start()
                response = await call.run(first)
                if options.raise_for_status is not None or self._raise_for_status:
                    await self._check_status(response, options)
                if call.traces:
                    await call.tell_end(response)
        except BaseException as error:
            if response is not None:
                response.close()
            if tracker is not None:
                tracker.call_ended(error)
            if call is not None:
                call.deadline.close()
                await call.tell_exception(error)
            raise
        if tracker is not None:
            tracker.call_ended()
        if (conn := response.connection) is not None:
            # The total timeout goes on until the body has been read.
            conn.add_callback(call.deadline.close)
        else:
            call.deadline.close()
        return response

    # A call of any kind…

    def _prepare(
        self, method: str, str_or_url: StrOrURL, options: RequestOptions, started: float
    ) -> Call:
        """Merge what the call asks with what the session always asks."""
        connector = self._connector
        if connector is None:
            raise RuntimeError("Session is closed")
        try:
            url = self._build_url(str_or_url)
        except ValueError as error:
            raise InvalidUrlClientError(str_or_url, str(error)) from error
        check_scheme(url, connector.allowed_protocol_schema_set)
        if options.json is not None:
            options.data = self._json_body(options)
        call = SessionCall(self, connector, method, url, options)
        call.may_retry = self._retry_connection
        call.requote = self._requote_redirect_url
        call.headers = self._prepare_headers(options.headers)
        call.timeout = timeout = self._timeout
        call.response_params = self._response_params
        if self._skip_auto_headers:
            call.skip_auto_headers = self._skip_auto_headers
        if self._middlewares:
            call.middlewares = self._middlewares
        if self._trace_configs:
            call.traces = self._open_traces(options.trace_request_ctx)
        if self._trust_env or self._default_proxy is not None:
            self._set_way(call, options)
        if not options.given <= ORDINARY_OPTIONS:
            self._add_particulars(call, options)
            timeout = call.timeout
        call.deadline = self._deadlines.start(timeout.total, timeout.ceil_threshold, started)
        return call

    def _add_particulars(self, call: Call, options: RequestOptions) -> None:
        """Apply the options that most calls do not have."""
        if options.chunked is not None and not isinstance(options.chunked, bool):
            _CHUNK_SIZE.warn(stacklevel=5)
        call.ssl = merge_ssl_options(
            options.ssl, options.verify_ssl, options.ssl_context, options.fingerprint
        )
        if options.skip_auto_headers is not None:
            call.skip_auto_headers = self._skip_auto_headers | frozenset(options.skip_auto_headers)
        if options.middlewares is not None:
            call.middlewares = options.middlewares
        call.timeout = call_timeout(options.timeout, self._timeout)
        call.response_params = response_params(options, call.timeout, self._response_params)
        self._set_way(call, options)

    def _set_way(self, call: Call, options: RequestOptions) -> None:
        """Set through which proxies and with whose credentials the call goes."""
        proxy = self._default_proxy if options.proxy is None else options.proxy
        auth = self._default_proxy_auth if options.proxy_auth is None else options.proxy_auth
        if proxy is not None:
            try:
                call.proxies = FixedProxy(ProxyResolution(URL(proxy), auth))
            except ValueError as error:
                raise InvalidURL(proxy) from error
        elif self._trust_env:
            call.proxies = EnvironmentProxy(get_env_proxy_for_url)
        if options.proxy_headers is not None:
            call.proxy_headers = CIMultiDict(options.proxy_headers)
        if self._trust_env:
            call.netrc = self._get_netrc_auth

    def _json_body(self, options: RequestOptions) -> Any:
        if options.data is not None:
            raise ValueError("data and json parameters can not be used at the same time")
        return self._json_payload(options.json)

    def _open_traces(self, trace_request_ctx: object) -> list[Trace]:
        from aiohttp.tracing import Trace

        return [
            Trace(
                self,
                trace_config,
                trace_config.trace_config_ctx(trace_request_ctx=trace_request_ctx),
            )
            for trace_config in self._trace_configs
        ]

    async def _check_status(self, response: ClientResponse, options: RequestOptions) -> None:
        check: Any = options.raise_for_status
        if check is None:
            check = self._raise_for_status
        elif not (isinstance(check, bool) or callable(check)):
            raise ValueError(
                f"raise_for_status; expected None, a bool or a coroutine function; got {check!r}"
            )
        if check is False:
            return
        if check is True:
            response.raise_for_status()
        else:
            await check(response)

    def _get_netrc_auth(self, host: str) -> BasicAuth | None:
        """Return what the netrc file has for ``host``."""
        try:
            return basicauth_from_netrc(netrc_from_env(), host)
        except LookupError:
            return None

    def _cookies_for(self, cookies: LooseCookies, url: URL) -> Any:
        """Return the cookies of one call as they go to ``url``."""
        quote_cookie = getattr(self._cookie_jar, "quote_cookie", True)
        jar = UnlimitedCookieJar(unsafe=True, quote_cookie=quote_cookie)
        jar.update_cookies(cookies)
        return jar.filter_cookies(url)

    # WebSocket…

    @overload
    def ws_connect(
        self, url: StrOrURL, **options: Unpack[WSConnectOptions]
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("verify_ssl argument: use ssl=True or ssl=False")
    def ws_connect(
        self, url: StrOrURL, *, verify_ssl: bool | None, **options: Unpack[OlderWSConnectOptions]
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("ssl_context argument: use ssl=ssl_context")
    def ws_connect(
        self,
        url: StrOrURL,
        *,
        ssl_context: SSLContext | None,
        **options: Unpack[OlderWSConnectOptions],
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("fingerprint argument: use ssl=Fingerprint(digest)")
    def ws_connect(
        self, url: StrOrURL, *, fingerprint: bytes | None, **options: Unpack[OlderWSConnectOptions]
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("receive_timeout argument of ws_connect: use timeout=ClientWSTimeout(ws_receive=...)")
    def ws_connect(
        self,
        url: StrOrURL,
        *,
        receive_timeout: float | None,
        **options: Unpack[OldWSConnectOptions],
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("float as timeout of ws_connect: use timeout=ClientWSTimeout(ws_close=...)")
    def ws_connect(
        self, url: StrOrURL, **options: Unpack[OldWSConnectOptions]
    ) -> _WSRequestContextManager: ...

    def ws_connect(
        self,
        url: StrOrURL,
        *,
        method: str = METH_GET,
        protocols: Iterable[str] = (),
        timeout: float | ClientWSTimeout | _SENTINEL = sentinel,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = None,
        auth: BasicAuth | None = None,
        origin: str | None = None,
        params: Query = None,
        headers: LooseHeaders | None = None,
        proxy: StrOrURL | None = None,
        proxy_auth: BasicAuth | None = None,
        ssl: SSLContext | bool | Fingerprint = True,
        verify_ssl: bool | None = None,
        fingerprint: bytes | None = None,
        ssl_context: SSLContext | None = None,
        server_hostname: str | None = None,
        proxy_headers: LooseHeaders | None = None,
        compress: int = 0,
        max_msg_size: int = 4 * 1024 * 1024,
        decode_text: bool = True,
    ) -> _WSRequestContextManager:
        """Open a WebSocket; ``await`` it, or ``async with`` it, for a `ClientWebSocketResponse`.

        Args:
            protocols: subprotocols, the favourite first.
            timeout: seconds for a message and for closing.
            autoclose, autoping: answer close and ping frames.
            heartbeat: seconds between pings; a missing pong closes the connection.
            origin: value of the Origin field.
            compress: window bits (9 to 15) of permessage-deflate to offer; 0: none.
            max_msg_size: bytes of a message; a larger one closes the connection.  0: no limit.
            decode_text: ``False`` gives text messages as bytes.

        The others as of `request`.  Raises `WSServerHandshakeError` when the server does not agree.
        """
        return _WSRequestContextManager(
            self._ws_connect(
                url,
                method=method,
                protocols=protocols,
                timeout=timeout,
                receive_timeout=receive_timeout,
                autoclose=autoclose,
                autoping=autoping,
                heartbeat=heartbeat,
                auth=auth,
                origin=origin,
                params=params,
                headers=headers,
                proxy=proxy,
                proxy_auth=proxy_auth,
                ssl=merge_ssl_options(ssl, verify_ssl, ssl_context, fingerprint),
                server_hostname=server_hostname,
                proxy_headers=proxy_headers,
                compress=compress,
                max_msg_size=max_msg_size,
                decode_text=decode_text,
            )
        )

    async def _ws_connect(
        self,
        url: StrOrURL,
        *,
        method: str = METH_GET,
        protocols: Iterable[str] = (),
        timeout: float | ClientWSTimeout | _SENTINEL = sentinel,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = None,
        origin: str | None = None,
        headers: LooseHeaders | None = None,
        compress: int = 0,
        max_msg_size: int = 4 * 1024 * 1024,
        decode_text: bool = True,
        **request_options: Any,
    ) -> ClientWebSocketResponse[Any]:
        # Few programs open any, and the machinery of WebSockets comes with it.
        from aiohttp._client.websocket_upgrade import WSOptions, agree, propose, take_over

        behaviour = WSOptions(
            timeout=ws_timeout(timeout, receive_timeout),
            autoclose=autoclose,
            autoping=autoping,
            heartbeat=heartbeat,
            max_msg_size=max_msg_size,
            decode_text=decode_text,
        )
        upgrade_headers: CIMultiDict[str] = CIMultiDict(headers or ())
        proposal = propose(upgrade_headers, protocols, origin, compress)
        response = await self.request(
            method, url, headers=upgrade_headers, read_until_eof=False, **request_options
        )
        try:
            agreement = agree(response, proposal)
            return take_over(
                response,
                agreement,
                behaviour,
                response_class=self._ws_response_class,
                loop=self._loop,
            )
        except BaseException:
            response.close()
            raise

    # The end…

    async def close(self) -> None:
        """Close the session, and the connector when it is the session's own."""
        if self.closed:
            return
        self._deadlines.close()
        connector, self._connector = self._connector, None
        if connector is not None and self._connector_owner:
            await connector.close()

    def detach(self) -> None:
        """Leave the connector open, and the session without one."""
        self._connector = None

    async def __aenter__(self) -> ClientSession:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    def __enter__(self) -> None:
        raise TypeError("Use async with instead")

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Never reached: `__enter__` raises."""

    # What others look at…

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
        _REQUOTE_SETTER.warn()
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


class SessionCall(Call):
    """A call of a session."""

    def __init__(
        self,
        session: ClientSession,
        connector: BaseConnector,
        method: str,
        url: URL,
        options: RequestOptions,
    ) -> None:
        super().__init__(
            connector,
            connector.allowed_protocol_schema_set,
            session._cookie_jar,
            session._loop,
            method,
            url,
            options,
        )
        self.session = session
        if session._default_auth is not None:
            self.default_auth = session._default_auth
            self.default_origin = session._base_url_origin

    def new_request(
        self, url: URL, auth: BasicAuth | None, proxy: ProxyResolution
    ) -> ClientRequest:
        session = self.session
        options = self.options
        request = session._request_class(
            self.method,
            url,
            params=self.params,
            headers=self.headers,
            skip_auto_headers=self.skip_auto_headers,
            data=self.data,
            cookies=self.cookies_for(url),
            auth=auth,
            version=session._version,
            compress=options.compress,
            chunked=options.chunked,
            expect100=options.expect100,
            loop=session._loop,
            response_class=session._response_class,
            proxy=proxy.url,
            proxy_auth=proxy.auth,
            timer=self.deadline,
            session=session,
            ssl=self.ssl,
            server_hostname=options.server_hostname,
            proxy_headers=self.proxy_headers if proxy.url is not None else None,
            traces=self.traces,
            trust_env=False,  # what the environment says was found before
        )
        request.response_params = self.response_params
        if options.upload_tracker is not None:
            request.upload_tracker = options.upload_tracker
        return request

    def cookies_for(self, url: URL) -> Any:
        """Return the cookies that go to ``url``: those of the jar, and the call's own over them."""
        jar = self.cookie_jar
        cookies: Any = jar.filter_cookies(url) if len(jar) else None
        if not self.cookies:
            return cookies
        own = self.session._cookies_for(self.cookies, url)
        if not cookies:
            return own
        cookies.update(own)
        return cookies
