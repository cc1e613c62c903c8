"""How long the body of a message is, and what becomes of the connection: RFC 9112 §6, in one place.

Both deciders take what a head says (its version, the marks of its fields, the fields) and return a
`Framing`.  This source is built twice: as it stands, and compiled (``framing_c``).  It knows
neither how the head was read nor how the body will be.
"""

from __future__ import annotations

from typing import Final

from multidict import CIMultiDictProxy, istr

from aiohttp import hdrs
from aiohttp._h1 import names
from aiohttp._h1.excerpts import shown
from aiohttp._h1.kinds import BodyKind, HttpVersion
from aiohttp._h1.target import KNOWN_HOSTS, check_host
from aiohttp.http_exceptions import BadHttpMessage, InvalidHeader

__all__ = ("BodyKind", "Framing", "request_framing", "response_framing")


class Framing:
    """What follows a head.

    Args:
        kind: what ends the body.
        length: bytes of the body if `kind` is LENGTH, else 0.
        keep_alive: whether the connection may carry another message after this one.
        upgrade: whether bytes after this message belong to another protocol, if the role agrees.
        expect_continue: whether the client waits for 100 (Continue) before it sends the body.
        compression: content coding that the body carries and that can be undone, or None.
    """

    __slots__ = ("compression", "expect_continue", "keep_alive", "kind", "length", "upgrade")

    def __init__(
        self,
        kind: BodyKind,
        length: int = 0,
        keep_alive: bool = True,
        upgrade: bool = False,
        expect_continue: bool = False,
        compression: str | None = None,
    ) -> None:
        self.kind = kind
        self.length = length
        self.keep_alive = keep_alive
        self.upgrade = upgrade
        self.expect_continue = expect_continue
        self.compression = compression

    def __repr__(self) -> str:
        size = f" {self.length} bytes" if self.kind is BodyKind.LENGTH else ""
        words = [
            word
            for word, so in (
                ("keep-alive" if self.keep_alive else "close", True),
                ("upgrade", self.upgrade),
                ("100-continue", self.expect_continue),
                (self.compression or "", bool(self.compression)),
            )
            if so
        ]
        return f"<Framing {self.kind.name}{size}: {', '.join(words)}>"


# Most messages have no body and ask for nothing: they share these.
_KEEPS: Final = Framing(BodyKind.NONE, 0, True)
_CLOSES: Final = Framing(BodyKind.NONE, 0, False)

_NONE: Final = BodyKind.NONE
_LENGTH: Final = BodyKind.LENGTH
_CHUNKED: Final = BodyKind.CHUNKED
_UNTIL_CLOSE: Final = BodyKind.UNTIL_CLOSE

# Fields without which there is nothing to decide.
_DECISIVE: Final = (
    names.CONTENT_LENGTH
    | names.TRANSFER_ENCODING
    | names.CONNECTION
    | names.UPGRADE
    | names.EXPECT
    | names.CONTENT_ENCODING
    | names.HIXIE_KEY
)

_SINGLETONS: Final = names.SINGLETONS
_HOST: Final = names.HOST
_CONTENT_LENGTH: Final = names.CONTENT_LENGTH
_TRANSFER_ENCODING: Final = names.TRANSFER_ENCODING
_CONNECTION: Final = names.CONNECTION
_UPGRADE: Final = names.UPGRADE
_EXPECT: Final = names.EXPECT
_CONTENT_ENCODING: Final = names.CONTENT_ENCODING
_HIXIE_KEY: Final = names.HIXIE_KEY

_CONNECTION_NAME: Final = hdrs.CONNECTION
_CONTENT_LENGTH_NAME: Final = hdrs.CONTENT_LENGTH
_HOST_NAME: Final = hdrs.HOST
_TRANSFER_ENCODING_NAME: Final = hdrs.TRANSFER_ENCODING

# Larger values do not fit the signed 64 bits in which files, kernels and other parsers count.
_LARGEST_LENGTH: Final = 2**63 - 1
_MOST_DIGITS: Final = 19

# The codings that the receiver can undo; others reach the user as they are.
_UNDONE_CODINGS: Final = frozenset({"gzip", "deflate", "br", "zstd"})

_NO_OPTIONS: Final[frozenset[str]] = frozenset()
# Values of Connection that most messages have, as the members of the list.
_FREQUENT_OPTIONS: Final[dict[str, frozenset[str]]] = {
    value: frozenset(value.lower().split(", "))
    for value in ("keep-alive", "Keep-Alive", "close", "Upgrade", "keep-alive, Upgrade")
}


# --- The fields, one by one ---


