"""What a release may do to the public interface: Semantic Versioning as docs/stability.md tells it.

Each finding is a sentence: what changed, which rule it breaks, what to do.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.changelog import release_size
from tools.policy.changes import Change, What, changes
from tools.policy.surface import Surface

# A deprecation: subject, since, removed_in, instead, why; things: what goes with it, as
# ``Till``, ``Till.open``, ``sell(to)``.
Declared = Mapping[str, Any]


@dataclass(frozen=True)
class Fragment:
    """A fragment of the changelog: its kind, and what it says."""

    kind: str
    text: str

    def names(self, thing: str) -> bool:
        """Say whether a thing is named in it, as code: ```Till.open()```, ```to` of `sell()```."""
        name, _, parameter = thing.rstrip(")").partition("(")
        name = name.removesuffix(".__init__")
        if parameter and parameter not in self.words:
            return False
        heads = (re.split(r"[(\[=\s]", code.lstrip("@"))[0] for code in self.code)
        return any(head == name or head.endswith(f".{name}") for head in heads)

    @property
    def code(self) -> list[str]:
        return re.findall(r"`([^`]*)`", self.text)

    @property
    def words(self) -> set[str]:
        """The identifiers in its code."""
        return {word for code in self.code for word in identifiers(code)}


def judge(
    old: Surface, new: Surface, fragments: Iterable[Fragment], waived: Collection[str] = ()
) -> Iterator[str]:
    """Yield what a release may not do, given the one before it.

    ``waived`` has patterns of paths that were public by their name alone, and are not judged.
    """
    size = release_size(old.release, new.release)
    told = list(fragments)
    for change in changes(old, new):
        if any(fnmatch.fnmatchcase(change.path, pattern) for pattern in waived):
            continue
        if not _excused(change, size, told, old):
            yield from _JUDGES[size](change, old)
    yield from _judge_deprecations(size, old, new, told)


def _excused(change: Change, size: str, fragments: Iterable[Fragment], old: Surface) -> bool:
    """Say whether a fragment declares a break: for security, or in a major release.

    Even there a removal follows the calendar of deprecations, whatever is declared.
    """
    removal = change.what in (What.REMOVED, What.PARAMETER_REMOVED)
    kinds = {"security", "breaking"} if size == "major" and not removal else {"security"}
    telling = [fragment for fragment in fragments if fragment.kind in kinds]
    things = old.names(change.path, change.parameter)
    return change.what.breaks and any(f.names(thing) for f in telling for thing in things)


def _judge_bugfix(change: Change, old: Surface) -> Iterator[str]:
    if change.what.breaks:
        yield (
            f"{change.sentence}: a bugfix release removes and changes nothing; keep it "
            f"(a vulnerability that leaves no other way is declared by a security fragment)"
        )
    else:
        yield f"{change.sentence}: a bugfix release adds nothing; release it as a minor one"


def _judge_minor(change: Change, old: Surface) -> Iterator[str]:
    if change.what.breaks:
        yield (
            f"{change.sentence}: a minor release may add and deprecate, never remove; "
            f"keep it and deprecate it"
        )


def _judge_major(change: Change, old: Surface) -> Iterator[str]:
    if not change.what.breaks:
        return
    if change.what not in (What.REMOVED, What.PARAMETER_REMOVED):
        yield f"{change.sentence}: no breaking fragment of the changelog names it; write one"
        return
    things = old.names(change.path, change.parameter)
    declared = [d for d in old.deprecations if not things.isdisjoint(d["things"])]
    if not declared:
        yield (
            f"{change.sentence}: it was never deprecated; keep it, deprecate it in this release, "
            f"and remove it in the next major one"
        )
    elif all(_last_minor(d, old) for d in declared):
        yield (
            f"{change.sentence}: it was deprecated only by {declared[0]['since']}, the last minor "
            f"release of its series; keep it until the next major release"
        )


_JUDGES = {"bugfix": _judge_bugfix, "minor": _judge_minor, "major": _judge_major}


def _judge_deprecations(
    size: str, old: Surface, new: Surface, fragments: list[Fragment]
) -> Iterator[str]:
    """Judge what is newly deprecated, and what should not be there any more."""
    before = {d["subject"] for d in old.deprecations}
    after = {d["subject"] for d in new.deprecations}
    for declared in new.deprecations:
        if declared["subject"] not in before and _series(declared["since"]) > _series(old.release):
            yield from _judge_new_deprecation(declared, size, new, fragments)
    for declared in old.deprecations if size == "major" else ():
        if declared["subject"] in after and not _last_minor(declared, old):
            yield (
                f"{declared['subject']} is deprecated since {declared['since']}: a major release "
                f"removes what the series before it deprecated; remove it"
            )
        elif declared["subject"] not in after:
            yield from _judge_undeclared(declared, new)


def _judge_undeclared(declared: Declared, new: Surface) -> Iterator[str]:
    """Judge what was deprecated, is not any more, and may still be there."""
    there = new.things()
    for thing in declared["things"]:
        if thing in there:
            yield (
                f"{thing} is there, and is not deprecated any more ({declared['subject']}): a "
                f"major release removes what the series before it deprecated; remove it"
            )


def _judge_new_deprecation(
    declared: Declared, size: str, new: Surface, fragments: list[Fragment]
) -> Iterator[str]:
    subject = declared["subject"]
    if size == "bugfix":
        yield f"{subject} is newly deprecated: a bugfix release deprecates nothing; wait"
    if _series(declared["since"]) != _series(new.release):
        yield (
            f"{subject} is deprecated since {declared['since']}, and this is {new.release}: "
            f"name the release that warns first"
        )
    if not any(f.kind == "deprecation" and _tells(f, declared) for f in fragments):
        yield (
            f"{subject} is newly deprecated, and no fragment of the changelog says so: "
            f"write one of the kind deprecation, which names {_wanted(declared)}"
        )


def _tells(fragment: Fragment, declared: Declared) -> bool:
    """Say whether a fragment is about a deprecation: it names a thing, or a word of its subject."""
    if declared["things"]:
        return any(fragment.names(thing) for thing in _without_owners(declared))
    return not fragment.words.isdisjoint(identifiers(declared["subject"]))


def _wanted(declared: Declared) -> str:
    return " or ".join(f"`{one}`" for one in _without_owners(declared)) or "a word of it, as code"


def _without_owners(declared: Declared) -> list[str]:
    """Return what is deprecated as its users see it: they may know it from another class."""
    shown = (thing.replace(".__init__", "") for thing in declared["things"])
    return sorted({re.sub(r"^\w+\.", "", thing) for thing in shown})


def _series(release: str) -> tuple[int, int]:
    major, _, rest = release.partition(".")
    minor = re.match(r"\d+", rest)
    return int(major), int(minor[0]) if minor else 0


def _last_minor(declared: Declared, old: Surface) -> bool:
    """Say whether a deprecation was made by the last minor release before a major one."""
    return _series(declared["since"]) >= _series(old.release)


def identifiers(text: str) -> list[str]:
    return re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text)
