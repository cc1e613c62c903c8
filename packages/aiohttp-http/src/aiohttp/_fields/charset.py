"""The charset that a peer says its text is in (RFC 9110 §8.3.2).

Python knows codecs that are no charsets, and a peer may name them all: some take quadratic time
(a body of 200 KB in ``punycode`` stops the process for seconds), others know no way to replace
what they cannot decode, or turn bytes into bytes.
"""

from __future__ import annotations

import codecs
from typing import Final

# Spelled as the codecs spell themselves, which differs by version in hyphens.
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)


def known_charset(name: str) -> str:
    """Return ``name`` if text may be in such a charset.

    Raises:
        LookupError: it is unknown, or no charset.
    """
    try:
        codec = codecs.lookup(name)
        "".encode(name)  # refuses codecs that are not of text
    except ValueError:  # a NUL, or no text at all
        codec = None
    if codec is None or codec.name.replace("_", "-") in _NO_CHARSETS:
        raise LookupError(f"unknown encoding: {name!r}")
    return name
