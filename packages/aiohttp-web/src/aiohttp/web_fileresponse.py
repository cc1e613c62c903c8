"""Files as responses: conditions, ranges, compressed siblings, and sending by the kernel.

Knows files and the response that it is; what the conditions come to is decided in
``_web.conditional``.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
import pathlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, Final, cast

from aiohttp import hdrs
from aiohttp._fields.etag import ETag
from aiohttp._web.conditional import (
    Part,
    Preconditions,
    Validators,
    Verdict,
    asks_for_part,
    evaluate,
    range_applies,
    satisfiable_part,
)
from aiohttp._web.kernel_send import can_send_by_kernel, send_by_kernel
from aiohttp._web.opened_files import SMALL, OpenedFile, open_file
from aiohttp.abc import AbstractStreamWriter
from aiohttp.typedefs import LooseHeaders, PathLike
from aiohttp.web_response import StreamResponse

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

__all__ = ("FileResponse",)

# Any value but the empty one: files are read and written, not sent by the kernel.
NOSENDFILE: Final = bool(os.environ.get("AIOHTTP_NOSENDFILE"))

FALLBACK_CONTENT_TYPE = "application/octet-stream"

# The suffix of a compressed file is its media type here: the file is sent as it is, and nobody
# shall decode it on the way.
ADDITIONAL_CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "application/gzip": ".gz",
        "application/x-brotli": ".br",
        "application/x-bzip2": ".bz2",
        "application/x-compress": ".Z",
        "application/x-xz": ".xz",
    }
)
CONTENT_TYPES: Final = mimetypes.MimeTypes()
CONTENT_TYPES.encodings_map.clear()
for _content_type, _suffix in ADDITIONAL_CONTENT_TYPES.items():
    CONTENT_TYPES.add_type(_content_type, _suffix)


class FileResponse(StreamResponse):
    """A response whose body is a file.

    It answers conditions (RFC 9110 §13) and single ranges (§14), and sends ``name.br`` or
    ``name.gz`` instead of ``name`` where there is one and the peer accepts it.

    Args:
        path: the file; a missing one answers 404, one that may not be read 403.
        chunk_size: bytes that are read at once where the kernel cannot send.
        status: the status code.
        reason: the reason phrase.
        headers: header fields.
    """

    _length_check = False

    def __init__(
        self,
        path: PathLike,
        chunk_size: int = 256 * 1024,
        status: int = 200,
        reason: str | None = None,
        headers: LooseHeaders | None = None,
    ) -> None:
        super().__init__(status=status, reason=reason, headers=headers)
        self._path = path if isinstance(path, pathlib.Path) else pathlib.Path(path)
        self._chunk_size = chunk_size
        # What was opened before it was asked for, and what for: a path and Accept-Encoding.
        self._opened: tuple[pathlib.Path, str, OpenedFile] | None = None

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Send head and body."""
        if self.prepared:
            return await super().prepare(request)
        accept_encoding = request.headers.get(hdrs.ACCEPT_ENCODING, "")
        opened = await self._open(accept_encoding)
        try:
            if opened.stat is None:
                self.set_status(opened.status)
                self.content_length = 0
                return await self._send_empty(request)
            return await self._prepare_opened(request, opened, opened.stat)
        finally:
            opened.close()

    async def _open(self, accept_encoding: str) -> OpenedFile:
        if self._opened is not None:
            path, accepted, opened = self._opened
            self._opened = None
            if path is self._path and accepted == accept_encoding:
                return opened
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, open_file, self._path, accept_encoding)

    # --- The head ---

    async def _prepare_opened(
        self, request: BaseRequest, opened: OpenedFile, file_stat: os.stat_result
    ) -> AbstractStreamWriter | None:
        current = Validators(
            ETag(f"{file_stat.st_mtime_ns:x}-{file_stat.st_size:x}"), file_stat.st_mtime // 1
        )
        self._add_validators(current, opened.coding)
        verdict = evaluate(
            _preconditions(request),
            current,
            safe=request.method in (hdrs.METH_GET, hdrs.METH_HEAD),
        )
        if verdict is Verdict.NOT_MODIFIED:
            self.set_status(304)
            return await self._send_empty(request)
        if verdict is Verdict.FAILED:
            self.set_status(412)
            self.content_length = 0
            return await self._send_empty(request)
        self._describe(opened.coding)
        part = self._choose_part(request, current, file_stat.st_size)
        if part is None:
            self.set_status(416)
            self._headers[hdrs.CONTENT_RANGE] = f"bytes */{file_stat.st_size}"
            self.content_length = 0
            return await self._send_empty(request)
        self.content_length = part.count
        return await self._send_part(request, opened, part)

    def _add_validators(self, current: Validators, coding: str | None) -> None:
        """Add what a 304 has, too (RFC 9110 §15.4.5)."""
        self.etag = current.etag
        self.last_modified = current.modified
        if coding is not None:
            self._headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING

    def _describe(self, coding: str | None) -> None:
        if hdrs.CONTENT_TYPE not in self._headers:
            guessed, _ = CONTENT_TYPES.guess_type(self._path.name)
            self.content_type = guessed or FALLBACK_CONTENT_TYPE
        if coding is not None:
            self._headers[hdrs.CONTENT_ENCODING] = coding
            # Compressed once is enough.
            self._compression = False
        self._headers[hdrs.ACCEPT_RANGES] = "bytes"

    def _choose_part(self, request: BaseRequest, current: Validators, size: int) -> Part | None:
        """Return what to send, and change status and fields if that is not all; None is 416."""
        whole = Part(0, size)
        if (
            self._status != 200
            or not asks_for_part(request.method, request.headers.get(hdrs.RANGE))
            or not range_applies(request.headers.get(hdrs.IF_RANGE), current)
        ):
            return whole
        try:
            wanted = request.http_range
        except ValueError:
            return None
        if wanted.start is None and wanted.stop is None:
            return whole
        part = satisfiable_part(wanted, size)
        if part is not None:
            self.set_status(206)
            last = part.offset + part.count - 1
            self._headers[hdrs.CONTENT_RANGE] = f"bytes {part.offset}-{last}/{size}"
        return part

    # --- The body ---

    async def _send_empty(self, request: BaseRequest) -> AbstractStreamWriter | None:
        writer = await super().prepare(request)
        await self.write_eof()
        return writer

    async def _send_part(
        self, request: BaseRequest, opened: OpenedFile, part: Part
    ) -> AbstractStreamWriter | None:
        if part.count == 0 or request.method == hdrs.METH_HEAD:
            return await self._send_empty(request)
        if self._compression:
            # Its length is not known before it is sent.
            self._length_check = True
        if opened.file is None or part.count <= SMALL:
            return await self._send_small(request, opened, part)
        # Not corked: that spares the packet of the head, and costs a third more time for the file.
        writer = await super().prepare(request)
        if writer is None:
            return None
        return await self._sendfile(request, opened.file, part.offset, part.count)

    async def _send_small(
        self, request: BaseRequest, opened: OpenedFile, part: Part
    ) -> AbstractStreamWriter | None:
        if opened.file is None:
            data = opened.read(part.offset, part.count)
        else:
            loop = asyncio.get_running_loop()
            data = await loop.run_in_executor(None, opened.read, part.offset, part.count)
        # Head and body leave in one write.
        self._send_headers_immediately = False
        writer = await super().prepare(request)
        await self.write_eof(data)
        return writer

    async def _sendfile(
        self, request: BaseRequest, fobj: IO[Any], offset: int, count: int
    ) -> AbstractStreamWriter:
        """Have the kernel send ``count`` bytes of the file."""
        writer = cast(AbstractStreamWriter, self._payload_writer)
        transport = request.transport
        if NOSENDFILE or self._compression or transport is None:
            return await self._sendfile_fallback(writer, fobj, offset, count)
        try:
            sent = await self._send_by_kernel(transport, fobj, offset, count)
        except ConnectionError:
            # The kernel tells before the transport knows that its peer is gone.
            transport.abort()
            raise
        if sent is None:
            return await self._sendfile_fallback(writer, fobj, offset, count)
        writer.output_size += sent  # type: ignore[misc]
        # More than nothing if the file was cut meanwhile: then this was the last response.
        writer.length = count - sent  # type: ignore[misc]
        await super().write_eof()
        return writer

    async def _send_by_kernel(
        self, transport: asyncio.Transport, fobj: IO[Any], offset: int, count: int
    ) -> int | None:
        """Return how much was sent, or None: the kernel cannot."""
        try:
            return await asyncio.get_running_loop().sendfile(transport, fobj, offset, count)
        except (NotImplementedError, RuntimeError):
            # uvloop, and transports of one's own: nothing was sent yet.
            if can_send_by_kernel(transport):
                return await send_by_kernel(transport, fobj, offset, count)
            return None

    async def _sendfile_fallback(
        self, writer: AbstractStreamWriter, fobj: IO[Any], offset: int, count: int
    ) -> AbstractStreamWriter:
        """Read and write the file piece by piece."""
        loop = asyncio.get_running_loop()
        position, end = offset, offset + count
        while position < end:
            size = min(self._chunk_size, end - position)
            chunk = await loop.run_in_executor(None, self._seek_and_read, fobj, position, size)
            if not chunk:
                break  # the file was cut while it was sent; write_eof() sees that bytes are missing
            await self.write(chunk)
            position += len(chunk)
        await super().write_eof()
        return writer

    def _seek_and_read(self, fobj: IO[Any], offset: int, chunk_size: int) -> bytes:
        fobj.seek(offset)
        return cast(bytes, fobj.read(chunk_size))


def _preconditions(request: BaseRequest) -> Preconditions:
    return Preconditions(
        if_match=request.if_match,
        if_none_match=request.if_none_match,
        if_modified_since=request.if_modified_since,
        if_unmodified_since=request.if_unmodified_since,
    )


def response_with_file(
    path: pathlib.Path, size: int, accept_encoding: str, chunk_size: int
) -> FileResponse:
    """Return the response for a file that is there; blocking.

    A small one is read by the thread that has just looked at it.  A large one is opened when it is
    sent: else somebody would have to close it if it never is.
    """
    response = FileResponse(path, chunk_size=chunk_size)
    if size <= SMALL:
        opened = open_file(path, accept_encoding, is_regular=True)
        if opened.content is not None:
            response._opened = (path, accept_encoding, opened)
        opened.close()
    return response
