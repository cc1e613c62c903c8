"""Compressors and decompressors of content codings (RFC 9110 §8.4.1), step by step and bounded.

This file knows zlib (or a library that is like it), brotli and zstd, and executors. It does not
know messages, streams or which role decodes. Each call of a decompressor produces at most
``max_length`` bytes, however much its input expands.
"""

from __future__ import annotations

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor
from types import ModuleType
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from aiohttp._zlib_backend import (
    Buffer,
    CompressObjArgs,
    ZLibBackend,
    ZLibBackendProtocol,
    ZLibBackendWrapper,
    ZLibCompressObjProtocol,
    ZLibDecompressObjProtocol,
    encoding_to_mode,
    set_zlib_backend,
)

__all__ = (
    "HAS_BROTLI",
    "HAS_ZSTD",
    "MAX_DECOMPRESS_MEMBERS",
    "MAX_SYNC_CHUNK_SIZE",
    "MEMBER_WINDOW_MAX",
    "MEMBER_WINDOW_MIN",
    "ZLIB_MAX_LENGTH_UNLIMITED",
    "ZSTD_MAX_LENGTH_UNLIMITED",
    "BrotliDecompressor",
    "CompressObjArgs",
    "ConcatDecompressionHandler",
    "DecompressionBaseHandler",
    "MemberDecompressObjProtocol",
    "TooManyMembersError",
    "ZLibBackend",
    "ZLibBackendProtocol",
    "ZLibBackendWrapper",
    "ZLibCompressObjProtocol",
    "ZLibCompressor",
    "ZLibDecompressObjProtocol",
    "ZLibDecompressor",
    "ZSTDDecompressor",
    "encoding_to_mode",
    "missing_library",
    "open_compressor",
    "open_decompressor",
    "set_zlib_backend",
)


def _import_brotli() -> ModuleType | None:
    """Return Brotli or brotlicffi, if it can limit its output (since 1.2)."""
    for name in ("brotlicffi", "brotli"):
        try:
            module = __import__(name)
        except ImportError:
            continue
        if hasattr(module.Decompressor, "can_accept_more_data"):
            return module
    return None


def _import_zstd() -> ModuleType | None:
    """Return the standard library's module (since 3.14) or its backport."""
    try:
        if sys.version_info >= (3, 14):
            import compression.zstd as zstd
        else:
            from backports import zstd
    except ImportError:
        return None
    return zstd


_brotli: Final = _import_brotli()
_zstd: Final = _import_zstd()

HAS_BROTLI: Final = _brotli is not None
HAS_ZSTD: Final = _zstd is not None

# Input bytes up to which work is done at once: a trip to a thread costs about as much as zlib
# needs for them.
MAX_SYNC_CHUNK_SIZE: Final = 4096

# How each library says "no limit" to its output.
ZLIB_MAX_LENGTH_UNLIMITED: Final = 0
ZSTD_MAX_LENGTH_UNLIMITED: Final = -1

# Members (RFC 1952 §2.2) or frames (RFC 8878 §3.1) that may follow one another whatever they
# hold. More are accepted as long as they yield a page of data each on average, as block gzip
# (BGZF) does; a flood of empty ones costs time and yields nothing.
MAX_DECOMPRESS_MEMBERS: Final = 1024
_MIN_MEMBER_YIELD: Final = 4096

# A decompressor copies the input that it does not use. So it is shown little of it where a
# member may end soon, more as the member goes on, and never more than MAX at once.
MEMBER_WINDOW_MIN: Final = 64
MEMBER_WINDOW_MAX: Final = 65536

# Brotli's and zstd's levels for data compressed while it is sent: near gzip's time or better.
_BROTLI_QUALITY: Final = 4
_ZSTD_LEVEL: Final = 3

# RFC 1950 §2.2: the low four bits of a zlib stream's first byte.
_ZLIB_METHOD_DEFLATE: Final = 8


class TooManyMembersError(ValueError):
    """A compressed stream consists of more members than `MAX_DECOMPRESS_MEMBERS`."""


# Either, in steps…


