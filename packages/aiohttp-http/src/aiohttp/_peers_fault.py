"""Exceptions that a handler sees as ever, and that are the peer's fault if nobody catches them.

``request.json()`` of something that is no JSON raises what the decoder raises, and programs catch
that, by its exact class.  Who does not catch it has not made a mistake: the peer has.  So the
exception carries a word to the peer, and a server answers 400 instead of 500 (RFC 9110 §15.5.1).
Knows exceptions; neither requests nor responses.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ("blame_peer", "decode_json", "decode_text", "peers_fault")

# On the exception itself, not beside it: it may be kept, raised again, or raised for a clone.
_ATTRIBUTE = "__peers_fault__"


def blame_peer(error: Exception, explanation: str) -> None:
    """Note on ``error`` what the peer did wrong, in words that it may read."""
    # A frozen exception of a decoder that we do not know stays an error of ours.
    with suppress(AttributeError):
        setattr(error, _ATTRIBUTE, explanation)


def peers_fault(error: BaseException) -> str | None:
    """Return what the peer did wrong, or None if ``error`` is not its doing."""
    explanation = getattr(error, _ATTRIBUTE, None)
    return explanation if isinstance(explanation, str) else None


def decode_text(body: bytes, charset: str) -> str:
    """Return a body that a peer has sent as text.

    Raises:
        UnicodeDecodeError: the peer's fault: it is not in that charset.
    """
    try:
        return body.decode(charset)
    except UnicodeDecodeError as error:
        # Where, and not what: the octet need not be printable.
        said = f"The body is not {error.encoding}: {error.reason} at byte {error.start}"
        blame_peer(error, said)
        raise


def decode_json(text: Any, loads: Callable[[Any], Any]) -> Any:
    """Return what a peer has sent as JSON (RFC 8259).

    Raises:
        ValueError, RecursionError: the peer's fault: what ``loads`` raises for what is no JSON, or
            nested too deep.
    """
    try:
        return loads(text)
    except (ValueError, RecursionError) as error:
        said = "The body is not valid JSON"
        # What another decoder than the standard one says may be about us.
        if isinstance(error, json.JSONDecodeError):
            said = f"{said}: {error.msg} at line {error.lineno} column {error.colno}"
        blame_peer(error, said)
        raise
