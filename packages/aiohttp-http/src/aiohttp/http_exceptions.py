"""What can be wrong with a message: one class a kind of fault.

    HttpProcessingError
    └── BadHttpMessage                    400: the head is not HTTP
        ├── BadStatusLine                 the start line
        │   └── BadHttpMethod
        ├── InvalidHeader                 one field
        ├── InvalidURLError               the request target
        ├── LineTooLong                   a limit of the receiver
        ├── HttpBadRequest
        └── PayloadEncodingError          the head was right, the body is not
            ├── ContentEncodingError      what Content-Encoding says
            ├── ContentLengthError        fewer bytes than Content-Length says
            ├── TransferEncodingError     the chunked coding
            ├── DecompressSizeError       413: decoded, it is larger than allowed
            └── BadMultipart              the parts of a multipart body

The classes carry a status code so that a server can answer from the error alone.  They know nothing
of parsers, connections or roles.
"""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multidict import CIMultiDict

__all__ = ("HttpProcessingError",)


class HttpProcessingError(Exception):
    """A message that cannot be handled.

    Args:
        code: status code that answers it; None takes the class's.
        message: text for a person.
        headers: fields to send with the answer.
    """

    code = 0
    message = ""
    headers: CIMultiDict[str] | None = None

    def __init__(
        self,
        *,
        code: int | None = None,
        message: str = "",
        headers: CIMultiDict[str] | None = None,
    ) -> None:
        if code is not None:
            self.code = code
        self.headers = headers
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}, message:\n{indent(self.message, '  ')}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.code}, message={self.message!r}>"


class BadHttpMessage(HttpProcessingError):
    """What came is not an HTTP message."""

    code = 400
    message = "Bad Request"

    def __init__(self, message: str, *, headers: CIMultiDict[str] | None = None) -> None:
        super().__init__(message=message, headers=headers)
        # pickle and copy call the class with `args`.
        self.args = (message,)


class HttpBadRequest(BadHttpMessage):
    """A request that a server refuses with 400."""

    code = 400
    message = "Bad Request"


class PayloadEncodingError(BadHttpMessage):
    """The body does not follow the coding that its head declares."""


class ContentEncodingError(PayloadEncodingError):
    """The body is not what Content-Encoding says (RFC 9110 §8.4)."""


class TransferEncodingError(PayloadEncodingError):
    """The body is not what Transfer-Encoding says (RFC 9112 §7)."""


class ContentLengthError(PayloadEncodingError):
    """The body ended before Content-Length bytes had come (RFC 9112 §8)."""


class DecompressSizeError(PayloadEncodingError):
    """The decoded body is larger than the receiver allows: 413 (RFC 9110 §15.5.14)."""

    code = 413


class BadMultipart(PayloadEncodingError, ValueError):
    """A multipart body that breaks RFC 2046 §5.1 or a limit of the reader."""


class LineTooLong(BadHttpMessage):
    """A line or a field exceeds the receiver's limit.

    Args:
        line: the beginning of it, or its name.
        limit: bytes that were allowed.
        actual_size: bytes seen so far, where that is known.
    """

    # What a server answers: ``code`` has been 400 for all of them, and programs read it.
    answer = 400

    def __init__(
        self,
        line: str | bytes,
        limit: str | int = "Unknown",
        actual_size: str = "Unknown",
    ) -> None:
        super().__init__(f"Got more than {limit} bytes when reading: {line!r}.")
        self.args = (line, limit, actual_size)


class InvalidHeader(BadHttpMessage):
    """A field that RFC 9112 §5 does not allow; ``hdr`` holds it."""

    def __init__(self, hdr: bytes | str) -> None:
        text = hdr.decode("utf-8", "backslashreplace") if isinstance(hdr, bytes) else hdr
        super().__init__(f"Invalid HTTP header: {hdr!r}")
        self.hdr = text
        self.args = (hdr,)


class BadStatusLine(BadHttpMessage):
    """A start line that cannot be read; ``line`` holds it."""

    def __init__(self, line: str = "", error: str | None = None) -> None:
        text = line if isinstance(line, str) else repr(line)
        super().__init__(error or f"Bad status line {text!r}")
        self.line = text
        self.args = (text,) if error is None else (text, error)


class BadHttpMethod(BadStatusLine):
    """The method is not a token (RFC 9110 §9.1)."""

    def __init__(self, line: str = "", error: str | None = None) -> None:
        super().__init__(line, error or f"Bad HTTP method in status line {line!r}")


class InvalidURLError(BadHttpMessage):
    """The request target is not one of the forms of RFC 9112 §3.2."""