class _StepByStep:
    """Does small steps at once and big ones in a thread, one after the other.

    Args:
        executor: where big steps run; None for the loop's.
        max_sync_chunk_size: input bytes up to which a step is small; None: every step is.
    """

    def __init__(
        self,
        executor: Executor | None = None,
        max_sync_chunk_size: int | None = MAX_SYNC_CHUNK_SIZE,
    ) -> None:
        self._executor = executor
        self._max_sync_chunk_size = max_sync_chunk_size
        # A step that runs in a thread. A cancelled caller cannot stop it, so the next one waits.
        self._step: asyncio.Future[bytes] | None = None

    async def _end_of_step(self) -> None:
        while self._step is not None:
            await asyncio.wait([self._step])

    def _is_small(self, data: Buffer) -> bool:
        return self._max_sync_chunk_size is None or len(data) <= self._max_sync_chunk_size

    def _begin_step(self, function: Callable[..., bytes], *args: Any) -> asyncio.Future[bytes]:
        step = asyncio.get_running_loop().run_in_executor(self._executor, function, *args)
        self._step = step
        step.add_done_callback(self._forget_step)
        return step

    def _forget_step(self, step: asyncio.Future[bytes]) -> None:
        self._step = None


# Compression…


class _CompressionHandler(_StepByStep, ABC):
    """Compress step by step, big steps in a thread."""

    # What the steps gave whose callers were cancelled. It goes before what the next one gives:
    # without it nobody could decode that.
    _left = b""

    @abstractmethod
    def compress_sync(self, data: Buffer) -> bytes:
        """Return what is ready after *data*, often nothing."""

    @abstractmethod
    def flush(self, mode: int | None = None) -> bytes:
        """Return the rest; by default end the stream."""

    async def compress(self, data: Buffer) -> bytes:
        """Return what is ready after *data*; computed in a thread if *data* is big."""
        if self._step is not None:
            await self._end_of_step()
        if self._is_small(data):
            block = self.compress_sync(data)
        else:
            block = await self._compress_in_thread(data)
        left, self._left = self._left, b""
        return left + block if left else block

    async def _compress_in_thread(self, data: Buffer) -> bytes:
        step = self._begin_step(self.compress_sync, data)
        try:
            return await asyncio.shield(step)
        except asyncio.CancelledError:
            if step.done():
                self._keep(step)
            else:
                step.add_done_callback(self._keep)
            raise

    def _keep(self, step: asyncio.Future[bytes]) -> None:
        if not step.cancelled() and step.exception() is None:
            self._left += step.result()


class ZLibCompressor(_CompressionHandler):
    """Compress by zlib.

    Args:
        encoding: ``gzip`` or ``deflate``.
        suppress_deflate_header: whether deflate data has no zlib header (RFC 7692 §7.2.1).
        level, wbits, strategy: as in `zlib.compressobj()`; None for its defaults.
        executor: where big steps run; None for the loop's.
        max_sync_chunk_size: bytes up to which a step is small; None: every step is.
    """

    def __init__(
        self,
        encoding: str | None = None,
        suppress_deflate_header: bool = False,
        level: int | None = None,
        wbits: int | None = None,
        strategy: int | None = None,
        executor: Executor | None = None,
        max_sync_chunk_size: int | None = MAX_SYNC_CHUNK_SIZE,
    ) -> None:
        super().__init__(executor, max_sync_chunk_size)
        self._mode = encoding_to_mode(encoding, suppress_deflate_header) if wbits is None else wbits
        options: CompressObjArgs = {"wbits": self._mode}
        if strategy is not None:
            options["strategy"] = strategy
        if level is not None:
            options["level"] = level
        self._zlib_backend: Final = ZLibBackendWrapper(ZLibBackend._zlib_backend)
        self._compressor = self._zlib_backend.compressobj(**options)

    def compress_sync(self, data: Buffer) -> bytes:
        """Return what is ready after *data*, often nothing."""
        return self._compressor.compress(data)

    def flush(self, mode: int | None = None) -> bytes:
        """Return the rest; *mode* is zlib's flush mode, by default the one that ends the stream."""
        return self._compressor.flush(self._zlib_backend.Z_FINISH if mode is None else mode)


class BrotliCompressor(_CompressionHandler):
    """Compress by brotli (RFC 7932).

    Args:
        quality: 0 to 11; the upper ones are for data that is compressed once and sent often.
        executor, max_sync_chunk_size: as in `ZLibCompressor`.

    Raises:
        RuntimeError: neither Brotli nor brotlicffi is installed.
    """

    def __init__(
        self,
        quality: int = _BROTLI_QUALITY,
        executor: Executor | None = None,
        max_sync_chunk_size: int | None = MAX_SYNC_CHUNK_SIZE,
    ) -> None:
        super().__init__(executor, max_sync_chunk_size)
        self._obj = _library("br").Compressor(quality=quality)

    def compress_sync(self, data: Buffer) -> bytes:
        """Return what is ready after *data*, often nothing."""
        return cast(bytes, self._obj.process(bytes(data)))

    def flush(self, mode: int | None = None) -> bytes:
        """Return the rest and end the stream."""
        return cast(bytes, self._obj.finish())


