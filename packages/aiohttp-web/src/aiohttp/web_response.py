"""Responses: what a handler returns.

Knows the response's own state, and how to hand head and body to the writer of a request.  What a
head says is decided in ``_web.response_head``; the serve loop, files and WebSockets are elsewhere.
"""

from __future__ import annotations

import asyncio
import enum
import json
from collections.abc import Iterator, MutableMapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from multidict import CIMultiDict

from aiohttp import hdrs
from aiohttp._clock import rfc822_formatted_time
from aiohttp._content_headers import HeadersMixin, sentinel
from aiohttp._deprecations import declare
from aiohttp._h1.messages import HttpVersion10, HttpVersion11
from aiohttp._h1.serialize import serialize_headers
from aiohttp._keys import ResponseKey
from aiohttp._software import SERVER_SOFTWARE
from aiohttp._web.ready_heads import end_of_head, make_start_of_head, starts_of_heads
from aiohttp._web.response_fields import OCTET_STREAM, ResponseFields
from aiohttp._web.response_head import (
    Framing,
    add_cookies,
    body_framing,
    choose_coding,
    forbids_content_length,
    has_no_body,
    reason_phrase,
)
from aiohttp.abc import AbstractStreamWriter
from aiohttp.compression_utils import (
    HAS_BROTLI,
    HAS_ZSTD,
    MAX_SYNC_CHUNK_SIZE,
    ZLibCompressor,
    open_compressor,
)
from aiohttp.payload import PAYLOAD_REGISTRY, Payload
from aiohttp.payload import LookupError as NoPayloadError
from aiohttp.tcp_helpers import tcp_cork, tcp_nodelay
from aiohttp.typedefs import JSONBytesEncoder, JSONEncoder, LooseHeaders

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

__all__ = (
    "ContentCoding",
    "Response",
    "StreamResponse",
    "json_bytes_response",
    "json_response",
)

_T = TypeVar("_T")

# Body bytes up to which head and body are joined; above, a second write is cheaper than the copy.
_JOINED_BODY = 64 * 1024

_CHUNK_SIZE = declare(
    "chunk_size argument of enable_chunked_encoding()",
    since="3.0",
    instead="nothing; each write() is one chunk",
)
_BOOL_FORCE = declare(
    "a bool as force argument of enable_compression()", since="3.0", instead="a ContentCoding"
)
_OUTPUT_LENGTH = declare("output_length of a response", since="3.0", instead="body_length")
_DRAIN = declare("drain() of a response", since="3.0", instead="await response.write()")


class ContentCoding(enum.Enum):
    """Content codings (RFC 9110 §8.4.1), in the server's order of preference.

    ``deflate`` comes first as it always did here; ``br`` and ``zstd`` are used for peers that like
    them better, or accept nothing else, if the library for them is installed.
    """

    deflate = "deflate"
    gzip = "gzip"
    br = "br"
    zstd = "zstd"
    identity = "identity"


_OFFERED = ["deflate", "gzip", *["br"] * HAS_BROTLI, *["zstd"] * HAS_ZSTD, "identity"]


