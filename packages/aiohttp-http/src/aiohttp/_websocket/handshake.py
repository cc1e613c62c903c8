"""What the opening handshake agrees on (RFC 6455 §4, RFC 7692): key, subprotocol, compression.

Header values in, decisions out: this file sends nothing, draws no random bytes and knows no request
or response.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

from aiohttp._fields.grammar import TCHAR, TOKEN, has_token, same_token
from aiohttp._values import value_object
from aiohttp._websocket.models import WSHandshakeError

# RFC 6455 §1.3: the server proves with this that it speaks WebSocket.
WS_KEY: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

# Versions that speak the frames of RFC 6455: 13 is the RFC; 7 and 8 are drafts that differ in the
# handshake only.
SUPPORTED_VERSIONS: Final = ("13", "8", "7")

DEFLATE: Final = "permessage-deflate"

# RFC 7692 §7.1.2: an LZ77 window of 2**8 to 2**15 bytes. zlib's raw deflate cannot write with 2**8.
MAX_WINDOW_BITS: Final = 15
MIN_OWN_WINDOW_BITS: Final = 9


# Key and accept (RFC 6455 §4.1, §4.2.2)


def accept_for(key: str) -> str:
    """Return the Sec-WebSocket-Accept value that answers `key`."""
    digest = hashlib.sha1(key.encode("ascii", "surrogateescape") + WS_KEY, usedforsecurity=False)
    return base64.b64encode(digest.digest()).decode()


def is_valid_key(key: str) -> bool:
    """Tell whether `key` is the base64 form of 16 bytes (RFC 6455 §4.2.1, 5)."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


# Subprotocol (RFC 6455 §4.2.2, 4)


def offered_protocols(values: Iterable[str]) -> list[str]:
    """Return the names in Sec-WebSocket-Protocol fields, the client's favourite first."""
    return [name for value in values for part in value.split(",") if (name := part.strip(" \t"))]


def choose_protocol(offered: Iterable[str], supported: Iterable[str]) -> str | None:
    """Return the first offered subprotocol that we support, or None."""
    known = frozenset(supported)
    return next((name for name in offered if name in known), None)


# Extension lists (RFC 6455 §9.1)

# Without the quotes and the escapes, it has to be a token; a backslash is no character of tokens.
_QUOTED_TOKEN: Final = rf'"(?:\\?[{TCHAR}])+"'
_EXTENSION_NAME: Final = re.compile(rf"[ \t]*({TOKEN})[ \t]*")
_EXTENSION_PARAMETER: Final = re.compile(
    rf";[ \t]*({TOKEN})[ \t]*(?:=[ \t]*({TOKEN}|{_QUOTED_TOKEN})[ \t]*)?"
)
_NEXT_ELEMENT: Final = re.compile(r"[ \t]*,")


@value_object
class Extension:
    """An element of Sec-WebSocket-Extensions."""

    name: str
    # In order, repeated ones too; None: without a value.
    parameters: tuple[tuple[str, str | None], ...] = ()


def parse_extensions(value: str) -> Iterator[Extension]:
    """Yield the extensions in a Sec-WebSocket-Extensions value.

    Raises:
        WSHandshakeError: it is not a list of extensions (RFC 6455 §9.1).
    """
    pos = 0
    while pos < len(value):
        if empty := _NEXT_ELEMENT.match(value, pos):  # RFC 9110 §5.6.1.2: empty elements are legal
            pos = empty.end()
            continue
        name = _EXTENSION_NAME.match(value, pos)
        if name is None:
            if value[pos:].strip(" \t"):
                raise WSHandshakeError(f"extensions expected a name at {pos}; got {value!r}")
            return
        pos = name.end()
        parameters = []
        while parameter := _EXTENSION_PARAMETER.match(value, pos):
            text = parameter[2]
            if text is not None:
                text = text.strip('"').replace("\\", "")
            parameters.append((parameter[1], text))
            pos = parameter.end()
        if pos < len(value) and value[pos] != ",":
            raise WSHandshakeError(f"extensions expected ';' or ',' at {pos}; got {value!r}")
        yield Extension(name[1], tuple(parameters))


# permessage-deflate (RFC 7692 §7.1)


