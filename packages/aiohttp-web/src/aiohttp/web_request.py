"""Requests: what a handler is given.

Everything is read from the message when it is asked for, and kept; the body is in
``_web.request_body``.  Knows the message and the connection's address; not how a request is parsed,
routed or answered.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator, Mapping, MutableMapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from multidict import CIMultiDict, CIMultiDictProxy, MultiDictProxy
from propcache.api import under_cached_property as reify
from yarl import URL

from aiohttp import hdrs
from aiohttp._content_headers import _SENTINEL, HeadersMixin, sentinel
from aiohttp._deprecations import declare, marked
from aiohttp._fields.cookies import parse_cookie_header
from aiohttp._fields.dates import parse_http_date
from aiohttp._fields.etag import ETag, parse_etag_list
from aiohttp._fields.forwarded import parse_forwarded
from aiohttp._fields.ranges import parse_range
from aiohttp._futures import set_exception
from aiohttp._h1.messages import HttpVersion, RawRequestMessage
from aiohttp._keys import ChainMapProxy, RequestKey
from aiohttp._peers_fault import blame_peer
from aiohttp._web.form_post import (
    SPOOL_SIZE,
    FileField,
    close_files,
)
from aiohttp._web.request_body import RequestBody
from aiohttp.abc import AbstractStreamWriter
from aiohttp.streams import StreamReader
from aiohttp.typedefs import (
    LooseHeaders,
    RawHeaders,
    StrOrURL,
)

if TYPE_CHECKING:
    from aiohttp.web_app import Application
    from aiohttp.web_protocol import RequestHandler
    from aiohttp.web_response import StreamResponse
    from aiohttp.web_urldispatcher import ResourceRoute, UrlMappingMatchInfo

__all__ = ("BaseRequest", "FileField", "Request")

_T = TypeVar("_T")

# Bytes up to which an uploaded file stays in memory; the name that tests of uploads look for.
_FILE_SPOOL_MAX_SIZE = SPOOL_SIZE

_MESSAGE = declare(
    "message property of a request", since="3.0", instead="the request's own properties"
)
_LOOP = declare(
    "loop property of a request",
    since="3.5",
    instead="asyncio.get_running_loop()",
    wording="request.loop property is deprecated, use asyncio.get_running_loop()",
)
_HAS_BODY = declare("has_body property of a request", since="2.3", instead="can_read_body")


class BaseRequest(MutableMapping[Any, Any], RequestBody):
    """A request to a low-level server; :class:`Request` adds what an application knows.

    A mutable mapping, for what middlewares want to tell handlers.
    """

    ATTRS = HeadersMixin.ATTRS | frozenset(
        {
            "_cache",
            "_client_max_fields",
            "_client_max_size",
            "_headers",
            "_loop",
            "_message",
            "_payload",
            "_payload_writer",
            "_post",
            "_protocol",
            "_read_bytes",
            "_state",
            "_task",
        }
    )

    # What the mapping holds; made when something is put in.
    _state: dict[Any, Any] | None = None

    # Whether somebody knows the host better than the message does.
    _host_given = False

    # Whether responses are prepared step by step: _prepare_hook() does something, or another
    # response was begun before.
    _hooked = False

    # Class and status of the response that was begun in answer (not itself: that knows its
    # request, and neither would be freed at its end); and what this is a clone of: they have one
    # answer.
    _answer: tuple[type[StreamResponse], int] | None = None
    _original: BaseRequest | None = None

    # Whether _prepare_hook() is to do nothing: it has failed, even about the page that told so.
    _asks_nobody = False

    # Whether the server wants no more requests, so that the response has to say so.
    _is_last = False

    def __init__(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        payload_writer: AbstractStreamWriter,
        task: asyncio.Task[None],
        loop: asyncio.AbstractEventLoop,
        *,
        client_max_size: int = 1024**2,
        client_max_fields: int = 1000,
        state: dict[Any, Any] | None = None,
        scheme: str | None = None,
        host: str | None = None,
        remote: str | None = None,
    ) -> None:
        self._take(message, payload, protocol, payload_writer, task, loop)
        self._client_max_size = client_max_size
        self._client_max_fields = client_max_fields
        if state is not None:
            self._state = state
        if scheme is not None:
            self._cache["scheme"] = scheme
        if host is not None:
            self._cache["host"] = host
            self._host_given = True
        if remote is not None:
            self._cache["remote"] = remote

    def _take(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        payload_writer: AbstractStreamWriter,
        task: asyncio.Task[None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Do what the constructor does where nothing else is given."""
        self._message = message
        self._headers = message.headers
        self._payload = payload
        self._protocol = protocol
        self._payload_writer = payload_writer
        self._task = task
        self._loop = loop
        # What reify has read so far, by name.
        self._cache: dict[str, Any] = {}
        # As in the class; but each exchange reads them, and from here that costs less.
        self._post = None
        self._hooked = False
        self._is_last = False

    def clone(
        self,
        *,
        method: str | _SENTINEL = sentinel,
        rel_url: StrOrURL | _SENTINEL = sentinel,
        headers: LooseHeaders | _SENTINEL = sentinel,
        scheme: str | _SENTINEL = sentinel,
        host: str | _SENTINEL = sentinel,
        remote: str | _SENTINEL = sentinel,
        client_max_size: int | _SENTINEL = sentinel,
        client_max_fields: int | _SENTINEL = sentinel,
    ) -> BaseRequest:
        """Return a copy with some things changed; body and connection are the same.

        Raises:
            RuntimeError: the body was read, so that the copy could not read it.
        """
        if self._read_bytes:
            raise RuntimeError("Cannot clone request after reading its content")
        given = {"scheme": scheme, "host": host, "remote": remote}
        copy = self.__class__(
            _changed(self._message, method, rel_url, headers),
            self._payload,
            self._protocol,
            self._payload_writer,
            self._task,
            self._loop,
            client_max_size=(
                self._client_max_size if client_max_size is sentinel else client_max_size
            ),
            client_max_fields=(
                self._client_max_fields if client_max_fields is sentinel else client_max_fields
            ),
            state=None if self._state is None else self._state.copy(),
            **{name: value for name, value in given.items() if value is not sentinel},
        )
        copy._original = self
        copy._answer = self._answer
        return copy

    # --- Connection ---

    @property
    def task(self) -> asyncio.Task[None]:
        """The task that serves the request."""
        return self._task

    @property
    def protocol(self) -> RequestHandler:
        """The connection's protocol."""
        return self._protocol

    @property
    def transport(self) -> asyncio.Transport | None:
        """The connection's transport, None once it is lost."""
        return self._protocol.transport if self._protocol is not None else None

    @property
    def writer(self) -> AbstractStreamWriter:
        """What the response is written to."""
        return self._payload_writer

    @property
    def client_max_size(self) -> int:
        """Bytes of body that :meth:`read` and :meth:`post` accept; 0 is any number."""
        return self._client_max_size

    @property
    def client_max_fields(self) -> int:
        """Fields that :meth:`post` accepts; 0 is any number."""
        return self._client_max_fields

    @property
    @marked("message property of a request: use the request's own properties")
    def message(self) -> RawRequestMessage:
        """The raw message; deprecated."""
        _MESSAGE.warn()
        return self._message

    @property
    @marked("loop property of a request: use asyncio.get_running_loop()")
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop; deprecated."""
        _LOOP.warn()
        return self._loop

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows of the connection, or ``default``."""
        transport = self.transport
        return default if transport is None else transport.get_extra_info(name, default)

    @reify
    def secure(self) -> bool:
        """Whether :attr:`scheme` is https."""
        return self.scheme == "https"

    @reify
    def scheme(self) -> str:
        """``"http"`` or ``"https"`` as the connection is; what proxies say: :attr:`forwarded`."""
        # Not what an absolute target says: that is the peer's word, and no proof of security.
        return "https" if self._protocol.ssl_context is not None else "http"

    @reify
    def host(self) -> str:
        """The host that was asked: the target's, that of ``Host``, or the address that was reached.

        The last is for an HTTP/1.0 peer, which need not say; nothing is asked of the DNS.
        """
        if (url := self._absolute_url()) is not None:
            return url.host or ""
        host = self._headers.get(hdrs.HOST)
        if host is not None:
            return host
        transport = self.transport
        name = None if transport is None else transport.get_extra_info("sockname")
        if isinstance(name, (tuple, list)):
            name = name[0] if name else None
        return str(name or "")

    @reify
    def remote(self) -> str | None:
        """The address of the peer, which may be a proxy; None if it has none."""
        peername = self._protocol.peername
        if peername is None:
            return None
        return str(peername[0]) if isinstance(peername, (list, tuple)) else str(peername)

    @reify
    def keep_alive(self) -> bool:
        """Whether the peer wants the connection to stay open."""
        return not self._message.should_close

    # --- Request line ---

    @reify
    def method(self) -> str:
        """The method, in upper case as a rule."""
        return self._message.method

    @reify
    def version(self) -> HttpVersion:
        """The HTTP version."""
        return self._message.version

    def _absolute_url(self) -> URL | None:
        """Return the target if it is a whole URL (RFC 9112 §3.2.2)."""
        message = self._message
        if message.path[:1] == "/" or not message.url.absolute:
            return None
        return message.url

    @reify
    def rel_url(self) -> URL:
        """Path, query and fragment."""
        url = self._message.url
        return url.relative() if url.absolute else url

    @reify
    def url(self) -> URL:
        """The whole URL, made of :attr:`scheme`, :attr:`host` and :attr:`rel_url`."""
        if not self._host_given and (url := self._absolute_url()) is not None:
            return url.with_scheme(self.scheme)
        return URL.build(scheme=self.scheme, authority=self.host).join(self.rel_url)

    @reify
    def path(self) -> str:
        """The path, decoded."""
        return self.rel_url.path

    @reify
    def path_qs(self) -> str:
        """Path and query, encoded."""
        return str(self.rel_url)

    @reify
    def raw_path(self) -> str:
        """The request target as it came."""
        return self._message.path

    @reify
    def query(self) -> MultiDictProxy[str]:
        """The query's parameters, decoded."""
        return self.rel_url.query

    @reify
    def query_string(self) -> str:
        """The query, decoded."""
        return self.rel_url.query_string

    def _routing_path(self) -> str:
        """Return the path to route by: decoded except for ``%2F`` and ``%25``."""
        target = self._message.path
        if "%" in target or "#" in target or target[:1] != "/":
            return self.rel_url.path_safe
        return target.partition("?")[0] if "?" in target else target

    # --- Header fields ---

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The header fields."""
        return self._message.headers

    @reify
    def raw_headers(self) -> RawHeaders:
        """The header fields as they came, in bytes."""
        return self._message.raw_headers

    @reify
    def cookies(self) -> Mapping[str, str]:
        """The cookies, by name."""
        parsed = parse_cookie_header(self._headers.get(hdrs.COOKIE, ""))
        return MappingProxyType({name: morsel.value for name, morsel in parsed})

    @reify
    def forwarded(self) -> tuple[Mapping[str, str], ...]:
        """What proxies say in ``Forwarded`` (RFC 7239), one mapping each; nothing here is trusted.

        A malformed element ends at the next comma; parameter names are in lower case.
        """
        return parse_forwarded(self._headers.getall(hdrs.FORWARDED, ()))

    @reify
    def http_range(self) -> slice:
        """``Range`` as a slice of the body's bytes (RFC 9110 §14.2); a whole slice without one.

        Raises:
            ValueError: it is malformed, or has more than one range; answered with 400 unless it is
                caught.
        """
        text = self._headers.get(hdrs.RANGE)
        if text is None:
            return slice(None, None, 1)
        try:
            return parse_range(text)
        except ValueError as error:
            blame_peer(error, "Range is malformed, or has more than one range")
            raise

    @reify
    def if_modified_since(self) -> datetime.datetime | None:
        """``If-Modified-Since``, None if it is no date."""
        return parse_http_date(self._headers.get(hdrs.IF_MODIFIED_SINCE))

    @reify
    def if_unmodified_since(self) -> datetime.datetime | None:
        """``If-Unmodified-Since``, None if it is no date."""
        return parse_http_date(self._headers.get(hdrs.IF_UNMODIFIED_SINCE))

    @reify
    def if_match(self) -> tuple[ETag, ...] | None:
        """``If-Match``: the tags, or None without the field."""
        return self._etags(hdrs.IF_MATCH)

    @reify
    def if_none_match(self) -> tuple[ETag, ...] | None:
        """``If-None-Match``: the tags, or None without the field."""
        return self._etags(hdrs.IF_NONE_MATCH)

    def _etags(self, name: str) -> tuple[ETag, ...] | None:
        text = self._headers.get(name)
        return parse_etag_list(text) if text else None

    @reify
    def if_range(self) -> datetime.datetime | None:
        """``If-Range``, None if it is no date."""
        return parse_http_date(self._headers.get(hdrs.IF_RANGE))

    # --- Body: see RequestBody ---

    @property
    @marked("has_body property of a request: use can_read_body")
    def has_body(self) -> bool:
        """Whether there is something left to read; deprecated."""
        _HAS_BODY.warn()
        return not self._payload.at_eof()

    # --- What the server calls ---

    async def _prepare_hook(self, response: StreamResponse) -> None:
        """Called when the head of ``response`` is complete, before it is sent."""

    def _cancel(self, exc: BaseException) -> None:
        """Have who reads the body get ``exc``."""
        set_exception(self._payload, exc)

    def _begin_answer(self, response: StreamResponse) -> None:
        """Note which response is begun in answer."""
        answer = type(response), response.status
        request: BaseRequest | None = self
        while request is not None:
            request._answer = answer
            request._hooked = True
            request = request._original

    def _close_after(self) -> None:
        """Have the response say that it is the connection's last: the server shuts down."""
        self._is_last = True
        self._cache["keep_alive"] = False

    def _finish(self) -> None:
        """Give back what the request holds."""
        if self._post is not None:
            close_files(self._post)

    # --- Mapping and object ---

    @overload
    def __getitem__(self, key: RequestKey[_T]) -> _T: ...

    @overload
    def __getitem__(self, key: str) -> Any: ...

    def __getitem__(self, key: str | RequestKey[_T]) -> Any:
        if self._state is None:
            raise KeyError(key)
        return self._state[key]

    @overload
    def __setitem__(self, key: RequestKey[_T], value: _T) -> None: ...

    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...

    def __setitem__(self, key: str | RequestKey[_T], value: Any) -> None:
        if self._state is None:
            self._state = {}
        self._state[key] = value

    def __delitem__(self, key: str | RequestKey[_T]) -> None:
        if self._state is None:
            raise KeyError(key)
        del self._state[key]

    def __len__(self) -> int:
        return len(self._state or ())

    def __iter__(self) -> Iterator[str | RequestKey[Any]]:
        return iter(self._state or ())

    def __repr__(self) -> str:
        # ASCII: a log need not be able to hold more.
        path = self.path.encode("ascii", "backslashreplace").decode("ascii")
        return f"<{type(self).__name__} {self.method} {path} >"

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return True