class StreamResponse(MutableMapping[Any, Any], ResponseFields):
    """A response whose body is written piece by piece.

    Call :meth:`prepare` with the request, :meth:`write` any number of times, and :meth:`write_eof`;
    a handler may leave the last to the server.  A response answers one request; it is a mutable
    mapping for what middlewares want to tell each other.

    Args:
        status: the status code (RFC 9110 §15).
        reason: the reason phrase; None is the usual one.
        headers: header fields.
    """

    ATTRS = HeadersMixin.ATTRS

    # Whether a body of unknown length gets a framing by itself; FileResponse and WebSocketResponse
    # know better.
    _length_check = True
    # Whether the head leaves in prepare(), or waits for the first piece of the body.
    _send_headers_immediately = True

    _body: Any = None
    _keep_alive: bool | None = None
    _chunked = False
    _compression = False
    _compression_strategy: int | None = None
    _compression_force: ContentCoding | None = None
    # The request that is answered, from prepare() on, and its writer until the end.
    _req: BaseRequest | None = None
    _payload_writer: AbstractStreamWriter | None = None
    _eof_sent = False
    _must_be_empty_body: bool | None = None
    _body_length = 0
    _state: dict[Any, Any] | None = None

    _status = 200
    _reason = reason_phrase(200)

    def __init__(
        self,
        *,
        status: int = 200,
        reason: str | None = None,
        headers: LooseHeaders | None = None,
        _real_headers: CIMultiDict[str] | None = None,
    ) -> None:
        if _real_headers is not None:
            self._fields = _real_headers
        elif headers is not None:
            self._fields = CIMultiDict(headers)
        self._set_status(status, reason)

    # --- Status line ---

    @property
    def prepared(self) -> bool:
        """Whether the head was handed over."""
        return self._eof_sent or self._payload_writer is not None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that serves the request, once prepared."""
        return self._req.task if self._req is not None else None

    @property
    def status(self) -> int:
        """The status code."""
        return self._status

    @property
    def reason(self) -> str:
        """The reason phrase."""
        return self._reason

    def set_status(self, status: int, reason: str | None = None) -> None:
        """Change status and reason phrase.

        Raises:
            RuntimeError: the head was sent.
            ValueError: ``reason`` has more than one line (RFC 9112 §4).
        """
        if self.prepared:
            raise RuntimeError(
                "Cannot change the response status code after the headers have been sent"
            )
        self._set_status(status, reason)

    def _set_status(self, status: int, reason: str | None) -> None:
        self._status = int(status)
        if reason is None:
            reason = reason_phrase(self._status)
        elif "\r" in reason or "\n" in reason:
            raise ValueError("Reason cannot contain \\r or \\n")
        self._reason = reason

    # --- Connection ---

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays open; None leaves it to the request."""
        return self._keep_alive

    def force_close(self) -> None:
        """Close the connection after this response."""
        self._keep_alive = False

    @property
    def tcp_nodelay(self) -> bool:
        """Whether small writes leave at once, Nagle's algorithm being off; the default."""
        return self._nodelay

    _nodelay = True
    _cork = False

    def set_tcp_nodelay(self, value: bool) -> None:
        """Switch ``TCP_NODELAY``; it ends corking.

        Raises:
            RuntimeError: the response is not prepared, so that it has no connection yet.
        """
        transport = self._prepared_transport("set_tcp_nodelay")
        self._nodelay = bool(value)
        if value:
            self._cork = False
        if transport is not None:
            tcp_cork(transport, self._cork)
            tcp_nodelay(transport, self._nodelay)

    @property
    def tcp_cork(self) -> bool:
        """Whether only full packets leave."""
        return self._cork

    def set_tcp_cork(self, value: bool) -> None:
        """Hold partial packets back, or let them go; corking ends NODELAY.

        Raises:
            RuntimeError: the response is not prepared, so that it has no connection yet.
        """
        transport = self._prepared_transport("set_tcp_cork")
        self._cork = bool(value)
        if value:
            self._nodelay = False
        if transport is not None:
            tcp_nodelay(transport, self._nodelay)
            tcp_cork(transport, self._cork)

    def _prepared_transport(self, method: str) -> asyncio.Transport | None:
        if self._payload_writer is None:
            raise RuntimeError(f"Cannot call {method}() before prepare()")
        return self._payload_writer.transport

    # --- Body: how it is sent ---

    @property
    def chunked(self) -> bool:
        """Whether chunks were asked for."""
        return self._chunked

    @property
    def compression(self) -> bool:
        """Whether compression was asked for."""
        return self._compression

    @property
    def body_length(self) -> int:
        """Bytes sent, the head included; 0 before the end."""
        return self._body_length

    @property
    def output_length(self) -> int:
        """Bytes in the writer's buffer; deprecated."""
        _OUTPUT_LENGTH.warn()
        if self._payload_writer is None:
            raise RuntimeError("output_length is known after prepare() only")
        return self._payload_writer.buffer_size

    def enable_chunked_encoding(self, chunk_size: int | None = None) -> None:
        """Send the body in chunks (RFC 9112 §7.1); HTTP/1.1 only.

        Raises:
            RuntimeError: the body's length was set.
        """
        if hdrs.CONTENT_LENGTH in self.headers:
            raise RuntimeError("You can't enable chunked encoding when a content length is set")
        if chunk_size is not None:
            _CHUNK_SIZE.warn()
        self._chunked = True

    def enable_compression(
        self, force: bool | ContentCoding | None = None, strategy: int | None = None
    ) -> None:
        """Compress the body.

        Args:
            force: the coding, whether the peer accepts it or not; None takes what it likes best.
            strategy: zlib's strategy; None is its default.

        Raises:
            TypeError: ``force`` is something else.
        """
        if isinstance(force, bool):
            _BOOL_FORCE.warn()
            self._compression_force = ContentCoding.deflate if force else None
        elif force is None or isinstance(force, ContentCoding):
            self._compression_force = force
        else:
            raise InvalidCoding(f"force should one of None, bool or ContentCoding, got {force!r}")
        self._compression = True
        self._compression_strategy = strategy

    # --- Sending the head ---

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Send the head in answer to ``request``; a second call does nothing.

        Returns:
            The writer, or None if the response has ended.

        Raises:
            RuntimeError: the response answered another request before.
        """
        if self._eof_sent:
            self._check_same_exchange(request)
            return None
        if self._payload_writer is not None:
            return self._payload_writer
        self._must_be_empty_body = has_no_body(request.method, self._status)
        return await self._start(request)

    def _check_same_exchange(self, request: BaseRequest) -> None:
        """Refuse to answer another request, which would wait for its answer for ever."""
        answered = self._req
        if (
            answered is not None
            and answered is not request
            # A clone is answered together with its original.
            and answered._payload_writer is not request._payload_writer
        ):
            raise RuntimeError(
                f"{self!r} was sent already, in answer to {answered!r};"
                " make a new response for each request"
            )

    async def _start(self, request: BaseRequest) -> AbstractStreamWriter:
        self._req = request
        writer = self._payload_writer = request._payload_writer
        await self._prepare_headers()
        await request._prepare_hook(self)
        await self._write_headers()
        return writer

    async def _prepare_headers(self) -> None:
        """Complete the header fields, and set the writer up for them."""
        request, writer = self._started()
        fields = self._headers
        if self._compression:
            await self._start_compression(request)
        self._frame_body(request, writer, fields)
        self._add_general_fields(request, fields)

    def _started(self) -> tuple[BaseRequest, AbstractStreamWriter]:
        if self._req is None or self._payload_writer is None:
            raise NotStarted("Response has not been started; call prepare() first")
        return self._req, self._payload_writer

    def _frame_body(
        self, request: BaseRequest, writer: AbstractStreamWriter, fields: CIMultiDict[str]
    ) -> None:
        """Say, in the fields and to the writer, how the body ends (RFC 9112 §6)."""
        status, method = self._status, request.method
        http_1_1 = request.version >= HttpVersion11
        empty = has_no_body(method, status)
        if not self._length_check and not self._chunked:
            # Who knows better: the body has a length, or the connection changes its protocol.
            writer.length = self.content_length  # type: ignore[misc]
        else:
            length = self.content_length
            framing = body_framing(
                empty=empty, chunked=self._chunked, length=length, http_1_1=http_1_1
            )
            if framing is Framing.CHUNKED:
                writer.enable_chunking()
                fields[hdrs.TRANSFER_ENCODING] = "chunked"
                fields.pop(hdrs.CONTENT_LENGTH, None)
            elif framing is Framing.LENGTH:
                # One or the other (RFC 9112 §6.2).
                fields.pop(hdrs.TRANSFER_ENCODING, None)
                writer.length = length  # type: ignore[misc]
            elif framing is Framing.UNTIL_CLOSE:
                self._keep_alive = False
        if forbids_content_length(method, status):
            # RFC 9110 §8.6, RFC 9112 §6.1
            fields.pop(hdrs.CONTENT_LENGTH, None)
            fields.pop(hdrs.TRANSFER_ENCODING, None)
        elif not empty and self.content_length != 0 and hdrs.CONTENT_TYPE not in fields:
            fields[hdrs.CONTENT_TYPE] = OCTET_STREAM

    def _add_general_fields(self, request: BaseRequest, fields: CIMultiDict[str]) -> None:
        if self._cookies:
            add_cookies(self._cookies, fields)
        fields.setdefault(hdrs.DATE, rfc822_formatted_time())
        fields.setdefault(hdrs.SERVER, SERVER_SOFTWARE)
        keep_alive = self._keep_alive
        if keep_alive is None:
            keep_alive = self._keep_alive = request.keep_alive
        # Said where it differs from what the version means without it (RFC 9112 §9.3).
        version = request._message.version
        if keep_alive:
            if version == HttpVersion10:
                fields.setdefault(hdrs.CONNECTION, "keep-alive")
        elif version == HttpVersion11:
            fields.setdefault(hdrs.CONNECTION, "close")

    async def _write_headers(self) -> None:
        request, writer = self._started()
        await writer.write_headers(self._status_line(request), self._headers)
        if self._send_headers_immediately:
            writer.send_headers()

    def _status_line(self, request: BaseRequest) -> str:
        version = request._message.version
        return f"HTTP/{version[0]}.{version[1]} {self._status} {self._reason}"

    async def _start_compression(self, request: BaseRequest) -> None:
        coding = self._compression_force
        if coding is None:
            accepted = request.headers.get(hdrs.ACCEPT_ENCODING, "")
            chosen = choose_coding(accepted, _OFFERED) if accepted else None
            if chosen is None:
                return
            coding = ContentCoding(chosen)
        await self._do_start_compression(coding)

    async def _do_start_compression(self, coding: ContentCoding) -> None:
        if coding is ContentCoding.identity:
            return
        _, writer = self._started()
        self._headers[hdrs.CONTENT_ENCODING] = coding.value
        writer.enable_compression(coding.value, self._compression_strategy)
        # The compressed length is not known yet.
        self._headers.pop(hdrs.CONTENT_LENGTH, None)

    # --- Sending the body ---

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write a piece of the body; waits while the connection is congested.

        Raises:
            TypeError: ``data`` is not bytes-like.
            RuntimeError: the response is not prepared, or has ended.
            ClientConnectionResetError: the peer is gone.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise InvalidBody(f"data argument must be byte-ish ({type(data)!r})")
        if self._eof_sent:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._payload_writer is None:
            raise RuntimeError("Cannot call write() before prepare()")
        if not self._must_be_empty_body:
            await self._payload_writer.write(data)

    async def drain(self) -> None:
        """Wait until the connection takes more; deprecated, :meth:`write` does."""
        if self._eof_sent:
            raise RuntimeError(
                "Response has already been finished; drain() comes before write_eof()"
            )
        if self._payload_writer is None:
            raise NotStarted("Response has not been started; call prepare() first")
        _DRAIN.warn()
        await self._payload_writer.drain()

    async def write_eof(self, data: bytes = b"") -> None:
        """Write the last piece and end the response; a second call does nothing.

        Raises:
            TypeError: ``data`` is not bytes-like.
            RuntimeError: the response is not prepared.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise InvalidBody(f"data argument must be byte-ish ({type(data)!r})")
        if self._eof_sent:
            return
        writer = self._payload_writer
        if writer is None:
            raise NotStarted("Response has not been started; call prepare() first")
        await writer.write_eof(b"" if self._must_be_empty_body else data)
        missing = writer.length
        if type(missing) is int and missing > 0 and not self._must_be_empty_body:
            # The peer would take the next response for the rest of this one.
            self._keep_alive = False
        self._eof_sent = True
        self._body_length = writer.output_size
        self._payload_writer = None

    def _send_whole(self, request: BaseRequest) -> bool:
        """Send head and body at once if nothing has to wait; if False, prepare() must be called."""
        return False

    # --- Mapping and object ---

    def __repr__(self) -> str:
        if self._eof_sent:
            info = "eof"
        elif self.prepared and self._req is not None:
            info = f"{self._req.method} {self._req.path} "
        else:
            info = "not prepared"
        return f"<{type(self).__name__} {self.reason} {info}>"

    @overload
    def __getitem__(self, key: ResponseKey[_T]) -> _T: ...

    @overload
    def __getitem__(self, key: str) -> Any: ...

    def __getitem__(self, key: str | ResponseKey[_T]) -> Any:
        if self._state is None:
            raise KeyError(key)
        return self._state[key]

    @overload
    def __setitem__(self, key: ResponseKey[_T], value: _T) -> None: ...

    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...

    def __setitem__(self, key: str | ResponseKey[_T], value: Any) -> None:
        if self._state is None:
            self._state = {}
        self._state[key] = value

    def __delitem__(self, key: str | ResponseKey[_T]) -> None:
        if self._state is None:
            raise KeyError(key)
        del self._state[key]

    def __len__(self) -> int:
        return len(self._state or ())

    def __iter__(self) -> Iterator[str | ResponseKey[Any]]:
        return iter(self._state or ())

    def __bool__(self) -> bool:
        # Not whether the mapping is empty: `response or default` means something else.
        return True

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class NotStarted(RuntimeError, AssertionError):
    """prepare() was not called.  Also an AssertionError, which earlier versions raised."""


