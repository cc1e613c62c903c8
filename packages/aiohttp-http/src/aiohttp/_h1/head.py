"""The head of a message: a start line and a field section become text (RFC 9112 §2–§5).

There are two ways through a head, with one verdict:

* `tokenize_request` and `tokenize_response` take a whole, well-formed head in one go.  They never
  complain: whatever is unusual (incomplete, folded, too long, wrong) makes them return None.
  ``_head.pyx`` has twins of the same signatures.
* `RequestHead` and `ResponseHead` take it line by line, in the order of the bytes, keep what is
  unfinished between reads, and say what is wrong.  So the verdict depends on the bytes alone and
  not on how they were split into reads.

Here nothing is decided about bodies, connections or what a field means: see `framing`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from aiohttp._h1.excerpts import shown
from aiohttp._h1.kinds import HttpVersion, HttpVersion10, HttpVersion11
from aiohttp._h1.limits import Limits
from aiohttp._h1.names import resolve
from aiohttp._h1.section import (
    LENIENT_VALUE,
    TCHAR,
    TOKEN,
    VALUE,
    FieldLines,
    Fields,
    Lines,
    RawFields,
)
from aiohttp._late import late_pattern
from aiohttp.http_exceptions import (
    BadHttpMessage,
    BadHttpMethod,
    BadStatusLine,
    InvalidURLError,
    LineTooLong,
)

__all__ = (
    "RequestHead",
    "RequestTokens",
    "ResponseHead",
    "ResponseTokens",
    "tokenize_request",
    "tokenize_response",
)


class RequestTokens(NamedTuple):
    """A request head, taken apart: `seen` and `repeated` add up the marks of `names`."""

    method: str
    target: str
    version: HttpVersion
    fields: Fields
    raw: RawFields | bytes
    seen: int
    repeated: int
    # Offset behind the empty line that ends the head.
    end: int


class ResponseTokens(NamedTuple):
    """A response head, taken apart."""

    version: HttpVersion
    code: int
    reason: str
    fields: Fields
    raw: RawFields | bytes
    seen: int
    repeated: int
    end: int


# --- Grammar ---

# RFC 9112 §3.2 allows ASCII only.  Bytes above it are let pass, as they come from clients that do
# not encode a path; controls, space and DEL never are.
_TARGET: Final = late_pattern(rb"[\x21-\x7e\x80-\xff]+")
_VERSION: Final = late_pattern(rb"HTTP/([0-9])\.([0-9])")
_STATUS_LINE: Final = late_pattern(rb"HTTP/([0-9])\.([0-9]) ([0-9]{3})(?: ([^\r\n]*))?")

_VERSIONS: Final = {10: HttpVersion10, 11: HttpVersion11}

# A TLS record of type handshake, version 3.x (RFC 8446 §5.1): https on a plain port.
_TLS_HANDSHAKE: Final = 0x16

# Answers to requests over a limit (RFC 9112 §3, RFC 6585 §5).
_URI_TOO_LONG: Final = 414
_FIELDS_TOO_LARGE: Final = 431


# --- A whole head in one go ---

_SECTION: Final = late_pattern(rb"(?:[" + TCHAR + rb"]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*(?=\r\n)")
_REQUEST_LINE: Final = late_pattern(
    rb"([" + TCHAR + rb"]+) ([\x21-\x7e\x80-\xff]+) HTTP/1\.([01])\r\n"
)
_PLAIN_STATUS_LINE: Final = late_pattern(
    rb"HTTP/1\.([01]) ([1-9][0-9]{2}) ([^\x00-\x08\x0a-\x1f\x7f]*)\r\n"
)


def _tokenize_section(
    section: bytes, max_field_size: int, max_headers: int
) -> tuple[Fields, int, int] | None:
    """The fields of a section that has been matched; None if one is over a limit."""
    fields: Fields = []
    longest = max_field_size + FieldLines.SEPARATOR
    seen = repeated = 0
    for line in section.split(b"\r\n")[:-1]:
        if len(line) > longest:
            return None
        name, _, value = line.partition(b":")
        value = value.strip(b" \t")
        shared, mark = resolve(name)
        repeated |= seen & mark
        seen |= mark
        fields.append((shared, value.decode("utf-8", "surrogateescape")))
    if len(fields) > max_headers:
        return None
    return fields, seen, repeated


def tokenize_request(
    data: bytes, start: int, max_line_size: int, max_field_size: int, max_headers: int
) -> tuple[str, str, HttpVersion, Fields, bytes, int, int, int] | None:
    """Take the request head that begins at `start` apart, if it is whole and plainly right.

    Returns the members of `RequestTokens`; None means: read it line by line.
    """
    line = _REQUEST_LINE.match(data, start)
    if line is None or line.end() - start - 2 > max_line_size:
        return None
    matched = _SECTION.match(data, line.end())
    if matched is None:
        return None
    section = matched.group()
    taken = _tokenize_section(section, max_field_size, max_headers)
    if taken is None:
        return None
    method, target, minor = line.groups()
    fields, seen, repeated = taken
    return (
        method.decode("ascii"),
        target.decode("utf-8", "surrogateescape"),
        HttpVersion11 if minor == b"1" else HttpVersion10,
        fields,
        section,
        seen,
        repeated,
        matched.end() + 2,
    )


def tokenize_response(
    data: bytes, start: int, max_line_size: int, max_field_size: int, max_headers: int
) -> tuple[HttpVersion, int, str, Fields, bytes, int, int, int] | None:
    """Take the response head that begins at `start` apart, if it is whole and plainly right.

    Returns the members of `ResponseTokens`; None means: read it line by line.
    """
    line = _PLAIN_STATUS_LINE.match(data, start)
    if line is None or line.end() - start - 2 > max_line_size:
        return None
    matched = _SECTION.match(data, line.end())
    if matched is None:
        return None
    section = matched.group()
    taken = _tokenize_section(section, max_field_size, max_headers)
    if taken is None:
        return None
    minor, code, reason = line.groups()
    fields, seen, repeated = taken
    return (
        HttpVersion11 if minor == b"1" else HttpVersion10,
        int(code),
        reason.decode("utf-8", "surrogateescape").strip(" \t"),
        fields,
        section,
        seen,
        repeated,
        matched.end() + 2,
    )


# --- Line by line ---


class _Head:
    """A head that comes in pieces: empty lines, a start line, fields, an empty line."""

    __slots__ = (
        "_beginning_checked",
        "_blank",
        "_fields",
        "_lenient",
        "_limits",
        "_lines",
        "_started",
    )

    def __init__(self, limits: Limits, *, lenient: bool) -> None:
        self._limits = limits
        self._lenient = lenient
        # Bytes of empty lines before the start line (RFC 9112 §2.2).
        self._blank = 0
        self._beginning_checked = False
        self._started = False
        self._lines = Lines(limits.max_line_size, lenient)
        self._fields = FieldLines(limits, lenient=lenient, most=limits.max_headers)

    @property
    def begun(self) -> bool:
        """Whether anything but empty lines has come."""
        return self._started or bool(self._lines.partial.strip(b"\r\n"))

    @property
    def pending(self) -> int:
        """Bytes of the unfinished line that are kept."""
        return len(self._lines.partial)

    def _read_lines(self, data: bytes, start: int) -> tuple[bool, int]:
        """Read lines up to the end of the head: whether it has come, and where the rest begins."""
        if not self._started:
            start = self._read_start_line(data, start)
            if not self._started:
                return False, start
        while True:
            line, start = self._lines.take(data, start)
            if line is None:
                return False, start
            if not line:
                self._fields.close()
                return True, start
            self._fields.add(line)

    def _read_start_line(self, data: bytes, start: int) -> int:
        while start < len(data):
            if not self._beginning_checked:
                self._beginning_checked = self._check_beginning(self._beginning(data, start))
            line, start = self._lines.take(data, start)
            if line is None:
                break
            self._beginning_checked = False
            if line:
                self._parse_start_line(line)
                self._started = True
                self._lines = Lines(
                    self._limits.max_field_size, self._lenient, FieldLines.SEPARATOR
                )
                break
            # RFC 9112 §2.2: empty lines before the start line are ignored; not for ever.
            self._blank += 2
            if self._blank > self._limits.max_line_size:
                raise LineTooLong("empty lines before a message", self._limits.max_line_size)
        return start

    def _beginning(self, data: bytes, start: int) -> bytes:
        """What has come of the start line, without its end."""
        lf = data.find(b"\n", start)
        line = bytes(self._lines.partial) + data[start : len(data) if lf < 0 else lf]
        return line[:-1] if line.endswith(b"\r") else line

    def _bad_start(self, got: bytes) -> BadHttpMessage:
        raise NotImplementedError

    def _check_beginning(self, line: bytes) -> bool:
        """Refuse at once what cannot become a start line; whether that is settled."""
        raise NotImplementedError

    def _parse_start_line(self, line: bytes) -> None:
        raise NotImplementedError


class RequestHead(_Head):
    """A request head that comes in pieces, or that is not plainly right."""

    __slots__ = ("_method", "_target", "_version")

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits, lenient=False)
        self._method = ""
        self._target = ""
        self._version = HttpVersion11

    def read(self, data: bytes, start: int) -> tuple[RequestTokens | None, int]:
        """Go on reading: the head if it is complete, and where the rest begins.

        Raises:
            BadHttpMessage: saying what was expected and what came.
        """
        try:
            complete, end = self._read_lines(data, start)
        except LineTooLong as error:
            if self._started:
                error.answer = _FIELDS_TOO_LARGE
            elif self._beginning_checked:
                # Most of such a line is its target.
                error.answer = _URI_TOO_LONG
            raise
        if not complete:
            return None, end
        tokens = RequestTokens(
            self._method,
            self._target,
            self._version,
            self._fields.fields,
            tuple(self._fields.raw),
            *self._fields.marks(),
            end,
        )
        return tokens, end

    def _bad_start(self, got: bytes) -> BadHttpMessage:
        return BadStatusLine(shown(got), f"Bad request line: expected a method, got {shown(got)}")

    def _check_beginning(self, line: bytes) -> bool:
        method, space, _ = line.partition(b" ")
        if not method and line:
            raise self._bad_start(line)
        if method and not TOKEN.fullmatch(method):
            if line[0] == _TLS_HANDSHAKE:
                raise BadHttpMethod(
                    shown(line),
                    "Received HTTPS traffic on an HTTP port: expected a method, got a TLS record",
                )
            raise BadHttpMethod(
                shown(line),
                f"Invalid method encountered: expected a token, got {shown(method)}",
            )
        return bool(space)

    def _parse_start_line(self, line: bytes) -> None:
        """request-line = method SP request-target SP HTTP-version (RFC 9112 §3)."""
        parts = line.split(b" ")
        if len(parts) != 3:
            raise BadStatusLine(
                shown(line),
                f"Bad status line: expected METHOD target HTTP/1.1 with single spaces, "
                f"got {shown(line)}",
            )
        method, target, version = parts
        if not _TARGET.fullmatch(target):
            raise InvalidURLError(
                f"Invalid request target: expected no controls, got {shown(target)}"
            )
        self._method = method.decode("ascii")
        self._target = target.decode("utf-8", "surrogateescape")
        self._version = _read_version(_VERSION.fullmatch(version), line)


class ResponseHead(_Head):
    """A response head that comes in pieces, or that is not plainly right."""

    __slots__ = ("_code", "_reason", "_version")

    def __init__(self, limits: Limits, *, lenient: bool) -> None:
        super().__init__(limits, lenient=lenient)
        self._code = 0
        self._reason = ""
        self._version = HttpVersion11

    def read(self, data: bytes, start: int) -> tuple[ResponseTokens | None, int]:
        """Go on reading: the head if it is complete, and where the rest begins.

        Raises:
            BadHttpMessage: saying what was expected and what came.
        """
        complete, end = self._read_lines(data, start)
        if not complete:
            return None, end
        tokens = ResponseTokens(
            self._version,
            self._code,
            self._reason,
            self._fields.fields,
            tuple(self._fields.raw),
            *self._fields.marks(),
            end,
        )
        return tokens, end

    def _bad_start(self, got: bytes) -> BadHttpMessage:
        return BadStatusLine(
            shown(got), f"Bad status line: expected HTTP/1.1 and a status code, got {shown(got)}"
        )

    def _check_beginning(self, line: bytes) -> bool:
        expected = b"HTTP/"
        if line[: len(expected)] != expected[: len(line)]:
            raise self._bad_start(line)
        return len(line) >= len(expected)

    def _parse_start_line(self, line: bytes) -> None:
        """status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 §4)."""
        matched = _STATUS_LINE.fullmatch(line)
        if matched is None:
            raise self._bad_start(line)
        self._version = _read_version(matched, line)
        self._code = int(matched[3])
        if self._code < 100:
            raise self._bad_start(line)
        reason = matched[4] or b""
        grammar = LENIENT_VALUE if self._lenient else VALUE
        if not grammar.fullmatch(reason):
            raise BadStatusLine(
                shown(line),
                f"Bad status line: expected no controls in the reason, got {shown(reason)}",
            )
        self._reason = reason.decode("utf-8", "surrogateescape").strip(" \t")


def _read_version(matched: re.Match[bytes] | None, line: bytes) -> HttpVersion:
    """RFC 9112 §2.3; a minor version that is not known is read like the highest that is."""
    if matched is None:
        raise BadStatusLine(
            shown(line), f"Bad status line: expected HTTP/1.0 or HTTP/1.1, got {shown(line)}"
        )
    major, minor = int(matched[1]), int(matched[2])
    if line == b"PRI * HTTP/2.0":
        raise BadStatusLine(
            shown(line),
            "Bad status line: expected HTTP/1.1, got the preface of an HTTP/2 connection",
        )
    if major != 1:
        raise BadStatusLine(
            shown(line), f"Bad status line: expected HTTP/1.x, got HTTP/{major}.{minor}"
        )
    return _VERSIONS.get(10 + minor) or HttpVersion(major, minor)
