"""Multipart bodies (RFC 2046 §5.1, RFC 7578), read and written.

The classes live in the files of `_multipart`; this file is where the world finds them.
"""

from __future__ import annotations

from aiohttp._multipart.disposition import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    content_disposition_filename,
    parse_content_disposition,
)
from aiohttp._multipart.part_reader import BodyPartReader
from aiohttp._multipart.reader import MultipartReader, MultipartResponseWrapper
from aiohttp._multipart.writer import (
    BodyPartReaderPayload,
    MultipartPayloadWriter,
    MultipartWriter,
)

__all__ = (
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BodyPartReader",
    "BodyPartReaderPayload",
    "MultipartPayloadWriter",
    "MultipartReader",
    "MultipartResponseWrapper",
    "MultipartWriter",
    "content_disposition_filename",
    "parse_content_disposition",
)
