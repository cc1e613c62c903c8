"""The register of deprecated things."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from aiohttp import _deprecations
from aiohttp._deprecations import declare, marked


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deprecations, "REGISTRY", [])


def test_the_warning_says_since_until_why_and_instead() -> None:
    old = declare("old()", since="3.1", removed_in="5.0", instead="new()", why="it leaks")
    with pytest.warns(DeprecationWarning) as caught:
        old.warn()
    assert str(caught[0].message) == (
        "old() is deprecated and will be removed in aiohttp 5.0; use new()"
        " (deprecated since 3.1: it leaks)"
    )


def test_the_warning_points_at_who_called_the_deprecated_thing() -> None:
    old = declare("old()", since="3.1", instead="new()")

    def old_function() -> None:
        old.warn()

    with pytest.warns(DeprecationWarning) as caught:
        old_function()
    assert caught[0].filename == __file__


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_the_warning_points_outside_of_aiohttp(depth: int) -> None:
    old = declare("old()", since="3.1", instead="new()")
    inside: dict[str, Any] = {"__name__": "aiohttp.somewhere.deep", "old": old}
    exec("def step(n):\n    return step(n - 1) if n else old.warn_outside()", inside)
    with pytest.warns(DeprecationWarning) as caught:
        inside["step"](depth)
    assert caught[0].filename == __file__


def test_declared_once_and_registered() -> None:
    old = declare("old()", since="3.1", instead="new()")
    assert [old] == _deprecations.REGISTRY
    assert old.removed_in == "4.0"


def test_a_mark_says_the_same_and_changes_nothing() -> None:
    old = declare("old()", since="3.1", instead="new()")

    def function() -> int:
        return 3

    assert old.mark == "old(): use new()"
    assert marked("old(): use new()")(function) is function
    # As PEP 702 has it, for those who look at run time.
    assert function.__deprecated__ == old.mark  # type: ignore[attr-defined]
    assert function() == 3


def test_declaring_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        declare("old()", since="3.1", instead="new()")
