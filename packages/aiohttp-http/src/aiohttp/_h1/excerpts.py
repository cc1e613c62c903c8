"""What a peer sent, shown in an error message: short, printable, never raw binary.

Knows bytes and text only.
"""

from __future__ import annotations

from typing import Final

__all__ = ("LONGEST_EXCERPT", "shown")

# Bytes of input that one message may repeat: enough to recognise a field, too little to fill a log.
LONGEST_EXCERPT: Final = 40


def shown(data: bytes | bytearray | str) -> str:
    """Quote the beginning of `data` in ASCII, with everything else escaped."""
    if isinstance(data, str):
        data = data[: LONGEST_EXCERPT + 1].encode("utf-8", "surrogateescape")
    text = repr(bytes(data[:LONGEST_EXCERPT]))
    return f"{text}…" if len(data) > LONGEST_EXCERPT else text
