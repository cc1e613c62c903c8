"""JSON as `json.dumps()` writes it, at half the price.

For each call the standard library makes a new encoder, which takes as long as a small answer does.
Here one is kept. It cannot notice that a value contains itself, nor does it know what programs have
taught `json.JSONEncoder`; so whatever it cannot do, `json.dumps()` is asked to do, or to refuse.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from json import encoder as stdlib
from typing import Any

__all__ = ("json_text",)


def _refuse(value: object) -> None:
    raise TypeError


def _make_encoder() -> Callable[[Any, int], Sequence[str]] | None:
    """Return the standard library's encoder in C, None where there is none."""
    make = getattr(stdlib, "c_make_encoder", None)
    quote = stdlib.encode_basestring_ascii
    try:
        # Markers of values being written, for one call; default; quoting; indentation; separators;
        # sort_keys, skipkeys, allow_nan.
        made: Callable[[Any, int], Sequence[str]] | None = make and make(
            None, _refuse, quote, None, ": ", ", ", False, False, True
        )
    except TypeError:
        return None  # another version's has other parameters
    return made


_encode = _make_encoder()


def json_text(value: Any) -> str:
    """Return what ``json.dumps(value)`` does.

    Raises:
        TypeError, ValueError, RecursionError: whatever it raises.
    """
    if _encode is not None:
        try:
            return "".join(_encode(value, 0))
        except Exception:
            pass  # said below, by who knows it better
    return json.dumps(value)