class ZSTDCompressor(_CompressionHandler):
    """Compress by zstd (RFC 8878).

    Args:
        level: 1 to 22; more costs memory at the receiver.
        executor, max_sync_chunk_size: as in `ZLibCompressor`.

    Raises:
        RuntimeError: neither Python 3.14 nor backports.zstd is there.
    """

    def __init__(
        self,
        level: int = _ZSTD_LEVEL,
        executor: Executor | None = None,
        max_sync_chunk_size: int | None = MAX_SYNC_CHUNK_SIZE,
    ) -> None:
        super().__init__(executor, max_sync_chunk_size)
        self._obj = _library("zstd").ZstdCompressor(level=level)

    def compress_sync(self, data: Buffer) -> bytes:
        """Return what is ready after *data*, often nothing."""
        return cast(bytes, self._obj.compress(data))

    def flush(self, mode: int | None = None) -> bytes:
        """Return the rest and end the frame."""
        return cast(bytes, self._obj.flush())


# Codings that need a library of their own, and the package that has it.
_PACKAGES: Final = {"br": "Brotli", "zstd": "backports.zstd"}
_MODULES: Final = {"br": _brotli, "zstd": _zstd}


def missing_library(coding: str) -> str | None:
    """Return the package to install before *coding* can be used; None if it can be used."""
    return _PACKAGES[coding] if coding in _MODULES and _MODULES[coding] is None else None


def _library(coding: str) -> Any:
    module = _MODULES[coding]
    if module is None:
        raise RuntimeError(f"content coding {coding!r} needs the package {_PACKAGES[coding]!r}")
    return module


# Decompression…


class DecompressionBaseHandler(_StepByStep, ABC):
    """Decompress step by step, big steps in a thread."""

    @abstractmethod
    def decompress_sync(self, data: Buffer, max_length: int = ZLIB_MAX_LENGTH_UNLIMITED) -> bytes:
        """Decompress *data*, after what earlier calls left over.

        Args:
            data: more input; empty to get more of what was left over.
            max_length: bytes to produce at most; 0 for no limit.
        """

    async def decompress(self, data: Buffer, max_length: int = ZLIB_MAX_LENGTH_UNLIMITED) -> bytes:
        """Do what `decompress_sync()` does; in a thread if *data* is big, or expands much."""
        if self._step is not None:
            await self._end_of_step()
        if self._is_small(data) and (self._max_sync_chunk_size is None or not self.data_available):
            return self.decompress_sync(data, max_length)
        return await asyncio.shield(self._begin_step(self.decompress_sync, data, max_length))

    @property
    @abstractmethod
    def data_available(self) -> bool:
        """Tell whether the last call stopped at its limit: more may come without more input."""

    @property
    @abstractmethod
    def is_whole(self) -> bool:
        """Tell whether the input so far is whole: it ends where a stream ends, or is empty."""


class MemberDecompressObjProtocol(Protocol):
    """What decompresses one member or frame."""

    def decompress(self, data: Buffer, max_length: int = ...) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...


_DecompressObjT = TypeVar("_DecompressObjT", bound=MemberDecompressObjProtocol)


