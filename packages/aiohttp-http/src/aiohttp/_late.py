"""What is made when it is first asked for: regular expressions, and names of other modules.

Compiling a pattern, or loading a module that few programs need, costs every program's start.  This
file knows no particular one.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, AnyStr, cast

__all__ = ("late_names", "late_pattern")

# What a compiled pattern can do.
_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


class _LatePattern:
    """A regular expression that is compiled when it is first used."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self._source = pattern, flags

    def __getattr__(self, name: str) -> Any:
        # Called for what is not there: after this, the methods are.
        compiled: re.Pattern[Any] = re.compile(*self._source)
        vars(self).update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)


def late_pattern(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what ``re.compile()`` returns, but compiled at its first use."""
    return cast("re.Pattern[AnyStr]", _LatePattern(pattern, flags))


def late_names(
    module: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of ``module`` (PEP 562).

    ``homes``: names that are found in the module -> the modules that define them, and that are
    loaded when somebody asks for such a name.
    """
    names = vars(sys.modules[module])

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)
        value = getattr(importlib.import_module(homes[name]), name)
        names[name] = value
        return value

    def known() -> list[str]:
        return sorted({*names, *homes})

    return find, known
