"""Message types, close codes, messages, errors."""

from __future__ import annotations

import pickle

import pytest

from aiohttp import http_websocket
from aiohttp._websocket.models import (
    WebSocketError,
    WSCloseCode,
    WSMessage,
    WSMessageTextBytes,
    WSMsgType,
    may_be_sent,
)


def test_lower_case_names() -> None:
    for member in WSMsgType:
        if member is not WSMsgType.CONTINUATION:
            assert getattr(WSMsgType, member.name.lower()) is member


def test_json() -> None:
    assert WSMessage(WSMsgType.TEXT, '{"a": 1}', "").json() == {"a": 1}
    assert WSMessageTextBytes(WSMsgType.TEXT, b'{"a": 1}', "").json() == {"a": 1}
    assert WSMessage(WSMsgType.TEXT, "x", "").json(loads=str.upper) == "X"


def test_error() -> None:
    error = WebSocketError(WSCloseCode.PROTOCOL_ERROR, "Something invalid")
    assert error.code == WSCloseCode.PROTOCOL_ERROR
    assert str(error) == "Something invalid"
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.code, str(copy)) == (error.code, str(error))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (999, False),
        *((code, True) for code in (1000, 1001, 1002, 1003)),
        *((code, False) for code in (1004, 1005, 1006)),
        *((code, True) for code in range(1007, 1015)),
        *((code, False) for code in (1015, 1016, 2999)),
        *((code, True) for code in (3000, 4999)),
        (5000, False),
    ],
)
def test_may_be_sent(code: int, expected: bool) -> None:
    """RFC 6455 §7.4."""
    assert may_be_sent(code) is expected


def test_the_facade_has_all_names() -> None:
    for name in http_websocket.__all__:
        assert getattr(http_websocket, name) is not None
