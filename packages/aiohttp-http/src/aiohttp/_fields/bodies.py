"""Which messages have no body, and which must not say its length."""

from __future__ import annotations

# RFC 9110 §9.3.2: the response to HEAD has no content.
EMPTY_BODY_METHODS = frozenset({"HEAD"})
# RFC 9110 §15.2, §15.3.5, §15.4.5
EMPTY_BODY_STATUS_CODES = frozenset((*range(100, 200), 204, 304))


def method_must_be_empty_body(method: str) -> bool:
    """Whether the response to ``method`` has no body whatever its status."""
    return method.upper() in EMPTY_BODY_METHODS


def status_code_must_be_empty_body(code: int) -> bool:
    """Whether a response with status ``code`` has no body whatever the method."""
    return code in EMPTY_BODY_STATUS_CODES


def must_be_empty_body(method: str, code: int) -> bool:
    """Whether the response with status ``code`` to ``method`` has no body (RFC 9112 §6.3)."""
    return (
        code in EMPTY_BODY_STATUS_CODES
        or method in EMPTY_BODY_METHODS
        or (method == "CONNECT" and 200 <= code < 300)
    )


def should_remove_content_length(method: str, code: int) -> bool:
    """Whether the response must not have a Content-Length (RFC 9110 §8.6).

    304 may have one, but a client that takes it for the length of a body is left waiting.
    """
    return code in EMPTY_BODY_STATUS_CODES or (method == "CONNECT" and 200 <= code < 300)