class ConcatDecompressionHandler(DecompressionBaseHandler, Generic[_DecompressObjT]):
    """Decompress members that follow one another, each by a decompressor of its own."""

    # The library's word for "no limit".
    _unlimited: int
    # Bytes that may fill the room behind a member.
    _padding = b""
    # Members are counted for each call and not for the whole stream.
    _count_by_call = False

    def __init__(
        self,
        executor: Executor | None = None,
        max_sync_chunk_size: int | None = MAX_SYNC_CHUNK_SIZE,
    ) -> None:
        super().__init__(executor, max_sync_chunk_size)
        self._decompressor = self._new_decompressor()
        # Input that is not consumed because the output's limit was reached.
        self._held = b""
        # The limit was reached, so that the decompressor may have more to give.
        self._full = False
        # The current member has got input.
        self._begun = False
        self._members = 1
        self._produced = 0

    @abstractmethod
    def _new_decompressor(self) -> _DecompressObjT:
        """Return a decompressor for one member."""

    @abstractmethod
    def _unread(self) -> bytes:
        """Return the end of the input that the decompressor did not take."""

    @property
    def data_available(self) -> bool:
        """Tell whether the last call stopped at its limit: more may come without more input."""
        return self._full or bool(self._held)

    @property
    def is_whole(self) -> bool:
        """Tell whether the input so far is whole: it ends where a member ends, or is empty."""
        return not self._held and (self._decompressor.eof or not self._begun)

    def decompress_sync(self, data: Buffer, max_length: int = ZLIB_MAX_LENGTH_UNLIMITED) -> bytes:
        """Decompress *data*, after what earlier calls left over.

        Raises:
            TooManyMembersError: the stream is a flood of tiny members.
            Exception: the library's error: the input is damaged.
        """
        if self._held:
            data = self._held + bytes(data)
        if self._count_by_call:
            self._members, self._produced = 1, 0
        rest = memoryview(cast(Any, data))
        room = max(max_length, 0)
        blocks: list[bytes] = []
        window = MEMBER_WINDOW_MAX
        while True:
            if self._decompressor.eof:
                rest = self._skip_padding(rest)
                if not rest:
                    break
                self._begin_member()
                window = MEMBER_WINDOW_MIN
            piece = rest[:window]
            block = self._decompressor.decompress(piece, room or self._unlimited)
            rest = self._after(piece, rest)
            self._begun = self._begun or bool(piece)
            if block:
                blocks.append(block)
                self._produced += len(block)
                if max_length > 0:
                    room -= len(block)
                    if room <= 0:
                        break
            if not rest and not self._decompressor.eof:
                break
            window = min(window * 4, MEMBER_WINDOW_MAX)
        self._held = bytes(rest)
        self._full = max_length > 0 >= room and not self._decompressor.eof
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)

    def _after(self, piece: memoryview[Any], rest: memoryview[Any]) -> memoryview[Any]:
        """Return what is left of *rest*, of which *piece* was given to the decompressor."""
        unread = self._unread()
        if len(unread) <= len(piece):
            return rest[len(piece) - len(unread) :]
        # It had kept input of earlier calls, and its member ended in that.
        return memoryview(unread + rest[len(piece) :].tobytes())

    def _skip_padding(self, rest: memoryview[Any]) -> memoryview[Any]:
        if self._padding and rest and rest[0] == self._padding[0]:
            return memoryview(rest.tobytes().lstrip(self._padding))
        return rest

    def _begin_member(self) -> None:
        self._members += 1
        if self._members > MAX_DECOMPRESS_MEMBERS + self._produced // _MIN_MEMBER_YIELD:
            raise TooManyMembersError(
                f"Compressed stream has more than {MAX_DECOMPRESS_MEMBERS} members, "
                f"which hold {self._produced} bytes"
            )
        self._decompressor = self._new_decompressor()
        self._begun = False

    def flush(self) -> bytes:
        """Return what is left: nothing, as every call returns all it may."""
        return b""


class ZLibDecompressor(ConcatDecompressionHandler[ZLibDecompressObjProtocol]):
    """Decompress gzip (RFC 1952) or deflate data (RFC 1950, RFC 1951).

    Args:
        encoding: ``gzip`` or ``deflate``.
        suppress_deflate_header: whether deflate data has no zlib header.
        executor, max_sync_chunk_size: as in `DecompressionBaseHandler`.
    """

    _unlimited = ZLIB_MAX_LENGTH_UNLIMITED

    def __init__(
        self,
        encoding: str | None = None,
        suppress_deflate_header: bool = False,
        executor: Executor | None = None,
        max_sync_chunk_size: int | None = MAX_SYNC_CHUNK_SIZE,
    ) -> None:
        self._mode = encoding_to_mode(encoding, suppress_deflate_header)
        self._zlib_backend: Final = ZLibBackendWrapper(ZLibBackend._zlib_backend)
        super().__init__(executor, max_sync_chunk_size)
        # gzip itself, and Python's module, accept files that are padded with NUL.
        self._padding = b"\0" if encoding == "gzip" else b""
        # Raw deflate carries WebSocket messages, each of which may end a stream (RFC 7692
        # §7.2.3.5), on a connection that lives long.
        self._count_by_call = self._mode < 0

    def _new_decompressor(self) -> ZLibDecompressObjProtocol:
        return self._zlib_backend.decompressobj(wbits=self._mode)

    def _unread(self) -> bytes:
        obj = self._decompressor
        return obj.unused_data if obj.eof else obj.unconsumed_tail

    @property
    def eof(self) -> bool:
        """Tell whether the current member has ended."""
        return self._decompressor.eof

    def flush(self, length: int = 0) -> bytes:
        """Return what the library still holds, as in zlib's ``flush()``."""
        flush = self._decompressor.flush
        return flush(length) if length > 0 else flush()


class ZSTDDecompressor(ConcatDecompressionHandler[Any]):
    """Decompress zstd data (RFC 8878).

    Raises:
        RuntimeError: neither Python 3.14 nor backports.zstd is there.
    """

    _unlimited = ZSTD_MAX_LENGTH_UNLIMITED

    def _new_decompressor(self) -> Any:
        return _library("zstd").ZstdDecompressor()

    def _unread(self) -> bytes:
        # Before its end it takes all input, and keeps what it has no room to decompress.
        return cast(bytes, self._decompressor.unused_data) if self._decompressor.eof else b""


