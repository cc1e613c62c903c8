"""The order in which resources are looked at."""

from __future__ import annotations

from aiohttp._web.routing_index import RoutingIndex, key_of_fixed_path, key_of_prefix


def test_longer_paths_come_first_and_equal_ones_in_order() -> None:
    index: RoutingIndex[str] = RoutingIndex()
    for key, name in [("/", "root"), ("/a", "first"), ("/a", "second"), ("/a/b", "deep")]:
        index.add(key, name)
    assert list(index.candidates("/a/b")) == ["deep", "first", "second", "root"]
    assert list(index.candidates("/x/y/z")) == ["root"]
    assert list(index.candidates("")) == []


def test_removed_resources_are_gone() -> None:
    index: RoutingIndex[str] = RoutingIndex()
    index.add("/a", "x")
    index.remove("/a", "x")
    assert index.buckets == {}


def test_keys() -> None:
    assert key_of_fixed_path("") == "/"
    assert key_of_fixed_path("/a/") == "/a/"
    assert key_of_prefix("/a/b") == "/a"
    assert key_of_prefix("/a/") == "/a"
    assert key_of_prefix("/") == "/"
