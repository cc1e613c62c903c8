"""Opens the file that answers for a path: itself, or a sibling that is compressed already.

Blocking: its callers run it in an executor, and a request needs it once, because each way there and
back costs more than the system calls.  Knows the file system; nothing of requests, responses or the
event loop.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

import attr

from aiohttp._web.response_head import choose_coding

# Files up to this size are read while they are opened, and leave in one write with the head.
SMALL: Final = 64 * 1024

# Content coding -> suffix of a sibling that is compressed already, in order of preference.
ENCODING_EXTENSIONS: Mapping[str, str] = MappingProxyType({"br": ".br", "gzip": ".gz"})


@attr.s(auto_attribs=True, frozen=True, slots=True)
class OpenedFile:
    """A file that is open, or small and read, or the status of the failure."""

    stat: os.stat_result | None = None
    # The whole of a small file, which is closed again.
    content: bytes | None = None
    file: IO[bytes] | None = None
    # The content coding of the sibling that was opened in the file's place.
    coding: str | None = None
    status: int = 200

    def close(self) -> None:
        if self.file is not None:
            self.file.close()

    def read(self, offset: int, count: int) -> bytes:
        """Return that part, of what was read already or from the disk."""
        if self.file is None:
            return (self.content or b"")[offset : offset + count]
        self.file.seek(offset)
        return self.file.read(count)


def open_file(path: Path, accept_encoding: str, *, is_regular: bool = False) -> OpenedFile:
    """Open the file, or the compressed sibling that the peer likes best.

    Args:
        path: the file.
        accept_encoding: the field of the request; empty if there is none.
        is_regular: somebody has looked already, and it is a regular file.
    """
    if accept_encoding:
        for coding in _acceptable(accept_encoding):
            sibling = path.with_name(path.name + ENCODING_EXTENSIONS[coding])
            opened = _open_sibling(sibling, coding)
            if opened is not None:
                return opened
    try:
        # Looked at before it is opened: opening a pipe or a device may wait for ever.
        if not is_regular and not stat.S_ISREG(path.stat().st_mode):
            return OpenedFile(status=404)
        return _opened(path, None)
    except PermissionError:
        return OpenedFile(status=403)
    except (OSError, ValueError):
        return OpenedFile(status=404)


def _acceptable(accept_encoding: str) -> list[str]:
    """Return the codings of siblings that the peer accepts, its favourite first."""
    remaining = list(ENCODING_EXTENSIONS)
    chosen: list[str] = []
    while remaining:
        coding = choose_coding(accept_encoding, [*remaining, "identity"])
        if coding is None or coding == "identity":
            break
        chosen.append(coding)
        remaining.remove(coding)
    return chosen


def _open_sibling(sibling: Path, coding: str) -> OpenedFile | None:
    with suppress(OSError, ValueError):
        # A symbolic link could lead anywhere (CVE-2024-42367): lstat() sees it.
        if stat.S_ISREG(sibling.lstat().st_mode):
            return _opened(sibling, coding)
    return None


def _opened(path: Path, coding: str | None) -> OpenedFile:
    # A buffer would ask the system for more than is needed here, and with each question another
    # thread may run first.
    file = path.open("rb", buffering=0)
    try:
        status = os.fstat(file.fileno())
        content = file.read(status.st_size) if status.st_size <= SMALL else None
    except BaseException:
        file.close()
        raise
    if content is None or len(content) < status.st_size:
        # Large, or cut meanwhile: whoever sends it reads as far as it goes.
        return OpenedFile(status, file=file, coding=coding)
    file.close()
    return OpenedFile(status, content, coding=coding)