class BrotliDecompressor(DecompressionBaseHandler):
    """Decompress brotli data (RFC 7932), which is one stream.

    Raises:
        RuntimeError: neither Brotli nor brotlicffi is installed.
    """

    def __init__(
        self,
        executor: Executor | None = None,
        max_sync_chunk_size: int | None = MAX_SYNC_CHUNK_SIZE,
    ) -> None:
        super().__init__(executor, max_sync_chunk_size)
        self._obj = _library("br").Decompressor()
        # Input that the library does not accept before its output is fetched.
        self._held = b""
        # The limit was reached: the library may have more to give, and does not tell.
        self._full = False
        self._begun = False

    @property
    def data_available(self) -> bool:
        """Tell whether the last call stopped at its limit: more may come without more input."""
        return self._full or bool(self._held) or not self._obj.can_accept_more_data()

    @property
    def is_whole(self) -> bool:
        """Tell whether the input so far is whole: it ends where the stream ends, or is empty."""
        return not self._held and (not self._begun or bool(self._obj.is_finished()))

    def decompress_sync(self, data: Buffer, max_length: int = ZLIB_MAX_LENGTH_UNLIMITED) -> bytes:
        """Decompress *data*, after what earlier calls left over.

        The library stops only at the end of one of its blocks, which grow with what it produces:
        there may be 64 KiB more than *max_length*, or nearly twice as much as that.

        Raises:
            Exception: the library's error: the input is damaged.
        """
        self._held += bytes(data)
        self._begun = self._begun or bool(self._held)
        options = {"output_buffer_limit": max_length} if max_length > 0 else {}
        block = b""
        if self._full or not self._obj.can_accept_more_data():
            block = self._obj.process(b"", **options)
        if self._held and self._obj.can_accept_more_data() and not 0 < max_length <= len(block):
            held, self._held = self._held, b""
            block += self._obj.process(held, **options)
        self._full = 0 < max_length <= len(block)
        return block

    def flush(self) -> bytes:
        """Return what is left: nothing, as every call returns all it may."""
        return b""


# Both, by the name of a content coding…


def open_compressor(coding: str, *, strategy: int | None = None) -> _CompressionHandler:
    """Return a compressor for a content coding.

    Args:
        coding: ``gzip``, ``deflate``, ``br`` or ``zstd``.
        strategy: zlib's strategy; ignored by the others.

    Raises:
        ValueError: the coding is not known.
        RuntimeError: the library for it is not installed.
    """
    if coding == "br":
        return BrotliCompressor()
    if coding == "zstd":
        return ZSTDCompressor()
    if coding in {"gzip", "deflate"}:
        return ZLibCompressor(encoding=coding, strategy=strategy)
    raise ValueError(
        f"unknown content coding; expected 'gzip', 'deflate', 'br' or 'zstd'; got {coding!r}"
    )


def _open_deflate(first: bytes) -> DecompressionBaseHandler:
    """Return a decompressor for deflate data, which some servers send without its zlib header.

    A deflate block that is no zlib header begins with other bits: bit 3 is padding there, zero.
    """
    is_zlib = not first or first[0] & 0xF == _ZLIB_METHOD_DEFLATE
    return ZLibDecompressor(encoding="deflate", suppress_deflate_header=not is_zlib)


_DECOMPRESSORS: Final[dict[str, Callable[[bytes], DecompressionBaseHandler]]] = {
    "gzip": lambda first: ZLibDecompressor(encoding="gzip"),
    "x-gzip": lambda first: ZLibDecompressor(encoding="gzip"),  # RFC 9110 §8.4.1.3
    "deflate": _open_deflate,
    "br": lambda first: BrotliDecompressor(),
    "zstd": lambda first: ZSTDDecompressor(),
}


def open_decompressor(coding: str, first: bytes) -> DecompressionBaseHandler:
    """Return a decompressor for a content coding.

    Args:
        coding: ``gzip``, ``deflate``, ``br`` or ``zstd``.
        first: the first bytes of the data, by which the two forms of deflate are told apart.

    Raises:
        ValueError: the coding is not known.
        RuntimeError: the library for it is not installed.
    """
    factory = _DECOMPRESSORS.get(coding)
    if factory is None:
        raise ValueError(
            f"unknown content coding; expected 'gzip', 'deflate', 'br' or 'zstd'; got {coding!r}"
        )
    return factory(first)
