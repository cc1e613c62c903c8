"""Responses whose body is there at once.

Knows the two ways to send one: step by step, as every response, or head and body in one write.
"""

from __future__ import annotations

from concurrent.futures import Executor
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, cast

from multidict import CIMultiDict

from aiohttp import hdrs
from aiohttp._h1.messages import HttpVersion11
from aiohttp._h1.serialize import serialize_headers
from aiohttp._web.ready_heads import JOINED_BODY, ready_response
from aiohttp._web.response_fields import OCTET_STREAM
from aiohttp._web.response_head import has_no_body, reason_phrase
from aiohttp.abc import AbstractStreamWriter
from aiohttp.compression_utils import (
    MAX_SYNC_CHUNK_SIZE,
    ZLibCompressor,
    open_compressor,
)
from aiohttp.payload import PAYLOAD_REGISTRY, Payload
from aiohttp.payload import LookupError as NoPayloadError
from aiohttp.typedefs import LooseHeaders
from aiohttp.web_response.stream import ContentCoding, InvalidBody, NotStarted, StreamResponse

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

# What _send_whole() does in one step; a subclass that changes one of them gets them called.
_STEPS = ("prepare", "_start", "_prepare_headers", "_write_headers", "write", "write_eof")

_OK = reason_phrase(200)

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
        # The class has the same defaults; but most of these are read when the response is sent, and
        # reading one from the class costs more than setting it here.
        self._fields = self._cookies = self._pending_type = None
        self._body = self._payload_writer = self._keep_alive = None
        self._eof_sent = self._chunked = self._compression = False
        self._zlib_executor_size = zlib_executor_size
        self._zlib_executor = zlib_executor
        if status == 200 and reason is None:
            self._status = 200
            self._reason = _OK
        else:
            self._set_status(status, reason)
        if headers is not None:
            self._fields = CIMultiDict(headers)
            given = content_type is not None or charset is not None
            if given and hdrs.CONTENT_TYPE in self._fields:
                raise ValueError(
                    "passing both Content-Type header and content_type or charset params"
                    " is forbidden"
                )
        if content_type is not None and "charset" in content_type:
            raise ValueError("charset must not be in content_type argument")
        if text is not None:
            self._init_text(text, body, content_type, charset)
            return
        if content_type is not None:
            if charset is not None:
                content_type = f"{content_type}; charset={charset}"
            if self._fields is None:
                self._pending_type = content_type
            else:
                self._fields[hdrs.CONTENT_TYPE] = content_type
        if type(body) is bytes:
            self._body = body
        elif body is not None:
            self.body = body

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

    def _copied(self) -> Response:
        """Return one like this that was not sent: an exception may be raised again and again.

        It has no traceback, and this one never has its request: who keeps an exception does not
        keep those.
        """
        cls = type(self)
        copy = cls.__new__(cls)
        attributes = vars(self).copy()
        if self._fields is not None:
            attributes["_fields"] = CIMultiDict(self._fields)
        if self._cookies is not None:
            attributes["_cookies"] = SimpleCookie()
            attributes["_cookies"].update(self._cookies)
        if self._state is not None:
            attributes["_state"] = self._state.copy()
        if self.prepared:
            attributes.update(_req=None, _payload_writer=None, _keep_alive=None, _sent=None)
            attributes["_eof_sent"] = False
        vars(copy).update(attributes)
        return copy

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

    def _send_whole(self, request: BaseRequest) -> bool | None:
        # This runs for nearly each response of a server; it is as flat as it can be.
        body = self._body
        cls = type(self)
        if (
            self._payload_writer is not None
            or self._eof_sent
            or self._chunked
            or self._compression
            or request._hooked
            or not (type(body) is bytes or body is None)
            or not (cls is Response or cls._is_plain)
            # A tool may have wrapped one of them on the class itself.
            or cls.prepare is not _PREPARE
            or cls.write_eof is not _WRITE_EOF
        ):
            return None
        protocol = request._protocol
        transport = protocol.transport
        if transport is None or protocol._paused or transport.is_closing():
            return None
        data = self._ordinary_response(request, body)
        if data is None:
            head, body = self._whole_head(request)
            data = head + body if body and len(body) <= JOINED_BODY else head
        transport.write(data)
        self._body_length = len(data)
        if body and len(body) > JOINED_BODY:
            transport.write(body)
            self._body_length += len(body)
        self._req = request
        self._eof_sent = True
        return self._keep_alive

    def _ordinary_response(self, request: BaseRequest, body: bytes | None) -> bytes | None:
        """Return what to send if the head says what every head does; None if it says more."""
        message = request._message
        status = self._status
        if (
            self._fields is not None
            or self._cookies is not None
            or self._keep_alive is False
            or request._is_last
            or message.should_close
            or message.version is not HttpVersion11
            or message.method in _BODILESS_METHODS
            or (status != 200 and has_no_body(message.method, status))
        ):
            return None
        content_type = self._pending_type
        if content_type is None and body:
            content_type = OCTET_STREAM
        self._keep_alive = True
        data = self._sent = ready_response(status, self._reason, content_type, body or b"")
        return data

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
            self._keep_promise(fields)
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
        self._keep_promise(fields)
        head = serialize_headers(self._status_line(request), fields)
        body = None if has_no_body(request.method, self._status) else self._body
        length = writer.length
        if body is not None and length is not None and length != len(body):
            # The handler set another Content-Length: no more is sent, and less ends the connection.
            if len(body) < length:
                self._keep_alive = False
            body = body[:length]
        return head, body


_PREPARE = Response.prepare
_WRITE_EOF = Response.write_eof
