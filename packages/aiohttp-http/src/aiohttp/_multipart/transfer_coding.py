"""Content-Transfer-Encoding (RFC 2045 §6), undone and done piece by piece.

However a body is cut into pieces, the result is the same. This file does not know parts.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final, Protocol

from aiohttp.http_exceptions import BadMultipart

# RFC 2045 §6.2: these say what the data is like, and change nothing.
IDENTITY_CODINGS: Final = frozenset({"", "7bit", "8bit", "binary"})

_BASE64_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64: Final = bytes(set(range(256)) - set(_BASE64_ALPHABET + b"="))
_BASE64_CHARACTERS: Final = frozenset(_BASE64_ALPHABET + b"=")

_QP_SEQUENCE: Final = re.compile(rb"=(?:([0-9A-Fa-f]{2})|\r?\n)")
_QP_BEGUN: Final = re.compile(rb"=[0-9A-Fa-f\r]?\Z")

# A line of data is encoded in pieces of so many bytes, so that none has to be kept whole.
_LONGEST_QP_PIECE: Final = 4096


class TransferDecoder(Protocol):
    """Undoes a coding; the pieces of its results, joined, are the decoded body."""

    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class IdentityDecoder:
    """Leaves the data as it is."""

    __slots__ = ()

    def feed(self, data: bytes) -> bytes:
        """Return *data*."""
        return data

    def finish(self) -> bytes:
        """Return nothing more."""
        return b""


class Base64Decoder:
    """Undoes base64 (RFC 2045 §6.8); other characters are skipped, and padding ends it."""

    __slots__ = ("_ended", "_held")

    def __init__(self) -> None:
        # Up to three characters of a group that is not complete.
        self._held = b""
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        """Return the octets of all groups that are complete.

        Raises:
            BadMultipart: there is padding where it cannot be.
        """
        if self._ended:
            return b""
        characters = self._held + data.translate(None, _NOT_BASE64)
        padding = characters.find(b"=")
        if padding >= 0:
            self._ended = True
            self._held = b""
            return _decode_groups(characters[:padding], padded=True)
        whole = len(characters) & ~3
        self._held = characters[whole:]
        return binascii.a2b_base64(characters[:whole])

    def finish(self) -> bytes:
        """Return nothing more.

        Raises:
            BadMultipart: a group is not complete.
        """
        held, self._held = self._held, b""
        return _decode_groups(held, padded=False)


def _decode_groups(characters: bytes, *, padded: bool) -> bytes:
    rest = len(characters) % 4
    if rest == 1 or (rest and not padded):
        raise BadMultipart("base64 data of a part ends inside a group of four characters")
    return binascii.a2b_base64(characters + b"=" * (-len(characters) % 4))


class QuotedPrintableDecoder:
    """Undoes quoted-printable (RFC 2045 §6.7); what is no valid sequence stays as it is."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        # The beginning of a sequence.
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return all octets that are certain."""
        data = self._held + data
        begun = _QP_BEGUN.search(data, max(len(data) - 2, 0))
        if begun is None:
            self._held = b""
        else:
            self._held = begun[0]
            data = data[: begun.start()]
        return _QP_SEQUENCE.sub(_qp_octet, data)

    def finish(self) -> bytes:
        """Return what was held."""
        held, self._held = self._held, b""
        # RFC 2045 §6.7 (5): a line may end in a soft break, and the last one has no line end.
        return b"" if held in {b"=", b"=\r"} else held


def _qp_octet(match: re.Match[bytes]) -> bytes:
    return binascii.unhexlify(match[1]) if match[1] else b""


def open_transfer_decoder(coding: str) -> TransferDecoder | None:
    """Return a decoder for a coding in lower case; None if it is not known."""
    if coding in IDENTITY_CODINGS:
        return IdentityDecoder()
    if coding == "base64":
        return Base64Decoder()
    if coding == "quoted-printable":
        return QuotedPrintableDecoder()
    return None


def whole_groups(coding: str, data: bytes) -> int:
    """Return how many bytes of *data* can be decoded without what comes after them."""
    if coding == "base64":
        rest = len(data.translate(None, _NOT_BASE64)) % 4
        end = len(data)
        while rest:
            end -= 1
            rest -= data[end] in _BASE64_CHARACTERS
        return end
    if coding == "quoted-printable":
        begun = _QP_BEGUN.search(data, max(len(data) - 2, 0))
        return len(data) if begun is None else begun.start()
    return len(data)


class Base64Encoder:
    """Does base64, piece by piece."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        # Up to two octets of a group that is not complete.
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return the characters of all groups that are complete."""
        data = self._held + data
        whole = len(data) - len(data) % 3
        self._held = data[whole:]
        return base64.b64encode(data[:whole])

    def finish(self) -> bytes:
        """Return the last group."""
        held, self._held = self._held, b""
        return base64.b64encode(held)


class QuotedPrintableEncoder:
    """Does quoted-printable, piece by piece.

    CRLF stays as it is; a lone CR or LF is data like any other and not a line end, because what
    comes out at the receiver is to be what went in (RFC 2045 §6.7 (4)).
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        # A line that may go on: where it may be broken depends on what follows.
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return the lines that are complete, and of a very long one all but its end."""
        lines = (self._held + data).split(b"\r\n")
        coded = [_qp_line(line) for line in lines[:-1]]
        self._held = lines[-1]
        if len(self._held) > _LONGEST_QP_PIECE:
            coded.append(self._break_line())
        return b"\r\n".join([*coded, b""])

    def _break_line(self) -> bytes:
        held = self._held
        # What is left is not empty, so that a CR at the break is none of a CRLF.
        end = (len(held) - 1) // _LONGEST_QP_PIECE * _LONGEST_QP_PIECE
        self._held = held[end:]
        return _qp_line(held[:end]) + b"="

    def finish(self) -> bytes:
        """Return the last line."""
        held, self._held = self._held, b""
        return _qp_line(held)


def _qp_pieces(line: bytes) -> Iterator[bytes]:
    for start in range(0, max(len(line), 1), _LONGEST_QP_PIECE):
        yield binascii.b2a_qp(line[start : start + _LONGEST_QP_PIECE], istext=False)


def _qp_line(line: bytes) -> bytes:
    """Encode a line without its end; between pieces and in them are soft breaks (§6.7 (5))."""
    return b"=\n".join(_qp_pieces(line)).replace(b"\n", b"\r\n")
