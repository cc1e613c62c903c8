"""The decision to upgrade, without a server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from multidict import CIMultiDict

from aiohttp._web.ws_handshake import UnsupportedVersion, Upgrade, decide_upgrade
from aiohttp._websocket.handshake import NO_COMPRESSION, Compression
from aiohttp._websocket.models import WSHandshakeError

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def decide(
    *changes: tuple[str, str | None],
    more: Iterable[tuple[str, str]] = (),
    version: tuple[int, int] = (1, 1),
    protocols: tuple[str, ...] = (),
    compress: bool = True,
) -> Upgrade:
    """Decide on a good request with some fields changed, removed (None), or repeated (`more`)."""
    headers = CIMultiDict(
        {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": KEY,
        }
    )
    for name, value in changes:
        headers.popall(name, None)
        if value is not None:
            headers.add(name, value)
    headers.extend(more)
    return decide_upgrade(headers, version, protocols=protocols, compress=compress)


def test_a_good_request() -> None:
    upgrade = decide()
    assert upgrade == Upgrade(ACCEPT, None, (), NO_COMPRESSION)
    assert dict(upgrade.fields()) == {
        "Upgrade": "websocket",
        "Connection": "upgrade",
        "Sec-WebSocket-Accept": ACCEPT,
    }


def test_tokens_are_found_in_lists_and_in_any_case() -> None:
    decide(("Upgrade", "h2c, WebSocket"), ("Connection", "keep-alive, UPGRADE"))


@pytest.mark.parametrize("version", ["13", "8", "7"])
def test_versions(version: str) -> None:
    decide(("Sec-WebSocket-Version", version))


@pytest.mark.parametrize("version", [None, "", "12", "13, 8", "14", "013", "1\u0663"])
def test_other_versions(version: str | None) -> None:
    with pytest.raises(UnsupportedVersion, match="expected 13 or 8 or 7"):
        decide(("Sec-WebSocket-Version", version))


@pytest.mark.parametrize("name", ["Sec-WebSocket-Version", "Sec-WebSocket-Key"])
def test_fields_that_come_once(name: str) -> None:
    """RFC 6455 §11.3.1, §11.3.5; equal values too."""
    with pytest.raises(WSHandshakeError, match=f"{name}.*once"):
        decide(more=[(name, "13" if name.endswith("Version") else KEY)])


@pytest.mark.parametrize(
    "change",
    [
        ("Upgrade", None),
        ("Upgrade", "h2c"),
        ("Upgrade", "websoc\u212aet"),
        ("Connection", None),
        ("Connection", "close"),
        ("Connection", "upgraded"),
        ("Sec-WebSocket-Key", None),
        ("Sec-WebSocket-Key", "abc"),
        ("Sec-WebSocket-Key", KEY[:-4]),
    ],
)
def test_a_bad_request(change: Any) -> None:
    with pytest.raises(WSHandshakeError, match=change[0]):
        decide(change)


def test_http_1_0_has_no_upgrade() -> None:
    """RFC 9110 §7.8."""
    with pytest.raises(WSHandshakeError, match=r"HTTP/1\.1"):
        decide(version=(1, 0))


def test_a_protocol_in_common() -> None:
    upgrade = decide(("Sec-WebSocket-Protocol", "c, b, a"), protocols=("a", "b"))
    assert upgrade.protocol == "b"
    assert upgrade.foreign_protocols == ()
    assert upgrade.fields()["Sec-WebSocket-Protocol"] == "b"


def test_no_protocol_in_common() -> None:
    upgrade = decide(("Sec-WebSocket-Protocol", "c, d"), protocols=("a", "b"))
    assert upgrade.protocol is None
    assert upgrade.foreign_protocols == ("c", "d")
    assert "Sec-WebSocket-Protocol" not in upgrade.fields()


@pytest.mark.parametrize(
    ("offer", "compression", "answer"),
    [
        ("permessage-deflate; client_max_window_bits", Compression(15), "permessage-deflate"),
        (
            "permessage-deflate; server_max_window_bits=10; server_no_context_takeover",
            Compression(10, True, bits_asked=True),
            "permessage-deflate; server_max_window_bits=10; server_no_context_takeover",
        ),
        (
            "permessage-deflate; server_max_window_bits=15",
            Compression(15, bits_asked=True),
            "permessage-deflate; server_max_window_bits=15",
        ),
        ("x-unknown", NO_COMPRESSION, None),
    ],
)
def test_compression(offer: str, compression: Compression, answer: str | None) -> None:
    upgrade = decide(("Sec-WebSocket-Extensions", offer))
    assert upgrade.compression == compression
    assert upgrade.fields().get("Sec-WebSocket-Extensions") == answer


def test_compression_is_not_wanted() -> None:
    upgrade = decide(("Sec-WebSocket-Extensions", "permessage-deflate"), compress=False)
    assert upgrade.compression == NO_COMPRESSION


@pytest.mark.parametrize("compress", [True, False])
def test_an_offer_that_cannot_be_read(compress: bool) -> None:
    """RFC 6455 §9.1; also where none would be taken."""
    with pytest.raises(WSHandshakeError, match="extensions"):
        decide(("Sec-WebSocket-Extensions", "permessage-deflate; ; x"), compress=compress)


def test_offers_in_several_fields() -> None:
    """RFC 6455 §9.1: they are one list."""
    upgrade = decide(
        more=[
            ("Sec-WebSocket-Extensions", "x-other"),
            ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=12"),
        ]
    )
    assert upgrade.compression == Compression(12, bits_asked=True)
