"""Masking, and framing in the same pass: what touches every byte of a payload.

Masking is the XOR of the payload with the four bytes of a key (RFC 6455 §5.3); doing it again
undoes it.  The compiled twin, ``_masking``, has the same functions and class, and is taken when it
was built, unless AIOHTTP_NO_EXTENSIONS asks otherwise; neither knows roles, opcodes or limits.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from aiohttp._switches import NO_EXTENSIONS

# Bytes; up to here one XOR of two big integers is the fastest way, above it four translations
# (measured on CPython 3.11).
_INTEGER_LIMIT: Final = 1024

_ALL_BYTES: Final = int.from_bytes(bytes(range(256)), "little")
# Translation by the XOR with a byte, made when first needed.
_TABLES: Final[list[bytes | None]] = [None] * 256


class _ShortHeads(dict[int, list[bytes]]):
    """First byte of a frame -> heads without a mask, by length; made when first asked for."""

    def __missing__(self, first: int) -> list[bytes]:
        self[first] = heads = [bytes((first, size)) for size in range(126)]
        return heads


_SHORT_HEADS: Final = _ShortHeads()

# Heads with a length of 7, 16 and 64 bits (RFC 6455 §5.2).
_SHORT_HEAD: Final = Struct("!BB").pack
_MEDIUM_HEAD: Final = Struct("!BBH").pack
_LONG_HEAD: Final = Struct("!BBQ").pack


def _table(byte: int) -> bytes:
    table = _TABLES[byte]
    if table is None:
        constant = int.from_bytes(bytes([byte]) * 256, "little")
        table = _TABLES[byte] = (_ALL_BYTES ^ constant).to_bytes(256, "little")
    return table


def holder_py(data: bytes | bytearray | memoryview, size: int) -> bytes:
    """Return what begins with ``data[:size]``; the compiled twin copies only if it has to."""
    return bytes(memoryview(data)[:size])


def masked_py(key: bytes, data: bytes, start: int, stop: int, offset: int = 0) -> bytes:
    """Return ``data[start:stop]``, masked.

    Args:
        key: the four bytes of the mask.
        data: what holds the payload.
        start, stop: where the payload lies in `data`.
        offset: how many bytes of the frame's payload came before it.
    """
    turn = offset & 3
    if turn:
        key = key[turn:] + key[:turn]
    size = stop - start
    if size <= _INTEGER_LIMIT:
        return _masked_by_integer(key, data[start:stop], size)
    return bytes(_masked_by_lanes(key, data[start:stop]))


def unmasked_py(data: bytes, start: int, stop: int) -> bytes:
    """Return ``data[start:stop]``, unmasked with the key that stands in front of it."""
    return masked_py(data[start - 4 : start], data, start, stop)


def _masked_by_integer(key: bytes, data: bytes, size: int) -> bytes:
    pattern = key * (size >> 2) + key[: size & 3]
    number = int.from_bytes(data, "little") ^ int.from_bytes(pattern, "little")
    return number.to_bytes(size, "little")


def _masked_by_lanes(key: bytes, data: bytes) -> bytearray:
    lanes = bytearray(data)
    lanes[0::4] = lanes[0::4].translate(_table(key[0]))
    lanes[1::4] = lanes[1::4].translate(_table(key[1]))
    lanes[2::4] = lanes[2::4].translate(_table(key[2]))
    lanes[3::4] = lanes[3::4].translate(_table(key[3]))
    return lanes


class GatheringPy:
    """The payload of a frame, unmasked as its parts arrive.

    Args:
        size: bytes of payload to come.
        key: the four bytes of the mask, or None.
        offset: how many bytes of the frame's payload came before.
    """

    __slots__ = ("_key", "_left", "_offset", "_parts")

    def __init__(self, size: int, key: bytes | None, offset: int) -> None:
        self._left = size
        self._key = key
        self._offset = offset
        self._parts: list[bytes] = []

    def add(self, data: bytes, start: int, stop: int) -> int:
        """Add ``data[start:stop]``; return how many bytes are still to come.

        Raises:
            ValueError: those are more than were to come.
        """
        if stop - start > self._left:
            raise ValueError(f"expected at most {self._left} bytes; got {stop - start}")
        key = self._key
        part = data[start:stop] if key is None else masked_py(key, data, start, stop, self._offset)
        self._parts.append(part)
        self._offset += stop - start
        self._left -= stop - start
        return self._left

    def take(self) -> bytes:
        """Return the payload, once all of it is there; then this is used up.

        Raises:
            ValueError: some is still to come.
        """
        if self._left:
            raise ValueError(f"expected {self._left} more bytes")
        parts, self._parts = self._parts, []
        return b"".join(parts)


def gather_py(size: int, key: bytes | None, offset: int) -> GatheringPy:
    """Return what gathers the payload of a frame; the compiled twin has one copy of it, no more."""
    return GatheringPy(size, key, offset)


def frame_head(first: int, size: int, mask_bit: int = 0) -> bytes:
    """Return the head of a frame, up to its length.

    Args:
        first: its first byte: FIN, reserved bits and opcode.
        size: bytes of payload; given the shortest form that can hold it (RFC 6455 §5.2).
        mask_bit: 0x80 when a key follows.
    """
    if size < 126:
        return _SHORT_HEAD(first, mask_bit | size)
    if size < 65536:
        return _MEDIUM_HEAD(first, mask_bit | 126, size)
    return _LONG_HEAD(first, mask_bit | 127, size)


def framed_py(first: int, payload: bytes, key: bytes | None) -> bytes:
    """Return a whole frame.

    Args:
        first: its first byte: FIN, reserved bits and opcode.
        payload: the payload, compressed already if it is to be.
        key: four unpredictable bytes to mask it with; None: leave it unmasked.
    """
    size = len(payload)
    if key is None:
        if size < 126:
            return _SHORT_HEADS[first][size] + payload
        return (
            _MEDIUM_HEAD(first, 126, size) if size < 65536 else frame_head(first, size)
        ) + payload
    head = frame_head(first, size, 0x80) + key
    if size <= _INTEGER_LIMIT:
        return head + _masked_by_integer(key, payload, size)
    return head + _masked_by_lanes(key, payload)


if TYPE_CHECKING or NO_EXTENSIONS:
    framed, masked, unmasked = framed_py, masked_py, unmasked_py
else:
    try:
        from aiohttp._websocket._masking import framed, masked, unmasked
    except ImportError:  # a pure wheel, or no compiler
        framed, masked, unmasked = framed_py, masked_py, unmasked_py
