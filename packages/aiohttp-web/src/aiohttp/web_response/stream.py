"""Responses whose body is written piece by piece, and what every response has in common.

Knows the response's own state, and how to hand head and body to the writer of a request.  What a
head says is decided in ``_web.response_head``; the serve loop is elsewhere.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from multidict import CIMultiDict

from aiohttp import hdrs
from aiohttp._clock import rfc822_formatted_time
from aiohttp._content_headers import HeadersMixin
from aiohttp._deprecations import declare, marked
from aiohttp._h1.messages import HttpVersion10, HttpVersion11
from aiohttp._keys import ResponseKey
from aiohttp._software import SERVER_SOFTWARE
from aiohttp._web.response_fields import OCTET_STREAM, ResponseFields
from aiohttp._web.response_head import (
    Framing,
    add_cookies,
    body_framing,
    choose_coding,
    forbids_content_length,
    has_no_body,
    is_interim,
    reason_phrase,
    says_close,
)
from aiohttp.abc import AbstractStreamWriter
from aiohttp.compression_utils import (
    HAS_BROTLI,
    HAS_ZSTD,
)
from aiohttp.tcp_helpers import tcp_cork, tcp_nodelay
from aiohttp.typedefs import LooseHeaders

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

_T = TypeVar("_T")

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
    @marked("output_length of a response: use body_length")
    def output_length(self) -> int:
        """Bytes in the writer's buffer; deprecated."""
        _OUTPUT_LENGTH.warn()
        if self._payload_writer is None:
            raise RuntimeError("output_length is known after prepare() only")
        return self._payload_writer.buffer_size

    @overload
    def enable_chunked_encoding(self) -> None: ...

    @overload
    @marked(
        "chunk_size argument of enable_chunked_encoding(): use nothing; each write() is one chunk"
    )
    def enable_chunked_encoding(self, chunk_size: int | None) -> None: ...

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

    @overload
    def enable_compression(
        self, force: ContentCoding | None = None, strategy: int | None = None
    ) -> None: ...

    @overload
    @marked("a bool as force argument of enable_compression(): use a ContentCoding")
    def enable_compression(
        self, force: bool | ContentCoding | None, strategy: int | None = None
    ) -> None: ...

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
            RuntimeError: the response answered another request before, or another response answers
                this one.
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

    def _become_answer(self, request: BaseRequest) -> None:
        """Be the one response to the request, instead of one that was begun and is not sent yet."""
        if request._answer is not None:
            withdraw = getattr(request._payload_writer, "withdraw", None)
            if withdraw is None or not withdraw():
                cls, status = request._answer
                raise AlreadyAnswered(
                    f"{request!r} is answered already: of a {cls.__name__} with status {status}"
                    f" a part was sent; return that one instead of {self!r}"
                )
        if not is_interim(self._status):
            request._begin_answer(self)

    async def _start(self, request: BaseRequest) -> AbstractStreamWriter:
        self._become_answer(request)
        self._req = request
        writer = self._payload_writer = request._payload_writer
        await self._prepare_headers()
        await request._prepare_hook(self)
        if request._hooked and writer.length is not None:
            # They may have put another body in, and its length (aiohttp_devtools does).
            writer.length = self.content_length  # type: ignore[misc]
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
            elif hdrs.CONTENT_LENGTH in fields:
                fields.pop(hdrs.TRANSFER_ENCODING, None)
        if not http_1_1:
            fields.pop(hdrs.TRANSFER_ENCODING, None)  # RFC 9112 §6.1
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
        elif version >= HttpVersion11:
            fields.setdefault(hdrs.CONNECTION, "close")

    def _keep_promise(self, fields: CIMultiDict[str]) -> None:
        """Close the connection if the handler, or a signal's receiver, has said so in a field."""
        if hdrs.CONNECTION in fields and says_close(fields):
            self._keep_alive = False

    async def _write_headers(self) -> None:
        request, writer = self._started()
        if is_interim(self._status) and request._message.version < HttpVersion11:
            return  # RFC 9110 §15.2: HTTP/1.0 knows no responses before the one that counts
        self._keep_promise(self._headers)
        await writer.write_headers(self._status_line(request), self._headers)
        if self._send_headers_immediately:
            writer.send_headers()

    def _status_line(self, request: BaseRequest) -> str:
        # The highest version that both sides speak (RFC 9110 §2.5).
        version = min(request._message.version, HttpVersion11)
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

    @marked("drain() of a response: use await response.write()")
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

    def _send_whole(self, request: BaseRequest) -> bool | None:
        """Send head and body at once, if nothing has to wait.

        Returns:
            Whether the connection stays open; None if nothing was sent: prepare() must be called.
        """
        return None

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


class AlreadyAnswered(RuntimeError):
    """A part of another response to the same request was sent."""


class NotStarted(RuntimeError, AssertionError):
    """prepare() was not called.  Also an AssertionError, which earlier versions raised."""


class InvalidCoding(TypeError, AssertionError):
    """No content coding.  Also an AssertionError, which earlier versions raised."""


class InvalidBody(TypeError, AssertionError):
    """No body.  Also an AssertionError, which earlier versions raised."""
