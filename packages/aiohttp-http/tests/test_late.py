"""What is made when it is first asked for."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Any

import pytest

from aiohttp._late import late_names, late_pattern


def test_a_pattern_is_compiled_once_and_at_its_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    compile_now = re.compile

    def counting(*arguments: Any) -> re.Pattern[str]:
        compiled.append(arguments)
        return compile_now(*arguments)

    monkeypatch.setattr(re, "compile", counting)
    pattern = late_pattern("a(b+)", re.IGNORECASE)
    assert compiled == []

    assert pattern.fullmatch("AB") is not None
    assert pattern.fullmatch("b") is None
    assert pattern.findall("ab abb") == ["b", "bb"]
    assert pattern.sub("x", "1ab2") == "1x2"
    assert compiled == [("a(b+)", re.IGNORECASE)]


def test_a_pattern_tells_what_it_is_made_of() -> None:
    pattern = late_pattern(b"a+", re.DOTALL)
    assert (pattern.pattern, pattern.flags, pattern.groups) == (b"a+", re.DOTALL, 0)
    with pytest.raises(AttributeError, match="nothing"):
        pattern.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_a_name_is_loaded_once_and_belongs_to_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("door")
    home: Any = ModuleType("home")
    home.Thing = object()
    monkeypatch.setitem(sys.modules, "door", module)
    module.__getattr__, module.__dir__ = late_names("door", {"Thing": "home"})
    assert "Thing" in dir(module)
    assert "Thing" not in vars(module)

    monkeypatch.setitem(sys.modules, "home", home)
    assert module.Thing is home.Thing
    monkeypatch.delitem(sys.modules, "home")
    assert module.Thing is home.Thing


def test_a_name_that_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("door")
    monkeypatch.setitem(sys.modules, "door", module)
    module.__getattr__, module.__dir__ = late_names("door", {"Thing": "home"})
    with pytest.raises(AttributeError, match="module 'door' has no attribute 'Think'"):
        module.Think  # noqa: B018
