"""A multipart body, being read part by part.

This file knows streams. It does not know which role receives the body.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from aiohttp import hdrs
from aiohttp._fields.media_type import parse_mimetype
from aiohttp._multipart.boundary import Delimiter, Kind, check_boundary
from aiohttp._multipart.part_head import PartHead
from aiohttp._multipart.part_reader import BodyPartReader
from aiohttp._multipart.source import Content, PartBody, Source, read_delimiter
from aiohttp.http_exceptions import BadMultipart
from aiohttp.streams import DEFAULT_CHUNK_SIZE, StreamReader

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy


class _Response(Protocol):
    """What a response is here."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    content: StreamReader

    def release(self) -> Awaitable[None]: ...


# Bytes of preamble (RFC 2046 §5.1.1) that are skipped: it was a line or two for people whose mail
# program did not know multipart.
_MAX_PREAMBLE: Final = 64 * 1024

# How deep multipart bodies may lie in each other. Mail has them four deep; each level costs frames
# of the interpreter's stack, of which there are a thousand.
_MAX_DEPTH: Final = 32

# RFC 7578 §4.6: a first field of this name says what charset the others have; IANA's names are
# shorter than this.
_CHARSET_FIELD: Final = "_charset_"
_MAX_CHARSET_NAME: Final = 31


class InvalidDefaultCharset(BadMultipart, RuntimeError):
    """A form's ``_charset_`` is no charset."""


class MultipartReader:
    """Read the parts of a multipart body, one after the other.

    Args:
        headers: fields of the body; Content-Type has the boundary.
        content: the stream.
        client_max_size: bytes that one call of a part may return.
        max_field_size: bytes of one field of a part.
        max_headers: fields of one part.
        max_size_error_cls: raised when *client_max_size* is exceeded.

    Raises:
        BadMultipart: Content-Type is not multipart, or its boundary is missing or wrong.
    """

    # What from_response() returns.
    response_wrapper_cls: Any = None
    # Takes nested multipart bodies; None stands for the class itself.
    multipart_reader_cls: type[MultipartReader] | None = None
    # Takes all other parts.
    part_reader_cls = BodyPartReader

    def __init__(
        self,
        headers: Mapping[str, str],
        content: Content,
        *,
        client_max_size: int = sys.maxsize,
        max_field_size: int = 8190,
        max_headers: int = 128,
        max_size_error_cls: type[Exception] = ValueError,
    ) -> None:
        self.headers = headers
        self._mimetype = parse_mimetype(headers.get(hdrs.CONTENT_TYPE, ""))
        self._boundary = b"--" + check_boundary(self._get_boundary())
        self._delimiter = Delimiter(self._boundary)
        self._content = content
        self._source = content if isinstance(content, Source) else Source(content)
        self._client_max_size = client_max_size
        self._max_field_size = max_field_size
        self._max_headers = max_headers
        self._max_size_error_cls = max_size_error_cls
        self._default_charset: str | None = None
        self._first_delimiter = Delimiter(self._boundary, b"\n")
        self._preamble = PartBody(self._source, self._first_delimiter)
        # The head that is being read: next() may be cancelled, and called again.
        self._head: PartHead | None = None
        self._at_eof = False
        self._last_part: MultipartReader | BodyPartReader | None = None
        # Reads the data of the last part, also of one that is multipart itself.
        self._last_body: BodyPartReader | None = None
        # Where the data of the last part began.
        self._body_start = 0

    def __aiter__(self) -> MultipartReader:
        return self

    async def __anext__(self) -> MultipartReader | BodyPartReader | None:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    @classmethod
    def from_response(cls, response: _Response) -> MultipartResponseWrapper:
        """Return a reader of a response's body that releases the response at the end."""
        reader = cls(response.headers, response.content)
        wrapper: MultipartResponseWrapper = cls.response_wrapper_cls(response, reader)
        return wrapper

    def at_eof(self) -> bool:
        """Tell whether the closing boundary was read."""
        return self._at_eof

    async def next(self) -> MultipartReader | BodyPartReader | None:
        """Return the next part; None after the last. The part before is skipped to its end.

        A call that is cancelled is gone on with by the next one.

        Raises:
            BadMultipart: the body is damaged.
        """
        if self._at_eof:
            return None
        if self._head is None:
            await self._read_boundary()
        if self._at_eof:
            return None
        first = self._last_part is None
        part = self._last_part = await self.fetch_next_part()
        if first and self._is_charset_field(part):
            await self._read_default_charset(cast(BodyPartReader, part))
            return await self.next()
        return part

    async def release(self) -> None:
        """Read all parts that are left and forget them."""
        while not self._at_eof:
            if await self.next() is None:
                break

    async def fetch_next_part(self) -> MultipartReader | BodyPartReader:
        """Read the head of a part, and return the reader for its data."""
        headers = await self._read_headers()
        self._body_start = self._source.taken
        return self._get_part_reader(headers)

    def _get_part_reader(self, headers: CIMultiDictProxy[str]) -> MultipartReader | BodyPartReader:
        """Return the reader for the data that stands next."""
        nested = parse_mimetype(headers.get(hdrs.CONTENT_TYPE, "")).type == "multipart"
        part_class = BodyPartReader if nested else self.part_reader_cls
        part = self._last_body = part_class(
            self._boundary,
            headers,
            self._source,
            # What codings an inner multipart body has makes no difference to its boundaries.
            subtype="form-data" if nested else self._mimetype.subtype,
            default_charset=self._default_charset,
            client_max_size=self._client_max_size,
            max_size_error_cls=self._max_size_error_cls,
        )
        if not nested:
            return part
        inner = _Nested(part, self._content)
        if inner.depth > _MAX_DEPTH:
            raise BadMultipart(f"multipart bodies nest too deep; limit {_MAX_DEPTH}")
        return (self.multipart_reader_cls or type(self))(
            headers,
            inner,
            client_max_size=self._client_max_size,
            max_field_size=self._max_field_size,
            max_headers=self._max_headers,
            max_size_error_cls=self._max_size_error_cls,
        )

    def _get_boundary(self) -> str:
        if self._mimetype.type != "multipart":
            raise BadMultipart(
                "multipart/* content type expected; "
                f"got {self.headers.get(hdrs.CONTENT_TYPE, '')!r}"
            )
        boundary = self._mimetype.parameters.get("boundary")
        if boundary is None:
            raise BadMultipart(
                f"boundary missed for Content-Type: {self.headers[hdrs.CONTENT_TYPE]}"
            )
        return boundary

    async def _read_boundary(self) -> None:
        """Go behind the next boundary."""
        if self._last_body is None:
            await self._skip_preamble()
            delimiter = self._first_delimiter
        else:
            await self._last_body.release()
            delimiter = self._delimiter
        at_line_start = self._source.taken == self._body_start
        found = await read_delimiter(self._source, delimiter, at_line_start=at_line_start)
        if found.kind is Kind.END:
            self._at_eof = True
        else:
            self._head = self._new_head()

    async def _skip_preamble(self) -> None:
        try:
            while await self._preamble.read(DEFAULT_CHUNK_SIZE):
                if self._source.taken > _MAX_PREAMBLE:
                    raise BadMultipart(f"more than {_MAX_PREAMBLE} bytes before the first boundary")
        except BadMultipart:
            if self._source.at_eof():
                raise BadMultipart(f"Could not find starting boundary {self._boundary!r}") from None
            raise

    def _new_head(self) -> PartHead:
        return PartHead(self._max_field_size, self._max_headers)

    async def _read_headers(self) -> CIMultiDictProxy[str]:
        head = self._head or self._new_head()
        try:
            while line := await self._source.readline(self._max_field_size):
                head.add(line)
        except BadMultipart:
            self._head = None
            raise
        self._head = None
        return head.finish()

    def _is_charset_field(self, part: MultipartReader | BodyPartReader) -> bool:
        return (
            self._mimetype.subtype == "form-data"
            and isinstance(part, BodyPartReader)
            and part.name == _CHARSET_FIELD
        )

    async def _read_default_charset(self, part: BodyPartReader) -> None:
        charset = b""
        while len(charset) <= _MAX_CHARSET_NAME and (block := await part.read_chunk(32)):
            charset += block
        if len(charset) > _MAX_CHARSET_NAME or not charset.isascii():
            raise InvalidDefaultCharset("Invalid default charset")
        self._default_charset = charset.strip().decode("ascii")


