"""Compressors and decompressors of permessage-deflate, from the zlib that the application chose.

The file knows window bits and nothing of frames (RFC 7692 §7.1.2, §7.2).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from aiohttp.compression_utils import ZLibBackend

if TYPE_CHECKING:
    from aiohttp._websocket.frames import Inflater


def new_inflater() -> Inflater:
    """Return a raw-deflate decompressor that reads every window a peer may choose."""
    return ZLibBackend.decompressobj(wbits=-ZLibBackend.MAX_WBITS)


def new_deflater(bits: int) -> Any:
    """Return a raw-deflate compressor with a window of 2**`bits` bytes, as fast as there is."""
    return ZLibBackend.compressobj(
        level=ZLibBackend.Z_BEST_SPEED, method=zlib.DEFLATED, wbits=-bits
    )
