"""The zlib library in use: the standard one, or one like it.

This file knows what is expected of such a library. It does not know what is compressed by it.
"""

from __future__ import annotations

import zlib
from typing import Any, Protocol, TypedDict, Union, cast

Buffer = Union[bytes, bytearray, "memoryview[int]", "memoryview[bytes]"]

# What is expected of a zlib library…


class ZLibCompressObjProtocol(Protocol):
    """A compressor of zlib."""

    def compress(self, data: Buffer) -> bytes: ...

    def flush(self, mode: int = ..., /) -> bytes: ...


class ZLibDecompressObjProtocol(Protocol):
    """A decompressor of zlib."""

    def decompress(self, data: Buffer, max_length: int = ...) -> bytes: ...

    def flush(self, length: int = ..., /) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...


class ZLibBackendProtocol(Protocol):
    """A module like `zlib`."""

    MAX_WBITS: int
    Z_FULL_FLUSH: int
    Z_SYNC_FLUSH: int
    Z_BEST_SPEED: int
    Z_FINISH: int

    def compressobj(
        self,
        level: int = ...,
        method: int = ...,
        wbits: int = ...,
        memLevel: int = ...,
        strategy: int = ...,
        zdict: Buffer | None = ...,
    ) -> ZLibCompressObjProtocol: ...

    def decompressobj(self, wbits: int = ..., zdict: Buffer = ...) -> ZLibDecompressObjProtocol: ...

    def compress(self, data: Buffer, /, level: int = ..., wbits: int = ...) -> bytes: ...

    def decompress(self, data: Buffer, /, wbits: int = ..., bufsize: int = ...) -> bytes: ...


class CompressObjArgs(TypedDict, total=False):
    """Arguments of ``compressobj()``; one left out has the library's default."""

    wbits: int
    strategy: int
    level: int


class ZLibBackendWrapper:
    """The zlib library in use, which `set_zlib_backend()` exchanges."""

    def __init__(self, _zlib_backend: ZLibBackendProtocol) -> None:
        self._zlib_backend = _zlib_backend

    @property
    def name(self) -> str:
        """The library's module name."""
        return getattr(self._zlib_backend, "__name__", "undefined")

    @property
    def MAX_WBITS(self) -> int:
        """The largest window size."""
        return self._zlib_backend.MAX_WBITS

    @property
    def Z_FULL_FLUSH(self) -> int:
        """Flush mode that forgets what was compressed before."""
        return self._zlib_backend.Z_FULL_FLUSH

    @property
    def Z_SYNC_FLUSH(self) -> int:
        """Flush mode that ends at a byte."""
        return self._zlib_backend.Z_SYNC_FLUSH

    @property
    def Z_BEST_SPEED(self) -> int:
        """The fastest level."""
        return self._zlib_backend.Z_BEST_SPEED

    @property
    def Z_FINISH(self) -> int:
        """Flush mode that ends the stream."""
        return self._zlib_backend.Z_FINISH

    def compressobj(self, *args: Any, **kwargs: Any) -> ZLibCompressObjProtocol:
        """Return a new compressor."""
        return self._zlib_backend.compressobj(*args, **kwargs)

    def decompressobj(self, *args: Any, **kwargs: Any) -> ZLibDecompressObjProtocol:
        """Return a new decompressor."""
        return self._zlib_backend.decompressobj(*args, **kwargs)

    def compress(self, data: Buffer, *args: Any, **kwargs: Any) -> bytes:
        """Compress *data* whole."""
        return self._zlib_backend.compress(data, *args, **kwargs)

    def decompress(self, data: Buffer, *args: Any, **kwargs: Any) -> bytes:
        """Decompress *data* whole."""
        return self._zlib_backend.decompress(data, *args, **kwargs)

    def __getattr__(self, attrname: str) -> Any:
        return getattr(self._zlib_backend, attrname)


ZLibBackend: ZLibBackendWrapper = ZLibBackendWrapper(cast(ZLibBackendProtocol, zlib))


def set_zlib_backend(new_zlib_backend: ZLibBackendProtocol) -> None:
    """Compress and decompress by another module from now on, such as ``zlib_ng`` or ``isal_zlib``.

    Compressors that exist already keep theirs.
    """
    ZLibBackend._zlib_backend = new_zlib_backend


def encoding_to_mode(encoding: str | None = None, suppress_deflate_header: bool = False) -> int:
    """Return zlib's ``wbits`` for a content coding: what header and trailer the data has."""
    if encoding == "gzip":
        return 16 + ZLibBackend.MAX_WBITS
    return -ZLibBackend.MAX_WBITS if suppress_deflate_header else ZLibBackend.MAX_WBITS