@value_object
class DeflateParameters:
    """What an offer or an answer says about permessage-deflate.

    Window bits are None where the parameter is missing; `client_max_window_bits` is 0 where an
    offer names it
    without a value: "choose any".
    """

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int | None = None
    client_max_window_bits: int | None = None


def _window_bits(text: str | None) -> int:
    # RFC 7692 §7.1.2.1: a decimal integer without leading zeroes, from 8 to 15.
    if text is None or text not in {"8", "9", "10", "11", "12", "13", "14", "15"}:
        raise WSHandshakeError(f"window bits expected 8 to 15; got {text!r}")
    return int(text)


def read_deflate(extension: Extension, *, is_offer: bool) -> DeflateParameters:
    """Return the parameters of a permessage-deflate offer (of a client) or answer (of a server).

    Raises:
        WSHandshakeError: a parameter is unknown, repeated, or has an invalid value (RFC 7692 §7.1).
    """
    found: dict[str, bool | int] = {}
    for name, text in extension.parameters:
        if name in found:
            raise WSHandshakeError(f"{DEFLATE} parameter {name} is repeated")
        if name in ("server_no_context_takeover", "client_no_context_takeover"):
            if text is not None:
                raise WSHandshakeError(f"{DEFLATE} parameter {name} expected no value; got {text}")
            found[name] = True
        elif name == "client_max_window_bits" and text is None and is_offer:
            found[name] = 0
        elif name in ("client_max_window_bits", "server_max_window_bits"):
            found[name] = _window_bits(text)
        else:
            raise WSHandshakeError(f"{DEFLATE} parameter {name} is unknown")
    return DeflateParameters(**found)  # type: ignore[arg-type]


@value_object
class Compression:
    """What a side needs to write after the negotiation: how it may compress.

    Reading needs nothing: a decompressor with the biggest window that keeps its context reads every
        choice.
    """

    # 9 to 15; 0: do not compress.
    window_bits: int = 0
    # Forget the context after each message.
    no_context_takeover: bool = False
    # The client asked for these window bits: a server that agrees has to say so, whatever they are
    # (RFC 7692 §7.1.2.1).
    bits_asked: bool = False


NO_COMPRESSION: Final = Compression()


def choose_offer(value: str) -> Compression:
    """Choose, as a server, the first permessage-deflate offer that we can fulfil (RFC 7692 §5).

    Raises:
        WSHandshakeError: `value` is not a list of extensions, in whatever part (RFC 6455 §9.1).
    """
    for extension in list(parse_extensions(value)):
        if extension.name != DEFLATE:
            continue
        try:
            offer = read_deflate(extension, is_offer=True)
        except WSHandshakeError:
            continue  # decline this one (RFC 7692 §7.1)
        bits = offer.server_max_window_bits or MAX_WINDOW_BITS
        if bits >= MIN_OWN_WINDOW_BITS:
            bits_asked = offer.server_max_window_bits is not None
            return Compression(bits, offer.server_no_context_takeover, bits_asked)
    return NO_COMPRESSION


def answer_to_offer(chosen: Compression) -> str:
    """Return what a server that has chosen so answers in Sec-WebSocket-Extensions."""
    parts = [DEFLATE]
    if chosen.bits_asked:
        parts.append(f"server_max_window_bits={chosen.window_bits}")
    if chosen.no_context_takeover:
        parts.append("server_no_context_takeover")
    return "; ".join(parts)


def offers_deflate(value: str) -> bool:
    """Tell whether a client that sends `value` offers permessage-deflate."""
    try:
        return any(extension.name == DEFLATE for extension in parse_extensions(value))
    except WSHandshakeError:
        return False


def check_answer(value: str) -> Compression:
    """Take, as a client that offered permessage-deflate, the server's answer (RFC 7692 §5.1, §7.1).

    Raises:
        WSHandshakeError: it names another extension, permessage-deflate twice, or impossible
            parameters.
    """
    chosen = NO_COMPRESSION
    for extension in parse_extensions(value):
        if extension.name != DEFLATE:
            raise WSHandshakeError(f"extension {extension.name} was answered, but not offered")
        if chosen.window_bits:
            raise WSHandshakeError(f"extension {DEFLATE} was answered twice")
        answer = read_deflate(extension, is_offer=False)
        bits = answer.client_max_window_bits or MAX_WINDOW_BITS
        if bits < MIN_OWN_WINDOW_BITS:
            raise WSHandshakeError(f"invalid window size; expected 9 to 15 bits; got {bits}")
        chosen = Compression(bits, answer.client_no_context_takeover)
    return chosen


