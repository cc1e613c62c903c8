"""What belongs to a public interface, and that it can be kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tools.policy.__main__ import last_record
from tools.policy.surface import Surface, take

PACKAGE = {
    "__init__.py": "from typing import Any\nfrom shop.till import Till\n__all__ = ('Till',)\n",
    "till.py": """
import json
from . import _box
from ._box import Lid

LIMIT = 3

class Till(_box.Box, Lid):
    colour: str = "red"

    def __len__(self): return 0
    def __repr__(self): return ""
    @classmethod
    def of(cls, cash): ...
    @staticmethod
    def count(coins, /, *, fast=True): ...
    @property
    def full(self): ...

class Small(Till):
    ...
""",
    "_box.py": "class Lid: ...\nclass Box:\n    def open(self, *, key: 'str | None' = None): ...\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Surface:
    (tmp_path / "shop").mkdir()
    for name, source in PACKAGE.items():
        (tmp_path / "shop" / name).write_text(source)
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]
    return take("shop", "1.0.0", [tmp_path])


def test_public_things_are_told_once(shop: Surface) -> None:
    assert {path for path in shop.paths() if path.count(".") < 3 and "Small" not in path} == {
        "shop",
        "shop.Till",
        "shop.Till.__len__",
        "shop.Till.colour",
        "shop.Till.count",
        "shop.Till.full",
        "shop.Till.of",
        "shop.Till.open",
        "shop.till",
        "shop.till.LIMIT",
        "shop.till.Till",
    }
    assert shop.aliases == {"shop.till.Till": "shop.Till"}


def test_what_a_base_that_is_not_public_has_is_told_of_its_heirs(shop: Surface) -> None:
    # A base that can be imported from a public module can be asked for.
    assert shop.entries["shop.Till"].bases == ("Lid",)
    assert shop.entries["shop.till.Small"].bases == ("Till", "Lid")
    assert shop.heirs == {"Box": ["Till"]}


def test_a_thing_has_the_names_of_its_class_and_its_bases(shop: Surface) -> None:
    assert shop.names("shop.till.LIMIT") == {"LIMIT"}
    assert shop.names("shop.till.Small.of", "cash") == {
        "Small.of(cash)",
        "Till.of(cash)",
        "Lid.of(cash)",
    }
    assert {"Till", "Till.open", "Till.open(key)", "Small.of(cash)"} <= shop.things()


def test_parameters_are_those_that_a_caller_gives(shop: Surface) -> None:
    def told(path: str) -> list[tuple[str, str, str | None]]:
        return [(p.kind, p.name, p.default) for p in shop.entries[path].parameters]

    assert told("shop.Till.of") == [("n", "cash", None)]
    assert told("shop.Till.count") == [("p", "coins", None), ("k", "fast", "True")]
    assert told("shop.Till.open") == [("k", "key", "None")]


def test_a_name_is_followed_to_where_it_is_told(shop: Surface) -> None:
    assert shop.resolve("shop.till.Till.full") == shop.entries["shop.Till.full"]
    assert shop.resolve("shop.till.Till.empty") is None


def test_what_is_kept_is_what_was_taken(shop: Surface, tmp_path: Path) -> None:
    shop.deprecations = [{"subject": "Till", "since": "1.0"}]
    (tmp_path / "kept.json").write_text(shop.dump())

    assert Surface.load(tmp_path / "kept.json") == shop
    assert '"shop.till.Small.full"' not in shop.dump()


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("3.9.1", "3.9.0"),
        ("3.10.0", "3.9.0"),
        ("3.10.1", "3.10.0"),
        ("3.11.0rc1", "3.10.0"),
        ("3.11.1", "3.10.0"),
    ],
)
def test_the_baseline_is_the_last_final_release(tmp_path: Path, before: str, expected: str) -> None:
    for release in ("3.9.0", "3.10.0", "3.11.0rc1"):
        (tmp_path / f"shop-{release}.json").write_text(Surface(release, {}).dump())
    assert last_record(before, tmp_path)[1].release == expected


def test_a_first_release_needs_a_baseline(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"before 3\.9\.0"):
        last_record("3.9.0", tmp_path)