def content_length(text: str) -> int:
    """Bytes of the body, from a single value (RFC 9110 §8.6)."""
    # 1*DIGIT: ASCII digits, no sign, no space, no underscore.
    if not (text.isascii() and text.isdigit()):
        raise _invalid(hdrs.CONTENT_LENGTH, "decimal digits", text)
    if len(text) >= _MOST_DIGITS:
        # A long run of zeros is no large number; and int() of many digits is slow.
        text = text.lstrip("0") or "0"
        if len(text) > _MOST_DIGITS or int(text) > _LARGEST_LENGTH:
            raise _invalid(hdrs.CONTENT_LENGTH, f"at most {_LARGEST_LENGTH}", text)
    return int(text)


def the_one_length(values: list[str]) -> str:
    """The value that all of several are (RFC 9110 §8.6).

    A recipient may take repeated equal values, also in one list, for one: that is done for
    responses read leniently, never for requests.
    """
    parts = {part.strip(" \t") for value in values for part in value.split(",")}
    if len(parts) != 1:
        raise BadHttpMessage(
            f"Duplicate Content-Length: expected one value, got {shown(', '.join(values))}"
        )
    return parts.pop()


def _members(values: list[str]) -> list[str]:
    """The members of a list in lower case, without empty ones (RFC 9110 §5.6.1.2)."""
    parts = [part.strip(" \t") for value in values for part in value.split(",")]
    # Only ASCII: KELVIN SIGN becomes "k", and no other reader takes that for "chunked".
    return [part.lower() if part.isascii() else part for part in parts if part]


def is_chunked(values: list[str]) -> bool:
    """Whether ``chunked`` is the last of the transfer codings (RFC 9112 §6.1).

    It must not be applied twice, and nothing may follow it; a response that breaks the second rule
    is read until the connection closes (§6.3 rule 4).  Empty members of the list say nothing
    (RFC 9110 §5.6.1.2); a coding with parameters is another one (§7.1).
    """
    if len(set(values)) == 1:
        # Two equal lines: strict reading has refused them before as a repeated singleton.
        values = values[:1]
    codings = _members(values)
    if codings.count("chunked") > 1:
        raise BadHttpMessage(
            f"Invalid Transfer-Encoding: expected chunked once, got {shown(', '.join(codings))}"
        )
    return bool(codings) and codings[-1] == "chunked"


def content_coding(value: str) -> str | None:
    """The content coding, if it is one of those that are undone here."""
    # Not str.lower: "ﬂ".lower() is no ASCII, but "K".lower() (KELVIN SIGN) is.
    coding = value.lower() if value.isascii() else ""
    return coding if coding in _UNDONE_CODINGS else None


def _connection_options(headers: CIMultiDictProxy[str]) -> frozenset[str]:
    """The members of Connection in lower case (RFC 9110 §7.6.1)."""
    values = headers.getall(_CONNECTION_NAME)
    if len(values) == 1:
        options = _FREQUENT_OPTIONS.get(values[0])
        if options is not None:
            return options
    return frozenset(_members(values))


def _persists(version: HttpVersion, options: frozenset[str]) -> bool:
    """RFC 9112 §9.3: ``close`` wins; HTTP/1.1 persists; HTTP/1.0 only with ``keep-alive``."""
    if "close" in options:
        return False
    return version.minor >= 1 or "keep-alive" in options


def _invalid(name: istr, expected: str, got: str) -> InvalidHeader:
    error = InvalidHeader(name)
    error.message = f"Invalid HTTP header {name}: expected {expected}, got {shown(got)}"
    return error


def _refuse_repeated(marks: int) -> None:
    for name, mark in names.MARKED.items():
        if marks & mark:
            raise BadHttpMessage(f"Duplicate {str(name)!r} header found: expected one")


# --- Requests ---


def request_framing(
    method: str,
    version: HttpVersion,
    seen: int,
    repeated: int,
    headers: CIMultiDictProxy[str],
) -> Framing:
    """Check what a request says about itself and decide what follows its head.

    Args:
        seen: marks of the fields that are there.
        repeated: marks of those that are there more than once.

    Raises:
        BadHttpMessage: the request is ambiguous or breaks a MUST; the answer is 400.
    """
    if repeated & _SINGLETONS:
        _refuse_repeated(repeated & _SINGLETONS)
    if seen & _HOST:
        host = headers[_HOST_NAME]
        if host not in KNOWN_HOSTS:
            check_host(host)
    elif version.minor >= 1:
        # RFC 9112 §3.2: 400 to an HTTP/1.1 request without Host.
        raise BadHttpMessage("Missing 'Host' header in request: HTTP/1.1 requires one")
    if not seen & _DECISIVE and method != "CONNECT":
        return _KEEPS if version.minor >= 1 else _CLOSES
    return _request_framing(method, version, seen, headers)