# The same under the names and with the values that aiohttp 3.14 has


def ws_ext_parse(extstr: str | None, isserver: bool = False) -> tuple[int, bool]:
    """Return (window bits, no context takeover) for what we write; bits 0: no compression.

    Args:
        extstr: a Sec-WebSocket-Extensions value; None: there is none.
        isserver: it is a client's offer; else a server's answer.

    Raises:
        WSHandshakeError: an answer that cannot be accepted.
    """
    if not extstr:
        return 0, False
    if not isserver:
        chosen = check_answer(extstr)
    else:
        try:
            chosen = choose_offer(extstr)
        except WSHandshakeError:
            chosen = NO_COMPRESSION
    return chosen.window_bits, chosen.no_context_takeover


def ws_ext_gen(compress: int = 15, isserver: bool = False, server_notakeover: bool = False) -> str:
    """Return a permessage-deflate value for Sec-WebSocket-Extensions.

    Args:
        compress: window bits of the server, 9 to 15.
        isserver: make an answer; else an offer.
        server_notakeover: the server forgets its context after each message.

    Raises:
        ValueError: `compress` is out of range.
    """
    if not MIN_OWN_WINDOW_BITS <= compress <= MAX_WINDOW_BITS:
        raise ValueError(
            f"compress expected window bits from {MIN_OWN_WINDOW_BITS} to {MAX_WINDOW_BITS} "
            f"(zlib does not support 8); got {compress}"
        )
    parts = [DEFLATE]
    if not isserver:
        parts.append("client_max_window_bits")
    if compress < MAX_WINDOW_BITS:
        parts.append(f"server_max_window_bits={compress}")
    if server_notakeover:
        parts.append("server_no_context_takeover")
    return "; ".join(parts)


# The client's check of the answer (RFC 6455 §4.1)


@value_object
class Agreement:
    """What a client and a server agreed on."""

    # The subprotocol, None for none.
    protocol: str | None
    compression: Compression


@value_object
class Proposal:
    """What a client asked for."""

    key: str
    protocols: tuple[str, ...] = ()
    # Window bits offered; 0: permessage-deflate was not offered.
    compress: int = 0


def check_response(
    proposal: Proposal,
    *,
    upgrade: Iterable[str],
    connection: Iterable[str],
    accept: Iterable[str],
    protocol: Iterable[str],
    extensions: Iterable[str],
) -> Agreement:
    """Check the fields of a 101 response, each given as all its values (RFC 6455 §4.1).

    Raises:
        WSHandshakeError: the server did not accept, or answered what was not asked.
    """
    if [same_token(value, "websocket") for value in upgrade] != [True]:
        # Nothing else beside it: what is spoken now is that alone.
        raise WSHandshakeError(f"Invalid upgrade header; expected websocket; got {list(upgrade)}")
    if not has_token(connection, "upgrade"):
        raise WSHandshakeError(
            f"Invalid connection header; expected upgrade; got {list(connection)}"
        )
    if list(accept) != [accept_for(proposal.key)]:
        raise WSHandshakeError(
            f"Invalid challenge response; expected {accept_for(proposal.key)}; got {list(accept)}"
        )
    return Agreement(
        _check_protocol(proposal, list(protocol)),
        _check_extensions(proposal, ", ".join(extensions)),
    )


def _check_protocol(proposal: Proposal, answered: list[str]) -> str | None:
    """Return the answered subprotocol if it was asked for.

    RFC 6455 §4.1 (6) wants a client to fail on one that it did not ask for.  Servers that always
    name theirs are
    common, and nothing is misread: the connection has no subprotocol then, as in aiohttp 3.14.
    """
    return choose_protocol(offered_protocols(answered), proposal.protocols)


def _check_extensions(proposal: Proposal, answered: str) -> Compression:
    if not answered.strip(" \t,"):
        return NO_COMPRESSION
    if not proposal.compress:
        raise WSHandshakeError(f"Invalid extensions; none were offered; got {answered!r}")
    return check_answer(answered)