class InvalidCoding(TypeError, AssertionError):
    """No content coding.  Also an AssertionError, which earlier versions raised."""


class InvalidBody(TypeError, AssertionError):
    """No body.  Also an AssertionError, which earlier versions raised."""


# What _send_whole() does in one step; a subclass that changes one of them gets them called.
_STEPS = ("prepare", "_start", "_prepare_headers", "_write_headers", "write", "write_eof")

_BODILESS_METHODS = frozenset({hdrs.METH_HEAD, hdrs.METH_CONNECT})


class Response(StreamResponse):
    """A response whose body is there at once.

    Args:
        body: bytes, or anything that a :class:`aiohttp.Payload` is registered for.
        status: the status code.
        reason: the reason phrase; None is the usual one.
        text: the body as text; not together with ``body``.
        headers: header fields.
        content_type: the media type without parameters; with ``text`` the default is
            ``text/plain``.
        charset: of ``text``, by default utf-8.
        zlib_executor_size: bytes above which compression happens in the executor.
        zlib_executor: the executor; None is the loop's default one.

    Raises:
        ValueError: arguments contradict each other, or ``body`` is of an unknown type.
        TypeError: ``text`` is not a str.
    """

    _send_headers_immediately = False
    _compressed_body: bytes | None = None
    _zlib_executor_size = MAX_SYNC_CHUNK_SIZE
    _zlib_executor: Executor | None = None

    def __init__(
        self,
        *,
        body: Any = None,
        status: int = 200,
        reason: str | None = None,
        text: str | None = None,
        headers: LooseHeaders | None = None,
        content_type: str | None = None,
        charset: str | None = None,
        zlib_executor_size: int = 4096,
        zlib_executor: Executor | None = None,
    ) -> None:
        if headers is not None:
            self._fields = CIMultiDict(headers)
        if content_type is not None or charset is not None:
            self._check_type_arguments(content_type, charset)
        if status != 200 or reason is not None:
            self._set_status(status, reason)
        if zlib_executor_size != MAX_SYNC_CHUNK_SIZE:
            self._zlib_executor_size = zlib_executor_size
        if zlib_executor is not None:
            self._zlib_executor = zlib_executor
        if text is not None:
            self._init_text(text, body, content_type, charset)
            return
        if content_type is not None:
            self._init_type(
                content_type if charset is None else f"{content_type}; charset={charset}"
            )
        if type(body) is bytes:
            self._body = body
        elif body is not None:
            self.body = body

    def _check_type_arguments(self, content_type: str | None, charset: str | None) -> None:
        if self._fields is not None and hdrs.CONTENT_TYPE in self._fields:
            raise ValueError(
                "passing both Content-Type header and content_type or charset params is forbidden"
            )
        if content_type is not None and "charset" in content_type:
            raise ValueError("charset must not be in content_type argument")

    def _init_text(
        self, text: str, body: object, content_type: str | None, charset: str | None
    ) -> None:
        if body is not None:
            raise ValueError("body and text are not allowed together")
        if not isinstance(text, str):
            raise TypeError(f"text argument must be str ({type(text)!r})")
        if charset is None:
            charset = "utf-8"
        if content_type is None:
            content_type = "text/plain"
        if self._fields is None:
            self._pending_type = f"{content_type}; charset={charset}"
        elif hdrs.CONTENT_TYPE not in self._fields:
            self._fields[hdrs.CONTENT_TYPE] = f"{content_type}; charset={charset}"
        else:
            self.text = text
            return
        self._body = text.encode(charset)

    def _init_type(self, value: str) -> None:
        if self._fields is None:
            self._pending_type = value
        else:
            self._fields[hdrs.CONTENT_TYPE] = value

    # --- Body ---

    @property
    def body(self) -> bytes | bytearray | Payload | None:
        """The body; set it to bytes, to anything a payload is registered for, or to None."""
        return cast("bytes | bytearray | Payload | None", self._body)

    @body.setter
    def body(self, body: Any) -> None:
        if body is None or isinstance(body, (bytes, bytearray)):
            self._body = body
        else:
            self._body = self._payload_of(body)
        self._compressed_body = None

    def _payload_of(self, body: Any) -> Payload:
        try:
            payload = PAYLOAD_REGISTRY.get(body)
        except NoPayloadError:
            raise ValueError(f"Unsupported body type {type(body)!r}") from None
        fields = self._headers
        if hdrs.CONTENT_TYPE not in fields:
            fields[hdrs.CONTENT_TYPE] = payload.content_type
        for name, value in payload.headers.items():
            fields.setdefault(name, value)
        return payload

    @property
    def text(self) -> str | None:
        """The body as text, in the response's charset or utf-8."""
        if self._body is None:
            return None
        if isinstance(self._body, (bytes, bytearray)):
            return self._body.decode(self.charset or "utf-8")
        return cast(str, self._body.decode(self.charset or "utf-8"))

    @text.setter
    def text(self, text: str) -> None:
        if not isinstance(text, str):
            raise InvalidBody(f"text argument must be str ({type(text)!r})")
        if self.content_type == OCTET_STREAM:
            self.content_type = "text/plain"
        if self.charset is None:
            self.charset = "utf-8"
        self._body = text.encode(self.charset or "utf-8")
        self._compressed_body = None

    @property
    def content_length(self) -> int | None:
        """The body's length in bytes; None for chunks and for payloads of unknown length."""
        if self._chunked:
            return None
        if hdrs.CONTENT_LENGTH in self._headers:
            return int(self._headers[hdrs.CONTENT_LENGTH])
        if self._compressed_body is not None:
            return len(self._compressed_body)
        if isinstance(self._body, Payload):
            return None  # what compression makes of it is not known
        return 0 if self._body is None else len(self._body)

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        raise RuntimeError("Content length is set automatically")

    # --- Sending, step by step ---

    async def _start(self, request: BaseRequest) -> AbstractStreamWriter:
        fields = self._headers
        if hdrs.CONTENT_LENGTH not in fields and not self._chunked:
            self._set_length(request, fields)
        try:
            return await super()._start(request)
        except BaseException:
            await self._close_body()
            raise

    def _set_length(self, request: BaseRequest, fields: CIMultiDict[str]) -> None:
        if isinstance(self._body, Payload):
            if self._body.size is not None:
                fields[hdrs.CONTENT_LENGTH] = str(self._body.size)
            return
        length = len(self._body) if self._body else 0
        # A HEAD or 304 without a body says nothing of the one that a GET has (RFC 9110 §8.6).
        if length or (self._status != 304 and request.method != hdrs.METH_HEAD):
            fields[hdrs.CONTENT_LENGTH] = str(length)

    async def _do_start_compression(self, coding: ContentCoding) -> None:
        if self._chunked or isinstance(self._body, Payload):
            await super()._do_start_compression(coding)
            return
        if coding is ContentCoding.identity or self._body is None:
            return
        self._compressed_body = await self._compress(coding, self._body)
        self._headers[hdrs.CONTENT_ENCODING] = coding.value
        self._headers[hdrs.CONTENT_LENGTH] = str(len(self._compressed_body))

    async def _compress(self, coding: ContentCoding, body: bytes | bytearray) -> bytes:
        if coding not in (ContentCoding.deflate, ContentCoding.gzip):
            other = open_compressor(coding.value)
            return await other.compress(body) + other.flush()
        compressor = ZLibCompressor(
            encoding=coding.value,
            strategy=self._compression_strategy,
            max_sync_chunk_size=self._zlib_executor_size,
            executor=self._zlib_executor,
        )
        return await compressor.compress(body) + compressor.flush()

    async def write_eof(self, data: bytes = b"") -> None:
        """Write the body and end the response; a second call does nothing."""
        if self._eof_sent:
            return
        body = self._body if self._compressed_body is None else self._compressed_body
        if not isinstance(body, Payload):
            await super().write_eof(b"" if body is None or self._must_be_empty_body else body)
            return
        try:
            if self._payload_writer is None:
                raise NotStarted("Response has not been started; call prepare() first")
            if not self._must_be_empty_body:
                await body.write(self._payload_writer)
            await super().write_eof()
        finally:
            await body.close()

    async def _close_body(self) -> None:
        if isinstance(self._body, Payload):
            await self._body.close()

    # --- Sending at once ---

    # Whether a subclass leaves alone what _send_whole() does in one step.
    _is_plain = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._is_plain = all(getattr(cls, name) is getattr(Response, name) for name in _STEPS)

    def _send_whole(self, request: BaseRequest) -> bool:
        # This runs for nearly each response of a server; it is as flat as it can be.
        body = self._body
        cls = type(self)
        if (
            self._payload_writer is not None
            or self._eof_sent
            or self._chunked
            or self._compression
            or request._hooked
            or not (body is None or type(body) is bytes)
            or not cls._is_plain
            # A tool may have wrapped one of them on the class itself.
            or cls.prepare is not _PREPARE
            or cls.write_eof is not _WRITE_EOF
        ):
            return False
        protocol = request._protocol
        transport = protocol.transport
        if transport is None or protocol._paused or transport.is_closing():
            return False
        head: bytes | None = None
        if self._fields is None and self._cookies is None:
            head = self._ordinary_head(request, 0 if body is None else len(body))
        if head is None:
            head, body = self._whole_head(request)
        if not body:
            transport.write(head)
            self._body_length = len(head)
        elif len(body) <= _JOINED_BODY:
            data = head + body
            transport.write(data)
            self._body_length = len(data)
        else:
            transport.write(head)
            transport.write(body)
            self._body_length = len(head) + len(body)
        self._req = request
        self._eof_sent = True
        return True

    def _ordinary_head(self, request: BaseRequest, length: int) -> bytes | None:
        """Return a head with the fields of every response, or None if it takes others."""
        message = request._message
        if (
            self._keep_alive is False
            or message.should_close
            or message.method in _BODILESS_METHODS
            or message.version is not HttpVersion11
            or not request.keep_alive
        ):
            return None
        content_type = self._pending_type
        if content_type is None and length:
            content_type = self._pending_type = OCTET_STREAM
        key = (self._status, self._reason, content_type)
        start = starts_of_heads.get(key)
        if start is None:
            if has_no_body(message.method, self._status):
                return None
            start = make_start_of_head(*key)
        self._keep_alive = True
        tail = self._sent_tail = end_of_head()
        return b"".join((start, str(length).encode(), tail))

    def _whole_head(self, request: BaseRequest) -> tuple[bytes, bytes | None]:
        """Complete the fields as prepare() does; return the head, and what of the body is sent."""
        fields = self._headers
        if not has_no_body(request._message.method, self._status) and not (
            hdrs.CONTENT_LENGTH in fields or hdrs.TRANSFER_ENCODING in fields
        ):
            body = self._body
            fields[hdrs.CONTENT_LENGTH] = str(len(body)) if body else "0"
            if body:
                fields.setdefault(hdrs.CONTENT_TYPE, OCTET_STREAM)
            self._add_general_fields(request, fields)
            return serialize_headers(self._status_line(request), fields), body
        return self._odd_head(request, fields)

    def _odd_head(
        self, request: BaseRequest, fields: CIMultiDict[str]
    ) -> tuple[bytes, bytes | None]:
        """Do the same where the handler, or the lack of a body, has a say in the framing."""
        if hdrs.CONTENT_LENGTH not in fields:
            self._set_length(request, fields)
        writer = request._payload_writer
        self._frame_body(request, writer, fields)
        self._add_general_fields(request, fields)
        head = serialize_headers(self._status_line(request), fields)
        body = None if has_no_body(request.method, self._status) else self._body
        length = writer.length
        if body is not None and length is not None and length != len(body):
            # The handler set another Content-Length: no more is sent, and less ends the connection.
            if len(body) < length:
                self._keep_alive = False
            body = body[:length]
        return head, body

    def _note_sent_fields(self, fields: CIMultiDict[str]) -> None:
        fields[hdrs.CONTENT_LENGTH] = str(len(self._body or b""))
        for line in (self._sent_tail or b"").decode("latin-1").split("\r\n"):
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value


