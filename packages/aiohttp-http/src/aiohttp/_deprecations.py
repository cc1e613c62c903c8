"""One place that knows what is deprecated, since when, and what to use instead.

A module declares its deprecated things once, as constants, and warns through them:

    _LOOP_ARGUMENT = declare(
        "loop argument of ClientSession", since="3.0", instead="the running loop"
    )
    ...
    _LOOP_ARGUMENT.warn()

The registry is read by the tools that write the documentation and check the policy of versions.
This file knows no particular deprecation.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import attr

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    _P = ParamSpec("_P")

_R = TypeVar("_R")

# The release that removes a deprecation which names no other.
_NEXT_MAJOR = "4.0"


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Deprecation:
    """One deprecated thing: what, since when, until when, and the way out."""

    # What is deprecated, as the subject of a sentence: "loop argument of ClientSession".
    subject: str
    # Version that first warned, and the one that will not have it any more.
    since: str
    removed_in: str
    # What to use now, in the caller's words.
    instead: str
    # Why, where a person would ask.
    why: str = ""
    # What earlier releases said, where programs may filter warnings by it.
    wording: str = ""

    @property
    def message(self) -> str:
        """The sentence that the warning says."""
        if self.wording:
            return (
                f"{self.wording} (deprecated since {self.since}, "
                f"will be removed in aiohttp {self.removed_in})"
            )
        why = f": {self.why}" if self.why else ""
        return (
            f"{self.subject} is deprecated and will be removed in aiohttp {self.removed_in};"
            f" use {self.instead} (deprecated since {self.since}{why})"
        )

    def warn(self, stacklevel: int = 2) -> None:
        """Warn; ``stacklevel`` counts from the caller, as in :func:`warnings.warn`."""
        warnings.warn(self.message, DeprecationWarning, stacklevel=stacklevel + 1)


# Every deprecation declared by the modules imported so far, in order of declaration.
REGISTRY: list[Deprecation] = []


def declare(
    subject: str,
    *,
    since: str,
    removed_in: str = _NEXT_MAJOR,
    instead: str,
    why: str = "",
    wording: str = "",
) -> Deprecation:
    """Record a deprecation and return it, for its ``warn()``."""
    deprecation = Deprecation(subject, since, removed_in, instead, why, wording)
    REGISTRY.append(deprecation)
    return deprecation


def deprecated(
    *,
    since: str,
    removed_in: str = _NEXT_MAJOR,
    instead: str,
    why: str = "",
    subject: str = "",
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Decorate a function whose every call warns; ``subject`` defaults to its qualified name."""

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        name = subject or f"{function.__qualname__}()"
        deprecation = declare(name, since=since, removed_in=removed_in, instead=instead, why=why)

        @functools.wraps(function)
        def warning(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            deprecation.warn()
            return function(*args, **kwargs)

        return warning

    return decorate
