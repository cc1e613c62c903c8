"""Whether a request becomes a WebSocket, and what the 101 response says (RFC 6455 §4.2).

Header fields in, a decision out; this file knows neither requests nor responses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs
from multidict import CIMultiDict, MultiMapping

from aiohttp import hdrs
from aiohttp._fields.grammar import has_token
from aiohttp._websocket.handshake import (
    NO_COMPRESSION,
    SUPPORTED_VERSIONS,
    Compression,
    accept_for,
    answer_to_offer,
    choose_offer,
    choose_protocol,
    is_valid_key,
    offered_protocols,
)
from aiohttp._websocket.models import WSHandshakeError

# RFC 6455 §4.4: told to a client that speaks another version.
VERSIONS: Final = ", ".join(SUPPORTED_VERSIONS)


class UnsupportedVersion(WSHandshakeError):
    """The client speaks a version that we do not."""


@attrs.frozen
class Upgrade:
    """What a request asked for and gets."""

    accept: str
    protocol: str | None
    # What the client offered where we speak none of it.
    foreign_protocols: tuple[str, ...]
    compression: Compression

    def fields(self) -> CIMultiDict[str]:
        """Return the header fields of the 101 response (RFC 6455 §4.2.2)."""
        fields = CIMultiDict(
            {
                hdrs.UPGRADE: "websocket",
                hdrs.CONNECTION: "upgrade",
                hdrs.SEC_WEBSOCKET_ACCEPT: self.accept,
            }
        )
        if self.compression.window_bits:
            fields[hdrs.SEC_WEBSOCKET_EXTENSIONS] = answer_to_offer(self.compression)
        if self.protocol is not None:
            fields[hdrs.SEC_WEBSOCKET_PROTOCOL] = self.protocol
        return fields


def decide_upgrade(
    headers: MultiMapping[str],
    version: tuple[int, int],
    *,
    protocols: Iterable[str],
    compress: bool,
) -> Upgrade:
    """Decide on a request with `headers`, sent as HTTP `version`.

    Args:
        protocols: subprotocols that we speak; the client's order decides.
        compress: take an offer of permessage-deflate.

    Raises:
        UnsupportedVersion: see there.
        WSHandshakeError: the request does not ask for a WebSocket as it must (RFC 6455 §4.2.1).
    """
    if version < (1, 1):
        # RFC 9110 §7.8: Upgrade in an HTTP/1.0 request must be ignored.
        raise WSHandshakeError(f"WebSocket expected HTTP/1.1; got {version[0]}.{version[1]}")
    if not has_token(headers.getall(hdrs.UPGRADE, ()), "websocket"):
        raise WSHandshakeError(
            f"Upgrade header expected websocket; got {headers.get(hdrs.UPGRADE)!r}"
        )
    if not has_token(headers.getall(hdrs.CONNECTION, ()), "upgrade"):
        raise WSHandshakeError(
            f"Connection header expected upgrade; got {headers.get(hdrs.CONNECTION)!r}"
        )
    versions = headers.getall(hdrs.SEC_WEBSOCKET_VERSION, ())
    if len(versions) != 1 or versions[0] not in SUPPORTED_VERSIONS:
        raise UnsupportedVersion(
            f"Sec-WebSocket-Version expected {' or '.join(SUPPORTED_VERSIONS)}, once; "
            f"got {list(versions)!r}"
        )
    keys = headers.getall(hdrs.SEC_WEBSOCKET_KEY, ())
    if len(keys) != 1 or not is_valid_key(keys[0]):
        raise WSHandshakeError(
            f"Sec-WebSocket-Key expected once, 16 bytes in base64; got {list(keys)!r}"
        )
    offered = offered_protocols(headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, ()))
    chosen = choose_protocol(offered, protocols)
    compression = _choose_compression(headers)
    return Upgrade(
        accept_for(keys[0]),
        chosen,
        tuple(offered) if chosen is None else (),
        compression if compress else NO_COMPRESSION,
    )


def _choose_compression(headers: MultiMapping[str]) -> Compression:
    offers = headers.getall(hdrs.SEC_WEBSOCKET_EXTENSIONS, ())
    return choose_offer(", ".join(offers)) if offers else NO_COMPRESSION