class _Nested:
    """The data of a part, as the stream of a multipart body inside it."""

    __slots__ = ("_part", "depth")

    def __init__(self, part: BodyPartReader, outer: Content) -> None:
        self._part = part
        # How many multipart bodies are around this one.
        self.depth: int = outer.depth + 1 if isinstance(outer, _Nested) else 1

    async def read(self, n: int, /) -> bytes:
        """Read up to *n* bytes; ``b""`` at the end."""
        return await self._part._body.read(n)

    def at_eof(self) -> bool:
        """Tell whether all was read."""
        return self._part.at_eof()


class MultipartResponseWrapper:
    """The parts of a response's body; the response is released after the last.

    Args:
        resp: the response.
        stream: reads its body.
    """

    def __init__(self, resp: _Response, stream: MultipartReader) -> None:
        self.resp = resp
        self.stream = stream

    def __aiter__(self) -> MultipartResponseWrapper:
        return self

    async def __anext__(self) -> MultipartReader | BodyPartReader:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    def at_eof(self) -> bool:
        """Tell whether the response's body was read whole."""
        return self.resp.content.at_eof()

    async def next(self) -> MultipartReader | BodyPartReader | None:
        """Return the next part; None after the last."""
        item = await self.stream.next()
        if self.stream.at_eof():
            await self.release()
        return item

    async def release(self) -> None:
        """Release the response."""
        await self.resp.release()


MultipartReader.response_wrapper_cls = MultipartResponseWrapper
