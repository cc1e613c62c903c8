"""The session: what a program keeps to make calls with.

Its calls are merged from what it always asks and what each asks in `session_call`, and made by
`_client.call`.  It knows no sockets: requests are carried by a connector.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
import warnings
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

from multidict import CIMultiDict

from aiohttp._client.call import Call, check_scheme
from aiohttp._client.charset import fallback_charset
from aiohttp._client.deadlines import Deadlines
from aiohttp._client.options import DEFAULT_READ_BUFSIZE, ClientTimeout, RequestOptions
from aiohttp._client.plain import asks_plainly
from aiohttp._client.redirects import REDIRECT_STATUSES
from aiohttp._content_headers import _SENTINEL, sentinel
from aiohttp._deprecations import declare, marked
from aiohttp._fields.auth import BasicAuth
from aiohttp._h1.messages import HttpVersion, HttpVersion11
from aiohttp._switches import DEBUG
from aiohttp.client.arguments import checked_base_url, session_loop, session_timeout
from aiohttp.client.older_options import warn_of_credentials
from aiohttp.client.plain_calls import PlainCalls
from aiohttp.client.session_call import SessionCall
from aiohttp.client.websockets import WebSockets
from aiohttp.client_exceptions import InvalidUrlClientError
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.client_ws import ClientWebSocketResponse
from aiohttp.connector import BaseConnector, TCPConnector
from aiohttp.cookiejar import CookieJar
from aiohttp.typedefs import (
    JSONBytesEncoder,
    JSONEncoder,
    LooseCookies,
    LooseHeaders,
    StrOrURL,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from aiohttp.abc import AbstractCookieJar
    from aiohttp.client._keywords import OldSessionOptions, SessionOptions
    from aiohttp.client.settings import _CharsetResolver
    from aiohttp.client_middlewares import ClientMiddlewareType
    from aiohttp.tracing import TraceConfig

_INHERITANCE = declare(
    "Inheritance from ClientSession",
    since="3.0",
    instead="a class that has a session",
    unmarked="a class cannot be marked for those alone who inherit from it",
)


class ClientSession(WebSockets, PlainCalls):
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
            "_json_serialize",
            "_json_serialize_bytes",
            "_loop",
            "_max_field_size",
            "_max_headers",
            "_max_line_size",
            "_middlewares",
            "_raise_for_status",
            "_read_bufsize",
            "_request_class",
            "_requote_redirect_url",
            "_resolve_charset",
            "_response_class",
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
        self._cookie_jar = CookieJar() if cookie_jar is None else cookie_jar
        if cookies is not None:
            self._cookie_jar.update_cookies(cookies)
        warn_of_credentials(auth, proxy_auth)
        self._default_auth = auth
        self._default_proxy = proxy
        self._default_proxy_auth = proxy_auth
        self._trust_env = trust_env
        # The request.
        self._version = version
        self._json_serialize = json_serialize
        self._json_serialize_bytes = json_serialize_bytes
        self._default_headers = CIMultiDict(headers) if headers else CIMultiDict()
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
        self._resolve_charset = fallback_charset_resolver
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

    # A call…

    async def _request(self, method: str, str_or_url: StrOrURL, **kwargs: Any) -> ClientResponse:
        """Make a call; every verb ends here.  Keyword arguments as of `request`."""
        response: ClientResponse | None = None
        history: tuple[ClientResponse, ...] = ()
        started = self._loop.time()
        if asks_plainly(kwargs) and self._is_plain():
            response = await self._ask_plainly(method, str_or_url, kwargs, started)
            if response is not None:
                if response.status in REDIRECT_STATUSES and kwargs.get("allow_redirects", True):
                    response, history = await self._follow_plainly(response, kwargs, started)
                    if response.status not in REDIRECT_STATUSES:
                        return response
                else:
                    return response
        options = RequestOptions(kwargs)
        return await self._ask(method, str_or_url, options, started, response, history)

    async def _ask(
        self,
        method: str,
        str_or_url: StrOrURL,
        options: RequestOptions,
        started: float,
        first: ClientResponse | None,
        history: tuple[ClientResponse, ...],
    ) -> ClientResponse:
        """Make a call, or go on with it: ``first`` and ``history`` as of `Call.run`.

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
                response = await call.run(first, history)
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

    def _prepare(
        self, method: str, str_or_url: StrOrURL, options: RequestOptions, started: float
    ) -> Call:
        connector = self._connector
        if connector is None:
            raise RuntimeError("Session is closed")
        try:
            url = self._build_url(str_or_url)
        except ValueError as error:
            raise InvalidUrlClientError(str_or_url, str(error)) from error
        check_scheme(url, connector.allowed_protocol_schema_set)
        if options.json is not None:
            if options.data is not None:
                raise ValueError("data and json parameters can not be used at the same time")
            options.data = self._json_payload(options.json)
        return SessionCall(self, connector, method, url, options, started)

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
