"""A multipart body, being built and written.

This file knows payloads. It does not know which role sends them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from multidict import CIMultiDict

from aiohttp import hdrs
from aiohttp._fields.grammar import is_token
from aiohttp._multipart.boundary import MAX_BOUNDARY
from aiohttp._multipart.part_reader import BodyPartReader
from aiohttp._multipart.transfer_coding import Base64Encoder, QuotedPrintableEncoder
from aiohttp.compression_utils import open_compressor
from aiohttp.log import internal_logger
from aiohttp.payload import (
    JsonPayload,
    LookupError,
    Order,
    Payload,
    StringPayload,
    get_payload,
    payload_type,
)

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

    _Part = tuple[Payload, str, str]

_NOT_IN_QUOTED: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_QUOTED_PAIR: Final = re.compile(r'(["\\])')

_CONTENT_CODINGS: Final = frozenset({"gzip", "deflate", "br", "zstd"})
_TRANSFER_ENCODERS: Final[Mapping[str, type[Base64Encoder | QuotedPrintableEncoder]]] = {
    "base64": Base64Encoder,
    "quoted-printable": QuotedPrintableEncoder,
}

# RFC 7578 §4.7, §4.8: parts of a form do not have these.
_NOT_IN_FORM: Final = (
    hdrs.CONTENT_ENCODING,
    hdrs.CONTENT_LENGTH,
    hdrs.CONTENT_TRANSFER_ENCODING,
)


class MultipartWriter(Payload):
    """A body of several parts (RFC 2046 §5.1).

    Args:
        subtype: ``mixed``, ``form-data``, ``related``, …
        boundary: 1 to 70 ASCII characters that occur in no part; by default a random one.

    Raises:
        ValueError: the boundary is not usable.
    """

    _value: None
    _autoclose = True

    def __init__(self, subtype: str = "mixed", boundary: str | None = None) -> None:
        boundary = uuid.uuid4().hex if boundary is None else boundary
        if not boundary.isascii():
            raise ValueError(f"boundary should contain ASCII only chars; got {boundary!r}")
        if not 1 <= len(boundary) <= MAX_BOUNDARY:
            raise ValueError(f"boundary should have 1 to {MAX_BOUNDARY} chars; got {boundary!r}")
        self._boundary = boundary.encode("ascii")
        super().__init__(None, content_type=f"multipart/{subtype}; boundary={self._boundary_value}")
        self._is_form_data = subtype == "form-data"
        self._parts: list[_Part] = []
        self._closed = False

    def __enter__(self) -> MultipartWriter:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        pass

    def __iter__(self) -> Iterator[_Part]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __bool__(self) -> bool:
        return True

    @property
    def boundary(self) -> str:
        """What stands between the parts."""
        return self._boundary.decode("ascii")

    @property
    def _boundary_value(self) -> str:
        """The boundary as a parameter: a token, or quoted (RFC 9110 §5.6.6)."""
        value = self.boundary
        if is_token(value):
            return value
        if _NOT_IN_QUOTED.search(value):
            raise ValueError(f"boundary value contains invalid characters: {value!r}")
        return '"' + _QUOTED_PAIR.sub(r"\\\1", value) + '"'

    # Building…

    def append(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part for any value that has a payload class.

        Args:
            obj: the value.
            headers: fields of the part.

        Raises:
            TypeError: no payload class takes the value.
        """
        fields: CIMultiDict[str] = CIMultiDict(headers or ())
        if isinstance(obj, Payload):
            obj.headers.update(fields)
            return self.append_payload(obj)
        try:
            payload = get_payload(obj, headers=fields)
        except LookupError as exc:
            raise TypeError(f"Cannot create payload from {obj!r}") from exc
        return self.append_payload(payload)

    def append_payload(self, payload: Payload) -> Payload:
        """Add a part.

        Raises:
            RuntimeError: its Content-Encoding or Content-Transfer-Encoding is not known.
            ValueError: it has a field that a part of a form may not have (RFC 7578 §4.7, §4.8).
        """
        if self._is_form_data:
            self._prepare_form_part(payload)
            self._parts.append((payload, "", ""))
            return payload
        encoding, te_encoding = _codings(payload)
        if not encoding and not te_encoding and payload.size is not None:
            payload.headers[hdrs.CONTENT_LENGTH] = str(payload.size)
        self._parts.append((payload, encoding, te_encoding))
        return payload

    def _prepare_form_part(self, payload: Payload) -> None:
        for name in _NOT_IN_FORM:
            if name in payload.headers:
                raise ValueError(f"a part of a form has no {name} field (RFC 7578 §4.8); remove it")
        if hdrs.CONTENT_DISPOSITION not in payload.headers:
            payload.set_content_disposition("form-data", name=f"section-{len(self._parts)}")

    def append_json(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part of JSON."""
        return self.append_payload(JsonPayload(obj, headers=CIMultiDict(headers or ())))

    def append_form(
        self,
        obj: Sequence[tuple[str, str]] | Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> Payload:
        """Add a part of ``application/x-www-form-urlencoded`` data."""
        pairs = list(obj.items()) if isinstance(obj, Mapping) else obj
        return self.append_payload(
            StringPayload(
                urlencode(pairs, doseq=True),
                headers=CIMultiDict(headers or ()),
                content_type="application/x-www-form-urlencoded",
            )
        )

    # Being a payload…

    @property
    def size(self) -> int | None:
        """How many bytes `write()` writes; None if that of a part is not known."""
        total = len(self._ending())
        for part, encoding, te_encoding in self._parts:
            size = part.size
            if encoding or te_encoding or size is None:
                return None
            total += len(self._beginning(part)) + size + len(b"\r\n")
        return total

    @property
    def consumed(self) -> bool:
        """Whether a part was used up, so that the body cannot be written again."""
        return any(part.consumed for part, _, _ in self._parts)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the body as text, for a person to look at; parts are not encoded."""
        texts = [
            f"{self._beginning(part).decode()}{part.decode(encoding, errors)}\r\n"
            for part, _, _ in self._parts
        ]
        return "".join(texts) + self._ending().decode()

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return what `write()` would write; the parts can be written afterwards."""
        blocks: list[bytes] = []
        for part, content_coding, te_encoding in self._parts:
            data = await part.as_bytes(encoding, errors)
            blocks.append(self._beginning(part))
            if content_coding or te_encoding:
                collector = _Collector(blocks)
                coder = self._coder(collector, content_coding, te_encoding)
                await coder.write(data)
                await coder.write_eof()
            else:
                blocks.append(data)
            blocks.append(b"\r\n")
        blocks.append(self._ending())
        return b"".join(blocks)

    async def write(self, writer: AbstractStreamWriter, close_boundary: bool = True) -> None:
        """Write all parts.

        Args:
            writer: gets them.
            close_boundary: whether to write the closing boundary too.
        """
        before = b""
        for part, encoding, te_encoding in self._parts:
            await writer.write(before + self._beginning(part))
            before = b"\r\n"
            if encoding or te_encoding:
                coder = self._coder(writer, encoding, te_encoding)
                await part.write(coder)  # type: ignore[arg-type]  # it needs no more
                await coder.write_eof()
            else:
                await part.write(writer)
        if close_boundary:
            before += self._ending()
        if before:
            await writer.write(before)

    async def close(self) -> None:
        """Close all parts; a part that fails does not keep the others from it."""
        if self._closed:
            return
        self._closed = True
        for part, _, _ in self._parts:
            try:
                await part.close()
            except Exception:
                internal_logger.exception("Failed to close multipart part %r", part)

    def _beginning(self, part: Payload) -> bytes:
        return b"--" + self._boundary + b"\r\n" + part.binary_headers

    def _ending(self) -> bytes:
        return b"--" + self._boundary + b"--\r\n"

    @staticmethod
    def _coder(writer: Any, encoding: str, te_encoding: str) -> MultipartPayloadWriter:
        coder = MultipartPayloadWriter(writer)
        if encoding:
            coder.enable_compression(encoding)
        if te_encoding:
            coder.enable_encoding(te_encoding)
        return coder


def _codings(payload: Payload) -> tuple[str, str]:
    """Return the content coding and the transfer coding that are to be done."""
    encoding = payload.headers.get(hdrs.CONTENT_ENCODING, "").lower()
    if encoding == "identity":
        encoding = ""
    if encoding and encoding not in _CONTENT_CODINGS:
        raise RuntimeError(f"unknown content encoding: {encoding}")
    te_encoding = payload.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "").lower()
    if te_encoding == "binary":
        te_encoding = ""
    if te_encoding and te_encoding not in _TRANSFER_ENCODERS:
        raise RuntimeError(f"unknown content transfer encoding: {te_encoding}")
    return encoding, te_encoding


class _Collector:
    """Takes what would be written."""

    __slots__ = ("_blocks",)

    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = blocks

    async def write(self, chunk: bytes) -> None:
        self._blocks.append(chunk)


class MultipartPayloadWriter:
    """Does the codings of a part on its way to the writer of the body.

    Args:
        writer: the writer of the body.
    """

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._encoder: Base64Encoder | QuotedPrintableEncoder | None = None
        self._compress: Any = None

    def enable_encoding(self, encoding: str) -> None:
        """Do a transfer coding: ``base64`` or ``quoted-printable``; others change nothing."""
        encoder = _TRANSFER_ENCODERS.get(encoding)
        if encoder is not None:
            self._encoder = encoder()

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Do a content coding.

        Raises:
            ValueError: it is not known.
        """
        self._compress = open_compressor(encoding, strategy=strategy)

    async def write(self, chunk: bytes) -> None:
        """Write a piece of the part."""
        if self._compress is not None:
            chunk = await self._compress.compress(chunk)
        if self._encoder is not None:
            chunk = self._encoder.feed(bytes(chunk))
        if chunk:
            await self._writer.write(chunk)

    async def write_eof(self) -> None:
        """Write what the codings hold back."""
        chunk = b"" if self._compress is None else self._compress.flush()
        if self._encoder is not None:
            chunk = self._encoder.feed(chunk) + self._encoder.finish()
        if chunk:
            await self._writer.write(chunk)


@payload_type(BodyPartReader, order=Order.try_first)
class BodyPartReaderPayload(Payload):
    """A part that was received, to be sent on, decoded."""

    _value: BodyPartReader
    # Nothing of it is held here.
    _autoclose = True

    def __init__(self, value: BodyPartReader, *args: Any, **kwargs: Any) -> None:
        super().__init__(value, *args, **kwargs)
        params = {"name": value.name, "filename": value.filename}
        given = {key: text for key, text in params.items() if text is not None}
        if given:
            self.set_content_disposition("attachment", True, **given)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Refuse.

        Raises:
            TypeError: always.
        """
        raise TypeError("Unable to decode: a received part is read only while it is written")

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return the data, which cannot be read again."""
        self._consumed = True
        return await self._value.read(decode=True)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the data, piece by piece."""
        self._consumed = True
        field = self._value
        while chunk := await field.read_chunk(size=2**16):
            async for block in field.decode_iter(chunk):
                await writer.write(block)
