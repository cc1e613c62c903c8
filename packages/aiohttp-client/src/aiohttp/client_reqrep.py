"""A request on its way out and the response to it.

`ClientRequest` says what is to be sent and sends it over one connection; `ClientResponse` is what
came back.  Neither knows the pool, redirects or middlewares.  A response needs no socket: it is fed
by whatever has `read()` and `upgraded`, as `client_proto.ResponseHandler` has.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from http.cookies import SimpleCookie
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import attr
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy
from propcache.api import under_cached_property as reify
from yarl import URL

from aiohttp import hdrs, payload
from aiohttp._client import request_head
from aiohttp._client.body_writer import write_body
from aiohttp._client.options import DEFAULT_READ_BUFSIZE
from aiohttp._client.request_cookies import cookie_header
from aiohttp._client.tls import Fingerprint, SSLOption, checked_ssl
from aiohttp._client.upload import UploadTracker
from aiohttp._content_headers import HeadersMixin
from aiohttp._deprecations import declare
from aiohttp._environment import basicauth_from_netrc, netrc_from_env
from aiohttp._fields.auth import BasicAuth, basic_auth, encode_basic_auth
from aiohttp._fields.charset import known_charset
from aiohttp._fields.cookies import (
    parse_set_cookie_headers,
)
from aiohttp._fields.link import parse_links
from aiohttp._futures import noop, set_exception, set_result
from aiohttp._h1.messages import HttpVersion, HttpVersion11
from aiohttp._h1.serialize import request_head as serialize_request_head
from aiohttp._software import SERVER_SOFTWARE
from aiohttp._timers import BaseTimerContext, TimerNoop
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientResponseError,
    ContentTypeError,
    InvalidURL,
)
from aiohttp.compression_utils import HAS_BROTLI, HAS_ZSTD
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_writer import StreamWriter
from aiohttp.streams import StreamReader
from aiohttp.typedefs import (
    DEFAULT_JSON_DECODER,
    JSONDecoder,
    LooseCookies,
    LooseHeaders,
    Query,
    RawHeaders,
)

if TYPE_CHECKING:
    from aiohttp._client.plain import PlainRequest
    from aiohttp._h1.messages import RawResponseMessage
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.client import ClientSession
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

__all__ = ("ClientRequest", "ClientResponse", "Fingerprint", "RequestInfo", "UploadTracker")

_URL_OBJ = declare("ClientResponse.url_obj", since="1.1", instead="ClientResponse.url")
_UPLOAD_COMPLETE = declare(
    "ClientResponse.upload_complete", since="3.14", instead="aiohttp.UploadTracker"
)
_OUTPUT_SIZE = declare("ClientResponse.output_size", since="3.14", instead="aiohttp.UploadTracker")

# Bodies up to this many bytes leave with their head in one write, without a task: what asyncio
# buffers before it asks to pause.
_MAX_BODY_IN_ONE_WRITE = 64 * 1024

# RFC 8259 §11 and the structured suffix of RFC 6839 §3.1.
_JSON_TYPE = re.compile(r"application/(?:[\w.+-]+?\+)?json", re.IGNORECASE | re.ASCII)

# JSON texts that are UTF-8 by definition, whatever the bytes look like (RFC 8259 §8.1, RFC 9083).
_UTF8_TYPES = frozenset({"application/json", "application/rdap+json"})


@attr.s(auto_attribs=True, frozen=True, slots=True)
class ContentDisposition:
    """The Content-Disposition field (RFC 6266)."""

    type: str | None
    parameters: MappingProxyType[str, str]
    filename: str | None


class _RequestInfo(NamedTuple):
    url: URL
    method: str
    headers: CIMultiDictProxy[str]
    real_url: URL


class RequestInfo(_RequestInfo):
    """The request that a response answers; only ``real_url`` has the fragment."""

    def __new__(
        cls,
        url: URL,
        method: str,
        headers: CIMultiDictProxy[str],
        real_url: URL | None = None,
    ) -> RequestInfo:
        """Make one; ``real_url`` defaults to ``url``."""
        return super().__new__(cls, url, method, headers, url if real_url is None else real_url)


class ConnectionKey(NamedTuple):
    """What two requests must have in common to go over one connection."""

    host: str
    port: int | None
    is_ssl: bool
    ssl: SSLOption
    proxy: URL | None
    proxy_auth: BasicAuth | None
    # Hash of the fields sent to the proxy.
    proxy_headers_hash: int | None
    server_hostname: str | None = None


class ClientRequest:
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
    response: ClientResponse | None = None
    upload_tracker: UploadTracker | None = None
    # Whether the connection that it was sent over had answered other requests before.
    connection_reused = False
    # How the response is to be read; None: as the protocol is set up.
    response_params: Any = None
    _body: payload.Payload | None = None
    _writer: asyncio.Task[None] | None = None
    _continue: asyncio.Future[bool] | None = None
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
        elif self.method not in self.GET_METHODS:
            self.update_transfer_encoding()
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
        size: int | None = 0 if self._body is None else self._body.size
        request_head.frame_body(self.headers, chunked=self.chunked, size=size)

    def update_expect_continue(self, expect: bool = False) -> None:
        """Wait with the body until the server asks for it (RFC 9110 §10.1.1)."""
        if expect:
            self.headers[hdrs.EXPECT] = "100-continue"
        if request_head.asks_for_continue(self.headers):
            self._continue = self.loop.create_future()

    def _get_content_length(self) -> int | None:
        """Return the bytes that Content-Length announces; ``ValueError`` when it is no number."""
        value = self.headers.get(hdrs.CONTENT_LENGTH)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit()):
            raise ValueError(f"Invalid Content-Length header: expected digits; got {value!r}")
        return int(value)

    # Sending…

    async def send(self, conn: Connection) -> ClientResponse:
        """Send over ``conn``; return the response, whose head is still to come (`start`).

        A body that is not in memory, or that must wait, is sent by a task meanwhile.
        """
        protocol = conn.protocol
        if protocol is None:
            raise ClientConnectionError("Connection is closed")
        self._complete_head(keep_alive=not conn.force_close)
        target = self._target()
        body = self._body_at_hand()
        if body is not None:
            head = serialize_request_head(self.method, target, self.version, self.headers)
            response = self._make_response(None, None)
            response._output_size = self._write_at_once(protocol, head, body)
        else:
            stream_writer = await self._open_writer(protocol, target)
            response = self._make_response(self._start_writing(stream_writer, conn), stream_writer)
        protocol.timing.request_sent = self.loop.time()
        self.response = response
        return response

    def at_hand(self) -> bytes | None:
        """Return the request as it goes over a kept connection, if it is here whole."""
        self._complete_head(keep_alive=True)
        body = self._body_at_hand()
        if body is None:
            return None
        return (
            serialize_request_head(self.method, self._target(), self.version, self.headers) + body
        )

    def _target(self) -> str:
        if self.proxy is None and self.method != hdrs.METH_CONNECT:
            return self.url.raw_path_qs
        return request_head.request_target(
            self.method, self.url, absolute=self.proxy is not None and not self.is_ssl()
        )

    def _make_response(
        self, writer: asyncio.Task[None] | None, stream_writer: AbstractStreamWriter | None
    ) -> ClientResponse:
        response_class = self.response_class
        # Our own response makes the value when it is asked for it.
        is_plain = response_class.__init__ is ClientResponse.__init__
        response = response_class(
            self.method,
            self.original_url,
            writer=writer,
            continue100=self._continue,
            timer=self._timer,
            request_info=None if is_plain else self.request_info,  # type: ignore[arg-type]
            traces=self._traces,  # type: ignore[arg-type]
            loop=self.loop,
            session=self._session,  # type: ignore[arg-type]
            stream_writer=stream_writer,
        )
        if is_plain:
            response._request_parts = (self.url, self.method, self.headers, self.original_url)
        return response

    def _complete_head(self, *, keep_alive: bool) -> None:
        """Add the fields that depend on the connection or come last."""
        headers = self.headers
        if (
            self.method in self.POST_METHODS
            and hdrs.CONTENT_TYPE not in headers
            and (
                self._skip_auto_headers is None or hdrs.CONTENT_TYPE not in self._skip_auto_headers
            )
        ):
            headers[hdrs.CONTENT_TYPE] = "application/octet-stream"
        if hdrs.CONNECTION not in headers:
            option = request_head.connection_option(self.version, keep_alive=keep_alive)
            if option is not None:
                headers[hdrs.CONNECTION] = option

    def _body_at_hand(self) -> bytes | None:
        """Return the body when it can leave with the head, ``b""`` for none; else ``None``."""
        if self._continue is not None or self._traces or self.chunked or self.compress:
            return None
        body = self._body
        if body is None:
            return b""
        if not isinstance(body, payload.BytesPayload):
            return None
        value = body.at_hand
        if value is None or len(value) > _MAX_BODY_IN_ONE_WRITE:
            return None
        # Another length than the body has is the writer's to deal with.
        return value if self.headers.get(hdrs.CONTENT_LENGTH) == str(len(value)) else None

    def _write_at_once(self, protocol: ResponseHandler, head: bytes, body: bytes) -> int:
        """Write the whole request; return its size in bytes."""
        transport = protocol.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("Cannot write to closing transport")
        transport.write(head + body if body else head)
        protocol.start_timeout()
        tracker = self.upload_tracker
        if tracker is not None:
            tracker.add(len(body))
            tracker.attempt_finished()
        return len(head) + len(body)

    async def _open_writer(self, protocol: ResponseHandler, target: str) -> StreamWriter:
        """Return a writer that has the head of the request, not yet sent."""
        writer = StreamWriter(
            protocol,
            self.loop,
            on_chunk_sent=self._on_chunk_request_sent if self._traces else None,
            on_headers_sent=self._on_headers_request_sent if self._traces else None,
        )
        if self.compress:
            writer.enable_compression(str(self.compress))
        if self.chunked:
            writer.enable_chunking()
        version = self.version
        status_line = f"{self.method} {target} HTTP/{version[0]}.{version[1]}"
        await writer.write_headers(status_line, self.headers)
        return writer

    def _start_writing(self, writer: StreamWriter, conn: Connection) -> asyncio.Task[None] | None:
        """Send the body by a task; return it, or ``None`` when it is through already."""
        tracker = self.upload_tracker
        if tracker is not None:
            if conn.transport is not None:
                tracker.writing(conn.transport.get_write_buffer_size)
            writer.on_body_write = tracker.add
        if self._continue is not None and conn.protocol is not None:
            conn.protocol.on_continue = self._on_continue
        coro = self._write_all(writer, conn)
        if sys.version_info >= (3, 12):
            task = asyncio.Task(coro, loop=self.loop, eager_start=True)
        else:
            task = self.loop.create_task(coro)
        if task.done():
            return None
        self._writer = task
        task.add_done_callback(self._forget_writer)
        return task

    def _on_continue(self, wanted: bool) -> None:
        if self._continue is not None:
            set_result(self._continue, wanted)

    def _forget_writer(self, task: asyncio.Task[None]) -> None:
        self._writer = None

    async def _write_all(self, writer: StreamWriter, conn: Connection) -> None:
        tracker = self.upload_tracker
        try:
            error = await self.write_bytes(writer, conn, self._get_content_length())
        except asyncio.CancelledError:
            if tracker is not None:
                tracker.attempt_failed(None)
            raise
        if tracker is None:
            return
        if error is None:
            tracker.attempt_finished()
        else:
            tracker.attempt_failed(error)

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
    ) -> BaseException | None:
        """Send the body, at most ``content_length`` bytes; return what stopped it, if anything.

        The failure was told to the protocol of ``conn`` then.
        """
        return await write_body(
            self._body,
            writer,
            url=self.url,
            conn=conn,
            decision=self._continue,
            content_length=content_length,
        )

    async def close(self) -> None:
        """Wait until the body is sent."""
        if self._writer is not None:
            await asyncio.wait({self._writer})

    def terminate(self) -> None:
        """Stop sending the body."""
        if self._writer is not None:
            if not self.loop.is_closed():
                self._writer.cancel()
            self._writer.remove_done_callback(self._forget_writer)
            self._writer = None

    async def _on_chunk_request_sent(self, chunk: Any) -> None:
        for trace in self._traces:
            await trace.send_request_chunk_sent(self.method, self.url, chunk)

    async def _on_headers_request_sent(self, headers: CIMultiDict[str]) -> None:
        for trace in self._traces:
            await trace.send_request_headers(self.method, self.url, headers)


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


# What came back…


class ClientResponse(HeadersMixin):
    """The response to one request; an async context manager that releases it.

    After `start` the head is there; the body is read by `read`, `text`, `json` or, piece by piece,
    from ``content``.  The connection returns to its pool by itself when the body has ended.
    """

    # The head: set by start().
    version: HttpVersion | None = None
    status: int = None  # type: ignore[assignment]
    reason: str | None = None
    # The body as it was read; as it came, if that was at once with the head and nobody has read
    # it; and the stream of it.
    _body: bytes | None = None
    _whole: bytes | None = None
    _content: StreamReader | None = None

    _headers: CIMultiDictProxy[str] = None  # type: ignore[assignment]
    _raw_headers: RawHeaders | None = None
    # The head as it was read; what stands above is taken from it when it is asked for.
    _message: RawResponseMessage | None = None
    # Responses that redirected here, oldest first.
    _history: tuple[ClientResponse, ...] = ()
    _cookies: SimpleCookie | None = None
    _raw_cookie_headers: tuple[str, ...] | None = None

    # The connection while it is ours.
    _connection: Connection | None = None
    _continue: asyncio.Future[bool] | None = None
    _source_traceback: traceback.StackSummary | None = None
    _session: ClientSession | None = None
    _timer: BaseTimerContext = TimerNoop()
    _traces: Sequence[Trace] = ()
    _loop: asyncio.AbstractEventLoop = None  # type: ignore[assignment]
    _request_info: RequestInfo | None = None
    # A response that was never started has nothing to close.
    _closed = True
    _released = False
    _in_context = False
    _resolve_charset: Callable[[ClientResponse, bytes], str] = staticmethod(lambda *_: "utf-8")
    # The task that sends the body of the request, while it runs.
    _writer_task: asyncio.Task[None] | None = None
    _stream_writer: AbstractStreamWriter | None = None
    _output_size = 0
    # What request_info is made of.
    _request_parts: tuple[URL, str, CIMultiDict[str], URL] | None = None
    _upload_complete: asyncio.Future[None] | None = None

    def __init__(
        self,
        method: str,
        url: URL,
        *,
        writer: asyncio.Task[None] | None,
        continue100: asyncio.Future[bool] | None,
        timer: BaseTimerContext | None,
        request_info: RequestInfo,
        traces: list[Trace],
        loop: asyncio.AbstractEventLoop,
        session: ClientSession,
        # aioresponses leaves it out: nothing was written for a response that is made by hand.
        stream_writer: AbstractStreamWriter | None = None,
    ) -> None:
        self.method = method
        self._real_url = url
        self._url = url.with_fragment(None) if url.raw_fragment else url
        self._cache: dict[str, Any] = {}
        self._request_info = request_info
        if timer is not None:
            self._timer = timer
        self._traces = traces
        self._loop = loop
        if session is not None:
            self._session = session
            self._resolve_charset = session._resolve_charset
        if writer is not None:
            self._watch_writer(writer)
        if continue100 is not None:
            self._continue = continue100
        if stream_writer is not None:
            self._stream_writer = stream_writer
        if loop is not None and loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))

    @classmethod
    def of_plain(
        cls, request: PlainRequest, message: RawResponseMessage, session: ClientSession
    ) -> ClientResponse:
        """Return the response to a request that had no particulars; its head is here."""
        response = cls.__new__(cls)
        response.method = request.method
        response._url = request.url
        response._real_url = request.real_url
        response._request_info = request.info
        response._cache = {}
        response._loop = session._loop
        response._resolve_charset = session._resolve_charset
        response._take_head(message)
        return response

    def take_whole(self, body: bytes) -> None:
        """Have ``body``: the connection is not needed any more."""
        self._whole = body

    def take_stream(self, body: StreamReader, connection: Connection) -> None:
        """Have the body that comes as a stream over ``connection``."""
        self._closed = False
        self._connection = connection
        self._content = body
        if self._loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))
        body.on_eof(self._response_eof)

    def _take_head(self, message: RawResponseMessage) -> None:
        self._message = message
        self.version = message.version
        self.status = message.code
        self.reason = message.reason
        self._headers = headers = message.headers
        if hdrs.SET_COOKIE in headers:
            self._raw_cookie_headers = tuple(headers.getall(hdrs.SET_COOKIE))

    def _watch_writer(self, writer: asyncio.Task[None]) -> None:
        if writer.done():
            return
        self._writer_task = writer
        writer.add_done_callback(self._on_written)

    def _on_written(self, task: asyncio.Task[None]) -> None:
        self._writer_task = None
        if self._upload_complete is not None:
            set_result(self._upload_complete, None)

    # The upload…

    @property
    def _writer(self) -> asyncio.Task[None] | None:
        """The task that sends the body of the request; ``None`` when it is through."""
        return self._writer_task

    @_writer.setter
    def _writer(self, writer: asyncio.Task[None] | None) -> None:
        if self._writer_task is not None:
            self._writer_task.remove_done_callback(self._on_written)
            self._writer_task = None
        if writer is not None:
            self._watch_writer(writer)

    @property
    def output_size(self) -> int:
        """Deprecated: bytes sent for the request, its head included."""
        _OUTPUT_SIZE.warn()
        stream_writer = self._stream_writer
        return self._output_size if stream_writer is None else stream_writer.output_size

    @property
    def upload_complete(self) -> asyncio.Future[None]:
        """Deprecated: a future that is done when the body of the request is not being sent."""
        _UPLOAD_COMPLETE.warn()
        if self._upload_complete is None:
            self._upload_complete = self._loop.create_future()
            if self._writer_task is None:
                self._upload_complete.set_result(None)
        return self._upload_complete

    # The head…

    @reify
    def url(self) -> URL:
        """What was asked for, without a fragment."""
        return self._url

    @reify
    def url_obj(self) -> URL:
        """Deprecated name of ``url``."""
        _URL_OBJ.warn(stacklevel=2)
        return self._url

    @reify
    def real_url(self) -> URL:
        """What was asked for, with its fragment."""
        return self._real_url

    @reify
    def host(self) -> str:
        """The host that was asked."""
        if self._url.host is None:
            raise RuntimeError(f"URL of a response has no host; got {self._url!r}")
        return self._url.host

    @reify
    def headers(self) -> CIMultiDictProxy[str]:
        """The fields of the head."""
        return self._headers

    @reify
    def raw_headers(self) -> RawHeaders:
        """The fields as byte pairs, in the order in which they came."""
        if self._raw_headers is None and self._message is not None:
            self._raw_headers = self._message.raw_headers
        return self._raw_headers  # type: ignore[return-value]

    @reify
    def request_info(self) -> RequestInfo:
        """The request that this answers."""
        if self._request_info is None and self._request_parts is not None:
            url, method, headers, real_url = self._request_parts
            self._request_info = RequestInfo(url, method, CIMultiDictProxy(headers), real_url)
        return self._request_info  # type: ignore[return-value]

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies that the response sets."""
        if self._cookies is None:
            jar: SimpleCookie = SimpleCookie()
            if self._raw_cookie_headers is not None:
                jar.update(parse_set_cookie_headers(self._raw_cookie_headers))
            self._cookies = jar
        return self._cookies

    @cookies.setter
    def cookies(self, cookies: SimpleCookie) -> None:
        self._cookies = cookies
        # The jar of the session takes its cookies from the fields: keep both in step.
        self._raw_cookie_headers = (
            tuple(morsel.OutputString() for morsel in cookies.values()) if cookies else None
        )

    @reify
    def content_disposition(self) -> ContentDisposition | None:
        """The Content-Disposition field (RFC 6266), ``None`` when there is none."""
        raw = self._headers.get(hdrs.CONTENT_DISPOSITION)
        if raw is None:
            return None
        from aiohttp import multipart

        kind, parameters = multipart.parse_content_disposition(raw)
        filename = multipart.content_disposition_filename(parameters)
        return ContentDisposition(kind, MappingProxyType(dict(parameters)), filename)

    @property
    def set_cookie_fields(self) -> tuple[str, ...] | None:
        """The Set-Cookie fields as they came; ``None`` when there are none."""
        return self._raw_cookie_headers

    @property
    def upload_task(self) -> asyncio.Task[None] | None:
        """The task that sends the body of the request; ``None`` when it is through."""
        return self._writer_task

    def set_history(self, history: tuple[ClientResponse, ...]) -> None:
        """Remember which responses redirected here."""
        self._history = history

    @reify
    def history(self) -> tuple[ClientResponse, ...]:
        """The responses that redirected here, oldest first."""
        return self._history

    @reify
    def links(self) -> MultiDictProxy[MultiDictProxy[str | URL]]:
        """The Link fields (RFC 8288) by relation; ``url`` of each is absolute."""
        links: MultiDict[MultiDictProxy[str | URL]] = MultiDict()
        for parsed in parse_links(", ".join(self.headers.getall(hdrs.LINK, ()))):
            link: MultiDict[str | URL] = MultiDict(parsed.parameters)
            relation = link.get("rel", parsed.target)
            link.add("url", self._url.join(URL(parsed.target)))
            links.add(str(relation), MultiDictProxy(link))
        return MultiDictProxy(links)

    @property
    def ok(self) -> bool:
        """Whether the status is below 400: nothing is said of the body."""
        return self.status < 400

    def raise_for_status(self) -> None:
        """Raise `ClientResponseError` when the status is 400 or above."""
        if self.ok:
            return
        # Only who is inside `async with` has somebody else to release the connection.
        if not self._in_context:
            self.release()
        raise ClientResponseError(
            self.request_info,
            self.history,
            status=self.status,
            message=self.reason or "",
            headers=self.headers,
        )

    def __repr__(self) -> str:
        reason = self.reason.encode("ascii", "backslashreplace").decode() if self.reason else None
        return (
            f"<ClientResponse({self._url.human_repr()}) [{self.status} {reason}]>\n{self.headers}\n"
        )

    # From the connection and back…

    @property
    def connection(self) -> Connection | None:
        """The connection, as long as the body is coming."""
        return self._connection

    @property
    def closed(self) -> bool:
        """Whether the connection was given back."""
        return self._closed

    async def start(self, connection: Connection) -> ClientResponse:
        """Wait for the head; the body is readable then.

        Raises `ClientResponseError` when what came is not HTTP, and what broke the connection
        otherwise.  Runs inside the timer of the call.
        """
        self._closed = False
        self._connection = connection
        protocol = connection.protocol
        if protocol is None:
            raise ClientConnectionError("Connection is closed")
        try:
            message, body = await protocol.read()
        except HttpProcessingError as error:
            raise response_error(error, self.request_info, self.history) from error
        self._take_head(message)
        self._content = body
        body.on_eof(self._response_eof)
        return self

    def _response_eof(self) -> None:
        """Give the connection back: the body has ended."""
        if self._closed:
            return
        connection = self._connection
        if connection is not None:
            protocol = connection.protocol
            if protocol is not None and protocol.upgraded:
                return  # it belongs to another protocol now
            self._release_connection()
        self._closed = True
        self._stop_writer()

    def _release_connection(self) -> None:
        connection = self._connection
        if connection is None:
            return
        self._connection = None
        if self._writer_task is not None:
            # RFC 9112 §9.3: a request that stops half-way takes its connection with it.
            connection.close()
        else:
            connection.release()

    def _stop_writer(self) -> None:
        if self._writer_task is not None:
            self._writer_task.cancel()
        self._session = None

    def close(self) -> None:
        """Close the connection, whatever of the body is still to come."""
        if not self._released:
            self._fail_body()
        self._closed = True
        if self._loop is None or self._loop.is_closed():
            return
        self._stop_writer()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def release(self) -> noop:
        """Give the connection back; a body that was not read to its end closes it."""
        if not self._released:
            self._fail_body()
        self._closed = True
        if self._connection is not None:
            self._release_connection()
        self._stop_writer()
        return _NOOP

    def _fail_body(self) -> None:
        """Let whoever reads on learn that the connection is gone."""
        if self._whole == b"":
            self._released = True  # it was read, or there was nothing to read
            return
        content = self.content
        if content is not None and content.exception() is None and not content.at_eof():
            set_exception(content, ClientConnectionError("Connection closed"))
        self._released = True

    async def wait_for_close(self) -> None:
        """Wait until the body of the request is no longer being sent; then release."""
        if self._writer_task is not None:
            await asyncio.wait({self._writer_task})
        if not self._closed:
            self.release()

    def __del__(self, _warnings: Any = warnings) -> None:
        if self._closed or self._connection is None:
            return
        self._connection.release()
        if self._loop.get_debug():
            _warnings.warn(f"Unclosed response {self!r}", ResourceWarning, source=self)
            context = {"client_response": self, "message": "Unclosed response"}
            if self._source_traceback:
                context["source_traceback"] = self._source_traceback
            self._loop.call_exception_handler(context)

    # The body…

    @property
    def content(self) -> StreamReader:
        """The body as a stream; ``None`` before there is a head."""
        if self._content is None and self._whole is not None:
            whole, self._whole = self._whole, None
            self._content = _stream_of(whole, self._loop)
        return self._content  # type: ignore[return-value]

    @content.setter
    def content(self, content: StreamReader) -> None:
        self._content = content
        self._whole = None

    async def read(self) -> bytes:
        """Return the whole body; the second call returns it again.

        Raises `ClientPayloadError` when it is damaged or incomplete.
        """
        if self._body is None:
            if self._whole is not None:
                self._body, self._whole = self._whole, b""
                return self._body
            content = self.content
            try:
                # What has come already needs no waiting.
                self._body = (
                    content.read_nowait()
                    if content.is_eof() and content.exception() is None
                    else await content.read()
                )
                for trace in self._traces or ():
                    await trace.send_response_chunk_received(self.method, self.url, self._body)
            except BaseException:
                self.close()
                raise
        elif self._released and self._body is None:
            raise ClientConnectionError("Connection closed")
        return self._body

    def get_encoding(self) -> str:
        """Return the charset of the body: declared, or defined by its type, or resolved from it.

        Raises `RuntimeError` when it has to be resolved and the body was not read.
        """
        declared = self.charset
        if declared is not None:
            with contextlib.suppress(LookupError):
                return codecs.lookup(known_charset(declared)).name
        if self.content_type in _UTF8_TYPES:
            return "utf-8"
        if self._body is None:
            raise RuntimeError("Cannot compute fallback encoding of a not yet read body")
        return self._resolve_charset(self, self._body)

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        """Return the body as text; ``encoding`` defaults to `get_encoding`."""
        body = await self.read() if self._body is None else self._body
        return body.decode(self.get_encoding() if encoding is None else encoding, errors)

    async def json(
        self,
        *,
        encoding: str | None = None,
        loads: JSONDecoder = DEFAULT_JSON_DECODER,
        content_type: str | None = "application/json",
    ) -> Any:
        """Return the body parsed as JSON; ``None`` when it is empty.

        ``content_type``: what the response must be; ``application/json`` stands for every ``+json``
        type too, ``None`` for anything.  Raises `ContentTypeError` for another one.
        """
        body = await self.read() if self._body is None else self._body
        if content_type and not _is_expected_content_type(self.content_type, content_type):
            raise ContentTypeError(
                self.request_info,
                self.history,
                status=self.status,
                message=(
                    "Attempt to decode JSON with unexpected mimetype: "
                    f"{self.headers.get(hdrs.CONTENT_TYPE, '')}"
                ),
                headers=self.headers,
            )
        stripped = body.strip()
        if not stripped:
            return None
        return loads(stripped.decode(self.get_encoding() if encoding is None else encoding))

    async def __aenter__(self) -> ClientResponse:
        self._in_context = True
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self._in_context = False
        self.release()
        if self._writer_task is not None:
            await self.wait_for_close()


def response_error(
    error: HttpProcessingError,
    request_info: RequestInfo,
    history: tuple[ClientResponse, ...] = (),
) -> ClientResponseError:
    """Return what the caller gets when the peer speaks no HTTP."""
    return ClientResponseError(
        request_info, history, status=error.code, message=error.message, headers=error.headers
    )


def _stream_of(body: bytes, loop: asyncio.AbstractEventLoop) -> StreamReader:
    """Return a stream that has all of ``body``, and no connection to stop."""
    stream = StreamReader(BaseProtocol(loop), DEFAULT_READ_BUFSIZE, loop=loop)
    stream.feed_data(body)
    stream.feed_eof()
    return stream


# What release() returns: awaiting it does nothing.
_NOOP = noop()


def _is_expected_content_type(got: str, expected: str) -> bool:
    if expected == "application/json":
        return _JSON_TYPE.fullmatch(got) is not None
    return expected in got