def _request_framing(
    method: str, version: HttpVersion, seen: int, headers: CIMultiDictProxy[str]
) -> Framing:
    if seen & _HIXIE_KEY:
        # The drafts before RFC 6455 sent eight bytes of body that no field announces.
        raise _invalid(hdrs.SEC_WEBSOCKET_KEY1, "none (it is of a draft of WebSocket)", "one")
    kind, length = _request_body(seen, headers)
    options = _connection_options(headers) if seen & _CONNECTION else _NO_OPTIONS
    keep_alive = _persists(version, options)
    expect = False
    upgrade = method == "CONNECT"
    if version.minor >= 1:
        # RFC 9110 §7.8 and §10.1.1: from an HTTP/1.0 client both are ignored.
        if seen & _UPGRADE and "upgrade" in options:
            upgrade = True
        expect = bool(seen & _EXPECT) and "100-continue" in _members(headers.getall("Expect"))
    elif kind is _CHUNKED:
        # RFC 9112 §6.1: the framing is faulty; close after the message.
        keep_alive = False
    coding = content_coding(headers["Content-Encoding"]) if seen & _CONTENT_ENCODING else None
    if kind is _NONE and coding is None and not upgrade and not expect:
        return _KEEPS if keep_alive else _CLOSES
    return Framing(kind, length, keep_alive, upgrade, expect, coding)


def _request_body(seen: int, headers: CIMultiDictProxy[str]) -> tuple[BodyKind, int]:
    """RFC 9112 §6.3, rules 3 to 7, for a server."""
    if seen & _TRANSFER_ENCODING:
        if seen & _CONTENT_LENGTH:  # rule 3: the signature of request smuggling
            raise BadHttpMessage(
                "Transfer-Encoding can't be present with Content-Length: expected one of them"
            )
        values = headers.getall(_TRANSFER_ENCODING_NAME)
        if not is_chunked(values):  # rule 4
            raise BadHttpMessage(
                "Request has invalid `Transfer-Encoding`: "
                f"expected chunked as the last coding, got {shown(values[-1])}"
            )
        return _CHUNKED, 0
    if seen & _CONTENT_LENGTH:  # rules 5 and 6
        length = content_length(headers[_CONTENT_LENGTH_NAME])
        if length:
            return _LENGTH, length
    return _NONE, 0  # rule 7


# --- Responses ---


def response_framing(
    method: str,
    version: HttpVersion,
    code: int,
    seen: int,
    repeated: int,
    headers: CIMultiDictProxy[str],
    lenient: bool,
    until_close: bool,
) -> Framing:
    """Decide what follows the head of a response.

    Args:
        method: method of the request that it answers.
        lenient: forgive repeated fields that are equal, and those that do not frame.
        until_close: whether a body without a length is read until the connection closes.

    Raises:
        BadHttpMessage: where the body ends cannot be told.
    """
    if repeated & _SINGLETONS and not lenient:
        _refuse_repeated(repeated & _SINGLETONS)
    kind, length = _response_body(method, code, seen, repeated, headers, lenient)
    options = _connection_options(headers) if seen & _CONNECTION else _NO_OPTIONS
    keep_alive = _persists(version, options)
    if kind is _UNTIL_CLOSE:
        keep_alive = False
        if not until_close:
            kind = _NONE
    elif kind is _CHUNKED and version.minor == 0:
        keep_alive = False  # RFC 9112 §6.1
    upgrade = code == 101 or (method == "CONNECT" and 200 <= code < 300)
    coding = content_coding(headers["Content-Encoding"]) if seen & _CONTENT_ENCODING else None
    return Framing(kind, length, keep_alive, upgrade, False, coding)


def _response_body(
    method: str,
    code: int,
    seen: int,
    repeated: int,
    headers: CIMultiDictProxy[str],
    lenient: bool,
) -> tuple[BodyKind, int]:
    """RFC 9112 §6.3, rules 1 to 8, for a client."""
    if method == "HEAD" or code < 200 or code == 204 or code == 304:  # rule 1
        return _NONE, 0
    if method == "CONNECT" and code < 300:  # rule 2
        return _NONE, 0
    if seen & _TRANSFER_ENCODING:
        if seen & _CONTENT_LENGTH:  # rule 3: a client may handle it as an error, as this one does
            raise BadHttpMessage(
                "Content-Length can't be present with Transfer-Encoding: expected one of them"
            )
        chunked = is_chunked(headers.getall(_TRANSFER_ENCODING_NAME))
        return (_CHUNKED if chunked else _UNTIL_CLOSE), 0  # rule 4
    if seen & _CONTENT_LENGTH:  # rules 5 and 6
        text = headers[_CONTENT_LENGTH_NAME]
        if lenient and (repeated & _CONTENT_LENGTH or "," in text):
            text = the_one_length(headers.getall(_CONTENT_LENGTH_NAME))
        length = content_length(text)
        return (_LENGTH, length) if length else (_NONE, 0)
    return _UNTIL_CLOSE, 0  # rule 8
