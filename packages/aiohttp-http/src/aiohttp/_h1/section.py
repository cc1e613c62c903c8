"""Lines, and the fields in them, one after the other (RFC 9112 §2.2, §5).

Whatever reads a field section bit by bit stands on this: heads that come in pieces, trailers, the
parts of a multipart body.  It knows no start line, and not what a field means.
"""

from __future__ import annotations

import re
from typing import Final

from multidict import istr

from aiohttp._h1.excerpts import shown
from aiohttp._h1.limits import Limits
from aiohttp._h1.names import resolve
from aiohttp.http_exceptions import BadHttpMessage, InvalidHeader, LineTooLong

__all__ = ("FieldLines", "Fields", "Lines", "RawFields", "require_crlf")

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
        lenient: whether a lone LF ends a line, too (RFC 9112 §2.2 allows it to a recipient).
    """

    __slots__ = ("lenient", "limit", "partial")

    def __init__(self, limit: int, lenient: bool) -> None:
        self.lenient = lenient
        # Longest line, without its end.
        self.limit = limit
        self.partial = bytearray()

    def take(self, data: bytes, start: int) -> tuple[bytes | None, int]:
        """The next line without its end, and where the rest begins; None if it is unfinished.

        A line that ends in a lone LF keeps it when that is not forgiven: `require_crlf` tells.

        Raises:
            LineTooLong: also when the end of the line has not come yet.
        """
        lf = data.find(b"\n", start)
        if lf < 0:
            # One byte more may be the CR of the line's end.
            if len(self.partial) + len(data) - start > self.limit + 1:
                raise _line_too_long(self.partial + data[start : start + 64], self.limit)
            self.partial += data[start:]
            return None, len(data)
        line = data[start : lf + 1]
        if self.partial:
            line = bytes(self.partial) + line
            self.partial.clear()
        if line.endswith(b"\r\n"):
            line = line[:-2]
        elif self.lenient:
            line = line[:-1]
        if len(line) > self.limit + line.endswith(b"\n"):
            raise _line_too_long(line, self.limit)
        return line, lf + 1


def _line_too_long(line: bytes | bytearray, limit: int) -> LineTooLong:
    return LineTooLong(shown(line), limit)


def require_crlf(line: bytes) -> None:
    if line.endswith(b"\n"):
        raise BadHttpMessage(
            f"Bare LF in the head: expected CRLF at the end of each line, got {shown(line)}"
        )


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
        require_crlf(line)
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
            raise _line_too_long(self._name + b": " + self._parts[0], self.limits.max_field_size)

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
