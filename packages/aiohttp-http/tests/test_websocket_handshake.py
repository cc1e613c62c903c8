"""What the opening handshake agrees on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._fields.grammar import has_token
from aiohttp._websocket.handshake import (
    NO_COMPRESSION,
    Agreement,
    Compression,
    Extension,
    Proposal,
    accept_for,
    answer_to_offer,
    check_answer,
    check_response,
    choose_offer,
    choose_protocol,
    is_valid_key,
    offered_protocols,
    offers_deflate,
    parse_extensions,
    ws_ext_gen,
    ws_ext_parse,
)
from aiohttp._websocket.models import WSHandshakeError

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_accept_of_the_rfc() -> None:
    """RFC 6455 §1.3."""
    assert accept_for(KEY) == ACCEPT


@pytest.mark.parametrize(
    ("key", "valid"),
    [
        (KEY, True),
        ("", False),
        ("abc", False),
        ("dGhlIHNhbXBsZSBub25jZQ", False),
        ("dGhlIHNhbXBsZSBub25j", False),  # 15 bytes
        (KEY + " ", False),
        ("ä" * 24, False),
    ],
)
def test_key(key: str, valid: bool) -> None:
    assert is_valid_key(key) is valid


def test_the_client_chooses_the_order_of_protocols() -> None:
    offered = offered_protocols(["b, a", " c ,"])
    assert offered == ["b", "a", "c"]
    assert choose_protocol(offered, ["a", "b"]) == "b"
    assert choose_protocol(offered, ["x"]) is None
    assert choose_protocol([], ["x"]) is None


def test_has_token() -> None:
    assert has_token(["keep-alive, Upgrade"], "upgrade")
    assert has_token(["keep-alive", "UPGRADE"], "upgrade")
    assert not has_token(["no-upgrade", "upgrade2"], "upgrade")
    assert not has_token([], "upgrade")
    # ASCII case-insensitive (RFC 6455 §2.1): not the Kelvin sign.
    assert not has_token(["websoc\u212aet"], "websocket")


# Extensions…


def test_extension_list() -> None:
    value = ' , a;x; y=1 ;z="q\\r", b ,,c;d = 2'
    assert list(parse_extensions(value)) == [
        Extension("a", (("x", None), ("y", "1"), ("z", "qr"))),
        Extension("b"),
        Extension("c", (("d", "2"),)),
    ]


@pytest.mark.parametrize(
    "value",
    ["a b", "a; ", "a;=1", "=", 'a;b="x y"', 'a;b="x', 'a;b="\\ "', 'a;b=""', "a;b=1 2", "\x00"],
)
def test_what_is_no_extension_list(value: str) -> None:
    with pytest.raises(WSHandshakeError):
        list(parse_extensions(value))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(alphabet='ab;,="\\ \t1', max_size=40))
def test_any_extension_list_is_read_or_refused(value: str) -> None:
    try:
        for extension in parse_extensions(value):
            assert extension.name
    except WSHandshakeError:
        pass


# What a server makes of an offer (RFC 7692 §7.1), and a client of an answer; None: it is refused
OFFERS: list[tuple[str, Compression]] = [
    ("permessage-deflate", Compression(15)),
    ("permessage-deflate; client_max_window_bits", Compression(15)),
    ("permessage-deflate; client_max_window_bits=10", Compression(15)),
    ("permessage-deflate; client_no_context_takeover", Compression(15)),
    ("permessage-deflate; server_no_context_takeover", Compression(15, True)),
    ("permessage-deflate; server_max_window_bits=10", Compression(10, bits_asked=True)),
    ('permessage-deflate; server_max_window_bits="10"', Compression(10, bits_asked=True)),
    (r'permessage-deflate; server_max_window_bits="1\0"', Compression(10, bits_asked=True)),
    # The first that we can take, not the best.
    (
        "permessage-deflate; server_max_window_bits=9, permessage-deflate",
        Compression(9, bits_asked=True),
    ),
    (
        "permessage-deflate; server_max_window_bits=9; server_no_context_takeover",
        Compression(9, True, bits_asked=True),
    ),
    # Not an offer that we can take: the next one counts.
    ("x-other, permessage-deflate; server_max_window_bits=8, permessage-deflate", Compression(15)),
    ("permessage-deflate; server_max_window_bits=8", NO_COMPRESSION),
    ("permessage-deflate; server_max_window_bits=16", NO_COMPRESSION),
    ("permessage-deflate; server_max_window_bits=010", NO_COMPRESSION),
    ("permessage-deflate; server_max_window_bits=1\u0662", NO_COMPRESSION),
    ("permessage-deflate; server_max_window_bits", NO_COMPRESSION),
    ("permessage-deflate; client_max_window_bits=7", NO_COMPRESSION),
    ("permessage-deflate; server_no_context_takeover=1", NO_COMPRESSION),
    (
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        NO_COMPRESSION,
    ),
    ("permessage-deflate; unknown", NO_COMPRESSION),
    ("x-other", NO_COMPRESSION),
    ("", NO_COMPRESSION),
]

ANSWERS: list[tuple[str, Compression | None]] = [
    ("permessage-deflate", Compression(15)),
    ("permessage-deflate; client_max_window_bits=9", Compression(9)),
    ("permessage-deflate; client_no_context_takeover", Compression(15, True)),
    ("permessage-deflate; server_no_context_takeover", Compression(15)),
    ("permessage-deflate; server_max_window_bits=8", Compression(15)),
    ("permessage-deflate; client_max_window_bits=8", None),
    ("permessage-deflate; client_max_window_bits", None),
    ("permessage-deflate; client_max_window_bits=16", None),
    ("permessage-deflate; server_max_window_bits=7", None),
    ("permessage-deflate; client_max_window_bits=010", None),
    ("permessage-deflate; server_max_window_bits", None),
    ("permessage-deflate; server_no_context_takeover=1", None),
    ("permessage-deflate; client_no_context_takeover=1", None),
    ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", None),
    ("permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", None),
    ("permessage-deflate; unknown", None),
    ("permessage-deflate, permessage-deflate", None),
    ("permessage-deflate, x-other", None),
    ("x-other", None),
    ("permessage-deflate; a b", None),
]


@pytest.mark.parametrize(("value", "expected"), OFFERS)
def test_offer(value: str, expected: Compression) -> None:
    expected_pair = (expected.window_bits, expected.no_context_takeover)
    assert ws_ext_parse(value, isserver=True) == expected_pair
    if "\u0662" not in value:
        assert choose_offer(value) == expected


@pytest.mark.parametrize("bits", ["", "; server_max_window_bits=9", "; server_max_window_bits=15"])
@pytest.mark.parametrize("context", ["", "; server_no_context_takeover"])
def test_what_is_asked_of_a_server_is_answered(bits: str, context: str) -> None:
    """RFC 7692 §7.1.1.1, §7.1.2.1: clients fail without it."""
    asked = f"permessage-deflate{bits}{context}"
    offer = asked + "; client_no_context_takeover; client_max_window_bits"
    assert answer_to_offer(choose_offer(offer)) == asked


@pytest.mark.parametrize(("value", "expected"), ANSWERS)
def test_answer(value: str, expected: Compression | None) -> None:
    if expected is None:
        with pytest.raises(WSHandshakeError):
            check_answer(value)
        with pytest.raises(WSHandshakeError):
            ws_ext_parse(value)
    else:
        assert check_answer(value) == expected
        assert ws_ext_parse(value) == (expected.window_bits, expected.no_context_takeover)


@pytest.mark.parametrize(
    "value", ["permessage-deflate, =", "x-other; a b", "permessage-deflate; ; x"]
)
def test_what_is_malformed_is_no_offer(value: str) -> None:
    """RFC 6455 §9.1: not even behind an offer that could be taken."""
    with pytest.raises(WSHandshakeError, match="extensions"):
        choose_offer(value)
    assert ws_ext_parse(value, isserver=True) == (0, False)


@pytest.mark.parametrize(
    ("value", "offered"),
    [
        ("permessage-deflate; client_max_window_bits", True),
        ("x-other, permessage-deflate", True),
        ("x-permessage-deflate", False),
        ("=", False),
        ("", False),
    ],
)
def test_what_offers_deflate(value: str, offered: bool) -> None:
    assert offers_deflate(value) is offered


@pytest.mark.parametrize("isserver", [True, False])
@pytest.mark.parametrize("value", [None, ""])
def test_no_extensions(value: str | None, isserver: bool) -> None:
    assert ws_ext_parse(value, isserver) == (0, False)


def test_ws_ext_gen() -> None:
    assert ws_ext_gen() == "permessage-deflate; client_max_window_bits"
    assert ws_ext_gen(12) == (
        "permessage-deflate; client_max_window_bits; server_max_window_bits=12"
    )
    assert ws_ext_gen(15, isserver=True) == "permessage-deflate"
    assert ws_ext_gen(9, isserver=True, server_notakeover=True) == (
        "permessage-deflate; server_max_window_bits=9; server_no_context_takeover"
    )


@pytest.mark.parametrize("bits", [-1, 0, 8, 16])
def test_ws_ext_gen_refuses_windows_that_zlib_has_not(bits: int) -> None:
    with pytest.raises(ValueError, match="9 to 15"):
        ws_ext_gen(bits)


@settings(derandomize=True, max_examples=100)
@given(st.integers(9, 15), st.booleans())
def test_what_a_server_answers_is_what_it_read(bits: int, notakeover: bool) -> None:
    offer = ws_ext_gen(bits, isserver=False, server_notakeover=notakeover)
    assert ws_ext_parse(offer, isserver=True) == (bits, notakeover)
    check_answer(ws_ext_gen(bits, isserver=True, server_notakeover=notakeover))


# The client's check of a response (RFC 6455 §4.1)…


def response(**changed: Any) -> dict[str, Any]:
    fields = {
        "upgrade": ["websocket"],
        "connection": ["Upgrade"],
        "accept": [ACCEPT],
        "protocol": [],
        "extensions": [],
    }
    return fields | changed


def test_response() -> None:
    assert check_response(Proposal(KEY), **response()) == Agreement(None, NO_COMPRESSION)


def test_response_with_everything() -> None:
    proposal = Proposal(KEY, protocols=("a", "b"), compress=15)
    fields = response(
        upgrade=["WebSocket"],
        connection=["keep-alive, upgrade"],
        protocol=["b"],
        extensions=["permessage-deflate; client_max_window_bits=10"],
    )
    assert check_response(proposal, **fields) == Agreement("b", Compression(10))


@pytest.mark.parametrize(
    "changed",
    [
        {"upgrade": []},
        {"upgrade": ["h2c"]},
        {"upgrade": ["h2c, websocket"]},
        {"upgrade": ["websocket", "h2c"]},
        {"upgrade": ["websoc\u212aet"]},
        {"connection": []},
        {"connection": ["close"]},
        {"connection": ["upgraded"]},
        {"accept": []},
        {"accept": ["xxx"]},
        {"accept": [ACCEPT, ACCEPT]},
        # RFC 6455 §4.1, 5: an extension that was not offered
        {"extensions": ["permessage-deflate"]},
        {"extensions": ["x-other"]},
    ],
)
def test_response_that_fails(changed: dict[str, Any]) -> None:
    with pytest.raises(WSHandshakeError):
        check_response(Proposal(KEY), **response(**changed))


def test_protocol_that_was_not_asked_for_is_none() -> None:
    agreed = check_response(Proposal(KEY, protocols=("a",)), **response(protocol=["zz"]))
    assert agreed.protocol is None
