"""One place that knows what is deprecated, since when, and what to use instead.

A module declares its deprecated things once, as constants, and warns through them:

    _LOOP_ARGUMENT = declare(
        "loop argument of ClientSession", since="3.0", instead="the running loop"
    )
    ...
    _LOOP_ARGUMENT.warn()

Type checkers do not run it: for them, what is deprecated is marked (PEP 702), in the words of the
declaration.  A deprecated argument is that of an overload which is marked.  What nothing can mark
says so in its declaration (``unmarked``).

    @marked("loop argument of ClientSession: use the running loop")

The registry is read by the tools that write the documentation and check the policy of versions.
This file knows no particular deprecation.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

from aiohttp._values import value_object

if TYPE_CHECKING:
    from types import FrameType

    # Checkers know it by where it comes from, and read no text but a literal one.
    from typing_extensions import deprecated as marked
else:

    def marked(text):
        """Mark a function, a class or an overload as deprecated, as PEP 702 has it.

        It warns of nothing: that is the business of what was declared, which knows when to.
        """

        def mark(thing):
            thing.__deprecated__ = text
            return thing

        return mark


__all__ = ("REGISTRY", "Deprecation", "declare", "marked", "warn_outside")

# The release that removes a deprecation which names no other.
_NEXT_MAJOR = "4.0"


@value_object
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
    # Why no type checker can be told, where none can.
    unmarked: str = ""
    # What goes with it, beside what is marked: "Till.open", "sell(to)".
    removes: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """The text that type checkers show: what `marked` is given, letter for letter."""
        return f"{self.subject}: use {self.instead}"

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

    def warn_outside(self) -> None:
        """Warn at the line of the program that led here, however deep inside it is noticed."""
        warn_outside(self.message, DeprecationWarning)


def warn_outside(message: str, category: type[Warning]) -> None:
    """Warn at the line of the program that led here, deprecated or not."""
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def _is_ours(frame: FrameType) -> bool:
    module: str = frame.f_globals.get("__name__", "")
    return module.partition(".")[0] == "aiohttp"


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
    unmarked: str = "",
    removes: tuple[str, ...] = (),
) -> Deprecation:
    """Record a deprecation and return it, for its ``warn()``."""
    deprecation = Deprecation(subject, since, removed_in, instead, why, wording, unmarked, removes)
    REGISTRY.append(deprecation)
    return deprecation
