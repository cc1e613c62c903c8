"""Masking and framing: both builds against the definition in RFC 6455 §5.3."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._websocket import masking

MODULES: dict[str, Any] = {"py": (masking.masked_py, masking.framed_py)}
GATHERINGS: dict[str, Any] = {"py": masking.gather_py}
HOLDERS: dict[str, Any] = {"py": masking.holder_py}
try:
    from aiohttp._websocket import _masking  # type: ignore[attr-defined]
except ImportError:
    pass
else:
    MODULES["c"] = (_masking.masked, _masking.framed)
    GATHERINGS["c"] = _masking.gather
    HOLDERS["c"] = _masking.holder

SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 2047, 2048, 2049, 4097, 70_001]


@pytest.fixture(params=MODULES)
def masked(request: pytest.FixtureRequest) -> Callable[..., bytes]:
    function: Callable[..., bytes] = MODULES[request.param][0]
    return function


@pytest.fixture(params=MODULES)
def framed(request: pytest.FixtureRequest) -> Callable[..., bytes]:
    function: Callable[..., bytes] = MODULES[request.param][1]
    return function


def by_definition(key: bytes, data: bytes, offset: int = 0) -> bytes:
    return bytes(byte ^ key[(i + offset) % 4] for i, byte in enumerate(data))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("offset", range(5))
def test_masked(masked: Callable[..., bytes], size: int, offset: int) -> None:
    key, data = b"\x00\x7f\x80\xff", bytes(i * 7 & 0xFF for i in range(size + 4))
    expected = by_definition(key, data[2 : size + 2], offset)
    assert masked(key, data, 2, size + 2, offset) == expected
    assert masked(key, bytearray(data), 2, size + 2, offset) == expected


@pytest.mark.parametrize("arguments", [(b"abc", b"data", 0, 4), (b"abcd", b"data", 0, 5)])
def test_the_compiled_build_never_reads_outside(arguments: tuple[Any, ...]) -> None:
    if "c" not in MODULES:
        pytest.skip("not compiled")
    with pytest.raises(ValueError, match="masked"):
        MODULES["c"][0](*arguments)
    with pytest.raises(ValueError, match="framed"):
        MODULES["c"][1](0x81, b"a", b"abc")
    with pytest.raises(ValueError, match="masked"):
        GATHERINGS["c"](8, None, 0).add(*arguments[1:3], 5)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.binary(min_size=4, max_size=4), st.binary(max_size=5000), st.integers(0, 2**40))
def test_masking_twice_gives_the_data(key: bytes, data: bytes, offset: int) -> None:
    for masked, _ in MODULES.values():
        once = masked(key, data, 0, len(data), offset)
        assert once == by_definition(key, data, offset)
        assert masked(key, once, 0, len(data), offset) == data


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65535, b"\x82\x7e\xff\xff"),
        (65536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
@pytest.mark.parametrize("key", [None, b"\x01\x02\x03\x04"])
def test_framed(framed: Callable[..., bytes], size: int, head: bytes, key: bytes | None) -> None:
    """RFC 6455 §5.2: the shortest form of the length."""
    payload = bytes(itertools.islice(itertools.cycle(range(251)), size))
    if key is None:
        assert framed(0x82, payload, None) == head + payload
    else:
        expected = bytes([head[0], head[1] | 0x80]) + head[2:] + key + by_definition(key, payload)
        assert framed(0x82, payload, key) == expected


@pytest.mark.parametrize("build", GATHERINGS)
@pytest.mark.parametrize("key", [None, b"\x01\x02\x03\x04"])
@pytest.mark.parametrize("offset", [0, 3])
def test_gathering(build: str, key: bytes | None, offset: int) -> None:
    """The payload of a frame in parts, from whatever they came in."""
    data = bytes(i * 7 & 0xFF for i in range(5000))
    gathering = GATHERINGS[build](len(data), key, offset)
    assert gathering.add(b"x" + data[:2000], 1, 2001) == 3000
    assert gathering.add(b"", 0, 0) == 3000
    with pytest.raises(ValueError, match="3000 more"):
        gathering.take()
    with pytest.raises(ValueError, match="at most 3000"):
        gathering.add(data, 0, 3001)
    assert gathering.add(bytearray(data), 2000, 5000) == 0
    assert gathering.take() == (data if key is None else by_definition(key, data, offset))


@pytest.mark.parametrize("build", HOLDERS)
def test_holder(build: str) -> None:
    """What is parsed in place of a view begins where that does."""
    buffer = bytearray(b"0123456789")
    for data in (buffer, memoryview(buffer)[:4], memoryview(buffer)[4:8], memoryview(b"abc")):
        for size in range(len(data) + 1):
            assert HOLDERS[build](data, size)[:size] == bytes(data)[:size]
    assert HOLDERS[build](memoryview(buffer)[::2], 5)[:5] == b"02468"
