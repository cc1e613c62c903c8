"""The body of a message: its transfer coding is taken off, piece by piece (RFC 9112 §6.2, §7.1).

A body reads from the bytes that it is given and says where it stopped; it is `done` when the next
message may begin.  It never sees a head and never undoes a content coding.  This source is built
twice: as it stands, and compiled (``body_c``).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, Protocol

from multidict import CIMultiDict, CIMultiDictProxy

from aiohttp._h1.excerpts import shown
from aiohttp._h1.limits import Limits
from aiohttp._h1.section import TCHAR, FieldLines, Lines
from aiohttp.http_exceptions import ContentLengthError, TransferEncodingError

__all__ = ("Body", "ChunkedBody", "LengthBody", "UntilCloseBody")


class Body(Protocol):
    """What the parser needs of a body."""

    done: bool
    # Whether the last piece completed a chunk.
    at_chunk_end: bool
    trailers: CIMultiDictProxy[str] | None

    def take(self, data: bytes, start: int) -> tuple[bytes, int]:
        """The next piece (empty: more bytes are needed), and where the rest begins.

        Raises:
            PayloadEncodingError: the bytes break the framing.
        """

    def end(self) -> None:
        """The connection is over.

        Raises:
            PayloadEncodingError: the body was not complete.
        """


class LengthBody:
    """So many bytes as Content-Length says."""

    __slots__ = ("_length", "_missing", "at_chunk_end", "done", "trailers")

    def __init__(self, length: int) -> None:
        self._length = length
        self._missing = length
        self.done = length == 0
        self.at_chunk_end = False
        self.trailers: CIMultiDictProxy[str] | None = None

    def take(self, data: bytes, start: int) -> tuple[bytes, int]:
        end = start + self._missing
        if end > len(data):
            end = len(data)
        self._missing -= end - start
        if self._missing == 0:
            self.done = True
        return data[start:end], end

    def end(self) -> None:
        if not self.done:
            raise ContentLengthError(
                "The body ended before its Content-Length: "
                f"received {self._length - self._missing} of {self._length} bytes"
            )


class UntilCloseBody:
    """Everything that comes until the connection closes."""

    __slots__ = ("at_chunk_end", "done", "trailers")

    def __init__(self) -> None:
        self.done = False
        self.at_chunk_end = False
        self.trailers: CIMultiDictProxy[str] | None = None

    def take(self, data: bytes, start: int) -> tuple[bytes, int]:
        return data[start:], len(data)

    def end(self) -> None:
        self.done = True


class _Expect(Enum):
    """What a chunked body waits for."""

    SIZE = "the size of a chunk"
    DATA = "the data of a chunk"
    DATA_END = "the line end after the data of a chunk"
    TRAILERS = "trailers or the empty line that ends the body"


_SIZE: Final = _Expect.SIZE
_DATA: Final = _Expect.DATA
_DATA_END: Final = _Expect.DATA_END
_TRAILERS: Final = _Expect.TRAILERS

_TOKEN: Final = rb"[" + TCHAR + rb"]+"
_QUOTED: Final = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_BWS: Final = rb"[ \t]*"
# RFC 9112 §7.1.1: chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
_CHUNK_LINE: Final = re.compile(
    rb"([0-9A-Fa-f]+)"
    rb"(?:"
    + _BWS
    + rb";"
    + _BWS
    + _TOKEN
    # A value is possible only behind an equals sign, so this never has two ways to match.
    + rb"(?:"
    + _BWS
    + rb"="
    + _BWS
    + rb"(?:"
    + _TOKEN
    + rb"|"
    + _QUOTED
    + rb"))?)*"
)
# The beginning of such a line, while its end is missing.
_CHUNK_LINE_START: Final = re.compile(rb"(?:[0-9A-Fa-f]+(?:[ \t;].*)?)?", re.DOTALL)
# Value of each byte as a hexadecimal digit, or 255.
_HEX: Final = bytes(
    int(chr(byte), 16) if byte in b"0123456789abcdefABCDEF" else 255 for byte in range(256)
)
# So many digits are surely below the largest chunk.
_FEW_DIGITS: Final = 15
_CR: Final = 0x0D
_LF: Final = 0x0A
# Bytes of a size line that no peer need excuse, and those for each byte of data that it announces:
# what goes beyond is added up (RFC 9112 §7.1.1).  Signatures of large chunks stay below; an
# extension of a hundred bytes for each byte of data does not.
_FREE_LINE: Final = 16
_FREE_PER_BYTE: Final = 2
# The same as the receivers count in: a larger chunk would not fit a signed 64-bit number.
_LARGEST_CHUNK: Final = 2**63 - 1


class ChunkedBody:
    """Chunks, the last of size zero, then trailers (RFC 9112 §7.1).

    Args:
        limits: bounds of a size line with its extensions, of what extensions of all chunks may
            add to the data, and of each trailer.
        most_trailers: how many trailers there may be.
        lenient: allow white space behind the size, and in the trailers what `FieldLines` forgives.
    """

    __slots__ = (
        "_expect",
        "_extra",
        "_lenient",
        "_limits",
        "_lines",
        "_missing",
        "_most_trailers",
        "_overhead",
        "at_chunk_end",
        "done",
        "trailers",
    )

    def __init__(self, limits: Limits, most_trailers: int, lenient: bool) -> None:
        self._limits = limits
        self._lenient = lenient
        self._most_trailers = most_trailers
        self._expect = _SIZE
        # Bytes that the current chunk still lacks.
        self._missing = 0
        # Bytes of extensions, and of zeros before sizes, that there was no data for.
        self._overhead = 0
        # Reads lines that are unfinished or not plain; made when one comes.
        self._lines: Lines | None = None
        # Trailers come seldom; their reader is made with the first one.
        self._extra: FieldLines | None = None
        self.done = False
        self.at_chunk_end = False
        self.trailers: CIMultiDictProxy[str] | None = None

    def take(self, data: bytes, start: int) -> tuple[bytes, int]:
        size = len(data)
        while start < size and not self.done:
            if self._expect is _DATA:
                end = start + self._missing
                if end > size:
                    end = size
                self._missing -= end - start
                self.at_chunk_end = self._missing == 0
                if self.at_chunk_end:
                    self._expect = _DATA_END
                    self._missing = 2
                return data[start:end], end
            if self._expect is _SIZE:
                start = self._take_size(data, start)
            elif self._expect is _DATA_END:
                start = self._take_data_end(data, start)
            else:
                start = self._take_trailer(data, start)
        return b"", start

    def end(self) -> None:
        if self.done:
            return
        raise TransferEncodingError(
            "The body ended before its last chunk: "
            f"expected {self._expect.value}, got the end of the connection"
        )

    def _take_size(self, data: bytes, start: int) -> int:
        """A size line; most have a few digits and nothing else."""
        if self._lines is None:
            at = start
            chunk = 0
            stop = min(len(data) - 2, start + _FEW_DIGITS)
            while at < stop:
                digit = _HEX[data[at]]
                if digit > 15:
                    break
                chunk = chunk * 16 + digit
                at += 1
            if start < at <= stop and data[at] == _CR and data[at + 1] == _LF:
                self._begin_chunk(chunk)
                return at + 2
        return self._take_size_line(data, start)

    def _take_size_line(self, data: bytes, start: int) -> int:
        if self._lines is None:
            # A size line must end in CRLF, whatever is forgiven elsewhere: bodies hide there.
            self._lines = Lines(self._limits.max_line_size, False)
        lf = data.find(b"\n", start)
        beginning = bytes(self._lines.partial) + data[start : len(data) if lf < 0 else lf]
        if beginning.endswith(b"\r"):
            beginning = beginning[:-1]
        if not _CHUNK_LINE_START.fullmatch(beginning):
            raise _bad_size(beginning)
        line, start = self._lines.take(data, start)
        if line is None:
            return start
        self._lines = None
        if self._lenient:
            line = line.rstrip(b" \t")
        matched = _CHUNK_LINE.fullmatch(line)
        if matched is None:
            raise _bad_size(line)
        digits = matched[1].lstrip(b"0")
        if len(digits) > 16 or int(digits or b"0", 16) > _LARGEST_CHUNK:
            raise TransferEncodingError(
                f"Invalid chunk size: expected at most {_LARGEST_CHUNK:x}, got {shown(digits)}"
            )
        size = int(digits or b"0", 16)
        if len(line) > _FREE_LINE:
            self._count_overhead(line, size)
        self._begin_chunk(size)
        return start

    def _count_overhead(self, line: bytes, size: int) -> None:
        overhead = self._overhead + len(line) - _FREE_LINE - _FREE_PER_BYTE * size
        if overhead > self._limits.max_line_size:
            raise TransferEncodingError(
                f"Too many chunk extensions: expected at most {self._limits.max_line_size} bytes "
                f"more than there are data for, got {shown(line)} besides others"
            )
        self._overhead = max(overhead, 0)

    def _begin_chunk(self, size: int) -> None:
        self._missing = size
        self._expect = _DATA if size else _TRAILERS

    def _take_data_end(self, data: bytes, start: int) -> int:
        if self._missing == 2 and data.startswith(b"\r\n", start):
            self._missing = 0
            self._expect = _SIZE
            return start + 2
        expected = b"\r\n"[2 - self._missing :]
        got = data[start : start + self._missing]
        if got != expected[: len(got)]:
            raise TransferEncodingError(
                "Chunk size mismatch: expected CRLF after chunk data, "
                f"got {shown(data[start : start + 8])}"
            )
        self._missing -= len(got)
        if self._missing == 0:
            self._expect = _SIZE
        return start + len(got)

    def _take_trailer(self, data: bytes, start: int) -> int:
        if self._lines is None:
            if data.startswith(b"\r\n", start) and self._extra is None:
                self.done = True
                return start + 2
            self._lines = Lines(self._limits.max_field_size, self._lenient, FieldLines.SEPARATOR)
        line, start = self._lines.take(data, start)
        if line is None:
            return start
        if line:
            if self._extra is None:
                self._extra = FieldLines(
                    self._limits, lenient=self._lenient, most=self._most_trailers
                )
            self._extra.add(line)
            return start
        if self._extra is not None:
            self._extra.close()
            self.trailers = CIMultiDictProxy(CIMultiDict(self._extra.fields))
        self.done = True
        return start


def _bad_size(line: bytes) -> TransferEncodingError:
    return TransferEncodingError(
        f"Invalid character in chunk size: expected hexadecimal digits and extensions, "
        f"got {shown(line)}"
    )
