"""Heads and chunks on their way out: text becomes bytes, and nothing can be smuggled in.

Every part of a head is checked for what would end a line or confuse a reader: CR, LF, NUL and the
other controls but HTAB (RFC 9110 §5.5, RFC 9112 §2.2, §11.1).  A name that begins with a space
would continue the line before it (RFC 9112 §5.2), and one that is empty, ends with a space or has a
colon in it means another field to each reader.  Knows no transport.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from aiohttp._h1.build import COMPILED
from aiohttp._h1.excerpts import shown
from aiohttp._h1.kinds import HttpVersion

__all__ = (
    "LAST_CHUNK",
    "chunk_head",
    "ordinary_response",
    "request_head",
    "request_line",
    "response_head",
    "serialize_headers",
    "trailer_section",
)

# A chunk is its size in hexadecimal, CRLF, the data, CRLF (RFC 9112 §7.1).
CHUNK_END: Final = b"\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"

_TEXT: Final = r"[^\x00-\x08\x0a-\x1f\x7f]*"
# A token (RFC 9110 §5.1) and more: no reader takes `User Agent` for another field, and programs
# send it.  A colon, or a space at an end, would move the end of the name.
_NAME: Final = r"(?! )[^\x00-\x1f\x7f:]+(?<! )"
_LINES: Final = re.compile(rf"{_TEXT}(?:\r\n{_TEXT})*")

# Names that a program sends come again with each message; one that makes them up from its input
# does not fill the memory.
_MOST_NAMES: Final = 1024
_LONGEST_KEPT_NAME: Final = 64


class _Beginnings(dict[str, str]):
    """Name → name, colon and space; a name is checked when it is first met."""

    def __missing__(self, name: str) -> str:
        beginning = name + ": "
        if not re.fullmatch(_NAME, name):
            _refuse_name(name)
        if len(name) <= _LONGEST_KEPT_NAME:
            if len(self) >= _MOST_NAMES:
                self.clear()
            self[name] = beginning
        return beginning


_BEGINNINGS: Final = _Beginnings()


def _refuse_controls(what: str, text: str) -> None:
    if not re.fullmatch(_TEXT, text):
        raise ValueError(
            f"{what}: expected text without CR, LF, NUL and other control characters "
            f"(they could inject fields), got {shown(text)}"
        )


def py_serialize_head(start_line: str, headers: Mapping[str, str]) -> bytes:
    """A start line and fields as the bytes of a whole head, encoded as UTF-8.

    ``_serialize.pyx`` has a twin of the same signature; `serialize_headers` is the faster one.

    Raises:
        ValueError: a part holds a control character other than HTAB, or a name is empty, has a
            colon, or a space at an end; the message names the part.
        TypeError: a name or a value is not a str.
    """
    try:
        # Adding takes the text itself, also of a subclass that formats itself in another way.
        lines = [start_line, *[_BEGINNINGS[name] + value for name, value in headers.items()]]
    except TypeError:
        _refuse_other_types(headers)
        raise
    text = "\r\n".join(lines)
    # One look at everything is cheaper than one at each part: line ends are the only controls, and
    # there are as many as lines.
    if not _LINES.fullmatch(text) or text.count("\r\n") != len(lines) - 1:
        _explain(start_line, headers)
    # Octets of a peer that are no UTF-8 were read as surrogates; they leave as they came.
    return f"{text}\r\n\r\n".encode("utf-8", "surrogateescape")


def _refuse_other_types(headers: Mapping[str, str]) -> None:
    for part in (part for item in headers.items() for part in item):
        if not isinstance(part, str):
            raise TypeError(f"A field name or value must be str, got {type(part).__name__}")


def _refuse_name(name: str) -> None:
    what = f"Name of header {shown(name)}"
    if name.startswith(":"):
        raise ValueError(
            f"{what}: expected a field of HTTP/1.1; HTTP/2 alone has such: leave it out"
        )
    _refuse_controls(what, name)
    raise ValueError(
        f"{what}: expected letters, digits and '-' (a token, RFC 9110 §5.1), "
        "no colon, no tab and no space at an end"
    )


def _explain(start_line: str, headers: Mapping[str, str]) -> None:
    _refuse_controls("Start line", start_line)
    for name, value in headers.items():
        _refuse_controls(f"Value of header {name!r}", value)


def py_ordinary_response(
    status: int, reason: str, content_type: str | None, length: int, end: bytes, body: bytes
) -> bytes:
    """A response whose head says what every head does; ``_serialize.pyx`` has a twin.

    Args:
        status: status code.
        reason: reason phrase.
        content_type: value of ``Content-Type``; None leaves it out.
        length: value of ``Content-Length``.
        end: what ends the head, from the line end after ``Content-Length`` on.
        body: what follows the head at once.

    Raises:
        ValueError: reason or type hold a control character other than HTAB.
    """
    return b"%b%d%b%b" % (_ordinary_start(status, reason, content_type), length, end, body)


# A program has some dozens; one that makes them up from its input does not fill the memory.
@lru_cache(maxsize=256)
def _ordinary_start(status: int, reason: str, content_type: str | None) -> bytes:
    fields = {} if content_type is None else {"Content-Type": content_type}
    head = py_serialize_head(f"HTTP/1.1 {status} {reason}", fields)
    return head.removesuffix(b"\r\n") + b"Content-Length: "


if TYPE_CHECKING or not COMPILED:
    serialize_headers = py_serialize_head
    ordinary_response = py_ordinary_response
else:
    from aiohttp._h1._serialize import ordinary_response
    from aiohttp._h1._serialize import serialize_head as serialize_headers


def request_line(method: str, target: str, version: HttpVersion) -> str:
    """``method SP request-target SP HTTP-version`` (RFC 9112 §3).

    Raises:
        ValueError: method or target are empty or hold a space.
    """
    if " " in method or " " in target or not method or not target:
        raise ValueError(
            f"Request line: expected a method and a target without spaces, "
            f"got {shown(f'{method} {target}')}"
        )
    return f"{method} {target} HTTP/{version[0]}.{version[1]}"


def request_head(
    method: str, target: str, version: HttpVersion, headers: Mapping[str, str]
) -> bytes:
    """The head of a request (RFC 9112 §3).

    Raises:
        ValueError: as `request_line` and `serialize_headers`.
    """
    return serialize_headers(request_line(method, target, version), headers)


def response_head(
    version: HttpVersion, status: int, reason: str, headers: Mapping[str, str]
) -> bytes:
    """The head of a response: ``HTTP-version SP status-code SP [ reason-phrase ]`` (§4).

    Raises:
        ValueError: as `serialize_headers`.
    """
    return serialize_headers(f"HTTP/{version[0]}.{version[1]} {status} {reason}", headers)


def chunk_head(size: int) -> bytes:
    """What stands before the data of a chunk; after it comes `CHUNK_END`.

    Raises:
        ValueError: for size zero, which would end the body.
    """
    if size <= 0:
        raise ValueError(f"Size of a chunk: expected at least 1 byte, got {size}")
    return b"%x\r\n" % size


def trailer_section(trailers: Mapping[str, str]) -> bytes:
    """What ends a chunked body: the last chunk and the trailers (RFC 9112 §7.1.2).

    Raises:
        ValueError: as `serialize_headers`.
    """
    if not trailers:
        return LAST_CHUNK
    # A head whose start line is the last chunk is exactly that.
    return serialize_headers("0", trailers)
