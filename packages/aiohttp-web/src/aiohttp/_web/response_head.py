"""The head of a response, decided: reason phrases, content coding, cookies, body framing.

Pure: values in, values out.  Knows RFC 9110 and RFC 9112; not the response class that it serves,
and no clock.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.cookies import Morsel, SimpleCookie
from typing import Any

from multidict import CIMultiDict

import aiohttp._fields.cookies  # noqa: F401  # it teaches Morsel what `Partitioned` is
from aiohttp import hdrs
from aiohttp._fields.grammar import has_token

# --- Status line (RFC 9112 §4) ---

_REASONS: Mapping[int, str] = {status.value: status.phrase for status in HTTPStatus}


def reason_phrase(status: int) -> str:
    """Return the usual phrase of ``status``, or ""."""
    return _REASONS.get(status, "")


def has_no_body(method: str, status: int) -> bool:
    """Whether the response ends with its head, whatever its fields say (RFC 9112 §6.3)."""
    return (
        method == hdrs.METH_HEAD
        or status < 200
        or status in (204, 304)
        or (method == hdrs.METH_CONNECT and status < 300)
    )


def is_interim(status: int) -> bool:
    """Whether another response follows to the same request (RFC 9110 §15.2)."""
    return 100 <= status < 200 and status != 101


def forbids_content_length(method: str, status: int) -> bool:
    """Whether ``Content-Length`` must not be sent (RFC 9110 §8.6), or tells nothing with a 304."""
    return (
        status < 200
        or status in (204, 304)
        or (method == hdrs.METH_CONNECT and 200 <= status < 300)
    )


def says_close(fields: CIMultiDict[str]) -> bool:
    """Whether the fields promise that the connection closes (RFC 9112 §9.6)."""
    return has_token(fields.getall(hdrs.CONNECTION, ()), "close")


# --- Body framing (RFC 9112 §6) ---


class Framing(enum.Enum):
    """How the end of the body is found."""

    NO_BODY = enum.auto()
    LENGTH = enum.auto()
    CHUNKED = enum.auto()
    UNTIL_CLOSE = enum.auto()


def body_framing(*, empty: bool, chunked: bool, length: int | None, http_1_1: bool) -> Framing:
    """Decide the framing.

    Args:
        empty: whether the response has no body by its status or the request's method.
        chunked: whether the handler asked for chunks.
        length: the body's length in bytes, None if it is unknown.
        http_1_1: whether the peer understands chunks.

    Raises:
        RuntimeError: chunks were asked for and the peer speaks HTTP/1.0.
    """
    if chunked and not http_1_1:
        raise RuntimeError("Using chunked encoding is forbidden for HTTP/1.0")
    if empty:
        return Framing.NO_BODY
    if chunked:
        return Framing.CHUNKED
    if length is not None:
        return Framing.LENGTH
    return Framing.CHUNKED if http_1_1 else Framing.UNTIL_CLOSE


# --- Content coding (RFC 9110 §12.5.3) ---


def accepted_codings(accept_encoding: str) -> dict[str, float]:
    """Return content coding -> weight, in lower case; a malformed weight counts as 1."""
    weights: dict[str, float] = {}
    for element in accept_encoding.lower().split(","):
        coding, _, parameters = element.partition(";")
        coding = coding.strip()
        if coding == "x-gzip":
            coding = "gzip"  # RFC 9110 §8.4.1.3
        if coding:
            weights[coding] = _weight(parameters)
    return weights


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    value = value.strip()
    # qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
    if not value.isascii() or not value.replace(".", "", 1).isdigit() or len(value) > 5:
        return 1.0
    return min(float(value), 1.0)


def choose_coding(accept_encoding: str, offered: Iterable[str]) -> str | None:
    """Return the coding that the peer likes best; of equal ones the first offered; None for none.

    ``*`` stands for every coding that the field does not name.
    """
    weights = accepted_codings(accept_encoding)
    others = weights.get("*", 0.0)
    best: str | None = None
    best_weight = 0.0
    for coding in offered:
        weight = weights.get(coding, others)
        if weight > best_weight:
            best, best_weight = coding, weight
    return best


# --- Cookies (RFC 6265 §4.1) ---


def fill_cookie(morsel: Morsel[str], attributes: Mapping[str, Any]) -> None:
    """Set the attributes that are not None; a false flag is dropped."""
    for name, value in attributes.items():
        if value is None:
            continue
        if value is False:
            morsel[name] = ""
        else:
            morsel[name] = value if value is True else str(value)
    # What an earlier deletion says would delete the new cookie, too.
    if attributes.get("expires") is None and morsel["expires"] == DELETED:
        morsel["expires"] = ""
    if attributes.get("max-age") is None:
        morsel["max-age"] = ""


# What `Expires` says of a deleted cookie: any time in the past.
DELETED = "Thu, 01 Jan 1970 00:00:00 GMT"


def add_cookies(cookies: SimpleCookie, fields: CIMultiDict[str]) -> None:
    """Add a ``Set-Cookie`` field for each cookie."""
    for morsel in cookies.values():
        fields.add(hdrs.SET_COOKIE, morsel.output(header="").strip())
