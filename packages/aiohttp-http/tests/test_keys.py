"""Typed keys, and the chained view."""

from __future__ import annotations

from typing import Any

import pytest

from aiohttp._keys import AppKey, BaseKey, ChainMapProxy, RequestKey, ResponseKey


class URLLike:
    pass


# Made while this module is imported, as keys mostly are.
KEYS = [
    (AppKey("k", int), "AppKey", "int"),
    (RequestKey("k", int), "RequestKey", "int"),
    (ResponseKey("k", int), "ResponseKey", "int"),
    (AppKey("k"), "AppKey", "<<Unknown>>"),
    (AppKey[int]("k"), "AppKey", "int"),
    (AppKey("k", dict[str, int]), "AppKey", "dict[str, int]"),
    (AppKey("k", URLLike), "AppKey", f"{__name__}.URLLike"),
]


@pytest.mark.parametrize(("key", "kind", "shown"), KEYS)
def test_repr_names_module_and_type(key: BaseKey[Any], kind: str, shown: str) -> None:
    assert repr(key) == f"<{kind}({__name__}.k, type={shown})>"


def test_equal_names_are_different_keys() -> None:
    assert AppKey("k", int) != AppKey("k", int)


def test_the_name_is_a_text() -> None:
    with pytest.raises(TypeError, match="name of AppKey; expected str; got 1"):
        AppKey(1)  # type: ignore[arg-type]


def test_the_first_map_that_has_the_key_wins() -> None:
    key = AppKey("k", int)
    chain = ChainMapProxy([{"a": 1, key: 5}, {"a": 2, "b": 3}])
    assert (chain["a"], chain["b"], chain[key], chain.get("c"), chain.get("c", 4)) == (
        1,
        3,
        5,
        None,
        4,
    )
    with pytest.raises(KeyError, match="'c'"):
        chain["c"]
    assert "a" in chain
    assert "c" not in chain
    assert len(chain) == 3
    assert set(chain) == {"a", "b", key}


def test_the_view_is_live_and_final() -> None:
    inner: dict[Any, Any] = {}
    chain = ChainMapProxy([inner])
    assert not chain
    inner["a"] = 1
    assert chain
    assert repr(chain) == "ChainMapProxy({'a': 1})"
    with pytest.raises(TypeError, match="forbidden"):
        type("Sub", (ChainMapProxy,), {})
