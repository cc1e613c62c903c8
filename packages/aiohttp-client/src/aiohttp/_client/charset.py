"""The charset of a text that does not declare one.

Pure.  chardet is imported when it is first needed: most texts are UTF-8.
"""

from __future__ import annotations

import codecs

# Bytes that chardet looks at: enough for its statistics, and a bound of its time.
_SAMPLE = 64 * 1024


def fallback_charset(response: object, body: bytes) -> str:
    """Return ``utf-8`` when ``body`` is that, else what chardet guesses, else ``utf-8``."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    import chardet

    guess = chardet.detect(body[:_SAMPLE])["encoding"]
    if guess is None:
        return "utf-8"
    try:
        return codecs.lookup(guess).name
    except LookupError:
        return "utf-8"
