"""The body of a request, read in each of its forms: bytes, text, JSON, parts, a form.

A half of `BaseRequest`.  Knows the body's reader, the fields that describe it, and how much of it
the application takes; neither routing nor responses.  What the peer has done wrong is an exception
that becomes an answer of its own if nobody catches it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from propcache.api import under_cached_property as reify

from aiohttp import hdrs
from aiohttp._content_headers import HeadersMixin
from aiohttp._fields.charset import known_charset
from aiohttp._peers_fault import decode_json, decode_text
from aiohttp._web.form_post import (
    EMPTY_FORM,
    Form,
    FormLimits,
    parse_urlencoded,
    read_multipart,
)
from aiohttp.multipart import MultipartReader
from aiohttp.streams import EmptyStreamReader, StreamReader
from aiohttp.typedefs import DEFAULT_JSON_DECODER, JSONDecoder
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge, HTTPUnsupportedMediaType

if TYPE_CHECKING:
    from aiohttp._h1.messages import RawRequestMessage
    from aiohttp.web_protocol import RequestHandler

__all__ = ("RequestBody", "UnknownCharset")

# Media types of a form; a body without one is nothing that post() understands.
_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART_FORM = "multipart/form-data"


class UnknownCharset(HTTPUnsupportedMediaType, LookupError):
    """415: the body is in a charset that nobody knows.  Also a LookupError, as it always was."""

    def __init__(self, charset: str) -> None:
        # It may hold octets that are no text (RFC 9110 §5.5).
        shown = charset.encode("ascii", "backslashreplace").decode("ascii")
        super().__init__(text=f"unknown encoding: {shown}")


class RequestBody(HeadersMixin):
    """What a request can do with its body."""

    POST_METHODS = frozenset(
        {
            hdrs.METH_PATCH,
            hdrs.METH_POST,
            hdrs.METH_PUT,
            hdrs.METH_TRACE,
            hdrs.METH_DELETE,
        }
    )

    _message: RawRequestMessage
    _payload: StreamReader
    _protocol: RequestHandler
    # Bytes and fields that are taken; 0 is any number.
    _client_max_size: int
    _client_max_fields: int

    # Results of post() and read().
    _post: Form | None = None
    _read_bytes: bytes | None = None

    @property
    def content(self) -> StreamReader:
        """The reader of the body."""
        return self._payload

    @property
    def can_read_body(self) -> bool:
        """Whether there is something left to read."""
        return not self._payload.at_eof()

    @reify
    def body_exists(self) -> bool:
        """Whether the request has a body."""
        return type(self._payload) is not EmptyStreamReader

    async def release(self) -> None:
        """Read the rest of the body and forget it."""
        while not self._payload.at_eof():
            await self._payload.readany()

    async def read(self) -> bytes:
        """Return the whole body; it is kept, so that it can be read again.

        Raises:
            HTTPRequestEntityTooLarge: it is larger than :attr:`client_max_size`.
            RequestPayloadError: the peer stopped, or sent something malformed.
        """
        if self._read_bytes is None:
            chunks: list[bytes] = []
            limit, size = self._client_max_size, 0
            while chunk := await self._payload.readany():
                size += len(chunk)
                if limit and size > limit:
                    raise self._too_large(size)
                chunks.append(chunk)
            self._read_bytes = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return self._read_bytes

    def _too_large(self, size: int) -> HTTPRequestEntityTooLarge:
        return HTTPRequestEntityTooLarge(max_size=self._client_max_size, actual_size=size)

    async def text(self) -> str:
        """Return the body decoded by its charset, by default utf-8.

        Raises:
            HTTPUnsupportedMediaType: the charset is unknown; it is a LookupError, too.
            UnicodeDecodeError: the body is not in it; answered with 400 unless it is caught.
        """
        body = await self.read()
        return decode_text(body, self._known_charset())

    def _known_charset(self) -> str:
        charset = self.charset or "utf-8"
        try:
            return known_charset(charset)
        except LookupError:
            raise UnknownCharset(charset) from None

    async def json(self, *, loads: JSONDecoder = DEFAULT_JSON_DECODER) -> Any:
        """Return the body as JSON; the media type is not looked at.

        Args:
            loads: the decoder; takes text.

        Raises:
            ValueError: it is not JSON.  This, or a RecursionError, is whatever ``loads`` raised,
                ``json.JSONDecodeError`` by default; it is answered with 400 unless it is caught.
        """
        return decode_json(await self.text(), loads)

    async def multipart(self) -> MultipartReader:
        """Return a reader of the parts of a multipart body.

        A part is bounded by :attr:`client_max_size` where it is read whole, a part's header fields
        by the limits of the server.
        """
        protocol = self._protocol
        return MultipartReader(
            self._headers,
            self._payload,
            client_max_size=self._client_max_size or 2**63 - 1,
            max_field_size=protocol.max_field_size,
            max_headers=protocol.max_headers,
            max_size_error_cls=HTTPRequestEntityTooLarge,
        )

    async def post(self) -> Form:
        """Return the fields of a form; empty if the body is none.

        Files are :class:`FileField` objects, in memory or on disk, and closed when the request
        ends.

        Raises:
            HTTPRequestEntityTooLarge: it is larger than :attr:`client_max_size`, or has more fields
                than :attr:`client_max_fields`.
            BadMultipart: it is malformed.
            HTTPUnsupportedMediaType: the charset is unknown.
        """
        if self._post is None:
            self._post = await self._read_form()
        return self._post

    async def _read_form(self) -> Form:
        if self._message.method not in self.POST_METHODS:
            return EMPTY_FORM
        content_type = self.content_type
        if content_type not in ("", _URLENCODED, _MULTIPART_FORM):
            return EMPTY_FORM
        charset = self._known_charset()
        if content_type == _MULTIPART_FORM:
            reader = await self.multipart()
            return await read_multipart(reader, charset, self._form_limits(), self._consumed)
        return parse_urlencoded(await self.read(), charset, self._form_limits())

    def _form_limits(self) -> FormLimits:
        return FormLimits(
            self._client_max_size or 0,
            self._client_max_fields or 0,
            self._too_large,
            self._too_many_fields,
        )

    def _consumed(self) -> int:
        """Bytes of the body that were read."""
        return self._payload.total_bytes - self._payload.buffered

    def _too_many_fields(self) -> HTTPRequestEntityTooLarge:
        limit = self._client_max_fields
        return HTTPRequestEntityTooLarge(
            limit, text=f"Maximum number of form fields {limit} exceeded."
        )
