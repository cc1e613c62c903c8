"""Lines, and the fields in them, one after the other (RFC 9112 §2.2, §5).

Whatever reads a field section bit by bit stands on this: heads that come in pieces, trailers, the
parts of a multipart body.  It knows no start line, and not what a field means.
"""

from __future__ import annotations

import re
from typing import Final

from multidict import istr

from aiohttp._h1.excerpts import LONGEST_EXCERPT, shown
from aiohttp._h1.limits import Limits
from aiohttp._h1.names import resolve
from aiohttp.http_exceptions import BadHttpMessage, InvalidHeader, LineTooLong

__all__ = ("FieldLines", "Fields", "Lines", "RawFields", "line_too_long")

Fields = list[tuple[istr, str]]
RawFields = tuple[tuple[bytes, bytes], ...]

# RFC 9110 §5.6.2: token = 1*tchar; a field name is one.
TCHAR: Final = rb"!#$%&'*+\-.^_`|~0-9A-Za-z"
TCHAR_BYTES: Final = frozenset(
    byte for byte in range(128) if re.match(rb"[" + TCHAR + rb"]", bytes([byte]))
)
TOKEN: Final = re.compile(rb"[" + TCHAR + rb"]+")
# RFC 9110 §5.5: VCHAR, obs-text, SP and HTAB.
VALUE: Final = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
# What a response may carry besides when it is read leniently: other controls, as 3.14 lets pass.
LENIENT_VALUE: Final = re.compile(rb"[^\x00\r\n]*")


class Lines:
    """Cuts reads into lines; keeps the beginning of a line for the next read.

    Args:
        limit: longest line in bytes, without its end.
        lenient: whether a lone LF ends a line, too (RFC 9112 §2.2 allows it to a recipient).
        slack: bytes that a line may have beyond the limit because they do not count.
    """

    __slots__ = ("_lenient", "_limit", "_slack", "partial")

    def __init__(self, limit: int, lenient: bool, slack: int = 0) -> None:
        self._limit = limit
        self._lenient = lenient
        self._slack = slack
        self.partial = bytearray()

    def take(self, data: bytes, start: int) -> tuple[bytes | None, int]:
        """The next line without its end, and where the rest begins; None if it is unfinished.

        Raises:
            LineTooLong: also when the end of the line has not come yet.
            BadHttpMessage: the line ends in a lone LF, and that is not forgiven.
        """
        longest = self._limit + self._slack
        lf = data.find(b"\n", start)
        if lf < 0:
            # One byte more may be the CR of the line's end.
            if len(self.partial) + len(data) - start > longest + 1:
                raise line_too_long(self.partial + data[start : start + 64], self._limit)
            self.partial += data[start:]
            return None, len(data)
        line = data[start:lf]
        if self.partial:
            line = bytes(self.partial) + line
            self.partial.clear()
        ends_right = line.endswith(b"\r")
        if ends_right:
            line = line[:-1]
        if len(line) > longest:
            raise line_too_long(line, self._limit)
        if not ends_right and not self._lenient:
            crlf = data.find(b"\r\n", lf, lf + LONGEST_EXCERPT)
            seen = line[-LONGEST_EXCERPT:] + data[lf : lf + 1 if crlf < 0 else crlf]
            raise BadHttpMessage(
                f"Bare LF: expected CRLF at the end of each line, got {shown(seen)}"
            )
        return line, lf + 1


def line_too_long(line: bytes | bytearray, limit: int) -> LineTooLong:
    return LineTooLong(bytes(line[:LONGEST_EXCERPT]), limit)


class FieldLines:
    """A field section, one line after the other (RFC 9112 §5).

    Args:
        limits: bounds of each field.
        lenient: join obsolete folding and let controls other than NUL, CR and LF pass (§5.2, §5.5).
        most: how many fields there may be.
    """

    __slots__ = ("_name", "_parts", "_size", "fields", "lenient", "limits", "most", "raw")

    # Colon and space do not count: the limit is for name and value.
    SEPARATOR: Final = 2

    def __init__(self, limits: Limits, *, lenient: bool, most: int) -> None:
        self.limits = limits
        self.lenient = lenient
        self.most = most
        self.fields: Fields = []
        self.raw: list[tuple[bytes, bytes]] = []
        # The field that a folded line may still continue.
        self._name = b""
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, line: bytes) -> None:
        """Take one line that is not empty."""
        if line[:1] in (b" ", b"\t"):
            self._fold(line)
            return
        self._finish()
        name, colon, value = line.partition(b":")
        if not colon:
            raise _bad_field(line, "name: value")
        if not TOKEN.fullmatch(name):
            raise _bad_field(name, "a token before the colon (no white space)")
        self._check_value(name, value)
        value = value.strip(b" \t")
        self._name = name
        self._parts = [value]
        self._size = len(line) - self.SEPARATOR
        self._check_size()
        if len(self.fields) >= self.most:
            raise BadHttpMessage(f"Too many headers received: expected at most {self.most}")

    def close(self) -> None:
        """The section is over."""
        self._finish()

    def marks(self) -> tuple[int, int]:
        """The marks of the fields that are there, and of those that are there more than once."""
        seen = repeated = 0
        for name, _ in self.raw:
            mark = resolve(name)[1]
            repeated |= seen & mark
            seen |= mark
        return seen, repeated

    def _fold(self, line: bytes) -> None:
        """RFC 9112 §5.2: a server rejects obs-fold; a user agent replaces it with a space."""
        if not self._name:
            raise _bad_field(line, "a field name at the beginning of the first line")
        if not self.lenient:
            raise _bad_field(line, "no obsolete line folding")
        if resolve(self._name)[0] == "Transfer-Encoding":
            raise _bad_field(line, "Transfer-Encoding on one line")
        self._check_value(self._name, line)
        part = line.strip(b" \t")
        self._parts.append(part)
        self._size += len(line)
        self._check_size()

    def _check_value(self, name: bytes, value: bytes) -> None:
        grammar = LENIENT_VALUE if self.lenient else VALUE
        if not grammar.fullmatch(value):
            raise _bad_field(
                value, f"no control characters in the value of {name[:64].decode('ascii')}"
            )

    def _check_size(self) -> None:
        if self._size > self.limits.max_field_size:
            raise line_too_long(self._name + b": " + self._parts[0], self.limits.max_field_size)

    def _finish(self) -> None:
        if self._name:
            value = b" ".join([part for part in self._parts if part])
            self.raw.append((self._name, value))
            name = resolve(self._name)[0]
            self.fields.append((name, value.decode("utf-8", "surrogateescape")))
            self._name = b""


def _bad_field(got: bytes, expected: str) -> InvalidHeader:
    error = InvalidHeader(bytes(got[:64]))
    error.message = f"Invalid HTTP header: expected {expected}, got {shown(got)}"
    return error
