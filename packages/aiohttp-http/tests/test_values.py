"""Value objects: what they do themselves, and that attrs takes them for its own."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from typing import Any, ClassVar

import attr
import pytest

from aiohttp._values import value_object


@value_object
class Point:
    """Where something is."""

    x: int
    y: int = 0
    note: str | None = None
    dimensions: ClassVar[int] = 2

    def shifted(self, by: int) -> Point:
        return attr.evolve(self, x=self.x + by)


def test_fields_are_given_by_place_or_name() -> None:
    point = Point(1, note="here")
    assert (point.x, point.y, point.note, point.dimensions) == (1, 0, "here", 2)
    assert repr(point) == "Point(x=1, y=0, note='here')"
    with pytest.raises(TypeError, match="x"):
        Point()  # type: ignore[call-arg]


def test_equal_fields_make_equal_values() -> None:
    class Other(Point):
        pass

    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(1, 3)
    assert hash(Point(1, 2)) == hash(Point(1, 2))
    assert Point(1, 2) != Other(1, 2)
    plain: object = (1, 2, None)
    assert Point(1, 2) != plain


def test_the_order_is_that_of_the_fields() -> None:
    class Other(Point):
        pass

    points: list[Any] = [Point(2, 0), Point(1, 2), Point(1, 1)]
    assert sorted(points) == points[::-1]
    assert points[2] <= points[1] < points[0] >= points[1] > points[2]
    with pytest.raises(TypeError, match="not supported"):
        points.append(Other(1) < points[0])


def test_nothing_changes() -> None:
    point: Any = Point(1)
    with pytest.raises(attr.exceptions.FrozenInstanceError, match="can't set attribute"):
        point.x = 2
    with pytest.raises(AttributeError):
        del point.x
    with pytest.raises(AttributeError):
        point.other = 1
    assert not hasattr(point, "__dict__")


def test_copies_and_pickles() -> None:
    point = Point(1, note="here")
    assert pickle.loads(pickle.dumps(point)) == point
    assert copy.deepcopy(point) == point
    replace: Any = getattr(copy, "replace", lambda it, **changes: it.__replace__(**changes))
    assert replace(point, y=5) == Point(1, 5, "here")


def test_its_state_is_that_of_an_attrs_class() -> None:
    assert Point(1).__reduce_ex__(2)[2] == {"x": 1, "y": 0, "note": None}


def test_matching_by_place() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
        case _:
            raise AssertionError("a value matches its class")


def test_the_signature_is_that_of_the_fields() -> None:
    parameters = inspect.signature(Point).parameters
    assert list(parameters) == ["x", "y", "note"]
    assert parameters["note"].default is None
    assert parameters["note"].annotation == "str | None"


def test_attrs_takes_it_for_its_own() -> None:
    point = Point(1, note="here")
    assert attr.asdict(point) == {"x": 1, "y": 0, "note": "here"}
    assert point.shifted(2) == Point(3, note="here")
    note: Any = attr.fields(Point).note
    assert (note.default, note.type) == (None, "str | None")
    x: Any = attr.fields(Point).x
    assert x.default is attr.NOTHING
    assert attr.has(Point)


def test_it_is_made_without_attrs() -> None:
    code = (
        "import sys; from aiohttp._values import value_object\n"
        "@value_object\nclass One:\n    __annotations__ = {'field': 'int'}\n"
        "print(One(1), 'attr' in sys.modules)\n"
        "print(hasattr(One, '__attrs_attrs__'), 'attr' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["One(field=1)", "False", "True", "True"]
