"""Masking: XOR of a payload with the four bytes of its frame's key (RFC 6455 §5.3).

The same operation masks and unmasks.  The compiled twin, ``_masking``, has the same signature and
is taken when it was built, unless AIOHTTP_NO_EXTENSIONS asks otherwise; neither knows frames or
roles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp._switches import NO_EXTENSIONS


def masked_py(
    key: bytes, data: bytes, start: int, stop: int, offset: int = 0, head: bytes = b""
) -> bytes:
    """Return `head` followed by ``data[start:stop]``, masked.

    Args:
        key: the four bytes of the mask.
        data: what holds the payload.
        start, stop: where the payload lies in `data`.
        offset: how many bytes of the frame's payload came before it.
        head: bytes to put in front as they are, so that a frame is made in one go.

    One XOR of two big integers is several times as fast as any loop over bytes; int.from_bytes and
    to_bytes are linear.
    """
    size = stop - start
    turn = offset & 3
    turned = key[turn:] + key[:turn]
    pattern = turned * (size // 4) + turned[: size % 4]
    number = int.from_bytes(data[start:stop], "little") ^ int.from_bytes(pattern, "little")
    return head + number.to_bytes(size, "little")


if TYPE_CHECKING or NO_EXTENSIONS:
    masked = masked_py
else:
    try:
        from aiohttp._websocket._masking import masked
    except ImportError:  # a pure wheel, or no compiler
        masked = masked_py