_PREPARE = Response.prepare
_WRITE_EOF = Response.write_eof


def json_response(
    data: Any = sentinel,
    *,
    text: str | None = None,
    body: bytes | None = None,
    status: int = 200,
    reason: str | None = None,
    headers: LooseHeaders | None = None,
    content_type: str = "application/json",
    dumps: JSONEncoder = json.dumps,
) -> Response:
    """Return a response with ``data`` as JSON.

    Raises:
        ValueError: more than one of ``data``, ``text`` and ``body`` is given.
    """
    if data is not sentinel:
        if text or body:
            raise ValueError("only one of data, text, or body should be specified")
        text = dumps(data)
    return Response(
        text=text,
        body=body,
        status=status,
        reason=reason,
        headers=headers,
        content_type=content_type,
    )


def json_bytes_response(
    data: Any = sentinel,
    *,
    dumps: JSONBytesEncoder,
    body: bytes | None = None,
    status: int = 200,
    reason: str | None = None,
    headers: LooseHeaders | None = None,
    content_type: str = "application/json",
) -> Response:
    """Return a response with ``data`` as JSON, encoded straight to bytes (orjson, for example).

    Raises:
        ValueError: both ``data`` and ``body`` are given.
    """
    if data is not sentinel:
        if body:
            raise ValueError("only one of data or body should be specified")
        body = dumps(data)
    return Response(
        body=body, status=status, reason=reason, headers=headers, content_type=content_type
    )
