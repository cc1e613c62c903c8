"""Form bodies, read into a multidict: urlencoded ones, and multipart ones with files on disk.

Knows the readers that it is given, and temporary files; not the request.  What a peer sends is
bounded while it is read, not afterwards: bytes over all fields, files included, and the number of
fields (CVE-2025-69228, CVE-2026-34517).
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from typing import IO, Any
from urllib.parse import parse_qsl

import attr
from multidict import CIMultiDictProxy, MultiDict, MultiDictProxy

from aiohttp import hdrs
from aiohttp._fields.charset import known_charset
from aiohttp.http_exceptions import BadMultipart
from aiohttp.multipart import BodyPartReader, MultipartReader

# Bytes of a file that are read at once.
_FILE_CHUNK = 2**18

# Bytes of a file that stay in memory: most fields of forms with a file are photos, larger than any
# sensible bound, and small attachments, which need no disk.
SPOOL_SIZE = 2**20


@attr.s(auto_attribs=True, frozen=True, slots=True)
class FileField:
    """A file of a form; ``file`` is closed when the request ends."""

    name: str
    filename: str
    file: IO[bytes]
    content_type: str
    headers: CIMultiDictProxy[str]


Field = str | bytes | bytearray | FileField
Form = MultiDictProxy[Field]

EMPTY_FORM: Form = MultiDictProxy(MultiDict())


@attr.s(auto_attribs=True, frozen=True, slots=True)
class FormLimits:
    """What a form may be, and the errors for one that is more."""

    # Bytes over all fields; 0 is any number.
    max_size: int
    # Number of fields; 0 is any number.
    max_fields: int
    # Make the error to raise; the first is told how many bytes came.
    too_large: Callable[[int], Exception]
    too_many_fields: Callable[[], Exception]

    def check_size(self, size: int) -> None:
        """Raise if ``size`` bytes are too many."""
        if 0 < self.max_size < size:
            raise self.too_large(size)

    def check_fields(self, count: int) -> None:
        """Raise if ``count`` fields are too many."""
        if 0 < self.max_fields < count:
            raise self.too_many_fields()


def parse_urlencoded(body: bytes, charset: str, limits: FormLimits) -> Form:
    """Return the fields of an ``application/x-www-form-urlencoded`` body.

    Octets that are not in the charset become U+FFFD, as percent-encoded ones do.

    Raises:
        LookupError: the charset is unknown.
    """
    text = body.rstrip().decode(charset, "replace")
    if not text:
        return EMPTY_FORM
    # Counted before they are made.
    limits.check_fields(text.count("&") + 1)
    fields: MultiDict[Field] = MultiDict(parse_qsl(text, keep_blank_values=True, encoding=charset))
    return MultiDictProxy(fields)


async def read_multipart(
    reader: MultipartReader,
    charset: str,
    limits: FormLimits,
    consumed: Callable[[], int] = int,
) -> Form:
    """Return the fields of a ``multipart/form-data`` body (RFC 7578).

    A field without a media type, or with a text one, is a str; with another one, bytes; a field
    with a file name is a :class:`FileField`.

    Args:
        reader: of the parts.
        charset: of text that names none.
        limits: bounds of what comes out, and of what went in.
        consumed: tells how many bytes of the body were read so far, heads of parts included.

    Raises:
        BadMultipart: a field has no name, or is a multipart itself.
    """
    fields: MultiDict[Field] = MultiDict()
    budget = _Budget(limits, consumed)
    try:
        while (part := await reader.next()) is not None:
            budget.spend(b"")
            limits.check_fields(len(fields) + 1)
            if not isinstance(part, BodyPartReader):
                raise BadMultipart(
                    "To decode nested multipart you need to use custom reader: request.multipart()"
                )
            name = part.name
            if name is None:
                raise BadMultipart("Multipart field missing name.")
            if part.filename:
                fields.add(name, await _read_file(part, name, budget))
            else:
                fields.add(name, await _read_value(part, charset, budget))
    except BaseException:
        close_files(fields)
        raise
    return MultiDictProxy(fields)


def close_files(fields: MultiDict[Field] | Form) -> None:
    """Close the temporary files, which removes them."""
    for field in fields.values():
        if isinstance(field, FileField):
            field.file.close()


class _Budget:
    """Counts bytes over all fields: decoded ones, and those that they were made of."""

    __slots__ = ("_consumed", "_limits", "_size")

    def __init__(self, limits: FormLimits, consumed: Callable[[], int]) -> None:
        self._limits = limits
        self._consumed = consumed
        self._size = 0

    def spend(self, data: bytes | bytearray) -> None:
        self._size += len(data)
        self._limits.check_size(max(self._size, self._consumed()))


async def _read_value(part: BodyPartReader, charset: str, budget: _Budget) -> str | bytearray:
    value = bytearray()
    async for data in _decoded(part):
        budget.spend(data)
        value += data
    content_type = part.headers.get(hdrs.CONTENT_TYPE)
    if content_type is not None and not content_type.startswith("text/"):
        return value
    # The peer's text need not be in the charset that it, or we, say.
    try:
        charset = known_charset(part.get_charset(charset))
    except LookupError as error:
        raise BadMultipart(f"charset of a field: {error}") from error
    return value.decode(charset, "replace")


async def _read_file(part: BodyPartReader, name: str, budget: _Budget) -> FileField:
    in_thread = asyncio.get_running_loop().run_in_executor
    spool: Any = tempfile.SpooledTemporaryFile(SPOOL_SIZE)  # noqa: SIM115 - the form keeps it
    try:
        written = 0
        async for data in _decoded(part):
            budget.spend(data)
            written += len(data)
            if written > SPOOL_SIZE:
                await in_thread(None, spool.write, data)
            else:
                spool.write(data)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return FileField(
        name,
        part.filename or "",
        spool,
        part.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream"),
        part.headers,
    )


async def _decoded(part: BodyPartReader) -> Any:
    while chunk := await part.read_chunk(_FILE_CHUNK):
        async for data in part.decode_iter(chunk):
            yield data