def _changed(
    message: RawRequestMessage,
    method: str | _SENTINEL,
    rel_url: StrOrURL | _SENTINEL,
    headers: LooseHeaders | _SENTINEL,
) -> RawRequestMessage:
    changes: dict[str, Any] = {}
    if method is not sentinel:
        changes["method"] = method
    if rel_url is not sentinel:
        new_url = URL(rel_url)
        changes["url"] = new_url
        changes["path"] = str(new_url)
    if headers is not sentinel:
        fields = CIMultiDictProxy(CIMultiDict(headers))
        changes["headers"] = fields
        changes["raw_headers"] = tuple(
            (name.encode("utf-8"), value.encode("utf-8", "surrogateescape"))
            for name, value in fields.items()
        )
    return message._replace(**changes) if changes else message


class Request(BaseRequest):
    """A request to an application."""

    ATTRS = BaseRequest.ATTRS | frozenset({"_found", "_match_info"})

    # How it was routed: a match info; or route and variables, of which one is made when somebody
    # asks.
    _found: UrlMappingMatchInfo | tuple[ResourceRoute, dict[str, str]] | None = None

    def clone(
        self,
        *,
        method: str | _SENTINEL = sentinel,
        rel_url: StrOrURL | _SENTINEL = sentinel,
        headers: LooseHeaders | _SENTINEL = sentinel,
        scheme: str | _SENTINEL = sentinel,
        host: str | _SENTINEL = sentinel,
        remote: str | _SENTINEL = sentinel,
        client_max_size: int | _SENTINEL = sentinel,
        client_max_fields: int | _SENTINEL = sentinel,
    ) -> Request:
        """Return a copy with some things changed; it is routed as the original was."""
        copy = super().clone(
            method=method,
            rel_url=rel_url,
            headers=headers,
            scheme=scheme,
            host=host,
            remote=remote,
            client_max_size=client_max_size,
            client_max_fields=client_max_fields,
        )
        if not isinstance(copy, Request):
            raise AssertionError("a clone is of the class of its original")
        copy._match_info = self._match_info
        return copy

    @property
    def _match_info(self) -> UrlMappingMatchInfo | None:
        found = self._found
        if type(found) is tuple:
            route, variables = found
            found = self._found = route._matched(variables)
        return cast("UrlMappingMatchInfo | None", found)

    @_match_info.setter
    def _match_info(self, match_info: UrlMappingMatchInfo | None) -> None:
        self._found = match_info

    @property
    def match_info(self) -> UrlMappingMatchInfo:
        """The result of routing: a mapping of the path's variables."""
        return self._match_info  # type: ignore[return-value]

    @property
    def app(self) -> Application:
        """The application that handles the request: the innermost one, for a handler.

        Raises:
            RuntimeError: the request was not routed yet.
        """
        return self._routed().current_app

    @property
    def config_dict(self) -> ChainMapProxy:
        """The contents of :attr:`app` and of the applications around it, the innermost first."""
        match_info = self._routed()
        apps = match_info.apps
        own = apps.index(match_info.current_app)
        return ChainMapProxy(list(reversed(apps[: own + 1])))

    def _routed(self) -> UrlMappingMatchInfo:
        if self._match_info is None:
            raise RuntimeError("The request belongs to no application yet: it was not routed")
        return self._match_info

    async def _prepare_hook(self, response: StreamResponse) -> None:
        match_info = self._match_info
        if match_info is None or self._asks_nobody:
            return
        for app in match_info.apps:
            if receivers := app.on_response_prepare:
                await receivers.send(self, response)
